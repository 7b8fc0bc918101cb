"""Candles of the last days, from what the home has: open markets, recordings, the synthetic market."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import numpy as np

from botcore.markets.market_state import MarketState
from botcore.model.errors import UserError
from botcore.model.instrument import Market
from condor.hosts import Hosts
from condor.units import plain

DAY_S = 86_400


class PastCandles:
    """See the module."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    async def rows(self, market: Market, days: int) -> np.ndarray:
        """Closed bars of the last days, float64 [n, 6], times in s, as far as they go back; empty where nobody has any."""
        live = self._hosts.live.runtime.markets.get(market) if self._hosts.live is not None else None
        here = self._hosts.paper.runtime.markets.get(market)
        newest = [_tail(state) for state in (here, live) if state is not None]
        found = next((rows for rows in newest if len(rows)), np.empty((0, 6)))
        if len(found) and found[-1, 0] - found[0, 0] >= days * DAY_S:
            # an open market goes back far enough by itself
            rows: np.ndarray = found[found[:, 0] >= found[-1, 0] - days * DAY_S]
            return rows
        before = await self._before(market)
        rows = np.concatenate((before[before[:, 0] < found[0, 0]], found)) if len(found) and _fits(before, found) else found if len(found) else before
        return rows[rows[:, 0] >= rows[-1, 0] - days * DAY_S] if len(rows) else rows

    async def _before(self, market: Market) -> np.ndarray:
        """Older bars of the paper market: of its recording, or of its past."""
        source = self._hosts.paper.source
        now_ns = self._hosts.paper.clock.now_ns

        def read() -> np.ndarray:
            plan = source.plan(market)
            feed = source.feed(MarketState(plan.instrument, plan.max_age_ns), lambda: 0, now_ns)
            return source.history(market, feed)

        try:
            # a recording is read and a past is made up: neither must hold up the clock
            return await asyncio.to_thread(read)
        except UserError:
            return np.empty((0, 6))

    async def write(self, market: Market, days: int, path: Path) -> tuple[int, float]:
        """Write them as a recording; (bars, days that they cover)."""
        rows = await self.rows(market, days)
        if len(rows) < 2:
            return len(rows), 0.0
        lines = ["ts_ms,open,high,low,close,volume"]
        lines += [f"{int(row[0]) * 1000}," + ",".join(plain(_decimal(value)) for value in row[1:]) for row in rows]
        await asyncio.to_thread(path.write_text, "\n".join(lines) + "\n")
        return len(rows), float(rows[-1, 0] - rows[0, 0]) / DAY_S


def _decimal(value: float) -> Decimal:
    return Decimal(repr(round(float(value), 10)))


def _tail(state: MarketState) -> np.ndarray:
    base = state.candles.base
    return base.tail(7 * DAY_S // base.interval_s).copy()


def _fits(before: np.ndarray, found: np.ndarray) -> bool:
    """Whether two runs of bars have the same length of bar."""
    if len(before) < 2 or len(found) < 2:
        return len(before) > 0
    return bool(np.median(np.diff(before[:, 0])) == np.median(np.diff(found[:, 0])))
