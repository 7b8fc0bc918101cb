"""One live account in front of SimVenue, in virtual time: the program's own `LiveHost`, with session, connector, executors and records; only network and disk are simulated.

The world (venue, wire, disk) outlives the process: `kill` ends the process in the middle of whatever it does, `boot` starts the next one from what was written. At the
end `finish` lets everything come to rest and holds it against the venue's own ledger.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from botcore.executors.base import ExecutorBase
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.markets.market_state import MarketState
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.events import Fact, OrderFilled, OrderSubmitted, PartFault
from botcore.model.instrument import Instrument, Market
from botcore.model.order import Fill, OrderRequest, OrderState
from botcore.orders.ids import IdSource
from botcore.orders.tracker import Order
from botcore.recorder.forgotten import note_forgotten
from botcore.recorder.queries import load_bot, runtime_value
from botcore.recorder.tables import LIVE_ACCOUNT
from botcore.risk.limits import RiskLimits
from botcore.strategies.recovery import restore_bot
from botcore.venues.spec import VenueSpec
from condor.host import WallClock
from condor.live_host import LiveHost
from condor.settings import ClockSettings, Settings
from tests.fakes.simvenue.faults import Fault
from tests.fakes.simvenue.script import MatchRule
from tests.simulation.disk import DiskFaults, SimDisk, SimJournal, empty_database
from tests.simulation.log import EventLog
from tests.simulation.loop import SimLoop, SimProcess
from tests.simulation.oracle import judge
from tests.simulation.watcher import Watcher
from tests.simulation.wire_instance import KeptRules, account_plan
from tests.simulation.wire_venue import WireVenue
from tests.simulation.wire_world import shipped_spec
from tests.support.live_eyes import RigEyes
from tests.support.live_wire import Manners, WatchedPort
from tests.support.order_owner import Owner as Owner

D = Decimal
T = TypeVar("T")
SECOND_NS = 1_000_000_000
START_NS = 1_790_000_000 * SECOND_NS
PAIR = "BTC-USDT"
SYMBOL = "BTCUSDT"
SPOT, PERP = "binance", "binance_perpetual"
BOT, CONTROLLER = "bot", "main"
INVARIANT = re.compile(r"I\d+")


@cache
def fresh_home() -> bytes:
    return empty_database()


class LiveRig(RigEyes):
    """See the module.

    Parameters
    ----------
    name : str
        Connector: `binance` or `binance_perpetual`.
    still : bool
        The venue's prices move only when the test moves them.
    pause_s : float, optional
        Longest pause before a socket is opened again, with as many attempts as it takes; by the venue's file if not given.
    homes : tuple of str
        Ids of the home.
    beside : LiveRig, optional
        Another home that trades with the same key: its world is shared, and it must have been made first.

    Attributes
    ----------
    facts, fills : list
        What was told and booked, over all lives.
    breaches : list of str
        What must hold and did not.
    """

    def __init__(
        self,
        name: str = PERP,
        seed: int = 1,
        *,
        still: bool = True,
        tick_s: float = 0.25,
        pairs: Sequence[str] = (PAIR,),
        pause_s: float | None = None,
        homes: tuple[str, ...] = ("rigone",),
        beside: LiveRig | None = None,
    ) -> None:
        self.name, self.pairs, self.homes = name, tuple(pairs), homes
        self.loop = SimLoop(seed, start_ns=START_NS) if beside is None else beside.loop
        self.log = EventLog(lambda: self.loop.now_ns, 2_000)
        self.breaches: list[str] = []
        self.watcher = Watcher(self.breach)
        self.watcher.now_ns = lambda: self.loop.now_ns
        self.wire = WireVenue(self.loop, self.log, name, self.pairs, seed, 0.0001, self.arrived) if beside is None else beside.wire
        self._beside = beside
        if beside is not None:
            beside._beside = self
        self.venue, self.front = self.wire.venue, self.wire.front
        for house in self.venue.houses.values():
            house.is_still = still
        self.epoch = 1
        self.disk = SimDisk(seed, self.log, fresh_home(), DiskFaults(), self.watcher.rows)
        self.rules, self.manners = KeptRules(), Manners()
        self.skew_ms = 0
        self.facts: list[Fact] = []
        self.fills: list[Fill] = []
        self.limits = RiskLimits(max_order_quote=D(10_000_000))
        self._tick_ns = int(tick_s * SECOND_NS)
        self._pause_s = pause_s
        self._life = 0

    # ---- the whole -----------------------------------------------------------------------------------------------------
    def run(self, play: Callable[[LiveRig], Awaitable[None]]) -> None:
        """Boot, wait until the account is live, play, close; raises what must hold and does not."""

        async def main() -> None:
            await self.boot()
            await play(self)
            await self._within(self.host.close)

        self.loop.run(main())
        wrong = self.breaches + self.manners.breaches
        if wrong:
            raise AssertionError("\n".join(wrong))

    def breach(self, invariant: str, text: str) -> None:
        self.breaches.append(f"{invariant} at {self.loop.time():.3f} s: {text}")

    def arrived(self, venue: str, client_order_id: str) -> None:
        """A create has arrived at the venue: that of this home, or of the one beside."""
        rig = self if self._beside is None or self.ids.is_ours(client_order_id) else self._beside
        rig.watcher.arrived(venue, client_order_id)

    # ---- a process -------------------------------------------------------------------------------------------------
    async def boot(self, *, until_live_s: float | None = 60.0) -> None:
        """Start a process from what is on the disk and, unless told not to, wait until new exposure may be sent."""
        self._life += 1
        self.process = SimProcess(f"life {self._life}")
        self._context = self.loop.world.copy()
        ready = self.loop.create_future()
        self._ticker = self.loop.start(self.process, self._live(ready))
        await ready
        if until_live_s is not None:
            await self.until(self.is_live, until_live_s)

    def lose_records(self) -> None:
        """Between two lives: the database is gone. The program counts its epoch on then, and knows its home by the file beside it."""
        self.epoch += 1
        self.disk = SimDisk(self.epoch, self.log, fresh_home(), DiskFaults(), self.watcher.rows)
        self.disk.write(lambda connection: note_forgotten(connection, self.epoch, LIVE_ACCOUNT, self.loop.now_ns // 1_000_000))

    def kill(self) -> None:
        """SIGKILL: nothing of the process runs any more, its sockets are closed, what was not on the disk is gone."""
        self.loop.kill(self.process)

    async def _live(self, ready: asyncio.Future[None]) -> None:
        self._context = contextvars.copy_context()
        self._build()
        await self.host.learn()
        self._restore()
        self.host.start()
        ready.set_result(None)
        while True:
            await asyncio.sleep((self._tick_ns - self.loop.now_ns % self._tick_ns) / SECOND_NS)
            self.host.tick()

    def _build(self) -> None:
        journal: Any = SimJournal(self.disk, self.loop, self.process)
        serial = journal.read(lambda connection: runtime_value(connection, "serial")).result()
        self.ids = IdSource(self.epoch, serial + 1, self.homes)
        port = WatchedPort([self.wire], self.loop, self.log, self.process, lambda: False, lambda label: None)
        port.manners = self.manners
        wall = WallClock(lambda: self.loop.now_ns // 1_000_000 + self.skew_ms, lambda: self.loop.now_ns)
        settings = Settings(clock=ClockSettings(tick_size=self._tick_ns / SECOND_NS), risk=self.limits)
        plan = account_plan(self._spec(), self.wire.host)
        self.journal = journal
        self.host = LiveHost([plan], settings, journal, wall, lambda: None, self.ids, lambda now_ns: port, self.rules)
        self.runtime, self.clock, self.account = self.host.runtime, self.host.clock, self.host.accounts[self.name]
        self.session, self.connector = self.account.session, self.account.connector
        self.host.bus.subscribe(Fact, self.facts.append)
        self.host.bus.subscribe(PartFault, lambda fault: self.breach("fault", fault.error))
        self.host.bus.subscribe(OrderFilled, lambda event: self.fills.append(event.fill))
        self.host.bus.subscribe(OrderSubmitted, self._submitted)

    def _spec(self) -> VenueSpec:
        spec = shipped_spec(self.name)
        if self._pause_s is None or spec.live is None:
            return spec
        connections = spec.live.connections.model_copy(update={"longest_pause_s": self._pause_s, "attempts": 1_000_000})
        return spec.model_copy(update={"live": spec.live.model_copy(update={"connections": connections})})

    def _restore(self) -> None:
        self.states: dict[str, MarketState] = {pair: self.runtime.open_market(Market(self.name, pair)) for pair in self.pairs}
        self.state = self.states[self.pairs[0]]
        self.bot = self.runtime.build_bot(BOT, [])
        records = self.journal.read(lambda connection: load_bot(connection, BOT)).result()
        restore_bot(self.bot, records, self.runtime.connectors, self.runtime.market_data)
        self.runtime.add_bot(self.bot)

    def _submitted(self, event: OrderSubmitted) -> None:
        """I12: nothing that adds risk is lined up while that is forbidden."""
        order = event.order
        if order.state is OrderState.FAILED or not order.request.purpose.adds_risk:
            return
        reason = self.connector.closed_reason() or self.runtime.gate.halt_reason
        if reason is None and not self.states[order.instrument.market.trading_pair].is_usable(self.clock.now_ns):
            reason = "the market can't be trusted"
        if reason is not None:
            self.breach("I12", f"{order.client_order_id} was submitted although {reason}")

    def inside(self, work: Callable[[], T]) -> T:
        """Do something as the process would."""
        return self._context.copy().run(work)

    async def _within(self, work: Callable[[], Any]) -> None:
        await self.loop.create_task(work(), context=self._context.copy())

    # ---- time ------------------------------------------------------------------------------------------------------
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, holds: Callable[[], Any], patience_s: float = 60.0) -> float:
        """Let time pass until something holds; returns the seconds that took."""
        began_ns = self.loop.now_ns
        while not holds():
            waited_s = (self.loop.now_ns - began_ns) / SECOND_NS
            if waited_s > patience_s:
                raise AssertionError(
                    f"not within {patience_s} s; closed: {self.connector.closed_reason()}; unrest: {self.unrest()}; told: {self.kinds()}"
                )
            await asyncio.sleep(self._tick_ns / SECOND_NS)
        return (self.loop.now_ns - began_ns) / SECOND_NS

    # ---- faults ----------------------------------------------------------------------------------------------------
    def fault(self, kind: str, on: str = "*", **values: Any) -> int:
        return self.front.faults.add(Fault(kind, on, **values))

    def rule(self, kind: str, **values: Any) -> None:
        self.venue.engine.script.add(MatchRule(kind, **values))

    def heal(self) -> None:
        self.wire.heal()

    def move(self, price: str | int, pair: str = PAIR) -> None:
        """The market jumps; also its mark price."""
        self.venue.move(pair.replace("-", ""), D(price))

    # ---- doing -----------------------------------------------------------------------------------------------------
    @property
    def instrument(self) -> Instrument:
        return self.session.instruments[self.pairs[0]]

    def config(self, **changes: Any) -> PositionExecutorConfig:
        """A long position of 0.01 with wide barriers, entered at market; `barriers` change the triple barrier."""
        barriers = {
            "stop_loss": D("0.1"),
            "take_profit": D("0.1"),
            "time_limit": 36_000,
            "open_order_type": OrderType.MARKET,
            **changes.pop("barriers", {}),
        }
        values: dict[str, Any] = {
            "trading_pair": self.pairs[0],
            "connector_name": self.name,
            "side": TradeType.BUY,
            "amount": D("0.01"),
            "triple_barrier_config": TripleBarrierConfig(**barriers),
            **changes,
        }
        return PositionExecutorConfig(**values)

    def open(self, **changes: Any) -> Any:
        """Start a position executor."""
        config = self.config(**changes)
        return self.inside(lambda: self.bot.orchestrator.create(config, CONTROLLER))

    def resting(self, price: str = "64000", **changes: Any) -> Any:
        """Start one whose entry rests at a price."""
        return self.open(entry_price=D(price), barriers={"open_order_type": OrderType.LIMIT, **changes.pop("barriers", {})}, **changes)

    def stop(self, executor: ExecutorBase[Any], *, keep_position: bool = False) -> None:
        self.inside(lambda: self.bot.orchestrator.stop(executor.id, keep_position=keep_position))

    def submit(
        self,
        amount: str = "0.01",
        price: str | None = None,
        side: TradeType = TradeType.BUY,
        owner: Any = None,
        *,
        kind: OrderType | None = None,
        action: PositionAction | None = None,
    ) -> Order:
        """Send an order past every bot; at market when no price is given."""
        instrument = self.instrument
        ticks = None if price is None else instrument.price_ticks(D(price), side)
        chosen = kind or (OrderType.MARKET if price is None else OrderType.LIMIT)
        if action is None:
            action = PositionAction.OPEN if instrument.is_perpetual else PositionAction.NIL
        request = OrderRequest(instrument, side, chosen, instrument.lots(D(amount)), ticks, action)

        def send() -> Order:
            order = self.connector.submit(request, owner or Owner())
            self.clock.step(self.runtime.dispatch)
            return order

        return self.inside(send)

    def cancel(self, order: Order) -> None:
        def send() -> None:
            self.connector.cancel(order.client_order_id)
            self.clock.step(self.runtime.dispatch)

        self.inside(send)

    # ---- the end -------------------------------------------------------------------------------------------------------
    async def finish(self, patience_s: float = 90.0, *, excused: Sequence[str] = ()) -> None:
        """Stop what runs, wait until all is at rest, and hold the records against the venue's ledger.

        Parameters
        ----------
        excused : sequence of str
            What the test is about: breaches of an invariant of this name ("I1" is not "I10"), or whose text holds these words.
        """
        for executor in self.running:
            self.stop(executor)
        await self.until(lambda: not self.running and not self.unrest(), patience_s)
        await asyncio.sleep(2)
        judge(self.watcher, [self.wire], self.breach)
        self.breaches = [text for text in self.breaches if not any(_is_about(text, part) for part in excused)]
        assert self.venue.account.unexplained() == {}


def _is_about(breach: str, part: str) -> bool:
    if INVARIANT.fullmatch(part):
        return breach.split(" ", 1)[0] == part
    return part in breach
