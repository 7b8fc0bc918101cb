"""W9-W15 on the whole live path: books that make no sense, orders that are not ours to know, floods, outages, acknowledgements that get lost."""

from __future__ import annotations

from decimal import Decimal

from botcore.model.enums import CloseType, OrderType
from botcore.model.events import FactKind
from tests.fakes.simvenue import script
from tests.fakes.simvenue.values import OrderAsk
from tests.faults.stage import played
from tests.support.live_rig import PERP, SYMBOL, LiveRig

D = Decimal
SECOND_NS = 1_000_000_000


def levels(rig: LiveRig) -> list[tuple[int, int]]:
    """Bids, best first."""
    return rig.state.book.levels(True, 2_000)


@played()
async def test_w9_a_crossed_book_is_no_price_and_no_ground_for_an_order(rig: LiveRig) -> None:
    await rig.sleep(2)
    rig.fault("ghost", "market:*depth*", times=1, msg="70000 1.000")
    rig.move(65_010)
    await rig.until(lambda: not rig.state.is_usable(rig.clock.now_ns), 10)
    executor = rig.open()
    assert rig.mid().is_nan() and rig.orders() == [] and executor.close_type is CloseType.FAILED
    await rig.until(rig.is_live, 60)
    assert rig.mid() < 66_000
    await rig.finish()


@played()
async def test_w9_a_price_that_is_not_there_moves_no_barrier(rig: LiveRig) -> None:
    executor = rig.open(barriers={"take_profit": D("0.01"), "stop_loss": D("0.01")})
    await rig.until(lambda: executor.has_fills)
    for ghost in ("70000 1.000", "90000 1.000", "66000 1.000"):
        await rig.sleep(5)
        rig.fault("ghost", "market:*depth*", times=1, msg=ghost)
        rig.move(65_000 + int(ghost[0]))
        await rig.sleep(10)
        assert not executor.is_closed
        await rig.until(rig.is_live, 60)
    await rig.finish()
    assert executor.close_type is CloseType.EARLY_STOP


@played()
async def test_w10_levels_that_are_not_there_are_gone_with_the_next_connection(rig: LiveRig) -> None:
    rig.fault("ghost", "market:*depth*", times=1, msg="64000 7.777")
    rig.move(65_020)
    ghost = (rig.instrument.floor_ticks(D(64_000)), rig.instrument.lots(D("7.777")))
    await rig.until(lambda: ghost in levels(rig), 10)
    rig.front.close_all()
    await rig.sleep(1)
    await rig.until(rig.is_live, 60)
    assert ghost not in levels(rig)
    await rig.finish()


@played()
async def test_w11_orders_of_others_are_never_touched(rig: LiveRig) -> None:
    market = rig.venue.engine.markets[SYMBOL]
    ask = OrderAsk(SYMBOL, "BUY", "LIMIT", 10 if rig.name == PERP else 1000, int(D(63_000) / market.tick), "web_abc")
    foreign = rig.venue.engine.submit(rig.venue.account, ask)
    rig.front.close_all()
    executor = rig.resting()
    await rig.sleep(120)
    assert foreign.is_open
    assert not [what for _, what in rig.manners.sent if what.startswith("DELETE") and what.endswith("/order")]
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed)
    assert foreign.is_open
    rig.venue.engine.cancel(rig.venue.account, SYMBOL, foreign.id, None)
    await rig.finish()


@played()
async def test_w11_an_order_of_ours_that_no_record_knows_is_taken_off_and_told(rig: LiveRig) -> None:
    market = rig.venue.engine.markets[SYMBOL]
    ask = OrderAsk(SYMBOL, "BUY", "LIMIT", 10 if rig.name == PERP else 1000, int(D(63_000) / market.tick), f"cdr-{rig.homes[0]}-7-99-1")
    lost = rig.venue.engine.submit(rig.venue.account, ask)
    await rig.until(lambda: not lost.is_open, 90)
    assert rig.told(FactKind.ORDER_ADOPTED)
    await rig.finish(excused=("-7-99", "intent"))


@played()
async def test_w12_a_flood_that_comes_late_drops_no_private_message(rig: LiveRig) -> None:
    rig.fault("backpressure", "*", delay_s=25, times=3)
    executors = [rig.open() for _ in range(3)]
    await rig.until(lambda: all(executor.has_fills for executor in executors), 60)
    rig.heal()
    await rig.until(rig.is_live, 90)
    await rig.finish()
    assert sorted(rig.booked()) == sorted(rig.venue_trades())


@played()
async def test_w13_what_traded_during_an_outage_of_two_hours_is_booked_in_full(rig: LiveRig) -> None:
    tp = {"take_profit": D("0.01"), "take_profit_order_type": OrderType.LIMIT}
    first = rig.open(barriers=tp)
    second = rig.resting("64500")
    await rig.until(lambda: first.has_fills and len(rig.orders()) >= 2 and not rig.connector._unanswered)
    await rig.sleep(3)
    rig.fault("refuse", "*", status=502)
    rig.fault("status", "*", status=502)
    rig.front.close_all()
    await rig.sleep(30)
    rig.move(64_400)
    await rig.sleep(3600)
    rig.move(65_700)
    await rig.sleep(3600)
    rig.heal()
    await rig.until(rig.is_live, 90)
    await rig.until(lambda: first.is_closed, 30)
    assert first.close_type is CloseType.TAKE_PROFIT and second.has_fills
    assert rig.told(FactKind.VENUE_DOWN) and rig.told(FactKind.VENUE_UP)
    await rig.finish()


@played()
async def test_w13_what_traded_while_the_process_was_dead_is_booked_in_full(rig: LiveRig) -> None:
    tp = {"take_profit": D("0.01"), "take_profit_order_type": OrderType.LIMIT}
    first = rig.open(barriers=tp)
    second = rig.resting("64500")
    await rig.until(lambda: first.has_fills and len(rig.orders()) >= 2 and not rig.connector._unanswered)
    await rig.sleep(3)
    rig.kill()
    await rig.sleep(30)
    rig.move(64_400)
    await rig.sleep(30)
    rig.move(65_700)
    await rig.sleep(6 * 3600)
    await rig.boot()
    await rig.until(lambda: first.id not in [executor.id for executor in rig.running], 60)
    closed = rig.watcher.executors[first.id]
    assert closed["status"] == "TERMINATED" and closed["close_type"] == CloseType.TAKE_PROFIT.name
    assert [executor.id for executor in rig.running if executor.has_fills] == [second.id]
    await rig.finish()


@played()
async def test_w14_lost_acknowledgements_are_asked_for_again(rig: LiveRig) -> None:
    rig.fault("drop_ack", "ack", times=6)
    rig.front.close_all()
    await rig.until(lambda: not rig.is_live(), 10)
    await rig.until(rig.is_live, 120)
    executor = rig.open()
    await rig.until(lambda: executor.has_fills, 30)
    await rig.finish()


@played()
async def test_w14_w15_fills_while_sockets_change_hands_are_booked_once(rig: LiveRig) -> None:
    rig.inside(lambda: rig.session.renew("a test"))
    executors = []
    for number in range(8):
        executors.append(rig.resting("64990"))
        await rig.sleep(0.5)
        if number % 3 == 0:
            rig.front.shutdown_notice()
        rig.move(64_980)
        await rig.sleep(0.5)
        rig.move(65_000)
    await rig.until(rig.is_live, 60)
    await rig.finish(150)
    assert sorted(rig.booked()) == sorted(rig.venue_trades())


@played()
async def test_w11_trades_of_others_move_no_executor(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    held = executor.custom_info()["exposure_base"]
    market = rig.venue.engine.markets[SYMBOL]
    script.trade_elsewhere(rig.venue.engine, rig.venue.account, SYMBOL, "BUY", int(D("0.05") / market.lot))
    await rig.sleep(120)
    assert executor.custom_info()["exposure_base"] == held and not executor.is_closed
    if rig.name == PERP:
        (told,) = rig.told(FactKind.POSITION_UNACCOUNTED)
        assert D(told.payload["amount"]) == D("0.05")
    await rig.finish(excused=("I2",))
