"""Binance's own SDKs live a whole order life against SimVenue. It runs in its own environment (`make oracles`): `sdk_life.py SPOT_REST USDM_REST`.

Their models check every field's name and type; what they can't read, they raise.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketAPI, ConfigurationWebSocketStreams
from binance_common.errors import BadRequestError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from binance_sdk_spot.spot import Spot

KEYS = {"api_key": "key", "api_secret": "secret"}


def control(base: str, verb: str, **given: Any) -> Any:
    request = urllib.request.Request(f"{base}/control/{verb}", data=json.dumps(given).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def refused(code: int, call: Callable[..., Any], **given: Any) -> None:
    try:
        call(**given)
    except BadRequestError as expected:
        if expected.status_code != code:
            raise AssertionError(f"{code} instead of {expected}") from expected
        return
    raise AssertionError(f"{call.__name__} was not refused")


def plain(model: Any) -> Any:
    """A reply's data as dictionaries; names as on the wire."""
    data = model.data() if hasattr(model, "data") else model
    if isinstance(data, list):
        return [row.to_dict() for row in data]
    inner = getattr(data, "actual_instance", None)
    return (inner or data).to_dict()


def event(model: Any) -> dict[str, Any]:
    """An account event; the SDK knows its kind by the model that it chose, and hands out a bare dictionary when it could not read it."""
    inner = model.actual_instance
    assert not isinstance(inner, dict), f"unreadable for the SDK: {inner}"
    return {"kind": type(inner).__name__} | inner.to_dict()


def spot_life(spot: str) -> None:
    client = Spot(config_rest_api=ConfigurationRestAPI(**KEYS, base_path=spot, timeout=10_000, retries=0)).rest_api
    assert {row["symbol"] for row in plain(client.exchange_info())["symbols"]} >= {"BTCUSDT", "ETHUSDT"}
    before = {row["asset"]: row for row in plain(client.get_account())["balances"]}
    assert float(before["USDT"]["free"]) > 0
    depth = plain(client.depth(symbol="BTCUSDT", limit=100))
    bid, ask = float(depth["bids"][0][0]), float(depth["asks"][0][0])
    assert bid < ask
    low = round(bid * 0.95, 2)
    made = plain(
        client.new_order(symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=low, new_client_order_id="sdk-1")
    )
    assert made["status"] == "NEW" and made["clientOrderId"] == "sdk-1"
    assert [row["orderId"] for row in plain(client.get_open_orders(symbol="BTCUSDT"))] == [made["orderId"]]
    refused(
        -2010,
        client.new_order,
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        time_in_force="GTC",
        quantity=0.01,
        price=low,
        new_client_order_id="sdk-1",
    )
    refused(-1013, client.new_order, symbol="ETHUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.001, price=3000.0)
    assert plain(client.delete_order(symbol="BTCUSDT", orig_client_order_id="sdk-1"))["status"] == "CANCELED"
    refused(-2011, client.delete_order, symbol="BTCUSDT", orig_client_order_id="sdk-1")
    assert plain(client.get_order(symbol="BTCUSDT", orig_client_order_id="sdk-1"))["status"] == "CANCELED"
    refused(-2013, client.get_order, symbol="BTCUSDT", orig_client_order_id="nobody")
    bought = plain(client.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.02))
    assert bought["status"] == "FILLED" and bought["fills"][0]["commissionAsset"] == "BTC"
    control(spot, "rule", kind="partial_then_cancel", fraction=0.5)
    client.new_order(
        symbol="BTCUSDT", side="SELL", type="LIMIT", time_in_force="GTC", quantity=0.02, price=round(ask * 1.01, 2), new_client_order_id="sdk-2"
    )
    part = plain(client.get_order(symbol="BTCUSDT", orig_client_order_id="sdk-2"))
    assert (part["status"], part["executedQty"]) == ("EXPIRED", "0.01000000")
    trades = plain(client.my_trades(symbol="BTCUSDT", order_id=part["orderId"]))
    assert sum(float(row["qty"]) for row in trades) == 0.01
    print("sdk spot: ok")


async def spot_streams(spot: str) -> None:
    ws = spot.replace("http", "ws")
    client = Spot(
        config_rest_api=ConfigurationRestAPI(**KEYS, base_path=spot, timeout=10_000),
        config_ws_api=ConfigurationWebSocketAPI(**KEYS, stream_url=f"{ws}/ws-api/v3", timeout=10_000),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=ws),
    )
    api = await client.websocket_api.create_connection()
    subscribed = await api.user_data_stream_subscribe_signature()
    events: list[dict[str, Any]] = []
    subscribed.stream.on("message", lambda model: events.append(event(model)))
    placed = await api.order_place(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.01)
    assert plain(placed)["result"]["status"] == "FILLED"
    streams = await client.websocket_streams.create_connection()
    diffs: list[dict[str, Any]] = []
    trades: list[dict[str, Any]] = []
    (await streams.diff_book_depth(symbol="btcusdt", update_speed="100ms")).on("message", lambda model: diffs.append(plain(model)))
    (await streams.trade(symbol="btcusdt")).on("message", lambda model: trades.append(plain(model)))
    await asyncio.sleep(4)
    assert [row["X"] for row in events if row["kind"] == "ExecutionReport"] == ["NEW", "FILLED"], events
    assert "OutboundAccountPosition" in {row["kind"] for row in events}
    assert len(diffs) > 3 and all(later["U"] == before["u"] + 1 for before, later in itertools.pairwise(diffs)), diffs
    assert trades and trades[0]["s"] == "BTCUSDT"
    await streams.close_connection()
    await api.close_connection()
    print("sdk spot streams: ok")


def usdm_life(usdm: str) -> Any:
    client = DerivativesTradingUsdsFutures(config_rest_api=ConfigurationRestAPI(**KEYS, base_path=usdm, timeout=10_000, retries=0)).rest_api
    assert {row["symbol"] for row in plain(client.exchange_information())["symbols"]} >= {"BTCUSDT"}
    assert plain(client.futures_account_balance_v3())[0]["asset"] == "USDT"
    assert float(plain(client.account_information_v3())["totalWalletBalance"]) > 0
    assert plain(client.change_initial_leverage(symbol="BTCUSDT", leverage=15))["leverage"] == 15
    assert plain(client.get_current_position_mode())["dualSidePosition"] is False
    refused(-4059, client.change_position_mode, dual_side_position="false")
    bid = float(plain(client.order_book(symbol="BTCUSDT", limit=100))["bids"][0][0])
    low = round(bid * 0.97, 1)
    made = plain(
        client.new_order(symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=low, new_client_order_id="sdk-f1")
    )
    assert made["status"] == "NEW"
    assert [row["clientOrderId"] for row in plain(client.current_all_open_orders(symbol="BTCUSDT"))] == ["sdk-f1"]
    refused(
        -4116,
        client.new_order,
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        time_in_force="GTC",
        quantity=0.01,
        price=low,
        new_client_order_id="sdk-f1",
    )
    refused(-2022, client.new_order, symbol="BTCUSDT", side="SELL", type="MARKET", quantity=0.01, reduce_only="true")
    refused(-5022, client.new_order, symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTX", quantity=0.01, price=round(bid * 1.01, 1))
    assert plain(client.cancel_order(symbol="BTCUSDT", orig_client_order_id="sdk-f1"))["status"] == "CANCELED"
    refused(-2011, client.cancel_order, symbol="BTCUSDT", orig_client_order_id="sdk-f1")
    bought = plain(client.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.02, new_order_resp_type="RESULT"))
    assert bought["status"] == "FILLED" and float(bought["avgPrice"]) > 0
    position = plain(client.position_information_v3(symbol="BTCUSDT"))[0]
    assert (position["positionAmt"], position["positionSide"]) == ("0.020", "BOTH")
    stop = plain(
        client.new_algo_order(
            algo_type="CONDITIONAL", symbol="BTCUSDT", side="SELL", type="STOP_MARKET", trigger_price=low, close_position="true", client_algo_id="sdk-stop"
        )
    )  # fmt: skip
    assert stop["algoStatus"] == "NEW"
    assert [row["clientAlgoId"] for row in plain(client.current_all_algo_open_orders(symbol="BTCUSDT"))] == ["sdk-stop"]
    control(usdm, "move", symbol="BTCUSDT", price=low - 100)
    assert plain(client.query_algo_order(client_algo_id="sdk-stop"))["algoStatus"] == "FINISHED"
    assert plain(client.position_information_v3(symbol="BTCUSDT")) == []
    trades = plain(client.account_trade_list(symbol="BTCUSDT"))
    assert float(trades[-1]["realizedPnl"]) < 0
    assert {row["incomeType"] for row in plain(client.get_income_history())} >= {"REALIZED_PNL", "COMMISSION"}
    print("sdk usdm: ok")
    return client


async def usdm_streams(usdm: str, client: Any) -> None:
    key = plain(client.start_user_data_stream())["listenKey"]
    assert plain(client.keepalive_user_data_stream())["listenKey"] == key
    futures = DerivativesTradingUsdsFutures(config_ws_streams=ConfigurationWebSocketStreams(stream_url=usdm.replace("http", "ws")))
    streams = await futures.websocket_streams.create_connection()
    diffs: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    (await streams.diff_book_depth_streams(symbol="btcusdt", update_speed="100ms")).on("message", lambda model: diffs.append(plain(model)))
    (await streams.mark_price_stream(symbol="btcusdt", update_speed="1s")).on("message", lambda model: marks.append(plain(model)))
    (await streams.user_data(key)).on("message", lambda model: events.append(event(model)))
    await asyncio.sleep(0.5)
    client.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.01)
    client.change_initial_leverage(symbol="BTCUSDT", leverage=7)
    await asyncio.sleep(3)
    assert len(diffs) > 3 and all(later["pu"] == before["u"] for before, later in itertools.pairwise(diffs)), diffs
    assert marks and marks[0]["s"] == "BTCUSDT"
    kinds = {row["kind"] for row in events}
    assert {"OrderTradeUpdate", "AccountUpdate", "AccountConfigUpdate", "TradeLite"} <= kinds, kinds
    assert [row["o"]["X"] for row in events if row["kind"] == "OrderTradeUpdate"] == ["NEW", "FILLED"], events
    await streams.close_connection()
    print("sdk usdm streams: ok")


def main() -> None:
    spot, usdm = sys.argv[1:3]
    spot_life(spot)
    asyncio.run(spot_streams(spot))
    client = usdm_life(usdm)
    asyncio.run(usdm_streams(usdm, client))
    assert control(spot, "ledger")["unexplained"] == {} == control(usdm, "ledger")["unexplained"]


if __name__ == "__main__":
    main()
