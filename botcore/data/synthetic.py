"""A seeded market with a book and trades, so that a demo needs no file and no network.

Every quarter of a second the price process moves; takers hit the touch, makers put the book around the new price. The book is never crossed, trades print at
the touch that stood before them, and a price that runs away sweeps the levels in its path first. The same instrument, parameters, seed and start
give the same events, and a restored feed goes on exactly where it was.
"""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal
from typing import Any

import numpy as np

from botcore.data.synthetic_model import PriceProcess, SyntheticParams, history, stream
from botcore.model.instrument import Instrument
from botcore.model.market_events import BookDiff, BookSnapshot, Level, MarketEvent, TradeTick

SECOND_NS = 1_000_000_000
STEP_NS = SECOND_NS // 4
STEP_S = 0.25
MAX_TRADES = 4


class SyntheticFeed:
    """One synthetic market; implements `MarketFeed`.

    Parameters
    ----------
    start_price : Decimal
        Where it begins and where it is pulled back to.
    seed : int
        Together with the market's name it decides everything.
    start_ns : int
        Market time of the first event.
    """

    def __init__(self, instrument: Instrument, start_price: Decimal, params: SyntheticParams, seed: int, start_ns: int) -> None:
        self.instrument = instrument
        self._params = params
        self._seed = seed
        self._start_ns = start_ns
        self._start_price = float(start_price)
        self._random = stream(seed, str(instrument.market), 0)
        self._process = PriceProcess(params)
        self._now_ns = start_ns
        self._update_id = 1
        self._heat = 0.0
        self._tide = 0.0
        self._bids: list[Level] = []
        self._asks: list[Level] = []
        self._events: deque[MarketEvent] = deque()
        self._taken = 0
        self._before: dict[str, Any] = {}
        self._history: np.ndarray | None = None
        self._place_book(self._start_price, self._random.random(2 * params.levels).tolist())
        self._before = self._snapshot_state()
        self._standing: BookSnapshot | None = self._snapshot(start_ns)

    # ---- MarketFeed ------------------------------------------------------------------------------------------------
    def next_ns(self) -> int:
        if self._standing is not None:
            return self._standing.ts_ns
        if not self._events:
            self._step()
        return self._events[0].ts_ns

    def pop(self) -> MarketEvent:
        if self._standing is not None:
            standing, self._standing = self._standing, None
            return standing
        if not self._events:
            self._step()
        self._taken += 1
        return self._events.popleft()

    def history(self, interval_s: int, count: int) -> np.ndarray:
        """One-minute candles from before the first start, at most 45 days; empty for another interval."""
        if interval_s != 60:
            return np.empty((0, 6))
        if self._history is None:
            name = str(self.instrument.market)
            self._history = history(self._params, self._seed, name, self._start_ns // SECOND_NS, self._start_price)
        return self._history[-count:]

    def state(self) -> dict[str, Any]:
        return {**self._before, "taken": self._taken}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`; a snapshot of the standing book comes first."""
        generator = self._random.bit_generator
        generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": int(state["random"][0]), "inc": int(state["random"][1])},
            "has_uint32": 0,
            "uinteger": 0,
        }
        self._start_ns = state["start_ns"]
        self._process.log_price, self._process.log_vol = state["log_price"], state["log_vol"]
        self._now_ns, self._update_id = state["now_ns"], state["update_id"]
        self._heat, self._tide = state["heat"], state["tide"]
        self._bids = [(ticks, lots) for ticks, lots in state["bids"]]
        self._asks = [(ticks, lots) for ticks, lots in state["asks"]]
        self._events.clear()
        self._history = None
        self._before = self._snapshot_state()
        self._taken = 0
        self._standing = self._snapshot(self._now_ns)
        if state["taken"]:
            self._step()
        for _ in range(state["taken"]):
            event = self._events.popleft()
            self._taken += 1
            if isinstance(event, BookDiff):
                self._standing = self._snapshot(event.ts_ns)

    def _snapshot_state(self) -> dict[str, Any]:
        inner = self._random.bit_generator.state["state"]
        return {
            "random": [str(inner["state"]), str(inner["inc"])],
            "start_ns": self._start_ns,
            "log_price": self._process.log_price,
            "log_vol": self._process.log_vol,
            "now_ns": self._now_ns,
            "update_id": self._update_id,
            "heat": self._heat,
            "tide": self._tide,
            "bids": list(self._bids),
            "asks": list(self._asks),
        }

    # ---- one step --------------------------------------------------------------------------------------------------
    def _step(self) -> None:
        """Generate the events of the next quarter of a second."""
        self._before = self._snapshot_state()
        self._taken = 0
        self._now_ns += STEP_NS
        normals = self._random.standard_normal(3 + MAX_TRADES).tolist()
        uniforms = self._random.random(4 + MAX_TRADES + 2 * self._params.levels).tolist()
        moved = self._process.step(STEP_S, (normals[0], normals[1], normals[2]), uniforms[0])
        price = self._start_price * math.exp(self._process.log_price)
        bids, asks = self._bids, self._asks
        trades = self._trades(moved, normals[3:], uniforms[1 : 4 + MAX_TRADES])
        self._place_book(price, uniforms[4 + MAX_TRADES :])
        swept = self._sweep(bids, asks)
        for index, trade in enumerate((*trades, *swept)):
            trade.ts_ns = self._now_ns + (index + 1) * 1_000_000
            self._events.append(trade)
        first = self._update_id + 1
        self._update_id += 2
        ts_ns = self._now_ns + 20_000_000
        market = self.instrument.market
        self._events.append(BookDiff(market, ts_ns, first, self._update_id, first - 1, _changes(bids, self._bids), _changes(asks, self._asks)))

    def _trades(self, moved: float, normals: list[float], uniforms: list[float]) -> list[TradeTick]:
        """Trades at the touch: more of them when there were many just now, mostly in the direction of the last ones and of the price."""
        params = self._params
        self._heat *= 0.9
        rate = params.trades_per_s * STEP_S * math.exp(0.5 * self._process.log_vol) + self._heat
        count = min(MAX_TRADES, int(rate) + (uniforms[0] < rate - int(rate)))
        lean = math.tanh(moved / (params.volatility * 0.5)) * 0.6 + self._tide * 0.5
        trades = []
        for index in range(count):
            is_buy = uniforms[1 + index] < 0.5 + 0.5 * max(-0.95, min(0.95, lean))
            ticks, standing = self._asks[0] if is_buy else self._bids[0]
            quote = params.trade_quote * math.exp(1.1 * normals[index])
            lots = max(1, min(standing, int(quote / (ticks * self.instrument.tick * self.instrument.lot))))
            trades.append(TradeTick(self.instrument.market, 0, ticks, lots, not is_buy))
            self._tide = 0.8 * self._tide + (0.2 if is_buy else -0.2)
        self._heat += 0.05 * count
        return trades

    def _sweep(self, bids: list[Level], asks: list[Level]) -> list[TradeTick]:
        """Trades that take the levels which the new book leaves behind on its way."""
        market = self.instrument.market
        best_bid, best_ask = self._bids[0][0], self._asks[0][0]
        taken = [TradeTick(market, 0, ticks, lots, False) for ticks, lots in asks if ticks <= best_bid]
        taken += [TradeTick(market, 0, ticks, lots, True) for ticks, lots in bids if ticks >= best_ask]
        return taken[:8]

    # ---- the book --------------------------------------------------------------------------------------------------
    def _place_book(self, price: float, uniforms: list[float]) -> None:
        """Quotes around a price; the spread widens with the volatility, sizes grow with the distance."""
        params, instrument = self._params, self.instrument
        spread = params.spread * math.exp(0.5 * max(-1.0, self._process.log_vol))
        half = max(0.5, price * spread / instrument.tick / 2)
        middle = price / instrument.tick
        best_bid = max(params.levels * 2 + 1, math.floor(middle - half + 0.5))
        best_ask = max(best_bid + 1, math.ceil(middle + half - 0.5))
        gap = max(1, round(price * params.spread / instrument.tick / 3))
        self._bids = self._levels(best_bid, -gap, uniforms[: params.levels], self._bids)
        self._asks = self._levels(best_ask, gap, uniforms[params.levels :], self._asks)

    def _levels(self, best: int, gap: int, uniforms: list[float], before: list[Level]) -> list[Level]:
        """One side, best first; a level that stood before mostly keeps its size."""
        instrument, params = self.instrument, self._params
        known = dict(before)
        unit = params.level_quote / (best * instrument.tick * instrument.lot)
        levels: list[Level] = []
        for index in range(params.levels):
            ticks = best + index * gap
            if ticks < 1:
                break
            draw = uniforms[index]
            lots = known.get(ticks, 0) if draw < 0.7 else 0
            if not lots:
                # -log of a uniform number is an exponential one: few large sizes among many small
                lots = max(1, int(unit * (0.2 - math.log(1.0 - draw) * 0.5) * (1 + 0.15 * index)))
            levels.append((ticks, lots))
        return levels

    def _snapshot(self, ts_ns: int) -> BookSnapshot:
        return BookSnapshot(self.instrument.market, ts_ns, self._update_id, list(self._bids), list(self._asks))


def _changes(before: list[Level], after: list[Level]) -> list[Level]:
    """What turns one side into the other: new and changed levels, and removed ones with 0 lots."""
    old = dict(before)
    changed = [(ticks, lots) for ticks, lots in after if old.get(ticks) != lots]
    kept = {ticks for ticks, _ in after}
    return [*((ticks, 0) for ticks in old if ticks not in kept), *changed]
