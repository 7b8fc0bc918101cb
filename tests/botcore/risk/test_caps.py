"""Caps of an account: each at its edge, for entries only; the day counts what is sent, ends at midnight, and latches when it has lost too much."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from botcore.model.enums import OrderType
from botcore.model.order import OrderRequest, OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.risk.caps import AccountCaps
from tests.support.bench import SECOND_NS, D, instrument, lots_of, ticks_of
from tests.support.cap_bench import BUY, DAY_S, SELL, CapBench, Keeper


def capped(**caps: Any) -> CapBench:
    return CapBench(AccountCaps(**caps))


@pytest.mark.parametrize(
    ("caps", "amount", "price", "words"),
    [
        ({"max_order_quote": 1000}, "10", 100, ""),
        ({"max_order_quote": 1000}, "10.001", 100, "above the limit of 1000 an order"),
        ({"max_order_quote": 1000}, "10.001", None, "above the limit of 1000 an order"),
        ({"pairs": ["BTC-USDT"]}, "1", 100, "is not among the allowed pairs BTC-USDT"),
        ({"price_deviation": "0.01"}, "1", 99, ""),
        ({"price_deviation": "0.01"}, "1", "98.99", "further than 1.00 % from the market"),
        ({"max_day_quote": 1000}, "10", 100, ""),
        ({"max_day_quote": 1000}, "10.001", 100, "above the limit of 1000 a day"),
    ],
)
def test_each_cap_at_its_edge_is_one_sentence(caps: dict[str, Any], amount: str, price: Any, words: str) -> None:
    found = capped(**caps).refused(amount, price)
    assert (words in found and found.startswith("cap of ")) if words else found == ""


def test_a_limit_is_no_reason_to_try_on_and_a_wait_is() -> None:
    assert kind_of(capped(max_order_quote=10).refused(1, 100)) is RefusalKind.LIMIT
    bench = capped(orders_per_minute=2)
    assert [bench.refused(1, 100) for _ in range(2)] == ["", ""]
    assert kind_of(bench.refused(1, 100)) is RefusalKind.WAITING
    bench.clock.tick(bench.clock.now_ns + 61 * SECOND_NS)
    assert bench.refused(1, 100) == ""


def test_leverage_is_held_against_the_account_and_not_known_is_not_allowed() -> None:
    bench = capped(max_leverage=3)
    for leverage, words in ((3, ""), (4, "has leverage 4, above the limit of 3"), (None, "is not known yet")):
        bench.leverage = leverage
        assert words in bench.refused(1, 100) if words else bench.refused(1, 100) == ""


def test_an_entry_waits_while_too_little_rests_near_the_market_on_either_side() -> None:
    bench = capped(min_depth_quote=1000)
    of = bench.instrument
    state = bench.states[of.market]

    def book(bids: list[tuple[Any, Any]], asks: list[tuple[Any, Any]]) -> None:
        sides = [[(ticks_of(of, price), lots_of(of, amount)) for price, amount in side] for side in (bids, asks)]
        state.book.snapshot(*sides, 1, bench.clock.now_ns)

    # the middle is 100: what rests from 99 to 101 counts, the ends too
    book([("99.9", 4), (99, "6.1"), ("98.9", 50)], [("100.1", 20)])
    assert bench.refused(1, 100) == "", "4 x 99.9 + 6.1 x 99 = 1003.5"
    book([("99.9", 4), (99, "6.0"), ("98.9", 50)], [("100.1", 20)])
    assert "993.60 USDT of ETH-USDT rest within 1.00 % of the market, the cap wants 1000 at least" in bench.refused(1, 100)
    assert kind_of(bench.refused(1, 100)) is RefusalKind.WAITING
    assert bench.send_order(1, 100, SELL, Purpose.CLOSE).state is not OrderState.FAILED, "an exit is held up by no cap"
    book([("99.9", 40)], [("100.1", 4), ("101", 5), ("101.1", 50)])
    assert "905.40 USDT" in bench.refused(1, 100), "the side with less of it counts"
    bench.caps.set(bench.name, AccountCaps(min_depth_quote=D(1000), currency="EUR"))
    assert "is not known in EUR" in bench.refused(1, 100)
    bench.rates["USDT", "EUR"] = D(2)
    assert bench.refused(1, 100) == "", "905.4 USDT are 1810.8"


def test_exits_and_cancels_are_held_up_by_no_cap() -> None:
    bench = capped(
        pairs=["BTC-USDT"], max_order_quote=1, max_day_quote=1, max_day_loss=1, orders_per_minute=1, price_deviation="0.0001", max_leverage=1
    )
    bench.ledger.latched = "lost"
    assert bench.refused(1, 100) != ""
    for _ in range(3):
        assert bench.refused(50, 60, SELL, Purpose.CLOSE) == ""
    assert bench.desk.cancel(bench.live()[0])


def test_what_was_not_filled_is_free_again_when_its_order_ends() -> None:
    bench = capped(max_day_quote=1000)
    first = bench.send_order(10, 100)
    bench.send()
    assert "a day" in bench.refused(1, 100)
    bench.venue.accept(first)
    bench.venue.trade(first, 4)
    assert "a day" in bench.refused(1, 100), "it still works"
    bench.venue.end(first)
    assert bench.refused("6.001", 100) != "" and bench.refused(6, 100) == ""


def test_an_entry_that_goes_out_smaller_than_it_has_passed_counts_whole_until_it_ends_and_not_for_ever() -> None:
    bench = capped(max_day_quote=1000)
    request = OrderRequest(bench.instrument, BUY, OrderType.LIMIT, lots_of(bench.instrument, 10), ticks_of(bench.instrument, 100))
    assert bench.gate.refusal(request, bench.clock.now_ns) is None
    order = bench.venue.submit(replace(request, lots=lots_of(bench.instrument, 4)), Keeper())
    bench.send()
    bench.venue.accept(order)
    assert bench.refused(1, 100) != ""
    bench.venue.trade(order)
    bench.venue.end(order, OrderState.FILLED)
    assert bench.refused("6.001", 100) != "" and bench.refused(6, 100) == ""


def test_a_fill_that_comes_after_the_end_counts_again() -> None:
    bench = capped(max_day_quote=1000)
    first = bench.send_order(10, 100)
    bench.send()
    bench.venue.accept(first)
    bench.venue.end(first)
    bench.venue.trade(first, 5)
    assert bench.refused("5.001", 100) != "" and bench.refused(5, 100) == ""


def test_the_day_ends_at_midnight_utc_and_what_works_then_counts_for_the_new_one() -> None:
    bench = capped(max_day_quote=1000)
    day = bench.clock.now_ns // SECOND_NS // DAY_S
    order = bench.send_order(8, 100)
    bench.send()
    bench.venue.accept(order)
    bench.venue.trade(order, 3)
    bench.clock.tick((day + 1) * DAY_S * SECOND_NS - 1)
    assert bench.refused("2.001", 100) != ""
    bench.clock.tick((day + 1) * DAY_S * SECOND_NS)
    # 5 of it still work: 500 of the new day's 1000
    assert bench.refused("5.001", 100) != "" and bench.refused(5, 100) == ""


def test_another_quote_asset_is_converted_and_refused_where_there_is_no_rate() -> None:
    btc = instrument("ETH-BTC")
    bench = CapBench(AccountCaps(max_order_quote=1000), btc)
    bench.quote("0.05")
    found = bench.refused(1, "0.05")
    assert "no rate from BTC into USDT" in found and kind_of(found) is RefusalKind.WAITING
    bench.rates["BTC", "USDT"] = D(50_000)
    assert "2500.00 USDT is above the limit" in bench.refused(1, "0.05")
    assert bench.refused("0.4", "0.05") == ""


# ---- losses --------------------------------------------------------------------------------------------------------
def bought(bench: CapBench, amount: Any = 10, price: Any = 100, fee: Any = 0) -> None:
    order = bench.send_order(amount, price)
    bench.send()
    bench.venue.accept(order)
    bench.venue.trade(order, fee=fee)


@pytest.mark.parametrize(("mid", "latches"), [("95.1", False), ("95", True), ("80", True)])
def test_a_day_that_has_lost_its_cap_latches_with_what_is_not_realized(mid: str, latches: bool) -> None:
    bench = capped(max_day_loss=50)
    bought(bench)
    bench.quote(mid)
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert bool(bench.told) is latches and bool(bench.ledger.latched) is latches
    assert (bench.refused(1, mid) == "") is not latches


def test_fees_count_and_gains_of_before_the_day_do_not() -> None:
    bench = capped(max_day_loss=50)
    bought(bench, fee=49)
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert not bench.told
    bench.quote("99.9")
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert "lost 50.00 USDT, the cap is 50" in bench.told[0]
    bench = capped(max_day_loss=50)
    bought(bench)
    bench.quote(200)
    day = bench.clock.now_ns // SECOND_NS // DAY_S
    bench.clock.tick((day + 1) * DAY_S * SECOND_NS)
    bench.quote(196)
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert not bench.told, "the 4 a piece of today are 40; that it has gained 960 since yesterday is no cushion"
    bench.quote(195)
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert bench.told


def test_a_latch_holds_over_midnight_until_it_is_released_and_losses_count_from_then_on() -> None:
    bench = capped(max_day_loss=50)
    bought(bench)
    bench.quote(90)
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    day = bench.clock.now_ns // SECOND_NS // DAY_S
    bench.clock.tick((day + 1) * DAY_S * SECOND_NS)
    assert "until the owner releases them" in bench.refused(1, 90)
    assert bench.days[-1][2], "written down with the new day"
    bench.caps.release(bench.name, bench.clock.now_ns)
    assert bench.refused(1, 90) == "" and bench.days[-1][2] == ""
    bench.quote("85.1")
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert len(bench.told) == 1
    bench.quote(85)
    bench.clock.tick(bench.clock.now_ns + 2 * SECOND_NS)
    assert len(bench.told) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"max_order_quote": 0},
        {"max_day_loss": -1},
        {"price_deviation": 2},
        {"orders_per_minute": 0},
        {"max_leverage": 0},
        {"min_depth_quote": 0},
        {"pairs": []},
        {"pairs": ["BTC"]},
        {"max_order": 1},
    ],
)
def test_caps_that_can_not_be_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AccountCaps(**values)


# ---- whatever is asked for -----------------------------------------------------------------------------------------
ORDER, DAY, MINUTE = 500, 2000, 5
STEPS = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 9_000), st.sampled_from([None, 80, 95, 100, 104, 130]), st.sampled_from([BUY, SELL])),
    st.tuples(st.just("trade"), st.integers(0, 30), st.integers(1, 100), st.booleans()),
    st.tuples(st.just("end"), st.integers(0, 30), st.just(0), st.just(False)),
    st.tuples(st.just("wait"), st.integers(1, 40_000), st.just(0), st.just(False)),
    st.tuples(st.just("quote"), st.integers(90, 110), st.just(0), st.just(False)),
)


@settings(max_examples=60)
@given(st.lists(STEPS, min_size=5, max_size=60))
def test_whatever_is_asked_for_the_caps_hold(steps: list[tuple[Any, ...]]) -> None:
    bench = capped(max_order_quote=ORDER, max_day_quote=DAY, orders_per_minute=MINUTE, price_deviation="0.1")
    sent: list[tuple[Any, int, Decimal]] = []
    traded: list[tuple[int, Decimal]] = []
    for verb, first, second, third in steps:
        if verb == "send":
            order = bench.send_order(D(first) / 1000, second, third)
            if order.is_open:
                ticks = order.request.price_ticks
                price = order.instrument.price(ticks) if ticks is not None else bench._mid(bench.instrument.market.trading_pair) or D(0)
                sent.append((order, bench.clock.now_ns, price))
                bench.send()
                bench.venue.accept(order)
                assert price * order.instrument.amount(order.lots) <= ORDER
                mid = bench._mid(bench.instrument.market.trading_pair) or D(0)
                assert abs(price - mid) <= D("0.1") * mid
        elif verb in ("trade", "end") and sent:
            order, _, price = sent[first % len(sent)]
            if verb == "end":
                bench.venue.end(order)
            elif order.remaining_lots:
                # executions come in any state of an order, ended ones too; some are in parts
                part = order.instrument.amount(max(1, order.remaining_lots * second // 100)) if third else None
                fill = bench.venue.trade(order, part, price)
                traded.append((bench.clock.now_ns // SECOND_NS // DAY_S, fill.notional))
        elif verb == "wait":
            bench.clock.tick(bench.clock.now_ns + first * SECOND_NS)
        elif verb == "quote":
            bench.quote(first)
        now_ns = bench.clock.now_ns
        assert sum(now_ns - 60 * SECOND_NS < at_ns <= now_ns for _, at_ns, _ in sent) <= MINUTE
        # what the account knows of: late executions of ended orders can't be prevented any more, only counted
        if verb == "send":
            today = now_ns // SECOND_NS // DAY_S
            works = sum((price * order.instrument.amount(order.remaining_lots) for order, _, price in sent if order.is_open), D(0))
            done = sum((value for day, value in traded if day == today), D(0))
            is_new = bool(sent) and sent[-1][1] == now_ns and sent[-1][0].is_open
            assert works + done <= DAY or not is_new
