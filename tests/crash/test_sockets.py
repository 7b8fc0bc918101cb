"""I19 with a real process: lines that break again and again cost no file descriptor and no thread."""

from __future__ import annotations

import os
import time
from contextlib import closing, suppress
from pathlib import Path
from statistics import median

import pytest

from botcore.venues.aiohttp_port import CONNECTIONS, AiohttpPort
from botcore.venues.port import Socket, SocketClosed
from tests.crash.world import PAIR, PERP, World
from tests.fakes.simvenue.front import Front
from tests.fakes.simvenue.server import Server
from tests.fakes.simvenue.venue import SimVenue


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def established(pid: int, port: int) -> int:
    """Connections of a process to a port here that both sides hold open; one that the other side has left (CLOSE_WAIT) is none."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    there = {row[9] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"}
    found = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found += os.readlink(path).removeprefix("socket:[").removesuffix("]") in there
    return found


def held(world: World) -> tuple[int, int]:
    """(descriptors, threads) of the process, without its connections of requests.

    Those are kept for the next request, as many as were ever needed at once; how many that is depends on the machine. The venue counts its sockets.
    """
    door, pid = world.venue.doors[PERP], world.condor.pid
    requests = established(pid, int(door.rest.rpartition(":")[2])) - door.control("sockets")["open"]
    assert 0 <= requests <= sum(CONNECTIONS.values())
    return descriptors(pid) - requests, threads(pid)


def reconnect_for_real(world: World, count: int) -> list[tuple[int, int]]:
    """Cut all sockets so many times, each time when the account is live again; what is held while it is live."""
    found = []
    for _ in range(count):
        world.venue.doors[PERP].control("drop_sockets")
        time.sleep(0.4)
        world.wait_live(120)
        time.sleep(0.2)
        found.append(held(world))
    return found


def test_w3_i19_reconnects_cost_no_descriptor(tmp_path: Path) -> None:
    with closing(World(tmp_path / "home", 3, connectors=[PERP])) as world:
        world.go_live()
        world.start_bot(PERP, PAIR)
        # pauses double: more would take minutes
        found = reconnect_for_real(world, 6)
        for number, what in enumerate(("descriptors", "threads")):
            before, after = median(one[number] for one in found[:3]), median(one[number] for one in found[-3:])
            assert after <= before + 2, f"{what}: {[one[number] for one in found]}"


async def until_it_ends(socket: Socket) -> None:
    while True:
        await socket.receive()


async def test_w3_i19_two_hundred_real_sockets_that_the_venue_cuts_cost_no_descriptor() -> None:
    front = Front(SimVenue("futures", time.time_ns, still=True), time.time_ns, 1)
    server = Server(front)
    await server.start()
    port = AiohttpPort(time.time_ns)
    try:
        found = []
        for number in range(200):
            socket = await port.connect(f"{server.ws_url}/ws/btcusdt@depth@100ms", 5)
            if number % 2:
                front.close_all(1006, "cut")
                with pytest.raises(SocketClosed):
                    await until_it_ends(socket)
            await socket.close()
            found.append(descriptors(os.getpid()))
        assert median(found[-50:]) <= median(found[:50]) + 2, found[::20]
        assert front.sessions == {}
    finally:
        await port.close()
        await server.stop()
