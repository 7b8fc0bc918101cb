"""Records as rows and back: money is exact decimal text, whatever its size."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.model.enums import OrderType, TradeType
from botcore.model.order import Fee, Fill, OrderRequest, OrderState
from botcore.model.records import ExecutorRecord, HoldRecord, TallyRecord
from botcore.orders.tracker import Order, OrderTracker
from botcore.recorder.rows import fill_row, intent_of, intent_row, maybe_text, order_row, read_record, record_row, text, to_json
from tests.support.bench import instrument

D = Decimal
PEPE = instrument("PEPE-USDT", tick="0.00000001", lot="1000")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.00001234567", "0.00001234567"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-10", "0.0000000001"),
        ("0", "0"),
        ("0.000", "0"),
        ("-0", "0"),
        ("0E+5", "0"),
        ("-2.500", "-2.5"),
        ("10.0", "10"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
    ],
)
def test_money_is_plain_exact_text(value: str, expected: str) -> None:
    """PS-1: a breakeven of .00001234567 is stored and loaded exactly."""
    assert text(D(value)) == expected


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=D("-1e30"), max_value=D("1e30")))
def test_text_loses_nothing_and_is_the_same_for_equal_amounts(value: Decimal) -> None:
    assert D(text(value)) == value
    assert "E" not in text(value) and text(value) == text(D(f"{value:f}") if value else D(0))


@pytest.mark.parametrize(("value", "expected"), [(None, None), (D("NaN"), None), (D("1.10"), "1.1"), (D(0), "0")])
def test_what_is_not_known_is_null_and_never_zero(value: Decimal | None, expected: str | None) -> None:
    assert maybe_text(value) == expected


def test_json_is_stable_and_keeps_decimals() -> None:
    assert to_json({"b": D("0.10"), "a": [1, None]}) == '{"a":[1,null],"b":"0.10"}'


# ---- orders and fills ----------------------------------------------------------------------------------------------
def order(price_ticks: int | None = 1234) -> tuple[OrderTracker, Order]:
    kind = OrderType.MARKET if price_ticks is None else OrderType.LIMIT
    request = OrderRequest(PEPE, TradeType.SELL, kind, 5, price_ticks, bot_id="bot", controller_id="ctl", executor_id="x-1-2")
    tracker = OrderTracker()
    return tracker, tracker.track(request, "cdr-1-7-3", None, 55)


def test_an_intent_is_what_was_asked() -> None:
    row = intent_row(order()[1])
    assert row["intent_id"] == "cdr-1-7" == intent_of("cdr-1-7-3")
    assert (row["amount"], row["price"], row["trade_type"], row["order_type"], row["purpose"]) == ("5000", "0.00001234", "SELL", "LIMIT", "open")
    assert (row["bot_id"], row["controller_id"], row["executor_id"], row["created_ns"]) == ("bot", "ctl", "x-1-2", 55)


def test_a_market_order_has_no_price() -> None:
    assert intent_row(order(None)[1])["price"] is None


def test_an_order_row_says_how_it_stands() -> None:
    tracker, made = order()
    assert order_row(made)["average_price"] is None and order_row(made)["filled_amount"] == "0"
    tracker.apply_fill("cdr-1-7-3", "t1", 1234, 1, 60)
    tracker.apply_fill("cdr-1-7-3", "t2", 1235, 1, 61)
    tracker.apply_state("cdr-1-7-3", OrderState.CANCELED, 62, "v1", "asked")
    row = order_row(made)
    assert (row["state"], row["filled_amount"], row["average_price"]) == ("CANCELED", "2000", "0.000012345")
    assert (row["exchange_order_id"], row["reason"], row["updated_ns"], row["intent_id"]) == ("v1", "asked", 62, "cdr-1-7")


@pytest.mark.parametrize(("in_quote", "stored"), [(D("-0.00100"), "-0.001"), (None, None)])
def test_a_fill_without_a_rate_is_unpriced_and_never_zero(in_quote: Decimal | None, stored: str | None) -> None:
    made = order()[1]
    row = fill_row(Fill(PEPE, "t1", "cdr-1-7-3", TradeType.SELL, 1234, 5, Fee(D("0.0100"), "BNB", in_quote), 60, True), made.request)
    assert (row["price"], row["amount"], row["fee_amount"], row["fee_asset"], row["fee_quote"]) == ("0.00001234", "5000", "0.01", "BNB", stored)
    assert row["trading_pair"] == "PEPE-USDT" and row["is_maker"] is True


# ---- there and back ------------------------------------------------------------------------------------------------
def executor(**changes: Any) -> ExecutorRecord:
    values: dict[str, Any] = {
        "executor_id": "x-1-2",
        "controller_id": "ctl",
        "type": "position_executor",
        "status": "RUNNING",
        "close_type": None,
        "reason": "",
        "connector_name": "venue",
        "trading_pair": "PEPE-USDT",
        "side": "BUY",
        "exposure_base": D("0.1"),
        "entry_price": D("0.00001234567"),
        "exit_price": None,
        "net_pnl_quote": D("-0.3"),
        "net_pnl_pct": None,
        "fees_quote": D(0),
        "volume_quote": D("12.5"),
        "config": {"a": "0.10", "list": [1, 2]},
        "state": {},
        "created_ns": 1,
        "close_ns": 0,
    }
    return ExecutorRecord(**(values | changes))


RECORDS = [
    executor(),
    executor(entry_price=None, net_pnl_quote=None, close_type="STOP_LOSS", status="TERMINATED"),
    HoldRecord("ctl", "venue", "A-B", "net", D("-1"), D("2.5"), D(".00001234567"), D(0), D("1e-12"), D(3), D(4), True),
    TallyRecord("ctl", "USDT", D("-1.5"), D(100), D("0.1"), 3, 1, {"STOP_LOSS": 2, "TAKE_PROFIT": 1}),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_comes_back_as_it_went(record: Any) -> None:
    row = record_row(record)
    assert not any(isinstance(value, Decimal | float | dict) for value in row.values()), "money is text"
    assert read_record(type(record), SimpleNamespace(**row)) == record
