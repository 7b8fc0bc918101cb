"""Rounding holds for every price, amount and step, not only for the ones that a test thinks of."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.model.enums import TradeType
from botcore.model.errors import ScaleOverflow
from botcore.model.instrument import MAX_INT64, Instrument, Market
from tests.support.bench import instrument

SETTINGS = settings(max_examples=300, deadline=None, derandomize=True, database=None)
EXACT = Context(prec=200)
STEPS = st.one_of(
    st.integers(-10, 3).map(lambda exponent: Decimal(1).scaleb(exponent)),
    st.sampled_from(["0.05", "0.25", "0.5", "2.5", "0.003", "7"]).map(Decimal),
)
NUMBERS = st.one_of(
    st.decimals(min_value=0, max_value=10**7, places=8),
    st.decimals(min_value=0, max_value=10**7, allow_nan=False, allow_infinity=False),
    st.integers(0, 10**28).map(lambda digits: Decimal(digits).scaleb(-24)),
)
ANY_NUMBER = st.decimals(allow_nan=False, allow_infinity=False)


def made(step: Decimal, digits: int | None = None) -> Instrument:
    base = instrument()
    return Instrument(Market("venue", "ETH-USDT"), base.kind, step, step, max_significant_digits=digits)


@SETTINGS
@given(step=STEPS, price=NUMBERS)
def test_a_price_never_gets_worse_and_moves_less_than_a_tick(step: Decimal, price: Decimal) -> None:
    of = made(step)
    buy, sell = of.price_ticks(price, TradeType.BUY), of.price_ticks(price, TradeType.SELL)
    with localcontext(EXACT):
        assert buy * step <= price <= sell * step
        assert price - buy * step < step and sell * step - price < step
    assert sell - buy in (0, 1)


@SETTINGS
@given(step=STEPS, amount=NUMBERS)
def test_an_amount_is_never_more_than_asked(step: Decimal, amount: Decimal) -> None:
    lots = made(step).lots(amount)
    with localcontext(EXACT):
        assert 0 <= amount - lots * step < step


@SETTINGS
@given(step=STEPS, price=st.one_of(NUMBERS, NUMBERS.map(lambda number: -number)))
def test_floor_and_ceil_enclose_the_price(step: Decimal, price: Decimal) -> None:
    of = made(step)
    with localcontext(EXACT):
        assert of.floor_ticks(price) * step <= price < (of.floor_ticks(price) + 1) * step
        assert (of.ceil_ticks(price) - 1) * step < price <= of.ceil_ticks(price) * step


@SETTINGS
@given(step=STEPS, ticks=st.integers(-(10**12), 10**12))
def test_there_and_back_is_the_same(step: Decimal, ticks: int) -> None:
    of = made(step)
    price = of.price(ticks)
    assert of.floor_ticks(price) == of.ceil_ticks(price) == of.lots(price) == ticks
    assert of.price_ticks(price, TradeType.BUY) == of.price_ticks(price, TradeType.SELL) == ticks


@SETTINGS
@given(price=st.decimals(min_value="0.000001", max_value=10**6, places=8), digits=st.integers(1, 8))
def test_significant_digits_are_kept_and_still_nobody_pays_more(price: Decimal, digits: int) -> None:
    of = made(Decimal("0.000001"), digits)
    buy, sell = (of.price(of.price_ticks(price, side)) for side in (TradeType.BUY, TradeType.SELL))
    assert buy <= price <= sell
    for rounded in (buy, sell):
        assert len(rounded.normalize().as_tuple().digits) <= digits


@SETTINGS
@given(step=STEPS, number=ANY_NUMBER)
def test_a_conversion_fits_int64_or_raises(step: Decimal, number: Decimal) -> None:
    of = made(step)
    for convert in (of.lots, of.floor_ticks, of.ceil_ticks):
        try:
            found = convert(number)
        except ScaleOverflow:
            continue
        assert abs(found) <= MAX_INT64


@SETTINGS
@given(ticks=st.integers(1, 10**9), lots=st.integers(1, 10**9))
def test_notional_is_price_times_amount(ticks: int, lots: int) -> None:
    of = made(Decimal("0.0001"))
    with localcontext(EXACT):
        assert of.notional(ticks, lots) == of.price(ticks) * of.amount(lots)
