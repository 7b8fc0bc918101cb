"""A home with very many open executors, made by trading: market makers with many levels buy at a SimVenue whose price falls through all of them, and each position
gets its take profit at the venue. Afterwards the records get a past."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from botcore.recorder import tables
from botcore.recorder.sqlite_file import Write, open_engine, write_rows
from tests.crash.world import PAIR, PERP, SYMBOL, World

SETTINGS = "clock: {tick_size: 0.25}\nrisk: {max_orders_per_minute: 1000000, max_order_quote: 1000000}\n"
LEVELS = 250
"""Of one bot; more would not fit in a chat message."""

CHUNK = 5_000


class Crowd:
    """See the module.

    Parameters
    ----------
    executors : int
        How many are to be open, a multiple of `LEVELS` or less than it.
    """

    def __init__(self, home: Path, executors: int) -> None:
        self._executors = executors
        self.world = World(home, 1, settings=SETTINGS, still=True, usdm_balances="USDT=100000000", connectors=[PERP])
        self._door = self.world.venue.doors[PERP]

    def fill(self) -> None:
        """Start the bots, let the price fall, and wait until every position has its take profit at the venue."""
        world, door = self.world, self._door
        door.control("market", symbol=SYMBOL, max_open=100_000)
        world.go_live()
        left = self._executors
        while left > 0:
            count = min(LEVELS, left)
            spreads = ", ".join(f"0.{200 + number}%" for number in range(count))
            changes = (
                ("sell spreads:", "40%"), ("buy spreads:", spreads), ("executor refresh time:", "1d"), ("take profit:", "3%"),
                ("stop loss:", "off"), ("time limit:", "off"),
            )  # fmt: skip
            world.start_bot(PERP, PAIR, changes, amount=str(100 * (count + 1)))
            left -= count
        world.wait(lambda: self._working("BUY") >= self._executors, "all entries to rest at the venue", 120)
        door.control("move", symbol=SYMBOL, price="3150")
        world.wait(lambda: self._working("SELL", below=4000) >= self._executors, "all take profits to rest at the venue", 120)
        world.wait(lambda: self.trading() == self._executors, "all executors to be written with their position", 30)
        time.sleep(1)

    def _working(self, side: str, below: float = 1e9) -> int:
        return sum(order["side"] == side and float(order["price"]) < below for order in self._door.control("ledger")["open_orders"])

    def trading(self) -> int:
        """Executors with a position, by the records."""
        return int(self.world.condor.rows("SELECT count(*) FROM executors WHERE status <> 'TERMINATED' AND exposure_base <> '0'")[0][0])

    def add_past(self, orders: int) -> None:
        """Give the records of a process that does not run so many orders that are over, each with its fill and its executor."""
        home = self.world.condor.home
        source = {name: self._one(name) for name in ("intents", "orders", "fills", "executors")}
        engine = open_engine(home / "data" / "condor.db", synchronous="OFF")
        try:
            for start in range(0, orders, CHUNK):
                with engine.begin() as connection:
                    write_rows(
                        connection, [write for name in source for write in self._past(name, source[name], range(start, min(start + CHUNK, orders)))]
                    )
        finally:
            engine.dispose()

    def _one(self, table: str) -> dict[str, Any]:
        rows = self.world.condor.rows
        names = [row[1] for row in rows(f"PRAGMA table_info({table})")]
        return dict(zip(names, rows(f"SELECT * FROM {table} LIMIT 1")[0], strict=True))

    def _past(self, name: str, row: dict[str, Any], numbers: range) -> list[Write]:
        writes = []
        for number in numbers:
            values = row | {"executor_id": f"x-1-{number}", "created_ns": number}
            if name == "intents":
                values |= {"intent_id": f"cdr-1-{number}"}
            elif name == "orders":
                values |= {"intent_id": f"cdr-1-{number}", "client_order_id": f"cdr-1-{number}-1", "state": "FILLED", "updated_ns": number}
            elif name == "fills":
                values |= {"client_order_id": f"cdr-1-{number}-1", "trade_id": f"past-{number}", "ts_ns": number}
                del values["created_ns"]
            else:
                values |= {"status": "TERMINATED", "close_type": "TAKE_PROFIT", "exposure_base": "0", "close_ns": number + 1}
            writes.append(Write(tables.metadata.tables[name], values))
        return writes

    def _cpu_s(self) -> float:
        """Processor time of the process up to now, its own and the system's: what other work on the machine hardly changes."""
        ticks = Path(f"/proc/{self.world.condor.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(int(count) for count in ticks) / os.sysconf("SC_CLK_TCK")

    # ---- what is measured ------------------------------------------------------------------------------------------------
    def recover(self) -> dict[str, float]:
        """Start the process on the home; seconds until its chat answers and until its accounts are live, and what came back."""
        began = time.monotonic()
        self.world.condor.start()
        answers_s = time.monotonic() - began
        self.world.wait_live(120)
        self.world.wait(lambda: self.world.metric("executors") > 0, "the first tick", 10)
        live_s = time.monotonic() - began
        return {
            "cpu_s": self._cpu_s(),
            "chat_s": answers_s,
            "live_s": live_s,
            "executors": self.world.metric("executors"),
            "requests": float(len(self._door.control("requests"))),
        }
