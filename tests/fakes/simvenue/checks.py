"""What an order must be like to be looked at: filters, duplicates, post-only. Each refusal has a word; the dialects know its code and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.values import Market, OrderAsk, Refused

if TYPE_CHECKING:
    from tests.fakes.simvenue.engine import Engine


def check_rules(engine: Engine, account: Account, ask: OrderAsk, market: Market) -> None:
    """Raise `Refused` for the first rule that an order breaks."""
    if market.status != "TRADING":
        raise Refused("halted")
    if not account.can_trade:
        raise Refused("may_not_trade")
    if not ask.quote:
        _check_size(engine, ask, market)
    if ask.ticks:
        last = engine.last.get(ask.symbol, ask.ticks)
        high, low = int(last * market.band), -int(-last / market.band)
        if ask.ticks > high:
            raise Refused("price_high", format(market.price(high), market.price_text))
        if ask.ticks < low:
            raise Refused("price_low", format(market.price(low), market.price_text))
    same = account.by_client.get((ask.symbol, ask.client_id))
    if same is not None and same.is_open:
        raise Refused("duplicate")
    mine = [order for order in account.open.values() if order.symbol == ask.symbol]
    if len(mine) >= market.max_open and ask.kind != "MARKET":
        raise Refused("too_many_open")
    if ask.stop_ticks:
        if sum(1 for order in mine if order.ask.stop_ticks) >= market.max_stops:
            raise Refused("too_many_stops")
        _check_stop(engine, ask)
    elif ask.post_only:
        book = engine.books[ask.symbol]
        best = book.asks.best() if ask.side == "BUY" else book.bids.best()
        if best is not None and (ask.ticks >= best if ask.side == "BUY" else ask.ticks <= best):
            raise Refused("would_take")
    elif ask.kind == "MARKET" and (engine.books[ask.symbol].asks if ask.side == "BUY" else engine.books[ask.symbol].bids).best() is None:
        raise Refused("no_liquidity")


def _check_size(engine: Engine, ask: OrderAsk, market: Market) -> None:
    if ask.lots < market.min_lots:
        raise Refused("lot_size")
    if ask.lots > market.max_lots:
        raise Refused("lot_too_big")
    if ask.only_reduces or ask.close_position:
        return
    price = market.price(ask.ticks or ask.stop_ticks) if ask.ticks or ask.stop_ticks else engine.mark(ask.symbol)
    if price and price * market.amount(ask.lots) < market.min_notional:
        raise Refused("min_notional")


def _check_stop(engine: Engine, ask: OrderAsk) -> None:
    last = engine.last.get(ask.symbol)
    if last is None:
        return
    above = fires_above(ask)
    if ask.stop_ticks <= last if above else ask.stop_ticks >= last:
        raise Refused("would_trigger")


def fires_above(ask: OrderAsk) -> bool:
    """Whether a conditional order waits for the price to rise: stops of buyers and profits of sellers do."""
    is_profit = ask.kind.startswith("TAKE_PROFIT")
    return (ask.side == "BUY") != is_profit
