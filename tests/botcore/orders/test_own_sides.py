"""Sides of an account's own positions: known from the orders, whenever the account's mode becomes known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.order import OrderRequest, Purpose
from botcore.orders.own import OwnBooks
from tests.support.bench import PERP, instrument, make_fill

OF = instrument(connector=PERP)


class Sent:
    """What the books look at of an order."""

    client_order_id = "o"

    def __init__(self, side: TradeType, action: PositionAction, purpose: Purpose) -> None:
        self.request = OrderRequest(OF, side, OrderType.MARKET, 1000, None, action, purpose, "bot", "main", "x")


def filled(books: OwnBooks, side: TradeType, action: PositionAction, purpose: Purpose, *, hedge: bool) -> None:
    order: Any = Sent(side, action, purpose)
    books.held(order, make_fill(OF, side, 100, "1", trade_id="t", order_id="o"), hedge=hedge)


def test_p3_sides_are_kept_before_the_mode_is_known() -> None:
    books = OwnBooks()
    filled(books, TradeType.BUY, PositionAction.OPEN, Purpose.OPEN, hedge=False)
    filled(books, TradeType.SELL, PositionAction.OPEN, Purpose.OPEN, hedge=False)
    book = books.of(OF)
    assert (book.long, book.short, book.net, book.open_value) == (1000, 1000, 0, 0)
    filled(books, TradeType.BUY, PositionAction.OPEN, Purpose.OPEN, hedge=True)
    assert (book.long, book.short) == (2000, 1000) and book.open_value == 300


def test_p8_the_venues_word_on_a_side_comes_first() -> None:
    """An order whose intent is lost is taken for one that opens; what it traded has closed a short position all the same."""
    books = OwnBooks()
    filled(books, TradeType.SELL, PositionAction.OPEN, Purpose.OPEN, hedge=True)
    order: Any = Sent(TradeType.BUY, PositionAction.OPEN, Purpose.CLOSE)
    fill = replace(make_fill(OF, TradeType.BUY, 100, "1", trade_id="u", order_id="o"), position_side="short")
    books.held(order, fill, hedge=True)
    assert (books.of(OF).long, books.of(OF).short) == (0, 0)


def test_o4_an_excess_that_is_opened_again_counts_on_its_own_side() -> None:
    books = OwnBooks()
    filled(books, TradeType.SELL, PositionAction.CLOSE, Purpose.CLOSE, hedge=True)
    assert books.of(OF).long == -1000
    filled(books, TradeType.BUY, PositionAction.OPEN, Purpose.CLOSE, hedge=True)
    assert (books.of(OF).long, books.of(OF).short) == (0, 0)
