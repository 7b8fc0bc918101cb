"""How orders are paid for: spot moves assets, USD-M futures move positions and margin. Both post every change to the account's ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.values import ZERO, Execution, Market, Order, OrderAsk, Refused, cut


class Money(Protocol):
    """See the module. `cost` is what a taking order would pay at least, already walked over the book."""

    def check(self, account: Account, ask: OrderAsk, market: Market, cost: Decimal) -> None: ...

    def reserve(self, account: Account, order: Order, market: Market) -> None: ...

    def release(self, account: Account, order: Order, market: Market, lots: int) -> None: ...

    def settle(self, account: Account, order: Order, market: Market, execution: Execution) -> list[str]:
        """Book one side of a trade and fill in commission and realized profit; returns the assets touched."""

    def reducible(self, account: Account, order: Order) -> int:
        """Lots that it may still trade; more than it has left when nothing limits it."""


class SpotMoney:
    """Buyers get the base and pay the quote. The fee comes off what is received, or in a third asset where the account wants that.

    Parameters
    ----------
    rate : callable
        Price of one unit of the third asset in another asset, None when unknown.
    """

    def __init__(self, rate: Callable[[str, str], Decimal | None], third_discount: Decimal = Decimal("0.75")) -> None:
        self._rate = rate
        self._discount = third_discount

    def check(self, account: Account, ask: OrderAsk, market: Market, cost: Decimal) -> None:
        if ask.side == "SELL":
            if account.free(market.base) < market.amount(ask.lots):
                raise Refused("insufficient_balance")
            return
        price = max(ask.ticks, ask.stop_ticks)
        need = max(cost, market.notional(price, ask.lots)) if ask.ticks or ask.stop_ticks else cost
        if account.free(market.quote) < need:
            raise Refused("insufficient_balance")

    def reserve(self, account: Account, order: Order, market: Market) -> None:
        account.lock(*self._held(order, market, order.left))

    def release(self, account: Account, order: Order, market: Market, lots: int) -> None:
        asset, amount = self._held(order, market, lots)
        account.lock(asset, -amount)

    def _held(self, order: Order, market: Market, lots: int) -> tuple[str, Decimal]:
        if order.side == "SELL":
            return market.base, market.amount(lots)
        return market.quote, market.notional(order.ticks or order.ask.stop_ticks, lots)

    def settle(self, account: Account, order: Order, market: Market, execution: Execution) -> list[str]:
        amount, quote, ref = market.amount(execution.lots), execution.quote, str(execution.id)
        if order.side == "BUY":
            got, given, received, paid = market.base, market.quote, amount, quote
        else:
            got, given, received, paid = market.quote, market.base, quote, amount
        ns = execution.ns
        account.post(ns, given, -paid, "trade", market.symbol, ref)
        account.post(ns, got, received, "trade", market.symbol, ref)
        share = market.maker if execution.is_maker else market.taker
        fee, asset = cut(received * share), got
        third = account.pays_fees_in
        if third and third != got and fee > 0:
            rate = self._rate(third, got)
            if rate:
                in_third = cut(received * share * self._discount / rate)
                if account.free(third) >= in_third:
                    fee, asset = in_third, third
        account.post(ns, asset, -fee, "fee", market.symbol, ref)
        execution.commission, execution.commission_asset = fee, asset
        return list(dict.fromkeys((got, given, asset)))

    def reducible(self, account: Account, order: Order) -> int:
        return order.left


class FuturesMoney:
    """Linear contracts margined in their quote asset, cross margin.

    Parameters
    ----------
    mark : callable
        Mark price of a symbol, Decimal.
    markets : callable
        Market of a symbol.
    """

    def __init__(self, mark: Callable[[str], Decimal], markets: Callable[[str], Market], maintenance: Decimal = Decimal("0.004")) -> None:
        self._mark = mark
        self._markets = markets
        self.maintenance = maintenance

    def check(self, account: Account, ask: OrderAsk, market: Market, cost: Decimal) -> None:
        if (ask.position_side == "BOTH") == account.is_hedge:
            raise Refused("position_side")
        if ask.reduce_only and account.is_hedge:
            raise Refused("reduce_only_in_hedge")
        signed = ask.lots if ask.side == "BUY" else -ask.lots
        held = account.position(market.symbol, ask.position_side).lots
        if ask.reduce_only and (held == 0 or (held > 0) == (signed > 0)):
            raise Refused("reduce_only")
        if ask.reduce_only:
            # what rests and only reduces counts against the position; a conditional order does not before it is triggered
            waiting = sum(o.left for o in account.open_of(market.symbol) if o.side == ask.side and o.ask.reduce_only)
            if waiting and ask.lots + waiting > abs(held):
                raise Refused("reduce_only_full")
        if account.is_hedge:
            closing = (ask.position_side == "LONG") != (ask.side == "BUY")
            if closing:
                waiting = sum(o.left for o in account.open_of(market.symbol) if o.side == ask.side and o.ask.position_side == ask.position_side)
                if ask.lots + waiting > abs(held):
                    raise Refused("reduce_only")
                return
        if ask.reduce_only:
            return
        opening = max(0, abs(held + signed) - abs(held)) if (held > 0) != (signed > 0) else abs(signed)
        price = market.price(ask.ticks) if ask.ticks else self._mark(market.symbol)
        worth = max(price * market.amount(opening), cost * opening / ask.lots if ask.lots else ZERO)
        if worth and self.available(account) < worth / account.leverage_of(market.symbol) + cut(worth * market.taker):
            raise Refused("margin")

    def reserve(self, account: Account, order: Order, market: Market) -> None:
        """Margin of open orders is worked out when somebody asks."""

    def release(self, account: Account, order: Order, market: Market, lots: int) -> None:
        """See `reserve`."""

    def settle(self, account: Account, order: Order, market: Market, execution: Execution) -> list[str]:
        signed = execution.lots if order.side == "BUY" else -execution.lots
        position = account.position(market.symbol, order.ask.position_side)
        realized = position.apply(signed, execution.ticks, market, execution.ns)
        share = market.maker if execution.is_maker else market.taker
        fee, ref = cut(execution.quote * share), str(execution.id)
        account.post(execution.ns, market.quote, realized, "realized", market.symbol, ref)
        account.post(execution.ns, market.quote, -fee, "fee", market.symbol, ref)
        execution.commission, execution.commission_asset, execution.realized = fee, market.quote, realized
        return [market.quote]

    def reducible(self, account: Account, order: Order) -> int:
        if not order.ask.only_reduces:
            return order.left
        held = account.position(order.symbol, order.ask.position_side).lots
        if (order.side == "SELL") != (held > 0):
            return 0
        return min(order.left, abs(held))

    # ---- where it is liquidated ------------------------------------------------------------------------------------------
    def liquidation_price(self, account: Account, symbol: str, seen: dict[str, tuple[int, Decimal]] | None = None) -> Decimal | None:
        """Where the venue liquidates a symbol's positions; None where no price does. Both sides of a hedge have one price.

        Binance's own formula, with one bracket whose `cum` is 0 ("How to Calculate Liquidation Price of USDS-M Futures Contracts",
        https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93)::

            LP = (WB - TMM1 + UPNL1 + cum - side * size * entry, summed over sides) / (size * MMR - side * size, summed over sides)

        TMM1 and UPNL1 are the maintenance and the unrealised result of all other symbols: of a cross position; an isolated one has only its own
        margin, which is its cost over its leverage.

        Parameters
        ----------
        seen : dict, optional
            Side -> (lots, cost) where they are shown as they were a while ago.
        """
        market = self._markets(symbol)
        steps = {side: (p.lots, p.cost) for (name, side), p in account.positions.items() if name == symbol} | (seen or {})
        steps = {side: step for side, step in steps.items() if step[0]}
        if symbol in account.isolated:
            money = sum((cost for _, cost in steps.values()), ZERO) / account.leverage_of(symbol)
        else:
            money = account.totals.get(market.quote, ZERO)
            for name, side in account.positions:
                if name != symbol:
                    worth = self._mark(name) * self._markets(name).amount(abs(account.positions[name, side].lots))
                    money += self.unrealized(account, name, side) - worth * self.maintenance
        for lots, cost in steps.values():
            money += -cost if lots > 0 else cost
        sizes = [market.amount(lots) for lots, _ in steps.values()]
        slope = sum((abs(size) * self.maintenance - size for size in sizes), ZERO)
        price = money / slope if slope else ZERO
        return price if price > 0 else None

    # ---- what the account screens show -------------------------------------------------------------------------------
    def unrealized(self, account: Account, symbol: str, side: str) -> Decimal:
        position = account.positions.get((symbol, side))
        if position is None or not position.lots:
            return ZERO
        worth = self._mark(symbol) * self._markets(symbol).amount(abs(position.lots))
        return worth - position.cost if position.lots > 0 else position.cost - worth

    def position_margin(self, account: Account, symbol: str) -> Decimal:
        lots = sum(abs(p.lots) for (name, _), p in account.positions.items() if name == symbol)
        return self._mark(symbol) * self._markets(symbol).amount(lots) / account.leverage_of(symbol)

    def order_margin(self, account: Account, symbol: str) -> Decimal:
        """What open orders would add to the position, at its leverage."""
        market = self._markets(symbol)
        buys = sells = ZERO
        for order in account.open_of(symbol):
            if order.ask.reduce_only:
                continue
            worth = market.notional(order.ticks, order.left)
            if order.side == "BUY":
                buys += worth
            else:
                sells += worth
        held = sum(p.lots for (name, _), p in account.positions.items() if name == symbol)
        worth = self._mark(symbol) * market.amount(held)
        return max(abs(worth + buys), abs(worth - sells), abs(worth)) / account.leverage_of(symbol) - abs(worth) / account.leverage_of(symbol)

    def margin(self, account: Account) -> tuple[Decimal, Decimal, Decimal]:
        """(unrealized, margin of positions, margin of orders) of the whole account."""
        symbols = {symbol for (symbol, _), position in account.positions.items() if position.lots}
        unrealized = sum((self.unrealized(account, symbol, side) for symbol, side in account.positions), ZERO)
        held = sum((self.position_margin(account, symbol) for symbol in symbols), ZERO)
        ordered = sum((self.order_margin(account, symbol) for symbol in {o.symbol for o in account.open.values()}), ZERO)
        return unrealized, held, ordered

    def available(self, account: Account, asset: str = "USDT") -> Decimal:
        unrealized, held, ordered = self.margin(account)
        return max(ZERO, account.totals.get(asset, ZERO) + unrealized - held - ordered)
