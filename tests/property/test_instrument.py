"""The one converter: nobody pays more than asked, amounts round down, overflow raises."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.model.enums import InstrumentKind, TradeType
from botcore.model.errors import ConfigError, ScaleOverflow
from botcore.model.instrument import Instrument, Market

STEPS = st.sampled_from(["0.1", "0.01", "0.5", "0.25", "0.00001", "1", "5", "10"]).map(Decimal)
PRICES = st.decimals(min_value="0.01", max_value="1000000", places=7)


def pair(tick: Decimal, lot: Decimal) -> Instrument:
    return Instrument(Market("sim", "A-B"), InstrumentKind.SPOT, tick, lot)


@given(STEPS, PRICES)
def test_a_buyer_never_pays_more_and_a_seller_never_gets_less(tick: Decimal, price: Decimal) -> None:
    instrument = pair(tick, Decimal(1))
    bought = instrument.price(instrument.price_ticks(price, TradeType.BUY))
    sold = instrument.price(instrument.price_ticks(price, TradeType.SELL))
    assert price - tick < bought <= price
    assert price <= sold < price + tick


@given(STEPS, PRICES)
def test_amounts_round_down_and_come_back_exactly(lot: Decimal, amount: Decimal) -> None:
    instrument = pair(Decimal("0.1"), lot)
    lots = instrument.lots(amount)
    assert amount - lot < instrument.amount(lots) <= amount
    assert instrument.lots(instrument.amount(lots)) == lots


@given(st.integers(1, 10**9), st.integers(1, 10**9), STEPS, STEPS)
def test_notional_is_exact(ticks: int, lots: int, tick: Decimal, lot: Decimal) -> None:
    assert pair(tick, lot).notional(ticks, lots) == ticks * tick * lots * lot


@pytest.mark.parametrize("value", ["1e30", "9300000000000000000"])
def test_what_does_not_fit_raises_and_never_wraps(value: str) -> None:
    with pytest.raises(ScaleOverflow):
        pair(Decimal(1), Decimal(1)).lots(Decimal(value))
    with pytest.raises(ScaleOverflow):
        pair(Decimal(1), Decimal(1)).price_ticks(Decimal(value), TradeType.BUY)


@pytest.mark.parametrize(("tick", "lot"), [("0", "1"), ("-1", "1"), ("1", "0"), ("NaN", "1")])
def test_senseless_steps_are_refused(tick: str, lot: str) -> None:
    with pytest.raises(ConfigError, match="positive"):
        pair(Decimal(tick), Decimal(lot))
