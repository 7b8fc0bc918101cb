"""Cancels that must come through: asked again until the order is done, for a cancel is a question and its answer may be lost."""

from __future__ import annotations

from dataclasses import dataclass

from botcore.model.times import SECOND_NS

LONGEST_PAUSE_NS = 10 * SECOND_NS
ANSWER_LIMIT_NS = 30 * SECOND_NS
"""A line must answer; when it did not for so long, the cancel counts as unanswered."""


@dataclass(slots=True)
class _Wanted:
    next_try_ns: int
    tries: int
    under_way: bool


class CancelBook:
    """Orders that somebody wants gone. Repeating a cancel is safe: it can only do what was asked."""

    def __init__(self) -> None:
        self._wanted: dict[str, _Wanted] = {}

    def __len__(self) -> int:
        return len(self._wanted)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._wanted

    def want(self, client_order_id: str, now_ns: int) -> None:
        """Have it canceled from now on until it is done."""
        self._wanted.setdefault(client_order_id, _Wanted(now_ns, 0, False))

    def done(self, client_order_id: str) -> None:
        """The order has ended, whatever ended it."""
        self._wanted.pop(client_order_id, None)

    def due(self, now_ns: int) -> list[str]:
        """Orders to send a cancel for now; each is handed out once until it is answered, or its answer is overdue."""
        found = []
        for client_order_id, wanted in self._wanted.items():
            if wanted.next_try_ns <= now_ns:
                # an answer that does not come in time counts as none
                wanted.next_try_ns = now_ns + ANSWER_LIMIT_NS
                wanted.under_way = True
                wanted.tries += 1
                found.append(client_order_id)
        return found

    def answered(self, client_order_id: str, now_ns: int) -> None:
        """A cancel came back without the order being done: try again in 1, 2, 4 ... 10 s."""
        wanted = self._wanted.get(client_order_id)
        if wanted is not None and wanted.under_way:
            wanted.under_way = False
            wanted.next_try_ns = now_ns + min(SECOND_NS << min(wanted.tries - 1, 5), LONGEST_PAUSE_NS)

    def next_ns(self) -> int | None:
        """When the next cancel is due; None when none waits."""
        return min((wanted.next_try_ns for wanted in self._wanted.values()), default=None)
