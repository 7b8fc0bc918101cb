"""avellaneda_stoikov: a market maker that leans against its inventory.

One buy and one sell rest around a reservation price that falls as the inventory grows, so that what it holds is sold rather than added to; see `avellaneda_model`
for the equations and the estimates. What the orders fill is the inventory: it goes to the controller's position hold and comes back by the other side.

    gamma   given, or estimated: at a full inventory the reservation price is `risk_factor` half spreads away
    kappa   given, or estimated from `trading_intensity_buffer_size` closed candles
    eta     `order_amount_shape_factor`, given or estimated: an order that adds to the inventory is exp(-eta |q| / q_max) of a plain one

Quotes are renewed after `executor_refresh_time` and as soon as the inventory has changed by half an order.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Final

from botcore.controllers.avellaneda_config import AvellanedaStoikovConfig
from botcore.controllers.avellaneda_model import NAN, Estimates, Quotes, aversion, intensity, quotes, shape, volatility
from botcore.controllers.candle_fields import CandleReader
from botcore.controllers.market_making import REFUSAL_PAUSE_S
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig
from botcore.executors.info import ExecutorInfo
from botcore.markets.intervals import interval_seconds
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, PositionAction, TradeType
from botcore.model.times import NEVER, SECOND_NS

__all__ = ["AvellanedaStoikovConfig", "AvellanedaStoikovController"]

LEVELS: Final = {TradeType.BUY: "buy_0", TradeType.SELL: "sell_0"}
STOP: Final = "inventory_stop"
NEWS: Final = 0.5
"""Orders by which the inventory changes until standing quotes are out of date."""


class AvellanedaStoikovController(CandleReader):
    """See the module."""

    config: AvellanedaStoikovConfig

    def __init__(self, config: AvellanedaStoikovConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._estimates = Estimates(NAN, NAN)
        self._quoted_q: float | None = None

    # ---- what it knows ---------------------------------------------------------------------------------------------
    def update_processed_data(self) -> Any:
        config = self.config
        rows = self._window.news(config)
        if rows is not None:
            self._estimates = self._estimated(rows)
        mid = self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair)
        held = self._held()
        inventory = NAN if mid.is_nan() else float(held * mid + self._filled_quote() - config.inventory_target_base_pct * config.total_amount_quote)
        self.processed_data = {"mid_price": mid, "held": held, "q": inventory / float(config.order_amount_quote), "quotes": None}
        if self._estimates.are_known and not math.isnan(inventory):
            self.processed_data |= self._quoted(self.processed_data["q"])

    def _estimated(self, rows: Any) -> Estimates:
        config, interval_s = self.config, interval_seconds(self.config.interval)
        kappa = config.kappa if config.kappa is not None else intensity(rows[-config.trading_intensity_buffer_size :], interval_s)
        return Estimates(volatility(rows[-config.volatility_buffer_size - 1 :, 4], interval_s), kappa)

    def _quoted(self, q: float) -> dict[str, Any]:
        config, known = self.config, self._estimates
        gamma = config.gamma if config.gamma is not None else aversion(config.risk_factor, known, config.most_orders, config.time_horizon)
        found = quotes(q, gamma, known, self._seconds_left())
        half_spread = max(found.half_spread, float(config.min_spread) / 2)
        return {"sigma": known.sigma, "kappa": known.kappa, "gamma": gamma, "quotes": Quotes(found.reservation, half_spread)}

    def _seconds_left(self) -> float:
        """T - t: all of the horizon, always, or what is left of the present session."""
        horizon = float(self.config.time_horizon)
        return horizon if self.config.is_rolling else horizon - self.market_data_provider.time() % horizon

    def _held(self) -> Decimal:
        """Inventory in the position hold, signed base."""
        config = self.config
        own = (
            held.amount for held in self.positions_held if (held.connector_name, held.trading_pair) == (config.connector_name, config.trading_pair)
        )
        return sum(own, Decimal(0))

    def _filled_quote(self) -> Decimal:
        """What orders have filled that are still live: it is not in the hold yet."""
        filled = (info for info in self._live() if info.has_fills)
        return sum((info.side.sign * info.filled_amount_quote for info in filled if info.side is not None), Decimal(0))

    def _live(self) -> list[ExecutorInfo]:
        """Executors that have not ended, oldest first; they stand behind those that have."""
        live: list[ExecutorInfo] = []
        for info in reversed(self.executors_info):
            if info.is_done:
                break
            live.append(info)
        return live[::-1]

    # ---- what it does ----------------------------------------------------------------------------------------------
    def determine_executor_actions(self) -> list[ExecutorAction]:
        live = self._live()
        self._quiet_until_ns = 0
        if self._must_stop(live):
            return self._close_out(live)
        if self.processed_data["quotes"] is None or self._is_resting():
            return []
        stale = self._stale(live)
        if stale:
            return [self._stop(info) for info in stale]
        return self._creations(live)

    def _stop(self, info: ExecutorInfo) -> ExecutorAction:
        """End an order; what it has filled is inventory."""
        return StopExecutorAction(controller_id=self.config.id, executor_id=info.id, keep_position=True)

    def _stale(self, live: list[ExecutorInfo]) -> list[ExecutorInfo]:
        """Quotes that are too old, or were made for another inventory; otherwise when the next one will be too old is remembered."""
        now_ns, refresh_ns = self.market_data_provider.now_ns, self.config.executor_refresh_time * SECOND_NS
        own = [info for info in live if info.is_active]
        q = self.processed_data["q"]
        if self._quoted_q is None or abs(q - self._quoted_q) >= NEWS:
            is_news, self._quoted_q = self._quoted_q is not None, q
            if is_news and own:
                return own
        old = [info for info in own if now_ns >= info.created_ns + refresh_ns]
        if not old and self.config.stop_loss is None:
            # a stop loss has to be looked at with every price
            self._quiet_until_ns = min((info.created_ns + refresh_ns for info in own), default=NEVER)
        return old

    def _creations(self, live: list[ExecutorInfo]) -> list[ExecutorAction]:
        taken = {info.level_id for info in live}
        actions: list[ExecutorAction] = []
        for side, level_id in LEVELS.items():
            wanted = None if level_id in taken else self._order(side)
            if wanted is not None:
                actions.append(CreateExecutorAction(controller_id=self.config.id, executor_config=wanted))
        if not taken:
            self._quoted_q = self.processed_data["q"]
        if len(actions) + len(taken) < len(LEVELS):
            self._quiet_until_ns = 0
        elif actions and self.config.stop_loss is None:
            due_ns = self.market_data_provider.now_ns + self.config.executor_refresh_time * SECOND_NS
            self._quiet_until_ns = min(self._quiet_until_ns or due_ns, due_ns)
        return actions

    def _order(self, side: TradeType) -> OrderExecutorConfig | None:
        """The quote of a side; None where it can't stand or would be too small for the venue."""
        config, known = self.config, self.processed_data
        mid, touch = known["mid_price"], self.market_data_provider.touch(config.connector_name, config.trading_pair, side)
        if touch.is_nan():
            return None
        distance = known["quotes"].bid if side is TradeType.BUY else known["quotes"].ask
        # a maker: never through the touch
        wanted = mid * (1 + Decimal(repr(distance)))
        price = min(wanted, touch) if side is TradeType.BUY else max(wanted, touch)
        if price <= 0:
            return None
        amount = self._amount(side, price)
        instrument = self.market_data_provider.instrument(config.connector_name, config.trading_pair)
        if amount <= 0 or instrument.refusal(instrument.lots(amount), instrument.price_ticks(price, side)) is not None:
            return None
        return OrderExecutorConfig(
            timestamp=self.market_data_provider.time(),
            level_id=LEVELS[side],
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=side,
            amount=amount,
            price=price,
            execution_strategy=ExecutionStrategy.LIMIT_MAKER,
            leverage=config.leverage,
        )

    def _amount(self, side: TradeType, price: Decimal) -> Decimal:
        """Base of a quote: smaller where it adds to the inventory, and never beyond the budget, nor on spot beyond what is held."""
        config, q = self.config, self.processed_data["q"]
        eta = config.order_amount_shape_factor if config.order_amount_shape_factor is not None else shape(config.most_orders)
        factor = math.exp(-eta * min(abs(q) / config.most_orders, 1.0)) if q * side.sign > 0 else 1.0
        quote = config.order_amount_quote * Decimal(repr(factor))
        exposure = side.sign * (self.processed_data["held"] * self.processed_data["mid_price"] + self._filled_quote())
        room = config.total_amount_quote - exposure
        instrument = self.market_data_provider.instrument(config.connector_name, config.trading_pair)
        amount: Decimal = min(quote, room) / price
        if side is TradeType.SELL and not instrument.is_perpetual:
            amount = min(amount, self.processed_data["held"])
        return amount

    # ---- when it goes wrong ----------------------------------------------------------------------------------------
    def _is_resting(self) -> bool:
        """Whether a refusal or a stop is so near that nothing is sent yet."""
        now_ns, cooldown = self.market_data_provider.now_ns, self.config.cooldown_time
        since_ns = now_ns - max(cooldown, REFUSAL_PAUSE_S) * SECOND_NS
        refused = (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE)
        for info in reversed(self.executors_info):
            if not info.is_done:
                continue
            if info.close_ns <= since_ns:
                # those before it have ended earlier
                return False
            pause_s = cooldown if info.level_id == STOP else REFUSAL_PAUSE_S if info.close_type in refused else 0
            if now_ns < info.close_ns + pause_s * SECOND_NS:
                return True
        return False

    def _must_stop(self, live: list[ExecutorInfo]) -> bool:
        """Whether the inventory has lost the stop loss, or is just being closed for it."""
        if any(info.level_id == STOP for info in live):
            return True
        config = self.config
        if config.stop_loss is None or not self.processed_data["held"]:
            return False
        losses = [held.unrealized_pnl_quote for held in self.positions_held if held.trading_pair == config.trading_pair]
        return any(loss is not None and loss <= -config.stop_loss * config.total_amount_quote for loss in losses)

    def _close_out(self, live: list[ExecutorInfo]) -> list[ExecutorAction]:
        """Take the quotes back, then sell (or buy back) the inventory at market."""
        config, held = self.config, self.processed_data["held"]
        if live:
            return [self._stop(info) for info in live if info.is_active and info.level_id != STOP]
        if self._was_refused_stop():
            return []
        instrument = self.market_data_provider.instrument(config.connector_name, config.trading_pair)
        if not instrument.lots(abs(held)):
            return []
        wanted = OrderExecutorConfig(
            timestamp=self.market_data_provider.time(),
            level_id=STOP,
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=TradeType.SELL if held > 0 else TradeType.BUY,
            amount=abs(held),
            execution_strategy=ExecutionStrategy.MARKET,
            position_action=PositionAction.CLOSE,
            leverage=config.leverage,
        )
        return [CreateExecutorAction(controller_id=config.id, executor_config=wanted)]

    def _was_refused_stop(self) -> bool:
        since_ns = self.market_data_provider.now_ns - REFUSAL_PAUSE_S * SECOND_NS
        refused = (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE)
        return any(info.level_id == STOP and info.close_type in refused and info.close_ns > since_ns for info in self.executors_info)
