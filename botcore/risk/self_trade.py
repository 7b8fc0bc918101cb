"""No order of ours trades with another order of ours (docs/decisions/0009): what is done with one that would.

An order in doubt, or on its way, counts like one that rests. The venue's own prevention (STP) is the second line behind this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from botcore.markets.order_book import OrderBook
from botcore.model.enums import OrderType, TradeType
from botcore.model.order import OrderRequest
from botcore.model.refusals import OWN_ORDER
from botcore.orders.own import OwnBook
from botcore.orders.tracker import Order

BUY: Final = TradeType.BUY
DEPTH: Final = 8
"""Levels that a market order is followed through; one that goes deeper counts to the last of them."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What may leave.

    Parameters
    ----------
    request : OrderRequest
        The order, perhaps at another price.
    refusal : str, optional
        Why it may not leave at all.
    cancel : tuple of Order
        Orders of ours that have to go before it: their cancels leave first.
    """

    request: OrderRequest
    refusal: str | None = None
    cancel: tuple[Order, ...] = ()


def market_reach(request: OrderRequest, book: OrderBook) -> int | None:
    """Worst price in ticks that an order at market would get now; None when nobody stands there."""
    levels = book.levels(request.trade_type is not BUY, DEPTH)
    left, reach = request.lots, None
    for ticks, lots in levels:
        reach = ticks
        left -= lots
        if left <= 0:
            break
    return reach


def passage(request: OrderRequest, own: OwnBook, book: OrderBook) -> Passage:
    """How an order may leave beside those that we have out.

    An exit always leaves, and what stands in its way is canceled first. An entry with a limit is priced one tick behind our own order; one at market, or one
    that has no such price, is refused.
    """
    is_buy = request.trade_type is BUY
    best = own.best(sells=is_buy)
    if best is None or request.order_type is OrderType.STOP_MARKET:
        return Passage(request)
    ticks = request.price_ticks if request.price_ticks is not None else market_reach(request, book)
    if ticks is None or (ticks < best if is_buy else ticks > best):
        return Passage(request)
    if not request.purpose.adds_risk:
        in_the_way = tuple(order for order in own.reached(request.trade_type, ticks) if order.request.executor_id != request.executor_id)
        return Passage(request, None, in_the_way)
    if request.price_ticks is not None:
        instrument = request.instrument
        behind = instrument.price_ticks(instrument.price(best - 1 if is_buy else best + 1), request.trade_type)
        if behind > 0:
            return Passage(replace(request, price_ticks=behind))
    return Passage(request, f"{OWN_ORDER} at {request.instrument.price(best)}")
