"""The whole way: bots, core, sessions, bytes, and venues that judge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from botcore.recorder.forgotten import note_forgotten
from botcore.venues.spec import VenueSpec
from botcore.venues.trade_reader import since_key
from condor.configs import Configs
from condor.home import Home
from tests.simulation.funding import arrange, judge_reports
from tests.simulation.instance import ACCOUNT
from tests.simulation.loop import SimProcess
from tests.simulation.manners import Caps, forget_what_was_lost, judge_manners
from tests.simulation.plan import Crash
from tests.simulation.spells import cast
from tests.simulation.watcher import Watcher
from tests.simulation.wire_instance import KeptRules, WireInstance
from tests.simulation.wire_venue import WireVenue
from tests.simulation.world import World
from tests.support.live_wire import Manners

CHECKOUT = Path(__file__).parents[2]


@cache
def shipped_spec(name: str) -> VenueSpec:
    """A venue's file as it is shipped."""
    return Configs(Home(CHECKOUT / "tests", CHECKOUT / "conf")).venue(name)


class WireWorld(World):
    """See the module."""

    venues: list[WireVenue]  # type: ignore[assignment]

    def _build_venues(self) -> None:
        self.rules = KeptRules()
        self.unsent = self.plan.unsent
        self.venues = [
            WireVenue(self.loop, self.log, venue.name, venue.pairs, self.plan.seed * 31 + number, venue.volatility, self.watcher.arrived)
            for number, venue in enumerate(self.plan.venues)
        ]
        for venue, plan in zip(self.venues, self.plan.venues, strict=True):
            for fault in plan.faults:
                venue.front.faults.add(fault)
            for rule in plan.rules:
                venue.venue.engine.script.add(rule)
        self.ledgers = list(self.venues)
        self.manners = {venue.name: Manners() for venue in self.venues}
        self.caps = Caps(self.plan, self.watcher, self.breach)
        for venue in self.venues:
            venue.worked_on = partial(self.caps.look, venue)
        self._copy: tuple[bytes, Watcher] | None = None
        self._is_put_back = False
        self.watcher.now_ns = lambda: self.loop.now_ns
        cast(self)
        arrange(self)

    def _is_over(self) -> bool:
        # positions that nothing in an older database explains are watched for a while before they are believed
        return not self._is_put_back and super()._is_over()

    # ---- yesterday's database (P8) -------------------------------------------------------------------------------------
    def copy_database(self) -> None:
        """Copy it now, or when every account has been compared once: a copy from before that is a new home, which knows of nothing to look for."""
        if any((venue.name, since_key(pair)) not in self.watcher.memory for venue in self.venues for pair in venue.pairs):
            self.loop.call_later(1.0, self.copy_database, context=self.loop.world)
            return
        self.log.add("disk", "is copied")
        self._copy = self.disk.snapshot(), self.watcher.copy()

    def put_back(self, down_s: float) -> None:
        """The process dies, and its database is what the copy was. As the program does then, the next life takes another epoch (`condor.store.epoch`)."""
        if self._copy is None:
            return
        if self._process is not None and self._process.alive:
            self._crash(Crash(0.0, down_s))
        self.log.add("disk", "yesterday's database is put back")
        file, watcher = self._copy
        self.disk.restore(file)
        self.watcher.put_back(watcher)
        self.epoch += 1
        self.disk.write(lambda connection: note_forgotten(connection, self.epoch, ACCOUNT, self.loop.now_ns // 1_000_000))
        self._is_put_back = True
        for name, manners in self.manners.items():
            forget_what_was_lost(self.watcher, name, manners)

    def spec(self, name: str) -> VenueSpec:
        return shipped_spec(name)

    def new_instance(self, process: SimProcess, life: int) -> Any:
        return WireInstance(self, process, life)

    async def _market(self) -> None:
        """Prices walk by themselves."""
        await asyncio.sleep(0)

    def _heal(self) -> None:
        self.unsent = 0.0
        super()._heal()

    def _venues_see_death(self) -> None:
        """Their sockets are closed by the kernel (see `WirePort`)."""
        for name, manners in self.manners.items():
            forget_what_was_lost(self.watcher, name, manners)

    def marks(self) -> Mapping[tuple[str, str], Decimal]:
        return {(venue.name, pair): venue.mid(pair) for venue in self.venues for pair in venue.pairs}

    def _verdict(self) -> None:
        super()._verdict()
        if self.instance is not None:
            reported = {bot_id: bot.orchestrator.report().funding_quote for bot_id, bot in self.instance.bots.items()}
            judge_reports(self.watcher, reported, self.breach)
        for venue in self.venues:
            judge_manners(venue, self.manners[venue.name], self.breach)
            for asset, gap in venue.venue.account.unexplained().items():
                self.breach("I1", f"the venue's own books of {asset} at {venue.name} are off by {gap}")
