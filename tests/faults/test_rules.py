"""R18 on the whole live path: rules that change, pairs that halt, while bots trade."""

from __future__ import annotations

from decimal import Decimal

from botcore.model.enums import CloseType
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, SYMBOL, LiveRig

D = Decimal
RULES = "/exchangeInfo"


@played()
async def test_r18_a_refusal_by_a_rule_has_the_rules_read_and_they_hold_for_what_starts_then(rig: LiveRig) -> None:
    rig.venue.change_market(SYMBOL, min_notional=D(5_000))
    asked = len(rig.requests(RULES))
    rig.open()
    await rig.until(lambda: len(rig.requests(RULES)) == asked + 1, 10)
    await rig.until(lambda: rig.instrument.min_notional == D(5_000), 5)
    sent = len(rig.requests("POST"))
    late = rig.open()
    assert late.close_type is CloseType.FAILED and "5000" in late.info.reason.replace(",", "")
    assert len(rig.requests("POST")) == sent
    large = rig.open(amount=D("0.1"))
    await rig.until(lambda: large.has_fills)
    await rig.sleep(60)
    assert len(rig.requests(RULES)) - asked <= 8, "not with every refusal"
    await rig.finish(900)


@played()
async def test_r18_a_halted_pair_is_told_and_its_exit_waits_until_it_trades_again(rig: LiveRig) -> None:
    executor = rig.open(barriers={"stop_on_venue": False})
    await rig.until(lambda: executor.has_fills)
    rig.venue.change_market(SYMBOL, status="BREAK" if rig.name == SPOT else "PENDING_TRADING")
    late = rig.open()
    await rig.until(lambda: any("not traded there now" in text for text in rig.troubles), 60)
    assert not late.has_fills
    rig.stop(executor)
    await rig.sleep(20)
    assert executor.custom_info()["exposure_base"] > 0
    rig.venue.change_market(SYMBOL, status="TRADING")
    await rig.until(lambda: executor.is_closed, 900)
    await rig.finish(900)


@played()
async def test_r18_a_new_step_is_told_once_and_takes_effect_with_the_next_start(rig: LiveRig) -> None:
    executor = rig.open(amount=D("0.02"), barriers={"stop_on_venue": False, "take_profit": D("0.01")})
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(1)
    before = rig.instrument
    rig.venue.change_market(SYMBOL, tick_multiple=5, lot_multiple=10)
    rig.inside(rig.session._rules._wanted.set)
    await rig.until(lambda: rig.troubles, 10)
    rig.inside(rig.session._rules._wanted.set)
    await rig.sleep(60)
    (told,) = rig.troubles
    assert "new price or amount step" in told and rig.instrument is before
    rig.kill()
    await rig.sleep(2)
    await rig.boot()
    (again,) = rig.running
    assert rig.instrument.tick_size == 5 * before.tick_size and rig.instrument.lot_size == 10 * before.lot_size
    assert again.id == executor.id and again.custom_info()["exposure_base"] > 0
    rig.move(66_000)
    await rig.until(lambda: again.is_closed, 60)
    assert again.close_type is CloseType.TAKE_PROFIT
    await rig.finish(200)


@played(PERP)
async def test_r18_what_we_hold_stays_known_when_the_venue_no_longer_lists_it(rig: LiveRig) -> None:
    executor = rig.open()
    await rig.until(lambda: executor.has_fills)
    await rig.sleep(1)
    rig.stop(executor, keep_position=True)
    await rig.until(lambda: executor.is_closed)
    rig.venue.change_market(SYMBOL, status="PENDING_TRADING")
    rig.inside(rig.session._rules._wanted.set)
    await rig.until(lambda: rig.troubles, 10)
    assert "BTC-USDT" in rig.session.instruments
    rig.venue.change_market(SYMBOL, status="TRADING")
    rig.inside(rig.session._rules._wanted.set)
    await rig.until(lambda: len(rig.troubles) == 2, 30)
    assert "again" in rig.troubles[1]
    await rig.finish()
