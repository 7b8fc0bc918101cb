"""How far a PnL has fallen from its peak. A PnL that is not known is not looked at: it neither moves the peak nor counts as a drop."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from botcore.model.records import DrawdownRecord
from botcore.model.times import DAY_NS, SECOND_NS

ZERO: Final = Decimal(0)

WRITTEN_EVERY_NS: Final = 10 * SECOND_NS
"""A peak that rises with every tick is written so often: a crash forgets what it rose by since then. One that was lowered is written at once."""


class Drawdown:
    """See the module; a PnL begins at 0, so a loss from the start counts.

    Parameters
    ----------
    controller_id : str
        Whose PnL it is; empty for the whole bot's.

    Attributes
    ----------
    asset : str
        What all of it is in; empty while that is not known.
    peak, worst : Decimal
        Best PnL so far, and the largest drop from a peak.
    drop : Decimal
        Drop when it was looked at last with a known PnL.
    day, begun : int, Decimal
        Day of market time (UTC) of that look, -1 before any, and the PnL with which the day began.
    day_loss : Decimal
        What was lost since then by that look; 0 where something was won.
    """

    __slots__ = (
        "_begins",
        "_sees",
        "_written",
        "_written_ns",
        "asset",
        "begun",
        "controller_id",
        "day",
        "day_loss",
        "drop",
        "peak",
        "pnl",
        "worst",
    )

    def __init__(self, controller_id: str = "") -> None:
        self.controller_id = controller_id
        self.asset = ""
        self.pnl = ZERO
        self.peak = ZERO
        self.drop = ZERO
        self.worst = ZERO
        self.day = -1
        self.begun = ZERO
        self.day_loss = ZERO
        self._sees = False
        self._begins = False
        self._written = DrawdownRecord(controller_id, ZERO, ZERO)
        self._written_ns = 0

    def see(self, pnl: Decimal | None, now_ns: int = 0) -> None:
        """Look at the present PnL."""
        if pnl is None or pnl.is_nan():
            return
        day = now_ns // DAY_NS
        if day != self.day or self._begins:
            # of a day that began while nothing ran the first look counts
            self.begun = self.pnl if self._sees and not self._begins else pnl if self.day >= 0 or self._begins else ZERO
            self.day = day
        self._sees = True
        self.pnl = pnl
        if pnl > self.peak or self._begins:
            self.peak = pnl
            self._begins = False
        self.drop = self.peak - pnl
        self.day_loss = max(ZERO, self.begun - pnl)
        if self.drop > self.worst:
            self.worst = self.drop

    def begin_anew(self) -> None:
        """Count from the present PnL, or from the next where none is known yet; the worst stays."""
        if not self._sees:
            self.begin_with_next()
            return
        self.peak = self.begun = self.pnl
        self.drop = self.day_loss = ZERO

    def begin_with_next(self) -> None:
        """Count from the next PnL that is known: whoever starts a stopped bot again knows what it has lost."""
        self._begins = True
        self.drop = self.day_loss = ZERO

    # ---- records ---------------------------------------------------------------------------------------------------
    def is_due(self, now_ns: int) -> bool:
        """Whether it must be written down now; the caller does so."""
        written = self._written
        if self._begins or not (self.peak or self.worst or written.peak_quote or written.worst_quote):
            # nothing to count from yet, or nothing worth a row
            return False
        is_same = self.asset == written.asset and self.day == written.day and self.begun == written.day_begun_quote
        if is_same and self.peak == written.peak_quote and self.worst == written.worst_quote:
            return False
        if is_same and self.peak >= written.peak_quote and self._written_ns and now_ns < self._written_ns + WRITTEN_EVERY_NS:
            return False
        self._written, self._written_ns = self.record(), now_ns
        return True

    def record(self) -> DrawdownRecord:
        return DrawdownRecord(self.controller_id, self.peak, self.worst, self.asset, self.day, self.begun)

    def restore(self, record: DrawdownRecord, asset: str = "") -> bool:
        """Go on from what an earlier process wrote; False when that was in another asset than the PnL is in now: then it counts anew, from the next PnL."""
        self._written = record
        if record.asset and asset and record.asset != asset:
            self.begin_with_next()
            return False
        self.asset, self.peak, self.worst = record.asset, record.peak_quote, record.worst_quote
        # records of before days were counted have none: then the first look counts, and not all that was ever lost
        self.day, self.begun = max(record.day, 0), record.day_begun_quote
        return True
