"""The host of live trading: accounts with real money, each with its session, one runtime in front of them, one recorder behind.

It starts whether or not a venue answers: bots come back with their barriers, and a venue that can't be reached now is waited for while nothing new is opened there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import ClockMode
from botcore.model.events import Fact, FactKind, PartFault
from botcore.model.instrument import Market
from botcore.model.times import SECOND_NS
from botcore.orders.ids import IdSource
from botcore.recorder.journal import Journal
from botcore.recorder.queries import runtime_value
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.venue_memory import SqlVenueMemory, remembered
from botcore.strategies.accounts import LiveAccount, Surroundings, open_account
from botcore.strategies.live import LiveRuntime
from botcore.venues.account_news import FundingPaid
from botcore.venues.port import Port
from botcore.venues.session import SessionView, Stage
from condor.accounts import AccountPlan
from condor.host import WallClock
from condor.live_time import LiveTime
from condor.settings import Settings

log = logging.getLogger(__name__)

ACCOUNT = "live"
READY_S = 15.0
"""How long a start waits for a venue's rules before it goes on with those that were read last time."""


class LiveHost:
    """See the module.

    Parameters
    ----------
    ids : IdSource
        Shared with the paper runtime: an id is never given out twice.
    port : Port
        The network.
    """

    def __init__(
        self,
        plans: Sequence[AccountPlan],
        settings: Settings,
        journal: Journal,
        wall: WallClock,
        on_facts: Callable[[], None],
        ids: IdSource,
        port: Port,
        rules_cache: Any,
    ) -> None:
        self._wall = wall
        self._journal = journal
        self._port = port
        self._time = LiveTime(wall)
        self.bus = EventBus()
        begin_ns = max(self._time.now_ns(), journal.read(lambda connection: runtime_value(connection, "last_ns live")).result())
        self.clock = Clock(
            ClockMode.REALTIME, start_ns=begin_ns, tick_ns=int(settings.clock.tick_size * SECOND_NS), on_fault=self._part_fault
        )
        self.recorder = MarketsRecorder(journal, self.bus, lambda: self.clock.now_ns, wall.wall_ms, on_facts, account=ACCOUNT, ids=ids)
        self.runtime = LiveRuntime(self.clock, self.bus, self.recorder, settings.risk, ids)
        self.part_faults: list[str] = []
        self._down_since: dict[str, int] = {}
        self._poked: set[str] = set()
        self._titles = {plan.spec.name: plan.spec.title or plan.spec.name for plan in plans}
        self.accounts: dict[str, LiveAccount] = {plan.spec.name: self._open(plan, rules_cache) for plan in plans}
