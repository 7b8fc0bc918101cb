"""`CollectingExecutor`: trade an amount and hand over what was filled.

It has no barriers and no position of its own to manage: when it ends by itself its fills are held for whoever wanted them.
"""

from __future__ import annotations

from typing import Final, TypeVar

from mypy_extensions import mypyc_attr

from botcore.executors.base import RUNNING
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.desk import Surroundings
from botcore.executors.holding import HoldingExecutor
from botcore.executors.requests import SideRequests
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

    def __init__(self, config: C, around: Surroundings, executor_id: str, controller_id: str, created_ns: int, requests: SideRequests) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns, requests)
        # however it ends, unless somebody stops it and does not want to keep what it has
        self._keeps = True

    def _give_up(self, now_ns: int) -> None:
        """The retry budget is used up: what is filled is handed over, and somebody is told that it is not all."""
        if self.status is not RUNNING:
            super()._give_up(now_ns)
            return
        if self._exposure.lots:
            self._listener.executor_told(
                self, FactKind.EXIT_FAILED, exposure_base=format(self._exposure.base, "f"), reason=self.info.reason, is_entry=True
            )
        self._exit(now_ns, FAILED)

    def _order_ended(self, order: Order, now_ns: int) -> None:
        if not self._wants_entry:
            # the money is not there, or somebody took the order off at the venue
            self._exit(now_ns, POSITION_HOLD)
