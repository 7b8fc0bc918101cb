"""A bot that does what chance tells it: executors of all kinds and shapes, some stopped early. It knows nothing of faults."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Market
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.simulation.offers import Site, offer
from tests.simulation.plan import BotPlan

SECOND_NS = 1_000_000_000
D = Decimal


class Chooser:
    """A part of the clock; decides once a second, for each of its markets.

    Parameters
    ----------
    most : int
        Executors that run at once.
    """

    def __init__(self, plan: BotPlan, bot: StrategyV2Base, market_data: MarketDataProvider, chance: random.Random, most: int = 6) -> None:
        self._plan = plan
        self._bot = bot
        self._market_data = market_data
        self._chance = chance
        self._most = most
        self._next_ns = 0

    def __repr__(self) -> str:
        return f"<chooser of {self._plan.bot_id}>"

    def on_tick(self, now_ns: int) -> None:
        if now_ns < self._next_ns or self._bot.is_stopping:
            return
        self._next_ns = now_ns + SECOND_NS
        self._start(now_ns)
        chance, orchestrator = self._chance, self._bot.orchestrator
        if orchestrator.running and chance.random() < 0.03:
            orchestrator.stop(chance.choice(orchestrator.running).id, keep_position=chance.random() < 0.3)

    def _start(self, now_ns: int) -> None:
        """Perhaps start an executor on each market."""
        chance, orchestrator = self._chance, self._bot.orchestrator
        for connector_name, pair in self._plan.markets:
            state = self._market_data.state(connector_name, pair)
            if chance.random() < self._plan.rate and len(orchestrator.running) < self._most and state.is_usable(now_ns):
                orchestrator.create(self._config(Market(connector_name, pair), state), "main")

    def _config(self, market: Market, state: Any) -> Any:
        chance, instrument = self._chance, state.instrument
        side = chance.choice([TradeType.BUY, TradeType.SELL])
        best = state.book.best_bid if side is TradeType.BUY else state.book.best_ask
        price = instrument.price(best - chance.randint(-2, 40) * side.sign)
        amount = instrument.amount(instrument.lots(D(chance.randint(1, 3))) * chance.choice([1, 1, 3, 7]) // 7 or 1)
        if instrument.min_notional:
            # a venue with real prices and smallest orders
            price = instrument.price(best - round(best * chance.uniform(-0.00005, 0.0015)) * side.sign)
            amount = instrument.amount(instrument.lots(D(chance.choice([120, 300, 900])) / price) or 1)
        if chance.random() < 0.15:
            kind = chance.choice([ExecutionStrategy.MARKET, ExecutionStrategy.LIMIT, ExecutionStrategy.LIMIT_MAKER])
            values: dict[str, Any] = {} if kind is ExecutionStrategy.MARKET else {"price": price}
            action = PositionAction.OPEN
            return OrderExecutorConfig(
                connector_name=market.connector_name,
                trading_pair=market.trading_pair,
                side=side,
                amount=amount,
                position_action=action,
                execution_strategy=kind,
                **values,
            )
        barriers = TripleBarrierConfig(
            stop_loss=D(chance.randint(3, 12)) / 1000,
            take_profit=D(chance.randint(2, 8)) / 1000,
            time_limit=chance.randint(5, 60),
            trailing_stop=TrailingStop(activation_price=D("0.003"), trailing_delta=D("0.001")) if chance.random() < 0.2 else None,
            open_order_type=chance.choice([OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET]),
            take_profit_order_type=chance.choice([OrderType.LIMIT, OrderType.MARKET]),
        )
        return PositionExecutorConfig(
            connector_name=market.connector_name,
            trading_pair=market.trading_pair,
            side=side,
            entry_price=price,
            amount=amount,
            triple_barrier_config=barriers,
        )


class KindChooser(Chooser):
    """The same with executors of the plan's kinds, one at a time, on those of its markets that can be traded."""

    def _start(self, now_ns: int) -> None:
        chance, orchestrator = self._chance, self._bot.orchestrator
        if chance.random() >= self._plan.rate or len(orchestrator.running) >= self._most:
            return
        sites = [Site(Market(*names), self._market_data.state(*names)) for names in self._plan.markets]
        sites = [site for site in sites if site.state.is_usable(now_ns)]
        if sites:
            config = offer(chance, chance.choice(self._plan.kinds), sites)
            if config is not None:
                orchestrator.create(config, "main")
