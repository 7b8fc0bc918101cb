"""T9, T10: when Telegram refuses us, or is silent, what is critical goes out on the second channel, signed; trading goes on. T1-T16 are those of the fault catalogue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from condor.alerts.address import check_address
from condor.alerts.timed import TimedAlerts
from condor.errors import CondorError
from condor.store.common import put_chat
from condor.webhook import FRONT, Webhook, signature
from handlers.app import Address, ChatFront, build_registry
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.alert_bench import OWNER, AlertBench, alert_bench
from tests.support.programs import made

SECRET = "a secret that is long enough"


class Receiver:
    """Somebody's server: keeps what came with a good signature."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.forged = 0
        self.status = 200
        self.url = ""

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Receiver]:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body, header = await request.read(), request.headers["X-Condor-Signature"]
        seconds = int(header.partition(",")[0].removeprefix("t="))
        if header != signature(SECRET, seconds, body):
            self.forged += 1
        elif self.status == 200:
            self.got += json.loads(body)
        return web.Response(status=self.status)


@asynccontextmanager
async def bench_with_hook(folder: Path, *chats: int) -> AsyncIterator[tuple[AlertBench, Receiver, list[int | None]]]:
    """A bench with a second channel; the list's value says since when Telegram refuses us."""
    async with alert_bench(folder, *chats) as bench, Receiver().served() as receiver:
        refused: list[int | None] = [None]
        bench.notifications.add_notifier(FRONT, Webhook(receiver.url, SECRET, lambda: bench.at_s))
        bench.timed = TimedAlerts(bench.journal, bench.wall, list, bench.notifications.look, FRONT, lambda: refused[0])
        yield bench, receiver, refused


async def test_t2_after_ten_minutes_of_silence_what_is_critical_goes_to_the_webhook_once(tmp_path: Path) -> None:
    async with bench_with_hook(tmp_path) as (bench, receiver, _):
        bench.telegram.faults.offline = True
        await bench.critical("nobody hears")
        await bench.closed("x-1")
        await bench.turn(590, 59)
        assert receiver.got == []
        await bench.turn(120, 20)
        assert [(item["kind"], item["details"]["error"], item["severity"]) for item in receiver.got] == [
            ("controller_fault", "nobody hears", "critical")
        ]
        await bench.notifications.close()
        bench.notifications.start()
        await bench.turn(1200, 300)
        assert len(receiver.got) == 1 and receiver.forged == 0
        bench.telegram.faults.offline = False
        await bench.turn(80, 20)
        assert "nobody hears" in bench.texts()[0], "and Telegram is told when it is back"


async def test_t11_what_is_critical_and_laid_aside_for_the_only_chat_which_blocks_us_goes_to_the_webhook_once(tmp_path: Path) -> None:
    """Nobody else was told: for whom it concerns Telegram has been silent for ten minutes."""
    async with bench_with_hook(tmp_path) as (bench, receiver, _):
        bench.telegram.faults.blocked.add(OWNER)
        await bench.closed("x-0")
        await bench.turn(2)
        await bench.critical("nobody hears")
        await bench.closed("x-1")
        await bench.turn(590, 59)
        assert receiver.got == []
        await bench.turn(120, 20)
        assert [item["details"]["error"] for item in receiver.got] == ["nobody hears"]
        await bench.turn(1200, 300)
        assert len(receiver.got) == 1 and receiver.forged == 0
        bench.telegram.faults.blocked.clear()
        await bench.says("/alerts", "Alerts of this chat")
        await bench.turn(3)
        assert any("nobody hears" in text for text in bench.texts()), "and the chat hears it when it is back"


async def test_t11_what_another_chat_was_told_is_not_handed_on_for_one_that_blocks_us(tmp_path: Path) -> None:
    async with bench_with_hook(tmp_path, 77) as (bench, receiver, _):
        bench.telegram.faults.blocked.add(OWNER)
        await bench.closed("x-0")
        await bench.turn(2)
        await bench.critical("somebody hears")
        await bench.turn(1200, 120)
        assert any("somebody hears" in text for text in bench.texts(77)) and receiver.got == []


async def test_t9_t10_from_401_or_409_on_nothing_waits_for_ten_minutes(tmp_path: Path) -> None:
    async with bench_with_hook(tmp_path) as (bench, receiver, refused):
        await bench.critical("before")
        await bench.turn(5)
        bench.telegram.faults.revoked = True
        refused[0] = bench.wall.wall_ms()
        await bench.turn(1)
        await bench.critical("after")
        await bench.turn(5)
        assert [item["details"]["error"] for item in receiver.got] == ["after"]
        # the poller hears of it too, and goes on asking: a token that is taken again is taken up again
        await bench.telegram.until(lambda: bench.troubles, "the refusal to be known")
        assert "(401)" in str(bench.troubles[-1])
        bench.telegram.faults.revoked = False
        # and after two minutes that were well it may act again
        await bench.turn(180, 10)
        polls = bench.telegram.polls
        await bench.telegram.until(lambda: bench.telegram.polls > polls + 1, "two more polls", 40)
        await bench.front.look_around()
        assert bench.troubles[-1] is None
        await bench.says("/alerts", "Alerts of this chat")


async def test_a_bot_that_comes_up_well_may_act_whatever_was_said_of_the_one_before(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.front.close()
        bench.services.access.freeze("telegram", "the token of the bot before was stolen (409)")
        bench.front = ChatFront(
            "telegram", Address(TOKEN, bench.telegram.root, is_local=True), bench.services, build_registry(), bench.wall.wall_ms, print
        )
        bench.front.start_soon()
        await bench.telegram.until(lambda: bench.front.is_up, "the front end to be up")
        assert bench.services.access.frozen("telegram") == ""
        await bench.says("/alerts opened off", "Position opened")


async def test_a_webhook_that_is_away_is_tried_again(tmp_path: Path) -> None:
    async with bench_with_hook(tmp_path) as (bench, receiver, refused):
        receiver.status = 503
        refused[0] = 0
        await bench.critical("try again")
        await bench.turn(20, 5)
        assert receiver.got == []
        receiver.status = 200
        await bench.turn(70, 10)
        assert [item["details"]["error"] for item in receiver.got] == ["try again"]


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("http://example.org/x", SECRET, "plain http is for this machine only"),
        ("ftp://example.org/x", SECRET, "expected an address"),
        ("https://example.org/x", "short", "at least 16 characters"),
    ],
)
def test_an_address_that_does_not_hold_is_refused_in_one_sentence(url: str, secret: str, words: str) -> None:
    with pytest.raises(CondorError, match=words):
        check_address(url, secret)
    check_address("https://example.org/x", SECRET)


@pytest.mark.parametrize(("fault", "code"), [("revoked", "401"), ("conflict", "409")])
async def test_t9_t10_the_program_tells_that_telegram_refuses_it_and_trades_on(tmp_path: Path, fault: str, code: str) -> None:
    """The whole program: the local chat and the webhook hear of it, and the clock goes on."""
    async with Telegram().served() as telegram, Receiver().served() as receiver:
        environment: dict[str, Any] = {
            "chat": "both",
            "telegram_token": TOKEN,
            "telegram_api": telegram.root,
            "alert_webhook": receiver.url,
            "alert_webhook_secret": SECRET,
        }
        program = made(tmp_path, {"clock": {"tick_size": 0.25}}, **environment)
        try:
            await program.start()
            await asyncio.wrap_future(program._journal.run(lambda connection: put_chat(connection, OWNER, "telegram", OWNER)))
            setattr(telegram.faults, fault, True)
            (told,) = await telegram.until(lambda: [item for item in receiver.got if item["kind"] == "chat_trouble"], "the trouble", 30)
            assert f"({code})" in told["details"]["text"]
            said = [message.get("text", "") for message in program._doors.state.messages.values()]
            assert any("Telegram" in text and f"({code})" in text and "Trading goes on" in text for text in said)
            assert program._health()[0] and TOKEN not in json.dumps(receiver.got)
        finally:
            await program.close()
