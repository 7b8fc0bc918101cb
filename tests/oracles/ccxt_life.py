"""ccxt lives a whole order life against SimVenue. It runs in its own environment (`make oracles`): `ccxt_life.py SPOT_REST USDM_REST`."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from typing import Any

import ccxt
import ccxt.pro


def control(base: str, verb: str, **given: Any) -> Any:
    request = urllib.request.Request(f"{base}/control/{verb}", data=json.dumps(given).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def pointed(exchange: Any, spot: str, usdm: str) -> Any:
    """All addresses at loopback."""
    api = exchange.urls["api"]
    paths = {"public": f"{spot}/api/v3", "private": f"{spot}/api/v3", "v1": f"{spot}/api/v1", "sapi": f"{spot}/sapi/v1"}
    paths |= {f"fapi{kind}": f"{usdm}/fapi/v1" for kind in ("Public", "Private")}
    paths |= {f"fapi{kind}V{version}": f"{usdm}/fapi/v{version}" for kind in ("Public", "Private") for version in (2, 3)}
    api.update(paths)
    if "ws" in api:
        ws_spot, ws_usdm = spot.replace("http", "ws"), usdm.replace("http", "ws")
        api["ws"] = {
            "spot": f"{ws_spot}/ws", "margin": f"{ws_spot}/ws", "linear": f"{ws_usdm}/ws", "future": f"{ws_usdm}/ws",
            "ws-api": {"spot": f"{ws_spot}/ws-api/v3", "linear": f"{ws_usdm}/ws-fapi/v1"},
        }  # fmt: skip
    return exchange


def options(kind: str) -> dict[str, Any]:
    return {
        "apiKey": "key", "secret": "secret", "enableRateLimit": False, "timeout": 10_000,
        "options": {"defaultType": kind, "fetchMarkets": {"types": ["spot"] if kind == "spot" else ["linear"]}, "fetchCurrencies": kind == "spot"},
    }  # fmt: skip


def refused(kind: type[Exception], call: Any, *given: Any, code: int = 0, **more: Any) -> None:
    """The call must raise that; where ccxt knows a futures' code by the venue's host name only, the code is what counts."""
    try:
        call(*given, **more)
    except kind as expected:
        if code and f'"code":{code},' not in str(expected):
            raise AssertionError(f"{code} instead of {expected}") from expected
        return
    raise AssertionError(f"{call} was not refused by {kind.__name__}")


def spot_life(spot: str, usdm: str) -> None:
    exchange = pointed(ccxt.binance(options("spot")), spot, usdm)
    markets = exchange.load_markets()
    assert {"BTC/USDT", "ETH/USDT"} <= markets.keys() and markets["BTC/USDT"]["precision"] == {
        **markets["BTC/USDT"]["precision"],
        "price": 0.01,
        "amount": 0.00001,
    }
    assert exchange.fetch_balance()["USDT"]["free"] == 100_000
    ticker, book = exchange.fetch_ticker("BTC/USDT"), exchange.fetch_order_book("BTC/USDT", 100)
    assert ticker["bid"] < ticker["ask"] and len(book["bids"]) >= 20 and book["nonce"] > 0
    assert len(exchange.fetch_ohlcv("BTC/USDT", "1m", limit=200)) == 200 and len(exchange.fetch_ohlcv("BTC/USDT", "15m", limit=50)) == 50
    low = round(book["bids"][0][0] * 0.95, 2)
    order = exchange.create_order("BTC/USDT", "limit", "buy", 0.01, low, {"newClientOrderId": "ccxt-1"})
    assert order["status"] == "open" and order["clientOrderId"] == "ccxt-1" and order["price"] == low
    assert exchange.fetch_balance()["USDT"]["used"] == round(low * 0.01, 8)
    assert [row["id"] for row in exchange.fetch_open_orders("BTC/USDT")] == [order["id"]]
    refused(ccxt.InvalidOrder, exchange.create_order, "BTC/USDT", "limit", "buy", 0.01, low, {"newClientOrderId": "ccxt-1"})
    refused(ccxt.InsufficientFunds, exchange.create_order, "BTC/USDT", "limit", "buy", 50, low)
    refused(ccxt.OrderImmediatelyFillable, exchange.create_order, "BTC/USDT", "limit", "buy", 0.01, round(low * 1.2, 2), {"postOnly": True})
    assert exchange.cancel_order(order["id"], "BTC/USDT")["status"] == "canceled"
    refused(ccxt.OrderNotFound, exchange.cancel_order, order["id"], "BTC/USDT")
    assert exchange.fetch_order(order["id"], "BTC/USDT")["status"] == "canceled"
    refused(ccxt.OrderNotFound, exchange.fetch_order, "1", "BTC/USDT")
    bought = exchange.create_order("BTC/USDT", "market", "buy", 0.02)
    assert bought["status"] == "closed" and bought["filled"] == 0.02 and bought["trades"] and bought["fee"]["currency"] == "BTC"
    control(spot, "rule", kind="partial_then_cancel", fraction=0.25)
    part = exchange.create_order("BTC/USDT", "limit", "sell", 0.02, round(book["asks"][0][0] * 1.02, 2))
    part = exchange.fetch_order(part["id"], "BTC/USDT")
    assert part["status"] == "expired" and part["filled"] == 0.005
    trades = exchange.fetch_my_trades("BTC/USDT")
    assert sum(trade["amount"] for trade in trades) == 0.025 and len({trade["id"] for trade in trades}) == len(trades)
    stop = exchange.create_order("BTC/USDT", "limit", "sell", 0.01, round(low * 0.9, 2), {"stopLossPrice": round(low * 0.95, 2)})
    assert exchange.fetch_order(stop["id"], "BTC/USDT")["triggerPrice"] == round(low * 0.95, 2)
    assert len(exchange.cancel_all_orders("BTC/USDT")) == 1
    assert len(exchange.fetch_orders("BTC/USDT")) == 4
    assert control(spot, "ledger")["unexplained"] == {}
    print("ccxt spot: ok")


def usdm_life(spot: str, usdm: str) -> None:
    exchange = pointed(ccxt.binance(options("swap")), spot, usdm)
    markets = exchange.load_markets()
    pair = "BTC/USDT:USDT"
    assert markets[pair]["swap"] and markets[pair]["linear"] and markets[pair]["contractSize"] == 1
    assert exchange.fetch_balance()["USDT"]["total"] == 100_000
    assert exchange.set_leverage(10, pair)["leverage"] == 10
    assert exchange.fetch_position_mode(pair)["hedged"] is False
    book = exchange.fetch_order_book(pair, 100)
    low = round(book["bids"][0][0] * 0.97, 1)
    order = exchange.create_order(pair, "limit", "buy", 0.01, low, {"newClientOrderId": "ccxt-f1"})
    assert order["clientOrderId"] == "ccxt-f1" and [row["id"] for row in exchange.fetch_open_orders(pair)] == [order["id"]]
    exchange.cancel_order(order["id"], pair)
    assert exchange.fetch_order(order["id"], pair)["status"] == "canceled"
    refused(ccxt.BaseError, exchange.cancel_order, order["id"], pair, code=-2011)
    refused(ccxt.BaseError, exchange.create_order, pair, "limit", "buy", 500, low, code=-2019)
    bought = exchange.create_order(pair, "market", "buy", 0.02)
    bought = exchange.fetch_order(bought["id"], pair)
    assert bought["status"] == "closed" and bought["filled"] == 0.02
    position = exchange.fetch_positions([pair])[0]
    assert position["contracts"] == 0.02 and position["side"] == "long" and position["entryPrice"] > 0
    stop = exchange.create_order(pair, "market", "sell", 0.02, None, {"stopLossPrice": round(low * 0.9, 1), "reduceOnly": True})
    waiting = exchange.fetch_open_orders(pair, params={"trigger": True})
    assert [row["id"] for row in waiting] == [stop["id"]]
    exchange.cancel_order(stop["id"], pair, {"trigger": True})
    assert exchange.fetch_open_orders(pair, params={"trigger": True}) == []
    closed = exchange.create_order(pair, "market", "sell", 0.02, None, {"reduceOnly": True})
    assert exchange.fetch_order(closed["id"], pair)["status"] == "closed"
    assert [row for row in exchange.fetch_positions([pair]) if row["contracts"]] == []
    trades = exchange.fetch_my_trades(pair)
    assert sum(trade["amount"] for trade in trades) == 0.04 and all(trade["fee"]["currency"] == "USDT" for trade in trades)
    exchange.set_position_mode(True, pair)
    assert exchange.fetch_position_mode(pair)["hedged"] is True
    exchange.create_order(pair, "market", "buy", 0.01, None, {"positionSide": "LONG"})
    exchange.create_order(pair, "market", "sell", 0.01, None, {"positionSide": "SHORT"})
    assert {row["side"] for row in exchange.fetch_positions([pair]) if row["contracts"]} == {"long", "short"}
    control(usdm, "close", symbol="BTCUSDT")
    exchange.set_position_mode(False, pair)
    assert exchange.fetch_funding_rate(pair)["fundingRate"] == 0.0001
    assert control(usdm, "ledger")["unexplained"] == {}
    print("ccxt usdm: ok")


async def streams(kind: str, pair: str, spot: str, usdm: str) -> None:
    """Its own order book must follow the diffs without a gap, and its orders must arrive by the user stream."""
    exchange = pointed(ccxt.pro.binance(options(kind)), spot, usdm)
    try:
        await exchange.load_markets()
        seen = set()
        for _ in range(15):
            book = await asyncio.wait_for(exchange.watch_order_book(pair), 10)
            assert book["bids"][0][0] < book["asks"][0][0]
            seen.add(book["nonce"])
        assert len(seen) > 3, seen
        assert await asyncio.wait_for(exchange.watch_trades(pair), 10)
        watching = asyncio.create_task(exchange.watch_orders(pair))
        await asyncio.sleep(1.0)
        made = await exchange.create_order(pair, "limit", "buy", 0.01, round(book["bids"][0][0] * 0.97, 1))
        orders = await asyncio.wait_for(watching, 10)
        assert orders[-1]["id"] == made["id"] and orders[-1]["status"] == "open"
        watching = asyncio.create_task(exchange.watch_orders(pair))
        await asyncio.sleep(0)
        await exchange.cancel_order(made["id"], pair)
        orders = await asyncio.wait_for(watching, 10)
        assert orders[-1]["status"] == "canceled"
        print(f"ccxt.pro {kind}: ok")
    finally:
        await exchange.close()


def main() -> None:
    spot, usdm = sys.argv[1:3]
    spot_life(spot, usdm)
    usdm_life(spot, usdm)
    asyncio.run(streams("spot", "BTC/USDT", spot, usdm))
    asyncio.run(streams("swap", "BTC/USDT:USDT", spot, usdm))


if __name__ == "__main__":
    main()
