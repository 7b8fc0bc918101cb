"""An account and its ledger: every change of a balance is an entry, so that opening + entries = balance, per asset, to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tests.fakes.simvenue.values import ZERO, Entry, Execution, Order, Position


class Account:
    """Balances, orders, executions and positions of one key.

    Parameters
    ----------
    opening : mapping of str to Decimal
        What it has at the start, by asset.
    """

    def __init__(self, key: str, secret: str, opening: Mapping[str, Decimal]) -> None:
        self.key = key
        self.secret = secret
        self.opening = dict(opening)
        self.totals: dict[str, Decimal] = dict(opening)
        self.locked: dict[str, Decimal] = {}
        self.journal: list[Entry] = []
        self.orders: dict[int, Order] = {}
        self.open: dict[int, Order] = {}
        self.by_client: dict[tuple[str, str], Order] = {}
        """The newest order of each client id; an id may be used again once its order is over."""
        self.symbol_orders: dict[str, list[Order]] = {}
        self.executions: dict[str, list[Execution]] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.leverage: dict[str, int] = {}
        self.isolated: set[str] = set()
        self.is_hedge = False
        self.pays_fees_in: str = ""
        """Third asset for fees (BNB), when there is enough of it."""
        self.can_trade = True
        self.can_withdraw = False
        self.is_restricted_to_addresses = True
        self.denied = False
        """Whether the key was taken back: every signed request is refused."""

    # ---- money -------------------------------------------------------------------------------------------------------
    def post(self, ns: int, asset: str, delta: Decimal, kind: str, symbol: str = "", ref: str = "") -> None:
        if not delta:
            return
        self.totals[asset] = self.totals.get(asset, ZERO) + delta
        self.journal.append(Entry(ns, asset, delta, kind, symbol, ref))

    def free(self, asset: str) -> Decimal:
        return self.totals.get(asset, ZERO) - self.locked.get(asset, ZERO)

    def lock(self, asset: str, amount: Decimal) -> None:
        self.locked[asset] = self.locked.get(asset, ZERO) + amount

    def total_at(self, asset: str, view_ns: int) -> Decimal:
        """The balance at a time: today's, minus what came after."""
        total = self.totals.get(asset, ZERO)
        for entry in reversed(self.journal):
            if entry.ns <= view_ns:
                break
            if entry.asset == asset:
                total -= entry.delta
        return total

    def unexplained(self) -> dict[str, Decimal]:
        """Assets whose balance is not opening plus entries; empty, or SimVenue is wrong."""
        sums = dict(self.opening)
        for entry in self.journal:
            sums[entry.asset] = sums.get(entry.asset, ZERO) + entry.delta
        assets = sums.keys() | self.totals.keys()
        return {a: self.totals.get(a, ZERO) - sums.get(a, ZERO) for a in assets if self.totals.get(a, ZERO) != sums.get(a, ZERO)}

    # ---- orders ------------------------------------------------------------------------------------------------------
    def keep(self, order: Order) -> None:
        self.orders[order.id] = order
        self.symbol_orders.setdefault(order.symbol, []).append(order)
        self.by_client[order.symbol, order.client_id] = order
        self.open[order.id] = order

    def find(self, symbol: str, order_id: int | None, client_id: str | None) -> Order | None:
        if order_id is not None:
            order = self.orders.get(order_id)
            return order if order is not None and order.symbol == symbol else None
        return self.by_client.get((symbol, client_id or ""))

    def open_of(self, symbol: str) -> Iterable[Order]:
        return [order for order in self.open.values() if order.symbol == symbol]

    def position(self, symbol: str, side: str) -> Position:
        key = (symbol, side)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(symbol, side)
        return found

    def leverage_of(self, symbol: str) -> int:
        return self.leverage.get(symbol, 20)
