"""From a decision to the venue's door: an order is submitted, its intent becomes durable, and its bytes arrive.

The whole way is real: the program's live host with its runtime, recorder and SQLite journal (synchronous=FULL) in this process, `AiohttpPort`, and SimVenue in
another process, which stamps each request when it arrives. Once idle, and once while two thousand messages of market data a second come in beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.depth_server import DepthServer
from benchmarks.depth_watcher import watch_depth
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Market
from botcore.model.order import OrderRequest
from botcore.orders.ids import IdSource
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.venues.aiohttp_port import AiohttpPort
from botcore.venues.dialect import Credentials
from condor.accounts import AccountPlan
from condor.configs import Configs
from condor.home import Home
from condor.host import WallClock
from condor.live_host import LiveHost
from condor.settings import Settings
from tests.crash.venue import KEY, SECRET, VenueProcess
from tests.simulation.wire_instance import KeptRules
from tests.support.instance import CHECKOUT
from tests.support.live_rig import Owner

PERP, PAIR = "binance_perpetual", "BTC-USDT"
ORDERS = 150
PAUSE_S = 0.05
LIVE_S = 20


def run() -> dict[str, float]:
    """Milliseconds, p50 and p99: from `submit` to the venue's stamp, idle and under market data; and `durable` alone, from `submit` to the intent on the disk."""
    return asyncio.run(_run())


async def _run() -> dict[str, float]:
    venue = VenueProcess(1, still=True)
    door = venue.doors[PERP]
    for verb in ("order_limit", "weight_limit"):
        door.control(verb, limit=1_000_000)
    door.control("market", symbol="BTCUSDT", max_open=100_000)
    found: dict[str, float] = {}
    try:
        with TemporaryDirectory(dir=Path(__file__).parent) as folder:
            async with _host(Path(folder) / "condor.db", venue) as host:
                found |= _figures("idle", await _send(host, door))
                server = DepthServer()
                await server.start()
                watcher = asyncio.create_task(watch_depth(server.our_rest_url, server.ws_url, lambda update_id: None))
                await server.sending.wait()
                found |= _figures("busy", await _send(host, door))
                found["busy.messages_s"] = server.sent / max(1e-9, time.monotonic() - server.began)
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)
                await server.stop()
    finally:
        venue.close()
    return found


@asynccontextmanager
async def _host(database: Path, venue: VenueProcess) -> AsyncIterator[LiveHost]:
    """The live host on a fresh database, live at the venue; it ticks as the program does."""
    migrate(database)
    loop = asyncio.get_running_loop()
    journal = Journal(database, loop.call_soon_threadsafe)
    wall = WallClock(lambda: time.time_ns() // 1_000_000, time.monotonic_ns)
    spec = Configs(Home(Path("/nowhere"), CHECKOUT / "conf")).venue(PERP)
    assert spec.live is not None
    wide = {name: limit.model_copy(update={"amount": 1_000_000}) for name, limit in spec.live.limits.items()}
    spec = spec.model_copy(update={"live": spec.live.model_copy(update={"limits": wide})})
    addresses = {name: value for name, value in venue.environment([PERP]).items() if name.endswith(("_REST", "_WS"))}
    plan = AccountPlan(spec, Credentials(KEY, SECRET), addresses)
    settings = Settings()
    host = LiveHost([plan], settings, journal, wall, lambda: None, IdSource(1), AiohttpPort, KeptRules())
    await host.learn()
    host.start()
    host.runtime.open_market(Market(PERP, PAIR))

    async def tick() -> None:
        while True:
            host.tick()
            await asyncio.sleep(0.25)

    ticking = asyncio.create_task(tick())
    connector = host.accounts[PERP].connector
    try:
        for _ in range(LIVE_S * 20):
            if connector.closed_reason() is None and host.runtime.markets[Market(PERP, PAIR)].is_usable(host.clock.now_ns):
                break
            await asyncio.sleep(0.05)
        yield host
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        await host.close()
        journal.close()


async def _send(host: LiveHost, door: Any) -> list[tuple[float, float]]:
    """(ms until durable, ms until the venue has it) of each order."""
    connector = host.accounts[PERP].connector
    instrument = host.instrument(Market(PERP, PAIR))
    owner, submitted, durable = Owner(), {}, {}
    ticks, lots = instrument.price_ticks(Decimal(63_000), TradeType.BUY), instrument.lots(Decimal("0.01"))
    send = connector.send

    def sent(requests: list[Any]) -> None:
        for request in requests:
            durable.setdefault(request.order.client_order_id, time.time_ns())
        send(requests)

    connector.send = sent  # type: ignore[method-assign]
    for _ in range(ORDERS):
        began_ns = time.time_ns()
        order = connector.submit(OrderRequest(instrument, TradeType.BUY, OrderType.LIMIT, lots, ticks, PositionAction.OPEN), owner)
        submitted[order.client_order_id] = began_ns
        host.clock.step(host.runtime.dispatch)
        await asyncio.sleep(PAUSE_S)
    await asyncio.sleep(1)
    connector.send = send  # type: ignore[method-assign]
    arrived = {
        row["client_id"]: row["ns"] for row in await asyncio.to_thread(door.control, "requests") if row["method"] == "POST" and row["client_id"]
    }
    return [((durable[name] - ns) / 1e6, (arrived[name] - ns) / 1e6) for name, ns in submitted.items()]


def _figures(name: str, found: list[tuple[float, float]]) -> dict[str, float]:
    figures = {}
    for number, what in enumerate(("durable", "venue")):
        values = sorted(item[number] for item in found)
        figures[f"{name}.{what}.p50_ms"], figures[f"{name}.{what}.p99_ms"] = median(values), values[int(len(values) * 0.99)]
    return figures
