"""Stops that rest at the venue: conditional orders of USD-M futures (R11, R13, R22, O20)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from botcore.model.enums import TradeType
from botcore.model.order import OrderState
from botcore.venues.dialect import Unreadable
from botcore.venues.line import Reported
from botcore.venues.wire import Access, OrderReport, Priority, Verdict
from tests.support.binance_wire import futures, instruments, params, reply, spot

FUTURES = futures()
STOPS = FUTURES.stops
assert STOPS is not None
BTC = instruments("binance_perpetual")["BTC-USDT"]
CREATE = STOPS.create_call(BTC, TradeType.SELL, 12, 481234, "cdr-1-9-1", "net")
ROW = {
    "algoId": 2148627,
    "clientAlgoId": "cdr-1-9-1",
    "algoType": "CONDITIONAL",
    "orderType": "STOP_MARKET",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "positionSide": "BOTH",
    "timeInForce": "GTC",
    "quantity": "0.012",
    "algoStatus": "NEW",
    "triggerPrice": "48123.4",
    "price": "0",
    "workingType": "MARK_PRICE",
    "closePosition": False,
    "reduceOnly": True,
    "createTime": 1750485492076,
    "updateTime": 1750485492077,
    "triggerTime": 0,
}


def test_spot_has_none() -> None:
    assert spot().stops is None


def test_a_stop_on_a_one_way_account_only_reduces() -> None:
    assert CREATE.params == (
        ("algoType", "CONDITIONAL"),
        ("symbol", "BTCUSDT"),
        ("side", "SELL"),
        ("type", "STOP_MARKET"),
        ("quantity", "0.012"),
        ("triggerPrice", "48123.4"),
        ("workingType", "MARK_PRICE"),
        ("reduceOnly", "true"),
        ("clientAlgoId", "cdr-1-9-1"),
        ("selfTradePreventionMode", "EXPIRE_MAKER"),
    )
    assert (CREATE.method, CREATE.path, CREATE.access, CREATE.priority, CREATE.is_write) == (
        "POST",
        "/fapi/v1/algoOrder",
        Access.SIGNED,
        Priority.CANCEL,
        True,
    )
    assert CREATE.subject == "cdr-1-9-1" and dict(CREATE.weights) == {"orders_10s": 1, "orders_1m": 1}


@pytest.mark.parametrize(("position_side", "side"), [("long", TradeType.SELL), ("short", TradeType.BUY)])
def test_a_stop_on_a_hedge_account_names_its_side(position_side: str, side: TradeType) -> None:
    assert STOPS is not None
    found = params(STOPS.create_call(BTC, side, 12, 481234, "cdr-1-9-1", position_side))
    assert found["positionSide"] == position_side.upper() and "reduceOnly" not in found


def test_cancel_query_and_list() -> None:
    assert STOPS is not None
    cancel, query = STOPS.cancel_call("cdr-1-9-1"), STOPS.query_call("cdr-1-9-1")
    assert cancel.params == query.params == (("clientAlgoId", "cdr-1-9-1"),) and (cancel.method, query.method) == ("DELETE", "GET")
    assert cancel.is_write and not query.is_write and cancel.subject == query.subject == "cdr-1-9-1"
    assert (STOPS.open_call("BTC-USDT").path, dict(STOPS.open_call("BTC-USDT").weights)) == ("/fapi/v1/openAlgoOrders", {"weight": 1})
    assert STOPS.open_call("").params == () and dict(STOPS.open_call("").weights) == {"weight": 40}


def test_a_stop_that_waits() -> None:
    assert STOPS is not None
    assert STOPS.report(CREATE, reply(ROW)) == OrderReport(
        "cdr-1-9-1", "algo-2148627", "BTC-USDT", OrderState.OPEN, 12, 0, 1750485492077 * 10**6, instrument=BTC
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NEW", OrderState.OPEN),
        ("TRIGGERING", OrderState.OPEN),
        ("TRIGGERED", OrderState.OPEN),
        ("CANCELED", OrderState.CANCELED),
        ("REJECTED", OrderState.FAILED),
        ("EXPIRED", OrderState.EXPIRED),
    ],
)
def test_r11_every_word(word: str, state: OrderState) -> None:
    assert STOPS is not None
    found = STOPS.report(CREATE, reply({**ROW, "algoStatus": word}))
    assert found is not None and found.state is state


def test_r11_a_new_word_never_ends_a_stop() -> None:
    assert STOPS is not None
    found = STOPS.report(CREATE, reply({**ROW, "algoStatus": "WAITING_FOR_GODOT"}))
    assert found is not None and found.state is OrderState.OPEN and "WAITING_FOR_GODOT" in found.reason


def test_a_stop_that_became_an_order_has_its_id() -> None:
    assert STOPS is not None
    found = STOPS.report(CREATE, reply({**ROW, "algoStatus": "TRIGGERED", "actualOrderId": "88937381063"}))
    assert found is not None and found.exchange_order_id == "88937381063"


def test_a_finished_stop_of_which_nobody_says_how_is_not_over() -> None:
    """The order that it became is filled, or canceled with a part: that order is to be asked."""
    assert STOPS is not None
    found = STOPS.report(CREATE, reply({**ROW, "algoStatus": "FINISHED", "actualOrderId": "88937381063"}))
    assert found is not None and found.state is OrderState.OPEN and "ask for that order" in found.reason


@pytest.mark.parametrize(
    "change", [{"clientAlgoId": "cdr-1-8-1"}, {"clientAlgoId": None}, {"symbol": "NOUSDT"}, {"algoStatus": None}, {"algoId": None}, {"quantity": "x"}]
)
def test_r22_an_answer_about_another_one_or_one_that_cannot_be_read(change: dict[str, Any]) -> None:
    assert STOPS is not None
    with pytest.raises(Unreadable):
        STOPS.report(CREATE, reply({**ROW, **change}))


def test_outcomes() -> None:
    assert STOPS is not None
    assert FUTURES.outcome(CREATE, reply(ROW)).verdict is Verdict.ACCEPTED
    assert FUTURES.outcome(CREATE, reply({**ROW, "clientAlgoId": "other"})).verdict is Verdict.UNKNOWN
    assert FUTURES.outcome(CREATE, reply({"code": -2021, "msg": "Order would immediately trigger."}, 400)).verdict is Verdict.REFUSED
    assert FUTURES.outcome(CREATE, reply({"code": -4116, "msg": "ClientOrderId is duplicated."}, 400)).verdict is Verdict.UNKNOWN


def test_the_answer_to_a_cancel_says_that_it_was_done() -> None:
    assert STOPS is not None
    cancel = STOPS.cancel_call("cdr-1-9-1")
    done = reply({"algoId": 2148627, "clientAlgoId": "cdr-1-9-1", "code": "200", "msg": "success"})
    assert FUTURES.outcome(cancel, done).verdict is Verdict.ACCEPTED and STOPS.report(cancel, done) is None
    other = reply({"algoId": 2148627, "clientAlgoId": "cdr-1-8-1", "code": "200", "msg": "success"})
    assert FUTURES.outcome(cancel, other).verdict is Verdict.UNKNOWN


def test_a_list_passes_over_pairs_that_are_not_ours() -> None:
    assert STOPS is not None
    found = STOPS.reports(reply([ROW, {**ROW, "symbol": "NOUSDT"}, {**ROW, "clientAlgoId": "web_7", "quantity": None, "closePosition": True}]))
    assert [(report.client_order_id, report.lots) for report in found] == [("cdr-1-9-1", 12), ("web_7", 0)]


def update(**values: Any) -> bytes:
    order = {
        "caid": "cdr-1-9-1",
        "aid": 2148719,
        "at": "CONDITIONAL",
        "o": "STOP_MARKET",
        "s": "BTCUSDT",
        "S": "SELL",
        "ps": "BOTH",
        "f": "GTC",
        "q": "0.012",
        "X": "NEW",
    }
    order |= {"ai": "", "ap": "0.0", "aq": "0.0", "act": "0", "tp": "48123.4", "p": "0", "R": True, "cp": False, "ia": False, **values}
    return json.dumps({"e": "ALGO_UPDATE", "T": 1750515742297, "E": 1750515742303, "o": order}).encode()


def told(message: bytes) -> OrderReport:
    (news,) = FUTURES.user_news(message)
    assert isinstance(news, Reported)
    return news.report


def test_the_stream_of_a_stop() -> None:
    assert told(update()) == OrderReport("cdr-1-9-1", "algo-2148719", "BTC-USDT", OrderState.OPEN, 12, 0, 1750515742297 * 10**6, instrument=BTC)
    assert told(update(X="TRIGGERED", ai="88937381063")).exchange_order_id == "88937381063"
    rejected = told(update(X="REJECTED", rm="Reduce Only reject"))
    assert rejected.state is OrderState.FAILED and "Reduce Only reject" in rejected.reason


@pytest.mark.parametrize(
    ("filled", "state", "lots"),
    [("0.012", OrderState.FILLED, 12), ("0.005", OrderState.CANCELED, 5), ("0", OrderState.CANCELED, 0), ("", OrderState.OPEN, 0)],
)
def test_how_a_finished_stop_ended(filled: str, state: OrderState, lots: int) -> None:
    found = told(update(X="FINISHED", ai="88937381063", aq=filled))
    assert (found.state, found.filled_lots, found.fills) == (state, lots, ()), "executions come with the order that it became"


def test_stops_of_pairs_that_are_not_ours_are_passed_over() -> None:
    assert FUTURES.user_news(update(s="NOUSDT")) == []
