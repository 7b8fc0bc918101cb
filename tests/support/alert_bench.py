"""Alerts over HTTP without a market: records, the sender, the real chat front end and a Bot API that misbehaves; the wall clock is turned by hand.

The sender's own clock is turned with it, so that hours pass in a moment; `settle` waits until nothing that may be sent now is left.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from botcore.recorder import tables as records
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write
from condor.alerts.timed import TimedAlerts
from condor.errors import UserError
from condor.host import WallClock
from condor.notifications import Notifications
from condor.pictures.artist import CannotDraw
from condor.pictures.drawings import Drawing
from condor.redaction import Redactor
from condor.result_views import FileView
from condor.scheduler import Scheduler
from condor.services.access import AccessService
from condor.services.alerts import AlertService
from condor.services.audit import AuditService
from condor.services.confirms import ConfirmService
from condor.services.facade import Services
from condor.services.groups import GroupService
from condor.services.members import MemberService
from condor.services.panels import PanelService
from condor.services.report_plans import ReportPlanService
from condor.services.step_up import StepUpService
from condor.services.subscriptions import SubscriptionService
from condor.services.visitors import VisitorService
from condor.services.voices import Voices
from condor.settings import AccessSettings, AlertSettings
from condor.store.common import put_chat, put_user
from condor.users import Actor, Role
from condor.views import FactKind
from handlers.app import Address, ChatFront, build_registry
from handlers.photos import blank
from tests.fakes.telegram import TOKEN, Message, Telegram, chat_of
from tests.support.records import fresh_records
from tests.support.someone import Someone

OWNER = 5
START = 1_790_000_000.0


class NoBots:
    """Of the bots only their names are asked for here."""

    def find(self, text: str) -> str:
        return text

    def running(self) -> list[Any]:
        return []


class HandPictures:
    """Draws at once, or when it is told to (`may_draw`), or not at all (`trouble`).

    Attributes
    ----------
    drawn : list of Drawing
        What was asked for.
    """

    def __init__(self) -> None:
        self.drawn: list[Drawing] = []
        self.trouble = ""
        self.may_draw = asyncio.Event()
        self.may_draw.set()

    async def draw(self, drawing: Drawing) -> bytes:
        self.drawn.append(drawing)
        await self.may_draw.wait()
        if self.trouble:
            raise CannotDraw(self.trouble)
        return blank()


class HandReports:
    """Makes files out of what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.trouble = ""

    async def make(
        self, actor: Actor, mode: str, period: str, form: str, until_ns: int | None = None, *, patience_s: float | None = None
    ) -> FileView:
        self.asked.append((actor.name or str(actor.user_id), mode, period, form))
        if self.trouble:
            raise UserError(self.trouble)
        return FileView(f"condor-{mode}-{period}.{form}", b"a report")


async def settled(notifications: Notifications, journal: Journal) -> None:
    """Until the sender has nothing to do at this moment."""
    idle = 0
    notifications.look()
    while idle < 2:
        await asyncio.wrap_future(journal.read(lambda connection: None))
        await asyncio.sleep(0.002)
        idle = 0 if notifications.is_busy else idle + 1


class AlertBench:
    """See the module; `telegram` is what people see."""

    def __init__(self, path: Path, telegram: Telegram) -> None:
        self.path = path
        self.telegram = telegram
        self.owner = Someone(telegram, OWNER, "Olga")
        self.at_s = START
        telegram.now_s = lambda: self.at_s
        self.wall = WallClock(lambda: int(self.at_s * 1000), lambda: int(self.at_s * 1e9))
        self.journal = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
        self.notifications = Notifications(self.journal, AlertSettings(), self.wall, lambda: self.at_s)
        scheduler = Scheduler(self.wall.wall_ms)
        subscriptions = SubscriptionService(self.journal, scheduler, self.wall)
        subscriptions.on_return = self.notifications.look
        self.alerts = AlertService(self.journal, self.wall)
        self.pictures, self.reports = HandPictures(), HandReports()
        voices, visitors = Voices(), VisitorService(self.journal, self.wall)
        given = {
            "access": AccessService(self.journal, self.wall),
            "bots": NoBots(),
            # settings say whether money is real
            "overview": SimpleNamespace(status=lambda actor: SimpleNamespace(venues=())),
            "panels": PanelService(self.journal, self.wall),
            "subscriptions": subscriptions,
            "alerts": self.alerts,
            "voices": voices,
            "visitors": visitors,
            "groups": GroupService(self.journal, AccessSettings(), self.wall, visitors, voices, subscriptions.moved),
            "audit": AuditService(self.journal, self.wall),
            "members": MemberService(self.journal, self.wall, voices),
            "confirms": ConfirmService(self.journal, self.wall),
            "step_up": StepUpService(self.journal, self.wall),
            "data": SimpleNamespace(
                pictures=self.pictures,
                reports=self.reports,
                plans=ReportPlanService(self.journal, self.wall),
                results=SimpleNamespace(modes=lambda: ("paper",)),
            ),
            "redact": Redactor(),
        }
        # what alerts do not touch is not there
        parts: dict[str, Any] = dict.fromkeys((field.name for field in fields(Services)), None) | given
        self.services = Services(**parts)
        standing = lambda: [("Running bots", "2")]  # noqa: E731
        self.timed = TimedAlerts(self.journal, self.wall, standing, self.notifications.look, on_facts=self.notifications.wake)
        self.troubles: list[str | None] = []
        address = Address(TOKEN, telegram.root, is_local=True)
        self.front = ChatFront("telegram", address, self.services, build_registry(), self.wall.wall_ms, self.troubles.append)

    async def start(self, *chats: int) -> None:
        """Come up with an owner, whose private chat and these chats hear alerts."""

        def write(connection: Any) -> None:
            put_user(connection, OWNER, "Olga", Role.OWNER, 0)
            for chat in (OWNER, *chats):
                put_chat(connection, chat, "telegram", OWNER)

        await asyncio.wrap_future(self.journal.run(write))
        await self.front.start()
        self.notifications.add_notifier("telegram", self.front.notifier)
        self.notifications.start()

    async def close(self) -> None:
        await self.notifications.close()
        await self.front.close()
        self.journal.close()

    # ---- what happens ------------------------------------------------------------------------------------------------
    async def fact(self, kind: str, bot: str = "bot-1", executor: str = "", **payload: Any) -> None:
        """A fact becomes durable."""
        await self.facts([(kind, bot, executor, payload)])

    async def facts(self, facts: list[tuple[str, str, str, dict[str, Any]]]) -> None:
        """Facts of one tick: (kind, bot, executor, payload)."""
        names = ("kind", "bot_id", "executor_id", "payload")
        more = {"controller_id": "c", "ts_ns": 1, "wall_ms": self.wall.wall_ms()}
        rows = [dict(zip(names, (kind, bot, executor, json.dumps(payload)), strict=True)) | more for kind, bot, executor, payload in facts]
        done = asyncio.Event()
        self.journal.commit([Write(records.facts, row, Op.ADD) for row in rows], done.set)
        await done.wait()
        self.notifications.wake()

    async def opened(self, executor: str, bot: str = "bot-1", filled: str = "1", wanted: str = "1") -> None:
        await self.fact(FactKind.POSITION_OPENED, bot, executor, **ENTRY, filled=filled, wanted=wanted)

    async def all_closed(self, names: list[str], pnl: str) -> None:
        """Many end in one tick."""
        payload = {**CLOSED, "net_pnl_quote": pnl, "close_type": "TAKE_PROFIT"}
        await self.facts([(FactKind.EXECUTOR_CLOSED, "bot-1", name, payload) for name in names])

    async def closed(self, executor: str, pnl: str = "4.21", bot: str = "bot-1", close_type: str = "TAKE_PROFIT", **more: Any) -> None:
        await self.fact(FactKind.EXECUTOR_CLOSED, bot, executor, **{**CLOSED, "net_pnl_quote": pnl, "close_type": close_type, **more})

    async def critical(self, text: str = "x") -> None:
        await self.fact(FactKind.CONTROLLER_FAULT, error=text)

    # ---- time --------------------------------------------------------------------------------------------------------
    def set_local(self, zone: str, *moment: int) -> None:
        self.at_s = datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[arg-type]

    async def turn(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, step by step; after each one everything that may happen has happened."""
        left = seconds
        while left > 0:
            self.at_s += min(step, left)
            left -= step
            await self.timed.round()
            await self.settle()

    async def settle(self) -> None:
        await settled(self.notifications, self.journal)

    # ---- people ------------------------------------------------------------------------------------------------------
    async def says(self, text: str, *words: str, chat: int = OWNER) -> Message:
        """The owner types; returns the bot's next message with these words."""
        return await self.owner.say(text, *words, chat=chat_of(chat))

    def told(self, chat: int = OWNER) -> list[Message]:
        """What stands in a chat, oldest first."""
        return self.telegram.told(chat)

    def texts(self, chat: int = OWNER) -> list[str]:
        return [message.text for message in self.told(chat)]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.journal.read(lambda c: c.exec_driver_sql(query).fetchall()).result()]


ENTRY = {"connector_name": "binance", "trading_pair": "BTC-USDT", "side": "BUY", "price": "100", "type": "position_executor"}
CLOSED = {
    **ENTRY,
    "net_pnl_pct": "0.0042",
    "fees_quote": "0.31",
    "volume_quote": "2000",
    "duration_s": 7980,
    "entry_price": "100",
    "exit_price": "100.42",
    "exposure_base": "0",
    "reason": "",
}


@asynccontextmanager
async def alert_bench(folder: Path, *chats: int) -> AsyncIterator[AlertBench]:
    """A bench on fresh records, served and started."""
    path = folder / "condor.db"
    path.write_bytes(fresh_records())
    async with Telegram().served() as served:
        bench = AlertBench(path, served)
        try:
            await bench.start(*chats)
            yield bench
        finally:
            await bench.close()
