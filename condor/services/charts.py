"""What pictures show, out of results, accounts, candles and executors: plain values for the process that draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from botcore.markets.intervals import interval_name
from botcore.model.instrument import Market
from condor.hosts import Hosts
from condor.pictures.drawings import CandleChart, DayBars, Level, Mark, Pie, ResultCurve
from condor.pictures.numbers import price as price_words
from condor.result_views import AccountsView, LifeView, ResultsView

MODES = {"paper": "paper", "live": "real money"}
MINUTE_MS = 60_000
DAY_NS = 86_400 * 1_000_000_000
MOST_POINTS = 400
MOST_DAYS = 31
MOST_SLICES = 7
MOST_CANDLES = 120
FEW_CANDLES = 48
MOST_MARKS = 60
STEPS_S = (60, 180, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)

Candle = tuple[int, float, float, float, float]


# ---- results -------------------------------------------------------------------------------------------------------
def curve_of(view: ResultsView) -> ResultCurve:
    """The result over time, from 0 on."""
    points = [(at_ns // 1_000_000, float(value)) for at_ns, value in view.curve]
    first_ms, last_ms, last = (points[0][0], points[-1][0], points[-1][1]) if points else (view.until_ns // 1_000_000, 0, 0.0)
    # in whole steps: while nothing happens the picture stays the same
    step_ms = MINUTE_MS if view.until_ns - view.since_ns <= 2 * DAY_NS else 60 * MINUTE_MS
    until_ms = max(last_ms, view.until_ns // 1_000_000 // step_ms * step_ms)
    # a time in which there was nothing yet is not shown
    begins_ms = max(view.since_ns // 1_000_000 // step_ms * step_ms, min(first_ms, until_ms) - max(0, until_ms - first_ms) // 20)
    points = [(begins_ms, 0.0), *thinned(points), (until_ms, last)]
    title = f"Result · {view.period} · {MODES[view.mode]}"
    return ResultCurve(title, view.asset, tuple(at for at, _ in points), tuple(value for _, value in points))


def thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most so many points as can be told apart: of neighbours the lowest and the highest stay, so that no drop is lost."""
    if len(points) <= MOST_POINTS:
        return list(points)
    width = -(-len(points) * 2 // MOST_POINTS)
    found = []
    for start in range(0, len(points), width):
        part = points[start : start + width]
        found += sorted({min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])})
    return found


def days_of(view: ResultsView) -> DayBars:
    """The newest days, one bar each."""
    days = view.by_day[-MOST_DAYS:]
    names = tuple(datetime.strptime(day, "%Y-%m-%d").strftime("%d %b") for day, _ in days)  # noqa: DTZ007 - a day has no zone
    return DayBars(f"By day · {MODES[view.mode]}", view.asset, names, tuple(float(value) for _, value in days))


def pie_of(view: AccountsView) -> Pie:
    """What the accounts hold, by asset; small ones together."""
    sums: dict[str, float] = {}
    for place in view.places:
        for asset in place.assets if place.away_since_ms is None else ():
            if asset.value is not None and asset.value > 0:
                sums[asset.asset] = sums.get(asset.asset, 0.0) + float(asset.value)
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    others = sum(value for _, value in ordered[MOST_SLICES:])
    slices = [*ordered[:MOST_SLICES], *([("others", others)] if others else [])]
    return Pie(f"Accounts · {MODES[view.mode]}", view.currency, tuple(slices))


# ---- candles -------------------------------------------------------------------------------------------------------
class ChartService:
    """Candles of open markets, with what an executor did there. Looking keeps and asks nothing."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    def executor(self, life: LifeView) -> CandleChart | None:
        """The candles of an executor's life with its trades and prices; None where there are no candles of that time."""
        item = life.executor
        base_s, bars = self._bars(life.mode, Market(item.connector_name, item.trading_pair))
        if not len(bars):
            return None
        begun_s = life.begun_ns // 1_000_000_000
        ended_s = life.ended_ns // 1_000_000_000 if item.close_type is not None and life.ended_ns else int(bars[-1, 0])
        if ended_s < bars[0, 0]:
            return None
        step_s = next((step for step in STEPS_S if step % base_s == 0 and (ended_s - begun_s) / step <= MOST_CANDLES * 0.6), base_s)
        shown = resampled(windowed(bars, begun_s, ended_s, step_s), step_s)
        marks = tuple(Mark(fill.at_ns // 1_000_000, float(fill.price), "buy" if fill.side == "BUY" else "sell") for fill in life.fills[-MOST_MARKS:])
        title = f"{item.trading_pair} · {interval_name(step_s)} · {MODES[life.mode]}"
        return CandleChart(title, shown[-MOST_CANDLES:], marks, levels_of(life))

    def _bars(self, mode: str, market: Market) -> tuple[int, np.ndarray]:
        """(seconds of a candle, closed candles) of a market, not copied: there may be half a million; none where it is not open or has none."""
        host = dict(self._hosts.by_mode()).get(mode)
        state = None if host is None else host.runtime.markets.get(market)
        if state is None or state.candles.version < 0:
            return STEPS_S[0], np.empty((0, 6))
        base = state.candles.base
        return base.interval_s, base.tail(base.count)


def windowed(bars: np.ndarray, begun_s: int, ended_s: int, step_s: int) -> np.ndarray:
    """The candles of a time with some of before and after, at least `FEW_CANDLES` of `step_s`."""
    # a short life among few candles, so that its trades stand apart
    room_s = max(FEW_CANDLES * step_s - (ended_s - begun_s), (ended_s - begun_s) // 2) // 2
    first, last = np.searchsorted(bars[:, 0], [begun_s - room_s, ended_s + room_s])
    return bars[first:last] if first < last else bars[-1:]


def resampled(bars: np.ndarray, step_s: int) -> tuple[Candle, ...]:
    """Longer candles out of shorter ones; the first and the last may be parts."""
    buckets = bars[:, 0] // step_s
    first = np.flatnonzero(np.diff(buckets, prepend=-1.0))
    last = np.append(first[1:], len(bars)) - 1
    columns = (
        (buckets[first] * step_s * 1000).astype(np.int64), bars[first, 1], np.maximum.reduceat(bars[:, 2], first),
        np.minimum.reduceat(bars[:, 3], first), bars[last, 4],
    )  # fmt: skip
    return tuple(zip(*(column.tolist() for column in columns), strict=True))


# ---- prices of an executor -----------------------------------------------------------------------------------------
def levels_of(life: LifeView) -> tuple[Level, ...]:
    """Entry, exit and barriers; a grid's bounds and levels."""
    config, item = life.config, life.executor
    found = [Level(float(price), "grid") for price in life.level_prices]
    found += [
        Level(float(Decimal(str(config[name]))), kind, words)  # type: ignore[arg-type]
        for name, kind, words in (("start_price", "bound", "start"), ("end_price", "bound", "end"), ("limit_price", "loss", "limit"))
        if _price(config.get(name)) is not None
    ]
    if found:
        return tuple(found)
    entry = item.entry_price
    if entry is None or not item.volume:
        return ()
    levels = [Level(float(entry), "entry", f"entry {price_words(float(entry))}")]
    if item.close_type is not None and item.exit_price is not None:
        levels.append(Level(float(item.exit_price), "exit", f"exit {price_words(float(item.exit_price))}"))
    barriers: Mapping[str, Any] = config.get("triple_barrier_config") or {}
    sign = 1 if item.side == "BUY" else -1
    for name, kind, way, words in (("take_profit", "profit", sign, "take profit"), ("stop_loss", "loss", -sign, "stop loss")):
        distance = _price(barriers.get(name))
        if distance is not None:
            price = entry * (1 + way * distance)
            levels.append(Level(float(price), kind, f"{words} {price_words(float(price))}"))  # type: ignore[arg-type]
    return tuple(levels)


def _price(value: object) -> Decimal | None:
    """A number of a stored config that is larger than 0."""
    if value is None:
        return None
    number = Decimal(str(value))
    return number if number > 0 else None
