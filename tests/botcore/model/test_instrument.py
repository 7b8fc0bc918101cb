"""`Instrument`: the one place where money becomes ticks and lots."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.model.enums import InstrumentKind, TradeType
from botcore.model.errors import ConfigError, ScaleOverflow
from botcore.model.instrument import MAX_INT64, Instrument, Market, split_pair
from tests.support.bench import instrument

D = Decimal
BUY, SELL = TradeType.BUY, TradeType.SELL


def with_rules(**rules: object) -> Instrument:
    values: dict[str, object] = {"tick_size": D("0.01"), "lot_size": D("0.001"), **rules}
    return Instrument(Market("venue", "ETH-USDT"), InstrumentKind.SPOT, **values)  # type: ignore[arg-type]


# ---- rounding ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "side", "ticks"),
    [
        ("100.00", BUY, 10_000),
        ("100.00", SELL, 10_000),
        ("100.009", BUY, 10_000),
        ("100.009", SELL, 10_001),
        ("100.001", SELL, 10_001),
        ("0.001", BUY, 0),
        ("0.001", SELL, 1),
        ("-0.015", BUY, -2),
        ("-0.015", SELL, -1),
        ("0", BUY, 0),
        ("0", SELL, 0),
    ],
)
def test_nobody_pays_more_than_asked(price: str, side: TradeType, ticks: int) -> None:
    assert instrument().price_ticks(D(price), side) == ticks


@pytest.mark.parametrize(("amount", "lots"), [("1", 1000), ("0.0019", 1), ("0.0009", 0), ("0", 0), ("0.002", 2)])
def test_an_amount_rounds_down(amount: str, lots: int) -> None:
    assert instrument().lots(D(amount)) == lots


@pytest.mark.parametrize(("price", "floor", "ceil"), [("1.005", 100, 101), ("1.00", 100, 100), ("-1.005", -101, -100), ("-0.001", -1, 0)])
def test_floor_and_ceil_also_below_zero(price: str, floor: int, ceil: int) -> None:
    made = instrument()
    assert (made.floor_ticks(D(price)), made.ceil_ticks(D(price))) == (floor, ceil)


def test_a_price_with_more_digits_than_a_quotient_keeps_its_side() -> None:
    """8.999...9 / 3 has more digits than the context: rounded to 3 first, the floor would be above the price."""
    made = instrument(tick="3")
    assert made.floor_ticks(D("8.999999999999999999999999999")) == 2
    assert made.ceil_ticks(D("9.000000000000000000000000001")) == 4


def test_ticks_that_are_no_power_of_ten() -> None:
    made = instrument(tick="0.25")
    assert made.price_ticks(D("10.3"), BUY) == 41 and made.price_ticks(D("10.3"), SELL) == 42
    assert made.price(41) == D("10.25")


def test_back_to_decimal_is_exact() -> None:
    made = instrument(tick="0.00000001", lot="0.00001")
    assert made.price(1234) == D("0.00001234") and made.amount(150) == D("0.00150")
    assert made.notional(1234, 150) == D("0.00001234") * D("0.00150")


def test_a_notional_of_huge_factors_does_not_overflow() -> None:
    made = instrument(tick="1", lot="1")
    assert made.notional(10**18, 10**18) == D(10) ** 36


# ---- significant digits --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "side", "expected"),
    [
        ("12345.67", BUY, "12345"),
        ("12345.67", SELL, "12346"),
        ("1234.567", BUY, "1234.5"),
        ("1234.567", SELL, "1234.6"),
        ("0.01234567", BUY, "0.012345"),
        ("0.01234567", SELL, "0.012346"),
        ("99999.9", SELL, "100000"),
        ("123456", BUY, "123450"),
    ],
)
def test_a_venue_that_limits_digits(price: str, side: TradeType, expected: str) -> None:
    """Hyperliquid: five significant digits, at most six decimals."""
    made = with_rules(tick_size=D("0.000001"), max_significant_digits=5)
    assert made.price(made.price_ticks(D(price), side)) == D(expected)


def test_a_price_of_nothing_has_no_digits() -> None:
    assert with_rules(max_significant_digits=5).price_ticks(D(0), BUY) == 0


# ---- overflow ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", ["1e17", "1e25", "1e40", "1e400"])
def test_what_does_not_fit_int64_raises(size: str) -> None:
    made = instrument()
    for convert in (
        made.lots,
        made.floor_ticks,
        made.ceil_ticks,
        lambda price: made.price_ticks(price, BUY),
        lambda price: made.price_ticks(price, SELL),
    ):
        with pytest.raises(ScaleOverflow, match=r"does not fit int64"):
            convert(D(size))


def test_the_largest_and_smallest_that_fit() -> None:
    made = instrument(tick="1", lot="1")
    assert made.lots(D(MAX_INT64)) == made.floor_ticks(D(MAX_INT64)) == MAX_INT64
    assert made.floor_ticks(D(-MAX_INT64)) == -MAX_INT64
    with pytest.raises(ScaleOverflow):
        made.lots(D(MAX_INT64 + 1))
    with pytest.raises(ScaleOverflow):
        made.ceil_ticks(D(MAX_INT64) + D("0.5"))


@pytest.mark.parametrize("missing", ["NaN", "Infinity", "-Infinity"])
def test_a_price_that_is_no_number_raises(missing: str) -> None:
    made = instrument()
    for convert in (made.lots, made.floor_ticks, made.ceil_ticks):
        with pytest.raises((ValueError, ScaleOverflow)):
            convert(D(missing))


# ---- rules ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("min_amount", "min_lots"), [("0", 1), ("0.001", 1), ("0.0015", 2), ("0.0001", 1), ("0.01", 10), ("0.0101", 11)])
def test_the_smallest_order_in_lots_rounds_up(min_amount: str, min_lots: int) -> None:
    made = instrument(min_amount=min_amount)
    assert made.min_lots == min_lots
    assert made.amount(made.min_lots) >= D(min_amount)


def test_an_order_that_holds_every_rule_is_not_refused() -> None:
    made = with_rules(min_amount=D("0.002"), min_notional=D(5), max_amount=D(10))
    assert made.refusal(2, 250_000) is None
    assert made.refusal(10_000, 250_000) is None
    assert made.refusal(2, None) is None


@pytest.mark.parametrize(
    ("lots", "ticks", "words"),
    [
        (0, 10_000, "below the lot size"),
        (-1, 10_000, "below the lot size"),
        (1, 10_000, "below the smallest order 0.002 ETH"),
        (10_001, 10_000, "above the largest order 10 ETH"),
        (2, 0, "below the tick size"),
        (2, -5, "below the tick size"),
        (2, 249_999, "below the smallest order value 5 USDT"),
    ],
)
def test_a_refusal_names_the_rule(lots: int, ticks: int, words: str) -> None:
    made = with_rules(min_amount=D("0.002"), min_notional=D(5), max_amount=D(10))
    refusal = made.refusal(lots, ticks)
    assert refusal is not None and words in refusal and "ETH-USDT" in refusal


def test_without_a_price_only_the_amount_is_judged() -> None:
    assert with_rules(min_notional=D(1000)).refusal(1, None) is None


def test_the_trading_rule_speaks_strategy_v2() -> None:
    rule = with_rules(min_amount=D("0.0015"), min_notional=D(5), max_amount=D(10), max_significant_digits=5).trading_rule()
    assert rule.trading_pair == "ETH-USDT"
    assert rule.min_order_size == D("0.002") and rule.max_order_size == 10
    assert rule.min_price_increment == D("0.01") and rule.min_base_amount_increment == D("0.001")
    assert rule.min_notional_size == rule.min_order_value == 5
    assert rule.max_price_significant_digits == 5
    assert rule.buy_order_collateral_token == rule.sell_order_collateral_token == "USDT"
    assert rule.supports_limit_orders and rule.supports_market_orders


def test_a_venue_without_largest_order_takes_what_fits() -> None:
    assert with_rules().trading_rule().max_order_size == MAX_INT64 * D("0.001")


# ---- building one --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["tick_size", "lot_size"])
@pytest.mark.parametrize("step", ["0", "-0.01", "NaN", "Infinity"])
def test_a_step_is_positive_and_finite(name: str, step: str) -> None:
    with pytest.raises(ConfigError, match=f"venue:ETH-USDT: expected a positive {name}"):
        with_rules(**{name: D(step)})


@pytest.mark.parametrize("pair", ["", "BTCUSDT", "BTC-", "-USDT", "-", "BTC-USDT-PERP", "BTC--USDT"])
def test_a_pair_is_two_names_with_a_dash(pair: str) -> None:
    with pytest.raises(ConfigError, match="BASE-QUOTE"):
        split_pair(pair)


def test_what_an_instrument_knows_of_itself() -> None:
    made = instrument(connector="venue_perpetual")
    assert (made.base, made.quote, made.is_perpetual, str(made)) == ("ETH", "USDT", True, "venue_perpetual:ETH-USDT")
    assert (made.unit, made.tick, made.lot) == (D("0.00001"), 0.01, 0.001)
    assert not instrument(connector="venue").is_perpetual


def test_an_instrument_is_a_value() -> None:
    assert instrument() == instrument() and hash(instrument()) == hash(instrument())
    with pytest.raises(AttributeError):
        instrument().tick_size = D(1)  # type: ignore[misc]
