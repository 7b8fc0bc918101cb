"""Words of `hummingbot.core.event.events` and of fees: what a script is told of its orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from botcore.model.enums import OrderType, PositionMode, TradeType
from botcore.model.instrument import split_pair

ZERO = Decimal(0)


class MarketEvent(Enum):
    """What happened at a market."""

    BuyOrderCreated = 200
    SellOrderCreated = 201
    OrderFilled = 107
    BuyOrderCompleted = 102
    SellOrderCompleted = 103
    OrderCancelled = 106
    OrderFailure = 198
    OrderExpired = 108
    FundingPaymentCompleted = 202


# ---- fees ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TokenAmount:
    """An amount of one asset."""

    token: str
    amount: Any


@dataclass(frozen=True, slots=True)
class TradeFee:
    """What a fill cost.

    Parameters
    ----------
    percent : Decimal
        As a fraction of what was traded.
    """

    percent: Decimal = ZERO
    percent_token: str | None = None
    flat_fees: Sequence[TokenAmount] = ()

    @classmethod
    def in_quote(cls, trading_pair: str, amount: Decimal, traded: Decimal) -> TradeFee:
        """A fee that is known in the quote asset."""
        return cls(amount / traded if traded else ZERO, flat_fees=[TokenAmount(split_pair(trading_pair)[1], amount)])

    def fee_amount_in_token(self, trading_pair: str, price: Any, order_amount: Any, token: str, *_unused: Any, **_ignored: Any) -> Decimal:
        """The fee in one of the pair's assets."""
        base, quote = split_pair(trading_pair)
        in_quote = self.percent * Decimal(str(price)) * Decimal(str(order_amount))
        if token == quote:
            return in_quote
        if token == base:
            return in_quote / Decimal(str(price))
        raise ValueError(f"a fee of {trading_pair} is known in {base} and {quote}, found {token}")


# ---- events ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Created:
    timestamp: float
    type: OrderType
    trading_pair: str
    amount: Decimal
    price: Decimal
    order_id: str
    creation_timestamp: float
    exchange_order_id: str | None = None
    leverage: int = 1
    position: str = "NILL"


class BuyOrderCreatedEvent(_Created):
    """A buy order is at its venue."""


class SellOrderCreatedEvent(_Created):
    """A sell order is at its venue."""


@dataclass(frozen=True, slots=True)
class OrderFilledEvent:
    """Something of an order was filled."""

    timestamp: float
    order_id: str
    trading_pair: str
    trade_type: TradeType
    order_type: OrderType
    price: Decimal
    amount: Decimal
    trade_fee: TradeFee = field(default_factory=TradeFee)
    exchange_trade_id: str = ""
    exchange_order_id: str = ""
    leverage: int = 1
    position: str = "NILL"


@dataclass(frozen=True, slots=True)
class _Completed:
    timestamp: float
    order_id: str
    base_asset: str
    quote_asset: str
    base_asset_amount: Decimal
    quote_asset_amount: Decimal
    order_type: OrderType
    exchange_order_id: str | None = None


class BuyOrderCompletedEvent(_Completed):
    """A buy order is filled."""


class SellOrderCompletedEvent(_Completed):
    """A sell order is filled."""


@dataclass(frozen=True, slots=True)
class OrderCancelledEvent:
    """An order was taken back."""

    timestamp: float
    order_id: str
    exchange_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderExpiredEvent:
    """An order has run out."""

    timestamp: float
    order_id: str


@dataclass(frozen=True, slots=True)
class MarketOrderFailureEvent:
    """An order could not be placed."""

    timestamp: float
    order_id: str
    order_type: OrderType
    error_message: str | None = None
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class FundingPaymentCompletedEvent:
    """Funding was received, or paid (negative), for what the script held; `amount` in quote, `funding_rate` NaN: payments are told without it."""

    timestamp: float
    market: str
    trading_pair: str
    amount: Decimal
    funding_rate: Decimal


@dataclass(frozen=True, slots=True)
class PositionModeChangeEvent:
    """A position mode was changed; never told to scripts here, modes come from the config."""

    timestamp: float
    trading_pair: str
    position_mode: PositionMode
    message: str | None = None
