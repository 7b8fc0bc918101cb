"""The whole way: bots, core, sessions, bytes, and venues that judge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from botcore.venues.spec import VenueSpec
from condor.configs import Configs
from condor.home import Home
from tests.simulation.loop import SimProcess
from tests.simulation.wire_instance import KeptRules, WireInstance
from tests.simulation.wire_venue import WireVenue
from tests.simulation.world import World

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

    def marks(self) -> Mapping[tuple[str, str], Decimal]:
        return {(venue.name, pair): venue.mid(pair) for venue in self.venues for pair in venue.pairs}

    def _verdict(self) -> None:
        super()._verdict()
        for venue in self.venues:
            for asset, gap in venue.venue.account.unexplained().items():
                self.breach("I1", f"the venue's own books of {asset} at {venue.name} are off by {gap}")
