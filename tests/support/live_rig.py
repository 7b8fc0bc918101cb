"""One live account in front of SimVenue, in virtual time: real session, connector, runtime and recorder's events; nothing of the network is real.

The world (venue, front) outlives the process; `kill` drops everything of the process and `boot` starts the next one from what was written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.steps import Stepper
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, OrderType, PositionAction, TradeType
from botcore.model.instrument import Market
from botcore.model.order import OrderRequest
from botcore.orders.ids import IdSource
from botcore.orders.tracker import Order
from botcore.risk.limits import RiskLimits
from botcore.strategies.accounts import LiveAccount, Surroundings, open_account
from botcore.strategies.live import LiveRuntime
from botcore.venues.dialect import Credentials
from botcore.venues.memory import NoMemory
from condor.configs import Configs
from condor.home import Home
from tests.fakes.simvenue.faults import Fault
from tests.fakes.simvenue.front import Front
from tests.fakes.simvenue.port import SimPort
from tests.fakes.simvenue.venue import SimVenue
from tests.simulation.loop import SimLoop
from tests.support.bench import MemoryRecords
from tests.support.instance import CHECKOUT

D = Decimal
SECOND_NS = 1_000_000_000
START_NS = 1_790_000_000 * SECOND_NS
PAIR = "BTC-USDT"
SYMBOL = "BTCUSDT"
SPOT, PERP = "binance", "binance_perpetual"
HOST = "venue.sim"


class NoStrays:
    """A process that never forgot anything."""

    def intent(self, client_order_id: str) -> None:
        return None

    def fills(self, client_order_id: str) -> list[Any]:
        return []

    def hold(self, bot_id: str, controller_id: str, market: Market, bucket: str) -> None:
        return None

    def holds(self, connector_name: str) -> list[Any]:
        return []

    def owned_holds(self, connector_name: str) -> list[tuple[str, Any]]:
        return []


class MemoryRules:
    """Keeps rules as long as the test lasts."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def get(self, connector_name: str) -> bytes | None:
        return self.bodies.get(connector_name)

    def put(self, connector_name: str, body: bytes) -> None:
        self.bodies[connector_name] = body


class Owner:
    """Somebody who sends orders and writes down what he is told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def on_order(self, event: Any) -> None:
        self.events.append(event)

    def on_fault(self, error: Exception) -> None:
        raise error


class Ears:
    """What a host hears of its sessions."""

    def __init__(self, rig: LiveRig) -> None:
        self._rig = rig
        self.troubles: list[str] = []
        self.funding: list[Any] = []
        self.compared = 0

    def on_news(self, connector_name: str) -> None:
        self._rig.poke_soon()

    def on_compared(self, connector_name: str) -> None:
        self.compared += 1

    def on_funding(self, connector_name: str, paid: Any) -> None:
        self.funding.append(paid)

    def on_trouble(self, connector_name: str, text: str) -> None:
        self.troubles.append(text)

    def on_fault(self, connector_name: str, what: str, error: BaseException) -> None:
        raise AssertionError(f"{what} broke") from error


class LiveRig:
    """See the module.

    Parameters
    ----------
    name : str
        Connector: `binance` or `binance_perpetual`.
    still : bool
        The venue's prices move only when the test moves them.
    """

    def __init__(self, name: str = PERP, seed: int = 1, *, still: bool = True, tick_s: float = 0.25) -> None:
        self.name = name
        self.loop = SimLoop(seed, start_ns=START_NS)
        kind = "spot" if name == SPOT else "futures"
        self.venue = SimVenue(kind, lambda: self.loop.now_ns, seed=seed, still=still)
        self.front = Front(self.venue, lambda: self.loop.now_ns, seed)
        self.memory, self.rules = NoMemory(), MemoryRules()
        self.skew_ms = 0
        self._seed = seed
        self._tick_ns = int(tick_s * SECOND_NS)
        self._serial = 1
        self._poked = False

    def run(self, play: Callable[[LiveRig], Awaitable[None]]) -> None:
        """Boot, wait until the session is live, play, close."""

        async def main() -> None:
            pump = self.loop.create_task(self.front.run())
            await self.boot()
            await play(self)
            await self.account.session.close()
            pump.cancel()

        self.loop.run(main())

    # ---- a process -------------------------------------------------------------------------------------------------
    def wall_ms(self) -> int:
        return self.loop.now_ns // 1_000_000 + self.skew_ms

    async def boot(self, *, until_live_s: float = 30.0) -> None:
        """Build what a start builds, and wait until new exposure may be sent."""
        self.bus = EventBus()
        self.records = MemoryRecords(self.bus)
        self.clock = Clock(ClockMode.REALTIME, start_ns=self.loop.now_ns, stepper=Stepper())
        self.ids = IdSource(epoch=1, start=self._serial)
        self.runtime = LiveRuntime(self.clock, self.bus, self.records, RiskLimits(max_order_quote=D(10_000_000)), self.ids, NoStrays())
        self.ears = Ears(self)
        self.port = SimPort({HOST: self.front}, lambda: self.loop.now_ns)
        around = Surroundings(
            self.clock, self.bus, self.ids, self.port, Random(self._seed), lambda: self.loop.now_ns, self.wall_ms, self.rules, self.ears
        )
        spec = Configs(Home(Path("/nowhere"), CHECKOUT / "conf")).venue(self.name)
        addresses = {f"CONDOR_VENUE_{self.name.upper()}_REST": f"http://{HOST}", f"CONDOR_VENUE_{self.name.upper()}_WS": f"ws://{HOST}"}
        self.account: LiveAccount = open_account(spec, Credentials("key", "secret"), addresses, around, self.memory, self._pairs)
        self.connector = self.account.connector
        self.runtime.add_account(self.connector, self.account.session)
        await self.account.session.learn(15.0)
        self.runtime.take_up()
        self.state: MarketState = self.runtime.open_market(Market(self.name, PAIR))
        self.account.session.start()
        await self.until(lambda: self.connector.closed_reason() is None and self.state.is_usable(self.clock.now_ns), until_live_s)

    def _pairs(self) -> set[str]:
        return {market.trading_pair for market in self.runtime.markets}

    def poke_soon(self) -> None:
        if not self._poked:
            self._poked = True
            self.loop.call_soon(self._poke)

    def _poke(self) -> None:
        self._poked = False
        self.runtime.poke(self.name, self.loop.now_ns)

    # ---- time ------------------------------------------------------------------------------------------------------
    async def sleep(self, seconds: float) -> None:
        """Let time pass, ticking."""
        import asyncio

        until_ns = self.loop.now_ns + int(seconds * SECOND_NS)
        while self.loop.now_ns < until_ns:
            await asyncio.sleep(min(self._tick_ns, until_ns - self.loop.now_ns) / SECOND_NS)
            self.clock.tick(max(self.loop.now_ns, self.clock.now_ns))

    async def until(self, holds: Callable[[], bool], patience_s: float = 60.0) -> float:
        """Let time pass until something holds; returns the seconds that took."""
        began_ns = self.loop.now_ns
        while not holds():
            waited_s = (self.loop.now_ns - began_ns) / SECOND_NS
            if waited_s > patience_s:
                raise AssertionError(f"not within {patience_s} s; closed: {self.connector.closed_reason()}; told: {self.ears.troubles[-5:]}")
            await self.sleep(self._tick_ns / SECOND_NS)
        return (self.loop.now_ns - began_ns) / SECOND_NS

    # ---- doing -----------------------------------------------------------------------------------------------------
    def fault(self, kind: str, on: str = "*", **values: Any) -> int:
        return self.front.faults.add(Fault(kind, on, **values))

    def heal(self) -> None:
        self.front.faults.clear()

    @property
    def instrument(self) -> Any:
        return self.account.session.instruments[PAIR]

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
        """Send an order; at market when no price is given."""
        instrument = self.instrument
        ticks = None if price is None else instrument.price_ticks(D(price), side)
        chosen = kind or (OrderType.MARKET if price is None else OrderType.LIMIT)
        if action is None:
            action = PositionAction.OPEN if instrument.is_perpetual else PositionAction.NIL
        order = self.connector.submit(OrderRequest(instrument, side, chosen, instrument.lots(D(amount)), ticks, action), owner or Owner())
        self.clock.step(self.runtime.dispatch)
        return order

    def cancel(self, order: Order) -> None:
        self.connector.cancel(order.client_order_id)
        self.clock.step(self.runtime.dispatch)

    def mid(self) -> Decimal:
        return self.state.price(__import__("botcore.model.enums", fromlist=["PriceType"]).PriceType.MidPrice)

    def booked(self) -> list[str]:
        """Trade ids that were booked, in order."""
        return [fill.trade_id for fill, _ in self.records.fills]

    def venue_trades(self) -> list[str]:
        """Trade ids of the account in the venue's ledger."""
        return [str(execution.id) for execution in self.venue.executions()]

    def config(self, **changes: Any) -> PositionExecutorConfig:
        values: dict[str, Any] = {
            "trading_pair": PAIR,
            "connector_name": self.name,
            "side": TradeType.BUY,
            "amount": D("0.01"),
            "triple_barrier_config": TripleBarrierConfig(stop_loss=D("0.02"), take_profit=D("0.01"), time_limit=600),
            **changes,
        }
        return PositionExecutorConfig(**values)
