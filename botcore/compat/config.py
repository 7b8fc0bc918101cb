"""Config bases of Strategy V2 files: fields may be set, and defaults are validated too."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Optional

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from botcore.compat.careful import CarefulModel
from botcore.compat.markets import MarketDict, venue_of
from botcore.compat.members import with_members
from botcore.compat.questions import ClientFieldData, normalise
from botcore.controllers.config import ControllerConfigBase as OurControllerConfigBase
from botcore.controllers.config import InitialPositionConfig
from botcore.core.config import ConfigModel, ask
from botcore.markets.candles_config import CandlesConfig
from botcore.model.enums import PositionMode, parse_enum
from botcore.model.instrument import Market

__all__ = ["BaseClientModel", "ClientFieldData", "ControllerConfigBase", "InitialPositionConfig", "StrategyV2ConfigBase", "parse_candles"]


def _read(cls: Any, raw: Any, info: ValidationInfo) -> Any:
    """Names of connectors without what only says that they are for paper; members by their names, in parts of a field too."""
    if isinstance(raw, str):
        return venue_of(raw)
    if isinstance(raw, list):
        raw = [venue_of(item) if isinstance(item, str) else item for item in raw]
    field = cls.model_fields.get(info.field_name)
    return raw if field is None else with_members(field.annotation, raw)


ALIKE = ConfigDict(validate_default=True, validate_assignment=True, extra="forbid", arbitrary_types_allowed=True)


class FieldsKeepTheirType(type(ConfigModel)):  # type: ignore[misc]
    """Files from the days of pydantic 1 write `controller_name = "mine"` where a base has the field: it stays a field, of the base's type. A plain value of their own
    without a type is a field of its type, and a field whose default is None may be None."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> type:
        known = {field: info for base in reversed(bases) for field, info in getattr(base, "model_fields", {}).items()}
        annotations = namespace.setdefault("__annotations__", {})
        computed = {field: namespace.pop(field) for field, raw in list(namespace.items()) if field in known and isinstance(raw, property)}
        annotations |= {field: known[field].annotation for field in namespace if field in known and field not in annotations}
        if known:
            annotations |= {field: type(_value(raw)) for field, raw in namespace.items() if field not in annotations and _is_loose(field, raw)}
            empty = [field for field, kind in annotations.items() if _is_none(namespace.get(field, ...)) and _may_be_none(kind)]
            # a type may be text, which knows no `| None`
            annotations |= {field: Optional[annotations[field]] for field in empty}  # noqa: UP045
        made: type = super().__new__(mcs, name, bases, namespace, **kwargs)
        for field, value in computed.items():
            # what the file works out stands before what the field holds
            type.__setattr__(made, field, value)
        return made


def _value(raw: Any) -> Any:
    """The default that stands behind a name in a class."""
    return raw.default if isinstance(raw, FieldInfo) else raw


def _is_loose(name: str, raw: Any) -> bool:
    """Whether a class's own value is meant to be a field."""
    return not name.startswith("_") and name != "model_config" and isinstance(_value(raw), int | float | str | Decimal | Enum)


def _is_none(raw: Any) -> bool:
    return _value(raw) is None and (raw is None or raw.default_factory is None)


def _may_be_none(kind: Any) -> bool:
    return kind is not Any and "ClassVar" not in str(kind) and not (isinstance(kind, str) and ("Any" in kind or "None" in kind))


class BaseClientModel(CarefulModel, ConfigModel, metaclass=FieldsKeepTheirType):
    """Base of all config models in such files."""

    model_config = ALIKE

    _read = field_validator("*", mode="before")(classmethod(_read))

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        normalise(cls)


class ControllerConfigBase(CarefulModel, OurControllerConfigBase, metaclass=FieldsKeepTheirType):
    """Fields that every controller's config has."""

    model_config = ALIKE

    _read = field_validator("*", mode="before")(classmethod(_read))

    total_amount_quote: Annotated[
        Decimal, Field(ge=0, json_schema_extra=ask("How much may it use?", updatable=True, unit="quote", suggest=("100", "500", "1000", "5000")))
    ] = Decimal(100)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        normalise(cls)

    @field_validator("id", mode="before")
    @classmethod
    def _named(cls, raw: Any) -> Any:
        return "main" if raw is None or raw == "" else raw

    @field_validator("manual_kill_switch", mode="before")
    @classmethod
    def _switch(cls, raw: Any) -> Any:
        return False if raw is None else raw

    @field_validator("candles_config", mode="before", check_fields=False)
    @classmethod
    def parse_candles_config(cls, raw: Any) -> Any:
        """Also as text: `connector.pair.interval.max_records`, several separated by colons."""
        return parse_candles(raw) if isinstance(raw, str) else [] if raw is None else raw

    @classmethod
    def parse_candles_config_str(cls, text: str) -> list[CandlesConfig]:
        return parse_candles(text)

    def update_markets(self, markets: MarketDict) -> MarketDict:
        """Markets that it trades, added to those given; a config that names one market in the usual fields adds that one."""
        name, pair = getattr(self, "connector_name", None), getattr(self, "trading_pair", None)
        return markets.add_or_update(str(name), str(pair)) if name and pair else markets  # type: ignore[return-value]

    # ---- what the runtime asks -------------------------------------------------------------------------------------
    def markets(self) -> set[Market]:
        named = self.update_markets(MarketDict())
        found = {Market(str(connector), str(pair)) for connector, pairs in (named or {}).items() for pair in pairs}
        found |= {Market(position.connector_name, position.trading_pair) for position in self.initial_positions}
        return found | {Market(config.connector, config.trading_pair) for config in self.candles_config}

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        """`leverage` and `position_mode` of the config for every perpetual that it trades."""
        leverage, mode = getattr(self, "leverage", None), getattr(self, "position_mode", None)
        if not leverage and not mode:
            return {}
        chosen = parse_enum(PositionMode, mode) if mode else PositionMode.HEDGE
        named = self.update_markets(MarketDict())
        markets = [Market(str(connector), str(pair)) for connector, pairs in named.items() for pair in pairs]
        return {market: (int(leverage or 1), chosen) for market in sorted(markets) if "_perpetual" in market.connector_name}


class StrategyV2ConfigBase(BaseClientModel):  # type: ignore[metaclass]
    """Config of a script: its own markets and candles, and the controllers that it runs."""

    script_file_name: str = ""
    markets: dict[str, set[str]] = {}
    candles_config: list[CandlesConfig] = []
    controllers_config: list[str] = []
    max_global_drawdown_quote: float | None = None
    max_controller_drawdown_quote: float | None = None

    @field_validator("controllers_config", mode="before", check_fields=False)
    @classmethod
    def parse_controllers_config(cls, raw: Any) -> Any:
        return [item.strip() for item in raw.split(",") if item.strip()] if isinstance(raw, str) else [] if raw is None else raw

    @field_validator("candles_config", mode="before", check_fields=False)
    @classmethod
    def parse_candles_config(cls, raw: Any) -> Any:
        return parse_candles(raw) if isinstance(raw, str) else [] if raw is None else raw

    @field_validator("markets", mode="before", check_fields=False)
    @classmethod
    def parse_markets(cls, raw: Any) -> Any:
        """Also as text: `connector.pair,pair:connector.pair`."""
        if not isinstance(raw, str):
            return {} if raw is None else raw
        found = MarketDict()
        for item in filter(None, raw.split(":")):
            connector, dot, pairs = item.partition(".")
            if not dot or not pairs:
                raise ValueError(f"expected connector.pair,pair between the colons, found {item!r}")
            found.add_or_update(connector, *pairs.split(","))
        return dict(found)

    def update_markets(self, markets: MarketDict) -> MarketDict:
        for connector, pairs in self.markets.items():
            markets.add_or_update(connector, *pairs)
        return markets


def parse_candles(text: str) -> list[CandlesConfig]:
    """`connector.pair.interval.max_records`, several separated by colons.

    Raises
    ------
    ValueError
        If a part is missing or the number is none.
    """
    found = []
    for item in filter(None, (part.strip() for part in text.split(":"))):
        parts = item.split(".")
        if len(parts) != 4 or not parts[3].isdigit():
            raise ValueError(f"expected connector.pair.interval.max_records, found {item!r}")
        found.append(CandlesConfig(connector=parts[0], trading_pair=parts[1], interval=parts[2], max_records=int(parts[3])))
    return found
