"""Candles of a market from its trades: minutes are kept, longer ones are added up when somebody asks."""

from __future__ import annotations

from collections import deque
from random import Random

MINUTE_MS = 60_000
INTERVALS_MS = {
    "1m": MINUTE_MS, "3m": 3 * MINUTE_MS, "5m": 5 * MINUTE_MS, "15m": 15 * MINUTE_MS, "30m": 30 * MINUTE_MS, "1h": 60 * MINUTE_MS, "2h": 120 * MINUTE_MS,
    "4h": 240 * MINUTE_MS, "6h": 360 * MINUTE_MS, "8h": 480 * MINUTE_MS, "12h": 720 * MINUTE_MS, "1d": 1440 * MINUTE_MS,
}  # fmt: skip


class Candle:
    """One minute, or several added up. Prices in ticks, volume in lots, quote volume in ticks times lots."""

    __slots__ = ("buy_quote", "buy_volume", "close", "count", "first_id", "high", "last_id", "low", "open", "quote", "start_ms", "volume")

    def __init__(self, start_ms: int, price: int) -> None:
        self.start_ms = start_ms
        self.open = self.high = self.low = self.close = price
        self.volume = self.quote = self.buy_volume = self.buy_quote = self.count = 0
        self.first_id = self.last_id = -1

    def trade(self, ticks: int, lots: int, trade_id: int, *, buyer_takes: bool) -> None:
        self.high = max(self.high, ticks)
        self.low = min(self.low, ticks)
        self.close = ticks
        self.volume += lots
        self.quote += ticks * lots
        if buyer_takes:
            self.buy_volume += lots
            self.buy_quote += ticks * lots
        self.count += 1
        self.first_id = trade_id if self.first_id < 0 else self.first_id
        self.last_id = trade_id

    def add(self, later: Candle) -> None:
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        for name in ("volume", "quote", "buy_volume", "buy_quote", "count"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.first_id = later.first_id if self.first_id < 0 else self.first_id
        self.last_id = later.last_id if later.last_id >= 0 else self.last_id

    def copy(self, start_ms: int) -> Candle:
        other = Candle(start_ms, self.open)
        other.add(self)
        return other


class Candles:
    """The last two thousand minutes of a market; those before the start are made up so that charts have a past."""

    def __init__(self, keep: int = 2000) -> None:
        self.minutes: deque[Candle] = deque(maxlen=keep)

    def invent(self, now_ms: int, price: int, count: int, random: Random, step: float) -> None:
        """A random walk that ends at the price."""
        start = now_ms // MINUTE_MS * MINUTE_MS
        made: list[Candle] = []
        close = float(price)
        for back in range(1, count + 1):
            opened = close * (1 + random.gauss(0, step))
            candle = Candle(start - back * MINUTE_MS, max(1, round(opened)))
            wide = abs(random.gauss(0, step)) * close
            candle.high = max(1, round(max(opened, close) + wide))
            candle.low = max(1, round(min(opened, close) - wide))
            candle.close = max(1, round(close))
            candle.volume = random.randint(100, 5000)
            candle.quote = candle.volume * candle.close
            candle.buy_volume = candle.volume // 2
            candle.buy_quote = candle.quote // 2
            candle.count = random.randint(5, 50)
            made.append(candle)
            close = opened
        self.minutes.extend(reversed(made))

    def at(self, now_ms: int, price: int) -> Candle:
        """The open minute; minutes without a trade are filled with the last price."""
        start = now_ms // MINUTE_MS * MINUTE_MS
        if not self.minutes:
            self.minutes.append(Candle(start, price))
        last = self.minutes[-1]
        missing = (start - last.start_ms) // MINUTE_MS
        for step in range(max(1, missing - 2000), missing + 1):
            self.minutes.append(Candle(last.start_ms + step * MINUTE_MS, last.close))
        return self.minutes[-1]

    def of(self, interval: str, now_ms: int, price: int) -> list[Candle]:
        """All candles of an interval, the open one last."""
        self.at(now_ms, price)
        length = INTERVALS_MS[interval]
        if length == MINUTE_MS:
            return list(self.minutes)
        found: list[Candle] = []
        for minute in self.minutes:
            start = minute.start_ms // length * length
            if found and found[-1].start_ms == start:
                found[-1].add(minute)
            else:
                found.append(minute.copy(start))
        return found

    def latest(self, interval: str, now_ms: int, price: int) -> tuple[Candle | None, Candle]:
        """The candle before the open one, and the open one."""
        self.at(now_ms, price)
        length = INTERVALS_MS[interval]
        start = now_ms // length * length
        found: dict[int, list[Candle]] = {start: [], start - length: []}
        for minute in reversed(self.minutes):
            key = minute.start_ms // length * length
            if key not in found:
                if key < start - length:
                    break
                continue
            found[key].append(minute)
        made: list[Candle | None] = []
        for key in (start - length, start):
            candle: Candle | None = None
            for minute in reversed(found[key]):
                if candle is None:
                    candle = minute.copy(key)
                else:
                    candle.add(minute)
            made.append(candle)
        return made[0], made[1] or Candle(start, price)
