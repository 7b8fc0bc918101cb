"""I20, O17: funding is in the result of who held the position, each payment once, whatever the stream tells and whenever it is heard of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import delete

from botcore.controllers.base import ControllerBase
from botcore.controllers.config import ControllerConfigBase
from botcore.core.steps import Stepper
from botcore.model.enums import TradeType
from botcore.model.events import FactKind
from botcore.model.records import FundingRecord
from botcore.recorder import tables
from botcore.recorder.queries import load_bot
from botcore.strategies.seats import ControllerSeat
from tests.fakes.simvenue import script
from tests.faults.stage import played
from tests.support.live_rig import BOT, CONTROLLER, PERP, SYMBOL, LiveRig

D = Decimal


def pay(rig: LiveRig, rate: str = "0.001") -> None:
    script.pay_funding(rig.venue.engine, SYMBOL, D(rate))


def paid(rig: LiveRig) -> Decimal:
    """What the venue's ledger says of funding."""
    return sum((entry.delta for entry in rig.venue.account.journal if entry.kind == "funding"), D(0))


def report(rig: LiveRig) -> Any:
    return rig.bot.orchestrator.report(CONTROLLER)


def rows(rig: LiveRig) -> dict[str, Decimal]:
    """What is written, by bot."""
    found: dict[str, Decimal] = {}
    for row in rig.watcher.funding.values():
        found[row["bot_id"]] = found.get(row["bot_id"], D(0)) + D(row["amount"])
    return found


async def held(rig: LiveRig, **changes: Any) -> Any:
    executor = rig.open(**changes)
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(2)
    return executor


@played(PERP)
async def test_i20_funding_is_in_the_result_once_over_doubled_messages_and_restarts(rig: LiveRig) -> None:
    executor = await held(rig)
    before = report(rig).global_pnl_quote
    rig.fault("dup", "user:*", times=-1)
    pay(rig)
    await rig.until(lambda: report(rig).funding_quote, 10)
    assert report(rig).funding_quote == paid(rig) < 0
    assert report(rig).global_pnl_quote - paid(rig) == before == report(rig).realized_pnl_quote + report(rig).unrealized_pnl_quote
    await rig.sleep(700)
    rig.kill()
    await rig.boot()
    await rig.sleep(700)
    assert report(rig).funding_quote == paid(rig) and rows(rig) == {BOT: paid(rig)}
    assert len(rig.told(FactKind.FUNDING_PAID)) == 1
    # it stays when what it was paid for is gone
    rig.stop(rig.running[0])
    await rig.until(lambda: not rig.running)
    assert report(rig).funding_quote == paid(rig) and executor.id
    await rig.finish(excused=("I20",))


@played(PERP)
async def test_i20_funding_that_was_paid_while_nothing_ran_is_found(rig: LiveRig) -> None:
    await held(rig)
    rig.kill()
    await rig.sleep(600)
    pay(rig)
    pay(rig, "-0.0004")
    await rig.sleep(7200)
    await rig.boot()
    await rig.until(lambda: report(rig).funding_quote, 60)
    assert report(rig).funding_quote == paid(rig)
    await rig.sleep(1)
    assert rig.inside(lambda: rig.journal.read(lambda connection: load_bot(connection, BOT)).result()).funding == {
        (CONTROLLER, "USDT"): (paid(rig), False)
    }
    await rig.finish(excused=("I20",))


@played(PERP)
async def test_i20_the_share_is_that_of_the_time_of_the_payment(rig: LiveRig) -> None:
    """What is bought or sold between a payment and its reading changes nothing; a hold pays like an executor."""
    executor = await held(rig)
    rig.stop(executor, keep_position=True)
    await rig.until(lambda: executor.is_closed)
    await rig.sleep(2)
    rig.fault("status", "GET */income", status=503, code=-1, msg="busy")
    pay(rig)
    await rig.sleep(0.5)
    await held(rig, amount=D("0.05"))
    await rig.sleep(30)
    rig.heal()
    await rig.until(lambda: report(rig).funding_quote, 700)
    await rig.sleep(1)
    assert report(rig).funding_quote == paid(rig) and rows(rig) == {BOT: paid(rig)}
    await rig.finish(excused=("I20",))


@played(PERP)
async def test_i20_what_nobody_here_held_is_nobodys(rig: LiveRig) -> None:
    lots = int(D("0.03") / rig.venue.engine.markets[SYMBOL].lot)
    script.trade_elsewhere(rig.venue.engine, rig.venue.account, SYMBOL, "BUY", lots)
    await rig.sleep(1)
    pay(rig)
    await rig.until(lambda: rows(rig), 10)
    assert rows(rig) == {"": paid(rig)} and not report(rig).funding_quote
    alone = paid(rig)
    await held(rig, side=TradeType.BUY)
    pay(rig)
    await rig.until(lambda: report(rig).funding_quote, 10)
    both = paid(rig) - alone
    assert abs(report(rig).funding_quote - both / 4) <= D("1e-9")
    assert sum(rows(rig).values()) == paid(rig)


class Told(ControllerBase):
    """Wants to know of its funding."""

    def __init__(self, config: Any, market_data_provider: Any) -> None:
        super().__init__(config, market_data_provider)
        self.told: list[FundingRecord] = []

    def fund(self, record: FundingRecord) -> None:
        self.told.append(record)


@played(PERP)
async def test_i20_a_controller_that_asks_is_told_of_its_share_once(rig: LiveRig) -> None:
    await held(rig)
    controller = Told(ControllerConfigBase(id=CONTROLLER, controller_name="of_test"), rig.bot.market_data)
    rig.bot.seats.append(ControllerSeat(controller, rig.bot.orchestrator, Stepper()))
    told = controller.told
    rig.fault("dup", "user:*", times=-1)
    pay(rig)
    await rig.until(lambda: told, 10)
    await rig.sleep(700)
    assert [(record.controller_id, record.amount_quote) for record in told] == [(CONTROLLER, paid(rig))]
    await rig.finish(excused=("I20",))


@played(PERP)
async def test_p8_funding_is_found_where_nothing_says_how_far_it_was_read(rig: LiveRig) -> None:
    """The records came back without their marks; what was paid hours ago is read from where they stop, and nothing of it twice."""
    await held(rig)
    pay(rig)
    await rig.until(lambda: report(rig).funding_quote, 10)
    rig.kill()
    rig.disk.write(lambda connection: connection.execute(delete(tables.venue_memory)))
    await rig.sleep(60)
    pay(rig, "0.0003")
    await rig.sleep(3 * 3600)
    await rig.boot()
    await rig.until(lambda: report(rig).funding_quote == paid(rig), 60)
    assert rows(rig) == {BOT: paid(rig)}
    await rig.finish()
