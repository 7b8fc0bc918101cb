"""Orders that are being held against the venue after a start or a gap: each is asked for until it has been answered for."""

from __future__ import annotations

from collections.abc import Iterable

from botcore.model.times import SECOND_NS

REPEAT_NS = 3 * SECOND_NS
"""Pause after which a question is asked again."""


class ReconcileBook:
    """See the module. Passive: whoever holds it asks what is due."""

    def __init__(self) -> None:
        self._next_ns: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._next_ns)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._next_ns

    def begin(self, client_order_ids: Iterable[str], now_ns: int) -> None:
        """Hold these against the venue from now on."""
        self._next_ns.update(dict.fromkeys(client_order_ids, now_ns))

    def answered(self, client_order_id: str) -> None:
        self._next_ns.pop(client_order_id, None)

    def due(self, now_ns: int) -> list[str]:
        """Orders to be asked for now; each is due again after a pause."""
        due = [name for name, next_ns in self._next_ns.items() if next_ns <= now_ns]
        self._next_ns.update(dict.fromkeys(due, now_ns + REPEAT_NS))
        return due

    def next_ns(self) -> int | None:
        return min(self._next_ns.values(), default=None)
