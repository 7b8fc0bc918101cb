"""Start is recovery (PS-4): what was written brings back the same executors, with their barriers, orders and fills, each fill once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.order import OrderState
from botcore.model.venue_updates import OrderEnded, OrderTaken, OrderTraded
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.bench import PERP, D
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL


def config(side: TradeType = BUY, **changes: Any) -> PositionExecutorConfig:
    barriers = {"stop_loss": D("0.05"), "take_profit": D("0.10"), "time_limit": 60}
    barriers |= {key: changes.pop(key) for key in list(changes) if key in TripleBarrierConfig.model_fields}
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": side, "entry_price": D(100), "amount": D(1)} | changes
    return PositionExecutorConfig(triple_barrier_config=TripleBarrierConfig(**barriers), **values)


def restarted(before: VenueBench) -> VenueBench:
    """A new process: nothing of the old one but its records and the time and price of the world."""
    after = VenueBench(price=None, now_ns=before.clock.now_ns)
    after.quote(before.instrument.price(before.state.book.best_bid), before.instrument.price(before.state.book.best_ask))
    after.ids.serial = before.ids.serial
    after.venue._trades, after.venue._exchange_ids = before.venue._trades, before.venue._exchange_ids
    bot = StrategyV2Base("bot", [], after.orchestrator, after.market_data, after.clock, after.bus)
    restore_bot(bot, before.records.bot_records(), after.venues, after.market_data)
    return after


def only(bench: VenueBench) -> Any:
    (executor,) = bench.orchestrator.running
    return executor


def sells(bench: VenueBench) -> list[int]:
    return [order.lots for order in bench.orders if order.request.trade_type is SELL]


def test_ps_4_filled_position_comes_back_with_the_same_barriers() -> None:
    before = VenueBench()
    executor = before.start(config())
    before.venue.accept(before.orders[0])
    before.venue.trade(before.orders[0], fee="0.2")
    before.tick(5)
    after = restarted(before)
    back = only(after)
    assert back.id == executor.id and back.status is RunnableStatus.RUNNING
    assert back.custom_info() == executor.custom_info()
    assert back.record() == executor.record()
    after.price("95.21")
    assert back.close_type is None
    after.price("95.20")
    assert back.close_type is CloseType.STOP_LOSS and sells(after) == [1000]


def test_time_limit_counts_from_the_first_creation() -> None:
    before = VenueBench()
    before.start(config())
    before.venue.trade(before.orders[0])
    before.tick(50)
    after = restarted(before)
    after.tick(9)
    assert only(after).status is RunnableStatus.RUNNING
    after.tick(1)
    assert only(after).close_type is CloseType.TIME_LIMIT


def test_armed_trailing_stop_stays_where_it_was() -> None:
    """Armed at +4 % (trigger +3.5 %), then down while the process was dead: it closes, although it would not arm again."""
    before = VenueBench()
    trailing = TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.005"))
    before.start(config(trailing_stop=trailing))
    before.venue.trade(before.orders[0])
    before.price(104)
    after = restarted(before)
    assert only(after).custom_info()["trailing_stop_trigger_pct"] == D("0.035")
    after.price("103.5")
    assert only(after).close_type is None
    after.price("103.4")
    assert only(after).close_type is CloseType.TRAILING_STOP


def test_resting_entry_and_take_profit_are_taken_up_not_sent_again() -> None:
    before = VenueBench()
    before.start(config(take_profit_order_type=OrderType.LIMIT))
    entry = before.orders[0]
    before.venue.accept(entry)
    before.venue.trade(entry, "0.4")
    before.tick()
    assert sells(before) == [400]
    before.venue.accept(before.orders[1])
    after = restarted(before)
    after.tick(3)
    assert after.orders == [], "both orders are live at the venue already"
    assert [order.client_order_id for order in after.live()] == [order.client_order_id for order in before.live()]
    after.price(94)
    assert [order.client_order_id for order in after.venue.cancels] == [order.client_order_id for order in before.live()]
    for order in after.live():
        after.venue.end(order)
    after.tick()
    assert sells(after) == [400], "0.4 is held, 0.4 is sold"


def test_fill_that_came_while_it_was_dead_counts_and_one_that_was_known_does_not_count_again() -> None:
    before = VenueBench()
    before.start(config())
    entry = before.orders[0]
    before.venue.accept(entry)
    known = before.venue.trade(entry, "0.4")
    missed = before.venue.trade  # what the venue did after the crash, told on reconcile
    records = before.records.bot_records()
    late = missed(entry, "0.6")
    before.records.bot_records = lambda: records  # type: ignore[method-assign]
    after = restarted(before)
    assert only(after).custom_info()["exposure_base"] == D("0.4")
    after.venue.answers[entry.client_order_id] = [
        OrderTaken(entry.client_order_id, "ex-1", 0),
        OrderTraded(known),
        OrderTraded(late),
        OrderTraded(late),
    ]
    after.venue.reconcile(after.clock.now_ns)
    back = only(after)
    assert back.custom_info()["exposure_base"] == 1
    assert [fill.trade_id for fill, _ in after.records.fills] == [late.trade_id]
    assert after.live() == []
    after.price(95)
    assert back.close_type is CloseType.STOP_LOSS and sells(after) == [1000]


def test_exit_under_way_goes_on_with_its_close_type() -> None:
    before = VenueBench()
    before.start(config())
    before.venue.trade(before.orders[0])
    before.price(90)
    close = before.orders[1]
    before.venue.accept(close)
    before.venue.trade(close, "0.3", price=90)
    after = restarted(before)
    back = only(after)
    assert (back.status, back.close_type) == (RunnableStatus.SHUTTING_DOWN, CloseType.STOP_LOSS)
    after.tick(3)
    assert after.orders == [], "its close order is still live"
    (live,) = after.live()
    after.venue.end(live, OrderState.EXPIRED, "no more depth")
    after.tick(2)
    assert sells(after) == [700]
    after.venue.trade(after.orders[0], price=89)
    assert after.records.ended[0].close_type is CloseType.STOP_LOSS
    assert after.records.ended[0].net_pnl_quote == D("0.3") * -10 + D("0.7") * -11


def test_order_that_never_left_is_ended_by_the_venues_word_and_sent_again_as_a_new_one() -> None:
    """The intent was written, the process died before the request left: nothing is sent under the old id."""
    before = VenueBench()
    before.orchestrator.create(config(), "main")
    after = restarted(before)
    (order,) = after.live()
    assert order.state is OrderState.PENDING_CREATE
    after.tick(3)
    assert after.orders == [], "not before the venue was asked"
    after.venue.answers[order.client_order_id] = [OrderEnded(order.client_order_id, OrderState.FAILED, "the order never reached the venue", 0)]
    after.venue.reconcile(after.clock.now_ns)
    after.tick(2)
    assert [sent.lots for sent in after.orders] == [1000]
    assert after.orders[0].client_order_id != order.client_order_id


def test_backoff_and_retries_survive() -> None:
    before = VenueBench()
    before.start(config(time_limit=None))
    for _ in range(3):
        before.venue.reject(before.orders[-1])
        before.tick(5)
    before.venue.reject(before.orders[-1])
    assert only(before).retries == 4
    after = restarted(before)
    assert only(after).retries == 4
    after.tick(7)
    assert after.orders == []
    after.tick(1)
    assert len(after.orders) == 1


def test_keep_position_that_was_asked_before_the_crash_is_kept_after_it() -> None:
    before = VenueBench()
    executor = before.start(config())
    entry = before.orders[0]
    before.venue.accept(entry)
    before.venue.trade(entry, "0.4")
    before.orchestrator.stop(executor.id, keep_position=True)
    after = restarted(before)
    after.tick()
    (order,) = after.live()
    assert after.venue.cancels == [order], "the cancel is asked again: nobody knows whether the first one left"
    after.venue.end(order)
    assert after.records.ended[0].close_type is CloseType.POSITION_HOLD
    assert [hold.amount for hold in after.orchestrator.positions()] == [D("0.4")]


def test_holds_tallies_and_closed_executors_come_back() -> None:
    before = VenueBench()
    for close_at in (110, 90):
        executor = before.start(config())
        before.venue.trade(before.orders[-1], fee="0.1")
        before.orchestrator.stop(executor.id)
        before.send()
        before.venue.trade(before.orders[-1], price=close_at)
        before.tick()
    kept = before.start(config())
    before.venue.trade(before.orders[-1], fee="0.1")
    before.orchestrator.stop(kept.id, keep_position=True)
    before.send()
    before.quote(105)
    after = restarted(before)
    assert after.orchestrator.running == ()
    assert after.orchestrator.report() == before.orchestrator.report()
    assert after.orchestrator.positions() == before.orchestrator.positions()
    mine, theirs = before.orchestrator.shelf("main").infos, after.orchestrator.shelf("main").infos
    assert [(i.id, i.close_type, i.net_pnl_quote, i.close_ns, i.level_id) for i in theirs] == [
        (i.id, i.close_type, i.net_pnl_quote, i.close_ns, i.level_id) for i in mine
    ]


def test_order_executor_comes_back() -> None:
    before = VenueBench()
    wanted = OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D(1), execution_strategy="LIMIT", price=D(99))
    before.start(wanted)
    entry = before.orders[0]
    before.venue.accept(entry)
    before.venue.trade(entry, "0.4")
    after = restarted(before)
    after.tick(3)
    assert after.orders == []
    after.venue.trade(after.live()[0], "0.6")
    assert after.records.ended[0].close_type is CloseType.POSITION_HOLD
    assert after.orchestrator.positions()[0].amount == 1


@pytest.mark.parametrize("moments", [1, 2, 3, 4, 5, 6, 7, 8])
def test_restart_at_any_moment_ends_with_the_same_result(moments: int) -> None:
    """One life of an executor, with a restart after the n-th happening: the outcome is that of the life without it."""

    def life(restart_after: int | None) -> tuple[Any, ...]:
        bench = VenueBench()
        bench.start(config(take_profit_order_type=OrderType.LIMIT, trailing_stop=TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.01"))))
        happenings = [
            lambda: bench.venue.accept(bench.live()[0]),
            lambda: bench.venue.trade(bench.live()[0], "0.4", fee="0.01"),
            lambda: bench.tick(),
            lambda: bench.venue.trade(next(order for order in bench.live() if order.request.trade_type is BUY), "0.3", fee="0.01"),
            lambda: bench.price(104),
            lambda: [bench.venue.end(order) for order in bench.live() if order.cancel_asked],
            lambda: bench.price("102.5"),
            lambda: [bench.venue.end(order) for order in bench.live() if order.cancel_asked],
        ]
        for number, happening in enumerate(happenings, 1):
            happening()
            if number == restart_after:
                bench = restarted(bench)
        for _ in range(10):
            bench.tick()
            for order in bench.live():
                if order.request.order_type is OrderType.MARKET:
                    bench.venue.trade(order, price="102.5")
                elif order.cancel_asked:
                    bench.venue.end(order)
        assert bench.orchestrator.running == ()
        info = bench.records.ended[-1]
        return info.close_type, info.net_pnl_quote, info.filled_amount_quote, bench.orchestrator.positions()

    assert life(moments) == life(None)
    assert life(None)[0] is CloseType.TRAILING_STOP


def test_live_order_of_an_abandoned_executor_is_not_forgotten_by_a_restart() -> None:
    """The executor raised and was buried with a cancel in the outbox; the process dies before it leaves. Somebody must still cancel that order."""
    before = VenueBench()
    executor = before.start(config())
    entry = before.orders[0]
    before.venue.accept(entry)
    executor.abandon(before.clock.now_ns, "of the test")
    before.venue.take_outbox()
    after = restarted(before)
    after.venue.reconcile(after.clock.now_ns)
    after.tick(3)
    known = [order.client_order_id for order in [*after.live(), *after.venue.cancels]]
    assert entry.client_order_id in known


def test_p1_a_bot_that_breaks_half_way_through_its_recovery_decides_nothing_and_keeps_its_exits() -> None:
    """The second executor's state can't be taken up: the orders of the first are known, but nobody acts on them any more."""
    before = VenueBench()
    before.start(config(take_profit_order_type=OrderType.LIMIT))
    before.venue.accept(before.orders[0])
    before.venue.trade(before.orders[0])
    before.tick()
    before.start(config(entry_price=D(90)))
    for order in before.orders[1:]:
        before.venue.accept(order)
    records = before.records.bot_records()
    broken = replace(records.running[1], state={"nothing": "of use"})
    after = VenueBench(price=None, now_ns=before.clock.now_ns)
    bot = StrategyV2Base("bot", [], after.orchestrator, after.market_data, after.clock, after.bus)
    with pytest.raises(KeyError):
        restore_bot(bot, replace(records, running=[records.running[0], broken]), after.venues, after.market_data)
    entry, profit = (next(order for order in after.live() if order.request.trade_type is side) for side in (BUY, SELL))
    assert (entry.cancel_asked, profit.cancel_asked) == (True, False)
    after.venue.trade(profit)
    assert profit.filled_lots == 1000 and after.orders == [], "booked, and nothing is sent for it"
