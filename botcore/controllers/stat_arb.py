"""stat_arb: two assets that move together; when they have drifted apart, buy the one that lags and sell the one that leads, and close both together.

The distance is that of the hedge asset's cumulative return from what a least squares line through the dominant asset's says, in standard deviations (z score) of the last
`lookback_period` closed candles that both have. Legs are worked with small resting orders, each a position with a take profit of its own; what is filled goes
to a hold after a while, and both holds are judged by their common PnL. A hold has at most one order that closes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from botcore.controllers.barrier_changes import barrier_changes
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.two_markets import MarketField, is_known, is_resting, market_of
from botcore.core.config import PositionModeField, ask
from botcore.executors.data_types import ConnectorPair, ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.info import ExecutorInfo
from botcore.markets.candles_config import CandlesConfig
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import OrderType, PositionAction, PositionMode, PriceType, TradeType
from botcore.model.instrument import Market

ZERO = Decimal(0)
ONE = Decimal(1)


class StatArbConfig(ControllerConfigBase):
    """The two assets, when to enter, and how the legs are worked.

    Parameters
    ----------
    entry_threshold : Decimal
        |z score| beyond which legs are worked.
    take_profit : Decimal
        Of each small position, fraction.
    tp_global, sl_global : Decimal
        Of both legs together, fractions of what is held.
    min_amount_quote : Decimal
        Size of one small order.
    quoter_spread : Decimal
        Distance of an order from the mid, or from the furthest of its side that rests already; fraction.
    quoter_cooldown, quoter_refresh : int
        Seconds after which a filled position goes to the hold, and an unfilled order is taken back.
    max_position_deviation : Decimal
        A leg that is ahead of the other by more than this fraction waits for it.
    pos_hedge_ratio : Decimal
        Quote of the hedge leg for one of the dominant leg.
    """

    controller_name: Literal["stat_arb"] = "stat_arb"
    connector_pair_dominant: Annotated[
        MarketField, Field(json_schema_extra=ask("Dominant market (venue:pair)?", suggest=("binance_perpetual:SOL-USDT",)))
    ] = ConnectorPair(connector_name="binance_perpetual", trading_pair="SOL-USDT")
    connector_pair_hedge: Annotated[
        MarketField, Field(json_schema_extra=ask("Hedge market (venue:pair)?", suggest=("binance_perpetual:ETH-USDT",)))
    ] = ConnectorPair(connector_name="binance_perpetual", trading_pair="POPCAT-USDT")
    interval: Annotated[str, Field(json_schema_extra=ask("Candles?", suggest=("1m", "5m", "1h")))] = "1m"
    lookback_period: Annotated[int, Field(ge=3, json_schema_extra=ask("Over how many candles?", suggest=("100", "300")))] = 300
    entry_threshold: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("Enter at which z score?", updatable=True, suggest=("2", "3")))] = Decimal(
        "2.0"
    )
    take_profit: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("Take profit of one order?", updatable=True, unit="ratio", group="exits"))] = (
        Decimal("0.0008")
    )
    tp_global: Annotated[
        Decimal, Field(gt=0, json_schema_extra=ask("Take profit of the pair?", updatable=True, unit="ratio", suggest=("1%",), group="exits"))
    ] = Decimal("0.01")
    sl_global: Annotated[
        Decimal, Field(gt=0, json_schema_extra=ask("Stop loss of the pair?", updatable=True, unit="ratio", suggest=("5%",), group="exits"))
    ] = Decimal("0.05")
    min_amount_quote: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("Size of one order?", updatable=True, unit="quote"))] = Decimal(10)
    quoter_spread: Annotated[Decimal, Field(ge=0, json_schema_extra=ask("Distance of an order?", new=False, updatable=True, unit="ratio"))] = Decimal(
        "0.0001"
    )
    quoter_cooldown: Annotated[int, Field(ge=0, json_schema_extra=ask("Filled orders go to the hold after?", new=False, unit="seconds"))] = 30
    quoter_refresh: Annotated[int, Field(gt=0, json_schema_extra=ask("Unfilled orders are replaced after?", new=False, unit="seconds"))] = 10
    max_orders_placed_per_side: Annotated[int, Field(gt=0, json_schema_extra=ask("Resting orders of a leg, at most?", new=False))] = 2
    max_orders_filled_per_side: Annotated[int, Field(gt=0, json_schema_extra=ask("Filled orders of a leg, at most?", new=False))] = 2
    max_position_deviation: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("A leg may be ahead by?", new=False, unit="ratio"))] = Decimal("0.1")
    pos_hedge_ratio: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("Hedge leg for one of the other?", new=False))] = ONE
    leverage: Annotated[int, Field(ge=1, le=125, json_schema_extra=ask("Leverage?", unit="times", suggest=("1", "2", "5")))] = 20
    position_mode: Annotated[PositionModeField, Field(json_schema_extra=ask("Position mode?", new=False))] = PositionMode.HEDGE

    @model_validator(mode="after")
    def _two_markets(self) -> StatArbConfig:
        if market_of(self.connector_pair_dominant) == market_of(self.connector_pair_hedge):
            raise ValueError(f"expected two different markets, found {market_of(self.connector_pair_dominant)} twice")
        return self

    def markets(self) -> set[Market]:
        return super().markets() | {market_of(self.connector_pair_dominant), market_of(self.connector_pair_hedge)}

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        return {market_of(pair): (self.leverage, self.position_mode) for pair in (self.connector_pair_dominant, self.connector_pair_hedge)}

    @property
    def triple_barrier_config(self) -> TripleBarrierConfig:
        return TripleBarrierConfig(take_profit=self.take_profit, open_order_type=OrderType.LIMIT_MAKER, take_profit_order_type=OrderType.LIMIT_MAKER)


@dataclass(frozen=True, slots=True)
class LegView:
    """One leg as it stands: `quote` and `pnl` of holds (what they would earn now) and filled positions together, quote; `placed` rest, `filled` hold something."""

    pair: ConnectorPair
    price: Decimal
    quote: Decimal
    pnl: Decimal | None
    gap: Decimal
    placed: list[ExecutorInfo]
    filled: list[ExecutorInfo]


class StatArb(ControllerBase):
    """See the module."""

    config: StatArbConfig

    def __init__(self, config: StatArbConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._seen: float | None = None
        self._reading: tuple[float, float] | None = None
        self._legs: tuple[LegView, ...] = ()

    def get_candles_config(self) -> list[CandlesConfig]:
        config = self.config
        pairs = (config.connector_pair_dominant, config.connector_pair_hedge)
        own = [
            CandlesConfig(
                connector=pair.connector_name, trading_pair=pair.trading_pair, interval=config.interval, max_records=config.lookback_period + 20
            )
            for pair in pairs
        ]
        return [*super().get_candles_config(), *own]

    def barrier_changes(self, before: Any, running: list[ExecutorInfo]) -> list[tuple[str, TripleBarrierConfig]]:
        return barrier_changes(before.triple_barrier_config, self.config.triple_barrier_config, running)

    # ---- what is known -----------------------------------------------------------------------------------------------
    def update_processed_data(self) -> Any:
        config = self.config
        reading = self._spread()
        z_score = 0.0 if reading is None else reading[1]
        threshold = float(config.entry_threshold)
        signal = 1 if z_score > threshold else -1 if z_score < -threshold else 0
        share = config.total_amount_quote / (1 + config.pos_hedge_ratio)
        self._legs = (self._leg(config.connector_pair_dominant, share), self._leg(config.connector_pair_hedge, share * config.pos_hedge_ratio))
        dominant, hedge = self._legs
        held = dominant.quote + hedge.quote
        pnl = None if dominant.pnl is None or hedge.pnl is None else dominant.pnl + hedge.pnl
        scaled = hedge.quote / config.pos_hedge_ratio
        self.processed_data = {
            "signal": signal,
            "z_score": z_score,
            "spread": 0.0 if reading is None else reading[0],
            "dominant_price": dominant.price,
            "hedge_price": hedge.price,
            "position_dominant_quote": dominant.quote,
            "position_hedge_quote": hedge.quote,
            "imbalance_scaled_pct": (dominant.quote - scaled) / max(dominant.quote, scaled) if held else ZERO,
            "pair_pnl_pct": pnl / held if pnl is not None and held else ZERO,
            "is_one_moment": self.market_data_provider.is_one_moment(config.markets()),
            "is_known": is_known(dominant.price, hedge.price) and pnl is not None,
        }

    def _spread(self) -> tuple[float, float] | None:
        """(distance in per cent, z score) of the latest candles that both have; worked out once a candle."""
        config, data = self.config, self.market_data_provider
        pairs = (config.connector_pair_dominant, config.connector_pair_hedge)
        rows = [data.candles(pair.connector_name, pair.trading_pair, config.interval, config.lookback_period + 20) for pair in pairs]
        last = min(float(each[-1, 0]) for each in rows)
        if last != self._seen:
            self._seen = last
            _, ours, theirs = np.intersect1d(rows[0][:, 0], rows[1][:, 0], return_indices=True)
            count = config.lookback_period
            self._reading = spread_of(rows[0][ours[-count:], 4], rows[1][theirs[-count:], 4]) if len(ours) >= count else None
        return self._reading

    def _leg(self, pair: ConnectorPair, wanted: Decimal) -> LegView:
        price = self.market_data_provider.get_price_by_type(pair.connector_name, pair.trading_pair, PriceType.MidPrice)
        own = self.filter_executors(filter_func=lambda info: _is_on(info, pair) and info.type == "position_executor" and info.is_active)
        filled = [info for info in own if info.has_fills]
        holds = [hold for hold in self.positions_held if _is_on(hold, pair) and hold.amount]
        quote = sum((abs(hold.amount) * price for hold in holds), ZERO) + sum((info.filled_amount_quote for info in filled), ZERO)
        # what earlier rounds have earned says nothing of this one
        pnls = [hold.unrealized_pnl_quote for hold in holds] + [info.net_pnl_quote for info in filled]
        is_priced = is_known(price) and all(pnl is not None and pnl.is_finite() for pnl in pnls)
        pnl = sum((pnl for pnl in pnls if pnl is not None), ZERO) if is_priced else None
        if not is_known(price):
            quote = ZERO
        return LegView(pair, price, quote, pnl, wanted - quote, [info for info in own if not info.has_fills], filled)

    # ---- what is done ------------------------------------------------------------------------------------------------
    def determine_executor_actions(self) -> list[ExecutorAction]:
        data, config = self.processed_data, self.config
        if not data["is_known"]:
            return []
        stops: dict[str, ExecutorAction] = {}
        pnl = data["pair_pnl_pct"] if data["is_one_moment"] else ZERO
        if pnl > config.tp_global or pnl < -config.sl_global:
            for leg in self._legs:
                self._stop(stops, [*leg.placed, *leg.filled])
            return [*stops.values(), *self._reduce(None)]
        actions: list[ExecutorAction] = []
        signal = data["signal"]
        if signal:
            for leg, side in zip(self._legs, _sides(signal), strict=True):
                self._stop(stops, [info for info in (*leg.placed, *leg.filled) if info.side is side.opposite])
            actions += self._reduce(signal)
            actions += self._quotes(signal)
        for leg in self._legs:
            self._stop(stops, self._older(leg.filled, config.quoter_cooldown), keep=True)
            self._stop(stops, self._older(leg.placed, config.quoter_refresh))
        return [*stops.values(), *actions]

    def _older(self, infos: list[ExecutorInfo], seconds: int) -> list[ExecutorInfo]:
        return [info for info in infos if self.market_data_provider.time() - info.timestamp >= seconds]

    def _stop(self, stops: dict[str, ExecutorAction], infos: list[ExecutorInfo], keep: bool = False) -> None:
        """Stop executors that are active; the first reason counts."""
        for info in infos:
            stops.setdefault(info.id, StopExecutorAction(controller_id=self.config.id, executor_id=info.id, keep_position=keep))

    def _quotes(self, signal: int) -> list[ExecutorAction]:
        """One more small order on each leg that has room and is not ahead of the other."""
        config, deviation = self.config, self.processed_data["imbalance_scaled_pct"]
        actions: list[ExecutorAction] = []
        for leg, side, ahead in zip(self._legs, _sides(signal), (deviation, -deviation), strict=True):
            has_room = len(leg.placed) < config.max_orders_placed_per_side and len(leg.filled) < config.max_orders_filled_per_side
            # what it opened is being closed, or has been refused a moment ago
            waits = is_resting([info for info in self.executors_info if _is_on(info, leg.pair)], self.market_data_provider.now_ns)
            if leg.gap <= 0 or not has_room or waits or ahead > config.max_position_deviation or self._is_closing(leg.pair):
                continue
            resting = [info.config.entry_price for info in leg.placed] or [leg.price]
            price = min(resting) * (1 - config.quoter_spread) if side is TradeType.BUY else max(resting) * (1 + config.quoter_spread)
            executor = PositionExecutorConfig(
                timestamp=self.market_data_provider.time(),
                controller_id=config.id,
                connector_name=leg.pair.connector_name,
                trading_pair=leg.pair.trading_pair,
                side=side,
                entry_price=price,
                amount=config.min_amount_quote / leg.price,
                triple_barrier_config=config.triple_barrier_config,
                leverage=config.leverage,
            )
            actions.append(CreateExecutorAction(controller_id=config.id, executor_config=executor))
        return actions

    def _is_closing(self, pair: ConnectorPair) -> bool:
        return any(_is_on(info, pair) and info.type == "order_executor" and not info.is_done for info in self.executors_info)

    def _reduce(self, signal: int | None) -> list[ExecutorAction]:
        """Close holds that stand against a signal, or all; one order for each, and no other while it lives."""
        config, data = self.config, self.market_data_provider
        wanted = (None, None) if signal is None else _sides(signal)
        actions: list[ExecutorAction] = []
        for leg, side in zip(self._legs, wanted, strict=True):
            closers = [info for info in self.executors_info if _is_on(info, leg.pair) and info.type == "order_executor"]
            if self._is_closing(leg.pair) or is_resting(closers, data.now_ns):
                continue
            for hold in self.positions_held:
                held = TradeType.BUY if hold.amount > 0 else TradeType.SELL
                amount = data.quantize_order_amount(leg.pair.connector_name, leg.pair.trading_pair, abs(hold.amount))
                if not _is_on(hold, leg.pair) or held is side or not is_known(amount):
                    continue
                executor = OrderExecutorConfig(
                    timestamp=data.time(),
                    controller_id=config.id,
                    connector_name=leg.pair.connector_name,
                    trading_pair=leg.pair.trading_pair,
                    side=held.opposite,
                    amount=amount,
                    position_action=PositionAction.CLOSE,
                    execution_strategy=ExecutionStrategy.MARKET,
                    leverage=config.leverage,
                )
                actions.append(CreateExecutorAction(controller_id=config.id, executor_config=executor))
        return actions


def _is_on(thing: Any, pair: ConnectorPair) -> bool:
    """Whether an executor or a hold is on this market."""
    return (thing.connector_name, thing.trading_pair) == (pair.connector_name, pair.trading_pair)


def _sides(signal: int) -> tuple[TradeType, TradeType]:
    """Sides of the dominant and the hedge leg: +1 says that the hedge asset has run ahead."""
    return (TradeType.BUY, TradeType.SELL) if signal > 0 else (TradeType.SELL, TradeType.BUY)


def spread_of(dominant: np.ndarray, hedge: np.ndarray) -> tuple[float, float] | None:
    """How far the hedge asset has run from where the dominant asset says it should be: (per cent, z score) of the last sample; None when it never moves.

    Parameters
    ----------
    dominant, hedge : float64 [n]
        Closes at the same times, oldest first.
    """
    x, y = dominant[1:] / dominant[1], hedge[1:] / hedge[1]
    centred = x - x.mean()
    variance = float(centred @ centred)
    if variance == 0.0:
        return None
    beta = float(centred @ (y - y.mean())) / variance
    predicted = y.mean() + beta * centred
    spread = (y - predicted) / predicted * 100
    deviation = float(spread.std())
    if not deviation > 1e-12:
        return None
    return float(spread[-1]), float((spread[-1] - spread.mean()) / deviation)
