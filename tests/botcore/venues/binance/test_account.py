"""Balances, positions, mode, settings and rights, from replies (R10, R11, R16)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.venues.account_news import BalancesTold, PositionTold
from botcore.venues.dialect import AccountRights, Unreadable
from tests.support.binance_wire import NOW_NS, futures, params, reply, spot

SPOT, FUTURES = spot(), futures()
RISK = {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.012", "entryPrice": "50000.5", "leverage": "20", "updateTime": 1}


def test_spot_balances_are_complete() -> None:
    call = SPOT.balances_call()
    assert call.path == "/api/v3/account" and params(call) == {"omitZeroBalances": "true"}
    body = {"balances": [{"asset": "BTC", "free": "4723846.89208129", "locked": "0.5"}, {"asset": "LTC", "free": "0", "locked": "0"}]}
    assert SPOT.balances(reply(body), NOW_NS) == BalancesTold(
        {"BTC": (Decimal("4723847.39208129"), Decimal("4723846.89208129")), "LTC": (Decimal(0), Decimal(0))}, True, NOW_NS
    )


def test_futures_balances_are_complete_and_may_be_below_zero() -> None:
    rows = [
        {"asset": "USDT", "balance": "122.5", "availableBalance": "100.25", "crossUnPnl": "0"},
        {"asset": "BNB", "balance": "-0.1", "availableBalance": "0"},
    ]
    told = FUTURES.balances(reply(rows), NOW_NS)
    assert (
        told.complete
        and told.free_known
        and told.balances["USDT"] == (Decimal("122.5"), Decimal("100.25"))
        and told.balances["BNB"][0] == Decimal("-0.1")
    )


@pytest.mark.parametrize(
    "row",
    [
        {"asset": "BTC", "free": "-1", "locked": "0"},
        {"asset": "BTC", "free": None, "locked": "0"},
        {"asset": "", "free": "1", "locked": "0"},
        {"free": "1"},
        7,
    ],
)
def test_r11_balances_that_cannot_be_read(row: Any) -> None:
    with pytest.raises(Unreadable):
        SPOT.balances(reply({"balances": [row]}), NOW_NS)
    with pytest.raises(Unreadable):
        SPOT.balances(reply({}), NOW_NS)


def test_positions() -> None:
    call = FUTURES.positions_call()
    assert call is not None and call.path == "/fapi/v3/positionRisk" and SPOT.positions_call() is None
    rows = [
        RISK,
        {**RISK, "symbol": "BTCUSDT_240628"},
        {**RISK, "symbol": "ETHUSDT", "positionSide": "LONG", "positionAmt": "2.5"},
        {**RISK, "symbol": "ETHUSDT", "positionSide": "SHORT", "positionAmt": "-1"},
    ]
    assert FUTURES.positions(reply(rows), NOW_NS) == [
        PositionTold("BTC-USDT", "net", -12, Decimal("50000.5"), NOW_NS),
        PositionTold("ETH-USDT", "long", 2500, Decimal("50000.5"), NOW_NS),
        PositionTold("ETH-USDT", "short", -1000, Decimal("50000.5"), NOW_NS),
    ]


@pytest.mark.parametrize(
    ("change", "price"),
    [
        ({"liquidationPrice": "52110.5"}, Decimal("52110.5")),
        ({"liquidationPrice": "0"}, None),
        ({}, None),
        ({"liquidationPrice": "soon"}, None),
        ({"liquidationPrice": "52110.5", "positionAmt": "0"}, None),
    ],
)
def test_where_a_position_is_liquidated_is_the_venues_word(change: dict[str, str], price: Decimal | None) -> None:
    """0 says that no price does it; what can't be read is no reason to leave the position unread."""
    (told,) = FUTURES.positions(reply([{**RISK, **change}]), NOW_NS)
    assert told.liquidation_price == price and (told.lots == -12 or "positionAmt" in change)


def test_a_short_side_is_below_zero_however_it_is_written() -> None:
    assert FUTURES.positions(reply([{**RISK, "positionSide": "SHORT", "positionAmt": "0.012"}]), NOW_NS)[0].lots == -12


@pytest.mark.parametrize(
    "change", [{"positionSide": "UP"}, {"positionSide": None}, {"positionAmt": ""}, {"positionAmt": "NaN"}, {"entryPrice": None}, {"symbol": None}]
)
def test_r11_positions_that_cannot_be_read(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        FUTURES.positions(reply([RISK, {**RISK, **change}]), NOW_NS)


def test_mode_and_settings() -> None:
    call = FUTURES.mode_call()
    assert call is not None and call.path == "/fapi/v1/positionSide/dual" and SPOT.mode_call() is None
    assert FUTURES.is_hedge(reply({"dualSidePosition": True})) is True
    for body in ({}, {"dualSidePosition": "true"}, {"dualSidePosition": None}, []):
        with pytest.raises(Unreadable):
            FUTURES.is_hedge(reply(body))
    mode, leverage = FUTURES.settings_calls("BTC-USDT", 7, True)
    assert params(mode) == {"dualSidePosition": "true"} and params(leverage) == {"symbol": "BTCUSDT", "leverage": "7"}
    assert mode.is_write and leverage.is_write and mode.method == leverage.method == "POST" and SPOT.settings_calls("BTC-USDT", 7, True) == ()


def test_r16_what_a_key_may_do() -> None:
    call = SPOT.rights_call()
    assert call is not None and call.path == "/sapi/v1/account/apiRestrictions" and dict(call.weights) == {"sapi_weight": 1}
    body = {"ipRestrict": True, "enableWithdrawals": False, "enableSpotAndMarginTrading": True, "enableFutures": False}
    assert SPOT.rights(reply(body)) == AccountRights(True, False, True)
    assert FUTURES.rights(reply({"canTrade": False, "canWithdraw": True, "dualSidePosition": True})) == AccountRights(False, None, None), (
        "the account's right is not the key's"
    )
    with pytest.raises(Unreadable):
        SPOT.rights(reply({"ipRestrict": True}))


def test_spot_has_no_positions() -> None:
    for read in (lambda: SPOT.positions(reply([]), NOW_NS), lambda: SPOT.is_hedge(reply({}))):
        with pytest.raises(Unreadable):
            read()
