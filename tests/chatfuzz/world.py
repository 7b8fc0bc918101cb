"""Random runs of the chat layer over the real services and the real journal: duplicates, reordered and late updates, old buttons, and a death at any write.

A death is a `BaseException` out of the journal, before or after a commit; then everything in memory is thrown away and the next life begins from the records, as
`condor run` does. Market time stands still: what is counted is what was started, stopped and changed, not what was earned.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, ClassVar

from condor.store.bots import bots_in
from condor.users import Actor, Role
from condor.wiring import Program
from handlers.app import build_registry
from handlers.late import LatePictures
from handlers.live import LiveCards
from handlers.present import Presenter
from handlers.processor import ChatLocks
from handlers.router import Router
from tests.chatfuzz.chat import CHAT, Chat

ACTOR = Actor(CHAT, "Ann", Role.OWNER, "fuzz", CHAT)
LINES = (
    "/start", "/new pmm_simple", "/new", "/bots", "/stop", "/stop all", "/pause all", "/pause", "/resume all", "/edit", "/executors", "/status", "/history", "/help",
    "0.4%", "2", "abc", "btc/usdt", "$500", "BTC-USDT buy 1", "/nonsense",
)  # fmt: skip
Plans = tuple[tuple[str, ...], ...]
PLANS: Plans = (
    ("/new pmm_simple", "Review", "Start (paper)"),
    ("/new pmm_simple", "Review", "Start (paper)", "/stop", "Stop and close"),
    ("/stop", "Stop, keep"),
    ("/stop", "Pause entries", "/resume", "Resume now"),
    ("/stop all", "Stop and close"),
    ("/pause all", "Pause all now", "/resume all", "Resume all now"),
    ("/edit {bot} stop_loss=2%", "Apply", "/edit {bot} stop_loss=3%", "Apply"),
    ("/bots {bot}", "More", "Duplicate", "Start (paper)"),
    ("/bots", "Select", "This page", "Stop", "Stop and close"),
    ("/bots", "Start again"),
)
"""What people come for; taps are named by what is on the button, and what is typed without being a command begins with >."""

CALM = ("◀", "🔄", "✖", "🤖", "📊", "✏️ Change another")
"""Beginnings of what only shows."""

FAULT = "fault of this program"


class Died(BaseException):
    """The process ended here."""


class Flow:
    """The journal, which may be where the process dies."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self._run = journal.run
        self.countdown = 0
        self.after_commit = False
        journal.run = self.run

    def run(self, work: Callable[[Any], Any]) -> Future[Any]:
        if self.countdown:
            self.countdown -= 1
            if not self.countdown:
                if self.after_commit:
                    self._run(work).exception()
                raise Died
        return self._run(work)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._journal.run = self._run


class World:
    """One program and what a person does to its chat, run after run."""

    openings: ClassVar[Plans] = PLANS[:2]
    plans: ClassVar[Plans] = PLANS
    lines: ClassVar[tuple[str, ...]] = LINES

    def __init__(self, program: Program) -> None:
        self.program = program
        self.chat = Chat()
        self.flow = Flow(program._journal)
        self.deaths = 0
        self.totals: Counter[str] = Counter()
        self._live()

    def _live(self) -> None:
        """A life of the chat layer."""
        services = self.program.services
        locks = (ChatLocks(), ChatLocks())
        now_ms = lambda: self.program._wall.wall_ms()  # noqa: E731
        presenter = Presenter(self.chat, services.panels)  # type: ignore[arg-type]
        pictures = LatePictures(presenter, services.panels, services.data.pictures, locks[0])
        self.router = Router(build_registry(), services, presenter, LiveCards(*locks, now_ms), now_ms, pictures)

    async def restart(self) -> None:
        """Everything in memory is gone; bots come back from their rows."""
        manager, hosts = self.program._manager, self.program._hosts
        for bot in manager.running.values():
            hosts.of(bot.row.mode).runtime.remove_bot(bot.strategy)
        manager.running.clear()
        manager.broken.clear()
        manager.recover()
        manager.resume_stops()
        self._live()

    # ---- a run -----------------------------------------------------------------------------------------------------
    async def run(self, seed: int, steps: int = 12) -> None:
        """One person's session, delivered badly; AssertionError when something that must hold does not."""
        rng = random.Random(seed)
        before = self._counts()
        waiting: list[Any] = []
        plan = [*rng.choice(self.openings), *rng.choice(self.plans), *rng.choice(self.plans)]
        for _ in range(steps):
            waiting.append(self._wish(rng, plan))
            if rng.random() < 0.25:
                # the same update again: Telegram was not told that it arrived
                waiting.append(waiting[-1])
            if len(waiting) > 1 and rng.random() < 0.25:
                waiting[-2:] = reversed(waiting[-2:])
            if rng.random() < 0.2:
                # it comes late
                continue
            while waiting:
                await self._deliver(rng, waiting.pop(0), waiting)
            await self._go_on(rng)
            if rng.random() < 0.12:
                await self.restart()
        for update in waiting:
            await self._deliver(rng, update, [])
        await self._check(before)

    async def _go_on(self, rng: random.Random) -> None:
        """What happens by itself between two things that the person does; nothing here, where market time stands still."""

    def _wish(self, rng: random.Random, plan: list[str]) -> Any:
        """What the person does next: mostly what the plan says, else anything, also an old button of a keyboard that is gone."""
        chat = self.chat
        if plan and rng.random() < 0.8:
            step = plan.pop(0)
            bots = sorted(self.program._manager.running)
            if step.startswith("/"):
                return chat.line(step.format(bot=rng.choice(bots) if bots else "nobody"))
            if step.startswith(">"):
                return chat.line(step[1:])
            for message_id, seen in reversed(chat.messages.items()):
                found = [button for row in (seen.markup.inline_keyboard if seen.markup else ()) for button in row if step in button.text]
                if found:
                    return chat.tap(message_id, str(found[0].callback_data), seen.markup)
        with_buttons = [(number, seen) for number, seen in list(chat.messages.items())[-6:] if seen.keyboards]
        if not with_buttons or rng.random() < 0.3:
            return chat.line(rng.choice(self.lines))
        message_id, seen = rng.choice(with_buttons)
        markup = rng.choice(seen.keyboards) if rng.random() < 0.3 else seen.keyboards[-1]
        button = rng.choice([button for row in markup.inline_keyboard for button in row])
        return chat.tap(message_id, str(button.callback_data), markup)

    async def _deliver(self, rng: random.Random, update: Any, waiting: list[Any]) -> None:
        dies = rng.random() < 0.12
        if dies:
            self.flow.countdown, self.flow.after_commit = rng.randint(1, 6), rng.random() < 0.5
        try:
            await self._handle(update)
        except Died:
            await self._begin_again()
            if rng.random() < 0.7:
                # it was not confirmed to Telegram, so it comes again
                waiting.insert(0, update)
        self.flow.countdown = 0

    async def _begin_again(self) -> None:
        """The next life after a death."""
        self.deaths += 1
        self.flow.countdown = 0
        await self.restart()

    async def _handle(self, update: Any) -> None:
        context: Any = SimpleNamespace(actor=ACTOR)
        if update.callback_query is None:
            await self.router.on_line(update, context)
            return
        answered = self.chat.answers.get(update.update_id, 0)
        await self.router.on_tap(update, context)
        assert self.chat.answers.get(update.update_id, 0) == answered + 1, "a tap is answered exactly once"

    # ---- what must hold --------------------------------------------------------------------------------------------
    def _counts(self) -> dict[str, int]:
        query = {
            "started drafts": "SELECT count(*) FROM drafts WHERE state = 'started'",
            "bots": "SELECT count(*) FROM bots",
            "start audits": "SELECT count(*) FROM audit WHERE action = 'start_bot'",
            "stops": "SELECT count(*) FROM audit WHERE action = 'stop_bot'",
            "edits": "SELECT count(*) FROM audit WHERE action = 'update_config'",
            "versions": "SELECT count(*) FROM bot_configs WHERE version > 1",
            "taken": "SELECT count(*) FROM confirms WHERE state IN ('executing', 'done', 'unknown')",
            "edit answers": "SELECT count(*) FROM confirms WHERE screen = 'edit_apply' AND state IN ('executing', 'done', 'unknown')",
            "intents": "SELECT count(*) FROM intents",
            "restarts": "SELECT count(*) FROM audit WHERE action = 'start_again'",
        }
        return {name: self._read(text)[0][0] for name, text in query.items()}

    def _read(self, text: str) -> list[Any]:
        return list(self.program._journal.read(lambda connection: connection.exec_driver_sql(text).fetchall()).result())

    async def _check(self, before: dict[str, int]) -> None:
        after = self._counts()
        grown = {name: after[name] - before[name] for name in after}
        self.totals.update(grown)
        told = [text for text in self.chat.told if FAULT in text]
        assert not told, told
        # no double start, and no draft that is neither open nor a bot
        assert grown["started drafts"] == grown["bots"] == grown["start audits"], grown
        assert grown["intents"] == 0, "nothing was ordered"
        assert grown["edits"] == grown["versions"] == grown["edit answers"], grown
        # a bot is stopped at most once for each time that it was started
        twice = self._read(
            "SELECT target, count(*) FROM audit a WHERE action = 'stop_bot' GROUP BY target HAVING count(*) > "
            "1 + (SELECT count(*) FROM audit b WHERE b.action = 'start_again' AND b.target = a.target)"
        )
        assert twice == [], twice
        states = {
            row.bot_id: row.state for row in self.program._journal.read(lambda connection: bots_in(connection, ["running", "stopping"])).result()
        }
        assert set(states) == set(self.program._manager.running), "what runs is what is written down"
        await self._recover_panels()
        await self._tidy()

    async def _recover_panels(self) -> None:
        """After one more restart every card in the chat is known and answers its buttons."""
        await self.restart()
        for message_id, seen in list(self.chat.messages.items()):
            if seen.markup is None:
                continue
            buttons = [button for row in seen.markup.inline_keyboard for button in row]
            calm = (
                [button for button in buttons if button.text.startswith(CALM)]
                or [button for button in buttons if button.text.endswith("…")]
                or buttons[:1]
            )
            told = len(self.chat.told)
            await self._handle(self.chat.tap(message_id, str(calm[-1].callback_data), seen.markup))
            assert not [text for text in self.chat.told[told:] if FAULT in text or text.startswith("This card is outdated")], seen.text

    async def _tidy(self) -> None:
        """The next run begins with an empty chat and no bot."""
        services = self.program.services
        if services.panic.view().goal is not None:
            await services.panic.release(ACTOR, "the next run begins", lambda connection: None)
        if self.program._hosts.halt_reason is not None:
            await services.overview.release(ACTOR, lambda connection: None)
        for view in services.bots.running():
            if view.state == "running":
                await services.bots.stop(ACTOR, view.bot_id, lambda connection: None, keep_position=False)
        if self.program._manager.pauses:
            await services.pauses.resume(ACTOR, ("",), lambda connection: None)
        self.chat.messages.clear()
        self.chat.told.clear()
        # older bots of other runs make lists long and runs slow; what was counted is counted
        self.program._journal.run(_forget).result()


def _forget(connection: Any) -> None:
    for table in ("bots", "bot_configs", "drafts", "audit", "confirms", "tokens", "panels", "inbox", "facts", "outbox"):
        connection.exec_driver_sql(f"DELETE FROM {table}")
