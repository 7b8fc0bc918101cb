"""A million orders: what the process has grown by when they are all done."""

from __future__ import annotations

import gc
from decimal import Decimal
from pathlib import Path

from benchmarks.bench_tracker import PAIR, REQUEST
from benchmarks.bench_updates import BenchConnector, Owner
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import ClockMode
from botcore.model.order import Fee, Fill
from botcore.model.venue_updates import OrderTaken, OrderTraded
from botcore.orders.ids import IdSource

WARM_UP = 50_000
ORDERS = 1_000_000


def resident_mb() -> float:
    """Resident memory of this process; what the kernel says."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def run() -> dict[str, float]:
    """`growth_mb` between warm-up and the millionth order (aim 20 at most); each is taken, filled twice and done."""
    connector = BenchConnector("sim", Clock(ClockMode.REALTIME, start_ns=1), EventBus(), IdSource())
    owner, fee, before = Owner(), Fee(Decimal(0), "USDT", Decimal(0)), 0.0
    for number in range(ORDERS):
        if number == WARM_UP:
            before = resident_mb()
        name = connector.submit(REQUEST, owner).client_order_id
        connector.take_outbox()
        connector.apply(OrderTaken(name, name, 2))
        connector.apply(OrderTraded(Fill(PAIR, "t1", name, REQUEST.trade_type, 500, 4, fee, 3, True)))
        connector.apply(OrderTraded(Fill(PAIR, "t2", name, REQUEST.trade_type, 500, 6, fee, 4, True)))
    return {"orders": float(ORDERS), "known_at_the_end": float(len(connector.tracker)), "growth_mb": resident_mb() - before}
