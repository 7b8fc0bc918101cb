"""What a controller's open executors come to: kept up to date executor by executor, so that looking costs only what has changed.

The net PnL of a position is a straight line in the price at which it would be closed. Lines of the same market and side add up to one, so a thousand open
positions are valued with one multiplication. Executors without such lines (several legs, prices of their own) are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from botcore.executors.base import ExecutorBase
from botcore.executors.exposure import PnlLine
from botcore.executors.info import ExecutorInfo
from botcore.model.instrument import Market

ZERO: Final = Decimal(0)

PriceOf = Callable[[Market, bool], Decimal | None]
"""(market, whether the position is long) -> the price at which it would be closed; None while that is not known."""


@dataclass(frozen=True, slots=True)
class OpenSums:
    """Sums over open executors; money in quote, `pnl` is None while a price that it needs is not known."""

    volume: Decimal = ZERO
    fees: Decimal = ZERO
    pnl: Decimal | None = ZERO
    unpriced: bool = False


class _Part:
    """What one executor adds; `lines` is None when it has to be asked."""

    __slots__ = ("fees", "info", "lines", "unpriced", "volume")

    def __init__(self, info: ExecutorInfo, lines: list[PnlLine] | None, volume: Decimal, fees: Decimal, unpriced: bool) -> None:
        self.info = info
        self.lines = lines
        self.volume = volume
        self.fees = fees
        self.unpriced = unpriced


class _Line:
    """Sum of the lines of one market and side."""

    __slots__ = ("base", "cash", "count")

    def __init__(self) -> None:
        self.base = ZERO
        self.cash = ZERO
        self.count = 0


class Standing:
    """See the module."""

    __slots__ = ("_dirty", "_fees", "_lines", "_loose", "_parts", "_unpriced", "_volume")

    def __init__(self) -> None:
        self._dirty: dict[str, ExecutorBase[Any]] = {}
        self._parts: dict[str, _Part] = {}
        self._loose: dict[str, ExecutorInfo] = {}
        self._lines: dict[tuple[Market, bool], _Line] = {}
        self._volume = ZERO
        self._fees = ZERO
        self._unpriced = 0

    def changed(self, executor: ExecutorBase[Any]) -> None:
        """Something about an open executor has changed; it is looked at when somebody asks."""
        if not executor.is_closed:
            self._dirty[executor.id] = executor

    def ended(self, executor_id: str) -> None:
        """An executor has ended: it adds nothing any more."""
        self._dirty.pop(executor_id, None)
        self._take_out(executor_id)

    def sums(self, price_of: PriceOf) -> OpenSums:
        """The sums at present prices."""
        self._settle()
        return OpenSums(self._volume, self._fees, self._pnl(price_of), self._unpriced > 0)

    def pnl(self, price_of: PriceOf) -> Decimal | None:
        """Net PnL of all that is open, quote; None while a price that it needs is not known."""
        self._settle()
        return self._pnl(price_of)

    def _pnl(self, price_of: PriceOf) -> Decimal | None:
        total = ZERO
        for (market, is_long), line in self._lines.items():
            total += line.cash
            if line.base:
                price = price_of(market, is_long)
                if price is None:
                    return None
                total += line.base * price
        for info in self._loose.values():
            pnl = info.net_pnl_quote
            if pnl.is_nan():
                return None
            total += pnl
        return total

    def _settle(self) -> None:
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, {}
        for executor in dirty.values():
            self._take_out(executor.id)
            if executor.has_fills:
                self._put_in(executor)

    def _put_in(self, executor: ExecutorBase[Any]) -> None:
        info, lines = executor.info, executor.pnl_lines()
        part = _Part(info, lines, executor.filled_amount_quote(), executor.cum_fees_quote(), executor.has_unpriced_fees())
        self._parts[executor.id] = part
        self._volume += part.volume
        self._fees += part.fees
        self._unpriced += part.unpriced
        if lines is None:
            self._loose[executor.id] = info
            return
        for line in lines:
            key = line.market, line.is_long
            total = self._lines.get(key)
            if total is None:
                total = self._lines[key] = _Line()
            total.base += line.base
            total.cash += line.cash
            total.count += 1

    def _take_out(self, executor_id: str) -> None:
        part = self._parts.pop(executor_id, None)
        if part is None:
            return
        self._volume -= part.volume
        self._fees -= part.fees
        self._unpriced -= part.unpriced
        self._loose.pop(executor_id, None)
        for line in part.lines or ():
            key = line.market, line.is_long
            total = self._lines[key]
            total.count -= 1
            if total.count:
                total.base -= line.base
                total.cash -= line.cash
            else:
                # exact again, whatever was rounded on the way
                del self._lines[key]


def sums_of(infos: list[ExecutorInfo]) -> OpenSums:
    """The same from executors' windows, asked one by one."""
    volume, fees, unpriced = ZERO, ZERO, False
    total: Decimal | None = ZERO
    for info in infos:
        filled = info.filled_amount_quote
        if not filled:
            continue
        volume += filled
        fees += info.cum_fees_quote
        unpriced = unpriced or bool(info.custom_info.get("unpriced_fees"))
        pnl = info.net_pnl_quote
        total = None if total is None or pnl.is_nan() else total + pnl
    return OpenSums(volume, fees, total, unpriced)
