"""In place of a controller whose code is not to be had (its file is gone, has changed, or asks for what is not there): its markets, so that its executors are watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.core.config import PositionModeField
from botcore.model.enums import PositionMode
from botcore.model.instrument import Market

PAIR = "trading_pair"


class AbsentConfig(ControllerConfigBase):
    """What can be said of a config without its model: which markets it names, and their leverage and position mode."""

    model_config = ConfigDict(extra="allow")

    total_amount_quote: Decimal = Decimal(0)
    leverage: int | None = None
    position_mode: PositionModeField | None = None

    def markets(self) -> set[Market]:
        return super().markets() | set(markets_in(self.model_dump(mode="json")))

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        if not self.leverage and not self.position_mode:
            return {}
        settings = (self.leverage or 1, self.position_mode or PositionMode.HEDGE)
        return {market: settings for market in sorted(self.markets()) if "_perpetual" in market.connector_name}


def stand_in(name: str) -> ControllerSpec:
    """A controller that decides nothing."""
    return ControllerSpec(name, "", AbsentConfig, ControllerBase, "its code is not to be had")


def markets_in(values: Mapping[str, Any]) -> Iterator[Market]:
    """Markets among values: a pair with the connector whose name begins alike, here and in what lies within."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from markets_in(value)
        elif name.endswith(PAIR) and isinstance(value, str) and "-" in value:
            prefix = name.removesuffix(PAIR)
            connector = values.get(f"{prefix}connector_name") or values.get(f"{prefix}connector")
            if isinstance(connector, str) and connector:
                yield Market(connector, value)


def texts_in(values: Any) -> Iterator[str]:
    """All texts among values, names of mappings too, here and in what lies within."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, Mapping):
        for name, value in values.items():
            yield str(name)
            yield from texts_in(value)
    elif isinstance(values, list | tuple):
        for value in values:
            yield from texts_in(value)
