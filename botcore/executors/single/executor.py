"""`SingleOrderExecutor`: one order that a person gave, sent once and never again.

Whatever becomes of it, nothing is sent in its place: a refusal ends it, a venue that is away ends it, silence is waited out until evidence says whether it is there.
A bot tries again because its signal still stands; a person looks, and decides anew. What it fills is held.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.collecting import CollectingExecutor
from botcore.executors.desk import Surroundings
from botcore.executors.requests import SideRequests
from botcore.executors.single.config import SingleOrderConfig
from botcore.model.enums import CloseType, OrderType, PositionAction, RunnableStatus, TradeType
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.orders.tracker import Order

ZERO = Decimal(0)
NEVER_SENT = "the program ended before the order was sent"


class SingleOrderExecutor(CollectingExecutor[SingleOrderConfig]):
    """See the module; fields are those of `SingleOrderConfig`."""

    def __init__(self, config: SingleOrderConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        market = around.market_data.state(config.connector_name, config.trading_pair)
        self._whose = (around.desk.bot_id, controller_id, executor_id)
        super().__init__(config, around, executor_id, controller_id, created_ns, SideRequests(market, config.side, self._whose))
        is_exit = config.position_action is PositionAction.CLOSE and (self._instrument.is_perpetual or config.side is TradeType.SELL)
        self._entry_purpose = Purpose.CLOSE if is_exit else Purpose.OPEN
        self._action = config.position_action if self._instrument.is_perpetual else PositionAction.NIL
        self._order: Order | None = None
        self._may_send = True
        self._was_unknown = False

    def side_of(self, fill: Fill) -> TradeType:
        """An order that closes belongs to the position on the other side."""
        return self.config.side.opposite if self._action is PositionAction.CLOSE else self.config.side

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        request = self._request()
        ticks = self._requests.taker_ticks() if request.price_ticks is None else request.price_ticks
        if ticks is None:
            return CloseType.FAILED, f"the price of {self._instrument} is not known"
        refusal = self._desk.refusal(request, ticks)
        if refusal is not None:
            return CloseType.FAILED, refusal
        if not self._desk.can_pay(request, ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for {self.config.amount:f} {self._instrument.base}"
        return None

    def _request(self) -> OrderRequest:
        config, instrument = self.config, self._instrument
        ticks = None if config.price is None else instrument.price_ticks(config.price, config.side)
        kind = OrderType.MARKET if ticks is None else config.order_type
        return OrderRequest(instrument, config.side, kind, instrument.lots(config.amount), ticks, self._action, self._entry_purpose, *self._whose)

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        if self._order is not None:
            self._look_at(self._order)
        elif self._may_send:
            self._may_send = False
            order = self._submit(self._request(), now_ns)
            # one that was refused at once has ended this already
            self._order = order
        elif self._order_ids:
            self._exit(now_ns, CloseType.POSITION_HOLD)
        else:
            # of an earlier process: what nobody sent then is not sent now, at another price
            self.info.reason = NEVER_SENT
            self._exit(now_ns, CloseType.FAILED)

    def _look_at(self, order: Order) -> None:
        """Remember that nobody knew for a while whether the venue has it: whoever gave it was told so, and wants to hear how that came out."""
        if order.state is OrderState.UNKNOWN and not self._was_unknown:
            self._was_unknown = True
            self._listener.executor_changed(self)

    # ---- what happens to its order ---------------------------------------------------------------------------------
    def _rejected(self, reason: str, now_ns: int, purpose: Purpose) -> None:
        """Refused, expired, or ended by the venue: that was it."""
        if self.status is not RunnableStatus.RUNNING:
            return
        self.info.reason = reason
        self._wants_entry = False
        self._exit(now_ns, CloseType.INSUFFICIENT_BALANCE if kind_of(reason) is RefusalKind.BALANCE else CloseType.FAILED)

    def _let_go(self, order: Order) -> None:
        self._look_at(order)
        self._order = None

    def _order_ended(self, order: Order, now_ns: int) -> None:
        self._exit(now_ns, CloseType.POSITION_HOLD)

    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        """Cancel what is left of it; what it filled is held either way."""
        if self.status is RunnableStatus.NOT_STARTED:
            self._end(now_ns, CloseType.EARLY_STOP)
        elif self.status is RunnableStatus.RUNNING:
            self._exit(now_ns, CloseType.EARLY_STOP)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def held_fills(self) -> list[Fill]:
        return list(self._fills)

    def net_pnl_quote(self) -> Decimal:
        return ZERO

    def net_pnl_pct(self) -> Decimal:
        return ZERO

    def custom_info(self) -> dict[str, Any]:
        info = super().custom_info()
        # it has no exit: what it filled is held
        del info["close_price"]
        return info | {
            "executed_amount_base": self._instrument.amount(self._exposure.opened_lots),
            "average_executed_price": self._exposure.entry_price,
            "was_unknown": self._was_unknown,
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"was_unknown": self._was_unknown}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        self._may_send = False
        self._was_unknown = state["was_unknown"]
        super().restore(state, orders, fills)

    def _take_up(self, order: Order) -> None:
        self._order = order
