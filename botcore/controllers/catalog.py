"""Which controllers there are, by the name that a config says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botcore.controllers.arbitrage_controller import ArbitrageController, ArbitrageControllerConfig
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.bollinger_v1 import BollingerV1Config, BollingerV1Controller
from botcore.controllers.hedge_asset import HedgeAssetConfig, HedgeAssetController
from botcore.controllers.pmm_simple import PMMSimpleConfig, PMMSimpleController
from botcore.controllers.stat_arb import StatArb, StatArbConfig
from botcore.controllers.xemm_multiple_levels import XEMMMultipleLevels, XEMMMultipleLevelsConfig


@dataclass(frozen=True, slots=True)
class ControllerSpec:
    """One kind of controller.

    Parameters
    ----------
    name, kind : str
        `controller_name` and `controller_type` of its configs.
    summary : str
        One line for people.
    origin : str
        File and digest of one that comes from the home; empty for a shipped one.
    """

    name: str
    kind: str
    config_class: type[ControllerConfigBase]
    controller_class: type[ControllerBase]
    summary: str
    origin: str = ""

    def build(self, config: ControllerConfigBase, *args: Any) -> ControllerBase:
        return self.controller_class(config, *args)


def shipped_controllers() -> dict[str, ControllerSpec]:
    """Controllers that come with the project, by name."""
    specs = (
        ControllerSpec("pmm_simple", "market_making", PMMSimpleConfig, PMMSimpleController, "Market maker with fixed spreads around the mid"),
        ControllerSpec("bollinger_v1", "directional_trading", BollingerV1Config, BollingerV1Controller, "Mean reversion at the Bollinger bands"),
        ControllerSpec(
            "arbitrage_controller", "generic", ArbitrageControllerConfig, ArbitrageController, "Buys where it is cheaper, sells where it is dearer"
        ),
        ControllerSpec("xemm_multiple_levels", "generic", XEMMMultipleLevelsConfig, XEMMMultipleLevels, "Quotes on one venue, hedges on another"),
        ControllerSpec("stat_arb", "generic", StatArbConfig, StatArb, "Two assets that drift apart and come back"),
        ControllerSpec("hedge_asset", "generic", HedgeAssetConfig, HedgeAssetController, "Short on a perpetual what is owned on a spot account"),
    )
    return {spec.name: spec for spec in specs}
