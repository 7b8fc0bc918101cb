"""`/panic` over HTTP, as a person taps it; the numbers are those of the acceptance scenarios."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from condor.users import Role
from condor.wiring import Program
from handlers.app import build_registry
from handlers.registry import Command
from handlers.view import Show
from tests.support.instance import Instance, condor
from tests.support.panics import OWNER, no_claim, open_orders, running, until

MANY = 80
"""More than the updates that may be under way at a time."""


class AtChat:
    """A person at the local chat of a program in this process."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self.seen: dict[int, dict[str, Any]] = {}
        self.answers: list[str] = []
        self._seq = 0

    async def send(self, text: str) -> None:
        async with self._session.post("/chat/send", json={"text": text}) as answer:
            assert answer.status == 200

    async def press(self, body: dict[str, Any] | None = None) -> tuple[int, str]:
        """The page's own button."""
        async with self._session.post("/chat/panic", json=body or {"flatten": False, "from": "page"}) as answer:
            return answer.status, (await answer.json()).get("error", "")

    async def tap(self, label: str) -> None:
        for message_id, message in sorted(self.seen.items(), reverse=True):
            for row, buttons in enumerate(message["buttons"] or []):
                for column, button in enumerate(buttons):
                    if label in button["text"]:
                        body = {"message_id": message_id, "row": row, "column": column}
                        async with self._session.post("/chat/tap", json=body) as answer:
                            assert answer.status == 200
                        return
        raise AssertionError(f"no button {label!r}")

    async def button(self, label: str) -> None:
        """Wait until there is such a button."""
        await self._until(
            lambda: any(label in button["text"] for item in self.seen.values() for row in item["buttons"] or [] for button in row), label
        )

    async def told(self, words: str) -> None:
        """Wait until a tap is answered with these words."""
        await self._until(lambda: any(words in text for text in self.answers), words)

    async def wait(self, *words: str, patience_s: float = 40) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [item for _, item in sorted(self.seen.items()) if item["from"] == "bot" and all(word in item["text"] for word in words)]

        await self._until(lambda: bool(found()), " ".join(words), patience_s)
        return found()[-1]

    async def _until(self, holds: Callable[[], bool], what: str, patience_s: float = 40) -> None:
        """However slow the machine is: it is over when nothing has come for so long."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, f"waited for {what!r}; {[item['text'] for item in self.seen.values()][-3:]}"
            async with self._session.get("/chat/transcript", params={"after": self._seq, "wait": 0.2}) as answer:
                news = await answer.json()
            if news["events"]:
                deadline = asyncio.get_running_loop().time() + patience_s
            self._seq = max(self._seq, news["seq"])
            self.seen.update({event["message_id"]: event for event in news["events"] if event["kind"] in ("message", "sent", "edited")})
            self.answers += [event.get("alert") or event.get("toast") or "" for event in news["events"] if event["kind"] == "answered"]


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
async def program(tmp_path: Path, slow: asyncio.Event) -> AsyncIterator[Program]:
    async with running(tmp_path) as found:
        yield found
        slow.set()


@pytest.fixture
async def person(program: Program, tmp_path: Path) -> AsyncIterator[AtChat]:
    secret = (tmp_path / "data" / "chat.token").read_text().strip()
    async with ClientSession(program.web.base, headers={"Authorization": f"Bearer {secret}"}) as session:
        yield AtChat(session)


async def started(program: Program) -> None:
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    wide = {"buy_spreads": "0.05", "sell_spreads": "0.05"}
    await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **wide}, no_claim)
    await until(lambda: open_orders(program), "the bot's orders")


async def test_35_two_taps_stop_everything_while_handlers_of_the_same_chat_hang(program: Program, person: AtChat, slow: asyncio.Event) -> None:
    await started(program)
    for _ in range(MANY):
        await person.send("/help")
    await person.send("/bots")
    await person.send("/panic")
    await person.wait("Stop everything?", "nobody watches them then")
    await person.tap("STOP EVERYTHING")
    # with patience, however slow the machine is: the handlers hang all the while
    await until(lambda: program._hosts.halt_reason is not None, "the latch")
    # in place, on the same card, while the chat still hangs
    done = await person.wait("Done: everything is stopped", "no order is open")
    assert open_orders(program) == [] and program._manager.running == {}
    assert not any("Stop everything?" in item["text"] for item in person.seen.values())
    report = await person.wait("Panic done: no order is open", "(paper): 🧊 no order is open")
    assert report["message_id"] != done["message_id"]
    assert not any("Bots" in item["text"] and item["from"] == "bot" for item in person.seen.values())
    slow.set()
    await person.wait("🤖 Bots")


async def test_37_the_chat_refuses_to_start_a_bot_until_the_owner_says_why(program: Program, person: AtChat) -> None:
    await started(program)
    await person.send("/panic")
    await person.wait("Stop everything?")
    await person.tap("STOP AND CLOSE ALL")
    await person.wait("Done: everything is stopped and closed")
    await person.send("/new")
    await person.wait("Which strategy?")
    await person.tap("pmm_simple")
    await person.wait("On which venue?")
    await person.tap("Review")
    await person.button("Start (paper)")
    await person.tap("Start (paper)")
    await person.told("no bot starts until the owner releases it with a reason")
    await person.send("/panic")
    await person.wait("Done: everything is stopped and closed")
    await person.tap("Release")
    await person.wait("Send the reason as a message")
    await person.send("no")
    await person.wait("expected a reason in words")
    assert program._hosts.halt_reason is not None
    await person.tap("Release")
    await person.wait("Send the reason as a message")
    await person.send("the feed of prices was wrong and is repaired")
    await person.wait("New positions are allowed again", "the feed of prices was wrong")
    assert program._hosts.halt_reason is None
    await started(program)


# ---- from this machine ---------------------------------------------------------------------------------------------
def test_35_37_a_signal_stops_and_the_command_line_closes_over_a_kill(tmp_path: Path) -> None:
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


async def test_38_page_and_chat_at_once_are_one_execution(program: Program, person: AtChat) -> None:
    await started(program)
    await person.send("/panic")
    await person.wait("Stop everything?")
    await asyncio.gather(person.press(), person.tap("STOP EVERYTHING"), person.press())
    await person.wait("Panic done: no order is open")
    actions = program._journal.read(
        lambda connection: connection.exec_driver_sql("SELECT action FROM audit WHERE action LIKE 'panic%'").all()
    ).result()
    assert sorted(row[0] for row in actions) == ["panic", "panic_again", "panic_again"]
    told = program._journal.read(lambda connection: connection.exec_driver_sql("SELECT kind FROM facts WHERE kind LIKE 'panic%'").all()).result()
    assert [row[0] for row in told] == ["panic_begun", "panic_report"]


async def test_the_pages_port_says_what_it_expects(program: Program, person: AtChat) -> None:
    assert await person.press({"flatten": "yes"}) == (400, 'expected {"flatten": true or false}')
    assert program._hosts.halt_reason is None
