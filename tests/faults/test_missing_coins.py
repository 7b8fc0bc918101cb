"""O13, O18, R21 on spot: coins of our bots that somebody has sold or withdrawn are told once, nothing is bought into the hole, and exits take what is there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.model.enums import CloseType, OrderType
from botcore.model.errors import UserError
from botcore.model.events import FactKind
from tests.fakes.simvenue import script
from tests.faults.stage import played
from tests.support.live_rig import BOT, SPOT, SYMBOL, LiveRig

D = Decimal
BTC = "BTC"


def withdraw(rig: LiveRig, amount: str) -> None:
    script.transfer(rig.venue.engine, rig.venue.account, BTC, -D(amount))


def leave(rig: LiveRig, amount: str) -> None:
    """The person takes all but so much."""
    withdraw(rig, str(rig.venue.account.totals[BTC] - D(amount)))


def told(rig: LiveRig) -> list[dict[str, Any]]:
    return [fact.payload for fact in rig.told(FactKind.BALANCE_SHORT)]


async def held(rig: LiveRig, amount: str = "0.01", **changes: Any) -> Any:
    executor = rig.open(amount=D(amount), **changes)
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(2)
    return executor


@played(SPOT)
async def test_o18_coins_that_somebody_withdrew_are_told_once_with_those_who_hold_them(rig: LiveRig) -> None:
    first, second = await held(rig), await held(rig, "0.02")
    leave(rig, "0.012")
    await rig.until(lambda: told(rig), 60)
    await rig.sleep(200)
    (fact,) = told(rig)
    exposure = first.exposures()[0].base + second.exposures()[0].base
    assert (fact["asset"], D(fact["there"]), D(fact["held"])) == (BTC, D("0.012"), exposure)
    assert D(fact["missing"]) == exposure - D("0.012")
    assert {(holder["bot_id"], holder["executor_id"]) for holder in fact["holders"]} == {(BOT, first.id), (BOT, second.id)}
    assert not first.is_closed and not second.is_closed, "whose coins went can't be told"
    await rig.finish(excused=("I1", "I2"))


@played(SPOT)
async def test_o18_nothing_is_bought_into_the_hole_and_it_goes_on_when_the_coins_are_back(rig: LiveRig) -> None:
    await held(rig)
    leave(rig, "0.004")
    await rig.until(lambda: told(rig), 60)
    orders = len(rig.orders())
    entry = rig.open(amount=D("0.02"))
    await rig.sleep(90)
    assert len(rig.orders()) == orders and not entry.is_closed
    assert "waits for the account" in entry.info.reason and "0.004 BTC" in entry.info.reason
    withdraw(rig, "-1")
    await rig.until(lambda: entry.has_fills, 120)
    assert len(rig.told(FactKind.BALANCE_COVERED)) == len(told(rig)) == 1
    assert not rig.connector.shortages
    await rig.finish(excused=("I1",))


@played(SPOT)
async def test_o18_what_is_gone_for_good_is_taken_out_of_the_records_on_a_persons_word(rig: LiveRig) -> None:
    """From holds first; then nothing is missing, an entry goes on, and what bots hold is what the account has."""
    kept, running = await held(rig), await held(rig, "0.02")
    rig.stop(kept, keep_position=True)
    await rig.until(lambda: kept.is_closed)
    leave(rig, "0.012")
    await rig.until(lambda: told(rig), 60)
    missing = D(told(rig)[0]["missing"])
    entry = rig.open(amount=D("0.02"))
    await rig.sleep(20)
    assert not entry.has_fills
    orders = len(rig.orders())
    booked = rig.inside(lambda: rig.host.runtime.give_up(SPOT, BTC, missing))
    assert missing - 2 * rig.instrument.lot_size <= booked <= missing
    with pytest.raises(UserError, match="nothing of BTC is missing"):
        # a second card with the same button, in the same moment
        rig.inside(lambda: rig.host.runtime.give_up(SPOT, BTC, missing))
    assert len(rig.orders()) == orders, "no order is sent"
    await rig.until(lambda: entry.has_fills, 120)
    await rig.until(lambda: bool(rig.told(FactKind.BALANCE_COVERED)), 120)
    assert not rig.connector.shortages and len(rig.told(FactKind.BALANCE_COVERED)) == 1
    holds = sum(hold.net_amount_base for hold in rig.bot.orchestrator.holds.of())
    assert holds < rig.instrument.lot_size, "what was only held went first"
    assert not running.is_closed and D("0.0115") < running.exposures()[0].base < D("0.0125"), "the rest of it was the executor's"
    with pytest.raises(UserError, match="nothing of BTC is missing"):
        rig.inside(lambda: rig.host.runtime.give_up(SPOT, BTC, missing))
    await rig.finish(excused=("I1", "I2", "external-", "never had it", "its executions make", "I20"))


@played(SPOT)
async def test_o13_an_exit_takes_what_is_there_and_the_rest_is_held_without_a_storm(rig: LiveRig) -> None:
    executor = await held(rig)
    leave(rig, "0.004")
    await rig.until(lambda: told(rig), 60)
    orders = len(rig.orders())
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 60)
    await rig.sleep(60)
    (exit_,) = rig.orders()[orders:]
    assert rig.venue.engine.markets[SYMBOL].amount(exit_.filled) == D("0.004")
    assert executor.close_type is CloseType.POSITION_HOLD and len(rig.told(FactKind.EXIT_FAILED)) == 1
    assert "0 BTC" in rig.told(FactKind.EXIT_FAILED)[0].payload["reason"]
    assert len(told(rig)) == 1, "it is the same hole"
    await rig.finish(excused=("I1", "I2"))


@played(SPOT)
async def test_o13_an_exit_that_is_refused_before_anything_is_proven_is_cut_to_what_is_there(rig: LiveRig) -> None:
    executor = await held(rig)
    leave(rig, "0.004")
    await rig.sleep(1)
    assert not told(rig)
    rig.stop(executor)
    await rig.until(lambda: executor.is_closed, 60)
    sent = [what for _, what in rig.manners.sent if what.startswith("POST") and what.endswith("/order")]
    assert rig.venue.account.totals[BTC] == 0 and executor.close_type is CloseType.POSITION_HOLD
    assert len(sent) <= 1 + 1 + 1 + 3
    await rig.until(lambda: told(rig), 90)
    await rig.finish(excused=("I1", "I2"))


@played(SPOT)
async def test_o18_coins_that_went_while_nothing_ran_are_told_at_the_start_and_nothing_is_opened_before(rig: LiveRig) -> None:
    await held(rig)
    await rig.sleep(30)
    rig.kill()
    leave(rig, "0.004")
    await rig.sleep(60)
    await rig.boot()
    orders = len(rig.orders())
    entry = rig.open(amount=D("0.02"))
    await rig.until(lambda: told(rig), 60)
    assert len(rig.orders()) == orders and "waits for the account" in entry.info.reason
    await rig.finish(excused=("I1", "I2"))


@played(SPOT)
async def test_o18_the_hold_of_a_bot_that_does_not_run_counts(rig: LiveRig) -> None:
    executor = await held(rig)
    rig.stop(executor, keep_position=True)
    await rig.until(lambda: executor.is_closed)
    await rig.sleep(2)
    rig.kill()
    await rig.sleep(10)
    await rig.boot()
    rig.inside(lambda: rig.runtime.remove_bot(rig.bot))
    leave(rig, "0.004")
    await rig.until(lambda: told(rig), 160)
    (fact,) = told(rig)
    assert [(holder["bot_id"], holder["executor_id"]) for holder in fact["holders"]] == [(BOT, "")]
    rig.runtime.add_bot(rig.bot)
    await rig.finish(excused=("I1", "I2"))


@played(SPOT)
async def test_o18_what_the_person_owns_besides_is_nobodys_business(rig: LiveRig) -> None:
    executor = await held(rig)
    leave(rig, str(executor.exposures()[0].base + D("0.000005")))
    withdraw(rig, "0.00001")
    withdraw(rig, "-3")
    withdraw(rig, "1.5")
    await rig.sleep(150)
    assert not told(rig) and not rig.connector.shortages
    await rig.finish(excused=("I1",))


@played(SPOT)
async def test_o12_dust_that_somebody_takes_is_no_alarm(rig: LiveRig) -> None:
    executor = await held(rig)
    leave(rig, str(executor.exposures()[0].base - D("0.00001")))
    await rig.sleep(150)
    assert not told(rig)
    await rig.finish(excused=("I1", "I2"))


@played(SPOT)
async def test_r21_balances_that_are_older_than_our_fills_are_no_alarm(rig: LiveRig) -> None:
    """The account has nothing of its own: all that it has, the bots have just bought."""
    leave(rig, "0")
    await rig.sleep(30)
    rig.fault("read_lag", "GET *", delay_s=20)
    rig.fault("stall", "user:outboundAccountPosition")
    for _ in range(4):
        executor = await held(rig)
        await rig.sleep(13)
        rig.stop(executor)
        await rig.sleep(9)
        assert executor.is_closed, executor.info.reason
    await held(rig)
    await rig.sleep(100)
    assert not told(rig) and not rig.connector.shortages.proven
    rig.heal()
    await rig.finish(excused=("I1",))


@played(SPOT)
async def test_r21_an_exit_that_trades_without_a_word_is_no_alarm(rig: LiveRig) -> None:
    leave(rig, "0")
    await rig.sleep(30)
    executor = await held(rig, barriers={"take_profit": D("0.01"), "take_profit_order_type": OrderType.LIMIT})
    await rig.until(lambda: any(order.is_open for order in rig.orders()))
    rig.fault("stall", "user:executionReport")
    rig.move(rig.mid() * D("1.02"))
    await rig.until(lambda: executor.is_closed, 120)
    await rig.sleep(60)
    assert not told(rig)
    rig.heal()
    await rig.finish(excused=("I1",))
