"""Levels of a grid: where they stand, how large they are, and the life of one as a table of moves.

Generation follows Strategy V2: as many levels as the budget allows at the smallest legal order (with 5 % to spare), not closer than the smallest spread, all of
the same quote amount, evenly from the lowest to the highest price. What is left of the budget after rounding down is `residual_quote`, and told.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.rounding import SETTLED
from botcore.model.enums import TradeType
from botcore.model.errors import IllegalMove
from botcore.model.instrument import Instrument
from botcore.orders.tracker import Order

MARGIN: Final = Decimal("1.05")
"""A level may be sent at a price below the one that it was sized for, and must still be legal there."""

ZERO: Final = Decimal(0)


class LevelState(Enum):
    """Where a level stands."""

    NOT_ACTIVE = "NOT_ACTIVE"
    OPEN_ORDER_PLACED = "OPEN_ORDER_PLACED"
    OPEN_ORDER_FILLED = "OPEN_ORDER_FILLED"
    CLOSE_ORDER_PLACED = "CLOSE_ORDER_PLACED"
    COMPLETE = "COMPLETE"


class LevelEvent(Enum):
    """What can happen to a level."""

    OPEN_SENT = 1
    """An open order is on its way."""
    ENDED_HOLDING = 2
    """Its order has ended and something is held."""
    ENDED_EMPTY = 3
    """Its order has ended and nothing is held (nothing that could be traded)."""
    CLOSE_SENT = 4
    RECYCLED = 5
    """It may be opened again."""
    FILLED_LATE = 6
    """Something was traded by an order that had ended already."""


NOT_ACTIVE: Final = LevelState.NOT_ACTIVE
OPEN_ORDER_PLACED: Final = LevelState.OPEN_ORDER_PLACED
OPEN_ORDER_FILLED: Final = LevelState.OPEN_ORDER_FILLED
CLOSE_ORDER_PLACED: Final = LevelState.CLOSE_ORDER_PLACED
COMPLETE: Final = LevelState.COMPLETE

MOVES: Final[dict[tuple[LevelState, LevelEvent], LevelState]] = {
    (NOT_ACTIVE, LevelEvent.OPEN_SENT): OPEN_ORDER_PLACED,
    (OPEN_ORDER_PLACED, LevelEvent.ENDED_HOLDING): OPEN_ORDER_FILLED,
    (OPEN_ORDER_PLACED, LevelEvent.ENDED_EMPTY): NOT_ACTIVE,
    (OPEN_ORDER_FILLED, LevelEvent.CLOSE_SENT): CLOSE_ORDER_PLACED,
    # what is held is too little to be closed: it waits for the next open order and is closed with it
    (OPEN_ORDER_FILLED, LevelEvent.ENDED_EMPTY): NOT_ACTIVE,
    (CLOSE_ORDER_PLACED, LevelEvent.ENDED_HOLDING): OPEN_ORDER_FILLED,
    (CLOSE_ORDER_PLACED, LevelEvent.ENDED_EMPTY): COMPLETE,
    (COMPLETE, LevelEvent.RECYCLED): NOT_ACTIVE,
    (NOT_ACTIVE, LevelEvent.FILLED_LATE): OPEN_ORDER_FILLED,
    (COMPLETE, LevelEvent.FILLED_LATE): OPEN_ORDER_FILLED,
}


class GridLevel:
    """One level.

    Attributes
    ----------
    price : Decimal
        Where it opens.
    amount_quote : Decimal
        Quote value of its open order.
    take_profit : Decimal
        Fraction of the price at which it closes again.
    base : Decimal
        What it holds, in the grid's direction, after fees that were taken in base.
    open_order, close_order : Order, optional
        Its live orders.
    cycles : int
        How often it has opened and closed.
    """

    __slots__ = ("amount_quote", "base", "close_order", "close_ticks", "cycles", "index", "open_order", "open_ticks", "price", "state", "take_profit")

    def __init__(self, index: int, price: Decimal, amount_quote: Decimal, take_profit: Decimal, side: TradeType, instrument: Instrument) -> None:
        self.index = index
        self.price = price
        self.amount_quote = amount_quote
        self.state = NOT_ACTIVE
        self.base = ZERO
        self.open_order: Order | None = None
        self.close_order: Order | None = None
        self.cycles = 0
        self.open_ticks = instrument.price_ticks(price, side)
        self.retarget(take_profit, side, instrument)

    def __repr__(self) -> str:
        return f"<GridLevel {self.id} {self.price:f} {self.state.name}>"

    @property
    def id(self) -> str:
        return f"L{self.index}"

    def close_price(self, side: TradeType) -> Decimal:
        """Where it takes its profit; a step may have no last digit, and what it was rounded to must not make the price a tick worse."""
        return SETTLED.plus(self.price * (1 + side.sign * self.take_profit))

    def retarget(self, take_profit: Decimal, side: TradeType, instrument: Instrument) -> None:
        """Close at another profit from now on."""
        self.take_profit = take_profit
        self.close_ticks = max(1, instrument.price_ticks(self.close_price(side), side.opposite))

    def move(self, event: LevelEvent) -> None:
        target = MOVES.get((self.state, event))
        if target is None:
            raise IllegalMove(f"{self!r} has no move {event.name}")
        self.state = target

    # ---- restart ---------------------------------------------------------------------------------------------------
    def as_state(self) -> dict[str, Any]:
        return {
            "price": str(self.price),
            "amount_quote": str(self.amount_quote),
            "take_profit": str(self.take_profit),
            "state": self.state.name,
            "base": str(self.base),
            "cycles": self.cycles,
        }

    @classmethod
    def from_state(cls, index: int, state: dict[str, Any], side: TradeType, instrument: Instrument) -> GridLevel:
        level = cls(index, Decimal(state["price"]), Decimal(state["amount_quote"]), Decimal(state["take_profit"]), side, instrument)
        level.state = LevelState[state["state"]]
        level.base = Decimal(state["base"])
        level.cycles = state["cycles"]
        return level


@dataclass(frozen=True, slots=True)
class Ladder:
    """Levels of a grid as they were laid out.

    Parameters
    ----------
    step : Decimal
        Distance between two levels as a fraction of the lowest price.
    residual_quote : Decimal
        Part of the budget that no level uses.
    """

    levels: list[GridLevel]
    step: Decimal
    residual_quote: Decimal


def lay_out(config: GridExecutorConfig, instrument: Instrument, mid: Decimal) -> Ladder | str:
    """Levels for this budget at this mid price, or a sentence that says why there are none."""
    lot = instrument.lot_size
    smallest_quote = max(config.min_order_amount_quote, instrument.min_notional) * MARGIN
    smallest_base = max(_up(smallest_quote / mid, lot), _up(instrument.min_amount, lot), lot)
    if smallest_base * mid > config.total_amount_quote:
        return (
            f"the grid's {config.total_amount_quote:f} {instrument.quote} do not pay for one order: "
            f"the smallest is {smallest_base * mid:f} {instrument.quote} ({smallest_base:f} {instrument.base})"
        )
    width = (config.end_price - config.start_price) / config.start_price
    step = max(config.min_spread_between_orders, instrument.tick_size / mid)
    count = max(1, min(int(config.total_amount_quote / (smallest_base * mid)), int(width / step)))
    base = max(smallest_base, _down(config.total_amount_quote / (mid * count), lot))
    quote = base * mid
    count = max(1, min(count, int(config.total_amount_quote / quote)))
    step = step_of(config, count)
    profit = profit_of(config, count)
    levels = [GridLevel(index, price, quote, profit, config.side, instrument) for index, price in enumerate(_prices(config, count))]
    return Ladder(levels, step, config.total_amount_quote - quote * count)


def step_of(config: GridExecutorConfig, count: int) -> Decimal:
    """Distance between two of `count` levels as a fraction of the lowest price."""
    width = (config.end_price - config.start_price) / config.start_price
    return width / (count - 1) if count > 1 else width


def profit_of(config: GridExecutorConfig, count: int) -> Decimal:
    """Profit at which each of `count` levels closes."""
    profit = config.triple_barrier_config.take_profit
    assert profit is not None
    return max(step_of(config, count), profit) if config.coerce_tp_to_step else profit


def _prices(config: GridExecutorConfig, count: int) -> list[Decimal]:
    low, high = config.start_price, config.end_price
    if count == 1:
        return [(low + high) / 2]
    return [low + (high - low) * index / (count - 1) for index in range(count)]


def _up(value: Decimal, lot: Decimal) -> Decimal:
    whole = value // lot
    return (whole if whole * lot == value else whole + 1) * lot


def _down(value: Decimal, lot: Decimal) -> Decimal:
    return value // lot * lot
