"""The real network: a server on the loopback that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import hashlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from botcore.venues.aiohttp_port import AiohttpPort, explain
from botcore.venues.live_spec import TimeoutSpec
from botcore.venues.port import HttpRequest, Lane, SocketClosed
from botcore.venues.wire import NoReply, Reply

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SIGNED = "?symbol=A%2FB&b=1&a=2&signature=beefbeef"
LONG_S = 30.0


class Server:
    """Handlers by path, at a port of its own."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.seen: list[web.Request] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        return await self.handlers[request.path](request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


@pytest.fixture
async def port() -> AsyncIterator[AiohttpPort]:
    ticks = count(1)
    made = AiohttpPort(lambda: next(ticks), TimeoutSpec(connect_s=5, pong_s=30), longest_reply=100_000, longest_message=100_000)
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def raw_server(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server below HTTP; its address without scheme."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        for writer in writers:
            writer.close()


async def ask(
    port: AiohttpPort, url: str, method: str = "GET", lane: Lane = Lane.POLLS, timeout_s: float = LONG_S, body: bytes = b""
) -> Reply | NoReply:
    said = await port.request(HttpRequest(method, url, {"X-KEY": "k"}, body), lane, timeout_s)
    if isinstance(said, NoReply):
        assert "signature" not in said.reason and "http" not in said.reason and "beef" not in said.reason
    return said


# ---- replies -----------------------------------------------------------------------------------------------------------
async def test_a_reply_comes_whole_and_the_address_goes_out_as_it_was_signed(server: Server, port: AiohttpPort) -> None:
    async def handler(request: web.Request) -> web.Response:
        body = await request.read()
        return web.Response(status=400, body=body + b"!", headers={"X-Used-Weight": "7"})

    server.handlers["/x"] = handler
    said = await ask(port, server.url + "/x" + SIGNED, "POST", body=b"abc")
    assert isinstance(said, Reply)
    assert (said.status, said.body, said.headers["x-used-weight"]) == (400, b"abc!", "7")
    assert (said.sent_ns, said.received_ns) == (1, 2)
    assert server.seen[0].raw_path == "/x" + SIGNED
    assert server.seen[0].headers["X-KEY"] == "k"


async def test_a_redirect_is_a_reply_and_never_followed(server: Server, port: AiohttpPort) -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    server.handlers["/x"] = handler
    said = await ask(port, server.url + "/x" + SIGNED)
    assert isinstance(said, Reply) and said.status == 302
    assert len(server.seen) == 1


async def test_no_cookie_is_kept_and_no_proxy_of_the_environment_used(server: Server, port: AiohttpPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    async def handler(_request: web.Request) -> web.Response:
        response = web.Response()
        response.set_cookie("a", "b")
        return response

    server.handlers["/x"] = handler
    for _ in range(2):
        assert isinstance(await ask(port, server.url + "/x"), Reply)
    assert "Cookie" not in server.seen[1].headers


@pytest.mark.parametrize("is_packed", [False, True])
async def test_r17_a_reply_without_end_is_cut(server: Server, port: AiohttpPort, is_packed: bool) -> None:
    async def handler(_request: web.Request) -> web.Response:
        body = b"x" * 5_000_000
        return web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}) if is_packed else web.Response(body=body)

    server.handlers["/x"] = handler
    said = await ask(port, server.url + "/x")
    assert said == NoReply("the reply of 127.0.0.1 is longer than 100000 bytes", left=True)


# ---- no replies --------------------------------------------------------------------------------------------------------
async def test_r17_a_refused_connection_means_that_nothing_left(port: AiohttpPort) -> None:
    said = await ask(port, "http://127.0.0.1:1/x" + SIGNED, "POST")
    assert isinstance(said, NoReply) and not said.left
    assert said.reason.startswith("no connection to 127.0.0.1")


async def test_r17_a_name_that_cant_be_resolved_means_that_nothing_left(port: AiohttpPort, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: object, **_more: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", fail)
    monkeypatch.setattr("aiohttp.resolver.AsyncResolver.resolve", fail)
    said = await ask(port, "https://venue.test/x" + SIGNED, "POST")
    assert said == NoReply("the name venue.test can't be resolved", left=False)
    with pytest.raises(SocketClosed, match=r"the name venue\.test can't be resolved"):
        await port.connect("wss://venue.test/ws/secretkey", LONG_S)


async def test_r17_a_certificate_that_does_not_hold_means_that_nothing_left(port: AiohttpPort, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([openssl, *made], check=True, capture_output=True)  # noqa: ASYNC221
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    address = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    said = await ask(port, f"https://{address}/x{SIGNED}", "POST")
    assert isinstance(said, NoReply) and not said.left
    assert said.reason.startswith("the certificate of 127.0.0.1 is not accepted: ")
    listening.close()


async def test_r17_a_server_without_tls_means_that_nothing_left(server: Server, port: AiohttpPort) -> None:
    said = await ask(port, server.url.replace("http", "https") + "/x" + SIGNED, "POST")
    assert isinstance(said, NoReply) and not said.left
    assert "127.0.0.1" in said.reason


async def test_r17_a_hang_up_without_an_answer_leaves_the_fate_open(port: AiohttpPort) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with raw_server(talk) as address:
        said = await ask(port, f"http://{address}/x{SIGNED}", "POST")
        assert said == NoReply("127.0.0.1 hung up without an answer", left=True)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "POST"])
async def test_r13_no_write_is_sent_again_when_a_kept_connection_breaks(port: AiohttpPort, method: str) -> None:
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with raw_server(talk) as address:
        assert isinstance(await ask(port, f"http://{address}/x", method), Reply)
        said = await ask(port, f"http://{address}/x", method)
        assert isinstance(said, NoReply) and said.left
        assert len(heads) == 2


async def test_r22_renewed_connections_are_new_and_what_is_under_way_ends(port: AiohttpPort) -> None:
    """Each connection answers with its number; the first request waits for a word before it is answered."""
    opened = count(1)
    arrived, go = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(opened)
        while head := await reader.readuntil(b"\r\n\r\n"):
            if b"/slow" in head:
                arrived.set()
                await go.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
            await writer.drain()

    async with raw_server(talk) as address:

        async def number(path: str = "") -> bytes:
            said = await ask(port, f"http://{address}/{path}", "POST", Lane.ORDERS)
            assert isinstance(said, Reply)
            return said.body

        assert [await number(), await number()] == [b"1", b"1"]
        slow = asyncio.create_task(number("slow"))
        await arrived.wait()
        port.renew(Lane.ORDERS)
        port.renew(Lane.ORDERS)
        assert [await number(), await number()] == [b"2", b"2"]
        go.set()
        assert await slow == b"1"
        await port.close()
        assert not port._leaving


async def test_r17_a_reply_that_trickles_is_cut_off_in_time(port: AiohttpPort) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_server(talk) as address:
        said = await ask(port, f"http://{address}/x{SIGNED}", "POST", timeout_s=0.4)
        assert said == NoReply("no complete reply from 127.0.0.1 within 0.4 s", left=True)


async def test_r17_a_broken_reply_leaves_the_fate_open(port: AiohttpPort) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    async with raw_server(talk) as address:
        said = await ask(port, f"http://{address}/x{SIGNED}", "POST")
        assert said == NoReply("the reply of 127.0.0.1 broke off", left=True)


@pytest.mark.parametrize("answer", [b"rubbish\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: " + b"x" * 100_000 + b"\r\n\r\n"])
async def test_r10_what_is_no_http_leaves_the_fate_open(port: AiohttpPort, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await reader.read()

    async with raw_server(talk) as address:
        said = await ask(port, f"http://{address}/x{SIGNED}", "POST")
        assert isinstance(said, NoReply) and said.left
        assert "127.0.0.1" in said.reason


async def test_r17_polls_that_hang_do_not_hold_up_an_order(server: Server, port: AiohttpPort) -> None:
    free = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await free.wait()
        return web.Response()

    async def fine(_request: web.Request) -> web.Response:
        return web.Response(body=b"done")

    server.handlers.update({"/hang": hang, "/fine": fine})
    polls = [asyncio.create_task(ask(port, server.url + "/hang")) for _ in range(100)]
    await asyncio.sleep(0)
    said = await ask(port, server.url + "/fine", "POST", Lane.ORDERS)
    assert isinstance(said, Reply) and said.body == b"done"
    assert not any(poll.done() for poll in polls)
    free.set()
    assert all(isinstance(said, Reply) for said in await asyncio.gather(*polls))


async def test_r17_a_full_pool_means_that_nothing_left(server: Server) -> None:
    free = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await free.wait()
        return web.Response()

    server.handlers["/hang"] = hang
    port = AiohttpPort(lambda: 0, TimeoutSpec(connect_s=0.3))
    polls = [asyncio.create_task(ask(port, server.url + "/hang")) for _ in range(33)]
    done, waiting = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
    assert [poll.result() for poll in done] == [NoReply("no connection to 127.0.0.1 within 0.3 s", left=False)]
    free.set()
    assert all(isinstance(said, Reply) for said in await asyncio.gather(*waiting))
    await port.close()


async def test_a_request_that_is_none_never_left(port: AiohttpPort) -> None:
    for url in ("http://", "ftp://venue.test/x", "http://[::1", "http://venue.test:99999/"):
        said = await ask(port, url, "POST")
        assert isinstance(said, NoReply) and not said.left, url
    said = await port.request(HttpRequest("POST", "http://127.0.0.1:1/", {"X": "a\r\nb"}), Lane.ORDERS, LONG_S)
    assert isinstance(said, NoReply) and not said.left


async def test_a_cancelled_request_is_cancelled(server: Server, port: AiohttpPort) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(LONG_S)
        return web.Response()

    server.handlers["/hang"] = hang
    request = asyncio.create_task(ask(port, server.url + "/hang"))
    await asyncio.sleep(0.05)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request


def test_no_text_holds_an_address() -> None:
    for error in (
        aiohttp.InvalidURL("http://x/?signature=1"),
        aiohttp.ClientError("http://x/?signature=1"),
        KeyError("signature"),
        OSError(24, "Too many open files"),
    ):
        assert "signature" not in explain(error, "venue.test") and "venue.test" in explain(error, "venue.test")


# ---- sockets -----------------------------------------------------------------------------------------------------------
def ws(server: Server, talk: Callable[[web.WebSocketResponse], Awaitable[None]], **more: object) -> str:
    """Put a socket handler at /ws; its address."""

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(**more)  # type: ignore[arg-type]
        await socket.prepare(request)
        await talk(socket)
        return socket

    server.handlers["/ws"] = handler
    return server.url.replace("http", "ws") + "/ws"


async def test_messages_come_as_bytes_and_go_as_text(server: Server, port: AiohttpPort) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT
        await socket.send_str(message.data + " ü")
        await socket.send_bytes(b"\x00\xff")
        await socket.close(code=4001, message=b"enough")

    socket = await port.connect(ws(server, talk), LONG_S)
    await socket.send(b'{"a": 1}')
    assert await socket.receive() == '{"a": 1} ü'.encode()
    assert await socket.receive() == b"\x00\xff"
    with pytest.raises(SocketClosed) as closed:
        await socket.receive()
    assert (closed.value.code, closed.value.reason) == (4001, "enough")
    with pytest.raises(SocketClosed):
        await socket.receive()
    with pytest.raises(SocketClosed):
        await socket.send(b"x")
    await socket.close()


async def test_pings_of_the_venue_are_answered(server: Server, port: AiohttpPort) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.ping(b"are you there")
        message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.PONG
        await socket.send_bytes(message.data)

    socket = await port.connect(ws(server, talk, autoping=False), LONG_S)
    assert await socket.receive() == b"are you there"
    await socket.close()


async def test_w2_a_half_open_socket_dies() -> None:
    port = AiohttpPort(lambda: 0, TimeoutSpec(pong_s=0.6))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        # from now on it takes what comes and says nothing, pongs neither
        await reader.read()

    async with raw_server(talk) as address:
        socket = await port.connect(f"ws://{address}/ws", LONG_S)
        async with asyncio.timeout(LONG_S):
            with pytest.raises(SocketClosed, match="no pong"):
                await socket.receive()
        await socket.close()
        await port.close()


async def test_w2_a_socket_whose_pings_are_answered_lives_on(server: Server) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        for _ in range(2):
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.PING
            await socket.pong(message.data)
        await socket.send_str("alive")

    port = AiohttpPort(lambda: 0, TimeoutSpec(pong_s=2))
    socket = await port.connect(ws(server, talk, autoping=False), LONG_S)
    assert await socket.receive() == b"alive"
    await socket.close()
    await port.close()


async def test_r9_a_handshake_that_is_refused_tells_the_status(server: Server, port: AiohttpPort) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=403, body=b"<html>")

    server.handlers["/ws"] = handler
    with pytest.raises(SocketClosed, match=r"^1006 127\.0\.0\.1 answers 403 instead of opening a socket$"):
        await port.connect(server.url.replace("http", "ws") + "/ws?signature=beef", LONG_S)


async def test_r17_a_handshake_that_hangs_ends_in_time(port: AiohttpPort) -> None:
    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(talk) as address:
        with pytest.raises(SocketClosed, match=r"no connection to 127\.0\.0\.1 within 0\.3 s"):
            await port.connect(f"ws://{address}/ws/listenkey", 0.3)


async def test_a_message_without_end_ends_the_socket(server: Server, port: AiohttpPort) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b"x" * 200_000)
        await socket.receive()

    socket = await port.connect(ws(server, talk), LONG_S)
    with pytest.raises(SocketClosed) as closed:
        await socket.receive()
    assert closed.value.code == 1009
    await socket.close()


async def test_a_cut_connection_is_an_end_like_any_other(server: Server, port: AiohttpPort) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        transport = socket._req.transport if socket._req else None
        assert transport is not None
        transport.abort()

    socket = await port.connect(ws(server, talk), LONG_S)
    with pytest.raises(SocketClosed) as closed:
        await socket.receive()
    assert closed.value.code == 1006 and closed.value.reason
    await socket.close()


async def test_r17_requests_go_on_while_a_hundred_sockets_are_open(server: Server, port: AiohttpPort) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.receive()

    async def fine(_request: web.Request) -> web.Response:
        return web.Response()

    url = ws(server, talk)
    server.handlers["/fine"] = fine
    sockets = [await port.connect(url, LONG_S) for _ in range(100)]
    assert isinstance(await ask(port, server.url + "/fine"), Reply)
    await asyncio.gather(*(socket.close() for socket in sockets))
