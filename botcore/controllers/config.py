"""`ControllerConfigBase`: fields that every controller's config has, under the names of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, field_validator

from botcore.core.config import ConfigModel, ask
from botcore.markets.candles_config import CandlesConfig
from botcore.model.enums import PositionMode
from botcore.model.instrument import Market

ID_PATTERN = r"^[a-zA-Z0-9_.-]{1,64}$"


class ControllerConfigBase(ConfigModel):
    """Fields that every controller's config has.

    Parameters
    ----------
    id : str
        Name of this controller within its bot.
    controller_name : str
        Which controller; the name of its module.
    total_amount_quote : Decimal
        Budget in the quote asset of what it trades.
    manual_kill_switch : bool
        True lets it make no new decisions.
    """

    id: Annotated[str, Field(pattern=ID_PATTERN)] = "main"
    controller_name: str
    controller_type: str = "generic"
    total_amount_quote: Annotated[
        Decimal, Field(gt=0, json_schema_extra=ask("How much may it use?", updatable=True, unit="quote", suggest=("100", "500", "1000", "5000")))
    ] = Decimal(100)
    manual_kill_switch: Annotated[bool, Field(json_schema_extra=ask("Paused?", new=False, updatable=True))] = False
    initial_positions: list[Any] = []
    candles_config: list[CandlesConfig] = []

    @field_validator("initial_positions")
    @classmethod
    def _none_yet(cls, value: list[Any]) -> list[Any]:
        if value:
            raise ValueError("initial_positions are not supported yet; remove the key or leave the list empty")
        return value

    def markets(self) -> set[Market]:
        """Markets that this controller trades or reads."""
        names = {Market(config.connector, config.trading_pair) for config in self.candles_config}
        own = getattr(self, "connector_name", None), getattr(self, "trading_pair", None)
        if own[0] and own[1]:
            names.add(Market(str(own[0]), str(own[1])))
        return names

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        """Leverage and position mode by traded market; a spot market ignores its entry."""
        connector_name, pair = getattr(self, "connector_name", None), getattr(self, "trading_pair", None)
        leverage, mode = getattr(self, "leverage", None), getattr(self, "position_mode", None)
        if not (connector_name and pair and leverage and mode):
            return {}
        return {Market(connector_name, pair): (leverage, mode)}
