"""Our side of `bench_stream`: a live book of one market, and when each message had reached it. As a program: `REST WS SECONDS`, prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode
from botcore.orders.ids import IdSource
from botcore.strategies.accounts import Surroundings, open_account
from botcore.venues.aiohttp_port import AiohttpPort
from botcore.venues.dialect import Credentials, Peek
from botcore.venues.memory import NoMemory
from condor.configs import Configs
from condor.home import Home
from tests.support.instance import CHECKOUT

PERP, PAIR = "binance_perpetual", "BTC-USDT"


class NoRules:
    """No rules of an earlier start: the venue is asked. Implements `RulesCache`."""

    def get(self, connector_name: str) -> bytes | None:
        return None

    def put(self, connector_name: str, body: bytes) -> None: ...


class _Silent:
    """Nobody listens to this session's other news."""

    def on_news(self, connector_name: str) -> None: ...

    def on_rules(self, connector_name: str) -> None: ...

    def on_compared(self, connector_name: str) -> None: ...

    def on_funding(self, connector_name: str, paid: object) -> None: ...

    def on_warned(self, connector_name: str, text: str) -> None:
        print(text, file=sys.stderr)

    def on_trouble(self, connector_name: str, text: str) -> None:
        print(text, file=sys.stderr)

    def on_fault(self, connector_name: str, what: str, error: BaseException) -> None:
        print(what, repr(error), file=sys.stderr)


async def watch_depth(rest: str, ws: str, on_book: Callable[[int], object]) -> None:
    """Keep the book of one market up to date until cancelled; `on_book` is told the update id that it has reached, after each message."""
    spec = Configs(Home(Path("/nowhere"), CHECKOUT / "conf")).venue(PERP)
    prefix = f"CONDOR_VENUE_{PERP.upper()}"
    clock, port = Clock(ClockMode.REALTIME, start_ns=time.time_ns()), AiohttpPort(time.time_ns)
    wall_ms = lambda: time.time_ns() // 1_000_000  # noqa: E731
    around = Surroundings(clock, EventBus(), IdSource(), port, Random(1), time.time_ns, wall_ms, NoRules(), _Silent())
    account = open_account(spec, Credentials("key", "secret"), {f"{prefix}_REST": rest, f"{prefix}_WS": ws}, around, NoMemory(), set)
    session = account.session
    await session.learn(15.0)
    state = MarketState(session.instruments[PAIR], session.book_age_ns)
    take = session.markets._on_message

    def took(message: bytes, received_ns: int, peek: Peek) -> None:
        take(message, received_ns, peek)
        on_book(state.book.last_update_id)

    session.markets._on_message = took  # type: ignore[method-assign]
    session.watch(state)
    try:
        while True:
            session.on_tick(time.time_ns())
            await asyncio.sleep(0.25)
    finally:
        await session.close()
        await port.close()


async def _main(rest: str, ws: str, seconds: float) -> None:
    reached: dict[int, int] = {}
    watching = asyncio.create_task(watch_depth(rest, ws, lambda update_id: reached.setdefault(update_id, time.time_ns())))
    await asyncio.wait([watching], timeout=seconds)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    print(json.dumps(reached))


if __name__ == "__main__":
    from condor.running import _runner

    _runner()(_main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
