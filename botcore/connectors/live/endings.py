"""Reports that count executions which have not arrived: the end of an order is held back until they have.

Venues say FILLED or CANCELED on one channel and send the executions on another, later or not at all. An end without its executions would let an executor
believe that it holds less than it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from botcore.model.times import SECOND_NS
from botcore.venues.wire import OrderReport

LONGEST_PAUSE_NS = 15 * SECOND_NS


@dataclass(slots=True)
class _Waiting:
    report: OrderReport
    since_ns: int
    next_ask_ns: int
    asked: int = 0
    is_told: bool = False
    is_proven: bool = False


class EndingBook:
    """Orders whose executions are asked for.

    Parameters
    ----------
    patience_ns : int
        After so long it is told that executions are missing.
    lag_ns : int
        How old a list of the venue may be. An end is held back until a list that can't be older than the report does not show what the report counts.
    """

    def __init__(self, patience_ns: int, lag_ns: int) -> None:
        self._patience_ns = patience_ns
        self._lag_ns = lag_ns
        self._waiting: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, report: OrderReport, now_ns: int) -> None:
        """Ask for executions until `report.filled_lots` are booked; a later report of the same order replaces the state to end in."""
        waiting = self._waiting.get(report.client_order_id)
        if waiting is None:
            # a stream is often only a moment behind
            self._waiting[report.client_order_id] = _Waiting(report, now_ns, now_ns + SECOND_NS // 4)
        elif report.filled_lots >= waiting.report.filled_lots:
            waiting.report = report

    def booked(self, client_order_id: str, filled_lots: int) -> OrderReport | None:
        """An execution was booked; the report that may now take effect, when nothing is missing any more."""
        waiting = self._waiting.get(client_order_id)
        if waiting is None or filled_lots < waiting.report.filled_lots:
            return None
        del self._waiting[client_order_id]
        return waiting.report

    def due(self, now_ns: int) -> list[str]:
        """Orders to ask for executions of now; 0.25, 1, 2, 4 ... 15 s apart."""
        found = []
        for client_order_id, waiting in self._waiting.items():
            if waiting.next_ask_ns <= now_ns:
                waiting.next_ask_ns = now_ns + min(SECOND_NS << min(waiting.asked, 5), LONGEST_PAUSE_NS)
                waiting.asked += 1
                found.append(client_order_id)
        return found

    def overdue(self, now_ns: int) -> list[OrderReport]:
        """Reports that have waited too long, each once; they are asked for on and on until somebody forgets them."""
        late = [waiting for waiting in self._waiting.values() if not waiting.is_told and now_ns >= waiting.since_ns + self._patience_ns]
        for waiting in late:
            waiting.is_told = True
        return [waiting.report for waiting in late]

    def answered(self, client_order_id: str, asked_ns: int) -> None:
        """A list of executions was read that was asked for at this time; what it showed is booked."""
        waiting = self._waiting.get(client_order_id)
        if waiting is not None and asked_ns >= waiting.since_ns + self._lag_ns:
            waiting.is_proven = True

    def hopeless(self) -> list[OrderReport]:
        """Reports of which it is told and proven that no list shows what they count."""
        return [waiting.report for waiting in self._waiting.values() if waiting.is_told and waiting.is_proven]

    def forget(self, client_order_id: str) -> None:
        self._waiting.pop(client_order_id, None)

    def next_ns(self) -> int | None:
        """When executions are asked for next; None when none are missing."""
        return min((waiting.next_ask_ns for waiting in self._waiting.values()), default=None)
