"""New orders, cancels and queries as they go out; how orders stand, as it comes back (O11, R11, R22)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.order import OrderState
from botcore.venues.binance.states import BY_VENUE, NOT_AT_ONCE, NOTHING_LEFT, POST_ONLY, SELF_TRADE, STATES, TIME_UP
from botcore.venues.dialect import Unreadable
from botcore.venues.off_grid import counted_in
from botcore.venues.wire import Access, Priority
from tests.support.binance_wire import futures, instruments, order, params, reply, spot

SPOT, FUTURES = spot(), futures()
BUY, SELL = TradeType.BUY, TradeType.SELL
OPEN, CLOSE = PositionAction.OPEN, PositionAction.CLOSE


def sent(dialect: Any, hedge: bool = False, **values: Any) -> dict[str, str]:
    if dialect is FUTURES:
        values.setdefault("name", "binance_perpetual")
    return params(dialect.create_call(order(**values), hedge))


# ---- the way out -----------------------------------------------------------------------------------------------------------
def test_a_spot_limit_order() -> None:
    call = SPOT.create_call(order())
    assert call.params == (
        ("symbol", "BTCUSDT"),
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("timeInForce", "GTC"),
        ("quantity", "0.01000"),
        ("price", "50000.00"),
        ("newClientOrderId", "cdr-1-7-1"),
        ("newOrderRespType", "FULL"),
        ("selfTradePreventionMode", "EXPIRE_MAKER"),
    )
    assert (call.method, call.path, call.access, call.priority, call.is_write) == ("POST", "/api/v3/order", Access.SIGNED, Priority.CREATE, True)
    assert call.subject == "cdr-1-7-1" and dict(call.weights) == {"weight": 1, "orders_10s": 1, "orders_1d": 1}


def test_a_spot_order_that_must_rest() -> None:
    found = sent(SPOT, kind=OrderType.LIMIT_MAKER)
    assert found["type"] == "LIMIT_MAKER" and "timeInForce" not in found and found["price"] == "50000.00"


def test_an_order_at_market_has_no_price() -> None:
    for dialect in (SPOT, FUTURES):
        found = sent(dialect, kind=OrderType.MARKET, side=SELL)
        assert found["type"] == "MARKET" and found["side"] == "SELL" and "price" not in found and "timeInForce" not in found
        assert found["quantity"] in ("0.01000", "0.010")


def test_a_futures_order_that_must_rest_and_how_futures_answer() -> None:
    found = sent(FUTURES, kind=OrderType.LIMIT_MAKER, action=OPEN)
    assert found["type"] == "LIMIT" and found["timeInForce"] == "GTX" and found["newOrderRespType"] == "RESULT"
    assert "reduceOnly" not in found and "positionSide" not in found
    assert dict(FUTURES.create_call(order(name="binance_perpetual")).weights) == {"orders_10s": 1, "orders_1m": 1}


@pytest.mark.parametrize("side", [BUY, SELL])
def test_in_one_way_mode_a_closing_order_only_reduces(side: TradeType) -> None:
    found = sent(FUTURES, side=side, action=CLOSE)
    assert found["reduceOnly"] == "true" and "positionSide" not in found
    assert "reduceOnly" not in sent(FUTURES, side=side, action=OPEN)


@pytest.mark.parametrize(("side", "action", "position"), [(BUY, OPEN, "LONG"), (SELL, CLOSE, "LONG"), (SELL, OPEN, "SHORT"), (BUY, CLOSE, "SHORT")])
def test_in_hedge_mode_the_position_side_says_it_all(side: TradeType, action: PositionAction, position: str) -> None:
    found = sent(FUTURES, hedge=True, side=side, action=action)
    assert found["positionSide"] == position and "reduceOnly" not in found, "both together are refused"


def test_tiny_prices_have_no_exponent() -> None:
    found = sent(FUTURES, pair="1000PEPE-USDT", price="0.0000012", amount="5000000")
    assert found["price"] == "0.0000012" and found["quantity"] == "5000000" and found["symbol"] == "1000PEPEUSDT"


@pytest.mark.parametrize(("dialect", "path", "weights"), [(SPOT, "/api/v3/order", (1, 4)), (FUTURES, "/fapi/v1/order", (1, 1))])
def test_cancel_and_query_go_by_the_client_id(dialect: Any, path: str, weights: tuple[int, int]) -> None:
    asked = order(name="binance_perpetual" if dialect is FUTURES else "binance")
    cancel, query = dialect.cancel_call(asked), dialect.query_call(asked)
    expected = (("symbol", "BTCUSDT"), ("origClientOrderId", "cdr-1-7-1"))
    assert cancel.params == query.params == expected and cancel.path == query.path == path
    assert (cancel.method, cancel.priority, cancel.is_write, query.method, query.is_write) == ("DELETE", Priority.CANCEL, True, "GET", False)
    assert (dict(cancel.weights)["weight"], dict(query.weights)["weight"]) == weights


def test_lists() -> None:
    assert dict(SPOT.open_orders_call("BTC-USDT").weights) == {"weight": 6} and dict(SPOT.open_orders_call("").weights) == {"weight": 80}
    assert SPOT.open_orders_call("").params == () and FUTURES.open_orders_call("ETH-USDT").params == (("symbol", "ETHUSDT"),)
    assert params(SPOT.trades_call("BTC-USDT", None, None)) == {"symbol": "BTCUSDT", "limit": "1000"}
    assert params(SPOT.trades_call("BTC-USDT", 42, 7)) == {"symbol": "BTCUSDT", "limit": "1000", "fromId": "42"}, "id and time do not go together"
    by_time = params(FUTURES.trades_call("BTC-USDT", None, 7))
    assert (by_time["startTime"], by_time["endTime"]) == ("7", str(7 + FUTURES.trades_window_ms)), "what a reply covers is said, not guessed"
    assert SPOT.trades_window_ms == 86_400_000 and params(SPOT.trades_call("BTC-USDT", None, 7))["endTime"] == "86400007"
    assert FUTURES.trades_call("BTC-USDT", None, 7).path == "/fapi/v1/userTrades" and SPOT.trades_page == FUTURES.trades_page == 1000


# ---- the way in --------------------------------------------------------------------------------------------------------------
SPOT_ROW = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": "cdr-1-7-1",
    "transactTime": 1507725176595,
    "price": "50000.00000000",
    "origQty": "0.01000000",
    "executedQty": "0.00400000",
    "cummulativeQuoteQty": "200.00000000",
    "status": "PARTIALLY_FILLED",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "fills": [],
}
CREATE = SPOT.create_call(order())


def test_how_a_created_order_stands() -> None:
    report = SPOT.order_report(CREATE, reply(SPOT_ROW))
    assert (report.client_order_id, report.exchange_order_id, report.trading_pair) == ("cdr-1-7-1", "28", "BTC-USDT")
    assert (report.state, report.lots, report.filled_lots, report.ts_ns) == (OrderState.PARTIALLY_FILLED, 1000, 400, 1507725176595 * 10**6)
    assert report.reason == "" and report.fills == () and report.forced == ""


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_r11_every_word_for_a_state(word: str, state: OrderState) -> None:
    assert SPOT.order_report(CREATE, reply({**SPOT_ROW, "status": word})).state is state


@pytest.mark.parametrize("word", ["DONE", "filled", "FILLED ", "ENDED_BY_NEW_RULE", "EXPIRED_SOMEHOW"])
def test_r11_a_new_word_never_ends_an_order(word: str) -> None:
    report = SPOT.order_report(CREATE, reply({**SPOT_ROW, "status": word}))
    assert report.state is OrderState.OPEN and "not known here" in report.reason and word in report.reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "EXPIRED_IN_MATCH"}, SELF_TRADE),
        ({"status": "EXPIRED", "type": "LIMIT_MAKER"}, POST_ONLY),
        ({"status": "EXPIRED", "timeInForce": "GTX"}, POST_ONLY),
        ({"status": "EXPIRED", "type": "MARKET"}, NOTHING_LEFT),
        ({"status": "EXPIRED", "timeInForce": "IOC"}, NOT_AT_ONCE),
        ({"status": "EXPIRED", "timeInForce": "FOK"}, NOT_AT_ONCE),
        ({"status": "EXPIRED", "timeInForce": "GTD"}, TIME_UP),
        ({"status": "EXPIRED"}, BY_VENUE),
        ({"status": "CANCELED"}, ""),
        ({"status": "REJECTED"}, "rejected by the venue"),
    ],
)
def test_o11_each_ending_has_a_reason_of_its_own(changed: dict[str, str], reason: str) -> None:
    assert SPOT.order_report(CREATE, reply({**SPOT_ROW, **changed})).reason == reason


def test_o11_the_venues_own_reason_follows() -> None:
    report = SPOT.order_report(CREATE, reply({**SPOT_ROW, "status": "EXPIRED", "expiryReason": "INSUFFICIENT_LIQUIDITY"}))
    assert report.reason == f"{BY_VENUE} ('INSUFFICIENT_LIQUIDITY')"


@pytest.mark.parametrize(
    "changed",
    [{"clientOrderId": "cdr-1-8-1"}, {"clientOrderId": None}, {"clientOrderId": ""}, {"symbol": "ETHUSDT"}, {"symbol": "NEWUSDT"}, {"symbol": None}],
)
def test_r22_an_answer_about_another_order_or_pair(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        SPOT.order_report(CREATE, reply({**SPOT_ROW, **changed}))


def test_r22_a_spot_cancels_answer_has_two_ids() -> None:
    call = SPOT.cancel_call(order())
    answer = {**SPOT_ROW, "origClientOrderId": "cdr-1-7-1", "clientOrderId": "cancelMyOrder1", "status": "CANCELED"}
    assert SPOT.order_report(call, reply(answer)).client_order_id == "cdr-1-7-1"
    with pytest.raises(Unreadable, match="origClientOrderId"):
        SPOT.order_report(call, reply({**answer, "origClientOrderId": "cdr-1-9-1", "clientOrderId": "cdr-1-7-1"}))


@pytest.mark.parametrize("key", ["symbol", "orderId", "clientOrderId", "origQty", "executedQty", "status", "transactTime"])
def test_r11_a_missing_or_null_field_is_named(key: str) -> None:
    for row in ({name: value for name, value in SPOT_ROW.items() if name != key}, {**SPOT_ROW, key: None}):
        with pytest.raises(Unreadable, match=key):
            SPOT.order_report(CREATE, reply(row))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e400", "-1", "", " 1", "1_0", "٣", "0x1", True, [], {}, "1" * 40])
def test_r10_no_nonsense_is_a_number(value: Any) -> None:
    with pytest.raises(Unreadable, match="executedQty"):
        SPOT.order_report(CREATE, reply({**SPOT_ROW, "executedQty": value}))


def test_r18_an_amount_between_lots_is_counted_exactly() -> None:
    report = SPOT.order_report(CREATE, reply({**SPOT_ROW, "executedQty": "0.00400001"}))
    assert report.instrument is not None
    assert report.instrument.amount(report.filled_lots) == Decimal("0.00400001") and report.instrument.amount(report.lots) == Decimal("0.01")
    counted = counted_in(report, instruments("binance")["BTC-USDT"])
    assert (counted.lots, counted.filled_lots) == (1000, 401), "on the order's grid it never seems less than it is"


def test_r18_an_order_is_counted_in_the_lots_under_which_it_was_sent() -> None:
    sent_under = instruments("binance")["BTC-USDT"]
    for lot in ("0.001", "0.0000001"):
        dialect = spot()
        dialect.learn({"BTC-USDT": replace(sent_under, lot_size=Decimal(lot), version=2)})
        counted = counted_in(dialect.order_report(CREATE, reply(SPOT_ROW)), sent_under)
        assert (counted.lots, counted.filled_lots) == (1000, 400)


def test_a_futures_query() -> None:
    call = FUTURES.query_call(order(name="binance_perpetual"))
    row = {
        "symbol": "BTCUSDT",
        "orderId": 1917641,
        "clientOrderId": "cdr-1-7-1",
        "origQty": "0.010",
        "executedQty": "0",
        "status": "NEW",
        "time": 1579276756075,
        "updateTime": 1579276756076,
        "reduceOnly": False,
    }
    report = FUTURES.order_report(call, reply(row))
    assert (report.state, report.lots, report.ts_ns) == (OrderState.OPEN, 10, 1579276756076 * 10**6)


def test_a_list_of_open_orders_passes_over_pairs_that_are_not_ours() -> None:
    rows = [SPOT_ROW, {**SPOT_ROW, "symbol": "OTHERUSDT"}, {**SPOT_ROW, "clientOrderId": "web_1", "symbol": "ETHBTC", "status": "NEW"}]
    assert [(report.trading_pair, report.client_order_id) for report in SPOT.order_reports(reply(rows))] == [
        ("BTC-USDT", "cdr-1-7-1"),
        ("ETH-BTC", "web_1"),
    ]


def test_r15_a_list_with_one_order_that_cannot_be_read_proves_nothing() -> None:
    with pytest.raises(Unreadable):
        SPOT.order_reports(reply([SPOT_ROW, {**SPOT_ROW, "origQty": None}]))
    with pytest.raises(Unreadable):
        SPOT.order_reports(reply({"orders": []}))


def test_o17_an_order_that_the_venue_itself_sent() -> None:
    rows = [{**SPOT_ROW, "clientOrderId": name} for name in ("autoclose-1", "adl_autoclose", "settlement_autoclose-2", "cdr-1-1-1")]
    assert [report.forced for report in SPOT.order_reports(reply(rows))] == ["liquidation", "adl", "settlement", ""]
