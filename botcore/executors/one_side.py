"""`OneSideExecutor`: buy or sell an amount by orders of one side, one after the other, and hand over what they fill.

Its own PnL is always 0: what it filled is held, and earned or lost there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeVar

from mypy_extensions import mypyc_attr

from botcore.executors.base import NOT_STARTED, RUNNING
from botcore.executors.collecting import CollectingExecutor
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.desk import Surroundings
from botcore.executors.requests import SideRequests
from botcore.model.enums import CloseType, OrderType, PositionAction, TradeType
from botcore.model.order import Fill, OrderRequest, Purpose
from botcore.orders.tracker import Order

C = TypeVar("C", bound=ExecutorConfigBase)

ZERO = Decimal(0)

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY
CLOSE: Final = PositionAction.CLOSE
EARLY_STOP: Final = CloseType.EARLY_STOP


@mypyc_attr(allow_interpreted_subclasses=True)
class OneSideExecutor(CollectingExecutor[C]):
    """See the module; its config has `connector_name`, `trading_pair`, `side`, `amount` and `position_action`."""

    def __init__(self, config: C, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        of_market: Any = config
        side: TradeType = of_market.side
        market = around.market_data.state(of_market.connector_name, of_market.trading_pair)
        whose = (around.desk.bot_id, controller_id, executor_id)
        super().__init__(config, around, executor_id, controller_id, created_ns, SideRequests(market, side, whose))
        self._whose = whose
        self._side = side
        is_perpetual = self._instrument.is_perpetual
        self._action: PositionAction = of_market.position_action if is_perpetual else PositionAction.NIL
        # on spot nobody can sell what he does not have: only a sale is known to reduce
        is_exit = of_market.position_action is CLOSE and (is_perpetual or side is not BUY)
        self._entry_purpose = Purpose.CLOSE if is_exit else Purpose.OPEN
        self._order: Order | None = None

    def side_of(self, fill: Fill) -> TradeType:
        """An order that closes belongs to the position on the other side: in hedge mode it reduces that hold and opens none of its own."""
        return self._side.opposite if self._action is CLOSE else self._side

    def _entry(self, order_type: OrderType, lots: int, ticks: int | None) -> OrderRequest:
        """An order of its side."""
        return OrderRequest(self._instrument, self._side, order_type, lots, ticks, self._action, self._entry_purpose, *self._whose)

    def _refusal_of(self, request: OrderRequest, ticks: int | None) -> tuple[CloseType, str] | None:
        """Why it can't begin with this order, which would trade at this price."""
        if ticks is None:
            return CloseType.FAILED, f"the price of {self._instrument} is not known"
        refusal = self._desk.refusal(request, ticks)
        if refusal is not None:
            return CloseType.FAILED, refusal
        if not self._desk.can_pay(request, ticks):
            instrument = self._instrument
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for {instrument.amount(request.lots):f} {instrument.base}"
        return None

    def _take_up(self, order: Order) -> None:
        self._order = order

    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        """Cancel what is left; fills are held either way, for this executor has no position of its own to close."""
        if self.status is NOT_STARTED:
            self._end(now_ns, EARLY_STOP)
        elif self.status is RUNNING:
            # what it fills while the cancel is under way is held as well
            self._exit(now_ns, EARLY_STOP)

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
        }
