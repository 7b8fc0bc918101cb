"""Orders that a script thinks of, and what its account could pay of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from botcore.model.enums import OrderType, TradeType
from botcore.model.instrument import split_pair

ZERO = Decimal(0)


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
