"""Streams of an account: orders, balances, positions, funding, endings (R11, O11, O15, O17, W5, W15)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.order import OrderState
from botcore.venues.account_news import AccountWarned, BalancesTold, FundingPaid, PositionTold, SettingsTold, StreamExpired
from botcore.venues.binance.states import POST_ONLY, SELF_TRADE, STATES
from botcore.venues.dialect import Unreadable
from botcore.venues.line import Reported
from botcore.venues.wire import OrderReport
from tests.support.binance_wire import KEY, futures, instruments, reply, spot

SPOT, FUTURES = spot(), futures()
T = 1568879465651
NS = T * 10**6


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def execution(**values: Any) -> dict[str, Any]:
    return {
        "e": "executionReport",
        "E": T,
        "s": "BTCUSDT",
        "c": "cdr-1-7-1",
        "S": "BUY",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0.01000000",
        "p": "50000.00000000",
        "C": "",
        "x": "NEW",
        "X": "NEW",
        "r": "NONE",
        "i": 4293153,
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": T,
        "t": -1,
        "w": True,
        "m": False,
        "O": T,
        "Z": "0.00000000",
        "V": "EXPIRE_MAKER",
        **values,
    }


TRADE = {"x": "TRADE", "X": "PARTIALLY_FILLED", "l": "0.004", "z": "0.004", "L": "50000.01", "n": "0.2", "N": "USDT", "t": 56, "m": True}


def futures_order(**values: Any) -> dict[str, Any]:
    order = {
        "s": "BTCUSDT",
        "c": "cdr-1-7-1",
        "S": "SELL",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0.010",
        "p": "7100.5",
        "ap": "0",
        "sp": "0",
        "x": "NEW",
        "X": "NEW",
        "i": 8886774,
        "l": "0",
        "z": "0",
        "L": "0",
        "T": T,
        "t": 0,
        "m": False,
        "R": False,
        "ps": "BOTH",
        "rp": "0",
        "er": "0",
        **values,
    }
    return {"e": "ORDER_TRADE_UPDATE", "E": T + 1, "T": T, "o": order}


def report(dialect: Any, message: dict[str, Any]) -> OrderReport:
    (news,) = dialect.user_news(raw(message))
    assert isinstance(news, Reported)
    return news.report


# ---- spot orders -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: {"subscriptionId": 0, "event": body}, lambda body: {"stream": "x", "data": body}])
def test_a_new_order_in_every_envelope(wrap: Any) -> None:
    found = report(SPOT, wrap(execution()))
    assert found == OrderReport("cdr-1-7-1", "4293153", "BTC-USDT", OrderState.OPEN, 1000, 0, NS, instrument=instruments("binance")["BTC-USDT"])


def test_a_trade() -> None:
    found = report(SPOT, execution(**TRADE))
    (fill,) = found.fills
    assert (found.state, found.filled_lots) == (OrderState.PARTIALLY_FILLED, 400)
    assert (fill.trade_id, fill.client_order_id, fill.price_ticks, fill.lots, fill.is_maker) == ("56", "cdr-1-7-1", 5000001, 400, True)
    assert (fill.fee.amount, fill.fee.asset, fill.fee.in_quote, fill.ts_ns) == (Decimal("0.2"), "USDT", Decimal("0.2"), NS)


def test_o1_a_trade_that_comes_before_the_answer_carries_our_id() -> None:
    """So it is booked on an order whose create was not answered yet, and needs no id of the venue."""
    for dialect, message in ((SPOT, execution(**TRADE)), (FUTURES, futures_order(**{**TRADE, "l": "0.004", "L": "50000.1"}))):
        found = report(dialect, message)
        assert found.client_order_id == "cdr-1-7-1" and [fill.client_order_id for fill in found.fills] == ["cdr-1-7-1"]


def test_a_cancel_has_an_id_of_its_own() -> None:
    found = report(SPOT, execution(x="CANCELED", X="CANCELED", c="web_cancel", C="cdr-1-7-1", l="0.004", L="50000.01", z="0.004", t=-1))
    assert (found.client_order_id, found.state, found.filled_lots, found.fills, found.reason) == (
        "cdr-1-7-1",
        OrderState.CANCELED,
        400,
        (),
        "",
    )


@pytest.mark.parametrize("absent", ["", "null", None])
def test_an_absent_original_id(absent: Any) -> None:
    assert report(SPOT, execution(C=absent)).client_order_id == "cdr-1-7-1"


def test_only_a_trade_brings_an_execution() -> None:
    """Other events repeat the numbers of the last trade."""
    for kind in ("NEW", "CANCELED", "REPLACED", "REJECTED", "EXPIRED", "TRADE_PREVENTION", "SOMETHING_NEW"):
        assert report(SPOT, execution(**{**TRADE, "x": kind})).fills == ()


@pytest.mark.parametrize("changed", [{"L": "0.00000000"}, {"l": "0.00000000"}, {"t": -1}, {"t": 0}])
def test_o2_a_trade_without_price_amount_or_id_is_left_to_the_list_of_trades(changed: dict[str, Any]) -> None:
    found = report(SPOT, execution(**{**TRADE, "X": "FILLED", **changed}))
    assert found.fills == () and found.filled_lots == 400, "the end waits for the execution"


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_r11_every_word_for_a_state(word: str, state: OrderState) -> None:
    assert report(SPOT, execution(X=word)).state is state
    assert report(FUTURES, futures_order(X=word)).state is state


@pytest.mark.parametrize("word", ["DONE", "Filled", "CANCELLED", "EXPIRED_BY_RULE"])
def test_r11_a_new_word_never_ends_an_order(word: str) -> None:
    for found in (report(SPOT, execution(X=word, x=word)), report(FUTURES, futures_order(X=word, x=word))):
        assert found.state is OrderState.OPEN and word in found.reason


def test_o11_self_trade_prevention() -> None:
    found = report(SPOT, execution(x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH", r="SELF_TRADE_PREVENTION", l="0.5", L="2500"))
    assert found.state is OrderState.EXPIRED and found.reason.startswith(SELF_TRADE) and found.fills == ()


def test_o11_post_only() -> None:
    assert report(FUTURES, futures_order(x="EXPIRED", X="EXPIRED", f="GTX")).reason == POST_ONLY
    assert report(FUTURES, futures_order(x="EXPIRED", X="EXPIRED", f="GTX", er="5")).reason == f"{POST_ONLY} ('5')"
    assert report(SPOT, execution(x="EXPIRED", X="EXPIRED", o="LIMIT_MAKER", eR=7)).reason == f"{POST_ONLY} ('7')"


def test_o11_a_rejection_says_why() -> None:
    assert report(SPOT, execution(x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCES")).reason == "rejected by the venue ('INSUFFICIENT_BALANCES')"


def test_pairs_that_are_not_ours_are_passed_over() -> None:
    assert SPOT.user_news(raw(execution(s="OTHERUSDT", q=None))) == []
    assert FUTURES.user_news(raw(futures_order(s="BTCUSDT_240628"))) == []


@pytest.mark.parametrize("key", ["s", "c", "X", "i", "q", "z", "T"])
def test_r11_a_missing_or_null_field_is_named(key: str) -> None:
    body = execution()
    for broken in ({name: value for name, value in body.items() if name != key}, {**body, key: None}):
        with pytest.raises(Unreadable, match=key):
            SPOT.user_news(raw(broken))


@pytest.mark.parametrize("key", ["L", "l", "S", "m"])
def test_r11_a_field_of_an_execution_that_is_missing_is_named(key: str) -> None:
    with pytest.raises(Unreadable, match=key):
        SPOT.user_news(raw(execution(**{**TRADE, key: None})))


# ---- futures orders ---------------------------------------------------------------------------------------------------------------
def test_a_futures_trade() -> None:
    found = report(FUTURES, futures_order(x="TRADE", X="FILLED", l="0.010", z="0.010", L="7100.5", n="0.01", N="USDT", t=12345678, m=True))
    (fill,) = found.fills
    assert (found.state, found.filled_lots, found.lots, found.exchange_order_id) == (OrderState.FILLED, 10, 10, "8886774")
    assert (fill.price_ticks, fill.lots, fill.fee.in_quote, fill.is_maker) == (71005, 10, Decimal("0.01"), True)


def test_o15_a_futures_trade_without_a_fee() -> None:
    (fill,) = report(FUTURES, futures_order(x="TRADE", X="FILLED", l="0.010", z="0.010", L="7100.5", t=1)).fills
    assert (fill.fee.amount, fill.fee.asset, fill.fee.in_quote) == (0, "USDT", 0)


@pytest.mark.parametrize(
    ("client_order_id", "forced"),
    [("autoclose-123", "liquidation"), ("adl_autoclose", "adl"), ("adl_autoclose_5", "adl"), ("settlement_autoclose-9", "settlement"), ("web_1", "")],
)
def test_o17_forced_orders_bring_their_execution(client_order_id: str, forced: str) -> None:
    message = futures_order(c=client_order_id, x="CALCULATED", X="FILLED", l="0.010", z="0.010", L="7000.0", n="0.5", N="USDT", t=99, o="MARKET")
    found = report(FUTURES, message)
    assert (found.forced, found.client_order_id, len(found.fills)) == (forced, client_order_id, 1)


def test_o17_the_phases_of_a_liquidation_do_not_end_it() -> None:
    for word in ("NEW_INSURANCE", "NEW_ADL"):
        assert report(FUTURES, futures_order(c="autoclose-1", x="CALCULATED", X=word, l="0", z="0")).state is OrderState.OPEN


def test_an_amended_order_is_still_open() -> None:
    assert report(FUTURES, futures_order(x="AMENDMENT", q="0.020")).lots == 20


def test_the_light_trade_message_is_passed_over() -> None:
    """It comes besides the full one, and without a fee."""
    light = {
        "e": "TRADE_LITE",
        "E": T,
        "T": T,
        "s": "BTCUSDT",
        "q": "0.01",
        "p": "1",
        "m": False,
        "c": "cdr-1-7-1",
        "S": "BUY",
        "L": "1",
        "l": "0.01",
        "t": 1,
        "i": 2,
    }
    assert FUTURES.user_news(raw(light)) == []


# ---- balances and positions ----------------------------------------------------------------------------------------------------------
def test_spot_balances() -> None:
    message = {
        "e": "outboundAccountPosition",
        "E": T + 5,
        "u": T,
        "B": [{"a": "ETH", "f": "10000.000000", "l": "1.5"}, {"a": "BTC", "f": "0.0", "l": "0.0"}],
    }
    assert SPOT.user_news(raw(message)) == [BalancesTold({"ETH": (Decimal("10001.5"), Decimal(10000)), "BTC": (Decimal(0), Decimal(0))}, False, NS)]


def test_a_deposit_alone_is_passed_over() -> None:
    """`outboundAccountPosition` comes with it and says how much there is."""
    assert SPOT.user_news(raw({"e": "balanceUpdate", "E": T, "a": "BTC", "d": "100.0", "T": T})) == []


def account(reason: str, balances: Any = (), positions: Any = ()) -> dict[str, Any]:
    return {"e": "ACCOUNT_UPDATE", "E": T + 1, "T": T, "a": {"m": reason, "B": list(balances), "P": list(positions)}}


def position(symbol: str = "BTCUSDT", side: str = "BOTH", amount: str = "0.020", entry: str = "6563.6") -> dict[str, str]:
    return {"s": symbol, "pa": amount, "ep": entry, "cr": "0", "up": "0", "mt": "cross", "iw": "0", "ps": side}


WALLET = {"a": "USDT", "wb": "122624.12345678", "cw": "100.12345678", "bc": "-1.25"}


def test_futures_balances_tell_totals_only() -> None:
    (told,) = FUTURES.user_news(raw(account("ORDER", [WALLET])))
    total = Decimal("122624.12345678")
    assert told == BalancesTold({"USDT": (total, total)}, False, NS, free_known=False)


@pytest.mark.parametrize(
    ("side", "amount", "expected", "lots"),
    [
        ("BOTH", "0.020", "net", 20),
        ("BOTH", "-0.020", "net", -20),
        ("LONG", "0.020", "long", 20),
        ("SHORT", "-0.020", "short", -20),
        ("BOTH", "0", "net", 0),
    ],
)
def test_futures_positions(side: str, amount: str, expected: str, lots: int) -> None:
    (told,) = FUTURES.user_news(raw(account("ORDER", (), [position(side=side, amount=amount)])))
    assert told == PositionTold("BTC-USDT", expected, lots, Decimal("6563.6") if lots else Decimal(0), NS)


def test_o17_funding_on_cross_margin_names_no_pair() -> None:
    news = FUTURES.user_news(raw(account("FUNDING_FEE", [WALLET])))
    assert FundingPaid("USDT", Decimal("-1.25"), "", NS) in news and len(news) == 2


def test_o17_funding_on_isolated_margin_names_the_pair() -> None:
    news = FUTURES.user_news(raw(account("FUNDING_FEE", [WALLET], [position()])))
    assert FundingPaid("USDT", Decimal("-1.25"), "BTC-USDT", NS) in news


@pytest.mark.parametrize("reason", ["ORDER", "DEPOSIT", "WITHDRAW", "MARGIN_TRANSFER", "ADMIN_WITHDRAW", "INSURANCE_CLEAR", "A_NEW_REASON", None])
def test_o17_no_other_cause_is_funding(reason: Any) -> None:
    assert not any(isinstance(told, FundingPaid) for told in FUTURES.user_news(raw(account(reason, [WALLET], [position()]))))


def test_positions_in_pairs_that_are_not_ours_are_passed_over() -> None:
    assert FUTURES.user_news(raw(account("ORDER", (), [position("BTCUSDT_240628"), position("ETHUSDT")]))) == [
        PositionTold("ETH-USDT", "net", 20, Decimal("6563.6"), NS)
    ]


@pytest.mark.parametrize("broken", [position(side="UP"), position(amount="much"), position(entry="-1"), {**position(), "ps": None}])
def test_r11_a_position_that_cannot_be_read(broken: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        FUTURES.user_news(raw(account("ORDER", (), [broken])))


def test_settings() -> None:
    assert FUTURES.user_news(raw({"e": "ACCOUNT_CONFIG_UPDATE", "E": T, "T": T, "ac": {"s": "BTCUSDT", "l": 25}})) == [SettingsTold("BTC-USDT", 25)]
    assert FUTURES.user_news(raw({"e": "ACCOUNT_CONFIG_UPDATE", "E": T, "T": T, "ai": {"j": True}})) == []


def test_o17_a_margin_call_is_a_warning() -> None:
    message = {
        "e": "MARGIN_CALL",
        "E": T,
        "cw": "3.16812045",
        "p": [{"s": "BTCUSDT", "ps": "LONG", "pa": "1.327", "mt": "CROSSED"}, {"s": "ETHUSDT"}],
    }
    assert FUTURES.user_news(raw(message)) == [AccountWarned("margin call: BTCUSDT, ETHUSDT may be liquidated soon", NS)]


# ---- endings -----------------------------------------------------------------------------------------------------------------------
def test_w5_the_stream_has_ended() -> None:
    (spot_end,) = SPOT.user_news(raw({"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": T}}))
    (futures_end,) = FUTURES.user_news(raw({"e": "listenKeyExpired", "E": T, "listenKey": "x"}))
    assert isinstance(spot_end, StreamExpired) and isinstance(futures_end, StreamExpired)


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1, "status": 200, "result": {"subscriptionId": 0}},
        {"e": "listStatus", "s": "BTCUSDT"},
        {"e": "GRID_UPDATE"},
        {"e": "CONDITIONAL_ORDER_TRIGGER_REJECT"},
        {"e": "externalLockUpdate"},
        {"e": "serverShutdown", "E": T},
        {"e": ["executionReport"]},
        {"e": None},
        {},
    ],
)
def test_what_does_not_concern_us_is_no_news(message: dict[str, Any]) -> None:
    assert SPOT.user_news(raw(message)) == [] and FUTURES.user_news(raw(message)) == []


@pytest.mark.parametrize(
    "message", [b"", b"{", b"[]", b"null", b"\xef\xbb\xbf{}", b'{"e":"executionReport","e":"x"}', b'{"a":NaN}', b"\xff", b'{"a":' * 5000]
)
def test_r10_nonsense_is_unreadable(message: bytes) -> None:
    for dialect in (SPOT, FUTURES):
        with pytest.raises(Unreadable):
            dialect.user_news(message)


# ---- how to listen -------------------------------------------------------------------------------------------------------------------
def test_spot_subscribes_with_a_signature() -> None:
    stream = SPOT.user_stream(None, KEY, 123)
    assert SPOT.user_key_call() is None and stream.url == "wss://ws-api.binance.com:443/ws-api/v3" and stream.renew is None
    (opening,) = stream.opening
    assert json.loads(opening)["method"] == "userDataStream.subscribe.signature" and json.loads(opening)["id"] == 1


def test_futures_have_a_key_that_is_renewed() -> None:
    call = FUTURES.user_key_call()
    assert call is not None and (call.method, call.path) == ("POST", "/fapi/v1/listenKey") and not call.is_write
    stream = FUTURES.user_stream(reply({"listenKey": "pqia91/ma19"}), KEY, 123)
    assert stream.url == "wss://fstream.binance.com/private/ws/pqia91%2Fma19" and stream.opening == ()
    assert stream.renew is not None and stream.renew.method == "PUT" and 2 * stream.renew_s < 3600


@pytest.mark.parametrize("body", [{}, {"listenKey": ""}, {"listenKey": None}, [], b"<html>"])
def test_r10_a_key_that_cannot_be_read(body: Any) -> None:
    with pytest.raises(Unreadable):
        FUTURES.user_stream(reply(body), KEY, 123)
    with pytest.raises(Unreadable):
        FUTURES.user_stream(None, KEY, 123)
