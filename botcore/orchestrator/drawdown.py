"""How far a PnL has fallen from its peak. A PnL that is not known is not looked at: it neither moves the peak nor counts as a drop."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


class Drawdown:
    """See the module; a PnL begins at 0, so a loss from the start counts.

    Attributes
    ----------
    peak, worst : Decimal
        Best PnL so far, and the largest drop from a peak, quote.
    drop : Decimal
        Drop when it was looked at last with a known PnL.
    """

    __slots__ = ("drop", "peak", "pnl", "worst")

    def __init__(self) -> None:
        self.pnl = ZERO
        self.peak = ZERO
        self.drop = ZERO
        self.worst = ZERO

    def see(self, pnl: Decimal | None) -> None:
        """Look at the present PnL."""
        if pnl is None or pnl.is_nan():
            return
        self.pnl = pnl
        if pnl > self.peak:
            self.peak = pnl
        self.drop = self.peak - pnl
        if self.drop > self.worst:
            self.worst = self.drop

    def begin_anew(self) -> None:
        """Count from the present PnL; the worst stays."""
        self.peak, self.drop = self.pnl, ZERO
