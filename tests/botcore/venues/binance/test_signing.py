"""Signing: the examples of the venue's own manual, and what goes out."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from botcore.model.errors import ConfigError
from botcore.venues.binance.signing import encoded, http_request, signature, socket_request
from botcore.venues.dialect import Credentials
from botcore.venues.wire import Access, Call
from tests.support.binance_wire import KEY, order, spot

MANUAL = (
    ("symbol", "LTCBTC"),
    ("side", "BUY"),
    ("type", "LIMIT"),
    ("timeInForce", "GTC"),
    ("quantity", "1"),
    ("price", "0.1"),
)


def test_the_manuals_example_signs_alike() -> None:
    request = http_request(Call("create", "POST", "/api/v3/order", MANUAL, Access.SIGNED), "https://api.binance.com", KEY, 1499827319559, 5000)
    assert request.url == (
        "https://api.binance.com/api/v3/order?symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
        "&timestamp=1499827319559&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    )
    assert request.headers == {"X-MBX-APIKEY": KEY.key.reveal()} and request.body == b"" and request.method == "POST"


def test_the_manuals_mixed_example_signs_alike() -> None:
    payload = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    assert signature(KEY.secret, payload) == "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"


def test_names_outside_ascii_are_encoded_before_they_are_signed() -> None:
    call = Call("query", "GET", "/api/v3/order", (("symbol", "币安人生USDT"), ("origClientOrderId", "a b&c=d")), Access.SIGNED)
    request = http_request(call, "https://api.binance.com", KEY, 1, 5000)
    query = urlsplit(request.url).query
    payload, _, sent = query.rpartition("&signature=")
    assert query.isascii() and payload.startswith("symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&origClientOrderId=a%20b%26c%3Dd&")
    assert sent == signature(KEY.secret, payload)
    assert dict(parse_qsl(query))["symbol"] == "币安人生USDT"


def test_a_public_call_has_neither_key_nor_time() -> None:
    request = http_request(Call("time", "GET", "/api/v3/time"), "https://api.binance.com", KEY, 1, 5000)
    assert request.url == "https://api.binance.com/api/v3/time" and request.headers == {}


def test_a_keyed_call_has_a_key_and_no_signature() -> None:
    request = http_request(Call("user_key", "POST", "/fapi/v1/listenKey", access=Access.KEYED), "https://x", KEY, 1, 5000)
    assert request.url == "https://x/fapi/v1/listenKey" and request.headers == {"X-MBX-APIKEY": KEY.key.reveal()}


def test_a_call_that_needs_a_key_says_so() -> None:
    with pytest.raises(ConfigError, match="balances needs a key"):
        http_request(Call("balances", "GET", "/x", access=Access.SIGNED), "https://x", None, 1, 5000)


def test_the_validity_window_is_that_of_the_belief_rules() -> None:
    query = dict(parse_qsl(urlsplit(spot().request(spot().create_call(order()), KEY, 123).url).query))
    assert query["recvWindow"] == "5000" and query["timestamp"] == "123"


def test_the_socket_signs_raw_values_in_alphabetical_order() -> None:
    sent = json.loads(socket_request(1, "userDataStream.subscribe.signature", KEY, 1747385641636, 5000))
    assert sent["id"] == 1 and sent["method"] == "userDataStream.subscribe.signature"
    payload = f"apiKey={KEY.key.reveal()}&recvWindow=5000&timestamp=1747385641636"
    assert sent["params"] == {"apiKey": KEY.key.reveal(), "recvWindow": 5000, "timestamp": 1747385641636, "signature": signature(KEY.secret, payload)}


def test_encoding_leaves_unreserved_characters() -> None:
    assert encoded((("a", "-_.~Z9"), ("b", "[1,2]"))) == "a=-_.~Z9&b=%5B1%2C2%5D"


def test_credentials_do_not_show() -> None:
    assert "secret" not in repr(Credentials("key", "secret")) and "key" not in repr(Credentials("key", "secret"))
