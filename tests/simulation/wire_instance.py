"""A life of the process whose venues speak bytes: the program's own `LiveHost`, with sessions, streams, limiter, caller and dialects, over a simulated network."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from botcore.model.events import OrderSubmitted
from botcore.risk.limits import RiskLimits
from botcore.venues.dialect import Credentials
from botcore.venues.spec import VenueSpec
from condor.accounts import AccountPlan
from condor.host import WallClock
from condor.live_host import LiveHost
from condor.settings import ClockSettings, Settings
from tests.simulation.instance import Instance
from tests.simulation.manners import PolitePort

KEY, SECRET = "key", "secret"


class KeptRules:
    """Rules as they were read last; a file that outlives processes. Implements `RulesCache`."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}

    def get(self, connector_name: str) -> bytes | None:
        return self._bodies.get(connector_name)

    def put(self, connector_name: str, body: bytes) -> None:
        self._bodies[connector_name] = body


def account_plan(spec: VenueSpec, host: str) -> AccountPlan:
    """The account at a simulated venue."""
    name = f"CONDOR_VENUE_{spec.name.upper()}"
    return AccountPlan(spec, Credentials(KEY, SECRET), {f"{name}_REST": f"https://{host}", f"{name}_WS": f"wss://{host}"})


class WireInstance(Instance):
    """See the module."""

    host: LiveHost

    async def open(self) -> None:
        world, loop = self.world, self.world.loop
        chance = random.Random(f"port {world.plan.seed}/{self.life}")
        port = PolitePort(world.venues, loop, world.log, self.process, lambda: chance.random() < world.unsent, self.reach)
        port.manners = world.manners
        wall = WallClock(lambda: loop.now_ns // 1_000_000, lambda: loop.now_ns)
        spells = world.plan.spells
        risk = RiskLimits(max_open_quote=spells.max_open_quote, max_position_quote=spells.max_position_quote)
        settings = Settings(clock=ClockSettings(tick_size=world.plan.tick_ms / 1000), risk=risk)
        plans = [account_plan(world.spec(venue.name), venue.host) for venue in world.venues]
        journal: Any = self.journal
        self.host = LiveHost(plans, settings, journal, wall, lambda: None, self.ids, lambda now_ns: port, world.rules)
        self.bus, self.clock, self.runtime, self.recorder = self.host.bus, self.host.clock, self.host.runtime, self.host.recorder
        self.recorder._points = self.runtime.dispatch._points = world.points
        self.bus.subscribe(OrderSubmitted, self._submitted)
        await self.host.learn()
        while not all(account.session.instruments for account in self.host.accounts.values()):
            # a first start while the venue does not answer: there is nothing to put bots on yet
            await asyncio.sleep(5)
            await self.host.learn()

    def compare(self) -> None:
        self.host.start()

    def tick(self) -> None:
        self.host.tick()
