"""The paper exchange behaves as a venue: latency, matching, queues, fees, budget. Perpetuals: `test_paper_perpetuals`."""

from __future__ import annotations

import pytest

from botcore.connectors.paper.models import BackOfQueue, JitterLatency, ThroughQueue, TouchQueue
from botcore.model.enums import TradeType
from botcore.model.market_events import FeedEnded
from botcore.model.order import OrderState, Purpose
from botcore.model.venue_updates import CancelRefused, OrderEnded, OrderTaken, OrderTraded
from tests.support.bench import SPOT, D, instrument
from tests.support.paper_venue import BUY, CLOSE, MAKER, MS, SELL, Venue, ended, fills, perpetual, traded


# ---- matching ------------------------------------------------------------------------------------------------------
def test_market_order_walks_the_book_level_by_level() -> None:
    venue = Venue()
    venue.book([(99, 5)], [(101, 1), (102, 2), (103, 3)])
    name, said = venue.order(BUY, 4)
    assert type(said[0]) is OrderTaken and said[0].client_order_id == name
    assert traded(said) == [(101, 1), (102, 2), (103, 1)]
    assert not any(fill.is_maker for fill in fills(said))
    assert ended(said) == [], "a complete fill needs no further word"
    assert name not in venue.exchange.orders


def test_market_order_walks_more_levels_than_one_page_of_the_book() -> None:
    venue = Venue()
    venue.book([(99, 5)], [(101 + step, 1) for step in range(50)])
    _, said = venue.order(BUY, 40)
    assert traded(said) == [(101 + step, 1) for step in range(40)]


def test_market_order_beyond_the_depth_fills_what_is_there_and_expires() -> None:
    venue = Venue()
    _, said = venue.order(SELL, "10")
    assert traded(said) == [(99, 10)]
    venue = Venue(deposit={"ETH": "20"})
    _, said = venue.order(SELL, "12")
    assert traded(said) == [(99, 10)]
    assert ended(said) == [(OrderState.EXPIRED, "the book had no more depth")]
    assert venue.ledger.available("ETH") == 10


def test_market_order_into_an_empty_side_is_refused() -> None:
    venue = Venue()
    venue.book([(99, 5)], [])
    _, said = venue.order(BUY, 1)
    assert ended(said) == [(OrderState.FAILED, "nobody stands on the other side of the book")]


def test_limit_order_takes_up_to_its_price_and_rests_with_what_is_left() -> None:
    venue = Venue()
    venue.book([(99, 5)], [(101, 1), (102, 2), (103, 3)])
    name, said = venue.order(BUY, 4, 102)
    assert traded(said) == [(101, 1), (102, 2)]
    assert venue.exchange.orders[name].remaining == 1000


def test_resting_order_trades_at_its_own_price_never_better() -> None:
    venue = Venue()
    name, said = venue.order(BUY, 1, 98)
    assert fills(said) == []
    venue.quote(90, 91)
    (fill,) = fills(venue.said())
    assert (fill.price, fill.amount, fill.is_maker) == (98, 1, True)
    assert name not in venue.exchange.orders


def test_better_priced_and_older_orders_trade_first() -> None:
    venue = Venue()
    names = [venue.order(BUY, 1, price)[0] for price in (97, 98, 97, 98)]
    venue.quote(90, 91)
    assert [fill.client_order_id for fill in fills(venue.said())] == [names[1], names[3], names[0], names[2]]


def test_sell_side_mirrors_it() -> None:
    venue = Venue()
    names = [venue.order(SELL, 1, price)[0] for price in (103, 102, 102)]
    venue.quote(102, 104)
    assert [(fill.client_order_id, fill.price) for fill in fills(venue.said())] == [(names[1], 102), (names[2], 102)]


@pytest.mark.parametrize(("side", "price", "refused"), [(BUY, 101, True), (BUY, 100, False), (SELL, 99, True), (SELL, 100, False)])
def test_limit_maker_rests_or_is_refused(side: TradeType, price: int, refused: bool) -> None:
    venue = Venue()
    name, said = venue.order(side, 1, price, MAKER)
    assert fills(said) == []
    assert ended(said) == ([(OrderState.FAILED, "post-only order would take")] if refused else [])
    assert (name in venue.exchange.orders) is not refused
    assert venue.ledger.reserved.get("USDT" if side is BUY else "ETH", D(0)) == (0 if refused else 100 if side is BUY else 1)


def test_order_sizes_are_checked_against_the_rules() -> None:
    venue = Venue(instrument(connector=SPOT, min_amount="0.1", min_notional="50"))
    assert "smallest order 0.1" in ended(venue.order(BUY, "0.05", 98)[1])[0][1]
    assert "smallest order value 50" in ended(venue.order(BUY, "0.2", 98)[1])[0][1]
    assert ended(venue.order(BUY, "0.6", 98)[1]) == []


def test_slippage_counts_where_the_source_has_no_depth_and_respects_a_limit() -> None:
    venue = Venue(slippage="0.001")
    venue.quote(100, 100)
    assert traded(venue.order(BUY, 1)[1]) == [(D("100.10"), 1)]
    assert traded(venue.order(SELL, 1)[1]) == [(D("99.90"), 1)]
    assert traded(venue.order(BUY, 1, "100.05")[1]) == [(D("100.05"), 1)]
    venue.quote(100, 100, "5", "5")
    assert traded(venue.order(BUY, 1)[1]) == [(100, 1)], "displayed depth is what it is"


# ---- latency -------------------------------------------------------------------------------------------------------
def test_order_acts_only_after_the_latency_and_on_the_book_of_that_moment() -> None:
    venue = Venue(latency_ns=50 * MS)
    sent_ns = venue.now_ns
    venue.send(BUY, 1)
    assert venue.wakes == [sent_ns + 50 * MS]
    venue.exchange.advance(sent_ns + 50 * MS - 1)
    assert venue.said() == []
    venue.now_ns = sent_ns + 20 * MS
    venue.quote(104, 105)
    venue.exchange.advance(sent_ns + 50 * MS)
    (fill,) = fills(venue.said())
    assert (fill.price, fill.ts_ns) == (105, sent_ns + 50 * MS)


def test_order_that_arrived_before_a_market_event_meets_the_book_as_it_was() -> None:
    venue = Venue(latency_ns=10)
    venue.send(BUY, 1)
    venue.quote(104, 105)
    assert [fill.price for fill in fills(venue.said())] == [101]


def test_nothing_trades_on_the_event_it_was_born_in() -> None:
    """Sent at the time of an event, with no latency at all, it still arrives later."""
    venue = Venue(latency_ns=0)
    venue.send(BUY, 1)
    venue.exchange.advance(venue.now_ns)
    assert venue.said() == []
    venue.exchange.advance(venue.now_ns + 1)
    assert len(fills(venue.said())) == 1


def test_cancel_takes_time_too_and_a_fill_may_win() -> None:
    venue = Venue(latency_ns=50 * MS)
    name = venue.send(BUY, 1, 98)
    venue.now_ns += 60 * MS
    venue.exchange.advance(venue.now_ns)
    venue.said()
    venue.exchange.cancel(name, venue.now_ns)
    venue.quote(90, 91)
    assert len(fills(venue.said())) == 1
    venue.exchange.advance(venue.now_ns + 60 * MS)
    (answer,) = venue.said()
    assert type(answer) is CancelRefused and answer.client_order_id == name


def test_cancel_frees_what_the_order_bound() -> None:
    venue = Venue(taker="0.001")
    name, _ = venue.order(BUY, 1, 98)
    assert venue.ledger.available("USDT") == 10_000 - D("98.098")
    assert ended(venue.cancel(name)) == [(OrderState.CANCELED, "")]
    assert venue.ledger.available("USDT") == 10_000
    venue.quote(90, 91)
    assert venue.said() == []


def test_requests_keep_their_order_on_a_jittery_line() -> None:
    venue = Venue()
    object.__setattr__(venue.exchange.rules, "latency", JitterLatency(5 * MS, 20 * MS, seed=7))
    names = []
    for _ in range(30):
        names.append(venue.send(BUY, "0.01", 90))
        venue.now_ns += MS
    arrivals = [at for at, _, _ in venue.exchange.arriving()]
    assert arrivals == sorted(arrivals)
    venue.now_ns += 10_000 * MS
    taken = [update.client_order_id for update in venue.arrive() if type(update) is OrderTaken]
    assert taken == names


def test_jitter_is_the_same_for_the_same_seed() -> None:
    one, two = JitterLatency(5, 100, 3), JitterLatency(5, 100, 3)
    assert [one.delay_ns() for _ in range(20)] == [two.delay_ns() for _ in range(20)]


# ---- queue models --------------------------------------------------------------------------------------------------
def test_touch_queue_fills_when_the_market_reaches_the_price() -> None:
    venue = Venue(queue=TouchQueue())
    venue.order(BUY, 1, 98)
    venue.quote(97, 98)
    assert traded(venue.said()) == [(98, 1)]


def test_through_queue_fills_only_when_the_market_goes_through() -> None:
    venue = Venue(queue=ThroughQueue())
    venue.order(BUY, 1, 98)
    venue.quote(97, 98)
    venue.trade(98, 1000, buyer_is_maker=True)
    assert traded(venue.said()) == []
    venue.quote(97, "97.99")
    assert traded(venue.said()) == [(98, 1)]


def test_back_of_queue_waits_for_the_displayed_size_to_trade() -> None:
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 2, 99)
    venue.trade(99, 4, buyer_is_maker=True)
    assert traded(venue.said()) == [], "4 of 10 ahead"
    venue.trade(99, 5, buyer_is_maker=True)
    assert traded(venue.said()) == [], "9 of 10 ahead"
    venue.trade(99, "2.5", buyer_is_maker=True)
    assert traded(venue.said()) == [(99, D("1.5"))]
    venue.trade(99, 1, buyer_is_maker=True)
    assert traded(venue.said()) == [(99, D("0.5"))]


def test_back_of_queue_shrinks_with_what_stands_there() -> None:
    """Others canceled: no more can be ahead than the level displays."""
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 1, 99)
    venue.quote(99, 101, "2", "10")
    venue.trade(99, 2, buyer_is_maker=True)
    assert traded(venue.said()) == []
    venue.trade(99, "0.4", buyer_is_maker=True)
    assert traded(venue.said()) == [(99, D("0.4"))]


def test_trade_of_the_other_side_or_at_a_worse_price_fills_nobody() -> None:
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 1, 98)
    venue.trade(99, 100, buyer_is_maker=True)
    venue.trade(98, 100, buyer_is_maker=False)
    assert traded(venue.said()) == []
    venue.trade("97.5", 1, buyer_is_maker=True)
    assert traded(venue.said()) == [(98, 1)], "a trade beyond our price fills us in full"


# ---- fees and budget -----------------------------------------------------------------------------------------------
def test_maker_and_taker_fees_in_quote() -> None:
    venue = Venue(maker="0.001", taker="0.002")
    (taken,) = fills(venue.order(BUY, 2)[1])
    assert (taken.fee.amount, taken.fee.asset, taken.fee.in_quote) == (D("0.404"), "USDT", D("0.404"))
    venue.order(SELL, 1, 102)
    venue.quote(102, 103)
    (made,) = fills(venue.said())
    assert (made.fee.amount, made.fee.asset) == (D("0.102"), "USDT")
    assert venue.ledger.totals == {"USDT": D(10_000) - 202 - D("0.404") + 102 - D("0.102"), "ETH": D(11)}


def test_fee_from_what_one_receives_is_base_on_a_buy_and_quote_on_a_sell() -> None:
    venue = Venue(taker="0.001", from_received=True)
    (bought,) = fills(venue.order(BUY, 1)[1])
    assert (bought.fee.amount, bought.fee.asset, bought.fee.in_quote) == (D("0.001"), "ETH", D("0.101"))
    (sold,) = fills(venue.order(SELL, 1)[1])
    assert (sold.fee.amount, sold.fee.asset) == (D("0.099"), "USDT")
    assert venue.ledger.totals == {"USDT": D(10_000) - 101 + 99 - D("0.099"), "ETH": D("9.999")}


def test_budget_counts_fees_and_what_other_orders_bind() -> None:
    venue = Venue(taker="0.01", deposit={"USDT": "202"})
    assert ended(venue.order(BUY, 2, 100)[1]) == []
    assert venue.ledger.available("USDT") == 0
    ((state, reason),) = ended(venue.order(BUY, "0.001", 100)[1])
    assert state is OrderState.FAILED
    assert reason.startswith("insufficient balance: needs 0.101") and "USDT, available 0" in reason


def test_sell_needs_the_base() -> None:
    venue = Venue(deposit={"ETH": "1"})
    assert ended(venue.order(SELL, "0.6", 105)[1]) == []
    assert "insufficient balance" in ended(venue.order(SELL, "0.5", 105)[1])[0][1]
    assert ended(venue.order(SELL, "0.4", 105)[1]) == []


def test_partial_fill_frees_its_share_of_what_was_bound() -> None:
    venue = Venue(queue=BackOfQueue())
    venue.order(BUY, 4, 99)
    assert venue.ledger.reserved["USDT"] == 396
    venue.trade(99, 11, buyer_is_maker=True)
    assert venue.ledger.reserved["USDT"] == 297
    assert venue.ledger.total("USDT") == 10_000 - 99


def test_doubled_client_order_id_is_refused_and_harms_nobody() -> None:
    venue = Venue()
    name, _ = venue.order(BUY, 1, 98)
    venue.exchange.create(venue.exchange.orders[name].request, name, venue.now_ns)
    assert ended(venue.arrive()) == [(OrderState.FAILED, f"client order id {name} is in use")]
    assert name in venue.exchange.orders


# ---- reports -------------------------------------------------------------------------------------------------------
def test_report_tells_everything_about_an_order() -> None:
    venue = Venue(queue=BackOfQueue())
    name, _ = venue.order(BUY, 2, 99)
    venue.trade(99, 11, buyer_is_maker=True)
    venue.said()
    assert [type(update) for update in venue.exchange.report(name, venue.now_ns)] == [OrderTaken, OrderTraded]
    venue.cancel(name)
    report = venue.exchange.report(name, venue.now_ns)
    assert [type(update) for update in report] == [OrderTaken, OrderTraded, OrderEnded]
    assert report[-1].state is OrderState.CANCELED


def test_report_of_an_order_that_never_came_ends_it_and_of_one_on_its_way_says_nothing() -> None:
    venue = Venue(latency_ns=50 * MS)
    name = venue.send(BUY, 1, 98)
    assert venue.exchange.report(name, venue.now_ns) == []
    assert ended(venue.exchange.report("never", venue.now_ns)) == [(OrderState.FAILED, "the order never reached the venue")]


def test_ended_market_takes_no_new_risk_but_lets_exits_out() -> None:
    venue = perpetual()
    venue.order(BUY, 1)
    venue.play(FeedEnded(venue.of.market, venue.now_ns))
    assert ended(venue.order(BUY, 1)[1]) == [(OrderState.FAILED, "the recorded market has ended")]
    assert traded(venue.order(SELL, 1, action=CLOSE, purpose=Purpose.CLOSE)[1]) == [(99, 1)]
