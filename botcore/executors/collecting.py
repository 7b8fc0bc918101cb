"""`CollectingExecutor`: trade an amount and hand over what was filled.

It has no barriers and no position of its own to manage: when it ends by itself its fills are held for whoever wanted them.
"""

from __future__ import annotations

from typing import Final, TypeVar

from mypy_extensions import mypyc_attr

from botcore.executors.base import RUNNING
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.holding import HoldingExecutor
from botcore.model.enums import CloseType
from botcore.model.events import FactKind
from botcore.orders.tracker import Order

C = TypeVar("C", bound=ExecutorConfigBase)

# members of enums as names of this module: compiled code reads them without a lookup
FAILED: Final = CloseType.FAILED
POSITION_HOLD: Final = CloseType.POSITION_HOLD


@mypyc_attr(allow_interpreted_subclasses=True)
class CollectingExecutor(HoldingExecutor[C]):
    """See the module."""

    def _hand_over(self, now_ns: int, close_type: CloseType) -> None:
        """End, with what is filled going to a position hold."""
        self._keeps = True
        self._exit(now_ns, close_type)

    def _give_up(self, now_ns: int) -> None:
        """The retry budget is used up: what is filled is handed over, and somebody is told that it is not all."""
        if self.status is not RUNNING:
            super()._give_up(now_ns)
            return
        if self._exposure.lots:
            self._listener.executor_told(
                self, FactKind.EXIT_FAILED, exposure_base=format(self._exposure.base, "f"), reason=self.info.reason, is_entry=True
            )
        self._hand_over(now_ns, FAILED)

    def _order_ended(self, order: Order, now_ns: int) -> None:
        if not self._wants_entry:
            # the money is not there, or somebody took the order off at the venue
            self._hand_over(now_ns, POSITION_HOLD)
