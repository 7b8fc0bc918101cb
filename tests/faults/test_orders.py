"""O1-O13 on the whole live path: orders whose lives are odd. The venue's own ledger judges at the end of each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.model.enums import CloseType, OrderType
from botcore.model.events import FactKind
from tests.fakes.simvenue import script
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, SYMBOL, LiveRig

D = Decimal
CREATE, CANCEL = "POST */order", "DELETE */order"
BY_LIMIT = {"take_profit": D("0.01"), "take_profit_order_type": OrderType.LIMIT}


@played()
async def test_o1_a_fill_before_the_answer_is_booked_and_the_answer_adds_nothing(rig: LiveRig) -> None:
    rig.fault("hang", CREATE, times=1, delay_s=4, after=True)
    executor = rig.open()
    await rig.until(lambda: executor.has_fills, 3)
    await rig.sleep(10)
    assert rig.booked() == rig.venue_trades() and FactKind.ORDER_UNKNOWN not in rig.kinds()
    await rig.finish()


@played()
async def test_o2_filled_is_believed_with_its_executions_only(rig: LiveRig) -> None:
    rig.rule("filled_before_trades", delay_s=8)
    executor = rig.open()
    await rig.sleep(6)
    assert not executor.has_fills and rig.connector.tracker.open_orders()
    await rig.until(lambda: executor.has_fills, 30)
    assert rig.booked() == rig.venue_trades()
    await rig.finish()


@played()
async def test_o3_a_cancel_that_crosses_a_fill_is_a_question(rig: LiveRig) -> None:
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1 and not rig.connector._unanswered)
    rig.rule("fill_on_cancel")
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed)
    assert executor.has_fills and executor.custom_info()["exposure_base"] == 0
    await rig.finish()


@played()
async def test_o4_a_part_of_an_entry_is_kept_and_only_the_rest_is_sent_again(rig: LiveRig) -> None:
    rig.rule("partial_then_cancel", side="BUY", fraction=0.4)
    executor = rig.open()
    await rig.until(lambda: len([order for order in rig.orders() if order.side == "BUY" and order.filled]) == 2, 90)
    await rig.sleep(30)
    lot = rig.venue.engine.markets[SYMBOL].lot
    assert [order.filled * lot for order in rig.orders() if order.side == "BUY"] == [D("0.004"), D("0.006")]
    assert not executor.is_closed
    await rig.finish()


@played()
async def test_o5_the_stop_holds_from_the_first_fill_on(rig: LiveRig) -> None:
    """A third of the entry is filled and nothing of it was heard from the stream when the price falls through the stop, and through the entry."""
    executor = rig.resting(barriers={"stop_loss": D("0.01")})
    await rig.until(lambda: len(rig.orders()) == 1 and not rig.connector._unanswered)
    (order,) = rig.orders()
    rig.fault("stall", "user:*", lasts_s=40)
    rig.venue.engine.script._fill(rig.venue.engine, order, order.ticks, order.lots // 3)
    await rig.until(lambda: executor.has_fills, 40)
    rig.move(63_300)
    await rig.until(lambda: executor.is_closed, 90)
    assert executor.close_type is CloseType.STOP_LOSS
    await rig.finish()


@played()
async def test_o6_an_exit_that_the_venue_cuts_is_followed_by_one_for_the_rest(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.rule("partial_then_cancel", side="SELL", fraction=0.3, times=2)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 60)
    assert [order.status for order in rig.orders() if order.side == "SELL"][-1] == "FILLED"
    await rig.finish()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_o7_a_cancel_without_an_answer_is_sent_again_and_the_order_counts_until_then(name: str, kind: str) -> None:
    async def play(rig: LiveRig) -> None:
        executor = rig.resting()
        await rig.until(lambda: len(rig.orders()) == 1 and not rig.connector._unanswered)
        rig.fault(kind, CANCEL, times=3, delay_s=1)
        rig.fault("stall", "user:*", lasts_s=30)
        rig.stop(executor)
        await rig.sleep(0.8)
        assert not executor.is_closed
        await rig.until(lambda: executor.is_closed, 60)
        await rig.finish()
        assert len(rig.requests(CANCEL.removesuffix("*/order"))) >= (4 if kind == "drop_before" else 2)

    LiveRig(name).run(play)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_o8_a_cancel_before_the_venues_answer_is_not_lost(name: str, after: bool) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault("hang", CREATE, times=1, delay_s=4, after=after)
        executor = rig.resting()
        await rig.sleep(0.6)
        rig.stop(executor)
        await rig.until(lambda: executor.is_closed, 120)
        assert not [order for order in rig.orders() if order.is_open]
        await rig.finish()

    LiveRig(name).run(play)


@pytest.mark.parametrize(("name", "delay_s"), [(PERP, 3), (PERP, 7200), (SPOT, 3), (SPOT, 31)])
def test_o9_a_fill_after_the_cancel_is_held_and_told(name: str, delay_s: int) -> None:
    async def play(rig: LiveRig) -> None:
        rig.rule("late_fill", delay_s=delay_s, fraction=1.0)
        executor = rig.resting()
        await rig.until(lambda: len(rig.orders()) == 1)
        rig.stop(executor)
        await rig.until(lambda: executor.is_closed)
        await rig.until(lambda: rig.told(FactKind.LATE_FILL), delay_s + 120)
        assert rig.told(FactKind.POSITION_HELD)
        await rig.finish()
        assert rig.booked() == rig.venue_trades() != []

    LiveRig(name).run(play)


@played()
async def test_o9_a_fill_after_the_cancel_that_no_stream_tells_of_is_found(rig: LiveRig) -> None:
    """The executions of a pair in which an order has ended are looked at again for a while."""
    rig.rule("late_fill", delay_s=28, fraction=1.0)
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed)
    await rig.sleep(5)
    rig.fault("gap", "user:*")
    await rig.until(lambda: rig.told(FactKind.LATE_FILL), 180)
    assert rig.told(FactKind.POSITION_HELD)
    await rig.finish()
    assert rig.booked() == rig.venue_trades() != []


@played()
async def test_o9_a_fill_after_the_cancel_and_after_a_restart_is_held_and_told(rig: LiveRig) -> None:
    rig.rule("late_fill", delay_s=600, fraction=1.0)
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed)
    await rig.sleep(5)
    rig.kill()
    await rig.sleep(900)
    await rig.boot()
    await rig.until(lambda: rig.told(FactKind.POSITION_HELD), 60)
    await rig.finish()
    assert len(rig.watcher.fills) == 1 and len(rig.venue_trades()) == 1


@played()
async def test_o10_more_than_was_asked_for_is_counted_told_and_traded_back(rig: LiveRig) -> None:
    rig.rule("overfill", side="BUY", extra_lots=5 if rig.name == PERP else 500)
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(10)
    await rig.finish(excused=("was traded", "was to open"))
    assert abs(rig.position()) < D("0.001")


@played()
async def test_o11_a_maker_order_that_would_take_is_quoted_again_and_given_up_in_the_end(rig: LiveRig) -> None:
    rig.fault("status", CREATE, status=400, code=-5022 if rig.name == PERP else -2010, msg="Order would immediately match and take.")
    executor = rig.resting("64990", barriers={"open_order_type": OrderType.LIMIT_MAKER})
    await rig.until(lambda: executor.is_closed, 900)
    assert (executor.close_type is CloseType.FAILED and "traded at once" in executor.info.reason) or "rejected" in executor.info.reason
    assert len(rig.requests("POST")) <= 20
    await rig.finish()


@played()
async def test_o12_what_the_venue_finds_too_small_ends_with_a_reason(rig: LiveRig) -> None:
    rig.venue.change_market(SYMBOL, min_notional=D(5_000))
    executor = rig.open()
    await rig.until(lambda: executor.is_closed, 900)
    assert executor.close_type is CloseType.FAILED and executor.info.reason
    assert rig.orders() == []
    await rig.finish()


@played()
async def test_o13_money_that_somebody_took_is_one_clear_error(rig: LiveRig) -> None:
    script.transfer(rig.venue.engine, rig.venue.account, "USDT", -(rig.venue.account.totals["USDT"] - 100))
    await rig.until(lambda: rig.connector.balance("USDT")[1] <= 100, 90)
    executor = rig.open()
    await rig.until(lambda: executor.is_closed, 5)
    assert executor.close_type is CloseType.INSUFFICIENT_BALANCE and rig.orders() == []
    await rig.finish(excused=("I1",))


@played()
async def test_o13_money_that_is_gone_before_we_hear_of_it_is_refused_once(rig: LiveRig) -> None:
    rig.fault("stall", "user:*", lasts_s=20)
    script.transfer(rig.venue.engine, rig.venue.account, "USDT", -(rig.venue.account.totals["USDT"] - 10))
    executor = rig.open()
    await rig.until(lambda: executor.is_closed, 60)
    assert executor.close_type is CloseType.INSUFFICIENT_BALANCE
    assert len(rig.orders()) == 0 and len([what for _, what in rig.manners.sent if what.startswith("POST") and what.endswith("/order")]) <= 3
    await rig.finish(excused=("I1",))
