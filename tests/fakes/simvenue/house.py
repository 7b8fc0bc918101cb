"""SimVenue's own liquidity: a seeded random walk that keeps several levels on both sides and trades now and then, or a price path set by the test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil, floor
from random import Random

from tests.fakes.simvenue.engine import Engine
from tests.fakes.simvenue.values import Order

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Style:
    """How a market moves.

    Parameters
    ----------
    price : Decimal
        Where it starts.
    volatility : float
        Standard deviation of one step, as a fraction of the price.
    spread_ticks : int
        Between best bid and best ask, at least; they stand on the grid, so it may be up to two gaps more.
    gap_ticks : int
        Between two levels: all stand on multiples of it, so that most stay where they are when the price moves.
    trade_p : float
        Chance of a trade by somebody else in a step.
    """

    price: Decimal
    volatility: float = 0.0001
    spread_ticks: int = 2
    gap_ticks: int = 1
    levels: int = 20
    least_lots: int = 100
    most_lots: int = 5000
    trade_p: float = 0.5
    period_ns: int = SECOND // 4


class House:
    """The other side of one market. It quotes behind orders of accounts that stand at its price, and takes those that stand in its way."""

    def __init__(self, engine: Engine, symbol: str, style: Style, random: Random) -> None:
        self._engine = engine
        self.symbol = symbol
        self._random = random
        self.style = style
        self.is_still = False
        self._bids: dict[int, Order] = {}
        self._asks: dict[int, Order] = {}
        self._middle = float(style.price / engine.markets[symbol].tick)
        self._path: list[tuple[int, float]] = []

    @property
    def mid_ticks(self) -> int:
        return round(self._middle)

    def step(self) -> None:
        """One step of the walk, or the next point of the path."""
        random, style = self._random, self.style
        if self._path:
            while self._path and self._path[0][0] <= self._engine.now_ns:
                self._middle = self._path.pop(0)[1]
        elif not self.is_still:
            self._middle = max(10.0 * style.spread_ticks, self._middle * (1 + random.gauss(0, style.volatility)))
        self.quote()
        if not self.is_still and random.random() < style.trade_p:
            self._trade()

    def follow(self, points: list[tuple[int, Decimal]]) -> None:
        """A price path: (ns, price) in order; the walk stops for good."""
        tick = self._engine.markets[self.symbol].tick
        self._path = [(ns, float(price / tick)) for ns, price in points]
        self.is_still = True

    def move(self, price: Decimal) -> None:
        """Jump to a price now, trading with whoever stands in the way; the tape shows a trade there."""
        self._middle = float(price / self._engine.markets[self.symbol].tick)
        self.quote()
        self._engine.print_trade(self.symbol, self.mid_ticks, self.style.least_lots or 1, buyer_is_maker=False)

    def thin(self, levels: int, lots: int) -> None:
        """Keep only so many levels of so many lots; 0 levels is an empty book."""
        self.style = replace(self.style, levels=levels, least_lots=lots, most_lots=lots)
        for side in (self._bids, self._asks):
            for ticks in list(side):
                self._engine.house_drop(side.pop(ticks))
        self.quote()

    def quote(self) -> None:
        """Bring the levels to where the price is."""
        style, engine = self.style, self._engine
        half, gap = style.spread_ticks / 2, style.gap_ticks
        bid, ask = floor((self._middle - half) / gap) * gap, ceil((self._middle + half) / gap) * gap
        reach = style.gap_ticks * style.levels
        self._drop(self._bids, bid - reach, bid)
        self._drop(self._asks, ask, ask + reach)
        if style.levels:
            self._sweep("BUY", bid)
            self._sweep("SELL", ask)
        for number in range(style.levels):
            self._place(self._bids, "BUY", bid - number * style.gap_ticks)
            self._place(self._asks, "SELL", ask + number * style.gap_ticks)
        if self._random.random() < 0.5 and style.levels and style.least_lots != style.most_lots:
            side = self._bids if self._random.random() < 0.5 else self._asks
            ticks = self._random.choice(list(side))
            engine.house_drop(side.pop(ticks))
            self._place(side, "BUY" if side is self._bids else "SELL", ticks)

    def _drop(self, side: dict[int, Order], low: int, high: int) -> None:
        for ticks in [ticks for ticks, order in side.items() if not low <= ticks <= high or order.status != "NEW"]:
            order = side.pop(ticks)
            if order.is_open:
                self._engine.house_drop(order)

    def _sweep(self, side: str, limit: int) -> None:
        """Take what accounts offer through our new price: all of what is beyond it, and of what stands at it a part at a time."""
        book = self._engine.books[self.symbol]
        against = book.asks if side == "BUY" else book.bids
        lots = 0
        for ticks in list(against.prices) if side == "BUY" else list(reversed(against.prices)):
            if ticks > limit if side == "BUY" else ticks < limit:
                break
            here = against.lots[ticks]
            lots += here if ticks != limit else self._random.randint(1, max(1, here))
        if lots:
            self._engine.house_take(self.symbol, side, lots, limit)

    def _place(self, side: dict[int, Order], name: str, ticks: int) -> None:
        held = side.get(ticks)
        if ticks <= 0 or (held is not None and held.status == "NEW"):
            return
        book = self._engine.books[self.symbol]
        best = (book.asks if name == "BUY" else book.bids).best()
        if best is not None and (ticks >= best if name == "BUY" else ticks <= best):
            return
        side[ticks] = self._engine.house_rest(self.symbol, name, ticks, self._lots())

    def _lots(self) -> int:
        """Between the least and the most; the same draws as `randint` makes, at a third of its price."""
        width = self.style.most_lots - self.style.least_lots + 1
        bits, draw = width.bit_length(), self._random.getrandbits
        drawn = draw(bits)
        while drawn >= width:
            drawn = draw(bits)
        return self.style.least_lots + drawn

    def _trade(self) -> None:
        book = self._engine.books[self.symbol]
        side = "BUY" if self._random.random() < 0.5 else "SELL"
        best = (book.asks if side == "BUY" else book.bids).best()
        if best is not None:
            self._engine.house_take(self.symbol, side, self._random.randint(1, max(1, self.style.least_lots)), best)
