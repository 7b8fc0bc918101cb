"""What the bots of an account have out and hold, against a naive count over all orders and fills."""

from __future__ import annotations

import random
from typing import Any

import pytest

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.order import Fee, Fill, OrderRequest, OrderState, Purpose
from botcore.orders.own import OwnBooks
from botcore.orders.tracker import Order, OrderTracker
from tests.support.bench import T0_NS, D, instrument

BUY, SELL = TradeType.BUY, TradeType.SELL
OF = instrument()


class Account:
    """A tracker and the books beside it, as a connector keeps them."""

    def __init__(self) -> None:
        self.tracker, self.own = OrderTracker(), OwnBooks()
        self.orders: list[Order] = []
        self.fills: list[tuple[Order, Fill]] = []

    def send(self, side: TradeType, ticks: int | None, lots: int, purpose: Purpose = Purpose.OPEN, touch: int = 10_000) -> Order:
        kind = OrderType.MARKET if ticks is None else OrderType.LIMIT
        request = OrderRequest(OF, side, kind, lots, ticks, PositionAction.OPEN, purpose)
        order = self.tracker.track(request, f"o{len(self.orders)}", None, T0_NS)
        self.orders.append(order)
        self.own.sent(order, touch if ticks is None else ticks)
        return order

    def fill(self, order: Order, lots: int, ticks: int, *, hedge: bool = False) -> None:
        fill = Fill(OF, f"t{len(self.fills)}", order.client_order_id, order.request.trade_type, ticks, lots, Fee(D(0), "USDT", D(0)), T0_NS, True)
        self.tracker.apply_fill(order.client_order_id, fill.trade_id, ticks, lots, T0_NS)
        self.fills.append((order, fill))
        self.own.filled(order, fill, hedge=hedge)
        if order.is_done:
            self.own.ended(order)

    def end(self, order: Order) -> None:
        if self.tracker.apply_state(order.client_order_id, OrderState.CANCELED, T0_NS):
            self.own.ended(order)


def test_i14_working_doubtful_and_held_are_all_open() -> None:
    account = Account()
    order = account.send(BUY, 10_000, 3_000)
    assert account.own.open_quote("USDT") == 300
    account.tracker.apply_state(order.client_order_id, OrderState.UNKNOWN, T0_NS)
    assert account.own.open_quote("USDT") == 300, "an order in doubt may be there"
    account.fill(order, 1_000, 10_000)
    assert account.own.open_quote("USDT") == 300
    account.end(order)
    assert account.own.open_quote("USDT") == 100
    account.fill(order, 500, 10_000)
    assert account.own.open_quote("USDT") == 150, "a late fill counts"
    exit_order = account.send(SELL, None, 1_500, Purpose.CLOSE)
    assert account.own.open_quote("USDT") == 150
    account.fill(exit_order, 1_500, 10_000)
    assert account.own.open_quote("USDT") == 0


def test_hedge_mode_counts_both_sides_and_one_way_mode_their_difference() -> None:
    for hedge, expected in ((True, D(300)), (False, D(100))):
        account = Account()
        account.own.open_quote("USDT")
        for side, lots in ((BUY, 2_000), (SELL, 1_000)):
            account.fill(account.send(side, None, lots), lots, 10_000, hedge=hedge)
        assert account.own.open_quote("USDT") == expected
        assert account.own.of(OF).net == 1_000


@pytest.mark.parametrize("seed", range(30))
def test_o14_i14_agree_with_a_count_over_everything(seed: int) -> None:
    chance, account = random.Random(seed), Account()
    if seed % 2:
        account.own.open_quote("USDT")
    for _ in range(400):
        live = [order for order in account.orders if order.is_open]
        what = chance.random()
        if what < 0.5 or not live:
            purpose = chance.choice([Purpose.OPEN, Purpose.OPEN, Purpose.TAKE_PROFIT])
            account.send(chance.choice([BUY, SELL]), chance.choice([None, chance.randint(9_900, 10_100)]), chance.randint(1, 9), purpose)
        elif what < 0.8:
            order = chance.choice(live)
            account.fill(order, chance.randint(1, order.remaining_lots), order.request.price_ticks or 10_000)
        else:
            account.end(chance.choice(live))
        agrees(account, chance.randint(9_900, 10_100))


def agrees(account: Account, ticks: int) -> None:
    book = account.own.of(OF)
    live = [order for order in account.orders if order.is_open]
    resting = [order for order in live if order.request.order_type.is_limit]
    for side, pick, sells in ((BUY, max, False), (SELL, min, True)):
        prices = [order.request.price_ticks for order in resting if order.request.trade_type is side]
        assert book.best(sells=sells) == (pick(prices) if prices else None)

        assert {order.client_order_id for order in book.resting(sells=sells)} == {
            order.client_order_id for order in resting if order.request.trade_type is side
        }

    def met(order: Any, side: TradeType) -> bool:
        price = order.request.price_ticks
        return order.request.trade_type is side.opposite and (price <= ticks if side is BUY else price >= ticks)

    for side in (BUY, SELL):
        found = {order.client_order_id for order in book.reached(side, ticks)}
        assert found == {order.client_order_id for order in resting if met(order, side)}
    net = sum(fill.trade_type.sign * fill.lots for _, fill in account.fills)
    pending = sum((order.request.price_ticks or 10_000) * order.remaining_lots for order in live if order.request.purpose.adds_risk)
    last = account.fills[-1][1].price_ticks if account.fills else 0
    assert book.net == net
    assert account.own.open_quote("USDT") == (abs(net) * last + pending) * OF.unit


def test_books_of_a_long_life_stay_small() -> None:
    account = Account()
    for number in range(5_000):
        order = account.send(BUY, 9_000 + number % 50, 1)
        if number != 4_000:
            account.end(order)
    assert sum(len(heap) for heap in account.own.of(OF)._heaps) < 200
    assert account.own.of(OF).best(sells=False) == 9_000
