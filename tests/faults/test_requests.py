"""R1-R11 on the whole live path: requests that get lost, come late or are answered by nonsense. The venue's own ledger judges at the end of each."""

from __future__ import annotations

import pytest

from botcore.model.enums import CloseType
from botcore.model.events import FactKind
from botcore.model.order import OrderState
from botcore.model.refusals import WAITS
from botcore.venues.limiter import slot_name
from botcore.venues.port import Lane
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, SYMBOL, LiveRig

CREATE = "POST */order"
SECOND_NS = 1_000_000_000


def unknown_orders(rig: LiveRig) -> int:
    return sum(order.state is OrderState.UNKNOWN for order in rig.connector.tracker.open_orders())


@played()
async def test_r1_a_create_that_never_arrived_is_sent_anew_once_its_absence_is_proven(rig: LiveRig) -> None:
    rig.fault("drop_before", CREATE, times=1)
    executor = rig.open()
    await rig.until(lambda: unknown_orders(rig) == 1)
    began = rig.requests("/order")[0]
    await rig.until(lambda: executor.has_fills, 120)
    (found,) = rig.orders()
    assert found.client_id != next(iter(rig.watcher.orders))
    assert found.created_ns - began > 40 * SECOND_NS
    assert [len(rig.told(kind)) for kind in (FactKind.ORDER_UNKNOWN, FactKind.ORDER_ABSENT, FactKind.ORDER_FOUND)] == [1, 1, 0]
    await rig.finish()


@played()
async def test_r2_a_create_whose_answer_is_lost_is_found_and_no_second_one_is_sent(rig: LiveRig) -> None:
    rig.fault("drop_after", CREATE, times=1, delay_s=3)
    rig.fault("stall", "user:*", lasts_s=8)
    executor = rig.resting()
    await rig.until(lambda: unknown_orders(rig) == 1)
    assert not executor.is_closed and len(rig.orders()) == 1
    await rig.until(lambda: not rig.unrest() or rig.connector.tracker.open_orders()[0].state is OrderState.OPEN)
    assert [len(rig.told(kind)) for kind in (FactKind.ORDER_UNKNOWN, FactKind.ORDER_FOUND)] == [1, 1]
    await rig.sleep(60)
    assert len(rig.orders()) == 1
    await rig.finish()


@played()
async def test_r3_a_create_that_was_filled_before_it_is_found_protects_from_its_fill_on(rig: LiveRig) -> None:
    rig.fault("drop_after", CREATE, times=1, delay_s=5)
    rig.fault("stall", "user:*", lasts_s=20)
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.heal()
    rig.move(58_000)
    await rig.until(lambda: executor.is_closed)
    assert executor.close_type is CloseType.STOP_LOSS
    await rig.finish()


@pytest.mark.parametrize("delay_s", [1, 4, 20, 60])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r4_a_request_that_arrives_after_our_time_limit(name: str, delay_s: int) -> None:
    """SimVenue works on it whatever its window says: the harder case."""

    async def play(rig: LiveRig) -> None:
        rig.fault("late_accept", CREATE, times=1, delay_s=delay_s)
        executor = rig.open()
        await rig.until(lambda: executor.has_fills, 120)
        await rig.sleep(90)
        assert len([order for order in rig.orders() if order.ask.side == "BUY"]) == (1 if delay_s < 40 else 2)
        await rig.finish(excused=("was to open",) if delay_s > 40 else ())

    LiveRig(name).run(play)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("status", "code"), [(500, 0), (502, 0), (503, 0), (504, 0), (408, -1007), (503, -1006)])
def test_r5_a_server_error_says_nothing_of_what_was_done(status: int, code: int, after: bool) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault(
            "status", CREATE, times=1, status=status, code=code, msg="Unknown error, please check your request or try again later.", after=after
        )
        executor = rig.open()
        await rig.until(lambda: executor.has_fills, 120)
        assert len(rig.orders()) == 1
        assert bool(rig.told(FactKind.ORDER_UNKNOWN)) or after
        await rig.finish()

    LiveRig().run(play)


@played()
async def test_r6_a_definite_refusal_is_final_and_told_in_words(rig: LiveRig) -> None:
    rig.fault("status", CREATE, status=400, code=-1111, msg="Precision is over the maximum defined for this asset.")
    executor = rig.open()
    await rig.until(lambda: executor.is_closed, 900)
    assert executor.close_type is CloseType.FAILED
    assert FactKind.ORDER_UNKNOWN not in rig.kinds() and rig.orders() == []
    assert "more digits than the pair takes" in executor.info.reason
    assert len([what for _, what in rig.manners.sent if what.startswith("POST") and what.endswith("/order")]) <= 11
    await rig.finish()


@pytest.mark.parametrize("retry_after", ["7", ""])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r7_a_rate_limit_stops_everything_and_loses_nothing(name: str, retry_after: str) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault("status", "* /*api*", times=1, status=429, code=-1003, msg="Too many requests.", retry_after=retry_after)
        executor = rig.open()
        await rig.until(lambda: rig.session.view().resting_until_ms > 0 or executor.has_fills)
        quiet_ns = rig.loop.now_ns
        assert rig.connector.closed_reason() is not None
        await rig.until(lambda: executor.has_fills, 60)
        assert len(rig.orders()) == 1 and FactKind.ORDER_UNKNOWN not in rig.kinds()
        assert not [when for when, _ in rig.manners.sent if quiet_ns < when < quiet_ns + 5 * SECOND_NS]
        await rig.finish()

    LiveRig(name).run(play)


@played()
async def test_r8_a_ban_is_obeyed_over_a_restart_and_told_with_its_end(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.venue.dialect.limits.ban(rig.loop.now_ns + 600 * SECOND_NS)
    rig.resting()
    await rig.until(lambda: rig.told(FactKind.VENUE_BANNED), 90)
    payload = rig.told(FactKind.VENUE_BANNED)[0].payload
    assert abs(payload["until_ms"] - rig.venue.dialect.limits.banned_until_ns // 1_000_000) < 2_000
    assert payload["exposures"] == [{"trading_pair": "BTC-USDT", "amount": "0.00999000" if rig.name == SPOT else "0.010"}]
    await rig.sleep(2)
    rig.kill()
    await rig.sleep(10)
    refused = rig.venue.dialect.limits.refused
    await rig.boot(until_live_s=None)
    await rig.sleep(120)
    assert rig.venue.dialect.limits.refused == refused == 1
    assert "quiet" in str(rig.connector.closed_reason())
    await rig.until(rig.is_live, 600)
    assert rig.venue.dialect.limits.refused == 1
    assert executor.id in {executor.id for executor in rig.running}
    await rig.finish()


@played()
async def test_r8_an_entry_waits_for_the_end_of_a_long_ban_and_has_its_tries_left(rig: LiveRig) -> None:
    rig.venue.dialect.limits.ban(rig.loop.now_ns + 900 * SECOND_NS)
    executor = rig.resting()
    await rig.until(lambda: "quiet" in executor.info.reason, 90)
    await rig.sleep(600)
    assert (executor.is_closed, rig.orders()) == (False, [])
    assert executor.info.reason.startswith(WAITS) and executor.retries <= 1
    await rig.until(lambda: any(order.is_open for order in rig.connector.tracker.open_orders()) and rig.orders() != [], 900)
    await rig.finish()


@played()
async def test_r7_an_entry_that_finds_no_room_is_not_sent_later_at_its_old_price(rig: LiveRig) -> None:
    """Exits wait for their turn as long as it takes; an entry is decided anew."""
    holder = rig.open()
    await rig.until(lambda: holder.has_fills)
    limiter = rig.session._means.limiter
    window = limiter._windows[slot_name(Lane.ORDERS)]
    window.leave(window.amount)
    before = len(rig.orders())
    executor = rig.resting()
    await rig.sleep(1.5)
    assert executor.retries == 0
    await rig.sleep(1)
    assert (executor.retries, executor.info.reason) == (1, "could not be sent: no room within the venue's rate limit for 2 s")
    rig.stop(holder)
    await rig.sleep(8)
    assert len(rig.orders()) == before
    window.unsent(window.amount)
    limiter._pump()
    await rig.until(lambda: holder.is_closed, 20)
    await rig.until(lambda: len(rig.orders()) >= before + 2, 40)
    assert holder.close_type is CloseType.EARLY_STOP
    await rig.finish()


@played()
async def test_r9_a_firewalls_page_is_no_refusal(rig: LiveRig) -> None:
    rig.fault("body", CREATE, times=1, body="html")
    executor = rig.open()
    await rig.until(lambda: executor.has_fills, 90)
    assert len(rig.orders()) == 1
    rig.fault("status", "*", status=403)
    await rig.until(lambda: rig.connector.closed_reason() is not None, 120)
    before = len(rig.manners.sent)
    await rig.sleep(60)
    assert len(rig.manners.sent) - before < 60
    assert "403" in str(rig.session.view().trouble)
    await rig.until(lambda: rig.told(FactKind.VENUE_DOWN))
    rig.heal()
    await rig.until(rig.is_live, 60)
    # it is told with the tick after
    await rig.until(lambda: rig.told(FactKind.VENUE_UP), 1)
    await rig.finish()


@pytest.mark.parametrize("body", ["truncated", "empty", "nan", "huge", "bom", "null", "missing", "enum", "twice", "other"])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r10_r11_r22_a_spoiled_answer_to_a_create_is_no_answer(name: str, body: str) -> None:
    async def play(rig: LiveRig) -> None:
        rig.fault("body", CREATE, times=1, body=body)
        executor = rig.open()
        await rig.until(lambda: executor.has_fills, 90)
        assert len(rig.orders()) == 1
        await rig.finish()

    LiveRig(name).run(play)


@pytest.mark.parametrize("body", ["truncated", "empty", "nan", "huge", "null", "missing", "enum", "twice", "other"])
@pytest.mark.parametrize("name", [PERP, SPOT])
def test_r10_r11_r22_spoiled_answers_to_questions_change_nothing(name: str, body: str) -> None:
    async def play(rig: LiveRig) -> None:
        executor, resting = rig.open(), rig.resting()
        await rig.until(lambda: executor.has_fills and not rig.connector._unanswered)
        rig.fault("body", "GET *", body=body, p=0.8)
        rig.front.close_all()
        await rig.sleep(90)
        assert not executor.is_closed and not resting.is_closed
        rig.heal()
        await rig.until(rig.is_live, 90)
        assert len([order for order in rig.orders() if order.symbol == SYMBOL]) == 2
        await rig.finish()

    LiveRig(name).run(play)
