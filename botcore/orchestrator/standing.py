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
from botcore.executors.exposure import PnlLine, Traded
from botcore.model.instrument import Market, quote_of
from botcore.orchestrator.reporting import add_known

ZERO: Final = Decimal(0)

PriceOf = Callable[[Market, bool], Decimal | None]
"""(market, whether the position is long) -> the price at which it would be closed; None while that is not known."""


@dataclass(frozen=True, slots=True)
class OpenSums:
    """Sums over open executors in one quote asset; `pnl` is None while a price that it needs is not known."""

    volume: Decimal = ZERO
    fees: Decimal = ZERO
    pnl: Decimal | None = ZERO
    unpriced: bool = False


class _Part:
    """What one executor adds; `lines` is None when it has to be asked."""

    __slots__ = ("lines", "traded", "unpriced")

    def __init__(self, lines: list[PnlLine] | None, traded: list[Traded], unpriced: bool) -> None:
        self.lines = lines
        self.traded = traded
        self.unpriced = unpriced


class _Line:
    """Sum of the lines of one market and side."""

    __slots__ = ("asset", "base", "cash", "count")

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.base = ZERO
        self.cash = ZERO
        self.count = 0


class _Sum:
    """What all have traded against one quote asset."""

    __slots__ = ("count", "fees", "unpriced", "volume")

    def __init__(self) -> None:
        self.volume = ZERO
        self.fees = ZERO
        self.count = 0
        self.unpriced = 0


class Standing:
    """See the module."""

    __slots__ = ("_dirty", "_lines", "_loose", "_parts", "_sums")

    def __init__(self) -> None:
        self._dirty: dict[str, ExecutorBase[Any]] = {}
        self._parts: dict[str, _Part] = {}
        self._loose: dict[str, ExecutorBase[Any]] = {}
        self._lines: dict[tuple[Market, bool], _Line] = {}
        self._sums: dict[str, _Sum] = {}

    def changed(self, executor: ExecutorBase[Any]) -> None:
        """Something about an open executor has changed; it is looked at when somebody asks."""
        if not executor.is_closed:
            self._dirty[executor.id] = executor

    def ended(self, executor_id: str) -> None:
        """An executor has ended: it adds nothing any more."""
        self._dirty.pop(executor_id, None)
        self._take_out(executor_id)

    def is_open(self) -> bool:
        """Whether anything is filled, so that the market moves its PnL."""
        self._settle()
        return bool(self._parts)

    def assets(self) -> list[str]:
        """Quote assets in which something is filled."""
        self._settle()
        return list(self._sums)

    def sums(self, price_of: PriceOf) -> dict[str, OpenSums]:
        """The sums at present prices, by quote asset."""
        self._settle()
        pnl = self._pnl(price_of)
        return {asset: OpenSums(each.volume, each.fees, pnl.get(asset, ZERO), each.unpriced > 0) for asset, each in self._sums.items()}

    def pnl(self, price_of: PriceOf) -> dict[str, Decimal | None]:
        """Net PnL of all that is open, by quote asset; None while a price that it needs is not known."""
        self._settle()
        return self._pnl(price_of)

    def _pnl(self, price_of: PriceOf) -> dict[str, Decimal | None]:
        found: dict[str, Decimal | None] = {}
        for (market, is_long), line in self._lines.items():
            value: Decimal | None = line.cash
            if line.base:
                price = price_of(market, is_long)
                value = None if price is None else line.cash + line.base * price
            add_known(found, line.asset, value)
        for executor in self._loose.values():
            for part in executor.earned():
                add_known(found, part.asset, None if part.net_pnl.is_nan() else part.net_pnl)
        return found

    def _settle(self) -> None:
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, {}
        for executor in dirty.values():
            self._take_out(executor.id)
            if executor.has_fills:
                self._put_in(executor)

    def _put_in(self, executor: ExecutorBase[Any]) -> None:
        part = _Part(executor.pnl_lines(), executor.traded(), executor.has_unpriced_fees())
        self._parts[executor.id] = part
        for each in part.traded:
            total = self._sums.get(each.asset)
            if total is None:
                total = self._sums[each.asset] = _Sum()
            total.volume += each.volume
            total.fees += each.fees
            total.unpriced += part.unpriced
            total.count += 1
        if part.lines is None:
            self._loose[executor.id] = executor
            return
        for line in part.lines:
            key = line.market, line.is_long
            sums = self._lines.get(key)
            if sums is None:
                sums = self._lines[key] = _Line(quote_of(line.market.trading_pair))
            sums.base += line.base
            sums.cash += line.cash
            sums.count += 1

    def _take_out(self, executor_id: str) -> None:
        part = self._parts.pop(executor_id, None)
        if part is None:
            return
        self._loose.pop(executor_id, None)
        for each in part.traded:
            total = self._sums[each.asset]
            total.count -= 1
            if total.count:
                total.volume -= each.volume
                total.fees -= each.fees
                total.unpriced -= part.unpriced
            else:
                # exact again, whatever was rounded on the way
                del self._sums[each.asset]
        for line in part.lines or ():
            key = line.market, line.is_long
            sums = self._lines[key]
            sums.count -= 1
            if sums.count:
                sums.base -= line.base
                sums.cash -= line.cash
            else:
                del self._lines[key]
