"""`TradingRuntime`: the parts of one process that trade, put together the same way for paper and for backtests.

Only three things differ between the two: who turns the clock, where market events come from (`MarketSource`) and where records go (`Recorder`). The
clock steps its parts in this order: tape (feeds and paper exchanges), the exchanges' books, connectors, bots, dispatch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
from mypy_extensions import mypyc_attr

from botcore.connectors.base import ConnectorBase, OutgoingRequest
from botcore.connectors.paper.exchange import PaperExchange, PaperRules
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.connectors.simulated import SimulatedConnector
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.controllers.waiting import Waiter
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.points import Points
from botcore.data.feed import MarketFeed
from botcore.data.tape import Tape
from botcore.executors.catalog import executor_factories
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.model.events import Fact, FactKind, PositionLost
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orchestrator.reporting import reporting_asset
from botcore.orders.ids import IdSource
from botcore.risk.gate import RiskGate
from botcore.risk.limits import RiskLimits
from botcore.strategies.balances import BalanceKeeper
from botcore.strategies.bot_limits import BotLimits, Breach
from botcore.strategies.desk import Desk, Outlook
from botcore.strategies.held import HeldBefore
from botcore.strategies.positions import PositionKeeper
from botcore.strategies.seats import step_name
from botcore.strategies.strategy_v2 import StrategyV2Base
from botcore.strategies.strays import StrayKeeper, StrayRecords


@dataclass(frozen=True, slots=True)
class MarketPlan:
    """What a market will be, before it is opened.

    Parameters
    ----------
    base_interval_s : int
        Shortest candle that its data give.
    walks : bool
        Whether the feed is a path between candle quotes, which stops at watched prices.
    max_age_ns : int, optional
        Age of the last event beyond which the market counts as stale; None where a quote stands until the next.
    """

    instrument: Instrument
    base_interval_s: int
    walks: bool = False
    max_age_ns: int | None = None


class MarketSource(Protocol):
    """Where markets come from."""

    def rules(self, connector_name: str) -> PaperRules:
        """How the paper exchange of this name behaves; ConfigError when there is none."""

    def balances(self, connector_name: str, instrument: Instrument) -> Mapping[str, Decimal]:
        """What a new account there starts with."""

    def plan(self, market: Market) -> MarketPlan:
        """ConfigError when this market is not to be had."""

    def feed(self, state: MarketState, bias: Callable[[], int], now_ns: int) -> MarketFeed:
        """The feed of a market from now on."""

    def history(self, market: Market, feed: MarketFeed) -> np.ndarray:
        """Closed base candles from before the feed's next event, float64 [n, 6], oldest first."""


class Recorder(Protocol):
    """Where what happens is written down."""

    def flush(self, then: Callable[[], None] | None) -> None:
        """Make everything so far durable, then call back if somebody waits for it."""


@mypyc_attr(allow_interpreted_subclasses=True)
class TradingRuntime:
    """See the module.

    Parameters
    ----------
    source : MarketSource
    recorder : Recorder
        Subscribed to the bus by whoever made it; the runtime only asks it to flush.
    limits : RiskLimits
    ids : IdSource
    keeps_books : bool
        Whether somebody writes the paper exchanges' books.
    stray_records : StrayRecords, optional
        Where the owners of orders are looked up that no bot knows any more; live accounts need it.
    venue_serial : int
        Where the order and trade ids of a new paper exchange begin: beyond all that an exchange of this name may ever have given out.
    points : Points, optional
        Told before and after requests leave.
    waiter : Waiter, optional
        Whoever can wait for something outside on behalf of controllers; None in a backtest.
    """

    def __init__(
        self,
        clock: Clock,
        bus: EventBus,
        source: MarketSource,
        recorder: Recorder,
        limits: RiskLimits,
        ids: IdSource,
        *,
        keeps_books: bool = False,
        venue_serial: int = 0,
        stray_records: StrayRecords | None = None,
        points: Points | None = None,
        waiter: Waiter | None = None,
    ) -> None:
        self.clock = clock
        self.bus = bus
        self.source = source
        self.ids = ids
        self.markets: dict[Market, MarketState] = {}
        self.exchanges: dict[str, PaperExchange] = {}
        self.connectors: dict[str, ConnectorBase] = {}
        self.tape = Tape()
        self.market_data = MarketDataProvider(clock, self.markets, self._balance, self.open_market, self._fee_rate)
        self.gate = RiskGate(limits, self.market_data)
        self._keeps_books = keeps_books
        self._waiter = waiter
        self._venue_serial = venue_serial
        self.dispatch = Dispatch(self.connectors, recorder, points or Points())
        self._bots: list[StrategyV2Base] = []
        self._held = HeldBefore(stray_records.holds) if stray_records is not None else None
        self.strays = StrayKeeper(bus, clock, self.connectors, self.orchestrator_of, stray_records) if stray_records is not None else None
        unwatched = self.strays.unwatched if self.strays is not None else lambda _instrument, _side: []
        running = lambda: [bot.orchestrator for bot in self._bots]  # noqa: E731
        self.positions = PositionKeeper(bus, clock, self.connectors, self.market_data, running, unwatched)
        self._live: list[ConnectorBase] = []
        self.balances = BalanceKeeper(bus, self._live, running, unwatched)
        bus.subscribe(PositionLost, self._position_lost)
        clock.add(self.tape)
        clock.add(self.dispatch)

    # ---- markets and accounts ----------------------------------------------------------------------------------------
    def open_market(self, market: Market) -> MarketState:
        """The state of a market; opens feed, exchange and connector when it is new."""
        state = self.markets.get(market)
        if state is not None:
            return state
        plan = self.source.plan(market)
        state = MarketState(plan.instrument, plan.max_age_ns)
        state.watch.now_ns = self.clock.now_ns
        exchange = self._exchange(plan.instrument)
        exchange.open_market(state, watches=plan.walks)
        feed = self.source.feed(state, lambda: _bias(exchange, plan.instrument), self.clock.now_ns)
        state.candles.set_base(plan.base_interval_s)
        history = self.source.history(market, feed)
        if len(history):
            state.candles.load_history(plan.base_interval_s, history)
        self.markets[market] = state
        self.tape.add(feed, state, exchange)
        return state

    def _exchange(self, instrument: Instrument) -> PaperExchange:
        name = instrument.market.connector_name
        exchange = self.exchanges.get(name)
        if exchange is None:
            exchange = self.exchanges[name] = PaperExchange(name, self.source.rules(name), self.clock.wake_at)
            exchange.keeps_books = self._keeps_books
            exchange.serial = exchange.trade_serial = self._venue_serial
            for asset, amount in self.source.balances(name, instrument).items():
                exchange.deposit(asset, amount)
            connector = SimulatedConnector(exchange, self.clock, self.bus, self.ids, lambda pair: self.open_market(Market(name, pair)).instrument)
            self.connectors[name] = connector
            self.clock.add(connector, before=self.dispatch)
        return exchange

    def add_live(self, connector: ConnectorBase) -> None:
        """Put a real account on the clock; call before its bots are restored. What is held there by all bots counts from now on."""
        if not self._live:
            self.clock.add(self.positions, before=self.dispatch)
            self.clock.add(self.balances, before=self.dispatch)
            if self._held is not None:
                self.clock.add(self._held, before=self.positions)
        if self._held is not None:
            self._held.add(connector)
        self.connectors[connector.name] = connector
        self._live.append(connector)
        self.clock.add(connector, before=self.positions)

    def _balance(self, connector_name: str, asset: str) -> tuple[Decimal, Decimal]:
        connector = self.connectors.get(connector_name)
        if connector is None:
            raise ConfigError(f"connector {connector_name} is not open here{nearest(connector_name, self.connectors)}")
        return connector.balance(asset)

    def _fee_rate(self, connector_name: str, trading_pair: str, is_maker: bool) -> Decimal | None:
        connector = self.connectors.get(connector_name)
        return None if connector is None else connector.fee_rate(trading_pair, is_maker)

    def look(self, request: OrderRequest, leverage: int | None = None) -> Outlook:
        """What the desk of a bot would do with an order now, with this leverage if it would change; nothing is done."""
        return Desk(request.bot_id, self.connectors, self.gate, self.clock).look(request, leverage)

    # ---- bots ------------------------------------------------------------------------------------------------------
    def build_bot(
        self,
        bot_id: str,
        controllers: Sequence[tuple[ControllerSpec, ControllerConfigBase]],
        on_idle: Callable[[StrategyV2Base], None] | None = None,
        keep_closed: int = 100,
        limits: BotLimits | None = None,
        on_breach: Callable[[StrategyV2Base, Breach], None] | None = None,
        *,
        comes_back: bool = False,
    ) -> StrategyV2Base:
        """A bot on its markets, not yet on the clock.

        Parameters
        ----------
        comes_back : bool
            It has traded before: an account that can't take its leverage and position mode now is left as it is.

        Raises
        ------
        ConfigError, UserError
            If a market is not to be had, or an account can't take the leverage or position mode.
        """
        for _, config in controllers:
            brought = {Market(position.connector_name, position.trading_pair) for position in config.initial_positions}
            for market in sorted(config.markets() | brought):
                self.open_market(market)
            for market, (leverage, mode) in config.perpetual_settings().items():
                connector = self.connectors[market.connector_name]
                settle = connector.take_up_perpetual if comes_back else connector.configure_perpetual
                settle(market.trading_pair, leverage, mode)
        desk = Desk(bot_id, self.connectors, self.gate, self.clock)
        orchestrator = ExecutorOrchestrator(
            desk,
            self.market_data,
            self.clock,
            self.bus,
            dict(executor_factories()),
            self.ids.executor_id,
            desk.position_mode,
            reporting_asset(market for _, config in controllers for market in config.markets()),
            keep_closed,
        )
        built = [self._controller(bot_id, spec, config) for spec, config in controllers]
        for _, config in controllers:
            orchestrator.hold_keeper.begin_with(config.id, config.initial_positions)
        return StrategyV2Base(bot_id, built, orchestrator, self.market_data, self.clock, self.bus, on_idle, self._waiter, limits, on_breach)

    def _controller(self, bot_id: str, spec: ControllerSpec, config: ControllerConfigBase) -> ControllerBase:
        controller, candles = self._built(step_name(bot_id, config.id), spec, config)
        for wanted in candles:
            self.market_data.initialize_candles_feed(wanted)
        return controller

    def _built(self, name: str, spec: ControllerSpec, config: ControllerConfigBase) -> tuple[ControllerBase, list[CandlesConfig]]:
        """A controller and the candles that it wants; ConfigError whatever its code does."""

        def build() -> tuple[ControllerBase, list[CandlesConfig]]:
            controller = spec.build(config, self.market_data)
            return controller, list(controller.get_candles_config())

        stepper = self.clock.stepper
        if stepper.limit is not None:
            stepper.limit.name(name)
        try:
            return stepper.limited(name, build)  # type: ignore[no-any-return]
        except UserError:
            raise
        except Exception as error:
            raise ConfigError(f"controller {spec.name} can't be built: {type(error).__name__}: {error}") from error
        finally:
            if stepper.limit is not None:
                stepper.limit.name("")

    @property
    def bots(self) -> list[StrategyV2Base]:
        """Bots on the clock."""
        return list(self._bots)

    def add_bot(self, bot: StrategyV2Base) -> None:
        """Put a bot on the clock."""
        self.clock.add(bot, before=self.dispatch)
        self._bots.append(bot)

    def remove_bot(self, bot: StrategyV2Base) -> None:
        self.clock.remove(bot)
        self._bots = [other for other in self._bots if other is not bot]

    def orchestrator_of(self, bot_id: str) -> ExecutorOrchestrator | None:
        return next((bot.orchestrator for bot in self._bots if bot.bot_id == bot_id), None)

    def _position_lost(self, event: PositionLost) -> None:
        """A venue liquidated what stood on a market: whoever held something there no longer does."""
        market = event.market
        price = format(self.markets[market].instrument.price(event.price_ticks), "f")
        payload = {"connector_name": market.connector_name, "trading_pair": market.trading_pair, "price": price}
        self.bus.publish(Fact(FactKind.LIQUIDATED, event.ts_ns, payload=payload))
        for bot in self._bots:
            bot.orchestrator.position_lost(event)


class Dispatch:
    """Last part of the clock: makes the tick's records durable, then lets the requests go whose intents they hold."""

    def __init__(self, connectors: Mapping[str, ConnectorBase], recorder: Recorder, points: Points) -> None:
        self._connectors = connectors
        self._recorder = recorder
        self._points = points

    def on_tick(self, now_ns: int) -> None:
        outgoing: list[tuple[ConnectorBase, list[OutgoingRequest]]] = []
        for connector in self._connectors.values():
            if connector.outbox:
                outgoing.append((connector, connector.take_outbox()))
        if outgoing:
            self._flush(outgoing)
        else:
            self._recorder.flush(None)

    def _flush(self, outgoing: list[tuple[ConnectorBase, list[OutgoingRequest]]]) -> None:
        self._recorder.flush(lambda: self._send(outgoing))

    def _send(self, outgoing: list[tuple[ConnectorBase, list[OutgoingRequest]]]) -> None:
        for connector, requests in outgoing:
            self._points.reach("dispatch.before_send")
            connector.send(requests)
            self._points.reach("dispatch.after_send")


def _bias(exchange: PaperExchange, instrument: Instrument) -> int:
    """+1 while the account is long in this market, -1 while short, else 0."""
    ledger: Any = exchange.ledger
    if isinstance(ledger, PerpetualLedger):
        pair = instrument.market.trading_pair
        lots = sum(position.lots for key, position in ledger.positions.items() if key[0] == pair)
        return (lots > 0) - (lots < 0)
    return 1 if ledger.total(instrument.base) > 0 else 0
