"""Configs of executors, under the names, defaults and units of Strategy V2. Ratios are fractions (0.01 = 1 %), times seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from botcore.core.config import OrderTypeField, PositionActionField, Side, enum_reader
from botcore.model.enums import OrderType, PositionAction, TradeType

V = TypeVar("V", bound=BaseModel)
Ratio = Annotated[Decimal, Field(gt=0)]
Price = Annotated[Decimal, Field(gt=0)]
Amount = Annotated[Decimal, Field(ge=0)]
"""0 is refused when the executor starts, as any amount below the venue's lot is: whoever worked it out goes on."""


class ConfigValue(BaseModel):
    """Base of these configs: frozen, no unknown keys, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, arbitrary_types_allowed=True)


class TrailingStop(ConfigValue):
    """Armed when net PnL exceeds `activation_price`, closes when it falls below its best minus `trailing_delta`; both are PnL fractions."""

    activation_price: Ratio
    trailing_delta: Ratio


class TripleBarrierConfig(ConfigValue):
    """How a position ends: by loss, profit, time or a trailing stop, whichever comes first; None leaves a barrier out."""

    stop_loss: Ratio | None = None
    take_profit: Ratio | None = None
    time_limit: Annotated[int, Field(gt=0)] | None = None
    trailing_stop: TrailingStop | None = None
    open_order_type: OrderTypeField = OrderType.LIMIT
    take_profit_order_type: OrderTypeField = OrderType.MARKET
    stop_loss_order_type: OrderTypeField = OrderType.MARKET
    time_limit_order_type: OrderTypeField = OrderType.MARKET
    stop_on_venue: bool = True
    """Of ours: let a reduce-only stop rest at the venue at the stop loss, where a live perpetual venue can keep one."""

    @field_validator("open_order_type", "take_profit_order_type")
    @classmethod
    def _must_be_plain(cls, value: OrderType) -> OrderType:
        if value is OrderType.STOP_MARKET:
            raise ValueError("expected MARKET, LIMIT or LIMIT_MAKER, found STOP_MARKET")
        return value

    @field_validator("stop_loss_order_type", "time_limit_order_type")
    @classmethod
    def _must_be_market(cls, value: OrderType) -> OrderType:
        if value is not OrderType.MARKET:
            raise ValueError(f"expected MARKET (an exit that must happen can't rest), found {value.name}")
        return value

    def new_instance_with_adjusted_volatility(self, volatility_factor: float) -> TripleBarrierConfig:
        """The same barriers with every distance scaled; the time limit stays."""
        factor = Decimal(str(volatility_factor))
        trailing = self.trailing_stop
        return self.model_copy(
            update={
                "stop_loss": self.stop_loss * factor if self.stop_loss is not None else None,
                "take_profit": self.take_profit * factor if self.take_profit is not None else None,
                "trailing_stop": trailing
                and TrailingStop(activation_price=trailing.activation_price * factor, trailing_delta=trailing.trailing_delta * factor),
            }
        )


class ExecutorConfigBase(ConfigValue):
    """What every executor's config has.

    Parameters
    ----------
    id : str
        Name of the executor; the orchestrator gives one when it is empty.
    timestamp : float, optional
        Seconds of market time. Executors count from their creation; one that lies a second or more before that is where a time limit begins (Strategy V2: EXPIRED where
        it has passed already).
    """

    id: str = ""
    type: str = ""
    timestamp: float | None = None
    controller_id: str = "main"
    level_id: str | None = None


def read_market(raw: Any) -> Any:
    """`connector:BASE-QUOTE` as text, a mapping of both, or nothing to be done."""
    if not isinstance(raw, str):
        return raw
    connector_name, colon, pair = raw.strip().partition(":")
    if not colon or not connector_name or pair.count("-") != 1:
        raise ValueError(f"expected CONNECTOR:PAIR (for example binance:BTC-USDT), found {raw!r}")
    return {"connector_name": connector_name.lower(), "trading_pair": pair.upper()}


class ConnectorPair(ConfigValue):
    """One market, as configs that need two of them name it; also written `connector:BASE-QUOTE`."""

    connector_name: str
    trading_pair: str

    def __init__(self, *names: str, **values: Any) -> None:
        """By names, or connector and pair in this order, as some files of Strategy V2 have it."""
        if len(names) > 2:
            raise TypeError(f"expected a connector and a pair, found {names}")
        super().__init__(**dict(zip(("connector_name", "trading_pair"), names, strict=False)), **values)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        return read_market(raw)

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        """Connector and pair, so that they can be unpacked."""
        return iter((self.connector_name, self.trading_pair))

    def is_amm_connector(self) -> bool:
        """Whether it stands for a market of the Gateway: networks are called `chain-network`, venues never have a dash."""
        return "-" in self.connector_name


class PositionExecutorConfig(ExecutorConfigBase):
    """Open one position and manage it with a triple barrier."""

    type: Literal["position_executor"] = "position_executor"
    trading_pair: str
    connector_name: str
    side: Side
    entry_price: Price | None = None
    amount: Amount
    triple_barrier_config: TripleBarrierConfig = TripleBarrierConfig()
    leverage: Annotated[int, Field(ge=1, le=125)] = 1
    activation_bounds: list[Ratio] | None = None

    @model_validator(mode="after")
    def _fits(self) -> PositionExecutorConfig:
        if self.side is TradeType.RANGE:
            raise ValueError("expected BUY or SELL, found RANGE")
        bounds = self.activation_bounds
        if bounds is not None and not 1 <= len(bounds) <= 2:
            raise ValueError(f"expected one or two activation_bounds, found {len(bounds)}")
        if bounds is not None and len(bounds) < 2 and self.triple_barrier_config.open_order_type is OrderType.MARKET:
            raise ValueError("a MARKET entry needs two activation_bounds (before and beyond the entry price), found one")
        return self


class ExecutionStrategy(Enum):
    """How an order executor works its order."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    LIMIT_CHASER = "LIMIT_CHASER"


class LimitChaserConfig(ConfigValue):
    """How a chaser follows the market: it rests `distance` behind the touch and moves when the market has gone away by `refresh_threshold`; fractions."""

    distance: Ratio
    refresh_threshold: Ratio


class OrderExecutorConfig(ExecutorConfigBase):
    """Work one order and hand what it filled to the position ledger."""

    type: Literal["order_executor"] = "order_executor"
    trading_pair: str
    connector_name: str
    side: Side
    amount: Amount
    position_action: PositionActionField = PositionAction.OPEN
    price: Price | None = None
    execution_strategy: Annotated[ExecutionStrategy, enum_reader(ExecutionStrategy)] = ExecutionStrategy.MARKET
    chaser_config: LimitChaserConfig | None = None
    leverage: Annotated[int, Field(ge=1, le=125)] = 1

    @model_validator(mode="after")
    def _price_fits(self) -> OrderExecutorConfig:
        if self.execution_strategy is ExecutionStrategy.LIMIT_CHASER:
            if self.chaser_config is None:
                raise ValueError("a LIMIT_CHASER order needs chaser_config (distance, refresh_threshold), found none")
        elif self.execution_strategy is not ExecutionStrategy.MARKET and self.price is None:
            raise ValueError(f"a {self.execution_strategy.name} order needs a price, found none")
        return self


def changed_config(config: V, changes: Mapping[str, Any]) -> V:
    """A config with other values, checked as a whole.

    Raises
    ------
    ValueError
        If it would not hold; the text is the first reason.
    """
    kind = type(config)
    try:
        return kind.model_validate({**{name: getattr(config, name) for name in kind.model_fields}, **changes})
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None


def config_values(config: BaseModel) -> dict[str, Any]:
    """A config as JSON-ready values: Decimals as text, enums by name. `type(config).model_validate` reads it back."""
    values: dict[str, Any] = config.model_dump(mode="json")
    for name, value in vars(config).items():
        if isinstance(value, BaseModel):
            values[name] = config_values(value)
        elif hasattr(value, "name") and hasattr(type(value), "__members__"):
            values[name] = value.name
    return values
