"""Which controllers there are, by the name that a config says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botcore.controllers.arbitrage_controller import ArbitrageController, ArbitrageControllerConfig
from botcore.controllers.avellaneda_stoikov import AvellanedaStoikovConfig, AvellanedaStoikovController
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.bollinger_v1 import BollingerV1Config, BollingerV1Controller
from botcore.controllers.bollinger_v2 import BollingerV2Config, BollingerV2Controller
from botcore.controllers.bollingrid import BollinGridConfig, BollinGridController
from botcore.controllers.dman_maker_v2 import DManMakerV2Config, DManMakerV2Controller
from botcore.controllers.dman_v3 import DManV3Config, DManV3Controller
from botcore.controllers.grid_strike import GridStrikeConfig, GridStrikeController
from botcore.controllers.hedge_asset import HedgeAssetConfig, HedgeAssetController
from botcore.controllers.macd_bb_v1 import MACDBBV1Config, MACDBBV1Controller
from botcore.controllers.multi_grid_strike import MultiGridStrikeConfig, MultiGridStrikeController
from botcore.controllers.pmm_dynamic import PMMDynamicConfig, PMMDynamicController
from botcore.controllers.pmm_simple import PMMSimpleConfig, PMMSimpleController
from botcore.controllers.stat_arb import StatArb, StatArbConfig
from botcore.controllers.supertrend_v1 import SuperTrendV1Config, SuperTrendV1Controller
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
    maker, directional, generic = "market_making", "directional_trading", "generic"
    specs = (
        ControllerSpec("pmm_simple", maker, PMMSimpleConfig, PMMSimpleController, "Market maker with fixed spreads around the mid"),
        ControllerSpec("pmm_dynamic", maker, PMMDynamicConfig, PMMDynamicController, "Market maker whose spreads follow the volatility"),
        ControllerSpec("dman_maker_v2", maker, DManMakerV2Config, DManMakerV2Controller, "Market maker with a DCA ladder at every level"),
        ControllerSpec("avellaneda_stoikov", maker, AvellanedaStoikovConfig, AvellanedaStoikovController, "Market maker that leans on its inventory"),
        ControllerSpec("bollinger_v1", directional, BollingerV1Config, BollingerV1Controller, "Mean reversion at the Bollinger bands"),
        ControllerSpec("bollinger_v2", directional, BollingerV2Config, BollingerV2Controller, "Mean reversion at rolling Bollinger bands"),
        ControllerSpec("macd_bb_v1", directional, MACDBBV1Config, MACDBBV1Controller, "Bollinger bands, entered when the MACD turns"),
        ControllerSpec("supertrend_v1", directional, SuperTrendV1Config, SuperTrendV1Controller, "Trend following with the SuperTrend line"),
        ControllerSpec("dman_v3", directional, DManV3Config, DManV3Controller, "DCA ladders at the Bollinger bands"),
        ControllerSpec("bollingrid", directional, BollinGridConfig, BollinGridController, "Grids at the Bollinger bands"),
        ControllerSpec("grid_strike", generic, GridStrikeConfig, GridStrikeController, "One grid in a band of prices"),
        ControllerSpec("multi_grid_strike", generic, MultiGridStrikeConfig, MultiGridStrikeController, "Several grids in bands of prices"),
        ControllerSpec(
            "arbitrage_controller", generic, ArbitrageControllerConfig, ArbitrageController, "Buys where it is cheaper, sells where it is dearer"
        ),
        ControllerSpec("xemm_multiple_levels", generic, XEMMMultipleLevelsConfig, XEMMMultipleLevels, "Quotes on one venue, hedges on another"),
        ControllerSpec("stat_arb", generic, StatArbConfig, StatArb, "Two assets that drift apart and come back"),
        ControllerSpec("hedge_asset", generic, HedgeAssetConfig, HedgeAssetController, "Short on a perpetual what is owned on a spot account"),
    )
    return {spec.name: spec for spec in specs}
