"""`PositionExecutor`: open one position and manage it with a triple barrier, from its first fill on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mypy_extensions import mypyc_attr

from botcore.executors.base import RUNNING
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import PnlLine
from botcore.executors.guarded import GuardedExecutor
from botcore.executors.pricing import PositionPricing
from botcore.model.enums import CloseType
from botcore.model.order import Fill, OrderRequest, Purpose
from botcore.orders.tracker import Order


@mypyc_attr(allow_interpreted_subclasses=True)
class PositionExecutor(GuardedExecutor[PositionExecutorConfig]):
    """See the module; fields and barriers are those of `PositionExecutorConfig`, the way out is `HoldingExecutor`'s."""

    def __init__(self, config: PositionExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        market = around.market_data.state(config.connector_name, config.trading_pair)
        self._pricing = PositionPricing(config, market, (around.desk.bot_id, controller_id, executor_id))
        barriers = config.triple_barrier_config
        super().__init__(config, around, executor_id, controller_id, created_ns, self._pricing, barriers)
        self._is_bounded = config.activation_bounds is not None
        if self._is_bounded:
            around.listener.wake_at(self._deadline_ns)
        self._takes_profit_by_limit = barriers.take_profit is not None and barriers.take_profit_order_type.is_limit
        self._wanted_lots = self._instrument.lots(config.amount)
        self._first_request: OrderRequest | None = None
        self._entry: Order | None = None
        self._profit: Order | None = None

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        expiry = self._expiry(now_ns)
        if expiry is not None:
            return expiry
        if self._pricing.entry_price is None:
            return CloseType.FAILED, f"the price of {self._instrument} is not known"
        ticks = self._pricing.entry_ticks()
        refusal = self._instrument.refusal(self._wanted_lots, ticks)
        if refusal is not None:
            return CloseType.FAILED, refusal
        self._first_request = self._pricing.entry_request(self._wanted_lots, ticks)
        if not self._desk.can_pay(self._first_request, ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for {self.config.amount} {self._instrument.base}"
        return None

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        if self._entry is None:
            if self._wants_entry:
                self._control_entry(now_ns)
        elif self._is_bounded and not self._pricing.entry_allowed():
            self._cancel(self._entry)
        if self._may_be_stranded and self._entry is None and not self._wants_entry and self._end_if_stranded(now_ns):
            return
        if self._barriers is not None:
            if self._control_barriers(self._barriers, now_ns):
                return
            if self._takes_profit_by_limit and self._barriers.is_active:
                self._control_take_profit(now_ns)
            if self._venue_stop is not None:
                self._keep_stop(self._venue_stop, self._barriers, now_ns)
        if now_ns >= self._deadline_ns and self.status is RUNNING:
            self._exit(now_ns, CloseType.TIME_LIMIT)
        elif self._barriers is None and not self._is_bounded:
            # a resting entry needs nothing until it is filled, ends, or runs out of time
            self.wake_ns = self._deadline_ns if self._entry is not None else min(self._deadline_ns, self._retry_at_ns)

    def _control_entry(self, now_ns: int) -> None:
        """Send what is still wanted of the entry, when bounds and backoff allow."""
        if now_ns < self._retry_at_ns or now_ns >= self._deadline_ns or not self._pricing.entry_allowed():
            return
        lots = self._wanted_lots - self._exposure.opened_lots
        if lots < 1 or (self.has_fills and self._instrument.refusal(lots, self._pricing.entry_ticks()) is not None):
            self._wants_entry = False
            return
        request, self._first_request = self._first_request, None
        if request is None or now_ns != self.created_ns:
            request = self._pricing.entry_request(lots, self._pricing.entry_ticks())
        self._entry = self._submit(request, now_ns)

    def _control_take_profit(self, now_ns: int) -> None:
        """Keep one resting order over exactly what is held."""
        order, lots = self._profit, self._exposure.lots
        if order is not None:
            if order.remaining_lots != lots or (self._is_bounded and not self._pricing.profit_allowed(self._exposure)):
                self._cancel(order)
            return
        if lots < 1 or not self._retry_at_ns <= now_ns < self._deadline_ns or not self._pricing.profit_allowed(self._exposure):
            return
        request = self._pricing.profit_request(lots, self._exposure)
        if not self._is_dust(request):
            self._profit = self._submit(request, now_ns)

    # ---- what happens to its orders --------------------------------------------------------------------------------
    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        """Take the entry off when it would open too much: an order that it replaced was executed after its end (O9). What is still wanted is sent anew."""
        entry = self._entry
        if entry is not None and entry.is_open and not entry.cancel_asked and self._exposure.opened_lots + entry.remaining_lots > self._wanted_lots:
            self._cancel(entry)

    def _let_go(self, order: Order) -> None:
        if order is self._entry:
            self.info.entry_ns = order.updated_ns
            self._entry = None
            self._wants_entry = self._wants_entry and order.filled_lots < order.lots
        elif order is self._profit:
            self._profit = None

    def _order_ended(self, order: Order, now_ns: int) -> None:
        self._may_be_stranded = True
        if self._exposure.closed_lots and self._is_flat():
            # the resting take profit has sold all that can be sold; what is left of the entry is not wanted any more
            self._exit(now_ns, CloseType.TAKE_PROFIT)

    # ---- other barriers while it runs ------------------------------------------------------------------------------
    def set_barriers(self, triple: TripleBarrierConfig, now_ns: int) -> bool:
        """Stop loss, take profit, time limit (from its creation) and trailing stop follow at once; its entry stays what it is."""
        if self.status is not RUNNING:
            return False
        before = self._triple
        triple = triple.model_copy(update={"open_order_type": before.open_order_type})
        config = self._changed_config(triple_barrier_config=triple)
        if config is None:
            return False
        self.config = self.info.config = config
        self._pricing.reconfigure(self.config)
        self._takes_profit_by_limit = triple.take_profit is not None and triple.take_profit_order_type.is_limit
        wanted = (triple.take_profit, triple.take_profit_order_type)
        if self._profit is not None and wanted != (before.take_profit, before.take_profit_order_type):
            self._cancel(self._profit)
        self._guard_anew(triple)
        self._listener.executor_changed(self)
        return True

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def pnl_lines(self) -> list[PnlLine] | None:
        return [self._exposure.line()]

    def custom_info(self) -> dict[str, Any]:
        info = super().custom_info()
        if not self._exposure.opened_lots:
            info["current_position_average_price"] = self._pricing.entry_price
        last_ns = self._entry.updated_ns if self._entry is not None else self.info.entry_ns
        return info | {"open_order_last_update": last_ns / 1e9 if last_ns else None}

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        price = self._pricing.entry_price
        return super().state() | {"entry_price": None if price is None else str(price), "entry_ns": self.info.entry_ns}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        self._pricing.entry_price = None if state["entry_price"] is None else Decimal(state["entry_price"])
        # records of earlier versions do not say it
        self.info.entry_ns = state.get("entry_ns", 0)
        super().restore(state, orders, fills)

    def _take_up(self, order: Order) -> None:
        purpose = order.request.purpose
        if purpose is Purpose.OPEN:
            self._entry = order
        elif purpose is Purpose.TAKE_PROFIT:
            self._profit = order
