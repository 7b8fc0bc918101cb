"""From `kill -9` to ready again: a thousand open executors, each with a position and a take profit at the venue, in records with a long past.

Three real processes: the venue (SimVenue), Condor, and this one. The aim is 10 seconds at most until new positions may be opened again.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.crash.crowd import Crowd

EXECUTORS = 1_000
PAST_ORDERS = 100_000
KILLS = 3


def run(executors: int = EXECUTORS, past_orders: int = PAST_ORDERS) -> dict[str, float]:
    """Medians of several kills: `chat_s` until the chat answers, `live_s` until the accounts are live, `cpu_s` of processor time,
    and the executors that came back (the last kill's)."""
    with TemporaryDirectory() as folder:
        crowd = Crowd(Path(folder) / "home", executors)
        try:
            crowd.fill()
            crowd.world.condor.kill()
            crowd.add_past(past_orders)
            found = []
            for _ in range(KILLS):
                found.append(crowd.recover())
                crowd.world.condor.kill()
            trading = crowd.trading()
        finally:
            crowd.world.close()
    medians = {name: median(one[name] for one in found) for name in ("chat_s", "live_s", "cpu_s")}
    return {"executors": float(trading), "past_orders": float(past_orders), **medians}
