"""Durable commits: how long from "decided" to "on disk", one, ten and a hundred intents in a batch, with the safe setting and with the fast one.

FULL syncs the log with every transaction: what is announced survives a power cut. NORMAL syncs at checkpoints only; the program never uses it for records.
"""

from __future__ import annotations

import tempfile
import threading
from functools import partial
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

from botcore.recorder import journal as journal_module
from botcore.recorder import tables
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import Op, Write, open_engine

ROUNDS = 300
BATCHES = (1, 10, 100)


def run() -> dict[str, float]:
    """Milliseconds by measure, p50 and p99; `.ratio` is how many intents a second a batch of 100 makes durable against batches of one."""
    found: dict[str, float] = {}
    for synchronous in ("full", "normal"):
        for size in BATCHES:
            p50, p99 = _latencies(synchronous.upper(), size)
            found[f"{synchronous}.{size}.p50_ms"], found[f"{synchronous}.{size}.p99_ms"] = p50, p99
    found["group_of_100.ratio"] = 100 * found["full.1.p50_ms"] / found["full.100.p50_ms"]
    return found


def _latencies(synchronous: str, size: int) -> tuple[float, float]:
    """(p50, p99) in ms from handing over a batch of intents to its callback."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        path = Path(folder) / "condor.db"
        migrate(path)
        with patch.object(journal_module, "open_engine", partial(open_engine, synchronous=synchronous)):
            journal = Journal(path, lambda call: call())
        times = [_one(journal, [_intent(number * size + part) for part in range(size)]) for number in range(ROUNDS)]
        journal.close()
    times.sort()
    return times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3


def _one(journal: Journal, writes: list[Write]) -> float:
    done = threading.Event()
    begin = perf_counter()
    journal.commit(writes, done.set)
    done.wait()
    return perf_counter() - begin


def _intent(number: int) -> Write:
    values = {
        "intent_id": f"cdr-1-{number}",
        "account": tables.PAPER,
        "bot_id": "bench",
        "controller_id": "bench",
        "executor_id": f"x-1-{number}",
        "connector_name": "binance",
        "trading_pair": "BTC-USDT",
        "trade_type": "BUY",
        "order_type": "LIMIT",
        "purpose": "open",
        "position_action": "OPEN",
        "amount": "0.00123",
        "price": "65432.1",
        "created_ns": 1_700_000_000_000_000_000 + number,
    }
    return Write(tables.intents, values, Op.ADD)
