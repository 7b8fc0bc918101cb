"""`EventLog`: everything that happens in a simulation, in order, as one running hash. Two runs of one seed agree in it, in any process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Any


class EventLog:
    """See the module.

    Parameters
    ----------
    now_ns : callable
        Virtual time.
    keep : int
        Latest lines that are kept for a report; 0 keeps all.
    """

    def __init__(self, now_ns: Callable[[], int], keep: int = 400) -> None:
        self._now_ns = now_ns
        self._hash = blake2b(digest_size=16)
        self.lines: deque[str] = deque(maxlen=keep or None)
        self.count = 0

    def add(self, kind: str, *values: Any) -> None:
        """One event. Values must print the same in every process: texts, numbers, bytes, Decimals."""
        line = f"{self._now_ns()} {kind} {' '.join(map(str, values))}"
        self._hash.update(f"{line}\n".encode())
        self.lines.append(line)
        self.count += 1

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
