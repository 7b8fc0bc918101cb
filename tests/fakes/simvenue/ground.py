"""What the engine stands on: markets, books, prices, accounts, and those who are told what happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.book import Book
from tests.fakes.simvenue.values import ZERO, Execution, Market, Order, PublicTrade, Refused

if TYPE_CHECKING:
    from tests.fakes.simvenue.stops import Algo


class Listener(Protocol):
    """Who is told what happened, in order."""

    def order_changed(self, order: Order, what: str, execution: Execution | None, reason: str = "") -> None:
        """`what`: NEW, TRADE, CANCELED, EXPIRED, TRADE_PREVENTION, CALCULATED."""

    def account_changed(self, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str) -> None: ...

    def algo_changed(self, algo: Algo) -> None: ...

    def settings_changed(self, account: Account, symbol: str) -> None: ...

    def traded(self, trade: PublicTrade) -> None: ...


class Ground:
    """See the module."""

    def __init__(self, markets: Iterable[Market]) -> None:
        self.now_ns = 0
        self.markets = {market.symbol: market for market in markets}
        self.books = {symbol: Book() for symbol in self.markets}
        self.last: dict[str, int] = {}
        self.marks: dict[str, Decimal] = {}
        """Mark prices set by script; the middle of the book otherwise."""
        self.accounts: dict[str, Account] = {}
        self.tape: dict[str, deque[PublicTrade]] = {symbol: deque(maxlen=1000) for symbol in self.markets}
        self.listeners: list[Listener] = []

    # ---- prices ------------------------------------------------------------------------------------------------------
    def market(self, symbol: str) -> Market:
        market = self.markets.get(symbol)
        if market is None:
            raise Refused("symbol")
        return market

    def middle(self, symbol: str) -> Decimal | None:
        book, market = self.books[symbol], self.markets[symbol]
        bid, ask = book.bids.best(), book.asks.best()
        if bid is None or ask is None:
            last = self.last.get(symbol)
            return None if last is None else market.price(last)
        return market.tick * (bid + ask) / 2

    def mark(self, symbol: str) -> Decimal:
        return self.marks.get(symbol) or self.middle(symbol) or ZERO

    def rate(self, asset: str, in_asset: str) -> Decimal | None:
        market = self.markets.get(asset + in_asset)
        if market is not None:
            return self.middle(market.symbol)
        inverse = self.markets.get(in_asset + asset)
        price = self.middle(inverse.symbol) if inverse is not None else None
        return 1 / price if price else None

    def take_cost(self, symbol: str, side: str, lots: int, quote: Decimal = ZERO, limit: int = 0) -> tuple[int, Decimal]:
        """Lots that a taking order would get now, and what they are worth; at most `lots`, or at most `quote` when that is given."""
        book, market = self.books[symbol], self.markets[symbol]
        levels = book.asks if side == "BUY" else book.bids
        got, worth = 0, ZERO
        for ticks in levels.prices if side == "BUY" else reversed(levels.prices):
            if limit and (ticks > limit if side == "BUY" else ticks < limit):
                break
            here = levels.lots[ticks]
            if quote:
                here = min(here, int((quote - worth) / market.notional(ticks, 1)))
            else:
                here = min(here, lots - got)
            if here <= 0:
                break
            got += here
            worth += market.notional(ticks, here)
        return got, worth

    # ---- telling --------------------------------------------------------------------------------------------------------------
    def tell(self, order: Order, what: str, execution: Execution | None = None, reason: str = "") -> None:
        for listener in self.listeners:
            listener.order_changed(order, what, execution, reason)

    def tell_account(self, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str) -> None:
        for listener in self.listeners:
            listener.account_changed(account, assets, positions, why)

    def tell_algo(self, algo: Algo) -> None:
        for listener in self.listeners:
            listener.algo_changed(algo)

    def tell_settings(self, account: Account, symbol: str) -> None:
        for listener in self.listeners:
            listener.settings_changed(account, symbol)
