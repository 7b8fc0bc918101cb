"""What every source of market events is, seen from the tape that merges them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from botcore.model.instrument import Instrument
from botcore.model.market_events import MarketEvent


class MarketFeed(Protocol):
    """A recorded or generated market of one instrument.

    A feed is passive: the tape asks when the next event is due and takes it when market time has come so far. It never reads a clock. The same
    feed, started from the same state, gives the same events.
    """

    instrument: Instrument

    def next_ns(self) -> int:
        """Market time of the next event, ns UTC; `NEVER` at the end."""

    def pop(self) -> MarketEvent:
        """Take the next event. Only legal while `next_ns() != NEVER`."""

    def history(self, interval_s: int, count: int) -> np.ndarray:
        """Closed candles before the first event.

        Returns
        -------
        float64 [n, 6], n <= count
            Columns open time (s), open, high, low, close, volume; oldest first, equidistant.
        """

    def state(self) -> dict[str, Any]:
        """JSON-ready position of the feed, enough for `restore` to go on exactly here."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken; the following events are those that would have followed then."""
