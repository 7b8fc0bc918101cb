"""The matching engine: orders in, executions and ledger entries out. It knows no protocol, no socket and no clock: whoever calls sets `now_ns` first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.book import Book
from tests.fakes.simvenue.checks import check_rules
from tests.fakes.simvenue.ground import Ground
from tests.fakes.simvenue.money import FuturesMoney, Money, SpotMoney
from tests.fakes.simvenue.script import Script
from tests.fakes.simvenue.stops import Stops
from tests.fakes.simvenue.values import ZERO, Execution, Market, Order, OrderAsk, PublicTrade, Refused

HOUSE = ""
"""Account name of SimVenue's own liquidity: it has no balances and is nobody's."""


class Engine(Ground):
    """See the module.

    Parameters
    ----------
    kind : str
        `spot` or `futures`.
    """

    def __init__(self, kind: str, markets: Iterable[Market], first_order_id: int = 1_000_000) -> None:
        super().__init__(markets)
        self.kind = kind
        self.trade_ids: dict[str, int] = dict.fromkeys(self.markets, 5000)
        self.script = Script()
        self.later: Callable[[int, Callable[[], None]], None] = lambda due_ns, do: do()
        """Set by the venue: run something when its time has come."""
        self.money: Money = SpotMoney(self.rate) if kind == "spot" else FuturesMoney(self.mark, self.markets.__getitem__)
        self.stops = Stops(self)
        self._next_order_id = first_order_id
        self._rests = {(symbol, side): OrderAsk(symbol, side, "LIMIT", 0, 0) for symbol in self.markets for side in ("BUY", "SELL")}

    # ---- orders of accounts --------------------------------------------------------------------------------------------
    def submit(self, account: Account, ask: OrderAsk, origin: str = "user") -> Order:
        """Take an order and match it; what it did stands in the order and went to the listeners.

        Raises
        ------
        Refused
            When it is not taken; nothing has changed then.
        """
        market = self.market(ask.symbol)
        check_rules(self, account, ask, market)
        cost = ZERO
        limit = ask.ticks
        if ask.quote:
            lots, cost = self.take_cost(ask.symbol, ask.side, 0, ask.quote)
            if lots < market.min_lots:
                raise Refused("no_liquidity")
            ask = replace(ask, lots=lots)
        elif not ask.stop_ticks and (ask.kind == "MARKET" or ask.tif == "FOK"):
            got, cost = self.take_cost(ask.symbol, ask.side, ask.lots, limit=limit)
            if ask.tif == "FOK" and got < ask.lots and self.kind == "futures":
                raise Refused("fok")
        self.money.check(account, ask, market, cost)
        order = self._admit(account, ask, market, origin)
        if ask.stop_ticks:
            order.is_working = False
            self.stops.add_order(order)
        else:
            rule = self.script.on_new(order)
            if rule is not None:
                self.script.play(self, order, rule)
            else:
                self.work(order)
        self.stops.run()
        return order

    def _admit(self, account: Account, ask: OrderAsk, market: Market, origin: str) -> Order:
        self._next_order_id += 1
        order = Order(self._next_order_id, account.key, ask, self.now_ns)
        order.origin = origin
        order.note(self.now_ns)
        account.keep(order)
        if ask.kind != "MARKET":
            self.money.reserve(account, order, market)
        self.tell(order, "NEW")
        if ask.kind != "MARKET" and self.kind == "spot":
            self.tell_account(account, (market.quote if ask.side == "BUY" else market.base,), (), "ORDER")
        return order

    def work(self, order: Order) -> None:
        """Match an order and let what is left of it rest or expire."""
        ask = order.ask
        book = self.books[order.symbol]
        is_market = order.ticks == 0
        if ask.tif == "FOK" and self.take_cost(order.symbol, order.side, order.left, limit=order.ticks)[0] < order.left:
            self.end(order, "EXPIRED", "INSUFFICIENT_LIQUIDITY")
            return
        self._match(order, book, None if is_market else order.ticks)
        if not order.is_open or not order.left:
            return
        if is_market or ask.tif in ("IOC", "FOK"):
            self.end(order, "EXPIRED", "INSUFFICIENT_LIQUIDITY")
        elif self.money.reducible(self.accounts[order.account], order) == 0:
            self.end(order, "EXPIRED", "REDUCE_ONLY")
        else:
            book.add(order)

    def cancel(self, account: Account, symbol: str, order_id: int | None, client_id: str | None, cancel_id: str = "") -> Order:
        """Cancel an open order.

        Raises
        ------
        Refused
            When there is no such open order.
        """
        order = account.find(symbol, order_id, client_id)
        if order is not None and order.is_open and self.script.on_cancel(self, order):
            self.stops.run()
        if order is None or not order.is_open:
            raise Refused("unknown_order")
        order.cancel_id = cancel_id
        self.end(order, "CANCELED")
        self.script.after_cancel(self, order)
        return order

    def end(self, order: Order, status: str, reason: str = "") -> None:
        """Take an open order out: CANCELED, EXPIRED or EXPIRED_IN_MATCH."""
        account, market = self.accounts[order.account], self.markets[order.symbol]
        book = self.books[order.symbol]
        if order.is_working and book.holds(order):
            book.remove(order)
        self.stops.drop_order(order)
        order.status = status
        order.note(self.now_ns)
        account.open.pop(order.id, None)
        held = order.ask.kind != "MARKET" and order.left > 0
        if held:
            self.money.release(account, order, market, order.left)
        self.tell(order, "TRADE_PREVENTION" if status == "EXPIRED_IN_MATCH" else status, None, reason)
        if held and self.kind == "spot":
            self.tell_account(account, (market.quote if order.side == "BUY" else market.base,), (), "ORDER")
        self.stops.order_over(order)

    # ---- the market's own side --------------------------------------------------------------------------------------------
    def house_rest(self, symbol: str, side: str, ticks: int, lots: int) -> Order:
        """Put liquidity into the book that is nobody's; the caller sees to it that it does not cross."""
        self._next_order_id += 1
        # of such an ask nothing but its kind is read again, and there are more of them than of anything else
        order = Order(self._next_order_id, HOUSE, self._rests[symbol, side], self.now_ns)
        order.ticks, order.lots = ticks, lots
        order.origin = "market"
        self.books[symbol].add(order)
        return order

    def house_drop(self, order: Order) -> None:
        if order.is_open:
            self.books[order.symbol].remove(order)
            order.status = "CANCELED"

    def house_take(self, symbol: str, side: str, lots: int, limit: int) -> int:
        """Somebody else's market order; returns the lots it took."""
        self._next_order_id += 1
        order = Order(self._next_order_id, HOUSE, OrderAsk(symbol, side, "MARKET", lots, limit), self.now_ns)
        order.origin = "market"
        self._match(order, self.books[symbol], limit)
        self.stops.run()
        return order.filled

    # ---- matching ----------------------------------------------------------------------------------------------------------
    def _match(self, taker: Order, book: Book, limit: int | None) -> None:
        side = book.asks if taker.side == "BUY" else book.bids
        buying = taker.side == "BUY"
        while taker.left and taker.is_open:
            best = side.best()
            if best is None or (limit is not None and (best > limit if buying else best < limit)):
                return
            maker = next(iter(side.levels[best].values()))
            lots = min(taker.left, maker.left)
            if taker.account != HOUSE or maker.account != HOUSE:
                lots = self._allowed(taker, maker, lots)
                if lots < 0:
                    continue
                if lots == 0:
                    return
            self.trade(maker, taker, best, lots)

    def _allowed(self, taker: Order, maker: Order, lots: int) -> int:
        """Lots that these two may trade; -1 when the maker was taken away, 0 when the taker must stop."""
        if maker.account == taker.account and taker.ask.stp != "NONE":
            if taker.ask.stp in ("EXPIRE_MAKER", "EXPIRE_BOTH"):
                self.end(maker, "EXPIRED_IN_MATCH", "STP")
            if taker.ask.stp in ("EXPIRE_TAKER", "EXPIRE_BOTH"):
                self.end(taker, "EXPIRED_IN_MATCH", "STP")
            return -1
        if maker.account != HOUSE and maker.ask.only_reduces:
            lots = min(lots, self.money.reducible(self.accounts[maker.account], maker))
            if lots == 0:
                self.end(maker, "EXPIRED", "REDUCE_ONLY")
                return -1
        if taker.account != HOUSE and taker.ask.only_reduces:
            lots = min(lots, self.money.reducible(self.accounts[taker.account], taker))
        return lots

    def trade(self, maker: Order, taker: Order, ticks: int, lots: int) -> None:
        """One trade between two orders; the maker rests in the book."""
        symbol = taker.symbol
        self.books[symbol].reduce(maker, lots)
        trade_id = self.print_trade(symbol, ticks, lots, buyer_is_maker=maker.side == "BUY")
        for order, is_maker in ((maker, True), (taker, False)):
            if order.account == HOUSE:
                order.filled += lots
                if not order.left:
                    order.status = "FILLED"
            else:
                self.fill(order, trade_id, ticks, lots, is_maker=is_maker)

    def print_trade(self, symbol: str, ticks: int, lots: int, *, buyer_is_maker: bool) -> int:
        """A trade on the tape; returns its id."""
        trade_id = self.trade_ids[symbol] = self.trade_ids[symbol] + 1
        trade = PublicTrade(trade_id, symbol, ticks, lots, self.now_ns, buyer_is_maker)
        self.last[symbol] = ticks
        self.tape[symbol].append(trade)
        for listener in self.listeners:
            listener.traded(trade)
        self.stops.moved(symbol)
        return trade_id

    def fill(self, order: Order, trade_id: int, ticks: int, lots: int, *, is_maker: bool, what: str = "TRADE") -> Execution:
        """Book an execution of an account's order: order, ledger, position; then tell."""
        account, market = self.accounts[order.account], self.markets[order.symbol]
        if order.ask.kind != "MARKET" and order.is_open:
            self.money.release(account, order, market, min(lots, order.left))
        quote = market.notional(ticks, lots)
        order.filled += lots
        order.quote += quote
        order.fill_count += 1
        if order.is_open:
            order.status = "FILLED" if order.filled >= order.lots else "PARTIALLY_FILLED"
        order.note(self.now_ns)
        if not order.is_open:
            account.open.pop(order.id, None)
        execution = Execution(trade_id, order, ticks, lots, quote, ZERO, "", self.now_ns, is_maker, visible_ns=self.now_ns)
        assets = self.money.settle(account, order, market, execution)
        account.executions.setdefault(order.symbol, []).append(execution)
        self.script.after_fill(self, order, execution)
        position = ((order.symbol, order.ask.position_side),) if self.kind == "futures" else ()
        if execution.visible_ns > self.now_ns:
            self.later(execution.visible_ns, lambda: self._tell_fill(account, order, execution, assets, position, what))
        else:
            self._tell_fill(account, order, execution, assets, position, what)
        if order.status == "FILLED":
            self.stops.order_over(order)
        if position:
            self._end_idle(account, order.symbol)
            self.stops.position_changed(account, order.symbol, order.ask.position_side)
        return execution

    def _end_idle(self, account: Account, symbol: str) -> None:
        """Resting orders that only reduce end with the position that they were for."""
        for order in account.open_of(symbol):
            if order.ask.reduce_only and order.is_working and self.books[symbol].holds(order) and self.money.reducible(account, order) == 0:
                self.end(order, "EXPIRED", "REDUCE_ONLY")

    def _tell_fill(
        self, account: Account, order: Order, execution: Execution, assets: list[str], position: tuple[tuple[str, str], ...], what: str
    ) -> None:
        """Futures tell the account first, spot the order."""
        if self.kind == "futures":
            self.tell_account(account, assets, position, "ORDER")
            self.tell(order, what, execution)
        else:
            self.tell(order, what, execution)
            self.tell_account(account, assets, position, "ORDER")

    def outside(
        self,
        account: Account,
        symbol: str,
        side: str,
        lots: int,
        ticks: int,
        client_id: str,
        origin: str,
        *,
        what: str = "TRADE",
        position_side: str = "BOTH",
    ) -> Order:
        """An order that this account's programs never sent, filled at a price at once: liquidation, ADL, the person's own hand."""
        self._next_order_id += 1
        ask = OrderAsk(symbol, side, "MARKET" if origin == "elsewhere" else "LIMIT", lots, ticks, client_id, "IOC", position_side=position_side)
        order = Order(self._next_order_id, account.key, ask, self.now_ns)
        order.origin = origin
        order.note(self.now_ns)
        account.keep(order)
        if ask.kind != "MARKET":
            self.money.reserve(account, order, self.markets[symbol])
        self.tell(order, "NEW")
        trade_id = self.print_trade(symbol, ticks, lots, buyer_is_maker=side == "SELL")
        self.fill(order, trade_id, ticks, lots, is_maker=False, what=what)
        self.stops.run()
        return order
