"""`LevelBook`: the levels of a running grid, what each holds, and which order is whose."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from botcore.executors.grid.levels import CLOSE_ORDER_PLACED, COMPLETE, NOT_ACTIVE, OPEN_ORDER_PLACED, GridLevel, LevelEvent
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill, Purpose
from botcore.orders.tracker import Order

REMEMBERED: Final = 4
"""Ended orders by level whose late fills still find their level; others go to the level that is nearest in price."""


class LevelBook:
    """Passive.

    Attributes
    ----------
    levels : list of GridLevel
        By index; none before the grid is laid out.
    """

    def __init__(self, side: TradeType, instrument: Instrument) -> None:
        self._side = side
        self._instrument = instrument
        self._level_of: OrderedDict[str, GridLevel] = OrderedDict()
        self.levels: list[GridLevel] = []

    def bind(self, order: Order, level: GridLevel) -> None:
        """An order is a level's from now on."""
        if order.request.purpose is Purpose.OPEN:
            level.open_order = order
            level.move(LevelEvent.OPEN_SENT)
        else:
            level.close_order = order
            level.move(LevelEvent.CLOSE_SENT)
        self._level_of[order.client_order_id] = level

    def of(self, order: Order) -> GridLevel | None:
        """The level that an order works for; None where it is no level's, or ended long ago."""
        return self._level_of.get(order.client_order_id)

    def lots(self, level: GridLevel) -> int:
        """What a level holds."""
        return self._instrument.lots(max(Decimal(0), level.base))

    # ---- fills -----------------------------------------------------------------------------------------------------
    def booked(self, order: Order, fill: Fill) -> None:
        """An order of the grid has traded."""
        level = self.of(order)
        if fill.trade_type is self._side:
            self._hold(level or self._nearest(fill.price_ticks), fill, order.is_open)
        elif level is not None:
            level.base -= fill.amount
        elif order.request.purpose is Purpose.EXTERNAL:
            self._shed(fill.amount)

    def _hold(self, level: GridLevel, fill: Fill, is_live: bool) -> None:
        level.base += fill.amount - (fill.fee.amount if fill.fee.asset == self._instrument.base else 0)
        if not is_live and level.state in (NOT_ACTIVE, COMPLETE):
            level.move(LevelEvent.FILLED_LATE)

    def _nearest(self, ticks: int) -> GridLevel:
        return min(self.levels, key=lambda level: (abs(level.open_ticks - ticks), level.index))

    def _shed(self, amount: Decimal) -> None:
        """Somebody closed a part of the position at the venue: the levels nearest to their profit have less to close."""
        for level in sorted(self.levels, key=lambda level: level.close_ticks, reverse=self._side is not TradeType.BUY):
            part = min(amount, max(Decimal(0), level.base))
            level.base -= part
            amount -= part

    # ---- ends ------------------------------------------------------------------------------------------------------
    def ended(self, order: Order, live: Collection[str]) -> None:
        """An order has ended: its level goes on from what it holds. `live` are the ids of those that have not."""
        level = self.of(order)
        if level is None:
            return
        if order is level.open_order:
            level.open_order = None
            level.move(LevelEvent.ENDED_HOLDING if self.lots(level) else LevelEvent.ENDED_EMPTY)
        elif order is level.close_order:
            level.close_order = None
            if self.lots(level):
                level.move(LevelEvent.ENDED_HOLDING)
            else:
                level.cycles += 1
                level.move(LevelEvent.ENDED_EMPTY)
        self._level_of.move_to_end(order.client_order_id)
        self._forget_old(live)

    def _forget_old(self, live: Collection[str]) -> None:
        """Keep the level of the latest orders that have ended, besides those that are live."""
        while len(self._level_of) > REMEMBERED * len(self.levels) + len(live):
            oldest = next((name for name in self._level_of if name not in live), None)
            if oldest is None:
                return
            del self._level_of[oldest]

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return {"levels": [level.as_state() for level in self.levels], "level_of": {name: level.index for name, level in self._level_of.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` has given."""
        self.levels = [GridLevel.from_state(index, of_level, self._side, self._instrument) for index, of_level in enumerate(state["levels"])]
        self._level_of = OrderedDict((name, self.levels[index]) for name, index in state["level_of"].items())

    def take_up(self, order: Order) -> bool:
        """A live order of an earlier process; False when it is no level's."""
        level = self.of(order)
        if level is None:
            return False
        if order.request.purpose is Purpose.OPEN:
            level.open_order = order
        else:
            level.close_order = order
        return True

    def drop_lost(self) -> None:
        """An order that ended before the crash, and was not told: its level goes on from what it holds."""
        for level in self.levels:
            if (level.state is OPEN_ORDER_PLACED and level.open_order is None) or (level.state is CLOSE_ORDER_PLACED and level.close_order is None):
                level.move(LevelEvent.ENDED_HOLDING if self.lots(level) else LevelEvent.ENDED_EMPTY)
