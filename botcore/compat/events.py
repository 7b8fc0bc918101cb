"""Words of `hummingbot.core.event.events` and of the order types beside it: what a script is told of its orders, and how it speaks of one to come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
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
    """Funding was paid or received; never told to scripts here, it stands in the reports."""

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


# ---- orders to come --------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class OrderCandidate:
    """An order that a script thinks of."""

    trading_pair: str
    is_maker: bool
    order_type: OrderType
    order_side: TradeType
    amount: Decimal
    price: Decimal
    from_total_balances: bool = False

    @property
    def resized(self) -> bool:
        return not self.amount


class PerpetualOrderCandidate(OrderCandidate):
    """An order at a venue of perpetuals."""

    __slots__ = ("leverage", "position_close")

    def __init__(self, *args: Any, leverage: Any = 1, position_close: bool = False, **values: Any) -> None:
        super().__init__(*args, **values)
        self.leverage = Decimal(leverage)
        self.position_close = position_close


class BudgetChecker:
    """Cuts orders to come to what a connector's account can pay; fees are left to the venue."""

    def __init__(self, connector: Any) -> None:
        self._connector = connector

    def adjust_candidates(self, order_candidates: Iterable[OrderCandidate], all_or_none: bool = True) -> list[OrderCandidate]:
        """As they can be paid one after the other; what can't be is of amount 0."""
        left: dict[str, Decimal] = {}
        return [self._cut(candidate, all_or_none, left) for candidate in order_candidates]

    def adjust_candidate(self, order_candidate: OrderCandidate, all_or_none: bool = True) -> OrderCandidate:
        return self._cut(order_candidate, all_or_none, {})

    def _cut(self, wanted: OrderCandidate, all_or_none: bool, left: dict[str, Decimal]) -> OrderCandidate:
        base, quote = split_pair(wanted.trading_pair)
        asset, unit = self._cost(wanted, base, quote)
        if asset is None or unit.is_nan():
            return wanted
        has = left[asset] if asset in left else self._connector.get_available_balance(asset)
        needs = wanted.amount * unit
        amount = wanted.amount
        if has.is_nan() or has < needs:
            amount = ZERO if all_or_none or has.is_nan() or unit <= 0 else (has / unit).quantize(Decimal("1e-12"), ROUND_DOWN)
            amount = self._connector.quantize_order_amount(wanted.trading_pair, amount) if amount else ZERO
        left[asset] = has - amount * unit
        wanted.amount = amount
        return wanted

    def _cost(self, wanted: OrderCandidate, base: str, quote: str) -> tuple[str | None, Decimal]:
        """Asset that pays for it, and how much of it a unit of base needs."""
        if self._connector.is_perpetual:
            if getattr(wanted, "position_close", False):
                return None, ZERO
            return quote, wanted.price / getattr(wanted, "leverage", Decimal(1))
        return (base, Decimal(1)) if wanted.order_side is TradeType.SELL else (quote, wanted.price)
