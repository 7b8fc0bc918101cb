"""Funding rates of USD-M futures from `premiumIndex`, with the payload of the venue's own manual."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from botcore.markets.funding import FundingInfo
from botcore.venues.dialect import Unreadable
from botcore.venues.wire import Access, Priority
from tests.support.binance_wire import futures, params, reply, spot

SPOT, FUTURES = spot(), futures()
D = Decimal
ROW = {
    "symbol": "BTCUSDT",
    "markPrice": "11793.63104562",
    "indexPrice": "11781.80495970",
    "estimatedSettlePrice": "11781.16138815",
    "lastFundingRate": "0.00038246",
    "interestRate": "0.00010000",
    "nextFundingTime": 1597392000000,
    "time": 1597370495002,
}
READ = FundingInfo("BTC-USDT", D("11781.80495970"), D("11793.63104562"), 1597392000, D("0.00038246"), 1597370495002000000)


def test_one_pair_costs_1_and_all_cost_10() -> None:
    one, whole = FUTURES.funding_rate_call("BTC-USDT"), FUTURES.funding_rate_call("")
    assert one is not None and whole is not None
    assert (one.path, params(one), dict(one.weights)) == ("/fapi/v1/premiumIndex", {"symbol": "BTCUSDT"}, {"weight": 1})
    assert (whole.path, whole.params, dict(whole.weights)) == ("/fapi/v1/premiumIndex", (), {"weight": 10})
    assert one.access is Access.PUBLIC and one.priority is Priority.MARKET


def test_spot_pays_none() -> None:
    assert SPOT.funding_rate_call("BTC-USDT") is None and SPOT.funding_rate_call("") is None
    with pytest.raises(Unreadable):
        SPOT.funding_rates(reply(ROW))


def test_the_manuals_row_is_read_alone_and_in_a_list() -> None:
    assert FUTURES.funding_rates(reply(ROW)) == {"BTC-USDT": READ}
    other = {**ROW, "symbol": "ETHUSDT", "lastFundingRate": "-0.00100000"}
    unknown = {**ROW, "symbol": "BTCUSDT_260327", "lastFundingRate": "", "nextFundingTime": 0}
    found = FUTURES.funding_rates(reply([ROW, unknown, other]))
    assert set(found) == {"BTC-USDT", "ETH-USDT"} and found["BTC-USDT"] == READ
    eth = found["ETH-USDT"]
    assert isinstance(eth, FundingInfo) and eth.rate == D("-0.001")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"lastFundingRate": ""}, "lastFundingRate"),
        ({"lastFundingRate": None}, "lastFundingRate"),
        ({"lastFundingRate": "NaN"}, "lastFundingRate"),
        ({"lastFundingRate": "0.1001"}, "lastFundingRate"),
        ({"lastFundingRate": "-3"}, "lastFundingRate"),
        ({"markPrice": "0"}, "markPrice"),
        ({"indexPrice": "-1"}, "indexPrice"),
        ({"indexPrice": "1e400"}, "indexPrice"),
        ({"nextFundingTime": 0}, "nextFundingTime"),
        ({"nextFundingTime": "1597392000000"}, "nextFundingTime"),
        ({"nextFundingTime": 1597370495002 - 60_001}, "nextFundingTime"),
        ({"time": -1}, "time"),
    ],
)
def test_nonsense_is_unreadable_for_its_own_pair_only(change: dict[str, Any], names: str) -> None:
    found = FUTURES.funding_rates(reply([{**ROW, **change}, {**ROW, "symbol": "ETHUSDT"}]))
    assert isinstance(found["BTC-USDT"], Unreadable) and str(found["BTC-USDT"]).startswith(names)
    assert isinstance(found["ETH-USDT"], FundingInfo)


@pytest.mark.parametrize("body", [7, "text", None, [7], [None], {"symbol": 7}, {}])
def test_another_shape_is_unreadable(body: Any) -> None:
    with pytest.raises(Unreadable):
        FUTURES.funding_rates(reply(json.loads(json.dumps(body))))
