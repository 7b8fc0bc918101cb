"""What a paper exchange writes down is enough: restored from its pages it goes on exactly as if nothing had happened."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.connectors.paper.books import PaperBooks, page_of, pairs_of, restore_account
from botcore.connectors.paper.models import BackOfQueue, FeeModel, TouchQueue
from botcore.model.books import StoredAccount
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.errors import StoreRefused
from botcore.model.market_events import BookSnapshot
from botcore.model.order import OrderRequest
from tests.botcore.connectors.test_paper_ledger_property import Account, steps
from tests.support.bench import PERP, SPOT, D, instrument

OPENING = {"USDT": D(1_000_000), "ETH": D(500)}
"""Ample: what an order that both closes and opens binds is worked out afresh after a restart, which must not decide whether another is taken."""


class Store:
    """Keeps pages as a database would: the account's last state, every order's last state, all fills."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {}
        self.orders: dict[str, Any] = {}
        self.fills: list[Any] = []

    def save(self, account: Account) -> None:
        page = page_of(account.exchange)
        plain = json.loads(json.dumps({"account": page.account, "orders": page.orders, "fills": page.fills}))
        self.account = plain["account"]
        self.orders |= plain["orders"]
        self.fills += plain["fills"]

    def stored(self) -> StoredAccount:
        # a database owes nobody an order of rows that it was not asked for
        return StoredAccount(self.account, dict(sorted(self.orders.items(), reverse=True)), self.fills)


def restarted(account: Account, store: Store) -> Account:
    """A new process: the same market, an exchange that knows only what was stored."""
    back = Account(account.of, account.exchange.rules.fees, account.exchange.rules.queue, {})
    book = account.state.book
    back.now_ns, back.mid = account.now_ns, account.mid
    back.state.apply(BookSnapshot(account.of.market, account.now_ns, 1, book.levels(True, 100), book.levels(False, 100)))
    restore_account(back.exchange, store.stored(), {"ETH-USDT": account.of})
    back.sent, back.ended, back.fills = dict(account.sent), dict(account.ended), list(account.fills)
    back.opening, back.liquidations = account.opening, account.liquidations
    return back


def standing(account: Account) -> dict[str, Any]:
    """All that the owner of the account could ever find out; on a perpetual without what is available (see `OPENING`)."""
    exchange, ledger = account.exchange, account.exchange.ledger
    return {
        "totals": ledger.totals,
        "available": None if account.of.is_perpetual else {asset: ledger.available(asset) for asset in ("USDT", "ETH")},
        "open": {
            name: (order.filled, order.remaining, order.price_ticks, order.ahead, order.position_side) for name, order in exchange.orders.items()
        },
        "ended": {name: (state, reason) for name, (_, state, reason) in exchange.ended.items()},
        "fills": list(exchange.fills),
        "arriving": exchange.arriving(),
        "serials": (exchange.serial, exchange.trade_serial),
        "deposits": exchange.deposits,
        "positions": {key: (held.lots, held.cost) for key, held in getattr(ledger, "positions", {}).items() if held.lots},
        "mode": getattr(ledger, "mode", None),
        "leverage": getattr(ledger, "leverage", None),
        "reports": {name: [type(update) for update in exchange.report(name, 1)] for name in account.sent},
    }


@pytest.mark.parametrize(("connector", "mode"), [(SPOT, PositionMode.ONEWAY), (PERP, PositionMode.ONEWAY), (PERP, PositionMode.HEDGE)])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(before=steps, after=steps, queue=st.sampled_from([TouchQueue(), BackOfQueue()]))
def test_restored_exchange_goes_on_as_if_nothing_had_happened(connector: str, mode: PositionMode, before: Any, after: Any, queue: Any) -> None:
    account = Account(instrument(connector=connector), FeeModel(D("0.0002"), D("0.0005")), queue, OPENING, 3 if connector == PERP else 1, mode)
    account.exchange.keeps_books = True
    store = Store()
    for number, step in enumerate(before):
        account.step(*step)
        if number % 3 == 0:
            store.save(account)
    store.save(account)
    back = restarted(account, store)
    assert standing(back) == standing(account)
    assert pairs_of(store.stored()) <= {"ETH-USDT"}
    for step in after:
        account.step(*step)
        back.step(*step)
        assert back.exchange.ledger.totals == account.exchange.ledger.totals
    assert standing(back) == standing(account)


def test_request_that_was_on_its_way_still_arrives() -> None:
    account = Account(instrument(connector=SPOT), FeeModel(), TouchQueue(), OPENING)
    request = OrderRequest(account.of, TradeType.BUY, OrderType.MARKET, 500, None, PositionAction.NIL)
    account.sent["o-0"] = request
    account.exchange.create(request, "o-0", account.now_ns)
    store = Store()
    store.save(account)
    back = restarted(account, store)
    back.exchange.advance(back.now_ns + 1)
    back.read()
    assert [(fill.client_order_id, fill.lots) for fill in back.fills] == [("o-0", 500)]


def test_of_two_orders_of_one_moment_at_one_price_the_first_goes_first_after_a_restart_too() -> None:
    account = Account(instrument(connector=SPOT), FeeModel(), TouchQueue(), OPENING)
    account.exchange.keeps_books = True
    request = OrderRequest(account.of, TradeType.BUY, OrderType.LIMIT, 100, account.mid - 200, PositionAction.NIL)
    for number in range(3):
        account.sent[f"o-{number}"] = request
        account.exchange.create(request, f"o-{number}", account.now_ns)
    account.exchange.advance(account.now_ns + 1)
    assert len({order.ts_ns for order in account.exchange.orders.values()}) == 1
    store = Store()
    store.save(account)
    back = restarted(account, store)
    stood, stand = ([order.client_order_id for order in each.exchange.markets["ETH-USDT"].resting()] for each in (account, back))
    assert stand == stood and len(stood) == 3


def test_page_holds_only_what_changed_since_the_last_one() -> None:
    account = Account(instrument(connector=SPOT), FeeModel(), TouchQueue(), OPENING)
    account.exchange.keeps_books = True
    buy = (TradeType.BUY, (OrderType.LIMIT, -200), 100, PositionAction.OPEN)
    account.step("order", *buy)
    assert list(page_of(account.exchange).orders) == ["o-0"]
    assert account.exchange.changed is False
    account.step("order", *buy)
    assert list(page_of(account.exchange).orders) == ["o-1"]
    account.step("quote", 9_700, 1, 5_000)
    page = page_of(account.exchange)
    assert sorted(page.orders) == ["o-0", "o-1"] and len(page.fills) == 2
    assert all(order["is_open"] is False and order["state"] == "FILLED" for order in page.orders.values())
    page = page_of(account.exchange)
    assert (page.orders, page.fills) == ({}, [])


# ---- a disk that takes nothing ---------------------------------------------------------------------------------------
class Refusing:
    """A store that is full until it is not."""

    def __init__(self) -> None:
        self.is_full, self.saved = False, []

    def save(self, now_ns: int, pages: list[Any], feeds: Any, candles: Any) -> None:
        if self.is_full:
            raise StoreRefused("database or disk is full")
        self.saved.append((now_ns, list(pages)))


class Still:
    def states(self) -> dict[str, Any]:
        return {}


def test_p5_pages_that_the_disk_refused_are_written_with_the_next_ones_in_order() -> None:
    """The exchange's books stay a part of the clock: a full disk is no fault of theirs, and no page is lost."""
    account = Account(instrument(), FeeModel(D("0.001"), D("0.001")), TouchQueue(), OPENING)
    store = Refusing()
    books = PaperBooks(store, {"venue": account.exchange}, Still(), {}, 10**18)
    account.exchange.changed = True
    books.on_tick(1)
    store.is_full = True
    for now_ns in (2, 3):
        account.exchange.deposit("USDT", D(1))
        account.exchange.changed = True
        books.on_tick(now_ns)
        assert "full" in books.trouble
    store.is_full = False
    books.on_tick(4)
    assert books.trouble == ""
    assert [(now_ns, len(pages)) for now_ns, pages in store.saved] == [(1, 1), (4, 2)]
    first, second = (page.account for page in store.saved[1][1])
    assert first != second
    books.on_tick(5)
    assert len(store.saved) == 2, "nothing is left to write"
