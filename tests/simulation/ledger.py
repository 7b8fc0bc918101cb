"""What a venue knows, in one form for every kind of simulated venue: what the oracle judges by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order in the venue's books. `arrived_ns` is when the venue took it; amounts in base."""

    client_order_id: str
    trading_pair: str
    side: str
    amount: Decimal
    filled: Decimal
    is_open: bool
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class VenueTrade:
    """An execution of one of the account's orders; `fee` is positive when it was paid. `is_late`: the venue had said before that the order was over (O9)."""

    trade_id: str
    client_order_id: str
    trading_pair: str
    side: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_asset: str
    is_late: bool = False
    ns: int = 0

    @property
    def signed(self) -> Decimal:
        return self.amount if self.side == "BUY" else -self.amount


@dataclass(frozen=True, slots=True)
class VenueFunding:
    """A payment for one side of a position; negative when it was paid."""

    trading_pair: str
    asset: str
    amount: Decimal
    ns: int


class Ledger(Protocol):
    """One account at one venue."""

    name: str
    """Connector name."""
    is_perpetual: bool

    def orders(self) -> Iterable[VenueOrder]: ...

    def trades(self) -> Iterable[VenueTrade]: ...

    def positions(self) -> Mapping[str, Decimal]:
        """Pair -> signed base that our trades have left there, as the venue counts it."""

    def excess(self) -> Mapping[str, Decimal]:
        """Client order id -> base that was traded beyond what we asked for, by the venue or by something on the way: no deed of ours."""

    def balances(self) -> Mapping[str, tuple[Decimal, Decimal]] | None:
        """Asset -> (opening, now); None where the venue keeps none."""

    def funding(self) -> Iterable[VenueFunding]:
        """Payments, oldest first."""

    def open_cost(self) -> Mapping[str, Decimal]:
        """Asset -> what the open positions of a perpetual account have cost, shorts below zero: a balance counts it when they are closed."""
