"""Whatever is sent, the venue answers in its own words: no exception leaves it, and nothing but an order moves its ledger."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes_tests.client import Hand

NAMES = [
    "symbol", "side", "type", "timeInForce", "quantity", "price", "stopPrice", "quoteOrderQty", "newClientOrderId", "origClientOrderId", "orderId", "limit", "fromId",
    "startTime", "endTime", "recvWindow", "interval", "leverage", "marginType", "dualSidePosition", "positionSide", "reduceOnly", "closePosition", "algoType",
    "triggerPrice", "clientAlgoId", "algoId", "workingType", "batchOrders", "orderIdList", "symbols", "countdownTime", "cancelReplaceMode", "goodTillDate",
    "selfTradePreventionMode", "incomeType", "multiAssetsMargin", "cancelOrderId", "newOrderRespType", "origClientOrderIdList",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["BTCUSDT", "BUY", "SELL", "LIMIT", "MARKET", "STOP_LOSS", "STOP_MARKET", "GTC", "GTX", "GTD", "FOK", "0", "0.01", "64000", "1", "-1", "1e5", "NaN", "true", "false", "",
         "BOTH", "LONG", "CONDITIONAL", "MARK_PRICE", "[]", "[1]", "[{}]", '[{"symbol":"BTCUSDT"}]', "9" * 30, "0." + "0" * 25 + "1", "1m", "ISOLATED", "²", "ALLOW_FAILURE"]
    ),
    st.text(max_size=8),
)  # fmt: skip


@pytest.mark.parametrize("kind", ["spot", "futures"])
@settings(max_examples=200)
@given(params=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=10), number=st.integers(0, 200))
def test_r6_any_request_is_answered(kind: str, params: dict[str, str], number: int) -> None:
    hand = Hand(kind)
    routes = sorted(hand.venue.dialect.routes)
    method, path = routes[number % len(routes)]

    status, body = hand.ask(method, path, **{name: quote(value) for name, value in params.items()})

    assert status == 200 or (status in (400, 401, 404, 409, 410, 429) and isinstance(body["code"], int) and body["msg"]), (status, body)
    assert hand.venue.account.unexplained() == {}
    book = hand.venue.engine.books["BTCUSDT"]
    assert all(ticks > 0 for ticks in book.bids.prices)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["btcusdt@depth", "key"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "method", "params", "symbol", "apiKey", "timestamp", "signature", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
METHODS = st.sampled_from(
    ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY", "order.place", "userDataStream.subscribe.signature", "userDataStream.unsubscribe",
     "session.logon", "session.status", "account.status", "depth", "ping"]
)  # fmt: skip


@pytest.mark.parametrize("target", ["/ws", "/ws-api/v3"])
@settings(max_examples=150)
@given(asked=JSON, method=METHODS, params=JSON, number=JSON, raw=st.binary(max_size=20))
def test_any_message_is_answered(target: str, asked: Any, method: str, params: Any, number: Any, raw: bytes) -> None:
    session, heard = Hand().listen(target)

    for message in (orjson.dumps(asked), orjson.dumps({"id": number, "method": method, "params": params}), raw):
        session.receive(message)

    assert len(heard) == 3
