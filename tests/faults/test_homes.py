"""P20, W11: two homes trade with one key and leave each other alone; a home without its records finds its own orders, and theirs only."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from botcore.model.events import FactKind
from botcore.model.order import OrderState
from tests.fakes.simvenue.engine import OrderAsk
from tests.faults.stage import played
from tests.simulation.oracle import judge_fills, judge_orders
from tests.support.live_rig import PERP, SPOT, SYMBOL, LiveRig

D = Decimal
OURS, THEIRS = ("homeaa",), ("homebb",)


def place(rig: LiveRig, client_id: str, price: int = 63_000) -> object:
    """An order that comes from elsewhere."""
    lots = 10 if rig.name == PERP else 1000
    ask = OrderAsk(SYMBOL, "BUY", "LIMIT", lots, int(D(price) / rig.venue.engine.markets[SYMBOL].tick), client_id)
    return rig.venue.engine.submit(rig.venue.account, ask)


@pytest.mark.parametrize("name", [PERP, SPOT])
def test_p20_two_homes_on_one_key_leave_each_other_alone(name: str) -> None:
    one = LiveRig(name, homes=OURS)
    other = LiveRig(name, homes=THEIRS, beside=one)

    async def play(rig: LiveRig) -> None:
        await other.boot()
        resting = [home.resting() for home in (one, other)]
        await one.until(lambda: all(len(home.orders()) == 1 for home in (one, other)))
        # both read lists and streams of the account over and over, and one of them starts anew
        one.front.close_all()
        await one.sleep(130)
        other.kill()
        await one.sleep(5)
        await other.boot()
        bought = one.open()
        await one.until(lambda: bought.has_fills)
        await one.sleep(60)
        assert not any(executor.is_closed for executor in resting[:1]) and len(other.running) == 1
        assert one.orders()[0].is_open and other.orders()[0].is_open
        for home in (one, other):
            assert not home.told(FactKind.ORDER_ADOPTED)
            for executor in home.running:
                home.stop(executor)
        await one.until(lambda: not one.running and not other.running)
        await one.sleep(3)
        for home in (one, other):
            judge_orders(home.watcher, home.wire, home.breach, home.ids.is_ours)
            judge_fills(home.watcher, home.wire, home.breach, home.ids.is_ours)
        assert other.fills == [] and len(one.told(FactKind.OTHER_HOME)) == 1
        assert {fact.payload["home"] for fact in other.told(FactKind.OTHER_HOME)} == {OURS[0]}
        await other._within(other.host.close)
        assert other.breaches + other.manners.breaches == []

    one.run(play)


@played(homes=OURS)
async def test_p8_a_home_that_lost_its_records_takes_off_its_own_orders_only(rig: LiveRig) -> None:
    rig.resting()
    await rig.until(lambda: len(rig.orders()) == 1 and rig.orders()[0].is_open)
    await rig.sleep(1)
    theirs, nameless = place(rig, "cdr-homebb-3-7-1"), place(rig, "cdr-3-9-1", 62_000)
    rig.kill()
    rig.lose_records()
    await rig.sleep(5)
    await rig.boot()
    await rig.until(lambda: not rig.orders()[0].is_open, 90)
    await rig.sleep(60)
    assert [fact.payload["client_order_id"] for fact in rig.told(FactKind.ORDER_ADOPTED)] == [rig.orders()[0].client_id]
    assert theirs.is_open and nameless.is_open  # type: ignore[attr-defined]
    assert sorted(fact.payload["home"] for fact in rig.told(FactKind.OTHER_HOME)) == ["", "homebb"]


@pytest.mark.parametrize("name", [PERP, SPOT])
def test_p18_orders_of_before_homes_had_names_stay_with_the_home_whose_records_know_them(name: str) -> None:
    rig = LiveRig(name, homes=())

    async def play(rig: LiveRig) -> None:
        executor = rig.resting()
        await rig.until(lambda: len(rig.orders()) == 1)
        rig.submit(price="63500")
        await rig.until(lambda: len(rig.orders()) == 2)
        await rig.sleep(1)
        old = rig.orders()
        rig.kill()
        rig.homes = OURS
        await rig.boot()
        # the executor's entry goes on, the one that nobody watches is known by its intent and taken off
        await rig.until(lambda: not old[1].is_open, 90)
        assert rig.running[0].id == executor.id and old[0].is_open
        assert not rig.told(FactKind.OTHER_HOME)
        new = rig.submit(price="63400")
        assert new.client_order_id.startswith("cdr-homeaa-")
        rig.cancel(new)
        await rig.until(lambda: new.state is OrderState.CANCELED)
        rig.stop(rig.running[0])
        await rig.until(lambda: not rig.running)

    rig.run(play)


@pytest.mark.parametrize("name", [PERP, SPOT])
def test_p8_what_was_traded_in_pairs_that_no_record_names_is_found_after_a_loss_and_asked_for_once(name: str) -> None:
    """The position is closed or open, no order is at the venue any more: only the venue's list of executions tells of them."""
    rig = LiveRig(name, pairs=("BTC-USDT", "ETH-USDT", "SOL-USDT"), homes=OURS)

    async def play(rig: LiveRig) -> None:
        open_one = rig.open(trading_pair="ETH-USDT", amount=D("0.5"), barriers={"stop_on_venue": False})
        await rig.until(lambda: open_one.has_fills)
        await rig.sleep(3)
        lost = {(fill.client_order_id, fill.trade_id) for fill in rig.fills}
        rig.kill()
        rig.lose_records()
        rig.pairs = ("BTC-USDT",)
        await rig.sleep(3 * 3600)
        rig.fills.clear()
        await rig.boot()
        await rig.until(lambda: {(fill.client_order_id, fill.trade_id) for fill in rig.fills} >= lost, 120)
        held = [fact.payload for fact in rig.told(FactKind.POSITION_HELD)]
        assert {told["trading_pair"] for told in held} == {"ETH-USDT"} and sum(D(told["amount"]) for told in held) == D("0.5")
        # until the last look: answers may lag
        await rig.sleep(130)
        assert not rig.told(FactKind.POSITION_UNACCOUNTED), "the executions account for it"

        rig.kill()
        await rig.sleep(5)
        booked, began_ns = len(rig.fills), rig.loop.now_ns
        await rig.boot()
        await rig.sleep(10)
        assert len(rig.fills) == booked
        if name == PERP:
            assert len(rig.requests("/income", began_ns)) == 1, "for missed funding only"
        else:
            assert not [symbol for symbol in rig.venue.engine.markets if symbol.startswith("SOL") and rig.requests(symbol, began_ns)]

    rig.run(play)


@pytest.mark.parametrize("name", [PERP, SPOT])
def test_p8_what_a_lagging_venue_does_not_show_at_once_after_a_loss_is_found_within_a_minute(name: str) -> None:
    """R14 beside P8: the first answers are older than the trade; every later answer is as old as the first."""
    rig = LiveRig(name, pairs=("BTC-USDT", "ETH-USDT"), homes=OURS)

    async def play(rig: LiveRig) -> None:
        await rig.sleep(60)
        open_one = rig.open(trading_pair="ETH-USDT", amount=D("0.5"), barriers={"stop_on_venue": False})
        await rig.until(lambda: open_one.has_fills)
        lost = {(fill.client_order_id, fill.trade_id) for fill in rig.fills}
        rig.kill()
        rig.lose_records()
        rig.pairs = ("BTC-USDT",)
        rig.fills.clear()
        rig.fault("read_lag", "GET *", delay_s=25)
        await rig.boot()
        await rig.until(lambda: {(fill.client_order_id, fill.trade_id) for fill in rig.fills} >= lost, 60)
        assert len(rig.fills) == len(lost)
        held = [fact.payload for fact in rig.told(FactKind.POSITION_HELD)]
        assert {told["trading_pair"] for told in held} == {"ETH-USDT"} and sum(D(told["amount"]) for told in held) == D("0.5")
        await rig.sleep(130)
        looked_ns = rig.loop.now_ns
        # past two of its longest pauses
        await rig.sleep(250)
        if name == PERP:
            assert len(rig.requests("/income", looked_ns)) <= 1, "and then it is over; the list is polled every ten minutes anyway"
        else:
            asked_ns = rig.requests("symbol=ETHUSDT", looked_ns)
            apart_s = [(later - earlier) / 1e9 for earlier, later in pairwise(asked_ns)]
            assert apart_s and min(apart_s) > 50, "and then it is over; a pair that was traded is polled every minute anyway"

    rig.run(play)
