"""R12-R22 on the whole live path: clocks, copies, replicas that lag, lists in pages, keys, silence, rules, ids, balances."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.model.enums import CloseType
from botcore.model.events import FactKind
from botcore.model.order import OrderState
from tests.fakes.simvenue.script import MatchRule
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, LiveRig

CREATE = "POST */order"
SECOND_NS = 1_000_000_000


@pytest.mark.parametrize("skew_s", [90, -90, 3, -3])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r12_the_venues_clock_is_another_one_and_changes(name: str, skew_s: int) -> None:
    rig = LiveRig(name)
    rig.venue.skew_ns = skew_s * SECOND_NS

    async def play(rig: LiveRig) -> None:
        executor = rig.open()
        await rig.until(lambda: executor.has_fills)
        rig.venue.skew_ns = -2 * skew_s * SECOND_NS
        await rig.sleep(5)
        resting = rig.resting()
        await rig.until(lambda: len(rig.orders()) == 2, 60)
        assert not resting.is_closed and FactKind.ORDER_UNKNOWN not in rig.kinds()
        await rig.finish()

    rig.run(play)


@played()
async def test_r12_this_machines_clock_jumps_and_everything_is_asked_anew(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    sockets = len(rig.front.attempts)
    rig.skew_ms = 3_600_000
    await rig.until(lambda: rig.told(FactKind.CLOCK_JUMPED))
    assert rig.connector.closed_reason() is not None
    await rig.until(rig.is_live, 30)
    assert len(rig.front.attempts) > sockets
    await rig.finish()


@played()
async def test_r13_a_proxy_that_sends_a_resting_create_twice_makes_one_order(rig: LiveRig) -> None:
    rig.fault("dup_exec", CREATE, times=1)
    rig.resting()
    await rig.sleep(60)
    assert len(rig.orders()) == 1
    await rig.finish()


@played()
async def test_r13_a_create_at_market_that_was_executed_twice_is_counted_told_and_traded_back(rig: LiveRig) -> None:
    """The id is free again once its first order is filled, so the copy is another order under the same id."""
    rig.fault("dup_exec", CREATE, times=1)
    executor = rig.open()
    await rig.until(lambda: len(rig.venue.executions()) >= 2)
    await rig.until(lambda: len(rig.booked()) == len(rig.venue_trades()), 90)
    await rig.sleep(90)
    assert rig.told(FactKind.LATE_FILL) or rig.told(FactKind.OVER_CLOSED)
    await rig.finish(excused=("two effects", "was traded", "was to open"))
    assert executor.is_closed and abs(rig.position()) < Decimal("0.0001")


@played()
async def test_r13_a_copy_that_rests_when_the_first_has_been_executed_is_taken_off_and_told(rig: LiveRig) -> None:
    rig.fault("dup_exec", CREATE, times=1)
    rig.venue.engine.script.add(MatchRule("fill_at_once", times=1))
    rig.resting()
    await rig.until(lambda: len(rig.orders()) >= 2)
    copy = rig.orders()[1]
    assert copy.client_id == rig.orders()[0].client_id
    await rig.until(lambda: not copy.is_open, 90)
    assert rig.told(FactKind.ORDER_ADOPTED)
    await rig.finish(excused=("two effects", "was traded", "was to open"))


@played()
async def test_r13_a_copy_that_was_found_first_goes_on_when_the_other_one_ends(rig: LiveRig) -> None:
    """The answer is lost and the stream is late: the question finds the copy, and only then comes word of how the first one ended."""
    rig.fault("dup_exec", CREATE, times=1)
    rig.fault("drop_after", CREATE, times=1)
    rig.fault("backpressure", "user:*", delay_s=4, lasts_s=4)
    rig.rule("partial_then_cancel", times=1)
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 2)
    first, copy = rig.orders()
    assert (first.status, copy.status, first.client_id) == ("EXPIRED", "NEW", copy.client_id)
    await rig.until(lambda: executor._entry is not None and executor._entry.exchange_order_id == str(copy.id))
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(60)
    assert copy.is_open and [order.id for order in rig.orders()] == [first.id, copy.id], "nothing was sent in its place"
    assert executor._entry is not None and executor._entry.is_working, "it is known to stand"
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 90)
    assert not copy.is_open, "nothing is forgotten"
    await rig.finish(excused=("two effects", "was traded", "was to open"))


@pytest.mark.parametrize("late_s", [4, 15])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r13_a_copy_that_was_found_first_is_taken_off_when_the_other_one_was_all_that_was_wanted(name: str, late_s: int) -> None:
    """Whether the stream tells of the execution, or a list did before."""

    async def play(rig: LiveRig) -> None:
        rig.fault("dup_exec", CREATE, times=1)
        rig.fault("drop_after", CREATE, times=1)
        rig.fault("backpressure", "user:*", delay_s=late_s, lasts_s=late_s)
        rig.rule("fill_at_once", times=1)
        executor = rig.resting()
        await rig.until(lambda: len(rig.orders()) == 2)
        first, copy = rig.orders()
        assert (first.status, copy.status, first.client_id) == ("FILLED", "NEW", copy.client_id)
        await rig.until(lambda: executor._entry is not None and executor._entry.exchange_order_id == str(copy.id))
        await rig.until(lambda: not copy.is_open, 60)
        assert copy.filled == 0 and executor.has_fills
        await rig.finish(excused=("two effects", "was traded", "was to open"))

    LiveRig(name).run(play)


@pytest.mark.parametrize("lag_s", [5, 20])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r14_replicas_lag_behind_creates_and_cancels(name: str, lag_s: int) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault("read_lag", "*", delay_s=lag_s)
        rig.fault("drop_after", CREATE, times=1, delay_s=2)
        rig.fault("stall", "user:*", lasts_s=40)
        resting = rig.resting()
        await rig.sleep(50)
        assert [order.is_open for order in rig.orders()] == [True] and not resting.is_closed
        rig.fault("drop_after", "DELETE */order", times=1, delay_s=2)
        rig.stop(resting)
        await rig.sleep(90)
        rig.heal()
        await rig.finish(150)
        assert len(rig.orders()) == 1 and resting.close_type is CloseType.EARLY_STOP

    LiveRig(name).run(play)


@played()
async def test_r15_more_executions_than_a_page_are_read_to_the_end(rig: LiveRig) -> None:
    rig.fault("stall", "user:*", lasts_s=30)
    executor = rig.resting(amount=Decimal(3) if rig.name == PERP else Decimal("0.03"))
    await rig.until(lambda: len(rig.orders()) == 1)
    (order,) = rig.orders()
    for _ in range(2_500):
        rig.venue.engine.script._fill(rig.venue.engine, order, order.ticks, 1)
    rig.front.close_all()
    await rig.until(lambda: len(rig.booked()) == 2_500, 120)
    assert executor.has_fills
    await rig.finish(180)


@played()
async def test_r16_a_denied_key_stops_new_exposure_is_told_once_and_heals_by_itself(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.venue.account.denied = True
    rig.resting()
    await rig.until(lambda: rig.told(FactKind.ACCOUNT_DENIED))
    await rig.sleep(120)
    assert "denies the key" in str(rig.connector.closed_reason())
    assert len(rig.told(FactKind.ACCOUNT_DENIED)) == 1
    assert rig.state.is_usable(rig.clock.now_ns), "market streams go on"
    orders = len(rig.orders())
    rig.venue.account.denied = False
    await rig.until(rig.is_live, 90)
    assert len(rig.orders()) >= orders
    later = rig.open()
    await rig.until(lambda: later.has_fills)
    await rig.finish()


@pytest.mark.parametrize("code", [-2015, -4088])
def test_r16_a_key_that_may_no_longer_trade_is_found_out_again_by_its_own_orders_only(code: int) -> None:
    """Questions are still answered, so a good answer to one is no proof that orders are taken again."""

    async def play(rig: LiveRig) -> None:
        number = rig.fault("status", "POST */order", status=401, code=code, msg="Invalid API-key, IP, or permissions for action.")
        rig.open()
        await rig.until(lambda: rig.told(FactKind.ACCOUNT_DENIED))
        await rig.sleep(200)
        assert len(rig.told(FactKind.ACCOUNT_DENIED)) == 1
        assert len(rig.requests("POST /fapi/v1/order")) <= 10
        rig.front.faults.remove(number)
        await rig.until(rig.is_live, 200)
        later = rig.open()
        await rig.until(lambda: later.has_fills)
        await rig.finish()

    LiveRig().run(play)


@played()
async def test_r17_questions_that_hang_do_not_hold_up_orders(rig: LiveRig) -> None:
    rig.fault("hang", "GET *", delay_s=600)
    began = rig.loop.now_ns
    executor = rig.open()
    await rig.until(lambda: executor.has_fills, 5)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 15)
    assert rig.loop.now_ns - began < 25 * SECOND_NS
    rig.heal()
    await rig.finish()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r17_a_create_that_hangs_is_unknown_after_its_time_limit(name: str, after: bool) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault("hang", CREATE, times=1, delay_s=600, after=after)
        rig.fault("stall", "user:*", lasts_s=30)
        executor = rig.open()
        if after:
            # an order at market of which nothing is heard is asked after at once
            assert await rig.until(lambda: executor.has_fills, 60) < 5
        else:
            assert await rig.until(lambda: rig.told(FactKind.ORDER_UNKNOWN), 60) <= 11
        await rig.until(lambda: executor.has_fills, 120)
        assert len(rig.orders()) == 1
        await rig.finish()

    LiveRig(name).run(play)


@played()
async def test_r17_what_the_limit_of_a_start_does_not_answer_is_waited_for(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(1)
    rig.kill()
    rig.fault("hang", "*", delay_s=600)
    rig.fault("refuse", "*", status=502)
    await rig.boot(until_live_s=None)
    await rig.sleep(120)
    (again,) = rig.running
    assert again.id == executor.id and rig.connector.closed_reason() is not None
    assert rig.told(FactKind.VENUE_DOWN)
    rig.heal()
    await rig.until(rig.is_live, 60)
    await rig.until(lambda: rig.told(FactKind.VENUE_UP), 5)
    await rig.finish()


@played()
async def test_r20_an_id_is_never_used_twice_also_not_after_a_kill_in_the_middle_of_a_create(rig: LiveRig) -> None:
    # each start costs a tenth of the minute that the venue allows its questions
    for _ in range(4):
        rig.open(amount=Decimal("0.01"))
        await rig.sleep(0.3)
        rig.kill()
        await rig.sleep(2)
        await rig.boot()
    ids = [order.client_id for order in rig.orders()]
    assert len(ids) == len(set(ids)) >= 3
    await rig.finish(200)


@played()
async def test_r21_balances_that_lag_are_not_spent_twice(rig: LiveRig) -> None:
    """The venue accepts, its balances do not move yet: what our orders bind is taken off all the same."""
    _, free = rig.connector.balance("USDT")
    rig.fault("read_lag", "GET *", delay_s=25)
    rig.fault("stall", "user:outboundAccountPosition")
    rig.fault("stall", "user:ACCOUNT_UPDATE")
    price = Decimal(64_000)
    amount = (free * Decimal("0.6") / price).quantize(Decimal("0.001"))
    first = rig.resting(amount=amount)
    await rig.until(lambda: first._entry is not None and first._entry.state is OrderState.OPEN)
    _, left = rig.connector.balance("USDT")
    assert left < free - price * amount
    await rig.sleep(2)
    second = rig.resting(amount=amount)
    await rig.until(lambda: second.is_closed, 5)
    assert second.close_type is CloseType.INSUFFICIENT_BALANCE and len(rig.orders()) == 1
    rig.heal()
    await rig.finish()
    _, after = rig.connector.balance("USDT")
    assert after == free


@played(PERP)
async def test_r22_a_reply_about_another_order_is_no_answer_to_a_cancel(rig: LiveRig) -> None:
    first, second = rig.resting(), rig.resting("63000")
    await rig.until(lambda: len(rig.orders()) == 2 and not rig.connector._unanswered)
    rig.fault("body", "DELETE */order", times=2, body="other")
    rig.stop(first)
    rig.stop(second)
    await rig.until(lambda: first.is_closed and second.is_closed, 60)
    assert {first.close_type, second.close_type} == {CloseType.EARLY_STOP}
    await rig.finish()
