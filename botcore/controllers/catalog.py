"""Which controllers there are, by the name that a config says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.bollinger_v1 import BollingerV1Config, BollingerV1Controller
from botcore.controllers.pmm_simple import PMMSimpleConfig, PMMSimpleController


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
    )
    return {spec.name: spec for spec in specs}
