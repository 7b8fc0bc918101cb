"""`OrderExecutor`: work one order to its size and hand the fills to the position ledger.

Its own PnL is always 0: what it filled is held, and earned or lost there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.base import NOT_STARTED, RUNNING, SHUTTING_DOWN, TERMINATED, ExecutorBase, Trigger
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Exposure
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import CloseType, OrderType, PositionAction, TradeType
from botcore.model.events import OrderClosed, OrderEvent, OrderFilled
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.orders.tracker import Order

ZERO = Decimal(0)
ORDER_TYPES = {
    ExecutionStrategy.MARKET: OrderType.MARKET,
    ExecutionStrategy.LIMIT: OrderType.LIMIT,
    ExecutionStrategy.LIMIT_MAKER: OrderType.LIMIT_MAKER,
}


class OrderExecutor(ExecutorBase[OrderExecutorConfig]):
    """See the module."""

    def __init__(self, config: OrderExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        market = around.market_data.state(config.connector_name, config.trading_pair)
        self._book = market.book
        self._instrument = market.instrument
        self._is_buy = config.side is TradeType.BUY
        self._wanted_lots = self._instrument.lots(config.amount)
        self._order: Order | None = None
        self._exposure = Exposure(self._instrument, config.side)
        self._fills: list[Fill] = []
        self._order_ids: list[str] = []

    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        ticks = self._ticks() or self._touch()
        if ticks is None:
            return CloseType.FAILED, f"the price of {self._instrument} is not known"
        refusal = self._instrument.refusal(self._wanted_lots, ticks)
        if refusal is not None:
            return CloseType.FAILED, refusal
        if not self._desk.can_pay(self._request(self._wanted_lots), ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for {self.config.amount} {self._instrument.base}"
        return None

    def on_tick(self, now_ns: int) -> None:
        if self.status is SHUTTING_DOWN:
            self._finish_if_idle(now_ns)
        elif self.status is RUNNING and self._order is None and now_ns >= self._retry_at_ns:
            lots = self._wanted_lots - self._exposure.opened_lots
            if self._instrument.refusal(lots, self._ticks() or self._touch()) is not None:
                self._exit(now_ns)
                return
            order = self._desk.submit(self._request(lots), self)
            self._order_ids.append(order.client_order_id)
            self._listener.executor_changed(self)
            if order.is_open:
                self._order = order
            else:
                self._rejected(order.reason, now_ns)

    def on_order(self, event: OrderEvent) -> None:
        now_ns = self._market_data.now_ns
        if type(event) is OrderFilled:
            self._fills.append(event.fill)
            if self.status is TERMINATED:
                self._listener.late_fill(self, event.fill)
                return
            self._exposure.apply(event.fill)
            self.info.has_fills = True
            self._trim()
            self._listener.executor_changed(self)
        elif type(event) is OrderClosed and self._order is event.order is not None:
            cancel_asked: bool = event.order.cancel_asked
            self._order = None
            if event.state is OrderState.FILLED:
                self._exit(now_ns)
            elif event.state is OrderState.CANCELED and not cancel_asked and not event.reason:
                # somebody took it off at the venue: nothing is sent in its place
                self.info.reason = "the order was canceled at the venue"
                self.close_type = CloseType.EXTERNAL
                self._exit(now_ns)
            elif not (event.state is OrderState.CANCELED and cancel_asked):
                self._rejected(event.reason or f"the venue ended the order ({event.state.name})", now_ns)
            if self.status is SHUTTING_DOWN:
                self._finish_if_idle(now_ns)

    def _trim(self) -> None:
        """Take the order off when it would trade too much: one that it replaced was executed after its end (O9). What is still wanted is sent anew."""
        order = self._order
        if order is not None and order.is_open and not order.cancel_asked and self._exposure.opened_lots + order.remaining_lots > self._wanted_lots:
            self._desk.cancel(order)

    def _rejected(self, reason: str, now_ns: int) -> None:
        if self.status is not RUNNING:
            return
        kind = kind_of(reason)
        if kind is RefusalKind.WAITING:
            self._wait(now_ns, reason)
        elif kind is RefusalKind.BALANCE:
            self.info.reason = reason
            self.close_type = CloseType.INSUFFICIENT_BALANCE
            self._exit(now_ns)
        elif not self._count_retry(now_ns, reason):
            self._exit(now_ns)

    def _exit(self, now_ns: int) -> None:
        if self.status is not RUNNING:
            return
        self._move(Trigger.EXIT)
        self._finish_if_idle(now_ns)

    def _finish_if_idle(self, now_ns: int) -> None:
        if self._order is not None and not self._order.cancel_asked:
            self._desk.cancel(self._order)
        if self._order is not None or self.status is not SHUTTING_DOWN:
            return
        if self.has_fills:
            self._end(now_ns, CloseType.POSITION_HOLD)
        else:
            self._end(now_ns, self.close_type or CloseType.FAILED)

    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        """Cancel what is left; fills are held either way, for this executor has no position of its own to close."""
        if self.status is NOT_STARTED:
            self._end(now_ns, CloseType.EARLY_STOP)
        elif self.status is RUNNING:
            self.close_type = CloseType.EARLY_STOP
            self._exit(now_ns)

    def abandon(self, now_ns: int, reason: str, close_type: CloseType | None = None) -> None:
        if self.status is TERMINATED:
            return
        if self._order is not None and self._order.is_open:
            self._desk.cancel(self._order)
        if self.status is RUNNING:
            self._move(Trigger.EXIT)
        self._end(now_ns, close_type or (CloseType.POSITION_HOLD if self.has_fills else CloseType.FAILED), reason)

    # ---- prices ----------------------------------------------------------------------------------------------------
    def _touch(self) -> int | None:
        ticks = self._book.best_ask if self._is_buy else self._book.best_bid
        return None if ticks in (NO_ASK, NO_BID) else ticks

    def _ticks(self) -> int | None:
        """Limit price; one that must rest is held back to our side's touch. None for a market order."""
        config = self.config
        if config.execution_strategy is ExecutionStrategy.MARKET or config.price is None:
            return None
        ticks = self._instrument.price_ticks(config.price, config.side)
        if config.execution_strategy is ExecutionStrategy.LIMIT_MAKER:
            if self._is_buy and self._book.best_bid != NO_BID:
                return min(ticks, self._book.best_bid)
            if not self._is_buy and self._book.best_ask != NO_ASK:
                return max(ticks, self._book.best_ask)
        return ticks

    def _request(self, lots: int) -> OrderRequest:
        config = self.config
        action = config.position_action if self._instrument.is_perpetual else PositionAction.NIL
        purpose = Purpose.CLOSE if action is PositionAction.CLOSE else Purpose.OPEN
        return OrderRequest(
            self._instrument,
            config.side,
            ORDER_TYPES[config.execution_strategy],
            lots,
            self._ticks(),
            action,
            purpose,
            self._desk.bot_id,
            self.controller_id,
            self.id,
        )

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def held_fills(self) -> list[Fill]:
        return list(self._fills)

    def net_pnl_quote(self) -> Decimal:
        return ZERO

    def net_pnl_pct(self) -> Decimal:
        return ZERO

    def cum_fees_quote(self) -> Decimal:
        return self._exposure.fees_quote

    def filled_amount_quote(self) -> Decimal:
        return self._exposure.volume_quote

    def custom_info(self) -> dict[str, Any]:
        return {
            "level_id": self.config.level_id,
            "side": self.config.side,
            "current_position_average_price": self._exposure.entry_price,
            "current_retries": self.retries,
            "max_retries": self.max_retries,
            "order_id": self._order_ids[-1] if self._order_ids else None,
            "order_ids": list(self._order_ids),
            "held_position_orders": sorted({fill.client_order_id for fill in self._fills}) if self.is_closed else [],
            "exposure_base": self._exposure.base,
            "unpriced_fees": self._exposure.unpriced,
            "reason": self.info.reason,
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"order_ids": list(self._order_ids)}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        super().restore(state, orders, fills)
        self._order_ids = list(state["order_ids"])
        for fill in fills:
            self._exposure.apply(fill)
            self._fills.append(fill)
        self._order = next((order for order in orders if order.is_open), None)
