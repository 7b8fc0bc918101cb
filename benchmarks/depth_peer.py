"""The peer's side of `bench_stream`, in the oracles' environment: a book by `watch_order_book`, and when each message had reached it. `REST WS SECONDS`, prints JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

import ccxt.pro

SYMBOL = "BTC/USDT:USDT"


class Stamped(ccxt.pro.binance):
    """Writes down when its book has taken a message; nothing else is changed."""

    reached: dict[int, int] = {}

    def handle_order_book(self, client: Any, message: Any) -> None:
        super().handle_order_book(client, message)
        book = self.orderbooks.get(SYMBOL)
        nonce = book.get("nonce") if book is not None else None
        if nonce is not None:
            self.reached.setdefault(nonce, time.time_ns())


async def main(rest: str, ws: str, seconds: float) -> None:
    exchange = Stamped(
        {
            "enableRateLimit": False,
            "newUpdates": True,
            "options": {"defaultType": "future", "fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False},
        }
    )
    api = exchange.urls["api"]
    api |= {f"fapi{kind}": f"{rest}/fapi/v1" for kind in ("Public", "Private")}
    api |= {f"fapi{kind}V{version}": f"{rest}/fapi/v{version}" for kind in ("Public", "Private") for version in (2, 3)}
    api["ws"] = {**api["ws"], "future": f"{ws}/ws", "linear": f"{ws}/ws"} if not isinstance(api["ws"].get("future"), dict) else _nested(api["ws"], ws)
    try:
        async with asyncio.timeout(seconds):
            while True:
                await exchange.watch_order_book(SYMBOL, 1000)
    except TimeoutError:
        pass
    finally:
        with contextlib.suppress(Exception):
            await exchange.close()
    print(json.dumps(Stamped.reached))


def _nested(addresses: dict[str, Any], ws: str) -> dict[str, Any]:
    """Every address of futures at loopback, whatever their shape in this version."""

    def here(value: Any) -> Any:
        return {name: here(inner) for name, inner in value.items()} if isinstance(value, dict) else f"{ws}/ws"

    return {name: here(value) for name, value in addresses.items()}


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
    else:
        uvloop.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
