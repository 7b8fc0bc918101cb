"""`TWAPExecutor`: trade an amount in equal slots over a time.

One slot is sent a tick. A slot that is refused, ends half filled, or is taken back to be quoted anew keeps its place in the plan and is sent again for what is
missing of it; the others are not touched. When the plan is through, what was traded is the person's: the fills go to a position hold and the executor is
COMPLETED.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.executors.base import RUNNING
from botcore.executors.collecting import CollectingExecutor
from botcore.executors.desk import Surroundings
from botcore.executors.requests import SideRequests
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.executors.twap.plan import DONE, PENDING, PLACED, Plan, Slot, SlotEvent
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.order import Fill, OrderState
from botcore.model.times import NEVER, SECOND_NS
from botcore.orders.tracker import Order

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY
LIMIT: Final = OrderType.LIMIT
MARKET: Final = OrderType.MARKET
FILLED: Final = OrderState.FILLED
COMPLETED: Final = CloseType.COMPLETED
FAILED: Final = CloseType.FAILED
POSITION_HOLD: Final = CloseType.POSITION_HOLD

ZERO: Final = Decimal(0)
NAN: Final = Decimal("NaN")


@mypyc_attr(allow_interpreted_subclasses=True)
class TWAPExecutor(CollectingExecutor[TWAPExecutorConfig]):
    """See the module; fields are those of `TWAPExecutorConfig`."""

    def __init__(self, config: TWAPExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        market = around.market_data.state(config.connector_name, config.trading_pair)
        requests = SideRequests(market, config.side, (around.desk.bot_id, controller_id, executor_id))
        super().__init__(config, around, executor_id, controller_id, created_ns, requests)
        self._order_type = LIMIT if config.is_maker else MARKET
        buffer = config.limit_order_buffer if config.is_maker and config.limit_order_buffer is not None else ZERO
        self._factor = 1 - buffer if config.side is BUY else 1 + buffer
        resubmission = config.order_resubmission_time
        self._resubmission_ns = resubmission * SECOND_NS if config.is_maker and resubmission is not None else NEVER
        self._plan = Plan(config.total_amount_quote, config.number_of_orders, created_ns, config.order_interval * SECOND_NS)
        self._slot_of: dict[str, Slot] = {}
        self._plan_info: dict[str, Any] = {
            "total_amount_quote": config.total_amount_quote,
            "number_of_orders": config.number_of_orders,
            "order_amount_quote": config.order_amount_quote,
        }

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        mid = self._requests.mid()
        if mid is None:
            return FAILED, f"the price of {self._instrument} is not known"
        config = self.config
        ticks = self._ticks(mid)
        refusal = self._instrument.refusal(self._lots(config.order_amount_quote, mid), ticks)
        if refusal is not None:
            return FAILED, f"one of {config.number_of_orders} orders: {refusal}"
        whole = self._requests.open_request(self._order_type, self._lots(config.total_amount_quote, mid), ticks)
        if not self._desk.can_pay(whole, ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for the whole plan: {config.total_amount_quote} {self._instrument.quote}"
        return None

    def _lots(self, quote: Decimal, price: Decimal) -> int:
        return int(quote // (price * self._instrument.lot_size)) if quote > 0 else 0

    def _ticks(self, mid: Decimal) -> int:
        """Limit of an order, or what one at market is expected to pay."""
        return self._instrument.price_ticks(mid * self._factor, self.config.side)

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        plan = self._plan
        if self._resubmission_ns != NEVER:
            self._take_back_old(now_ns)
        slot = plan.pending()
        if slot is not None and now_ns >= max(plan.due_ns(slot), self._retry_at_ns):
            mid = self._requests.mid()
            if mid is not None:
                self._send_slot(slot, mid, now_ns)
        if self.status is not RUNNING:
            return
        if not self._wants_entry:
            # it was refused at once, for good
            self._exit(now_ns, POSITION_HOLD)
        elif plan.is_done:
            self._complete(now_ns)
        else:
            self._sleep(now_ns)

    def _send_slot(self, slot: Slot, mid: Decimal, now_ns: int) -> None:
        """Send what is missing of a slot, or let go of it when the venue does not trade that little: the slots after it take its part over."""
        instrument, plan = self._instrument, self._plan
        share = plan.amount(slot, self._exposure.opened_quote, instrument.lot_size)
        lots, ticks = self._lots(share, mid), self._ticks(mid)
        if instrument.max_amount is not None:
            lots = min(lots, instrument.lots(instrument.max_amount))
        self._listener.executor_changed(self)
        if instrument.refusal(lots, ticks) is not None:
            self._plan.move(slot, SlotEvent.LEFT)
            return
        if slot.share is None:
            plan.sent(slot, share, now_ns)
        order = self._send(self._requests.open_request(self._order_type, lots, ticks))
        slot.order_ids.append(order.client_order_id)
        self._slot_of[order.client_order_id] = slot
        if order.is_open:
            slot.order = order
            slot.price = instrument.price(ticks) if self._order_type is LIMIT else mid
            self._plan.move(slot, SlotEvent.SENT)
        else:
            self._rejected(order.reason, now_ns, order.request.purpose)

    def _take_back_old(self, now_ns: int) -> None:
        """Have orders canceled that rested too long without being filled; their slots are sent again when that is confirmed."""
        for slot in self._plan.placed():
            order = slot.order
            if order is not None and not order.cancel_asked and now_ns >= order.created_ns + self._resubmission_ns:
                self._cancel(order)

    def _complete(self, now_ns: int) -> None:
        if self.has_fills:
            self._exit(now_ns, COMPLETED)
        else:
            self.info.reason = "no slot could be traded"
            self._exit(now_ns, FAILED)

    def _sleep(self, now_ns: int) -> None:
        """Ask for the next tick when there is something to do; what happens to an order wakes it anyway."""
        slot = self._plan.pending()
        wake_ns = NEVER if slot is None else max(self._plan.due_ns(slot), self._retry_at_ns)
        if self._resubmission_ns != NEVER:
            for placed in self._plan.placed():
                if placed.order is not None and not placed.order.cancel_asked:
                    wake_ns = min(wake_ns, placed.order.created_ns + self._resubmission_ns)
        self.wake_ns = wake_ns if wake_ns > now_ns else 0

    # ---- what happens to its orders --------------------------------------------------------------------------------
    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        slot = self._slot_of.get(order.client_order_id)
        if slot is None:
            return
        slot.filled += fill.notional
        live = slot.order
        if live is not None and live is not order and live.remaining_lots * self._instrument.lot_size * slot.price > slot.owed:
            # the venue told late of a fill: what was sent in its place is too much now, it is taken back and sent again, smaller
            self._cancel(live)

    def _let_go(self, order: Order) -> None:
        slot = self._slot_of.get(order.client_order_id)
        if slot is None or slot.order is not order:
            return
        slot.order = None
        if order.state is FILLED:
            # rejections are counted in a row: a plan may be long
            self.retries = 0
            self._plan.move(slot, SlotEvent.FILLED)
        else:
            self._plan.move(slot, SlotEvent.ENDED if self.status is RUNNING else SlotEvent.LEFT)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def net_pnl_quote(self) -> Decimal:
        """At the mid, as Strategy V2 does: what it traded is not to be closed by it."""
        if not self.has_fills or self.is_handed_over():
            return ZERO
        pnl = self._exposure.net_pnl_at(self._requests.mid())
        return NAN if pnl is None else pnl

    def custom_info(self) -> dict[str, Any]:
        plan = self._plan
        return (
            super().custom_info()
            | self._plan_info
            | {
                "executed_amount_quote": self._exposure.opened_quote,
                "filled_amount_base": self._instrument.amount(self._exposure.opened_lots),
                "filled_amount_quote": self._exposure.opened_quote,
                "slots_by_state": plan.counts(),
                "next_order_timestamp": None
                if plan.next_ns() == NEVER or self.status is not RUNNING
                else max(plan.next_ns(), self._retry_at_ns) / 1e9,
                "delay_s": plan.delay_ns / 1e9,
            }
        )

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"plan": self._plan.state()}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        plan = self._plan
        plan.restore(state["plan"])
        for slot in plan.slots:
            for client_order_id in slot.order_ids:
                self._slot_of[client_order_id] = slot
        filled = {order.client_order_id for order in orders if order.state is FILLED}
        for fill in fills:
            of_fill = self._slot_of.get(fill.client_order_id)
            if of_fill is not None:
                of_fill.filled += fill.notional
        super().restore(state, orders, fills)
        for slot in plan.slots:
            if slot.state is PENDING and filled.intersection(slot.order_ids):
                plan.put(slot, DONE)

    def _take_up(self, order: Order) -> None:
        slot = self._slot_of.get(order.client_order_id)
        if slot is not None:
            slot.order = order
            self._plan.put(slot, PLACED)
