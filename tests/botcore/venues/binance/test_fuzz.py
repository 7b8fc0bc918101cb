"""Real payloads, mutated byte by byte and value by value: a value, or `Unreadable`; never another exception, never NaN, never an end that the venue did not name (R10, R11)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.model.order import TERMINAL
from botcore.venues.binance.base import BinanceDialect
from botcore.venues.binance.states import STATES, STOPS
from botcore.venues.dialect import Heard, Peek, Unreadable
from botcore.venues.line import Reported
from botcore.venues.wire import OrderReport, Verdict
from tests.support.binance_wire import KEY, NOW_NS, futures, order, payloads, reply, spot

SPOT, FUTURES = spot(), futures()
T = 1568879465651

SPOT_ORDER = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "clientOrderId": "cdr-1-7-1",
    "transactTime": T,
    "origQty": "0.01",
    "executedQty": "0.004",
    "status": "CANCELED",
    "type": "LIMIT",
}
SPOT_ORDER |= {
    "timeInForce": "GTC",
    "side": "BUY",
    "fills": [{"price": "50000.01", "qty": "0.004", "commission": "0.1", "commissionAsset": "BNB", "tradeId": 56}],
}
TRADE = {
    "symbol": "BTCUSDT",
    "id": 56,
    "orderId": 28,
    "price": "50000.01",
    "qty": "0.004",
    "commission": "0.1",
    "commissionAsset": "BNB",
    "time": T,
    "isBuyer": True,
    "isMaker": False,
}
EXECUTION = {
    "e": "executionReport",
    "E": T,
    "s": "BTCUSDT",
    "c": "cdr-1-7-1",
    "S": "BUY",
    "o": "LIMIT",
    "f": "GTC",
    "q": "0.01",
    "C": "",
    "x": "TRADE",
    "X": "FILLED",
    "r": "NONE",
}
EXECUTION |= {"i": 4293153, "l": "0.01", "z": "0.01", "L": "50000.01", "n": "0.2", "N": "USDT", "T": T, "t": 56, "m": True}
FUTURES_ORDER = {"e": "ORDER_TRADE_UPDATE", "E": T, "T": T, "o": {**EXECUTION, "er": "0"}}
ACCOUNT = {
    "e": "ACCOUNT_UPDATE",
    "E": T,
    "T": T,
    "a": {"m": "FUNDING_FEE", "B": [{"a": "USDT", "wb": "12.5", "bc": "-1"}], "P": [{"s": "BTCUSDT", "pa": "0.02", "ep": "6563.6", "ps": "BOTH"}]},
}
POSITION = {"e": "outboundAccountPosition", "E": T, "u": T, "B": [{"a": "ETH", "f": "10000.0", "l": "0.5"}]}
ALGO = {
    "e": "ALGO_UPDATE",
    "T": T,
    "E": T,
    "o": {"caid": "x", "aid": 1, "o": "STOP_MARKET", "s": "BTCUSDT", "q": "0.01", "X": "FINISHED", "ai": "5", "aq": "0.01"},
}
RULES = {
    "symbols": [
        {
            "symbol": "BTCUSDT",
            "status": "TRADING",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "isSpotTradingAllowed": True,
            "permissionSets": [["SPOT"]],
            "filters": [
                {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "9", "stepSize": "0.1"},
            ],
        }
    ]
}
MARKET_TRADE = {"stream": "btcusdt@trade", "data": {"e": "trade", "E": T, "s": "BTCUSDT", "t": 7, "p": "50000.01", "q": "0.43871", "T": T, "m": True}}
TICKER = {"stream": "btcusdt@bookTicker", "data": {"u": 4, "s": "BTCUSDT", "b": "50000.00", "B": "31.21", "a": "50000.01", "A": "1"}}
KLINE = {
    "e": "kline",
    "E": T,
    "s": "BTCUSDT",
    "k": {"t": T, "s": "BTCUSDT", "i": "1m", "o": "50000.1", "c": "50002", "h": "50003", "l": "49999.5", "v": "12.5", "x": True},
}
STOP = {"algoId": 2, "clientAlgoId": "cdr-1-7-1", "symbol": "BTCUSDT", "quantity": "0.01", "algoStatus": "CANCELED", "updateTime": T}
PREMIUM = {"symbol": "BTCUSDT", "markPrice": "5", "indexPrice": "5.1", "lastFundingRate": "0.0001", "nextFundingTime": T + 5, "time": T}
CREATE = SPOT.create_call(order())
STOPS_OF = FUTURES.stops
assert STOPS_OF is not None
STOP_QUERY = STOPS_OF.query_call("cdr-1-7-1")

READERS: dict[str, tuple[Any, Callable[[bytes], Any]]] = {
    "create": (SPOT_ORDER, lambda body: SPOT.order_report(CREATE, reply(body))),
    "open orders": ([SPOT_ORDER], lambda body: SPOT.order_reports(reply(body))),
    "trades": ([TRADE], lambda body: SPOT.fills(reply(body), "BTC-USDT")),
    "trade order ids": ([TRADE], lambda body: SPOT.fill_order_ids(reply(body))),
    "balances": ({"balances": [{"asset": "BTC", "free": "1.5", "locked": "0"}]}, lambda body: SPOT.balances(reply(body), NOW_NS)),
    "futures balances": ([{"asset": "USDT", "balance": "1", "availableBalance": "2"}], lambda body: FUTURES.balances(reply(body), NOW_NS)),
    "positions": (
        [{"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.01", "entryPrice": "5"}],
        lambda body: FUTURES.positions(reply(body), NOW_NS),
    ),
    "mode": ({"dualSidePosition": True}, lambda body: FUTURES.is_hedge(reply(body))),
    "rights": ({"ipRestrict": True, "enableWithdrawals": False, "enableSpotAndMarginTrading": True}, lambda body: SPOT.rights(reply(body))),
    "funding rate": (PREMIUM, lambda body: FUTURES.funding_rates(reply(body))),
    "funding rates": ([PREMIUM], lambda body: FUTURES.funding_rates(reply(body))),
    "time": ({"serverTime": T}, lambda body: SPOT.server_time_ms(reply(body))),
    "rules": (RULES, lambda body: SPOT.instruments(reply(body), "venue")),
    "spot order": (EXECUTION, SPOT.user_news),
    "wrapped order": ({"subscriptionId": 0, "event": EXECUTION}, SPOT.user_news),
    "futures order": (FUTURES_ORDER, FUTURES.user_news),
    "account": (ACCOUNT, FUTURES.user_news),
    "spot balances": (POSITION, SPOT.user_news),
    "stop": (ALGO, FUTURES.user_news),
    "stop query": (STOP, lambda body: STOPS_OF.report(STOP_QUERY, reply(body))),
    "stops": ([STOP], lambda body: STOPS_OF.reports(reply(body))),
    "config": ({"e": "ACCOUNT_CONFIG_UPDATE", "E": T, "ac": {"s": "BTCUSDT", "l": 25}}, FUTURES.user_news),
    "margin call": ({"e": "MARGIN_CALL", "E": T, "p": [{"s": "BTCUSDT"}]}, FUTURES.user_news),
    "trade": (MARKET_TRADE, SPOT.trade),
    "ticker": (TICKER, SPOT.quote),
    "candle": (KLINE, SPOT.candle),
    "listen key": ({"listenKey": "x"}, lambda body: FUTURES.user_stream(reply(body), KEY, T)),
}

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "1e-400",
            "1E99",
            "-0",
            "0",
            "",
            " 1",
            "1_000",
            "٣",
            "0x10",
            "9" * 60,
            "1." + "0" * 60,
            "-1",
            "\x00",
            "NEW",
            "FILLED",
            "BTCUSDT",
        ]
    ),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=2),
)


def check(told: Any) -> None:
    """No NaN in anything that was read."""
    for value in told if isinstance(told, (list, tuple)) else [told]:
        if isinstance(value, Reported):
            check(value.report)
        elif isinstance(value, OrderReport):
            assert value.lots >= 0 and value.filled_lots >= 0
            check(value.fills)
        elif isinstance(value, dict):
            check(list(value.values()))
        elif isinstance(value, Decimal):
            assert value.is_finite()
        elif hasattr(value, "__slots__") and not isinstance(value, (str, bytes)):
            check([getattr(value, name) for name in value.__slots__ if hasattr(value, name)])
        elif isinstance(value, float):
            assert value == value and abs(value) != float("inf")


def read(reader: Callable[[bytes], Any], body: bytes) -> Any:
    try:
        told = reader(body)
    except Unreadable as error:
        said = str(error)
    else:
        check(told)
        return told
    assert 0 < len(said) < 400 and "\n" not in said, "one line that says what was found"
    return None


@pytest.mark.parametrize("name", READERS)
def test_the_unchanged_payload_is_read(name: str) -> None:
    body, reader = READERS[name]
    assert read(reader, json.dumps(body).encode()) is not None


# ---- bytes -----------------------------------------------------------------------------------------------------------------------
@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Bytes replaced, cut out, doubled, or the end missing."""
    kind = draw(st.sampled_from(["flip", "cut", "insert", "double", "end", "prefix"]))
    where, length = draw(st.floats(0, 1)), draw(st.integers(0, 12))
    extra = draw(
        st.binary(max_size=8) | st.sampled_from([b"\xef\xbb\xbf", b"NaN", b"1e999", b'"', b"}", b"{", b"[", b",", b"null", b"-", b"\xff", b"9" * 30])
    )

    def apply(body: bytes) -> bytes:
        at = int(where * len(body))
        return {
            "flip": body[:at] + extra + body[at + len(extra) :],
            "cut": body[:at] + body[at + length :],
            "insert": body[:at] + extra + body[at:],
            "double": body[: at + length] + body[at:],
            "end": body[:at],
            "prefix": extra + body,
        }[kind]

    return apply


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150)
@given(damages=st.lists(damage(), min_size=1, max_size=3))
def test_r10_damaged_bytes(name: str, damages: list[Callable[[bytes], bytes]]) -> None:
    body, reader = READERS[name]
    raw = json.dumps(body, separators=(",", ":")).encode()
    for hurt in damages:
        raw = hurt(raw)
    read(reader, raw)
    assert isinstance(SPOT.peek(raw), Peek)
    assert SPOT.outcome(CREATE, reply(raw)).verdict in (Verdict.ACCEPTED, Verdict.UNKNOWN)


@given(raw=st.binary(max_size=300))
def test_r10_any_bytes(raw: bytes) -> None:
    for _, reader in READERS.values():
        read(reader, raw)
    assert SPOT.peek(raw).heard in Heard


# ---- values ----------------------------------------------------------------------------------------------------------------------
def paths(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload."""
    places = [path] if path else []
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        places.extend(paths(value, (*path, key)))
    return places


def changed(found: Any, path: tuple[Any, ...], value: Any, *, remove: bool) -> Any:
    copy = json.loads(json.dumps(found))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if remove:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150)
@given(data=st.data())
def test_r11_strange_and_missing_values(name: str, data: st.DataObject) -> None:
    body, reader = READERS[name]
    path = data.draw(st.sampled_from(paths(body)))
    raw = json.dumps(changed(body, path, data.draw(STRANGE), remove=data.draw(st.booleans()))).encode()
    read(reader, raw)
    assert isinstance(SPOT.peek(raw), Peek)


@given(word=st.text(max_size=30))
def test_r11_only_the_words_of_the_table_end_an_order(word: str) -> None:
    cases: list[tuple[BinanceDialect, Any, Any]] = [
        (SPOT, {**EXECUTION, "X": word}, STATES),
        (FUTURES, {**FUTURES_ORDER, "o": {**EXECUTION, "X": word}}, STATES),
        (FUTURES, {**ALGO, "o": {**ALGO["o"], "X": word}}, {**STOPS, "FINISHED": None}),
    ]
    for dialect, message, table in cases:
        told = read(dialect.user_news, json.dumps(message).encode())
        for news in told or ():
            assert news.report.state not in TERMINAL or word in table


# ---- the recorded payloads -----------------------------------------------------------------------------------------------------------
@settings(max_examples=200)
@given(data=st.data())
def test_r10_damaged_recordings(data: st.DataObject) -> None:
    recordings = sorted(payloads().items())
    name, raw = data.draw(st.sampled_from(recordings))
    for hurt in data.draw(st.lists(damage(), min_size=1, max_size=2)):
        raw = hurt(raw)
    dialect: BinanceDialect = FUTURES if name.startswith("futures/") else SPOT
    for reader in (dialect.user_news, dialect.trade, dialect.quote, dialect.candle):
        read(reader, raw)
    read(lambda body: dialect.instruments(reply(body), "venue"), raw)
    read(lambda body: dialect.order_reports(reply(body)), raw)
    read(lambda body: dialect.fills(reply(body), "BTC-USDT"), raw)
