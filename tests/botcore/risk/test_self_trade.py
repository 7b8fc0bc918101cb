"""No order of ours trades with another one of ours: row O14, and caps over everything that is open: I14."""

from __future__ import annotations

from typing import Any

from botcore.connectors.base import OutgoingRequest
from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, PositionAction, TradeType
from botcore.model.market_events import BookSnapshot
from botcore.model.order import OrderRequest, OrderState, Purpose
from botcore.model.refusals import OWN_ORDER, THIN_BOOK
from botcore.risk.limits import RiskLimits
from tests.support.bench import PERP, D, lots_of, ticks_of
from tests.support.live_bench import LiveBench
from tests.support.lossy_venue import Line
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL


def start(bench: VenueBench, side: TradeType, price: Any, amount: Any = 1, controller: str = "one", **barriers: Any) -> Any:
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": side, "entry_price": D(str(price)), "amount": D(str(amount))}
    return bench.start(PositionExecutorConfig(**values, triple_barrier_config=TripleBarrierConfig(**barriers)), controller)


def test_o14_limit_entry_is_priced_one_tick_behind_our_own_order() -> None:
    bench = VenueBench()
    start(bench, SELL, 101)
    start(bench, BUY, 102, controller="two")
    first, second = bench.orders
    assert (first.request.price_ticks, second.request.price_ticks) == (10_100, 10_099)
    start(bench, BUY, "100.5", controller="two")
    assert bench.orders[-1].request.price_ticks == 10_050, "one that does not reach it keeps its price"


def test_o14_an_order_that_has_ended_is_in_nobodys_way() -> None:
    bench = VenueBench()
    start(bench, SELL, 101)
    bench.venue.end(bench.orders[0], OrderState.EXPIRED, "of the test")
    start(bench, BUY, 102, controller="two")
    assert bench.orders[-1].request.price_ticks == 10_200


def test_o14_order_in_doubt_counts_like_one_that_rests() -> None:
    bench = LiveBench(line=Line(drop_after=1, stream_drop=1))
    bench.start(side=SELL, entry_price=D(101))
    bench.run(11)
    assert bench.records.submitted[0].state is OrderState.UNKNOWN
    bench.start(side=BUY, entry_price=D(102))
    assert bench.records.submitted[-1].request.price_ticks == 10_099


def test_o14_entry_at_market_that_would_meet_our_order_is_refused_and_tried_again_bounded() -> None:
    bench = VenueBench()
    start(bench, SELL, 100)
    # our own order is the best ask
    executor = start(bench, BUY, 100, controller="two", open_order_type=OrderType.MARKET)
    assert executor.info.reason.startswith(OWN_ORDER)
    assert len(bench.orders) == 1
    for _ in range(40):
        bench.tick(10)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.FAILED)
    assert len(bench.records.submitted) == 12, "eleven tries of the second and the order of the first"


def test_o14_exit_wins_over_an_entry_which_is_canceled_first() -> None:
    bench = VenueBench()
    held = start(bench, BUY, 100)
    bench.venue.trade(bench.orders[0])
    resting = start(bench, BUY, "99.5", controller="two")
    bench.quote("99.5", 100)
    bench.orchestrator.stop(held.id)
    outbox: list[OutgoingRequest] = list(bench.venue.outbox)
    assert [(item.is_cancel, item.order.request.purpose) for item in outbox] == [(True, Purpose.OPEN), (False, Purpose.CLOSE)]
    bench.send()
    bench.venue.trade(bench.orders[-1], price="99.5")
    bench.venue.end(bench.orders[1])
    assert held.is_closed
    bench.price("99.6", 100)
    assert not resting.is_closed
    assert bench.live() and bench.live()[0].request.price_ticks == 9_950, "the other bot quotes again when the exit has gone by"


def test_o14_take_profit_of_another_bot_gives_way_to_an_exit_too() -> None:
    bench = VenueBench()
    long = start(bench, BUY, 100, take_profit=D("0.01"), take_profit_order_type=OrderType.LIMIT)
    bench.venue.trade(bench.orders[0])
    short = start(bench, SELL, 100, controller="two")
    bench.venue.trade(bench.orders[1])
    bench.price("100.5", 101)
    (profit,) = [order for order in bench.orders if order.request.purpose is Purpose.TAKE_PROFIT]
    assert profit.request.price_ticks == 10_100
    bench.orchestrator.stop(short.id)
    bench.send()
    assert profit.cancel_asked
    assert bench.orders[-1].request.purpose is Purpose.CLOSE
    assert not long.is_closed


def test_o14_deep_market_order_is_followed_through_the_book() -> None:
    bench = VenueBench()
    start(bench, SELL, "100.3")
    of = bench.instrument
    asks = [(ticks_of(of, price), lots_of(of, 1)) for price in ("100.1", "100.2", "100.4")]
    bench.state.apply(BookSnapshot(of.market, bench.clock.now_ns, 1, [(ticks_of(of, 100), lots_of(of, 5))], asks))
    near = start(bench, BUY, 100, 2, controller="two", open_order_type=OrderType.MARKET)
    assert near.info.reason == ""
    far = start(bench, BUY, 100, "2.5", controller="two", open_order_type=OrderType.MARKET)
    assert far.info.reason.startswith(OWN_ORDER)


# ---- caps ------------------------------------------------------------------------------------------------------------
def test_i14_cap_counts_held_working_and_queued_orders_of_all_controllers() -> None:
    bench = VenueBench(limits=RiskLimits(max_open_quote=D(250)))
    start(bench, BUY, 100)
    bench.venue.trade(bench.orders[0])
    start(bench, SELL, 110, "0.9", controller="two")
    refused = start(bench, BUY, 90, controller="three")
    assert "above the limit of 250" in refused.info.reason
    bench.venue.end(bench.orders[1])
    assert start(bench, BUY, 90, controller="four").info.reason == ""


def test_i14_cap_of_a_pair_and_exits_pass_it() -> None:
    bench = VenueBench(limits=RiskLimits(max_position_quote=D(100)))
    executor = start(bench, BUY, 100)
    bench.venue.trade(bench.orders[0])
    assert "ETH-USDT would have" in start(bench, BUY, 100, "0.001", controller="two").info.reason
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.orders[-1].request.purpose is Purpose.CLOSE


def test_i14_order_in_doubt_keeps_its_place_under_the_cap() -> None:
    bench = LiveBench(line=Line(drop_before=1), limits=RiskLimits(max_open_quote=D(150)))
    bench.start()
    bench.run(11)
    assert bench.records.submitted[0].state is OrderState.UNKNOWN
    assert "above the limit of 150" in bench.start().info.reason


def test_i14_what_was_held_before_a_restart_counts() -> None:
    bench = LiveBench(crashes=True, limits=RiskLimits(max_open_quote=D(150)))
    bench.venue.partial = 0
    bench.start(triple_barrier_config=TripleBarrierConfig())
    bench.run(1)
    bench.price(9_900)
    bench.run(1)
    bench.kill("sent")
    bench.run(2)
    assert bench.connector.own.open_quote("USDT") == 99
    assert "above the limit of 150" in bench.start().info.reason


# ---- thin books ------------------------------------------------------------------------------------------------------
def thin(bench: VenueBench, bids: list[tuple[str, str]]) -> None:
    of = bench.instrument
    levels = [(ticks_of(of, price), lots_of(of, size)) for price, size in bids]
    bench.state.apply(BookSnapshot(of.market, bench.clock.now_ns, 1, levels, [(ticks_of(of, "100.01"), lots_of(of, 9))]))


def test_o23_exit_takes_no_more_than_the_book_has_near_the_touch_and_comes_again() -> None:
    bench = VenueBench()
    executor = start(bench, BUY, 100)
    bench.venue.trade(bench.orders[0])
    thin(bench, [("100", "0.4"), ("96", "0.2"), ("50", "10")])
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.orders[-1].lots == 600, "50 is half the price away"
    bench.venue.trade(bench.orders[-1], price=99)
    thin(bench, [("99", "5")])
    bench.tick()
    assert bench.orders[-1].lots == 400
    bench.venue.trade(bench.orders[-1], price=99)
    assert executor.is_closed


def test_o23_book_that_says_nothing_does_not_hold_up_an_exit() -> None:
    bench = VenueBench()
    executor = start(bench, BUY, 100)
    bench.venue.trade(bench.orders[0])
    bench.state.book.clear()
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.orders[-1].lots == 1000


def test_o23_entry_at_market_into_a_thin_book_is_refused() -> None:
    bench = VenueBench()
    thin(bench, [("100", "0.4"), ("50", "10")])
    executor = start(bench, SELL, 100, open_order_type=OrderType.MARKET)
    assert executor.info.reason.startswith(THIN_BOOK)
    assert bench.orders == []


def test_order_executor_is_guarded_too() -> None:
    bench = VenueBench()
    start(bench, SELL, 101)
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": BUY, "amount": D(1), "price": D(102), "execution_strategy": "LIMIT"}
    bench.start(OrderExecutorConfig(**values), "two")
    assert bench.orders[-1].request.price_ticks == 10_099


def test_a_look_at_the_desk_tells_of_our_own_orders_and_leaves_them_where_they_are() -> None:
    bench = VenueBench()
    held = start(bench, BUY, 100)
    bench.venue.trade(bench.orders[0])
    start(bench, SELL, 101, controller="two")
    resting, sent = bench.orders[-1], len(bench.venue.outbox)
    instrument = bench.instrument
    desk = bench.orchestrator.around.desk
    lots = instrument.lots(D(1))

    def look(side: TradeType, price: str | None, purpose: Purpose = Purpose.OPEN) -> Any:
        kind, ticks = (OrderType.MARKET, None) if price is None else (OrderType.LIMIT, instrument.price_ticks(D(price), side))
        action = PositionAction.OPEN if purpose is Purpose.OPEN else PositionAction.CLOSE
        return desk.look(OrderRequest(instrument, side, kind, lots, ticks, action, purpose, "bot", "one", "another"))

    behind = look(BUY, "102")
    assert (behind.request.price_ticks, behind.reasons, behind.cancel) == (10_099, (), ())
    assert look(BUY, "100.5").request.price_ticks == 10_050
    bench.quote("100.9", 101)
    (reason,) = look(BUY, None).reasons
    assert reason.startswith(OWN_ORDER)
    assert look(BUY, None, Purpose.CLOSE).cancel == (resting,), "an exit would have it canceled"
    desk.paused = "of the test"
    assert look(BUY, "100.5").reasons == ("waits until the bot is resumed: of the test",)
    assert look(BUY, None, Purpose.CLOSE).reasons == ()
    assert len(bench.venue.outbox) == sent and resting.is_open and not resting.cancel_asked and not held.is_closed
