"""O16, O9: exits of executors that share one position at the venue, on the whole live path. The venue's own ledger judges at the end of each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.model.enums import CloseType, OrderType, PositionMode, TradeType
from botcore.model.events import FactKind
from tests.fakes.simvenue.values import OrderAsk
from tests.faults.stage import played
from tests.support.live_rig import PAIR, PERP, SYMBOL, LiveRig

D = Decimal
BY_LIMIT = {"take_profit": D("0.01"), "take_profit_order_type": OrderType.LIMIT}
POSITION_MESSAGE = "user:ACCOUNT_UPDATE"


async def in_hedge_mode(rig: LiveRig) -> None:
    rig.inside(lambda: rig.connector.configure_perpetual(PAIR, 1, PositionMode.HEDGE))
    await rig.until(lambda: rig.account.connector.position_mode() is PositionMode.HEDGE and rig.is_live())


async def eaten_by_a_late_exit(rig: LiveRig) -> None:
    """One executor ends; the half of its take profit that it had canceled trades afterwards, and closes what the others hold."""
    early = rig.open(barriers=BY_LIMIT)
    await rig.until(lambda: early.has_fills and early._profit is not None and early._profit.is_working)
    rig.rule("late_fill", side="SELL", fraction=0.5, delay_s=4)
    rig.stop(early)
    await rig.until(lambda: early.is_closed)
    await rig.until(lambda: rig.told(FactKind.POSITION_HELD), 30)


def refused(rig: LiveRig) -> list[str]:
    return [order["reason"] for order in rig.watcher.orders.values() if order["state"] == "FAILED"]


def side_lots(rig: LiveRig) -> dict[str, int]:
    return {side: position.lots for (_, side), position in rig.venue.account.positions.items()}


@played(PERP)
async def test_o16_an_exit_in_hedge_mode_takes_what_a_late_exit_of_another_executor_has_left(rig: LiveRig) -> None:
    await in_hedge_mode(rig)
    other = rig.open()
    await rig.until(lambda: other.has_fills)
    await eaten_by_a_late_exit(rig)
    assert side_lots(rig)["LONG"] == rig.instrument.lots(D("0.005"))
    rig.stop(other)
    waited_s = await rig.until(lambda: other.is_closed, 30)
    assert waited_s < 15, "what is not there is not waited for"
    assert other.close_type is CloseType.POSITION_HOLD and other.info.reason.startswith("the account holds nothing to close")
    assert not [reason for reason in refused(rig) if "-2022" in reason], "the venue was asked for no more than there is"
    await rig.finish()
    assert not any(side_lots(rig).values())
    assert [D(row["net_amount_base"]) for row in rig.watcher.holds.values()] == [0], (
        "what one closed too much and the other could not close cancel out"
    )


@played(PERP)
async def test_o16_a_take_profit_that_rests_does_not_hold_up_a_stop_on_the_same_side(rig: LiveRig) -> None:
    await in_hedge_mode(rig)
    resting, stopped = rig.open(barriers=BY_LIMIT), rig.open()
    await rig.until(lambda: resting.has_fills and stopped.has_fills)
    await eaten_by_a_late_exit(rig)
    # 0.015 are left, a take profit of 0.010 rests
    rig.stop(stopped)
    await rig.until(lambda: stopped.is_closed, 10)
    assert stopped.close_type is CloseType.EARLY_STOP
    assert side_lots(rig)["LONG"] == rig.instrument.lots(D("0.005"))
    await rig.finish()
    assert not any(side_lots(rig).values())


@played(PERP)
async def test_o16_an_exit_that_is_refused_has_the_position_read_and_goes_as_its_bots_net_each_other(rig: LiveRig) -> None:
    long, short = await netted_unheard(rig)
    rig.stop(long)
    await rig.until(lambda: long.is_closed, 10)
    assert [reason for reason in refused(rig) if "-2022" in reason], "what was known of the position was old"
    assert rig.position() == D("-0.01"), "the other one still has what it had"
    assert not short.is_closed
    await rig.finish()
    assert rig.position() == 0


@played(PERP)
async def test_o16_an_exit_never_meets_its_own_take_profit(rig: LiveRig) -> None:
    """What rests and only reduces counts against the position (-4118): the take profit is off the book before the exit leaves."""
    executor = rig.open(barriers=BY_LIMIT)
    await rig.until(lambda: executor.has_fills and executor._profit is not None and executor._profit.is_working)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 10)
    assert executor.close_type is CloseType.EARLY_STOP and not refused(rig)
    await rig.finish()
    assert rig.position() == 0


@played(PERP)
async def test_o16_a_stop_is_not_held_up_by_the_take_profit_of_another_executor(rig: LiveRig) -> None:
    """Two longs and a short make a position of one: the take profit of one long takes all that may be reduced."""
    resting = rig.open(barriers=BY_LIMIT)
    await rig.until(lambda: resting.has_fills and resting._profit is not None and resting._profit.is_working)
    stopped, short = rig.open(), rig.open(side=TradeType.SELL)
    await rig.until(lambda: stopped.has_fills and short.has_fills)
    await rig.until(lambda: rig.connector.venue_lots(rig.instrument, "net") == rig.instrument.lots(D("0.01")))
    rig.stop(stopped)
    await rig.until(lambda: stopped.is_closed, 15)
    assert stopped.close_type is CloseType.EARLY_STOP
    assert not refused(rig), "what rests is known here: the venue was not asked for what it refuses"
    assert not resting.is_closed
    await rig.finish()
    assert rig.position() == 0


@played(PERP)
async def test_o16_an_exit_beside_somebody_elses_reduce_only_order_goes_once_the_position_was_read_again(rig: LiveRig) -> None:
    """A person's own take profit takes all the room there is. It is not ours to cancel; the venue ends it with the position."""
    executor, hand = await beside_a_persons_take_profit(rig)
    rig.stop(executor)
    await rig.until(lambda: len(refused(rig)) >= 2)
    assert all("-4118" in reason for reason in refused(rig))
    waited_s = await rig.until(lambda: executor.is_closed, 90)
    assert executor.close_type is CloseType.EARLY_STOP and rig.position() == 0
    assert waited_s > 15, "not before an answer that no lag can make old says that the position is still there"
    assert (hand.status, hand.filled) == ("EXPIRED", 0)
    await rig.finish(excused=("by-hand",))


@played(PERP)
async def test_o16_the_stop_at_the_venue_takes_no_room_and_once_it_fires_is_refused_like_the_exit(rig: LiveRig) -> None:
    """So an exit that waits beside somebody else's order loses nothing with it: our own stop loss is what gets out."""
    executor, hand = await beside_a_persons_take_profit(rig)
    (stop,) = rig.venue.engine.stops.waiting(rig.venue.account)
    rig.move("60000")
    await rig.until(lambda: stop.status != "NEW")
    assert (stop.status, stop.reason) == ("REJECTED", "reduce_only_full")
    await rig.until(lambda: executor.is_closed, 90)
    assert executor.close_type is CloseType.STOP_LOSS and rig.position() == 0
    assert (hand.status, hand.filled) == ("EXPIRED", 0)
    await rig.finish(excused=("by-hand",))


@played(PERP)
async def test_o18_a_position_is_called_somebody_elses_only_when_the_venue_says_so_again(rig: LiveRig) -> None:
    await netted_unheard(rig)
    assert rig.connector.venue_lots(rig.instrument, "net") == rig.instrument.lots(D("0.01"))
    await rig.sleep(40)
    assert not rig.told(FactKind.POSITION_UNACCOUNTED)
    assert rig.connector.venue_lots(rig.instrument, "net") == 0
    await rig.finish()


async def netted_unheard(rig: LiveRig) -> tuple[Any, Any]:
    """Two executors net each other; the message that the position is flat by it was lost."""
    long = rig.open()
    await rig.until(lambda: rig.connector.venue_lots(rig.instrument, "net") == rig.instrument.lots(D("0.01")))
    rig.fault("gap", POSITION_MESSAGE, lasts_s=3)
    short = rig.open(side=TradeType.SELL)
    await rig.until(lambda: short.has_fills)
    await rig.sleep(1)
    return long, short


async def beside_a_persons_take_profit(rig: LiveRig) -> tuple[Any, Any]:
    """An executor with a stop at the venue, and a person's order that only reduces and takes all the room; it is taken although the stop stands there."""
    executor = rig.open(barriers={"stop_loss": D("0.05")})
    await rig.until(lambda: rig.venue.engine.stops.waiting(rig.venue.account))
    engine, account = rig.venue.engine, rig.venue.account
    best = engine.books[SYMBOL].asks.best()
    assert best is not None
    return executor, engine.submit(
        account, OrderAsk(SYMBOL, "SELL", "LIMIT", rig.instrument.lots(D("0.01")), best + 5_000, "by-hand", reduce_only=True)
    )
