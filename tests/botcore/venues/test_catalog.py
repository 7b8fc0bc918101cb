"""Which dialect a connector speaks, and addresses of a test venue or a proxy in place of the real ones."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.model.errors import ConfigError
from botcore.venues.binance.futures import BinanceFutures
from botcore.venues.binance.spot import BinanceSpot
from botcore.venues.catalog import DIALECTS, dialect, with_addresses
from botcore.venues.dialect import Channel
from botcore.venues.spec import VenueSpec
from tests.support.binance_wire import KEY, reply, spec


def test_each_connector_has_its_dialect() -> None:
    assert isinstance(dialect(spec("binance"), {}), BinanceSpot)
    assert isinstance(dialect(spec("binance_perpetual"), {}), BinanceFutures)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_call_has_a_cost_in_the_venues_file(name: str) -> None:
    """A call without a cost would be sent past the limits."""
    made: Any = dialect(spec(name), {})
    live = spec(name).live
    assert live is not None
    for costs in live.weights.values():
        assert costs and set(costs) <= set(live.limits)
    calls = [
        made.time_call(),
        made.rules_call(),
        made.balances_call(),
        made.depth_call("BTC-USDT"),
        made.open_orders_call(""),
        made.open_orders_call("BTC-USDT"),
    ]
    calls += [made.trades_call("BTC-USDT", None, None), made.rights_call(), *made.settings_calls("BTC-USDT", 3, True)]
    calls += [
        call
        for call in (made.positions_call(), made.mode_call(), made.user_key_call(), made.funding_rate_call("BTC-USDT"), made.funding_rate_call(""))
        if call is not None
    ]
    if made.stops is not None:
        calls += [made.stops.cancel_call("x"), made.stops.query_call("x"), made.stops.open_call(""), made.stops.open_call("BTC-USDT")]
        calls.append(made.user_stream(reply({"listenKey": "k"}), KEY, 1).renew)
    for call in calls:
        assert call.weights, call.name
    assert set(live.channels) == {channel.value for channel in Channel}


def test_a_venue_without_a_dialect_is_refused_in_one_sentence() -> None:
    with pytest.raises(ConfigError, match="no live trading at 'binance_perpetua' yet: there is binance, binance_perpetual, did you mean"):
        dialect(VenueSpec(name="binance_perpetua", kind="perpetual"), {})


def test_a_venue_without_a_live_part_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no part `live`"):
        dialect(VenueSpec(name="binance", kind="spot"), {"CONDOR_VENUE_BINANCE_REST": "http://127.0.0.1:1"})


def test_addresses_of_spot_are_replaced() -> None:
    made: Any = dialect(spec("binance"), {"CONDOR_VENUE_BINANCE_REST": "http://127.0.0.1:8080/", "CONDOR_VENUE_BINANCE_WS": "ws://127.0.0.1:8081"})
    assert made.request(made.time_call(), None, 1).url == "http://127.0.0.1:8080/api/v3/time"
    assert made.market_url(Channel.BOOK) == "ws://127.0.0.1:8081/stream"
    assert made.user_stream(None, KEY, 1).url == "ws://127.0.0.1:8081/ws-api/v3"


def test_addresses_of_futures_are_replaced() -> None:
    made: Any = dialect(
        spec("binance_perpetual"),
        {"CONDOR_VENUE_BINANCE_PERPETUAL_REST": "https://proxy.example/binance", "CONDOR_VENUE_BINANCE_PERPETUAL_WS": "wss://proxy.example"},
    )
    assert made.request(made.time_call(), None, 1).url == "https://proxy.example/binance/fapi/v1/time"
    assert made.market_url(Channel.TRADES) == "wss://proxy.example/market/stream"
    assert made.user_stream(reply({"listenKey": "k"}), KEY, 1).url == "wss://proxy.example/private/ws/k"


def test_one_venues_address_does_not_move_another() -> None:
    environment = {"CONDOR_VENUE_BINANCE_REST": "http://127.0.0.1:1", "CONDOR_VENUE_BINANCE_WS": " "}
    assert with_addresses(spec("binance_perpetual"), environment) == spec("binance_perpetual")
    moved = with_addresses(spec("binance"), environment).live
    assert moved is not None and moved.addresses.rest == "http://127.0.0.1:1" and moved.addresses.market_ws == "wss://stream.binance.com:9443/stream"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REST", "127.0.0.1:8080"),
        ("REST", "ws://127.0.0.1:8080"),
        ("REST", "http://"),
        ("REST", "http://host:port"),
        ("REST", "http://host:99999"),
        ("REST", "http://host:0"),
        ("REST", "http://host/?a=b"),
        ("REST", "http://host/#a"),
        ("REST", "http://ho st"),
        ("REST", "http://[::1"),
        ("WS", "http://127.0.0.1"),
        ("WS", "ws://127.0.0.1/stream"),
        ("WS", "nonsense"),
    ],
)
def test_a_malformed_address_is_refused_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as error:
        dialect(spec("binance"), {f"CONDOR_VENUE_BINANCE_{name}": value})
    assert f"CONDOR_VENUE_BINANCE_{name}" in str(error.value) and repr(value) in str(error.value) and "\n" not in str(error.value)


def test_i15_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as error:
        dialect(spec("binance"), {"CONDOR_VENUE_BINANCE_REST": "http://user:hunter2@host"})
    assert "hunter2" not in str(error.value)
