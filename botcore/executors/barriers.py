"""The triple barrier with trailing stop, as integer comparisons.

Net PnL as a fraction of what was opened is a straight line in the closing price: pct(close) = slope * close + offset, exact in Fractions, known after
every fill. Each barrier becomes the price in ticks at which the line meets it, rounded so that `<=`, `>=`, `<` and `>` stay exactly what they are
on the line. A tick then compares integers; most ticks are one look at a quiet band.

Comparisons (Strategy V2): stop loss pct <= -stop_loss; take profit pct >= take_profit; trailing arms at pct > activation_price and closes at
pct < best - trailing_delta, both strict. A trailing stop never loosens, whatever fills come later.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Final

from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.exposure import Exposure
from botcore.model.enums import CloseType, OrderType

NO_LOW: Final = -(2**62)
NO_HIGH: Final = 2**62 - 1


class Barriers:
    """Barriers of one position; dormant until `rebase` has seen an exposure.

    Attributes
    ----------
    low, high : int
        Quiet band in ticks: strictly between them nothing can happen.

    Parameters
    ----------
    sign : int
        +1 for a long position, -1 for a short one.
    profit_is_strict : bool
        Take profit at pct > take_profit instead of >=.
    max_loss_quote : Decimal, optional
        Stop at this loss in quote, whatever is held, instead of at the fraction `stop_loss` of what was opened.
    """

    __slots__ = (
        "_arm",
        "_config",
        "_delta_floor",
        "_line",
        "_max_loss",
        "_peak",
        "_profit",
        "_profit_is_strict",
        "_sign",
        "_stop",
        "_trail",
        "_trail_pct",
        "high",
        "is_active",
        "low",
    )

    def __init__(self, config: TripleBarrierConfig, sign: int, *, profit_is_strict: bool = False, max_loss_quote: Decimal | None = None) -> None:
        self._config = config
        self._sign = sign
        self._profit_is_strict = profit_is_strict
        self._max_loss = max_loss_quote
        self._line: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
        # prices are kept times the sign, so that for both directions "higher is better"
        self._stop: int | None = None
        self._profit: int | None = None
        self._arm: int | None = None
        self._trail: int | None = None
        self._peak: int | None = None
        self._trail_pct: Fraction | None = None
        self._delta_floor = 0
        self.is_active = False
        self.low, self.high = NO_LOW, NO_HIGH

    # ---- after every fill ------------------------------------------------------------------------------------------
    def rebase(self, exposure: Exposure) -> None:
        """Place the barriers for what is held now."""
        lots = abs(Fraction(exposure.base) / Fraction(exposure.instrument.lot_size))
        if not lots or not exposure.opened_cost:
            self.is_active = False
            self.low, self.high = NO_LOW, NO_HIGH
            return
        self._remember_trail()
        unit, opened = Fraction(exposure.instrument.unit), Fraction(exposure.opened_cost)
        fees = Fraction(exposure.other_fees) / unit
        slope = lots / opened
        offset = (self._sign * (exposure.closed_cost - exposure.opened_cost) - fees) / opened
        self._line = (slope, offset)
        self.is_active = True
        config = self._config
        if self._max_loss is not None:
            self._stop = floor(self._better(-Fraction(self._max_loss) / unit / opened))
        else:
            self._stop = None if config.stop_loss is None else floor(self._better(-Fraction(config.stop_loss)))
        self._profit = None
        if config.take_profit is not None and config.take_profit_order_type is OrderType.MARKET:
            profit = self._better(Fraction(config.take_profit))
            self._profit = floor(profit) + 1 if self._profit_is_strict else ceil(profit)
        if config.trailing_stop is not None:
            self._arm = floor(self._better(Fraction(config.trailing_stop.activation_price))) + 1
            self._delta_floor = floor(Fraction(config.trailing_stop.trailing_delta) / slope)
            if self._trail_pct is not None:
                self._trail = ceil(self._better(self._trail_pct)) - 1
        self._set_band()

    def _better(self, pct: Fraction) -> Fraction:
        """Signed closing price in ticks at which the line has this value."""
        slope, offset = self._line
        return (pct - offset) / slope

    def _remember_trail(self) -> None:
        """Turn the trailing trigger into a PnL fraction, which survives a change of the position."""
        if self._peak is None or self._config.trailing_stop is None:
            return
        slope, offset = self._line
        trigger = slope * self._peak + offset - Fraction(self._config.trailing_stop.trailing_delta)
        if self._trail_pct is None or trigger > self._trail_pct:
            self._trail_pct = trigger
        self._peak = None

    # ---- every tick ------------------------------------------------------------------------------------------------
    def check(self, close_ticks: int) -> CloseType | None:
        """The barrier that this closing price hits, in the order stop loss, trailing stop, take profit; moves the trailing stop."""
        better = self._sign * close_ticks
        if self._stop is not None and better <= self._stop:
            return CloseType.STOP_LOSS
        if self._trails(better):
            return CloseType.TRAILING_STOP
        if self._profit is not None and better >= self._profit:
            return CloseType.TAKE_PROFIT
        return None

    def _trails(self, better: int) -> bool:
        if self._arm is None:
            return False
        if self._trail is None:
            if better < self._arm:
                return False
        elif better <= self._trail:
            return True
        if self._peak is None or better > self._peak:
            self._peak = better
            moved = better - self._delta_floor - 1
            if self._trail is None or moved > self._trail:
                self._trail = moved
            self._set_band()
        return False

    def _set_band(self) -> None:
        worse = max((edge for edge in (self._stop, self._trail) if edge is not None), default=None)
        edges = [edge for edge in (self._profit,) if edge is not None]
        if self._arm is not None:
            edges.append(self._arm if self._trail is None else (self._peak or self._trail) + 1)
        better = min(edges, default=None)
        if self._sign > 0:
            self.low = NO_LOW if worse is None else worse
            self.high = NO_HIGH if better is None else better
        else:
            self.low = NO_LOW if better is None else -better
            self.high = NO_HIGH if worse is None else -worse

    def watched(self) -> tuple[int, int]:
        """(low, high) prices at which a market's walk must stop for this position: exits only, arming needs no stop."""
        worse = max((edge for edge in (self._stop, self._trail) if edge is not None), default=None)
        if self._sign > 0:
            return NO_LOW if worse is None else worse, NO_HIGH if self._profit is None else self._profit
        return NO_LOW if self._profit is None else -self._profit, NO_HIGH if worse is None else -worse

    def stop_ticks(self) -> int | None:
        """Price at which the stop loss fires, in ticks; None without one, or while nothing is held."""
        return None if self._stop is None or not self.is_active else self._sign * self._stop

    @property
    def is_armed(self) -> bool:
        """Whether the trailing stop follows the price."""
        return self._trail is not None

    def trailing_trigger(self) -> Fraction | None:
        """PnL fraction below which the trailing stop closes; None while it is not armed."""
        if self._config.trailing_stop is None or (self._peak is None and self._trail_pct is None):
            return None
        if self._peak is None:
            return self._trail_pct
        slope, offset = self._line
        trigger = slope * self._peak + offset - Fraction(self._config.trailing_stop.trailing_delta)
        return trigger if self._trail_pct is None else max(trigger, self._trail_pct)

    def restore_trail(self, trigger: Fraction) -> None:
        """Arm the trailing stop where it stood before a restart; call before `rebase`."""
        self._trail_pct = trigger
