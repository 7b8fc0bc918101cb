"""The risk gate: every limit at its edge, the kill switch as a latch, and exits that always pass."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.market_events import BookSnapshot, FeedEnded
from botcore.model.order import OrderRequest, Purpose
from botcore.risk.limits import RiskLimits
from tests.support.bench import SECOND_NS, D, instrument, lots_of, ticks_of
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL


def request(
    bench: VenueBench, amount: Any = 1, price: Any = None, side: TradeType = BUY, purpose: Purpose = Purpose.OPEN, of: Any = None
) -> OrderRequest:
    of = of or bench.instrument
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    action = PositionAction.CLOSE if purpose is not Purpose.OPEN else PositionAction.OPEN
    return OrderRequest(of, side, kind, lots_of(of, amount), None if price is None else ticks_of(of, price), action, purpose)


def refusal(bench: VenueBench, *args: Any, **kwargs: Any) -> str | None:
    return bench.gate.refusal(request(bench, *args, **kwargs), bench.clock.now_ns)


def limited(**limits: Any) -> VenueBench:
    return VenueBench(limits=RiskLimits(**limits))


@pytest.mark.parametrize(("amount", "price", "passes"), [("10", 100, True), ("10.001", 100, False), ("10", None, True), ("10.001", None, False)])
def test_largest_order(amount: str, price: int | None, passes: bool) -> None:
    bench = limited(max_order_quote=1000)
    found = refusal(bench, amount, price)
    assert (found is None) is passes
    assert passes or "above the limit of 1000" in found


def test_market_order_is_sized_at_the_touch_that_it_takes() -> None:
    bench = limited(max_order_quote=1000)
    bench.quote(90, 110)
    assert refusal(bench, 10, side=BUY) is not None
    assert refusal(bench, 10, side=SELL) is None


@pytest.mark.parametrize(("price", "passes"), [("90", True), ("89.99", False), ("110", True), ("110.01", False)])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_price_band_around_the_mid(price: str, passes: bool, side: TradeType) -> None:
    bench = limited(price_band="0.1")
    bench.quote(99, 101)
    assert (refusal(bench, 1, price, side) is None) is passes


def test_pair_allow_list() -> None:
    other = instrument("DOGE-USDT")
    bench = VenueBench(instrument(), other, limits=RiskLimits(pairs=["ETH-USDT", "BTC-USDT"]))
    assert refusal(bench) is None
    assert refusal(bench, of=other) == "pair DOGE-USDT is not among the allowed pairs BTC-USDT, ETH-USDT"


def test_rate_over_any_minute() -> None:
    bench = limited(max_orders_per_minute=3)
    start = bench.clock.now_ns
    at = [0, 10, 20, 30, 60, 65, 70, 71]
    passed = [bench.gate.refusal(request(bench), start + second * SECOND_NS) is None for second in at]
    assert passed == [True, True, True, False, True, False, True, False], "the ones of 0 and 10 s fall out after 60 s each"


def test_refused_orders_do_not_use_up_the_rate() -> None:
    bench = limited(max_orders_per_minute=1, max_order_quote=1000)
    for _ in range(5):
        assert "above the limit" in refusal(bench, 50)
    assert refusal(bench) is None
    assert "more than 1 orders within a minute" in refusal(bench)


def test_kill_switch_is_a_latch_that_keeps_its_first_reason() -> None:
    bench = VenueBench()
    bench.gate.halt("daily loss")
    bench.gate.halt("something else")
    assert refusal(bench) == "trading is halted: daily loss"
    bench.tick(100_000)
    assert bench.gate.is_halted
    bench.gate.release()
    assert refusal(bench) is None and not bench.gate.is_halted


@pytest.mark.parametrize("purpose", [Purpose.CLOSE, Purpose.TAKE_PROFIT])
def test_reducing_orders_pass_every_limit(purpose: Purpose) -> None:
    bench = limited(max_order_quote=1, max_orders_per_minute=1, price_band="0.001", pairs=["BTC-USDT"])
    bench.gate.halt("of the test")
    bench.state.book.clear()
    for _ in range(5):
        assert refusal(bench, 1000, 5, SELL, purpose) is None


def _empty(bench: VenueBench) -> None:
    bench.state.book.clear()


def _one_sided(bench: VenueBench) -> None:
    bench.state.apply(BookSnapshot(bench.instrument.market, bench.clock.now_ns, 1, [(9900, 10)], []))


def _crossed(bench: VenueBench) -> None:
    bench.quote(101, 100)


def _ended(bench: VenueBench) -> None:
    bench.state.apply(FeedEnded(bench.instrument.market, bench.clock.now_ns))


@pytest.mark.parametrize("spoil", [_empty, _one_sided, _crossed, _ended])
def test_no_new_risk_on_a_market_that_can_not_be_trusted(spoil: Any) -> None:
    bench = VenueBench()
    spoil(bench)
    assert "can't be trusted" in refusal(bench)
    assert "can't be trusted" in refusal(bench, 1, 100)


def test_no_new_risk_on_a_stale_market() -> None:
    bench = VenueBench()
    bench.state._age_limit_ns = 30 * SECOND_NS
    bench.tick(30)
    assert refusal(bench) is None
    bench.tick(1)
    assert "can't be trusted" in refusal(bench)
    bench.quote(100)
    assert refusal(bench) is None


@pytest.mark.parametrize(
    "wrong", [{"max_order_quote": 0}, {"max_orders_per_minute": 0}, {"price_band": "1.1"}, {"price_band": "NaN"}, {"max_ordr": 1}]
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RiskLimits(**wrong)


def test_limits_count_for_all_bots_together() -> None:
    bench = limited(max_orders_per_minute=2)
    assert [refusal(bench) is None for _ in range(3)] == [True, True, False]
    assert D(str(bench.gate._limits.max_orders_per_minute)) == 2


def test_a_look_says_all_that_is_against_an_order_and_counts_nothing() -> None:
    bench = limited(max_orders_per_minute=1, max_order_quote=1000, price_band="0.1", pairs=["BTC-USDT"])
    wanted = request(bench, 50, 200)
    said = bench.gate.look(wanted, bench.clock.now_ns)
    assert (
        len(said) == 3
        and "not among the allowed pairs" in said[0]
        and "is further than 10 % from the market" in said[1]
        and "an order of 10000 USDT" in said[2]
    )
    assert bench.gate.refusal(wanted, bench.clock.now_ns) == said[0], "the first of them is what it is refused for"
    open_to_all = limited(max_orders_per_minute=1)
    for _ in range(5):
        assert open_to_all.gate.look(request(open_to_all), open_to_all.clock.now_ns) == []
    assert refusal(open_to_all) is None
    assert open_to_all.gate.look(request(open_to_all), open_to_all.clock.now_ns) == ["waits for its turn: more than 1 orders within a minute"]
    assert open_to_all.gate.look(request(open_to_all, purpose=Purpose.CLOSE), open_to_all.clock.now_ns) == []


def test_a_look_at_a_market_without_a_price_ends_there() -> None:
    bench = limited(max_order_quote=1)
    bench.gate.halt("of the test")
    bench.state.book.clear()
    said = bench.gate.look(request(bench, 50, 200), bench.clock.now_ns)
    assert [reason.partition(":")[0] for reason in said] == ["trading is halted", "waits for the market"]
