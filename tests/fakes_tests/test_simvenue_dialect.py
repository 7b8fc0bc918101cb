"""Keys, clocks, signatures, limits, filters, pages: the venue's own codes and words."""

from __future__ import annotations

import tarfile
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from tests.fakes.simvenue.wire import sign
from tests.fakes_tests.client import SECOND, Hand
from tests.support.data import recorded

KINDS = pytest.mark.parametrize("kind", ["spot", "futures"])


@KINDS
def test_the_order_of_checks_is_key_time_signature(kind: str) -> None:
    hand = Hand(kind)
    target = hand.target("openOrders")

    assert orjson.loads(hand.venue.handle("GET", target).body) == {"code": -2014, "msg": "API-key format invalid."}
    stranger = hand.venue.handle("GET", target, {"X-MBX-APIKEY": "stranger"})
    assert (stranger.status, orjson.loads(stranger.body)["code"]) == (401, -2015)
    assert hand.ask("GET", "openOrders", secret="wrong") == (400, {"code": -1022, "msg": "Signature for this request is not valid."})
    assert hand.venue.handle("GET", f"{hand.base}openOrders", {"X-MBX-APIKEY": "key"}).status == 400


@KINDS
def test_r12_a_request_out_of_its_time_is_not_looked_at(kind: str) -> None:
    hand = Hand(kind)

    assert hand.ask("GET", "openOrders", skew_ms=1001)[1]["code"] == -1021
    assert hand.ask("GET", "openOrders", skew_ms=999)[0] == 200
    assert hand.ask("GET", "openOrders", skew_ms=-5001)[1]["msg"] == "Timestamp for this request is outside of the recvWindow."
    assert hand.ask("GET", "openOrders", skew_ms=-5001, recvWindow=10000)[0] == 200
    hand.venue.skew_ns = 90 * SECOND
    assert hand.get("time")["serverTime"] == hand.now_ns // 1_000_000 + 90_000
    assert hand.ask("GET", "openOrders")[1]["code"] == -1021
    assert hand.ask("GET", "openOrders", skew_ms=90_000)[0] == 200


def test_a_signed_body_counts_like_a_signed_query() -> None:
    hand = Hand()
    text = f"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&timestamp={hand.now_ns // 1_000_000}"
    body = f"{text}&signature={sign('secret', text)}".encode()

    assert hand.venue.handle("POST", "/api/v3/order", {"x-mbx-apikey": "key"}, body).status == 200


def test_r7_r8_who_asks_too_much_is_told_to_wait_and_then_banned() -> None:
    hand = Hand()
    hand.venue.dialect.limits.set_weight(100)
    for _ in range(5):
        assert hand.venue.handle("GET", "/api/v3/exchangeInfo").status == 200

    first = hand.venue.handle("GET", "/api/v3/exchangeInfo")
    assert (first.status, first.headers["X-MBX-USED-WEIGHT-1M"]) == (429, "120")
    assert 0 < int(first.headers["Retry-After"]) <= 60
    for _ in range(30):
        last = hand.venue.handle("GET", "/api/v3/ping")
    assert last.status == 418 and orjson.loads(last.body)["msg"].startswith("Way too much request weight used; IP banned until ")
    hand.wait(int(last.headers["Retry-After"]) - 1)
    assert hand.venue.handle("GET", "/api/v3/ping").status == 418
    hand.wait(1)
    assert hand.venue.handle("GET", "/api/v3/ping").status == 200
    assert hand.venue.dialect.limits.refused == 32


@KINDS
def test_orders_are_counted_per_account(kind: str) -> None:
    hand = Hand(kind)
    limit = 100 if kind == "spot" else 300
    for number in range(limit):
        hand.ask("POST", "order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.002" if number % 2 else "x")

    answer = hand.venue.handle("POST", hand.target("order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.002"), {"X-MBX-APIKEY": "key"})

    assert answer.status == 429 and orjson.loads(answer.body)["code"] == -1015
    assert answer.headers["X-MBX-ORDER-COUNT-10S"] == str(limit + 1)


@pytest.mark.parametrize(
    ("changed", "code", "msg"),
    [
        ({"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ({"side": "LONG"}, -1117, "Invalid side."),
        ({"type": "ICEBERG"}, -1116, "Invalid orderType."),
        ({"timeInForce": "DAY"}, -1115, "Invalid timeInForce."),
        ({"price": "64000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
        ({"price": "1000.00"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ({"quantity": "-1"}, -1100, "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'."),
        ({"quantity": "NaN"}, -1100, "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'."),
        ({"quantity": "90"}, -2010, "Account has insufficient balance for requested action."),
        ({"price": ""}, -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
        ({"newClientOrderId": "a b"}, -1100, "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'."),
    ],
)  # fmt: skip
def test_r6_spot_refusals_in_the_venues_words(changed: dict[str, str], code: int, msg: str) -> None:
    hand = Hand()
    good = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "64000.00"}

    assert hand.ask("POST", "order", **(good | changed)) == (400, {"code": code, "msg": msg})
    assert hand.venue.orders() == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"price": "64000.05"}, -4014),
        ({"quantity": "0.0001"}, -1111),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.001"}, -4164),
        ({"price": "1000.0", "quantity": "0.200"}, -4024),
        ({"price": "70000.0"}, -4016),
        ({"quantity": "900"}, -2019),
        ({"timeInForce": "FOK", "price": "64000.0"}, -5021),
        ({"positionSide": "LONG"}, -4061),
    ],
)  # fmt: skip
def test_r6_futures_refusals_in_the_venues_codes(changed: dict[str, str], code: int) -> None:
    hand = Hand("futures")
    good = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "64000.0"}

    status, body = hand.ask("POST", "order", **(good | changed))

    assert (status, body["code"]) == (400, code), body
    assert hand.venue.orders() == []


@pytest.mark.parametrize(
    ("mode", "old", "amount", "status", "results"),
    [
        ("STOP_ON_FAILURE", "a", "0.01000", 200, ("SUCCESS", "SUCCESS")), ("STOP_ON_FAILURE", "nobody", "0.01000", 400, ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", "nobody", "0.01000", 409, ("FAILURE", "SUCCESS")), ("ALLOW_FAILURE", "a", "90", 409, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", "nobody", "90", 400, ("FAILURE", "FAILURE")),
    ],
)  # fmt: skip
def test_r19_half_a_cancel_replace_is_a_conflict(mode: str, old: str, amount: str, status: int, results: tuple[str, str]) -> None:
    hand = Hand()
    hand.limit("a", "BUY", "0.01000", "64000.00")
    new = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": amount,
        "price": "63000.00",
        "newClientOrderId": "b",
    }

    said_status, said = hand.ask("POST", "order/cancelReplace", cancelReplaceMode=mode, cancelOrigClientOrderId=old, **new)

    parts = said if status == 200 else said["data"]
    assert (said_status, parts["cancelResult"], parts["newOrderResult"]) == (status, *results)
    assert {order.client_id for order in hand.venue.account.open.values()} == ({"b"} if results[1] == "SUCCESS" else set()) | (
        {"a"} if old != "a" else set()
    )


def test_r19_each_order_of_a_batch_has_its_own_answer() -> None:
    hand = Hand("futures")
    good = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "64000.0"}
    orders = [good | {"newClientOrderId": "a"}, good | {"price": "64000.05"}, good | {"newClientOrderId": "b"}]

    status, said = hand.ask("POST", "batchOrders", batchOrders=quote(orjson.dumps(orders).decode()))
    gone = hand.ask("DELETE", "batchOrders", symbol="BTCUSDT", origClientOrderIdList=quote('["a","nobody"]'))[1]

    assert status == 200 and [row.get("clientOrderId", row.get("code")) for row in said] == ["a", -4014, "b"]
    assert [row.get("status", row.get("code")) for row in gone] == ["CANCELED", -2011]


@KINDS
def test_r16_a_key_that_was_taken_back_is_denied(kind: str) -> None:
    hand = Hand(kind)
    hand.venue.account.denied = True
    assert hand.ask("GET", "openOrders") == (401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})


@KINDS
def test_r15_lists_of_executions_come_in_pages_that_join(kind: str) -> None:
    hand = Hand(kind, balances={"USDT": Decimal(10**8), "BTC": Decimal(1000)})
    where = "myTrades" if kind == "spot" else "userTrades"
    for number in range(45):
        hand.market("BUY" if number % 2 else "SELL", "0.002")
        hand.wait(11)

    everything = hand.ask("GET", where, symbol="BTCUSDT", limit=1000)[1]
    pages: list[Any] = []
    start = 0
    while page := hand.ask("GET", where, symbol="BTCUSDT", fromId=start, limit=20)[1]:
        pages += page
        start = page[-1]["id"] + 1

    assert pages == everything and len({row["id"] for row in pages}) == len(pages) >= 45
    since = everything[10]["time"]
    assert hand.ask("GET", where, symbol="BTCUSDT", startTime=since, limit=5)[1] == everything[10:15]
    assert hand.ask("GET", where, symbol="BTCUSDT", limit=5)[1] == everything[-5:]


def test_r14_r21_what_is_read_may_be_old() -> None:
    hand = Hand()
    hand.limit("a", "BUY", "0.01000", "64000.00")
    hand.wait(10)
    hand.venue.move("BTCUSDT", "63990")

    def old(path: str, **params: Any) -> Any:
        answer = hand.venue.handle("GET", hand.target(path, **params), {"X-MBX-APIKEY": "key"}, lag_ns=5 * SECOND)
        return orjson.loads(answer.body)

    assert hand.order("a")["status"] == "FILLED"
    assert old("order", symbol="BTCUSDT", origClientOrderId="a")["status"] == "NEW"
    assert [row["clientOrderId"] for row in old("openOrders")] == ["a"]
    assert old("myTrades", symbol="BTCUSDT") == []
    usdt = next(row for row in old("account")["balances"] if row["asset"] == "USDT")
    assert (usdt["free"], usdt["locked"]) == ("99360.00000000", "640.00000000")
    hand.limit("b", "BUY", "0.01000", "63000.00")
    assert old("order", symbol="BTCUSDT", origClientOrderId="b")["code"] == -2013


def test_r21_a_position_may_be_old() -> None:
    hand = Hand("futures")
    hand.market("BUY", "0.010")
    hand.wait(10)
    hand.market("BUY", "0.010")
    answer = hand.venue.handle("GET", hand.target("/fapi/v3/positionRisk"), {"X-MBX-APIKEY": "key"}, lag_ns=5 * SECOND)
    assert orjson.loads(answer.body)[0]["positionAmt"] == "0.010"


@KINDS
def test_i17_the_same_seed_and_calls_give_the_same_bytes(kind: str) -> None:
    def life(seed: int) -> list[bytes]:
        hand = Hand(kind, still=False, seed=seed)
        heard: list[bytes] = []
        hand.venue.connect(
            "/stream?streams=btcusdt@depth@100ms/btcusdt@trade/btcusdt@kline_1m/ethusdt@bookTicker", heard.append, lambda code, reason: None
        )
        for number in range(40):
            target = hand.target("order", symbol="BTCUSDT", side="BUY" if number % 2 else "SELL", type="MARKET", quantity="0.002")
            heard.append(hand.venue.handle("POST", target, {"X-MBX-APIKEY": "key"}).body)
            hand.wait(0.7)
        return heard

    assert life(1) == life(1)
    assert life(1) != life(2)


@pytest.mark.parametrize(
    ("name", "kind", "call"),
    [
        ("spot/http_json/new_order_full_response.json", "spot", ("POST", "order", {"side": "BUY", "type": "MARKET", "quantity": "0.01"})),
        ("spot/http_json/account_trades_response.json", "spot", ("GET", "myTrades", {})),
        ("spot/http_json/open_orders_response.json", "spot", ("GET", "openOrders", {})),
        ("spot/http_json/cancel_order_response.json", "spot", ("DELETE", "order", {"origClientOrderId": "a"})),
        ("spot/http_json/account_response.json", "spot", ("GET", "account", {"symbol": None})),
        ("futures/http_json/order_response.json", "futures", ("GET", "order", {"origClientOrderId": "a"})),
        ("futures/http_json/balance.json", "futures", ("GET", "/fapi/v2/balance", {"symbol": None})),
        ("futures/http_json/position_risk.json", "futures", ("GET", "/fapi/v2/positionRisk", {})),
        ("futures/http_json/account_info_v2.json", "futures", ("GET", "/fapi/v2/account", {"symbol": None})),
    ],
)  # fmt: skip
def test_answers_have_every_field_of_the_recorded_ones(name: str, kind: str, call: tuple[str, str, dict[str, Any]]) -> None:
    hand = Hand(kind)
    hand.market("BUY", "0.010")
    hand.limit("a", "BUY", "0.010", "64000.0")
    method, path, params = call

    said = hand.ask(method, path, **{k: v for k, v in ({"symbol": "BTCUSDT"} | params).items() if v is not None})[1]

    assert missing(protocol(name), said) == set()


def protocol(name: str) -> Any:
    with tarfile.open(recorded("protocol/nautilus_binance.tar.xz")) as archive:
        found = archive.extractfile(f"crates/adapters/binance/test_data/{name}")
        assert found is not None
        return orjson.loads(found.read())


def missing(real: Any, ours: Any, where: str = "") -> set[str]:
    """Fields of the recorded answer that ours has not, or has with another JSON type."""
    if isinstance(real, list):
        return missing(real[0], ours[0], where + "[]") if real and ours else set()
    if isinstance(real, dict):
        gone = {f"{where}.{name}" for name in real if name not in ours}
        return gone.union(*(missing(real[name], ours[name], f"{where}.{name}") for name in real if name in ours))
    same = type(real) is type(ours) or real is None or ours is None or {type(real), type(ours)} <= {int, float}
    return set() if same else {f"{where}: {type(real).__name__} there, {type(ours).__name__} here"}
