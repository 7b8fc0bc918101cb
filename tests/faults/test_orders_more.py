"""O14-O24 on the whole live path: other bots, other hands, the venue's own hand, exits that can't. The venue's own ledger judges at the end of each."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import delete

from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.events import FactKind
from botcore.recorder import tables
from tests.fakes.simvenue import script
from tests.fakes.simvenue.values import OrderAsk
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, SYMBOL, LiveRig

D = Decimal
BY_LIMIT = {"take_profit": D("0.01"), "take_profit_order_type": OrderType.LIMIT}
OTHERS = ("external-", "never had it", "its executions make", "I20")


@played()
async def test_o14_our_own_orders_never_meet(rig: LiveRig) -> None:
    seller = rig.resting("65500", side=TradeType.SELL) if rig.name == PERP else None
    buyer = rig.resting("64500")
    await rig.until(lambda: len(rig.orders()) == (2 if seller else 1))
    late = rig.open(amount=D("0.02"))
    rig.stop(buyer)
    await rig.until(lambda: late.has_fills)
    await rig.finish()
    trades = {execution.id for execution in rig.venue.executions()}
    assert len(trades) == len(rig.venue.executions()), "no trade has both sides ours"


@pytest.mark.parametrize("pays_in", ["", "BNB"])
def test_o15_fees_in_base_and_in_a_third_asset_are_exact(pays_in: str) -> None:
    rig = LiveRig(SPOT, pairs=("BTC-USDT", "BNB-USDT"))
    rig.venue.account.pays_fees_in = pays_in

    async def play(rig: LiveRig) -> None:
        if pays_in:
            script.transfer(rig.venue.engine, rig.venue.account, "BNB", D(50))
        executor = rig.open(barriers={"take_profit": D("0.01")})
        await rig.until(lambda: executor.has_fills)
        await rig.sleep(2)
        rig.move(65_900)
        await rig.until(lambda: executor.is_closed, 30)
        assert executor.close_type is CloseType.TAKE_PROFIT
        await rig.finish(excused=("BNB at binance",))
        assert {fill.fee.asset for fill in rig.fills} == ({"BNB", "BTC"} if pays_in else {"BTC", "USDT"})

    rig.run(play)


@played(PERP)
async def test_o16_a_mode_that_somebody_changes_is_noticed_and_no_exit_turns_the_position(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.fault("status", "POST */order", status=400, code=-2022, msg="ReduceOnly Order is rejected.", times=2)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 90)
    assert rig.position() == 0
    await rig.finish()


@played(PERP)
async def test_o17_a_liquidation_ends_the_executor_as_external(rig: LiveRig) -> None:
    executor, resting = rig.open(), rig.resting()
    await rig.until(lambda: executor.has_fills and len(rig.orders()) >= 2)
    await rig.sleep(2)
    script.liquidate(rig.venue.engine, rig.venue.account, SYMBOL)
    await rig.until(lambda: executor.is_closed, 120)
    assert executor.close_type is CloseType.EXTERNAL
    await rig.until(lambda: rig.told(FactKind.FORCED_ORDER), 5)
    assert rig.told(FactKind.FORCED_ORDER)[0].payload["cause"] == "liquidation"
    await rig.until(lambda: resting.is_closed, 30)
    assert not [order for order in rig.orders() if order.side == "SELL"], "nothing was sold a second time"
    await rig.finish(excused=OTHERS)
    assert rig.position() == 0


@played(PERP)
async def test_o17_a_deleveraging_takes_a_part_and_the_rest_is_watched_on(rig: LiveRig) -> None:
    executor = rig.open(barriers={"stop_loss": D("0.01")})
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(2)
    script.liquidate(rig.venue.engine, rig.venue.account, SYMBOL, fraction=0.4, adl=True)
    await rig.until(lambda: executor.custom_info()["exposure_base"] == D("0.006"), 120)
    assert rig.told(FactKind.POSITION_ADJUSTED) and rig.told(FactKind.FORCED_ORDER)[0].payload["cause"] == "adl"
    # the loss counts against all that was opened, so the rest may lose more
    rig.move(63_500)
    await rig.until(lambda: executor.is_closed, 60)
    assert executor.close_type is CloseType.STOP_LOSS
    await rig.finish(excused=OTHERS)
    assert rig.position() == 0


@played(PERP)
async def test_o17_funding_is_in_the_records(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.fault("dup", "user:*")
    script.pay_funding(rig.venue.engine, SYMBOL, D("0.001"))
    await rig.until(lambda: rig.told(FactKind.FUNDING_PAID), 5)
    (paid,) = rig.told(FactKind.FUNDING_PAID)
    (entry,) = [entry for entry in rig.venue.account.journal if entry.kind == "funding"]
    assert D(paid.payload["amount"]) == entry.delta and paid.payload["asset"] == "USDT"
    await rig.sleep(1)
    assert rig.watcher.facts[FactKind.FUNDING_PAID, ""] == 1
    await rig.finish()


@played(PERP)
async def test_o18_a_position_that_somebody_closed_ends_its_executor_and_nothing_is_sold_again(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(2)
    script.close_elsewhere(rig.venue.engine, rig.venue.account, SYMBOL)
    await rig.until(lambda: executor.is_closed, 120)
    assert executor.close_type is CloseType.EXTERNAL and rig.told(FactKind.POSITION_ADJUSTED)
    assert not [order for order in rig.orders() if order.side == "SELL"]
    await rig.finish(excused=OTHERS)


@played()
async def test_o18_an_order_that_somebody_canceled_is_not_sent_again(rig: LiveRig) -> None:
    executor = rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1 and not rig.connector._unanswered)
    script.cancel_elsewhere(rig.venue.engine, rig.orders()[0])
    await rig.until(lambda: executor.is_closed, 60)
    assert executor.close_type is CloseType.EXTERNAL
    await rig.sleep(60)
    assert len(rig.orders()) == 1
    await rig.finish()


@played(PERP)
async def test_o19_a_trade_that_the_venue_takes_back_is_booked_as_its_opposite(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(2)
    script.bust(rig.venue.engine, rig.venue.account, rig.venue.executions()[0])
    await rig.until(lambda: executor.is_closed, 120)
    assert executor.close_type is CloseType.EXTERNAL and rig.told(FactKind.POSITION_ADJUSTED)
    await rig.finish(excused=(*OTHERS, "opened with"))


@played(PERP)
async def test_o20_take_profit_and_stop_both_fill_and_the_excess_is_traded_back(rig: LiveRig) -> None:
    executor = rig.open(barriers={"take_profit": D("0.01"), "stop_loss": D("0.01"), "take_profit_order_type": OrderType.LIMIT})
    await rig.until(lambda: executor.has_fills and any(order.side == "SELL" for order in rig.orders()))
    await rig.sleep(2)
    rig.fault("stall", "user:*", lasts_s=6)
    rig.rule("fill_on_cancel", side="SELL")
    rig.move(64_000)
    await rig.until(lambda: executor.is_closed, 120)
    await rig.sleep(10)
    await rig.finish()
    assert rig.position() == 0


@played()
async def test_o21_one_execution_by_stream_answer_and_list_is_one(rig: LiveRig) -> None:
    rig.fault("dup", "user:*", times=-1)
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    rig.front.close_all()
    await rig.sleep(30)
    await rig.finish()
    assert rig.booked() == rig.venue_trades()


@played()
async def test_o22_an_exit_that_is_refused_for_good_is_held_and_told(rig: LiveRig) -> None:
    executor = rig.open(barriers={"stop_on_venue": False})
    await rig.until(lambda: executor.has_fills)
    rig.fault("status", "POST */order", status=400, code=-1013, msg="Filter failure: PERCENT_PRICE")
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 900)
    assert rig.told(FactKind.EXIT_FAILED) and rig.watcher.holds
    rig.heal()
    await rig.finish()


@played()
async def test_o23_an_exit_into_a_thin_book_goes_in_slices(rig: LiveRig) -> None:
    executor = rig.open(amount=D("0.05"))
    await rig.until(lambda: executor.has_fills)
    rig.venue.houses[SYMBOL].thin(3, 8 if rig.name == PERP else 800)
    await rig.sleep(3)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 300)
    assert executor.custom_info()["exposure_base"] == 0 or rig.watcher.holds
    await rig.finish()


@played()
async def test_o24_an_exit_outlasts_an_hour_without_the_venue_and_is_told_all_the_time(rig: LiveRig) -> None:
    executor = rig.open(barriers={"stop_on_venue": False})
    await rig.until(lambda: executor.has_fills)
    rig.fault("refuse", "*", status=502)
    rig.fault("drop_before", "*")
    rig.front.close_all()
    await rig.sleep(20)
    rig.stop(executor)
    await rig.sleep(1800)
    rig.kill()
    await rig.sleep(5)
    await rig.boot(until_live_s=None)
    (executor,) = rig.running
    await rig.sleep(1800)
    assert not executor.is_closed and len(rig.told(FactKind.EXIT_STUCK)) >= 8
    rig.heal()
    await rig.until(lambda: executor.is_closed, 180)
    await rig.finish()
    assert abs(rig.position()) < D("0.0001")


@played()
async def test_p8_executions_while_down_are_found_also_where_nothing_says_how_far_they_were_read(rig: LiveRig) -> None:
    """The records came back without their marks (salvaged, or of a start that died before its first read), no order is open, and an order of ours traded meanwhile."""
    executor = rig.open(barriers={"stop_on_venue": False})
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(2)
    rig.kill()
    rig.disk.write(lambda connection: connection.execute(delete(tables.venue_memory)))
    rig.venue.engine.submit(rig.venue.account, OrderAsk(SYMBOL, "BUY", "MARKET", 10 if rig.name == PERP else 1000, client_id="cdr-rigone-7-99-1"))
    await rig.sleep(3 * 3600)
    before = len(rig.fills)
    await rig.boot()
    await rig.until(lambda: len(rig.fills) > before, 60)
    assert rig.fills[-1].client_order_id == "cdr-rigone-7-99-1"
    await rig.finish(excused=("cdr-rigone-7-99", "intent", "of which nothing is written"))
