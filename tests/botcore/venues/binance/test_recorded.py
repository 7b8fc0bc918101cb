"""Everything that was recorded of the real venue is read: every payload, every message of the wire logs."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderState
from botcore.venues.binance.base import BinanceDialect
from botcore.venues.binance.markets import unwrapped
from botcore.venues.dialect import Heard
from botcore.venues.line import Reported
from botcore.venues.reading import quick
from tests.support.binance_wire import NOW_NS, capture, futures, instruments, order, payloads, reply, spot
from tests.support.data import recorded

ORDERS = ("execution_report", "order_update", "algo_update")
NOT_READ = (
    "spot/ws_spot_execution_report_binance_us.json",  # BTC-USD of another venue
    "futures/order_update_delivery.json",  # a delivery contract
)


def dialect(name: str) -> BinanceDialect:
    """A dialect that knows every pair in a payload, with a fine grid."""
    made: BinanceDialect = futures() if name.startswith("futures/") else spot()
    connector = "binance_perpetual" if name.startswith("futures/") else "binance"
    known = instruments(connector)
    kind = known["BTC-USDT"].kind
    pairs = ("ADA-USDT", "SOL-USDT", "BTC-BUSD", "ETH-BUSD", "LTC-BTC", "BNB-BTC", "ETH-BTC", "XRP-USDT")
    extra = {pair: Instrument(Market(connector, pair), kind, Decimal("0.00000001"), Decimal("0.00000001")) for pair in pairs if pair not in known}
    made.learn({**known, **extra})
    return made


def names(*parts: str) -> list[str]:
    return sorted(name for name in payloads() if any(part in name for part in parts))


def test_all_order_messages_are_read() -> None:
    found = Counter()
    for name in names(*ORDERS):
        news = dialect(name).user_news(payloads()[name])
        if name in NOT_READ:
            continue
        assert len(news) == 1, name
        told = news[0]
        assert isinstance(told, Reported), name
        body = unwrapped(quick(payloads()[name]))
        row = body.get("o") if isinstance(body.get("o"), dict) else body
        report = told.report
        assert report.lots >= 0 and report.filled_lots >= 0 and report.exchange_order_id, name
        if row["X"] in ("CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"):
            assert report.reason or report.state is OrderState.CANCELED, name
        found[report.state] += 1
        for fill in report.fills:
            assert fill.price == Decimal(row["L"]) and fill.amount == Decimal(row["l"]) and fill.fee.amount == Decimal(row.get("n") or 0), name
            found["fills"] += 1
    assert found["fills"] >= 8 and found[OrderState.OPEN] >= 8 and found[OrderState.FILLED] >= 3


def test_o17_the_recorded_forced_orders_are_told_apart() -> None:
    kinds = {}
    for name in names("liquidation", "adl", "settlement", "insurance", "order_update_calculated", "report_calculated"):
        for told in dialect(name).user_news(payloads()[name]):
            if isinstance(told, Reported):
                kinds[name.split("/")[1]] = told.report.forced
    assert kinds["ws_futures_order_update_liquidation.json"] == "liquidation"
    assert kinds["ws_futures_order_update_adl.json"] == "adl" and kinds["order_update_adl.json"] == "adl"
    assert kinds["ws_futures_order_update_settlement.json"] == "settlement"
    assert all(kinds.values()), kinds


def test_all_account_messages_are_read() -> None:
    for name in names("/account_update", "/account_position"):
        assert dialect(name).user_news(payloads()[name]), name


def test_replies_are_read() -> None:
    read = payloads()
    assert len(dialect("spot/").fills(reply(read["spot/account_trades_response.json"]), "BNB-BTC")) > 0
    rows = json.loads(read["futures/http_futures_account_trades.json"])
    pair = rows[0]["symbol"].removesuffix("USDT") + "-USDT"
    fills = dialect("futures/").fills(reply(read["futures/http_futures_account_trades.json"]), pair)
    assert [fill.price for fill in fills] == [Decimal(row["price"]) for row in rows]
    assert dialect("spot/").order_reports(reply(read["spot/open_orders_response.json"]))
    assert dialect("futures/").order_reports(reply(read["futures/http_futures_account_orders.json"]))
    assert dialect("spot/").balances(reply(read["spot/account_response.json"]), NOW_NS).balances
    assert dialect("futures/").balances(reply(read["futures/balance.json"]), NOW_NS).balances
    assert dialect("futures/").positions(reply(read["futures/position_risk.json"]), NOW_NS)
    assert {told.side for told in dialect("futures/").positions(reply(read["futures/http_futures_account_positions_hedge.json"]), NOW_NS)} <= {
        "long",
        "short",
        "net",
    }
    assert dialect("futures/").is_hedge(reply(read["futures/http_futures_account_position_side_dual.json"])) in (True, False)
    assert dialect("spot/").server_time_ms(reply(read["spot/server_time_response.json"])) > 0
    for name in ("spot/http_spot_market_exchange_info.json", "futures/http_futures_market_exchange_info.json"):
        assert dialect(name).instruments(reply(read[name]), "venue"), name
    stops = futures().stops
    assert stops is not None and stops.reports(reply(read["futures/open_algo_orders.json"]))[0].client_order_id == "test-algo-order-1"


def test_the_recorded_answer_to_a_create_brings_its_executions() -> None:
    body = payloads()["spot/new_order_full_response.json"]
    made = spot()
    report = made.order_report(made.create_call(order(client_order_id="6gCrw2kRUAF9CvJDGP16IP")), reply(body))
    assert [(fill.trade_id, fill.price) for fill in report.fills] == [("56", 4000), ("57", 3999), ("58", 3998), ("59", 3997), ("60", 3995)]
    assert sum(fill.lots for fill in report.fills) == report.filled_lots and report.state is OrderState.FILLED


def test_the_recorded_answer_to_a_cancel_is_about_the_original_order() -> None:
    body = payloads()["spot/cancel_order_response.json"]
    made = spot()
    call = made.cancel_call(order("LTC-BTC", price="2", amount="1", client_order_id="myOrder1"))
    assert made.order_report(call, reply(body)).state is OrderState.CANCELED


# ---- wire logs --------------------------------------------------------------------------------------------------------------
def read_all(made: BinanceDialect, messages: list[bytes]) -> Counter[str]:
    found: Counter[str] = Counter()
    readers: dict[Heard, Any] = {Heard.TRADE: made.trade, Heard.TICKER: made.quote, Heard.CANDLE: made.candle}
    for message in messages:
        peek = made.peek(message)
        found[peek.heard.value] += 1
        if peek.heard in readers:
            told = readers[peek.heard](message)
            if peek.heard is Heard.TRADE:
                body = unwrapped(quick(message))
                instrument = made._names.get(body["s"])
                assert instrument.price(told.price_ticks) == Decimal(body["p"]) and instrument.amount(told.lots) == Decimal(body["q"])
    return found


@pytest.mark.parametrize(
    ("make", "name", "expected"),
    [
        (spot, "cryptofeed_BINANCE", {"book": 177, "ticker": 84, "trade": 2, "candle": 2}),
        (futures, "cryptofeed_BINANCE_FUTURES", {"book": 764, "ticker": 613, "trade": 91, "candle": 67}),
    ],
)
def test_every_message_of_the_wire_logs_is_read(make: Any, name: str, expected: dict[str, int]) -> None:
    made = make()
    made.learn(made.instruments(reply(capture(f"{name}.0.xz")[0].split(": ", 1)[1].encode()), "venue"))
    messages = [line.split(": ", 1)[1].encode() for line in capture(f"{name}.ws.1.0.xz") if ": {" in line]
    assert read_all(made, messages) == expected


@pytest.mark.parametrize(("make", "name", "least"), [(spot, "spot", 30_000), (futures, "usdm", 5_000)])
def test_five_minutes_of_a_live_market_are_read(make: Any, name: str, least: int) -> None:
    made = make()
    with gzip.open(recorded(f"l2/hftbacktest_binance_{name}_btcusdt_20240808.gz"), "rt") as lines:
        messages = [line.split(" ", 1)[1].strip().encode() for line, _ in zip(lines, range(20_000), strict=False)]
    found = read_all(made, [message for message in messages if not message.startswith(b'{"lastUpdateId"')])
    assert found["book"] > 100 and found["trade"] > 1000 and found["ticker"] > 1000
    assert found["other"] + found["ack"] < 50, found
