"""R21: what is free, when the venue's answers lag behind our own orders and fills."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.connectors.live.funds import Funds

D = Decimal
S = 1_000_000_000
LAG = 25 * S


def test_r21_an_order_made_after_the_last_answer_binds_until_one_counts_it() -> None:
    funds = Funds(2 * LAG)
    funds.told("USDT", D(100), 0, [])
    assert funds.available("USDT", D(0), D(95)) == 5
    funds.told("USDT", D(5), 60 * S, [(9 * S, D(95))])
    assert funds.available("USDT", D(0), D(95)) == 5


def test_r21_an_old_answer_gives_no_money_back() -> None:
    funds = Funds(2 * LAG)
    funds.told("USDT", D(100), 0, [])
    funds.told("USDT", D(100), 12 * S - LAG, [(9 * S, D(95))])
    assert funds.available("USDT", D(0), D(95)) == 5
    # the order has ended, no answer has told so yet
    funds.told("USDT", D(5), 30 * S - LAG, [(9 * S, D(95))])
    assert funds.available("USDT", D(0), D(0)) == 5
    funds.told("USDT", D(100), 60 * S, [])
    assert funds.available("USDT", D(0), D(0)) == 100


def test_r21_what_a_fill_took_is_gone_whether_the_answer_counts_it_or_not() -> None:
    for free in (D(100), D(5)):
        funds = Funds(2 * LAG)
        funds.told("USDT", D(100), 0, [])
        funds.spend("USDT", D(95), 10 * S)
        assert funds.available("USDT", D(0), D(0)) == 5
        funds.told("USDT", free, 12 * S - LAG, [])
        assert funds.available("USDT", D(0), D(0)) == 5


def test_r21_what_a_sale_brought_is_there_once_the_venue_says_so() -> None:
    funds = Funds(2 * LAG)
    funds.told("USDT", D(5), 0, [])
    funds.spend("USDT", D(-95), 10 * S)
    assert funds.available("USDT", D(0), D(0)) == 5
    funds.told("USDT", D(100), 12 * S - LAG, [])
    assert funds.available("USDT", D(0), D(0)) == 100


def test_money_from_outside_counts_with_the_next_answer() -> None:
    funds = Funds(2 * LAG)
    funds.told("USDT", D(100), 0, [])
    funds.told("USDT", D(250), 5 * S - LAG, [])
    assert funds.available("USDT", D(0), D(0)) == 250
    funds.told("USDT", D(20), 6 * S - LAG, [])
    assert funds.available("USDT", D(0), D(0)) == 20


@pytest.mark.parametrize("asset", ["BTC", "USDT"])
def test_what_a_complete_list_does_not_name_is_empty(asset: str) -> None:
    funds = Funds(2 * LAG)
    funds.told(asset, D(1), 0, [])
    funds.forget([])
    assert funds.available(asset, D(0), D(0)) == 0


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9), st.integers(5, 60))
def test_r21_never_more_than_there_is_however_old_the_answers_and_exact_when_all_is_counted(seed: int, steps: int) -> None:
    """A little venue whose answers are up to `LAG` old: orders open, end and fill in parts, answers come in any age."""
    chance = Random(seed)
    now, free = 0, D(1000)
    history = [(0, free)]
    orders: list[list[object]] = []
    funds = Funds(2 * LAG)
    funds.told("USDT", free, 0, [])

    def bound() -> D:
        return sum((order[1] for order in orders), D(0))  # type: ignore[misc]

    for _ in range(steps):
        now += chance.randint(1, 10) * S
        what = chance.randint(0, 3)
        if what == 0 and free >= 1:
            amount = D(chance.randint(1, int(free)))
            orders.append([now, amount])
            free -= amount
        elif what == 1 and orders:
            free += orders.pop(chance.randrange(len(orders)))[1]  # type: ignore[operator]
        elif what == 2 and orders:
            order = chance.choice(orders)
            part = D(chance.randint(1, int(order[1])))  # type: ignore[call-overload]
            order[1] -= part  # type: ignore[operator]
            funds.spend("USDT", part, now)
            orders = [order for order in orders if order[1]]
        history.append((now, free))
        if what == 3:
            then = now - chance.randint(0, LAG)
            told = next(value for when, value in reversed(history) if when <= max(then, 0))
            funds.told("USDT", told, now - LAG, [(order[0], order[1]) for order in orders])  # type: ignore[misc]
        assert funds.available("USDT", D(0), bound()) <= free
    now += 3 * LAG
    funds.told("USDT", free, now - LAG, [(order[0], order[1]) for order in orders])  # type: ignore[misc]
    assert funds.available("USDT", D(0), bound()) == free
