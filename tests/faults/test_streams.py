"""W1-W8 on the whole live path: streams that stall, break, gap and repeat. The venue's own ledger judges at the end of each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.model.enums import CloseType, OrderType
from botcore.model.events import FactKind
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, LiveRig

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize("stalled_s", [30, 300])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_w1_market_data_that_stall_close_the_market_and_come_back(name: str, stalled_s: int) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault("stall", "market:*", lasts_s=stalled_s)
        await rig.until(lambda: not rig.state.is_usable(rig.clock.now_ns), 20)
        executor = rig.open()
        # a snapshot that is fetched meanwhile is good for as long as any message; the rig sees that nothing is opened on an older one
        assert executor._entry is None and rig.orders() == []
        await rig.sleep(stalled_s - 9)
        assert await rig.until(rig.is_live, 120) < 60
        await rig.until(lambda: executor.has_fills or executor.is_closed, 120)
        await rig.finish()

    LiveRig(name).run(play)


@pytest.mark.parametrize("stalled_s", [40, 7200])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_w1_an_account_stream_that_stalls_hides_no_execution(name: str, stalled_s: int) -> None:
    async def play(rig: LiveRig) -> None:
        executor = rig.resting(barriers={"take_profit": Decimal("0.01"), "take_profit_order_type": OrderType.LIMIT})
        await rig.until(lambda: len(rig.orders()) == 1 and not rig.connector._unanswered)
        rig.fault("stall", "user:*", lasts_s=stalled_s)
        await rig.sleep(5)
        rig.move(63_990)
        waited = await rig.until(lambda: executor.has_fills, 60)
        assert waited <= 35, "a resting order is asked after"
        rig.move(65_000)
        await rig.until(lambda: executor.is_closed, 90)
        assert executor.close_type is CloseType.TAKE_PROFIT
        await rig.finish()

    LiveRig(name).run(play)


@played()
async def test_w2_half_open_sockets_are_replaced_within_seconds(rig: LiveRig) -> None:
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1)
    attempts = len(rig.front.attempts)
    rig.fault("halfopen", "*", times=3)
    await rig.sleep(3)
    rig.move(63_990)
    await rig.until(lambda: executor.has_fills, 60)
    rig.heal()
    await rig.until(rig.is_live, 60)
    assert len(rig.front.attempts) > attempts
    await rig.finish()


@played()
async def test_w3_a_storm_of_closes_stays_in_the_budget_and_orders_go_on_by_asking(rig: LiveRig) -> None:
    executor = rig.resting(barriers={"take_profit": Decimal("0.01"), "take_profit_order_type": OrderType.LIMIT})
    await rig.until(lambda: len(rig.orders()) == 1)
    began = rig.loop.now_ns
    rig.fault("close", "*", times=500)
    rig.fault("refuse", "*", status=502, p=0.5)
    await rig.sleep(20)
    rig.move(63_990)
    assert await rig.until(lambda: executor.has_fills, 60) < 20
    rig.move(65_000)
    await rig.until(lambda: executor.is_closed, 60)
    assert executor.close_type is CloseType.TAKE_PROFIT
    await rig.sleep(600)
    in_window = [sum(1 for other in rig.front.attempts if at <= other < at + 300 * SECOND_NS) for at in rig.front.attempts if at >= began]
    assert max(in_window) <= 300
    rig.heal()
    await rig.until(rig.is_live, 60)
    await rig.finish()


@played()
async def test_w3_no_new_exposure_while_the_accounts_stream_is_down_and_exits_pass(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.fault("refuse", "/ws*" if rig.name == SPOT else "/private*", status=503)
    rig.front.close_all()
    await rig.until(lambda: rig.connector.closed_reason() is not None, 10)
    late = rig.open()
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 60)
    assert executor.close_type is CloseType.EARLY_STOP and not late.has_fills
    await rig.until(lambda: rig.told(FactKind.VENUE_DOWN), 30)
    rig.heal()
    await rig.until(rig.is_live, 60)
    await rig.until(lambda: rig.told(FactKind.VENUE_UP), 5)
    await rig.finish()


@played()
async def test_w4_an_announced_shutdown_makes_no_hole(rig: LiveRig) -> None:
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1)
    rig.front.shutdown_notice()
    for _ in range(620):
        await rig.sleep(1)
        assert rig.is_live(), rig.connector.closed_reason()
    rig.move(63_990)
    assert await rig.until(lambda: executor.has_fills, 30) < 2
    await rig.finish()


@played()
async def test_w5_an_account_stream_that_ends_is_opened_anew_and_what_it_missed_is_read(rig: LiveRig) -> None:
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1)
    rig.venue.users.expire(rig.venue.account.key)
    rig.fault("refuse", "*", status=503, lasts_s=10)
    await rig.sleep(2)
    rig.move(63_990)
    await rig.until(lambda: executor.has_fills, 60)
    await rig.until(rig.is_live, 60)
    await rig.finish()


@played(PERP)
async def test_w5_a_listen_key_is_renewed_for_hours(rig: LiveRig) -> None:
    closed = 0
    for _ in range(3 * 360):
        await rig.sleep(10)
        closed += rig.connector.closed_reason() is not None
    assert closed <= 5, "a quiet account is looked at ever more seldom"
    assert rig.requests("PUT /fapi/v1/listenKey")
    await rig.until(rig.is_live, 10)
    executor = rig.open()
    await rig.until(lambda: executor.has_fills, 2)
    await rig.finish()


@played()
async def test_w6_a_gap_in_the_book_closes_the_market_until_it_is_whole_again(rig: LiveRig) -> None:
    rig.fault("latency", "GET */depth", delay_s=2)
    for _ in range(5):
        rig.fault("gap", "market:*depth*", times=1)
        rig.move(65_000 + len(rig.front.attempts))
        await rig.until(lambda: not rig.state.is_usable(rig.clock.now_ns), 10)
        assert rig.mid().is_nan()
        rig.open()
        await rig.until(rig.is_live, 20)
    assert rig.told(FactKind.VENUE_DOWN) == []
    await rig.finish()


@pytest.mark.parametrize("kind", ["reorder", "dup"])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_w7_w15_what_comes_twice_or_in_another_order_is_booked_once(name: str, kind: str) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault(kind, "*", p=0.5)
        for number in range(6):
            rig.open() if number % 2 else rig.resting("64990")
            await rig.sleep(3)
            rig.move(65_000 - 20 * number)
            await rig.sleep(3)
        rig.heal()
        await rig.finish()
        assert sorted(rig.booked()) == sorted(rig.venue_trades())

    LiveRig(name, still=False).run(play)


@played()
async def test_w8_a_snapshot_older_than_the_diffs_is_fetched_until_it_fits(rig: LiveRig) -> None:
    rig.fault("read_lag", "GET */depth", delay_s=20, times=3)
    asked = len(rig.requests("/depth"))
    rig.front.close_all()
    await rig.sleep(3)
    assert not rig.is_live()
    await rig.until(rig.is_live, 60)
    assert 4 <= len(rig.requests("/depth")) - asked <= 8
    await rig.finish()
