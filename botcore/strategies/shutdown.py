"""`Shutdown`: how a bot ends: no more entries, orders cancelled, positions closed or held, then a look at whether all that is so.

Executors that are ending already keep to what they chose. While anything moves (a status, a fill, a retry) it goes on; when nothing has moved for the whole
patience, what is left is forced: its orders are asked for once more, what it holds goes to a hold, and it is told by name. One that raises keeps nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from botcore.model.enums import CloseType, RunnableStatus
from botcore.model.times import MINUTE_NS, SECOND_NS
from botcore.orchestrator.holds import PositionSummary
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

PATIENCE_NS: Final = 10 * MINUTE_NS
"""So long nothing may move before the rest is forced: an exit is owed, and a venue that is down for a few minutes comes back."""


@dataclass(frozen=True, slots=True)
class ShutdownReport:
    """How it ended.

    Parameters
    ----------
    ended : dict
        Close type -> executors that this shutdown ended.
    held : tuple of PositionSummary
        What is left in holds.
    forced : tuple of str
        Executors that did not end by themselves.
    took_s : float
    """

    ended: dict[CloseType, int]
    held: tuple[PositionSummary, ...]
    forced: tuple[str, ...]
    took_s: float


class Shutdown:
    """See the module.

    Parameters
    ----------
    keep_position : bool
        Leave what is held to holds instead of closing it.
    patience_ns : int
        Market time without any change after which what is left is forced.
    """

    def __init__(self, orchestrator: ExecutorOrchestrator, now_ns: int, *, keep_position: bool, patience_ns: int) -> None:
        self.keep_position = keep_position
        self.forced: list[str] = []
        self._orchestrator = orchestrator
        self._patience_ns = patience_ns
        self._begun_ns = self._moved_ns = self._ended_ns = now_ns
        self._seen = -1
        self._infos = [executor.info for executor in orchestrator.running]

    def begin(self) -> None:
        """Ask every executor to end that is not ending already; one that has traded nothing yet may still be on its way in, as an arbitrage with both legs out."""
        for executor in self._orchestrator.running:
            if executor.status is not RunnableStatus.SHUTTING_DOWN or not executor.has_fills:
                self._orchestrator.stop(executor.id, keep_position=self.keep_position)

    def is_over(self, now_ns: int) -> bool:
        """Whether every executor has ended; forces the rest when nothing has moved for too long."""
        left = self._orchestrator.running
        if left:
            moved = self._orchestrator.changes()
            if moved != self._seen:
                self._seen, self._moved_ns = moved, now_ns
            elif now_ns - self._moved_ns >= self._patience_ns:
                for executor in left:
                    self.forced.append(executor.id)
                    self._orchestrator.force(executor.id, f"it did not end within {self._patience_ns // SECOND_NS} s without any change")
                left = self._orchestrator.running
        if not left:
            self._ended_ns = now_ns
        return not left

    def report(self) -> ShutdownReport:
        """How it ended, as it is now."""
        ended: dict[CloseType, int] = {}
        for info in self._infos:
            if info.close_type is not None and info.is_done:
                ended[info.close_type] = ended.get(info.close_type, 0) + 1
        held = tuple(position for position in self._orchestrator.positions() if position.amount)
        return ShutdownReport(ended, held, tuple(self.forced), (self._ended_ns - self._begun_ns) / 1e9)
