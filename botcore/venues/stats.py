"""What a venue's calls cost and how they ended, counted for /status and /metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from botcore.venues.wire import Call, Verdict

LATENCY_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets in which round trips are counted."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One request that was made, or one that was not let out.

    Parameters
    ----------
    status : int
        Of the reply; 0 when there was none.
    waited_s, took_s : float
        Time in the limiter's queue, and from leaving to the end of the reply.
    left : bool
        Whether a byte may have left.
    """

    call: Call
    verdict: Verdict
    status: int
    waited_s: float
    took_s: float
    left: bool


class CallHook(Protocol):
    """Told of every request."""

    def on_call(self, record: CallRecord) -> None: ...


@dataclass(slots=True)
class CallFigures:
    """Sums of one kind of call; `buckets` counts round trips up to each of `LATENCY_BOUNDS_S`, the last one all that are longer."""

    requests: int = 0
    took_s: float = 0.0
    longest_s: float = 0.0
    waited_s: float = 0.0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS_S) + 1))


class CallStats:
    """Counts what it is told; one for each connection to a venue."""

    def __init__(self) -> None:
        self.figures: dict[str, CallFigures] = {}
        self.weights: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.turned_away = 0

    def on_call(self, record: CallRecord) -> None:
        if not record.left:
            self.turned_away += 1
            return
        figures = self.figures.setdefault(record.call.name, CallFigures())
        figures.requests += 1
        figures.took_s += record.took_s
        figures.longest_s = max(figures.longest_s, record.took_s)
        figures.waited_s += record.waited_s
        figures.verdicts[record.verdict] += 1
        figures.buckets[sum(1 for bound in LATENCY_BOUNDS_S if record.took_s > bound)] += 1
        self.statuses[record.status] += 1
        for name, weight in record.call.weights:
            self.weights[name] += weight

    @property
    def requests(self) -> int:
        return sum(figures.requests for figures in self.figures.values())

    @property
    def errors(self) -> int:
        """Requests that ended without a word of the venue that could be trusted."""
        return sum(figures.verdicts[Verdict.UNKNOWN] for figures in self.figures.values())
