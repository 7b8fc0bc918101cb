"""O17: what the venue itself closes is booked by its own execution: at once, at its price, with its fee, whichever way it is heard of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.executors.position import PositionExecutor
from botcore.model.enums import CloseType
from botcore.model.events import FactKind
from tests.fakes.simvenue import script
from tests.faults.stage import played
from tests.support.live_rig import PERP, SYMBOL, LiveRig

D = Decimal
PRICE = D(61_234)
OTHERS = ("never had it", "its executions make", "I20")
"""What the oracle says of every order that only stands for somebody else's doing."""


def force(rig: LiveRig, **how: Any) -> None:
    script.liquidate(rig.venue.engine, rig.venue.account, SYMBOL, price=PRICE, **how)


async def held(rig: LiveRig, count: int = 1, **barriers: Any) -> list[PositionExecutor]:
    executors = [rig.open(barriers=barriers) for _ in range(count)]
    await rig.until(lambda: all(executor.has_fills for executor in executors))
    await rig.sleep(2)
    return executors


def forced_fills(rig: LiveRig) -> list[Any]:
    """What is written of executions that are not of orders of ours."""
    ours = {order.client_id for order in rig.orders()}
    return [row for row in rig.watcher.fills.values() if row["client_order_id"] not in ours]


def at_venue(rig: LiveRig) -> Any:
    (execution,) = [execution for execution in rig.venue.executions() if execution.order.origin != "user"]
    return execution


@pytest.mark.parametrize("how", [{}, {"settles": True}])
def test_o17_a_liquidation_is_booked_as_the_venue_did_it_within_two_seconds(how: dict[str, Any]) -> None:
    async def play(rig: LiveRig) -> None:
        (executor,) = await held(rig)
        force(rig, **how)
        assert await rig.until(lambda: executor.is_closed, 10) <= 2
        assert executor.close_type is CloseType.EXTERNAL
        await rig.sleep(1)
        (row,), execution = forced_fills(rig), at_venue(rig)
        assert (D(row["price"]), D(row["amount"]), row["trade_type"], row["trade_id"]) == (PRICE, D("0.01"), "SELL", str(execution.id))
        assert (D(row["fee_amount"]), row["fee_asset"], D(row["fee_quote"])) == (execution.commission, "USDT", execution.commission)
        assert executor.custom_info()["close_price"] == PRICE
        (told,) = rig.told(FactKind.POSITION_ADJUSTED)
        assert told.payload["cause"] == ("settlement" if how else "liquidation") and D(told.payload["price"]) == PRICE
        await rig.finish(excused=OTHERS)

    LiveRig(PERP).run(play)


@played(PERP)
async def test_o17_a_deleveraging_takes_a_part_at_its_price(rig: LiveRig) -> None:
    (executor,) = await held(rig)
    force(rig, fraction=0.4, adl=True)
    await rig.until(lambda: executor.custom_info()["exposure_base"] == D("0.006"), 3)
    await rig.sleep(70)
    (row,) = forced_fills(rig)
    assert (D(row["price"]), D(row["amount"])) == (PRICE, D("0.004")) and not executor.is_closed
    await rig.finish(excused=OTHERS)


@played(PERP)
async def test_o17_several_holders_share_one_execution_and_its_fee(rig: LiveRig) -> None:
    executors = await held(rig, 3)
    force(rig)
    await rig.until(lambda: all(executor.is_closed for executor in executors), 3)
    await rig.sleep(1)
    rows, execution = forced_fills(rig), at_venue(rig)
    assert len(rows) == len({row["trade_id"] for row in rows}) == 3
    assert {row["trade_id"].split(".")[0] for row in rows} == {str(execution.id)} and {D(row["price"]) for row in rows} == {PRICE}
    assert sum(D(row["fee_amount"]) for row in rows) == sum(D(row["fee_quote"]) for row in rows) == execution.commission
    await rig.finish(excused=OTHERS)


@played(PERP)
async def test_o17_what_the_stream_lost_is_found_in_the_list_of_executions(rig: LiveRig) -> None:
    (executor,) = await held(rig, stop_loss=D("0.5"))
    rig.fault("stall", "user:*", lasts_s=100)
    await rig.sleep(1)
    force(rig)
    await rig.until(lambda: executor.is_closed, 110)
    await rig.sleep(1)
    (row,) = forced_fills(rig)
    assert (D(row["price"]), row["trade_id"]) == (PRICE, str(at_venue(rig).id))
    await rig.finish(excused=OTHERS)


@played(PERP)
async def test_o17_what_happened_while_nothing_ran_is_booked_as_it_was(rig: LiveRig) -> None:
    await held(rig)
    rig.kill()
    await rig.sleep(5)
    force(rig)
    await rig.sleep(1800)
    await rig.boot(until_live_s=None)
    (executor,) = rig.running
    await rig.until(lambda: executor.is_closed, 40)
    await rig.sleep(2)
    (row,) = forced_fills(rig)
    assert (D(row["price"]), row["trade_id"], executor.close_type) == (PRICE, str(at_venue(rig).id), CloseType.EXTERNAL)
    rig.kill()
    await rig.boot()
    await rig.sleep(70)
    assert len(forced_fills(rig)) == 1
    await rig.finish(excused=OTHERS)


@played(PERP)
async def test_o17_what_was_never_ours_is_not_booked(rig: LiveRig) -> None:
    """Somebody's own position is liquidated, then we open one: an execution of before, however often it is read, is not about ours."""
    script.trade_elsewhere(rig.venue.engine, rig.venue.account, SYMBOL, "BUY", 30)
    force(rig)
    await rig.sleep(3)
    (executor,) = await held(rig)
    rig.inside(lambda: rig.connector.look_at_trades(rig.instrument, rig.clock.now_ns - 600 * 1_000_000_000))
    await rig.sleep(70)
    assert not executor.is_closed and forced_fills(rig) == []
    rig.kill()
    await rig.boot()
    await rig.sleep(70)
    assert len(rig.running) == 1 and forced_fills(rig) == []
    await rig.finish(excused=OTHERS)
