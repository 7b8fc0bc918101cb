"""Executions: exact, with their fee (O15), equal on every channel (W15), and never lost for being off the grid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.model.enums import TradeType
from botcore.model.order import Fill
from botcore.venues.binance.money import streamed_fill
from botcore.venues.dialect import Unreadable
from botcore.venues.line import Reported
from botcore.venues.off_grid import on_grid
from tests.support.binance_wire import futures, instruments, order, reply, spot

SPOT, FUTURES = spot(), futures()
BTC = instruments("binance")["BTC-USDT"]
T = 1507725176595


def listed(**values: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "id": 56,
        "orderId": 28,
        "price": "50000.01000000",
        "qty": "0.00400000",
        "quoteQty": "200.00004000",
        "commission": "0.00000400",
        "commissionAsset": "BTC",
        "time": T,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
        **values,
    }


def fill(**values: Any) -> Fill:
    return SPOT.fills(reply([listed(**values)]), "BTC-USDT")[0]


def test_a_trade_of_a_list() -> None:
    found = fill()
    assert (found.trade_id, found.client_order_id, found.price_ticks, found.lots, found.trade_type) == ("56", "", 5000001, 400, TradeType.BUY)
    assert (found.ts_ns, found.is_maker) == (T * 10**6, False) and found.instrument is SPOT.fills(reply([listed()]), "BTC-USDT")[0].instrument
    assert SPOT.fill_order_ids(reply([listed(), listed(orderId=29)])) == ["28", "29"]


def test_a_trade_of_a_futures_list() -> None:
    row = {
        "symbol": "BTCUSDT",
        "id": 698759,
        "orderId": 25851813,
        "side": "SELL",
        "price": "7819.1",
        "qty": "0.002",
        "commission": "-0.07819010",
        "commissionAsset": "USDT",
        "time": T,
        "maker": True,
        "positionSide": "SHORT",
        "buyer": False,
    }
    found = FUTURES.fills(reply([row]), "BTC-USDT")[0]
    assert (found.trade_type, found.is_maker, found.price_ticks, found.lots) == (TradeType.SELL, True, 78191, 2)
    assert found.fee.amount == found.fee.in_quote == Decimal("-0.0781901"), "a rebate is below zero"


@pytest.mark.parametrize(("told", "side"), [("LONG", "long"), ("SHORT", "short"), ("BOTH", ""), (None, "")])
def test_p8_a_trade_names_the_side_that_it_moved_in_lists_and_on_the_stream(told: str | None, side: str) -> None:
    row = {**listed(), "side": "SELL", "maker": True, "buyer": False, "positionSide": told}
    row = {key: value for key, value in row.items() if key != "isBuyer"}
    message = {"t": 56, "S": "SELL", "L": "50000.01", "l": "0.004", "n": "0", "N": "USDT", "T": T, "m": True, "ps": told}
    instrument = FUTURES.fills(reply([row]), "BTC-USDT")[0].instrument
    streamed = streamed_fill(instrument, message, "cdr-1-7-1")
    assert FUTURES.fills(reply([row]), "BTC-USDT")[0].position_side == side
    assert streamed is not None and streamed.position_side == side


# ---- O15 -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asset", "amount", "in_quote"),
    [
        ("USDT", "0.20000004", Decimal("0.20000004")),
        ("BTC", "0.00000400", Decimal("0.000004") * Decimal("50000.01")),
        ("BNB", "0.00030000", None),
        ("USDT", "-0.02", Decimal("-0.02")),
        ("BNB", "0.00000000", Decimal(0)),
    ],
)
def test_o15_the_fee_keeps_its_asset_and_is_priced_only_where_the_rate_is_known(asset: str, amount: str, in_quote: Decimal | None) -> None:
    fee = fill(commission=amount, commissionAsset=asset).fee
    assert (fee.asset, fee.amount, fee.in_quote) == (asset, Decimal(amount), in_quote)


def test_o15_a_fee_without_an_asset_is_unpriced_and_the_execution_is_kept() -> None:
    fee = fill(commission="0.1", commissionAsset=None).fee
    assert (fee.asset, fee.amount, fee.in_quote) == ("", Decimal("0.1"), None)
    assert fill(commission=None, commissionAsset=None).fee.in_quote == 0


# ---- W15 -----------------------------------------------------------------------------------------------------------------------
def test_w15_the_same_trade_is_equal_on_all_three_channels() -> None:
    created = SPOT.order_report(
        SPOT.create_call(order()),
        reply(
            {
                "symbol": "BTCUSDT",
                "orderId": 28,
                "clientOrderId": "cdr-1-7-1",
                "transactTime": T,
                "origQty": "0.01",
                "executedQty": "0.004",
                "status": "PARTIALLY_FILLED",
                "type": "LIMIT",
                "side": "BUY",
                "fills": [{"price": "50000.01", "qty": "0.004", "commission": "0.000004", "commissionAsset": "BTC", "tradeId": 56}],
            }
        ),
    ).fills[0]
    message = {
        "e": "executionReport",
        "E": T + 1,
        "s": "BTCUSDT",
        "c": "cdr-1-7-1",
        "C": "",
        "S": "BUY",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0.01000000",
        "x": "TRADE",
        "X": "PARTIALLY_FILLED",
        "r": "NONE",
        "i": 28,
        "l": "0.00400000",
        "z": "0.00400000",
        "L": "50000.01000000",
        "n": "0.00000400",
        "N": "BTC",
        "T": T,
        "t": 56,
        "m": False,
    }
    news = SPOT.user_news(reply(message).body)[0]
    assert isinstance(news, Reported)
    assert news.report.fills == (created,)
    assert replace(fill(), client_order_id="cdr-1-7-1") == created


# ---- off the grid ----------------------------------------------------------------------------------------------------------------
def test_an_execution_off_the_grid_of_ticks_is_kept_exactly() -> None:
    found = fill(price="50000.01370000")
    assert found.price == Decimal("50000.0137") and found.amount == Decimal("0.004") and found.notional == Decimal("50000.0137") * Decimal("0.004")
    assert found.instrument.tick_size == Decimal("0.0001") and found.instrument.market == BTC.market


def test_an_execution_off_the_grid_of_lots_is_kept_exactly() -> None:
    found = fill(qty="0.00400025")
    assert found.amount == Decimal("0.00400025") and found.price == Decimal("50000.01")


def test_an_order_keeps_the_rules_under_which_it_was_sent() -> None:
    """The venue made ticks and lots coarser; the order was sent before, and what it traded fits its own grid."""
    coarse = replace(BTC, tick_size=Decimal("0.1"), lot_size=Decimal("0.001"), version=2)
    dialect = spot()
    dialect.learn({"BTC-USDT": coarse})
    found = dialect.fills(reply([listed()]), "BTC-USDT")[0]
    booked = on_grid(found, BTC)
    assert (booked.price_ticks, booked.lots, booked.fee) == (5000001, 400, found.fee) and booked.instrument is BTC


def test_on_the_same_grid_a_fill_is_left_alone() -> None:
    found = fill()
    assert on_grid(found, BTC) is found


@pytest.mark.parametrize(("buyer", "ticks"), [(True, 5000002), (False, 5000001)])
def test_a_price_that_no_tick_holds_is_booked_against_us_and_the_fee_gives_it_back(buyer: bool, ticks: int) -> None:
    found = fill(price="50000.0137", isBuyer=buyer, commission="0.2", commissionAsset="USDT")
    booked = on_grid(found, BTC)
    assert booked.price_ticks == ticks
    sign = -1 if buyer else 1
    assert booked.fee.in_quote is not None and found.fee.in_quote is not None
    assert sign * booked.notional - booked.fee.in_quote == sign * found.notional - found.fee.in_quote, "the money is exact"
    assert booked.fee.amount == booked.fee.in_quote


def test_an_unpriced_fee_stays_unpriced() -> None:
    booked = on_grid(fill(price="50000.0137", commission="0.001", commissionAsset="BNB"), BTC)
    assert booked.fee.in_quote is None and booked.fee.amount == Decimal("0.001") and booked.price_ticks == 5000002


prices = st.decimals(min_value="0.00000001", max_value="9999999", places=8)
amounts = st.decimals(min_value="0.00000001", max_value="99999", places=8)


@given(price=prices, amount=amounts, buyer=st.booleans(), commission=st.decimals(min_value=-5, max_value=5, places=8))
def test_no_execution_is_ever_rounded(price: Decimal, amount: Decimal, buyer: bool, commission: Decimal) -> None:
    found = fill(price=format(price, "f"), qty=format(amount, "f"), isBuyer=buyer, commission=format(commission, "f"), commissionAsset="USDT")
    assert found.price == price and found.amount == amount and found.fee.amount == commission
    booked = on_grid(found, BTC)
    if booked.amount == amount:
        sign = -1 if buyer else 1
        assert found.fee.in_quote is not None and booked.fee.in_quote is not None
        assert sign * booked.price * amount - booked.fee.in_quote == sign * price * amount - found.fee.in_quote
        assert abs(booked.price - price) < BTC.tick_size and (booked.price - price) * sign <= 0


@pytest.mark.parametrize(
    "changed",
    [
        {"price": "0"},
        {"price": None},
        {"price": "-1"},
        {"qty": "0"},
        {"id": None},
        {"id": -1},
        {"isBuyer": "true"},
        {"time": "soon"},
        {"price": "1e30"},
        {"price": "1.0000000000000000000000000001"},
        {"qty": "1.00000000000000000000000000000001"},
        {"price": "1" * 25 + ".5", "qty": "99999999999999999999"},
        {"symbol": "ETHUSDT"},
    ],
)
def test_r10_a_trade_that_cannot_be_read(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill(**changed)


def test_r22_trades_of_an_unknown_pair() -> None:
    with pytest.raises(Unreadable):
        SPOT.fills(reply([]), "NO-PAIR")
