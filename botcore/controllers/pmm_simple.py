"""pmm_simple: fixed spreads around the mid, each level a position with a triple barrier.

The simplest market maker: it earns when the price comes to a level and turns back by the take profit, and loses when it runs on to the stop loss.
"""

from __future__ import annotations

from typing import Literal

from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.controllers.position_levels import PositionLevelsController


class PMMSimpleConfig(MarketMakingControllerConfigBase):
    """Market maker with fixed spreads."""

    controller_name: Literal["pmm_simple"] = "pmm_simple"


class PMMSimpleController(PositionLevelsController):
    """See the module."""

    config: PMMSimpleConfig
