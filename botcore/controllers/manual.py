"""manual: orders that a person gives on one market (`/trade`). It decides nothing; it owns those orders: they survive a restart, are counted, are stopped."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from botcore.controllers.base import ControllerBase
from botcore.controllers.catalog import ControllerSpec
from botcore.controllers.config import ControllerConfigBase
from botcore.core.config import PositionModeField
from botcore.model.actions import ExecutorAction
from botcore.model.enums import PositionMode

NAME: Final = "manual"


class ManualConfig(ControllerConfigBase):
    """One market on which a person trades.

    Parameters
    ----------
    connector_name, trading_pair : str
        What its orders buy and sell: what they fill is netted there.
    leverage : int
        Of a perpetual pair.
    """

    controller_name: Literal["manual"] = NAME
    controller_type: str = "generic"
    connector_name: str
    trading_pair: str
    leverage: Annotated[int, Field(ge=1, le=125)] = 1
    position_mode: PositionModeField = PositionMode.ONEWAY


class ManualController(ControllerBase):
    """See the module."""

    config: ManualConfig

    def determine_executor_actions(self) -> list[ExecutorAction]:
        return []

    def to_format_status(self) -> list[str]:
        return ["orders by hand:", "/trade gives them, /cancel ends them"]


MANUAL = ControllerSpec(NAME, "generic", ManualConfig, ManualController, "Orders by hand on one market")
"""Not among the shipped controllers: `/trade` starts it."""
