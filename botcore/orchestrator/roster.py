"""`Roster`: the executors of one bot that run, and which of them may have something to do."""

from __future__ import annotations

from typing import Any, Final

from botcore.executors.base import ExecutorBase
from botcore.model.enums import RunnableStatus
from botcore.model.times import NEVER

# a member of an enum as a name of this module: compiled code reads it without a lookup
TERMINATED: Final = RunnableStatus.TERMINATED


class Roster:
    """See the module."""

    def __init__(self) -> None:
        self._by_id: dict[str, ExecutorBase[Any]] = {}
        self._in_turn: list[ExecutorBase[Any]] = []
        self._stale = False

    def add(self, executor: ExecutorBase[Any]) -> None:
        """One has begun."""
        self._by_id[executor.id] = executor
        self._in_turn.append(executor)

    def remove(self, executor: ExecutorBase[Any]) -> None:
        """One has ended; a tick that is under way may still come to it."""
        self._by_id.pop(executor.id, None)
        self._stale = True

    def get(self, executor_id: str) -> ExecutorBase[Any] | None:
        return self._by_id.get(executor_id)

    def all(self) -> tuple[ExecutorBase[Any], ...]:
        return tuple(self._by_id.values())

    def due(self, now_ns: int) -> list[ExecutorBase[Any]]:
        """Those that want to be stepped by now; those that have ended since the last tick are let go."""
        if self._stale:
            self._stale = False
            self._in_turn = [executor for executor in self._in_turn if executor.status is not TERMINATED]
        return [executor for executor in self._in_turn if executor.wake_ns <= now_ns]

    def wish(self) -> tuple[int, bool]:
        """(earliest market time at which one wants to be stepped, whether one wants every market event)."""
        timed_ns, wants_each = NEVER, False
        for executor in self._in_turn:
            wake_ns = executor.wake_ns
            if wake_ns < timed_ns and executor.status is not TERMINATED:
                if wake_ns:
                    timed_ns = wake_ns
                else:
                    wants_each = True
        return timed_ns, wants_each
