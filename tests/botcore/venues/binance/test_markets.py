"""Market streams: subscriptions, heads of messages, trades, tickers, candles."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.enums import InstrumentKind
from botcore.model.instrument import Instrument, Market
from botcore.venues.dialect import Channel, Heard, Peek, Subscription, Unreadable
from tests.support.binance_wire import futures, spot

SPOT, FUTURES = spot(), futures()


def raw(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def wrapped(stream: str, body: Any) -> bytes:
    return raw({"stream": stream, "data": body})


DEPTH = {"e": "depthUpdate", "E": 123456789, "s": "BTCUSDT", "U": 157, "u": 160, "b": [["0.0024", "10"]], "a": []}
TRADE = {"e": "trade", "E": 1639351062244, "s": "BTCUSDT", "t": 7, "p": "50000.01", "q": "0.43871", "T": 1639351062243, "m": True, "M": True}
TICKER = {"u": 400900217, "s": "BTCUSDT", "b": "50000.00", "B": "31.21", "a": "50000.01", "A": "0.00001"}
KLINE = {
    "e": "kline",
    "E": 1672515780123,
    "s": "BTCUSDT",
    "k": {
        "t": 1672515720000,
        "T": 1672515779999,
        "s": "BTCUSDT",
        "i": "1m",
        "f": 100,
        "L": 200,
        "o": "50000.1",
        "c": "50002",
        "h": "50003",
        "l": "49999.5",
        "v": "12.5",
        "n": 100,
        "x": True,
        "q": "1",
        "V": "5",
        "Q": "5",
    },
}


# ---- subscriptions -----------------------------------------------------------------------------------------------------------
def test_subscriptions_are_named_as_the_file_says() -> None:
    wanted = [
        Subscription(Channel.BOOK, "BTC-USDT"),
        Subscription(Channel.TRADES, "BTC-USDT"),
        Subscription(Channel.TICKER, "ETH-BTC"),
        Subscription(Channel.CANDLES, "ETH-BTC", "1m"),
    ]
    assert json.loads(SPOT.subscribe(7, wanted)) == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@depth@100ms", "btcusdt@trade", "ethbtc@bookTicker", "ethbtc@kline_1m"],
        "id": 7,
    }
    assert json.loads(FUTURES.unsubscribe(8, wanted[1:2])) == {"method": "UNSUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 8}


def test_names_outside_ascii_are_sent_as_they_are() -> None:
    assert "币安人生usdt@trade".encode() in SPOT.subscribe(1, [Subscription(Channel.TRADES, "币安人生-USDT")])


def test_futures_have_two_sockets_for_market_data() -> None:
    assert {channel: FUTURES.market_url(channel) for channel in Channel} == {
        Channel.BOOK: "wss://fstream.binance.com/public/stream",
        Channel.TICKER: "wss://fstream.binance.com/public/stream",
        Channel.TRADES: "wss://fstream.binance.com/market/stream",
        Channel.CANDLES: "wss://fstream.binance.com/market/stream",
    }
    assert {SPOT.market_url(channel) for channel in Channel} == {SPOT.market_url()} == {"wss://stream.binance.com:9443/stream"}


def test_the_snapshot_is_as_deep_as_the_file_says() -> None:
    call = SPOT.depth_call("BTC-USDT")
    assert (call.path, call.params, dict(call.weights)) == ("/api/v3/depth", (("symbol", "BTCUSDT"), ("limit", "1000")), {"weight": 50})


# ---- heads -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("message", "heard"),
    [
        (raw(DEPTH), Heard.BOOK),
        (raw(TRADE), Heard.TRADE),
        (raw({**TRADE, "e": "aggTrade"}), Heard.TRADE),
        (raw(TICKER), Heard.TICKER),
        (raw({"e": "bookTicker", **TICKER}), Heard.TICKER),
        (raw(KLINE), Heard.CANDLE),
        (wrapped("btcusdt@depth@100ms", DEPTH), Heard.BOOK),
        (wrapped("btcusdt@depth", DEPTH), Heard.BOOK),
        (wrapped("btcusdt@trade", TRADE), Heard.TRADE),
        (wrapped("btcusdt@aggTrade", TRADE), Heard.TRADE),
        (wrapped("btcusdt@bookTicker", TICKER), Heard.TICKER),
        (wrapped("btcusdt@kline_1m", KLINE), Heard.CANDLE),
    ],
)
def test_what_a_message_is_with_and_without_an_envelope(message: bytes, heard: Heard) -> None:
    assert SPOT.peek(message) == SPOT.peek(message) == Peek(heard, "BTC-USDT")


@pytest.mark.parametrize("escaped", [True, False])
def test_a_pair_outside_ascii_is_known_however_it_is_written(escaped: bool) -> None:
    dialect = spot()
    dialect.learn({"币安人生-USDT": Instrument(Market("binance", "币安人生-USDT"), InstrumentKind.SPOT, Decimal("0.01"), Decimal("0.01"))})
    trade = {**TRADE, "s": "币安人生USDT"}
    for body in (trade, {"stream": "币安人生usdt@trade", "data": trade}):
        message = json.dumps(body, separators=(",", ":"), ensure_ascii=escaped).encode()
        assert dialect.peek(message) == Peek(Heard.TRADE, "币安人生-USDT") and dialect.trade(message).price_ticks == 5000001


@pytest.mark.parametrize(
    "message",
    [
        b'{"stream":"\\ud800usdt@trade"}',
        b'{"stream":"\\',
        b'{"e":"trade","s":"\\x"}',
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"stream":"',
        b'{"stream":"@',
        b'{"e":"',
        b'{"e":"depthUpdate"',
        b'{"e":"depthUpdate","s":"',
        b'{"e":"depthUpdate","s":"OTHERUSDT"}',
        wrapped("otherusdt@depth", DEPTH),
        wrapped("btcusdt@markPrice@1s", {}),
        wrapped("!ticker@arr", []),
        wrapped("btcusdt@serverShutdown", {}),
        b"\xff\xfe\x00",
        raw({"subscriptionId": 0, "event": {"e": "executionReport"}}),
        raw({"id": "text", "result": None}),
        raw({"id": None, "result": None}),
        raw({"id": 1.5}),
        b'{"id":1' + b"," * 5000 + b"}",
        b'{"id":' + b"[" * 4000,
    ],
)
def test_what_is_not_known_is_other(message: bytes) -> None:
    assert SPOT.peek(message) == Peek(Heard.OTHER)


def test_a_pair_is_known_only_after_it_was_learnt() -> None:
    dialect = spot()
    assert dialect.peek(raw(DEPTH)).trading_pair == "BTC-USDT"
    dialect.learn({})
    assert dialect.peek(raw(DEPTH)).heard is Heard.OTHER and dialect.peek(wrapped("btcusdt@depth", DEPTH)).heard is Heard.OTHER


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (raw({"result": None, "id": 7}), Peek(Heard.ACK, "", 7)),
        (raw({"id": 7, "result": None}), Peek(Heard.ACK, "", 7)),
        (b'{ "result" : null, "id" : 7 }', Peek(Heard.ACK, "", 7)),
        (raw({"id": 1, "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []}), Peek(Heard.ACK, "", 1)),
        (raw({"error": {"code": 2, "msg": "Invalid request"}, "id": 3}), Peek(Heard.ACK, "", 3, False, "2: 'Invalid request'")),
        (raw({"code": 2, "msg": "Invalid", "id": 3}), Peek(Heard.ACK, "", 3, False, "2: 'Invalid'")),
        (
            raw({"id": 1, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}}),
            Peek(Heard.ACK, "", 1, False, "-2015: 'Invalid API-key'"),
        ),
        (raw({"id": 1, "status": 500}), Peek(Heard.ACK, "", 1, False, "status 500")),
    ],
)
def test_w14_acknowledgements(message: bytes, expected: Peek) -> None:
    assert SPOT.peek(message) == expected


@pytest.mark.parametrize("message", [raw({"e": "serverShutdown", "E": 1770123456789}), raw({"event": {"e": "serverShutdown", "E": 1770123456789}})])
def test_w4_a_farewell(message: bytes) -> None:
    assert SPOT.peek(message).heard is Heard.FAREWELL


@pytest.mark.parametrize("message", [wrapped("btcusdt@depth@100ms", DEPTH), raw(DEPTH), raw(TICKER)])
def test_a_head_is_enough(message: bytes) -> None:
    """So the time that it takes (0.35 us measured) does not depend on the length of the message."""
    for rest in (b"", b"\xff" * 10, b"[" * 100_000):
        assert SPOT.peek(message[:-12] + rest) == SPOT.peek(message)


# ---- whole messages ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("message", [raw(TRADE), wrapped("btcusdt@trade", TRADE)])
def test_a_trade(message: bytes) -> None:
    found = SPOT.trade(message)
    assert (found.price_ticks, found.lots, found.buyer_is_maker, found.ts_ns) == (5000001, 43871, True, 1639351062243 * 10**6)
    assert found.market.trading_pair == "BTC-USDT"


def test_a_ticker_of_spot_does_not_say_when() -> None:
    found = SPOT.quote(raw(TICKER))
    assert (found.bid_ticks, found.bid_lots, found.ask_ticks, found.ask_lots) == (5000000, 3121000, 5000001, 1)
    assert (found.update_id, found.ts_ns, found.trading_pair) == (400900217, 0, "BTC-USDT")


def test_a_ticker_of_futures_says_when() -> None:
    assert (
        FUTURES.quote(raw({"e": "bookTicker", "E": 1568014460893, "T": 1568014460891, **TICKER, "b": "50000.0", "a": "50000.1"})).ts_ns
        == 1568014460891 * 10**6
    )


def test_a_candle() -> None:
    found = SPOT.candle(raw(KLINE))
    assert found is not None
    assert (found.open, found.high, found.low, found.close, found.volume) == (50000.1, 50003.0, 49999.5, 50002.0, 12.5)
    assert (found.open_ns, found.interval_ns, found.ts_ns) == (1672515720000 * 10**6, 60 * 10**9, 1672515780000 * 10**6)


def test_what_a_candle_tells_beside_its_prices() -> None:
    beside = {"q": "625025", "n": 42, "V": "7.5", "Q": "375015"}
    found = SPOT.candle(raw({**KLINE, "k": {**KLINE["k"], **beside}}))  # type: ignore[dict-item]
    assert found is not None and found.extra == (625025.0, 42.0, 7.5, 375015.0)
    found = SPOT.candle(raw({**KLINE, "k": {key: value for key, value in KLINE["k"].items() if key not in beside}}))  # type: ignore[attr-defined]
    assert found is not None and found.extra is None
    for key in beside:
        with pytest.raises(Unreadable):
            SPOT.candle(raw({**KLINE, "k": {**KLINE["k"], **beside, key: "-1"}}))  # type: ignore[dict-item]


def test_an_open_candle_is_none() -> None:
    assert SPOT.candle(raw({**KLINE, "k": {**KLINE["k"], "x": False}})) is None  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "change",
    [
        {"i": "1M"},
        {"i": ""},
        {"i": "m"},
        {"i": "0m"},
        {"i": "٣m"},
        {"h": "49000"},
        {"l": "60000"},
        {"o": "NaN"},
        {"v": "-1"},
        {"c": "0"},
        {"x": 1},
        {"s": "NOUSDT"},
    ],
)
def test_r11_a_candle_that_cannot_be_read(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        SPOT.candle(raw({**KLINE, "k": {**KLINE["k"], **change}}))  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "change",
    [
        {"p": "50000.011"},
        {"p": None},
        {"p": "0"},
        {"p": "NaN"},
        {"q": "0"},
        {"q": "1e99"},
        {"m": "true"},
        {"T": "now"},
        {"s": None},
        {"s": "NOUSDT"},
        {"p": "9" * 28},
    ],
)
def test_r11_r18_a_trade_that_cannot_be_read_or_is_off_the_grid(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        SPOT.trade(raw({**TRADE, **change}))


@pytest.mark.parametrize("change", [{"b": "50000.001"}, {"a": None}, {"B": "-1"}, {"u": "x"}, {"u": 2**70}, {"b": ""}])
def test_r11_r18_a_ticker_that_cannot_be_read_or_is_off_the_grid(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        SPOT.quote(raw({**TICKER, **change}))


@pytest.mark.parametrize(
    "message",
    [b"", b"{", b"null", b"[]", b"\xef\xbb\xbf{}", b"<html>", b'{"p":NaN}', b'{"data":1}', b'{"stream":1,"data":[]}', b'{"stream":"x"}', b"\xff"],
)
def test_r10_nonsense_is_unreadable(message: bytes) -> None:
    for read in (SPOT.trade, SPOT.quote, SPOT.candle, FUTURES.trade):
        with pytest.raises(Unreadable):
            read(message)
