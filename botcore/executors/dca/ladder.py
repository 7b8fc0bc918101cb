"""Levels of a ladder: what each is to buy, where it stands, and how near the market has to be for it to be sent."""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from math import ceil, floor
from typing import Final

from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.markets.price_watch import NO_HIGH, NO_LOW
from botcore.model.enums import TradeType
from botcore.model.errors import IllegalMove
from botcore.model.instrument import Instrument
from botcore.orders.tracker import Order


class LevelState(IntEnum):
    """WAITING for its turn, its bounds, or its next try; PLACED while an order of it is live; DONE when nothing more of it is wanted."""

    WAITING = 1
    PLACED = 2
    DONE = 3


class LevelEvent(IntEnum):
    """SENT: an order left. ENDED: it is over and something is left. FILLED: nothing is. LEFT: what is left is not wanted any more, or less than the venue trades."""

    SENT = 1
    ENDED = 2
    FILLED = 3
    LEFT = 4


# members of enums as names of this module: compiled code reads them without a lookup
WAITING: Final = LevelState.WAITING
PLACED: Final = LevelState.PLACED
DONE: Final = LevelState.DONE

MOVES: Final[dict[tuple[LevelState, LevelEvent], LevelState]] = {
    (WAITING, LevelEvent.SENT): PLACED,
    # a fill that came after its order had ended
    (WAITING, LevelEvent.FILLED): DONE,
    (WAITING, LevelEvent.LEFT): DONE,
    (PLACED, LevelEvent.ENDED): WAITING,
    (PLACED, LevelEvent.FILLED): DONE,
    (PLACED, LevelEvent.LEFT): DONE,
    # DONE absorbs: it has no moves
}


class Level:
    """One level.

    Attributes
    ----------
    number : int
        From 1.
    ticks, lots : int
        Price and size.
    near, far : int
        The level may be sent while near <= (bid + ask, in ticks) <= far.
    filled_lots : int
        Of all its orders.
    order : Order, optional
        The one that is live.
    order_ids : list of str
        All that it ever sent.
    """

    __slots__ = ("far", "filled_lots", "lots", "near", "number", "order", "order_ids", "state", "ticks")

    def __init__(self, number: int, ticks: int, lots: int, near: int, far: int) -> None:
        self.number = number
        self.ticks = ticks
        self.lots = lots
        self.near = near
        self.far = far
        self.state = WAITING
        self.filled_lots = 0
        self.order: Order | None = None
        self.order_ids: list[str] = []

    @property
    def left_lots(self) -> int:
        """Still to be filled."""
        return max(0, self.lots - self.filled_lots)

    @property
    def is_bounded(self) -> bool:
        return self.near != NO_LOW or self.far != NO_HIGH

    def allows(self, mid_half_ticks: int | None) -> bool:
        """Whether the mid, in half ticks, is inside its bounds; an unknown one is in no bounds."""
        if not self.is_bounded:
            return True
        return mid_half_ticks is not None and self.near <= mid_half_ticks <= self.far

    def watched(self) -> tuple[int, int]:
        """(low, high) in ticks: prices at which a market's walk comes into its bounds."""
        return NO_LOW if self.far == NO_HIGH else self.far // 2, NO_HIGH if self.near == NO_LOW else -(-self.near // 2)

    def move(self, event: LevelEvent) -> None:
        target = MOVES.get((self.state, event))
        if target is None:
            raise IllegalMove(f"level {self.number} is {self.state.name} and has no move {event.name}")
        self.state = target


def levels_of(config: DCAExecutorConfig, instrument: Instrument) -> list[Level]:
    """The levels of a config, in the order in which they are opened."""
    levels = []
    for number, (amount, price) in enumerate(zip(config.amounts_quote, config.prices, strict=True), start=1):
        ticks = instrument.price_ticks(price, config.side)
        levels.append(
            Level(number, ticks, int(amount // (price * instrument.lot_size)), *_bounds(config, Fraction(price) / Fraction(instrument.tick_size)))
        )
    return levels


def _bounds(config: DCAExecutorConfig, ticks: Fraction) -> tuple[int, int]:
    """Half ticks between which the mid has to be; every comparison is strict.

    MAKER BUY price > mid (1 - b0), SELL price < mid (1 + b0). TAKER BUY price (1 - b0) < mid < price (1 + b1), SELL price (1 - b1) < mid < price (1 + b0).
    """
    bounds = config.bounds
    if bounds is None:
        return NO_LOW, NO_HIGH
    first = Fraction(bounds[0])
    is_buy = config.side is TradeType.BUY
    if config.mode is DCAMode.MAKER:
        if is_buy:
            return NO_LOW, _below(ticks / (1 - first)) if first < 1 else NO_HIGH
        return _above(ticks / (1 + first)), NO_HIGH
    second = Fraction(bounds[1])
    below, above = (first, second) if is_buy else (second, first)
    return _above(ticks * (1 - below)), _below(ticks * (1 + above))


def _above(ticks: Fraction) -> int:
    """Smallest number of half ticks above a price."""
    return floor(2 * ticks) + 1


def _below(ticks: Fraction) -> int:
    """Largest number of half ticks below a price."""
    return ceil(2 * ticks) - 1
