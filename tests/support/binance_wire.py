"""Binance dialects that know some pairs, orders to send and replies to read; and the recorded payloads."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from botcore.model.enums import InstrumentKind, OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest
from botcore.orders.tracker import Order
from botcore.venues.binance.futures import BinanceFutures
from botcore.venues.binance.spot import BinanceSpot
from botcore.venues.dialect import Credentials
from botcore.venues.spec import VenueSpec
from botcore.venues.wire import Call, Reply
from tests.support.data import CHECKOUT, recorded

NOW_NS = 1_700_000_000_000_000_000
KEY = Credentials(
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
)
"""The key of the venue's own manual."""

SPOT_PAIRS = {
    "BTC-USDT": ("0.01", "0.00001"),
    "ETH-USDT": ("0.01", "0.0001"),
    "ETH-BTC": ("0.00001", "0.0001"),
    "LTC-BTC": ("0.000001", "0.001"),
    "BNB-USDT": ("0.01", "0.001"),
}
FUTURES_PAIRS = {
    "BTC-USDT": ("0.1", "0.001"),
    "ETH-USDT": ("0.01", "0.001"),
    "BNB-USDT": ("0.01", "0.01"),
    "DOGE-USDT": ("0.00001", "1"),
    "1000PEPE-USDT": ("0.0000001", "1"),
}


def spec(name: str) -> VenueSpec:
    return VenueSpec(**yaml.safe_load((CHECKOUT / "conf" / "connectors" / f"{name}.yml").read_text()))


def instruments(name: str) -> dict[str, Instrument]:
    perpetual = name.endswith("_perpetual")
    kind = InstrumentKind.LINEAR_PERPETUAL if perpetual else InstrumentKind.SPOT
    pairs = FUTURES_PAIRS if perpetual else SPOT_PAIRS
    return {pair: Instrument(Market(name, pair), kind, Decimal(tick), Decimal(lot)) for pair, (tick, lot) in pairs.items()}


def spot() -> BinanceSpot:
    dialect = BinanceSpot(spec("binance"))
    dialect.learn(instruments("binance"))
    return dialect


def futures() -> BinanceFutures:
    dialect = BinanceFutures(spec("binance_perpetual"))
    dialect.learn(instruments("binance_perpetual"))
    return dialect


def order(
    pair: str = "BTC-USDT",
    name: str = "binance",
    side: TradeType = TradeType.BUY,
    kind: OrderType = OrderType.LIMIT,
    price: str = "50000",
    amount: str = "0.01",
    action: PositionAction = PositionAction.NIL,
    client_order_id: str = "cdr-1-7-1",
) -> Order:
    instrument = instruments(name)[pair]
    ticks = instrument.price_ticks(Decimal(price), side) if kind.is_limit else None
    request = OrderRequest(instrument, side, kind, instrument.lots(Decimal(amount)), ticks, action)
    return Order(request, client_order_id, None, NOW_NS)


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers or {}, raw, NOW_NS, NOW_NS)


def params(call: Call) -> dict[str, str]:
    return dict(call.params)


@cache
def payloads() -> dict[str, bytes]:
    """Recorded replies and messages, by file name; those that occur twice with their folder."""
    archive = recorded("protocol/nautilus_binance.tar.xz")
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(archive.read_bytes()))) as files:
        for member in files.getmembers():
            stream = files.extractfile(member) if member.name.endswith(".json") and "_sbe" not in member.name else None
            if stream is not None:
                path = Path(member.name)
                market = "futures/" if "futures" in member.name else "spot/"
                found[market + path.name] = stream.read()
    return found


def capture(name: str) -> list[str]:
    """Lines of a wire log."""
    return lzma.decompress(recorded(f"captures/{name}").read_bytes()).decode().splitlines()
