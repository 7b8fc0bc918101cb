"""Orders of which nothing was heard for a while: they are asked after, because a stream that is silent and a stream that lost a message look alike."""

from __future__ import annotations

from collections import OrderedDict

from botcore.model.times import SECOND_NS

REST_NS = 30 * SECOND_NS
"""A resting order may well be quiet for so long."""

AT_ONCE_NS = 2 * SECOND_NS
"""An order at market is over in a moment."""


class AuditBook:
    """When each open order was last heard of; O(1) per message and per tick."""

    def __init__(self) -> None:
        self._quiet: tuple[tuple[int, OrderedDict[str, int]], ...] = ((AT_ONCE_NS, OrderedDict()), (REST_NS, OrderedDict()))

    def __len__(self) -> int:
        return sum(len(quiet) for _, quiet in self._quiet)

    def heard(self, client_order_id: str, now_ns: int, *, rests: bool) -> None:
        """Something was heard of an open order, or it has just been sent."""
        quiet = self._quiet[rests][1]
        quiet[client_order_id] = now_ns
        quiet.move_to_end(client_order_id)

    def forget(self, client_order_id: str) -> None:
        """The order is done."""
        for _, quiet in self._quiet:
            quiet.pop(client_order_id, None)

    def due(self, now_ns: int) -> list[str]:
        """Orders to ask after now; each is handed out once until it has been quiet for as long again."""
        found: list[str] = []
        for limit_ns, quiet in self._quiet:
            while quiet:
                client_order_id, heard_ns = next(iter(quiet.items()))
                if now_ns < heard_ns + limit_ns:
                    break
                quiet[client_order_id] = now_ns
                quiet.move_to_end(client_order_id)
                found.append(client_order_id)
        return found

    def next_ns(self) -> int | None:
        """When the next order is due; None when none is open."""
        return min((next(iter(quiet.values())) + limit_ns for limit_ns, quiet in self._quiet if quiet), default=None)
