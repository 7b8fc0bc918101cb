"""How a LIMIT_CHASER follows the market: where it rests, and when it moves.

It rests `distance` behind the touch of its own side. It moves when that touch has gone away from where it stood at the quote by more than `refresh_threshold` of the
present price: the distance itself is no reason to move, and the market coming nearer is none either.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from botcore.executors.data_types import LimitChaserConfig
from botcore.markets.price_watch import NO_HIGH, NO_LOW
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument


class Chaser:
    """See the module.

    Attributes
    ----------
    anchor_ticks : int, optional
        Touch at the last quote; None before the first.
    """

    __slots__ = ("_away", "_config", "_instrument", "_is_buy", "_side", "anchor_ticks")

    def __init__(self, config: LimitChaserConfig, instrument: Instrument, side: TradeType) -> None:
        self._config = config
        self._instrument = instrument
        self._side = side
        self._is_buy = side is TradeType.BUY
        self.anchor_ticks: int | None = None
        self._away = NO_HIGH if self._is_buy else NO_LOW

    def quote_ticks(self, touch_ticks: int) -> int:
        """Limit of an order for this touch: best bid times (1 - distance), best ask times (1 + distance)."""
        distance = self._config.distance
        return self._instrument.price_ticks(self._instrument.price(touch_ticks) * (1 - distance if self._is_buy else 1 + distance), self._side)

    def anchor(self, touch_ticks: int) -> None:
        """Remember the touch that an order was quoted for."""
        self.anchor_ticks = touch_ticks
        threshold = Fraction(self._config.refresh_threshold)
        if not self._is_buy:
            # anchor - ask > threshold * ask
            self._away = ceil(touch_ticks / (1 + threshold)) - 1
        elif threshold < 1:
            # bid - anchor > threshold * bid
            self._away = floor(touch_ticks / (1 - threshold)) + 1
        else:
            self._away = NO_HIGH

    def has_to_move(self, touch_ticks: int) -> bool:
        """Whether the market has gone away too far."""
        return touch_ticks >= self._away if self._is_buy else touch_ticks <= self._away

    def watched(self) -> tuple[int, int]:
        """(low, high) prices at which a market's walk must stop for it."""
        return (NO_LOW, self._away) if self._is_buy else (self._away, NO_HIGH)
