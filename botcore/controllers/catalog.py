"""Which controllers there are, by the name that a config says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botcore.controllers.avellaneda_stoikov import AvellanedaStoikovConfig, AvellanedaStoikovController
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.bollinger_v1 import BollingerV1Config, BollingerV1Controller
from botcore.controllers.bollinger_v2 import BollingerV2Config, BollingerV2Controller
from botcore.controllers.bollingrid import BollinGridConfig, BollinGridController
from botcore.controllers.dman_maker_v2 import DManMakerV2Config, DManMakerV2Controller
from botcore.controllers.dman_v3 import DManV3Config, DManV3Controller
from botcore.controllers.grid_strike import GridStrikeConfig, GridStrikeController
from botcore.controllers.macd_bb_v1 import MACDBBV1Config, MACDBBV1Controller
from botcore.controllers.multi_grid_strike import MultiGridStrikeConfig, MultiGridStrikeController
from botcore.controllers.pmm_dynamic import PMMDynamicConfig, PMMDynamicController
from botcore.controllers.pmm_simple import PMMSimpleConfig, PMMSimpleController
from botcore.controllers.supertrend_v1 import SuperTrendV1Config, SuperTrendV1Controller


@dataclass(frozen=True, slots=True)
class ControllerSpec:
    """One kind of controller.

    Parameters
    ----------
    name, kind : str
        `controller_name` and `controller_type` of its configs.
    summary : str
        One line for people.
    """

    name: str
    kind: str
    config_class: type[ControllerConfigBase]
    controller_class: type[ControllerBase]
    summary: str

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
    )
    return {spec.name: spec for spec in specs}
