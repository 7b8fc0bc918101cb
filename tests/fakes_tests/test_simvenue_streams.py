"""Streams: subscriptions, numbering of the book, account events."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.fakes.simvenue.wire import Problem
from tests.fakes_tests.client import SECOND, Hand
from tests.fakes_tests.test_simvenue_dialect import missing, protocol


def test_subscriptions_are_acknowledged_listed_and_ended() -> None:
    hand = Hand(still=False)
    session, heard = hand.listen("/ws")

    session.receive(b'{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@nonsense"],"id":7}')
    session.receive(b'{"method":"LIST_SUBSCRIPTIONS","id":8}')
    hand.wait(5)
    seen = len(heard)
    session.receive(b'{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":9}')
    hand.wait(5)

    assert heard[0] == {"result": None, "id": 7}
    assert heard[1] == {"result": ["btcusdt@trade", "btcusdt@nonsense"], "id": 8}
    assert {m["e"] for m in heard[2:seen]} == {"trade"}
    assert heard[seen:] == [{"result": None, "id": 9}]


@pytest.mark.parametrize(
    ("message", "code"), [(b"{not json", 3), (b"[1,2]", 2), (b'{"method":"JUMP","id":1}', 2), (b'{"method":"SUBSCRIBE","params":[1],"id":1}', 2)]
)  # fmt: skip
def test_what_is_no_request_is_answered_by_an_error(message: bytes, code: int) -> None:
    session, heard = Hand().listen("/ws")
    session.receive(message)
    assert heard[0]["error"]["code"] == code


def test_combined_streams_come_in_envelopes() -> None:
    hand = Hand(still=False)
    _, heard = hand.listen("/stream?streams=btcusdt@trade/ethusdt@bookTicker")
    hand.wait(10)
    assert {m["stream"] for m in heard} == {"btcusdt@trade", "ethusdt@bookTicker"}
    assert all(set(m) == {"stream", "data"} for m in heard)


@pytest.mark.parametrize(
    ("kind", "speed", "path"), [("spot", "@100ms", "depth"), ("spot", "", "depth"), ("futures", "@100ms", "depth"), ("futures", "@500ms", "depth")]
)
def test_a_book_kept_by_the_manual_is_the_venues_book(kind: str, speed: str, path: str) -> None:
    hand = Hand(kind, still=False)
    _, heard = hand.listen(f"/ws/btcusdt@depth{speed}")
    hand.wait(3)
    hand.limit("mine", "BUY", "0.015", "64990.0")
    snapshot = hand.get(f"{path}?symbol=BTCUSDT&limit=1000")
    for _ in range(20):
        hand.wait(0.7)
        hand.market("BUY", "0.002")
    house = hand.venue.houses["BTCUSDT"]
    house.is_still = True
    house.thin(5, 100)
    hand.wait(2)

    book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
    last = snapshot["lastUpdateId"]
    fresh = [m for m in heard if m["u"] > last]
    assert (fresh[0]["pu"] if kind == "futures" else fresh[0]["U"] - 1) <= last <= fresh[0]["u"]
    for diff in fresh:
        for side, key in (("bids", "b"), ("asks", "a")):
            for price, amount in diff[key]:
                book[side].pop(price, None)
                if float(amount):
                    book[side][price] = amount

    now = hand.get(f"{path}?symbol=BTCUSDT&limit=1000")
    assert {side: dict(now[side]) for side in ("bids", "asks")} == book
    if kind == "futures":
        assert all(later["pu"] == before["u"] < later["U"] - 1 for before, later in itertools.pairwise(heard)), (
            "ids have gaps there, as in the captures"
        )
    else:
        assert all(later["U"] == before["u"] + 1 for before, later in itertools.pairwise(heard))


@pytest.mark.parametrize("kind", ["spot", "futures"])
def test_candles_close_once_and_add_up_to_the_tape(kind: str) -> None:
    hand = Hand(kind, still=False)
    _, heard = hand.listen("/ws/btcusdt@kline_1m")
    _, trades = hand.listen("/ws/btcusdt@trade")
    for _ in range(200):
        hand.wait(1)

    closed = [m["k"] for m in heard if m["k"]["x"]]
    assert [k["t"] for k in closed] == sorted({k["t"] for k in closed}) and len(closed) == 3
    second = closed[1]
    inside = [t for t in trades if second["t"] <= t["T"] <= second["T"]]
    assert second["n"] == len(inside)
    assert (second["c"], second["L"]) == (inside[-1]["p"], inside[-1]["t"])
    row = next(row for row in hand.get("klines?symbol=BTCUSDT&interval=1m&limit=10") if row[0] == second["t"])
    assert row[1:6] == [second[name] for name in "ohlcv"] if kind == "spot" else float(row[4]) == float(second["c"])


def test_a_stream_that_is_taken_up_again_keeps_its_pace() -> None:
    hand = Hand(still=False)
    session, heard = hand.listen("/ws/btcusdt@depth")
    for _ in range(3):
        session.receive(b'{"method":"UNSUBSCRIBE","params":["btcusdt@depth"],"id":1}')
        session.receive(b'{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":1}')
    del heard[:]
    hand.wait(10)
    assert len(heard) == 10


def test_w8_a_snapshot_may_be_older_than_the_first_diff() -> None:
    hand = Hand(still=False)
    hand.wait(20)
    _, heard = hand.listen("/ws/btcusdt@depth@100ms")
    hand.wait(1)
    answer = hand.venue.handle("GET", "/api/v3/depth?symbol=BTCUSDT&limit=100", lag_ns=10 * SECOND)
    assert orjson.loads(answer.body)["lastUpdateId"] < heard[0]["U"] - 1
    assert hand.get("depth?symbol=BTCUSDT")["lastUpdateId"] >= heard[-1]["u"]


def test_a_price_path_is_followed() -> None:
    hand = Hand(still=False)
    hand.limit("a", "BUY", "0.01000", "64000.00")
    hand.venue.follow("BTCUSDT", [(hand.now_ns + number * SECOND, Decimal(65000 - 200 * number)) for number in range(10)])
    hand.wait(4)
    assert hand.order("a")["status"] == "NEW"
    hand.wait(4)
    assert hand.order("a")["status"] == "FILLED"


def test_futures_entry_points_serve_their_own_streams_only() -> None:
    hand = Hand("futures", still=False)
    _, public = hand.listen("/public/stream?streams=btcusdt@depth@100ms/btcusdt@markPrice@1s")
    _, market = hand.listen("/market/stream?streams=btcusdt@depth@100ms/btcusdt@markPrice@1s")
    hand.wait(5)
    assert {m["stream"] for m in public} == {"btcusdt@depth@100ms"}
    assert {m["stream"] for m in market} == {"btcusdt@markPrice@1s"}
    with pytest.raises(Problem):
        hand.listen("/elsewhere")


def test_a_socket_ends_after_a_day() -> None:
    hand = Hand()
    hand.listen("/ws/btcusdt@trade")
    hand.wait(86_399)
    assert hand.ended == []
    hand.wait(2)
    assert len(hand.ended) == 1


# ---- accounts ----------------------------------------------------------------------------------------------------------------
def test_w5_a_spot_stream_tells_an_order_life_and_its_own_end() -> None:
    hand = Hand()
    session, heard = hand.user_stream()
    hand.limit("a", "BUY", "0.01000", "64000.00")
    hand.venue.move("BTCUSDT", "63990")
    hand.limit("b", "BUY", "0.01000", "60000.00")
    hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="b", newClientOrderId="end-of-b")

    events = [m["event"] for m in heard]
    reports = [(m["c"], m["C"], m["x"], m["X"], m["t"]) for m in events if m["e"] == "executionReport"]
    assert reports == [
        ("a", "", "NEW", "NEW", -1), ("a", "", "TRADE", "FILLED", 5001), ("b", "", "NEW", "NEW", -1), ("end-of-b", "b", "CANCELED", "CANCELED", -1),
    ]  # fmt: skip
    assert {row["a"]: (row["f"], row["l"]) for row in events[-1]["B"]} == {"USDT": ("99360.00000000", "0.00000000")}
    hand.venue.users.expire("key")
    assert heard[-1]["event"]["e"] == "eventStreamTerminated"
    hand.limit("c", "BUY", "0.01000", "60000.00")
    assert heard[-1]["event"]["e"] == "eventStreamTerminated"
    session.closed()


def test_a_socket_api_places_orders_and_says_no_to_keys_that_cannot_log_on() -> None:
    hand = Hand()
    session, heard = hand.user_stream()
    session.receive(b'{"id":"x","method":"session.logon","params":{}}')
    session.receive(b'{"id":"y","method":"no.such","params":{}}')
    session.receive(b'{"id":"z","method":"time"}')
    session.receive(orjson.dumps({"id": 2, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}}))
    assert [(m.get("id"), m.get("status")) for m in heard if "id" in m] == [("x", 400), ("y", 404), ("z", 200), (2, 200)]


def test_w5_a_listen_key_dies_when_it_is_not_renewed() -> None:
    hand = Hand("futures")
    _, heard = hand.user_stream()
    hand.wait(50 * 60)
    assert hand.venue.handle("PUT", "/fapi/v1/listenKey", {"X-MBX-APIKEY": "key"}).status == 200
    hand.wait(50 * 60)
    assert heard == []
    hand.wait(11 * 60)
    assert [m["e"] for m in heard] == ["listenKeyExpired"]
    answer = hand.venue.handle("PUT", "/fapi/v1/listenKey", {"X-MBX-APIKEY": "key"})
    assert orjson.loads(answer.body)["code"] == -1125


def test_a_futures_stream_tells_the_account_before_the_order() -> None:
    hand = Hand("futures")
    _, heard = hand.user_stream()
    hand.ask("POST", "leverage", symbol="BTCUSDT", leverage=5)
    hand.market("BUY", "0.010", newClientOrderId="a")
    assert [m["e"] for m in heard] == ["ACCOUNT_CONFIG_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE"]
    assert heard[2]["a"]["P"][0]["pa"] == "0.010"
    assert heard[3]["o"]["X"] == "FILLED"


def test_a_stop_that_fires_tells_its_order_first_and_then_itself() -> None:
    told = [(m["e"], m["o"]["X"]) for m in events_of("futures") if m["e"] in ("ORDER_TRADE_UPDATE", "ALGO_UPDATE")]
    assert told[-6:] == [
        ("ALGO_UPDATE", "NEW"), ("ALGO_UPDATE", "TRIGGERING"), ("ORDER_TRADE_UPDATE", "NEW"), ("ORDER_TRADE_UPDATE", "FILLED"), ("ALGO_UPDATE", "TRIGGERED"),
        ("ALGO_UPDATE", "FINISHED"),
    ]  # fmt: skip


def test_one_event_of_a_listen_key_may_be_chosen() -> None:
    hand = Hand("futures")
    key = orjson.loads(hand.venue.handle("POST", "/fapi/v1/listenKey", {"X-MBX-APIKEY": "key"}).body)["listenKey"]
    _, heard = hand.listen(f"/private/stream?listenKey={key}&events=ORDER_TRADE_UPDATE/ALGO_UPDATE")
    hand.market("BUY", "0.010")
    assert [m["data"]["e"] for m in heard] == ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE"]


def events_of(kind: str) -> list[dict[str, Any]]:
    hand = Hand(kind)
    _, heard = hand.user_stream()
    hand.limit("a", "BUY", "0.010", "64000.0")
    hand.market("BUY", "0.010")
    hand.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="a")
    if kind == "futures":
        stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "64000"}
        hand.ask("POST", "algoOrder", **stop, quantity="0.010", reduceOnly="true", clientAlgoId="stop")
        hand.venue.move("BTCUSDT", "63900")
    return heard


@pytest.mark.parametrize(
    ("name", "kind", "event", "absent"),
    [
        ("spot/user_data_json/execution_report_wrapped.json", "spot", "executionReport", set()),
        ("spot/user_data_json/account_position_wrapped.json", "spot", "outboundAccountPosition", set()),
        ("futures/user_data_json/order_update_trade.json", "futures", "ORDER_TRADE_UPDATE", {".o.AP", ".o.cr"}),
        ("futures/user_data_json/account_update.json", "futures", "ACCOUNT_UPDATE", set()),
        ("futures/user_data_json/trade_lite.json", "futures", "TRADE_LITE", set()),
        ("futures/user_data_json/algo_update_new.json", "futures", "ALGO_UPDATE", {".o.ap", ".o.aq", ".o.act", ".o.rm"}),
    ],
)  # fmt: skip
def test_events_have_every_field_of_the_recorded_ones(name: str, kind: str, event: str, absent: set[str]) -> None:
    """Absent may be what the venue sends for other order types only."""
    ours = next(m for m in events_of(kind) if m.get("event", m)["e"] == event)
    assert missing(protocol(name), ours) - absent == set()


@pytest.mark.parametrize(
    ("name", "stream", "absent"),
    [
        ("depth_update_stream", "depth@100ms", {".st", ".ps"}), ("agg_trade_stream", "aggTrade", {".st"}), ("mark_price_stream", "markPrice@1s", {".st"}),
        ("kline_stream_open", "kline_1m", set()), ("book_ticker_stream", "bookTicker", {".st", ".ps"}), ("ticker_stream", "ticker", {".st"}),
        ("trade_stream", "trade", set()),
    ],
)  # fmt: skip
def test_market_events_have_every_field_of_the_recorded_ones(name: str, stream: str, absent: set[str]) -> None:
    hand = Hand("futures", still=False)
    _, heard = hand.listen(f"/ws/btcusdt@{stream}")
    hand.wait(5)
    assert missing(protocol(f"futures/market_data_json/{name}.json"), heard[0]) - absent == set()
