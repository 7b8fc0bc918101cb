"""Funding rates of live perpetuals: known by what the venue tells, with its age; taken back when it says nothing that can be read; files that read them wait meanwhile."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.markets.funding import FundingInfo
from botcore.model.enums import TradeType
from tests.faults.stage import played
from tests.support.live_rig import PERP, SPOT, LiveRig
from tests.support.user_code import load

D = Decimal
SECOND_NS = 1_000_000_000
ETH = "ETH-USDT"
PREMIUM = "GET */premiumIndex"
AGE_S = 120


def known(rig: LiveRig, pair: str | None = None) -> FundingInfo | None:
    found: FundingInfo | None = rig.bot.market_data.get_funding_info(rig.name, pair or rig.pairs[0])
    return found


def age_s(rig: LiveRig) -> float:
    found = known(rig)
    assert found is not None
    return (rig.clock.now_ns - found.ts_ns) / SECOND_NS


@played(PERP)
async def test_the_rate_is_known_soon_and_followed(rig: LiveRig) -> None:
    await rig.until(lambda: known(rig), 5)
    found, premium = known(rig), rig.venue.engine.mark("BTCUSDT")
    assert found is not None
    assert (found.trading_pair, found.rate, found.mark_price, found.index_price) == (rig.pairs[0], D("0.0001"), premium, premium)
    now_s = rig.loop.now_ns / SECOND_NS
    assert 0 < found.next_funding_utc_timestamp - now_s <= 8 * 3600 and found.next_funding_utc_timestamp % (8 * 3600) == 0
    rig.venue.funding_rate = D("-0.00035")
    await rig.until(lambda: known(rig).rate == D("-0.00035"), 12)  # type: ignore[union-attr]
    before = len(rig.requests("premiumIndex"))
    await rig.sleep(120)
    assert 10 <= len(rig.requests("premiumIndex")) - before <= 13 and age_s(rig) <= 11


@played(SPOT)
async def test_spot_has_no_rate_and_is_not_asked_for_one(rig: LiveRig) -> None:
    await rig.sleep(60)
    assert known(rig) is None and not rig.requests("premiumIndex")


@played(PERP)
async def test_a_rate_that_is_not_told_any_more_is_taken_back_and_said_once(rig: LiveRig) -> None:
    await rig.until(lambda: known(rig), 5)
    rig.fault("status", PREMIUM, status=503, code=-1, msg="busy")
    await rig.sleep(AGE_S - 15)
    assert age_s(rig) > AGE_S - 30
    await rig.until(lambda: known(rig) is None, 30)
    await rig.sleep(300)
    said = [text for text in rig.troubles if "funding rate" in text]
    assert len(said) == 1 and said[0].startswith("the funding rate of BTC-USDT is not known: ") and "\n" not in said[0]
    assert rig.is_live(), "orders do not wait for a rate"
    rig.heal()
    await rig.until(lambda: known(rig), 60)


@played(PERP)
async def test_answers_that_are_late_lost_or_damaged_harm_nothing(rig: LiveRig) -> None:
    for kind, values in (
        ("drop_before", {}),
        ("drop_after", {}),
        ("hang", {"delay_s": 60.0}),
        ("body", {"body": "html"}),
        ("body", {"body": "truncated"}),
        ("body", {"body": "missing"}),
        ("body", {"body": "empty"}),
        ("status", {"status": 400, "code": -1121, "msg": "Invalid symbol."}),
    ):
        await rig.until(lambda: known(rig), 90)
        number = rig.fault(kind, PREMIUM, **values)
        # before the age is reached the last rate stands, older by the second; after it there is none
        await rig.sleep(60)
        assert known(rig) is not None and 40 < age_s(rig) < 80, kind
        await rig.until(lambda: known(rig) is None, 80)
        rig.front.faults.remove(number)
    await rig.until(lambda: known(rig), 90)
    number = rig.fault("latency", PREMIUM, delay_s=8.0)
    await rig.sleep(60)
    assert known(rig) is not None and age_s(rig) < 30
    rig.front.faults.remove(number)


@played(PERP)
async def test_a_rate_that_can_not_be_is_not_believed(rig: LiveRig) -> None:
    await rig.until(lambda: known(rig), 5)
    rig.venue.funding_rate = D("7")
    await rig.until(lambda: known(rig) is None, AGE_S + 20)
    assert any("lastFundingRate: 7.00000000 is out of range" in text for text in rig.troubles)
    rig.venue.funding_rate = D("0.0002")
    await rig.until(lambda: known(rig), 20)


@pytest.mark.parametrize("skew_s", [7200, -7200])
def test_the_age_of_a_rate_is_told_by_our_clock_however_far_the_venues_is_off(skew_s: int) -> None:
    rig = LiveRig(PERP)
    rig.venue.skew_ns = skew_s * SECOND_NS

    async def play(rig: LiveRig) -> None:
        await rig.until(lambda: known(rig), 15)
        await rig.sleep(AGE_S + 60)
        assert known(rig) is not None and 0 <= age_s(rig) <= 12
        rig.fault("status", PREMIUM, status=503, code=-1, msg="busy")
        await rig.until(lambda: known(rig) is None, AGE_S + 15)

    rig.run(play)


# ---- files that read them ----------------------------------------------------------------------------------------------
class Gap:
    """A script in the way of Strategy V2's funding arbitrage, as a bot of the rig."""

    def __init__(self, rig: LiveRig, tmp_path: Path) -> None:
        spec = load("scripts.rate_gap", tmp_path)
        config = spec.config_class.model_validate({"id": "gap"})
        self.bot = rig.inside(lambda: rig.runtime.build_bot("gap", [(spec, config)]))
        rig.inside(lambda: rig.runtime.add_bot(self.bot))
        controller: Any = self.bot.controllers[0]
        self.controller, self.script = controller, controller.script

    @property
    def faults(self) -> list[str]:
        return [seat.fault for seat in self.bot.seats if seat.fault]

    @property
    def legs(self) -> set[tuple[str, TradeType]]:
        return {(executor.config.trading_pair, executor.config.side) for executor in self.bot.orchestrator.running}


def test_a_script_that_trades_funding_rates_runs_live_and_waits_while_they_are_not_known(tmp_path: Path) -> None:
    rig = LiveRig(PERP, pairs=("BTC-USDT", ETH))
    rig.venue.funding_rates = {"BTCUSDT": D("0.0003"), "ETHUSDT": D("-0.0001")}
    rig.fault("status", PREMIUM, status=503, code=-1, msg="busy")

    async def play(rig: LiveRig) -> None:
        gap = Gap(rig, tmp_path)
        await rig.sleep(60)
        assert gap.faults == [] and gap.script.seen == [] and gap.legs == set(), "nothing is decided on rates that nobody knows"
        assert gap.script.counted == 0, "its start asks for a rate: it is begun again when there is one"
        rig.heal()
        await rig.until(lambda: gap.script.seen, 60)
        assert gap.script.opening == D("0.0003")
        assert {token: rate for token, (rate, _) in gap.script.seen[0].items()} == {"BTC": D("0.0003"), "ETH": D("-0.0001")}
        # long where less is paid, short where more is
        await rig.until(lambda: gap.legs == {(ETH, TradeType.BUY), ("BTC-USDT", TradeType.SELL)}, 10)
        await rig.until(lambda: all(executor.has_fills for executor in gap.bot.orchestrator.running), 20)
        rig.fault("status", PREMIUM, status=503, code=-1, msg="busy")
        await rig.sleep(AGE_S + 30)
        seen = len(gap.script.seen)
        await rig.sleep(30)
        assert len(gap.script.seen) == seen and len(gap.legs) == 2 and gap.faults == [], "its positions stand while it waits"
        rig.heal()
        rig.venue.funding_rates = {}
        await rig.until(lambda: not gap.bot.orchestrator.running, 60)
        assert gap.faults == []
        await rig.finish()

    rig.run(play)
