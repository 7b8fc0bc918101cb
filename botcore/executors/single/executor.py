"""`SingleOrderExecutor`: one order that a person gave, sent once and never again.

Whatever becomes of it, nothing is sent in its place: a refusal ends it, a venue that is away ends it, silence is waited out until evidence says whether it is there.
A bot tries again because its signal still stands; a person looks, and decides anew. What it fills is held.
"""

from __future__ import annotations

from typing import Any

from botcore.executors.desk import Surroundings
from botcore.executors.one_side import OneSideExecutor
from botcore.executors.single.config import SingleOrderConfig
from botcore.model.enums import CloseType, RunnableStatus
from botcore.model.events import OrderClosed
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.orders.tracker import Order

NEVER_SENT = "the program ended before the order was sent"


class SingleOrderExecutor(OneSideExecutor[SingleOrderConfig]):
    """See the module; fields are those of `SingleOrderConfig`."""

    def __init__(self, config: SingleOrderConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        self._may_send = True
        self._was_unknown = False
        self._ended_before: Order | None = None

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        request = self._request()
        return self._refusal_of(request, self._requests.taker_ticks() if request.price_ticks is None else request.price_ticks)

    def _request(self) -> OrderRequest:
        config, instrument = self.config, self._instrument
        ticks = None if config.price is None else instrument.price_ticks(config.price, config.side)
        return self._entry(config.order_type, instrument.lots(config.amount), ticks)

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        if self._order is not None:
            self._look_at(self._order)
        elif self._may_send:
            self._may_send = False
            order = self._submit(self._request(), now_ns)
            # one that was refused at once has ended this already
            self._order = order
        elif self._ended_before is not None:
            # in an earlier process, which ended before it could say how this came out
            self._on_end(OrderClosed(self._ended_before, now_ns, self._ended_before.state, self._ended_before.reason), now_ns)
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

    def custom_info(self) -> dict[str, Any]:
        return super().custom_info() | {"was_unknown": self._was_unknown}

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"was_unknown": self._was_unknown}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        self._may_send = False
        self._was_unknown = state["was_unknown"]
        super().restore(state, orders, fills)
        self._ended_before = next((order for order in orders if not order.is_open), None)
