"""`/panic` over HTTP, as a person taps it; the numbers are those of the acceptance scenarios."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from condor.users import Role
from condor.wiring import Program
from handlers.app import build_registry
from handlers.registry import Command
from handlers.view import Show
from tests.support.access import ANN, world
from tests.support.house import House
from tests.support.instance import Instance, condor
from tests.support.panics import open_orders, settings_of
from tests.support.programs import OWNER, no_claim
from tests.support.transcript import answer_text, labels
from tests.support.waiting import until

MANY = 80
"""More than the updates that may be under way at a time."""


async def press(house: House, body: dict[str, Any] | None = None) -> tuple[int, str]:
    """The page's own button."""
    async with house.session.post("/chat/panic", json=body or {"flatten": False, "from": "page"}) as answer:
        return answer.status, (await answer.json()).get("error", "")


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Event]:
    """`/help` does not come back before this event."""
    released = asyncio.Event()

    async def hangs(ctx: Any, arguments: list[str]) -> Show:
        await released.wait()
        return Show("help")

    registry = build_registry()
    registry.commands["help"] = Command("help", Role.VIEWER, "takes long", "", hangs)
    monkeypatch.setattr("condor.wiring.build_registry", lambda: registry)
    yield released
    released.set()


@pytest.fixture
async def house(tmp_path: Path, slow: asyncio.Event) -> AsyncIterator[House]:
    async with House(tmp_path, settings_of()) as found:
        yield found
        slow.set()


async def started(program: Program) -> None:
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    wide = {"buy_spreads": "0.05", "sell_spreads": "0.05"}
    await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **wide}, no_claim)
    await until(lambda: open_orders(program), "the bot's orders")


async def test_s35_two_taps_stop_everything_while_handlers_of_the_same_chat_hang(house: House, slow: asyncio.Event) -> None:
    program = house.program
    await started(program)
    stop_all, latched = program._manager.stop_all, list[bool]()

    def watched(**how: Any) -> None:
        latched.append(program._hosts.halt_reason is not None)
        stop_all(**how)

    # bots end by it, and so do their orders: all cancels come behind it
    program._manager.stop_all = watched  # type: ignore[method-assign]
    for _ in range(MANY):
        await house.write("/help")
    await house.write("/bots")
    await house.write("/panic")
    await house.wait_text("Stop everything?", "nobody watches them then")
    await house.tap_only("STOP EVERYTHING")
    # with patience, however slow the machine is: the handlers hang all the while
    await until(lambda: program._hosts.halt_reason is not None, "the latch")
    # in place, on the same card, while the chat still hangs
    done = await house.wait_text("Done: everything is stopped", "no order is open")
    assert open_orders(program) == [] and program._manager.running == {}
    assert not any("Stop everything?" in item["text"] for item in house.seen.values())
    report = await house.wait_text("Panic done: no order is open", "(paper): 🧊 no order is open")
    assert report["message_id"] != done["message_id"]
    assert not any("Bots" in item["text"] and item["from"] == "bot" for item in house.seen.values())
    assert latched and all(latched), "entries are off before the first cancel"
    # how long it took is kept: from when the tap was heard of to the latch (benchmarks: `panic.heard_to_latch_ms`)
    ((took_ms,),) = house.rows("SELECT latency_ms FROM audit WHERE action = 'panic'")
    assert took_ms is not None and not slow.is_set(), "all of it while the handlers of the same chat hung"
    slow.set()
    await house.wait_text("🤖 Bots")


async def test_s37_the_chat_refuses_to_start_a_bot_until_the_owner_says_why(house: House) -> None:
    program = house.program
    await started(program)
    await house.write("/panic")
    await house.wait_text("Stop everything?")
    await house.tap_only("STOP AND CLOSE ALL")
    await house.wait_text("Done: everything is stopped and closed")
    await house.write("/new")
    await house.wait_text("Which strategy?")
    await house.tap_only("pmm_simple")
    await house.wait_text("On which venue?")
    await house.tap_only("Review")
    await house.until(lambda: any("Start (paper)" in label for item in house.seen.values() for label in labels(item)), "the button")
    await house.tap_only("Start (paper)")
    await house.until(
        lambda: any("no bot starts until the owner releases it with a reason" in answer_text(answer) for answer in house.answers), "the refusal"
    )
    await house.write("/panic")
    await house.wait_text("Done: everything is stopped and closed")
    await house.tap_only("Release")
    await house.wait_text("Send the reason as a message")
    await house.write("no")
    await house.wait_text("expected a reason in words")
    assert program._hosts.halt_reason is not None
    await house.tap_only("Release")
    await house.wait_text("Send the reason as a message")
    await house.write("the feed of prices was wrong and is repaired")
    await house.wait_text("New positions are allowed again", "the feed of prices was wrong")
    assert program._hosts.halt_reason is None
    await started(program)


# ---- from this machine ---------------------------------------------------------------------------------------------
def test_s35_s37_a_signal_stops_and_the_command_line_closes_over_a_kill(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home").start()
    try:
        person = instance.person()
        # sells stand so far away that what is bought stays
        person.start_bot(changes=[("sell spreads:", "10%"), ("take profit:", "50%"), ("stop loss:", "50%"), ("time limit:", "1d")])
        person.until(lambda: bool(instance.rows("SELECT 1 FROM executors WHERE exposure_base != '0' AND status = 'RUNNING'")), "a position", 90)
        instance.signal(signal.SIGUSR1)
        person.until(lambda: "SIGUSR1" in instance.health()["halted"], "the latch", 30)
        unwatched = "What is held has no stop now, and nobody watches it"
        assert unwatched in person.wait_text("Panic done: no order is open")["text"]
        assert person.call("/chat/panic")["goal"] == "freeze"
        done = condor("panic", "--home", str(instance.home))
        assert done.returncode == 0 and "positions have no stop now, and nobody watches them" in done.stdout, done.stdout + done.stderr
        held = instance.rows("SELECT net_amount_base FROM holds WHERE net_amount_base != '0'")
        assert held
        instance.kill()
        # nothing runs: it is written down for the next start
        done = condor("panic", "--flatten", "--home", str(instance.home))
        assert done.returncode == 0 and "nothing runs on this home" in done.stdout
        instance.start()
        assert "SIGUSR1" in instance.health()["halted"]
        done = condor("panic", "--flatten", "--home", str(instance.home))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "binance_perpetual (paper): flat" in done.stdout
        assert instance.rows("SELECT * FROM holds WHERE net_amount_base NOT IN ('0', '0.000')") == []
        assert instance.rows("SELECT state FROM bots") == [("stopped",)]
        assert [row[0] for row in instance.rows("SELECT action FROM audit WHERE action LIKE 'panic%'")] == ["panic", *["panic_again"] * 3]
    finally:
        instance.kill()


def test_a_home_on_which_nothing_ever_ran_has_nothing_to_stop(tmp_path: Path) -> None:
    done = condor("panic", "--home", str(tmp_path / "home"))
    assert done.returncode == 2 and "there is nothing to stop" in done.stderr


async def test_s38_page_and_chat_at_once_are_one_execution(house: House) -> None:
    await started(house.program)
    await house.write("/panic")
    await house.wait_text("Stop everything?")
    await asyncio.gather(press(house), house.tap_only("STOP EVERYTHING"), press(house))
    await house.wait_text("Panic done: no order is open")
    actions = house.rows("SELECT action FROM audit WHERE action LIKE 'panic%'")
    assert sorted(row[0] for row in actions) == ["panic", "panic_again", "panic_again"]
    told = house.rows("SELECT kind FROM facts WHERE kind LIKE 'panic%'")
    assert [row[0] for row in told] == ["panic_begun", "panic_report"]


async def test_s38_from_the_page_and_from_telegram_at_once_it_is_one_execution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with world(tmp_path, chat="both") as w:
        await started(w.program)
        card = await w.ann.say("/panic", "Stop everything?")
        secret = (tmp_path / "data" / "chat.token").read_text().strip()
        async with ClientSession(w.program.web.base, headers={"Authorization": f"Bearer {secret}"}) as session:

            async def press_on_page() -> int:
                async with session.post("/chat/panic", json={"flatten": False, "from": "page"}) as answer:
                    return answer.status

            told, status = await asyncio.gather(w.ann.tap(card, "STOP EVERYTHING"), press_on_page())
        assert "Entries are off" in told and status == 200
        await w.telegram.says(ANN, "Panic done: no order is open")
        assert open_orders(w.program) == []
        assert sorted(action for (action,) in w.audit("action") if action.startswith("panic")) == ["panic", "panic_again"]
        assert [kind for (kind,) in w.rows("SELECT kind FROM facts WHERE kind LIKE 'panic%'")] == ["panic_begun", "panic_report"]


async def test_the_pages_port_says_what_it_expects(house: House) -> None:
    assert await press(house, {"flatten": "yes"}) == (400, 'expected {"flatten": true or false}')
    assert house.program._hosts.halt_reason is None
