"""`exchangeInfo`: which pairs can be traded, under which rules (R18)."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.enums import InstrumentKind
from botcore.venues.dialect import Unreadable
from tests.support.binance_wire import capture, futures, reply, spot

SPOT, FUTURES = spot(), futures()


def symbol(name: str = "BTCUSDT", base: str = "BTC", quote: str = "USDT", **values: Any) -> dict[str, Any]:
    return {
        "symbol": name,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": quote,
        "isSpotTradingAllowed": True,
        "permissionSets": [["SPOT", "MARGIN"]],
        "contractType": "PERPETUAL",
        "marginAsset": quote,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
            {"filterType": "LOT_SIZE", "minQty": "0.00010000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "120.50000000", "stepSize": "0.00000000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "maxNotional": "9000000"},
        ],
        **values,
    }


def with_filter(kind: str, **values: str) -> dict[str, Any]:
    changed = copy.deepcopy(symbol())
    for rule in changed["filters"]:
        if rule["filterType"] == kind:
            rule.update(values)
    return changed


def read(*symbols: Any, dialect: Any = SPOT) -> dict[str, Any]:
    found: dict[str, Any] = dialect.instruments(reply({"symbols": list(symbols)}), "venue")
    return found


def test_r18_the_rules_of_a_pair() -> None:
    made = read(symbol())["BTC-USDT"]
    assert (made.tick_size, made.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert str(made.tick_size) == "0.01", "no trailing zeros in what people see"
    assert (made.min_amount, made.min_notional) == (Decimal("0.0001"), Decimal(5))
    assert made.kind is InstrumentKind.SPOT and str(made.market) == "venue:BTC-USDT"


def test_r18_what_can_be_opened_can_be_closed_at_market() -> None:
    assert read(symbol())["BTC-USDT"].max_amount == Decimal("120.5"), "the limit of market orders, which is the smaller one"
    assert read(with_filter("MARKET_LOT_SIZE", maxQty="0.0"))["BTC-USDT"].max_amount == 9000, "0 is no limit"


def test_r18_the_coarser_step_of_limit_and_market_orders_counts() -> None:
    assert read(with_filter("MARKET_LOT_SIZE", stepSize="0.001"))["BTC-USDT"].lot_size == Decimal("0.001")


def test_r18_a_step_above_one_has_no_exponent() -> None:
    made = read(with_filter("LOT_SIZE", stepSize="100.00000000"))["BTC-USDT"]
    assert str(made.lot_size) == "100"


def test_both_shapes_of_the_smallest_notional() -> None:
    old = symbol()
    old["filters"][3] = {"filterType": "MIN_NOTIONAL", "minNotional": "10.0"}
    new = symbol()
    new["filters"][3] = {"filterType": "MIN_NOTIONAL", "notional": "100"}
    assert read(old)["BTC-USDT"].min_notional == 10 and read(new, dialect=FUTURES)["BTC-USDT"].min_notional == 100


@pytest.mark.parametrize("status", ["HALT", "BREAK", "PRE_TRADING", "END_OF_DAY", "CANCEL_ONLY", "SETTLING", "PENDING_TRADING", "NEW_WORD"])
def test_r18_only_what_trades_now(status: str) -> None:
    for dialect in (SPOT, FUTURES):
        assert list(read(symbol(status=status), symbol("ETHUSDT", "ETH"), dialect=dialect)) == ["ETH-USDT"]


def test_spot_needs_the_right_to_trade_spot() -> None:
    assert read(symbol(isSpotTradingAllowed=False)) == {}
    assert read(symbol(permissionSets=[["MARGIN", "LEVERAGED"]])) == {}
    assert read(symbol(permissionSets=[["SPOT"], ["TRD_GRP_004"]])) == {}, "one of each set is needed"
    assert "BTC-USDT" in read(symbol(permissionSets=[], permissions=["SPOT"]))
    assert read(symbol(permissionSets=None, permissions=["MARGIN"])) == {}


@pytest.mark.parametrize(
    "changed", [{"contractType": "CURRENT_QUARTER"}, {"contractType": "TRADIFI_PERPETUAL"}, {"contractType": ""}, {"marginAsset": "BTC"}]
)
def test_futures_are_linear_perpetuals_only(changed: dict[str, Any]) -> None:
    assert read(symbol(**changed), symbol("ETHUSDT", "ETH"), dialect=FUTURES).keys() == {"ETH-USDT"}


def test_names() -> None:
    found = read(symbol("1000PEPEUSDT", "1000PEPE"), symbol("BTCUSDT_240628"), symbol("币安人生USDT", "币安人生"), dialect=FUTURES)
    assert found.keys() == {"1000PEPE-USDT", "币安人生-USDT"}
    FUTURES.learn(found)
    assert FUTURES.symbol("1000PEPE-USDT") == "1000PEPEUSDT" and FUTURES.symbol("币安人生-USDT") == "币安人生USDT"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        [],
        {},
        {"status": "TRADING", "isSpotTradingAllowed": True},
        symbol("OTHER"),
        symbol("A-BUSDT", "A-B"),
        symbol(filters=[]),
        symbol(filters=None),
        symbol(filters=[7]),
        symbol(baseAsset=None),
        symbol(baseAsset=""),
        with_filter("PRICE_FILTER", tickSize="0.00000000"),
        with_filter("PRICE_FILTER", tickSize="NaN"),
        with_filter("PRICE_FILTER", tickSize="1e400"),
        with_filter("PRICE_FILTER", tickSize="-0.01"),
        with_filter("LOT_SIZE", stepSize=""),
        with_filter("LOT_SIZE", maxQty="0"),
        with_filter("MARKET_LOT_SIZE", stepSize="0.000015"),
        with_filter("NOTIONAL", minNotional="much"),
    ],
    ids=lambda broken: repr(broken)[:40],
)
def test_r18_a_pair_whose_rules_cannot_be_read_is_left_out_and_the_others_stay(broken: Any) -> None:
    assert read(symbol("ETHUSDT", "ETH"), broken, symbol("BNBUSDT", "BNB")).keys() == {"ETH-USDT", "BNB-USDT"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"symbols":null}', b'{"symbols":{}}', b'{"symbols":[', b"<html>"])
def test_r10_rules_as_a_whole_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Unreadable):
        SPOT.instruments(reply(body), "venue")


def test_r10_rules_of_which_nothing_can_be_read_are_unreadable() -> None:
    """Otherwise all pairs would seem to be gone."""
    with pytest.raises(Unreadable, match="none of 2"):
        read(symbol(filters=[]), symbol(filters=[]))


def test_server_time() -> None:
    assert SPOT.server_time_ms(reply({"serverTime": 1499827319559})) == 1499827319559
    for body in ({}, {"serverTime": "1499827319559"}, {"serverTime": None}, {"serverTime": -1}, {"serverTime": 10**18}, []):
        with pytest.raises(Unreadable):
            SPOT.server_time_ms(reply(body))


def test_the_calls() -> None:
    call = SPOT.rules_call()
    assert (call.method, call.path, dict(call.weights)) == ("GET", "/api/v3/exchangeInfo", {"weight": 20})
    assert FUTURES.time_call().path == "/fapi/v1/time"


# ---- recorded ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("dialect", "name", "least"), [(SPOT, "cryptofeed_BINANCE.0.xz", 1200), (FUTURES, "cryptofeed_BINANCE_FUTURES.0.xz", 115)])
def test_r18_the_recorded_rules_of_all_pairs_are_read(dialect: Any, name: str, least: int) -> None:
    body = capture(name)[0].split(": ", 1)[1].encode()
    found = dialect.instruments(reply(body), "venue")
    assert len(found) >= least, "every pair that traded then"
    assert "BTC-USDT" in found and all("_" not in pair for pair in found)
    for made in found.values():
        assert made.tick_size > 0 and made.lot_size > 0 and made.max_amount > 0
