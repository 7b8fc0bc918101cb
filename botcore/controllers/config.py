"""`ControllerConfigBase`: fields that every controller's config has, under the names of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from botcore.core.config import ConfigModel, Side, ask
from botcore.markets.candles_config import CandlesConfig
from botcore.model.enums import PositionMode, TradeType
from botcore.model.instrument import Market

ID_PATTERN = r"^[a-zA-Z0-9_.-]{1,64}$"


class InitialPositionConfig(ConfigModel):
    """A position that a controller begins with: it was there before, and counts as its own at the first mid price.

    Parameters
    ----------
    amount : Decimal
        Base, without a sign.
    """

    connector_name: str
    trading_pair: str
    amount: Annotated[Decimal, Field(gt=0)]
    side: Side

    @field_validator("side")
    @classmethod
    def _one_way(cls, value: TradeType) -> TradeType:
        if value is TradeType.RANGE:
            raise ValueError("expected BUY or SELL, found RANGE")
        return value


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
        True ends its executors and lets it decide nothing; False again lets it go on.
    initial_positions : list of InitialPositionConfig
        What it begins with; a bot that comes back has its own records of them.
    """

    id: Annotated[str, Field(pattern=ID_PATTERN)] = "main"
    controller_name: str
    controller_type: str = "generic"
    total_amount_quote: Annotated[
        Decimal, Field(gt=0, json_schema_extra=ask("How much may it use?", updatable=True, unit="quote", suggest=("100", "500", "1000", "5000")))
    ] = Decimal(100)
    manual_kill_switch: Annotated[bool, Field(json_schema_extra=ask("Paused?", new=False, updatable=True))] = False
    initial_positions: list[InitialPositionConfig] = []
    candles_config: list[CandlesConfig] = []

    def markets(self) -> set[Market]:
        """Markets that this controller trades or reads."""
        names = {Market(config.connector, config.trading_pair) for config in self.candles_config}
        names.update(Market(position.connector_name, position.trading_pair) for position in self.initial_positions)
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
