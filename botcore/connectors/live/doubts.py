"""What nobody knows: orders whose fate is open, and when "the venue does not know it" is believed.

A request that was not answered may arrive late, and a venue's read replicas lag. So a negative answer proves something only if it was asked for after the
request can no longer be taken (its validity window), the engine must have answered (its timeout) and replicas have caught up (read lag). Before that,
questions serve to find the order, not to bury it. Afterwards every place where an order could show must have been silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from botcore.model.times import SECOND_NS
from botcore.venues.line import Ask

FIRST_ASK_NS = SECOND_NS // 2
LONGEST_PAUSE_NS = 15 * SECOND_NS
ALL_PLACES = (Ask.QUERY, Ask.OPEN, Ask.TRADES)


@dataclass(frozen=True, slots=True)
class BeliefRules:
    """When "not found" is believed of a venue; all times in nanoseconds.

    Parameters
    ----------
    window_ns : int
        How long the venue may still take a request after it was sent (recvWindow, expTime).
    engine_ns : int
        How long its engine may work before it must have answered.
    lag_ns : int
        How old what its read replicas say may be.
    negatives : int
        Silent answers that are needed in all, at least one from each place.
    """

    window_ns: int = 5 * SECOND_NS
    engine_ns: int = 10 * SECOND_NS
    lag_ns: int = 25 * SECOND_NS
    negatives: int = 3

    @property
    def deadline_ns(self) -> int:
        """Time after sending from which a question counts as proof."""
        return self.window_ns + self.engine_ns + self.lag_ns


@dataclass(slots=True)
class Doubt:
    """One order that is being looked for.

    Parameters
    ----------
    since_ns : int
        When the request left, or when the venue first denied an order that it had.
    was_live : bool
        Whether the venue is known to have had it: then its absence means that it ended, not that it never was.
    """

    client_order_id: str
    since_ns: int
    was_live: bool
    next_ask_ns: int
    asked: int = 0
    silent: dict[Ask, int] = field(default_factory=dict)


class DoubtBook:
    """All doubts of one account. Passive: it says what to ask, and hears what was answered."""

    def __init__(self, rules: BeliefRules) -> None:
        self._rules = rules
        self._doubts: dict[str, Doubt] = {}

    @property
    def deadline_ns(self) -> int:
        """Time after sending from which silence counts as proof."""
        return self._rules.deadline_ns

    def __len__(self) -> int:
        return len(self._doubts)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._doubts

    def get(self, client_order_id: str) -> Doubt | None:
        return self._doubts.get(client_order_id)

    def open(self, client_order_id: str, since_ns: int, now_ns: int, *, was_live: bool) -> bool:
        """Begin to look for an order; False when it is looked for already."""
        if client_order_id in self._doubts:
            return False
        self._doubts[client_order_id] = Doubt(client_order_id, since_ns, was_live, now_ns + FIRST_ASK_NS)
        return True

    def close(self, client_order_id: str) -> None:
        """It was found, or buried."""
        self._doubts.pop(client_order_id, None)

    def due(self, now_ns: int) -> list[tuple[str, Ask]]:
        """What to ask now; each question is handed out once."""
        questions = []
        for doubt in self._doubts.values():
            if doubt.next_ask_ns > now_ns:
                continue
            questions.append((doubt.client_order_id, ALL_PLACES[doubt.asked % len(ALL_PLACES)]))
            doubt.asked += 1
            doubt.next_ask_ns = self._next_ask_ns(doubt, now_ns)
        return questions

    def _next_ask_ns(self, doubt: Doubt, now_ns: int) -> int:
        """0.5, 1, 2, 4 ... 15 s apart while looking; right at the deadline, and then every second until all places have been asked."""
        proof_ns = doubt.since_ns + self._rules.deadline_ns
        if now_ns >= proof_ns:
            return now_ns + SECOND_NS
        pause_ns: int = min(FIRST_ASK_NS << min(doubt.asked, 10), LONGEST_PAUSE_NS)
        return min(now_ns + pause_ns, proof_ns)

    def silent(self, client_order_id: str, kind: Ask, asked_ns: int) -> bool:
        """An answer without the order; True when its absence is proven now."""
        doubt = self._doubts.get(client_order_id)
        if doubt is None or asked_ns < doubt.since_ns + self._rules.deadline_ns:
            return False
        doubt.silent[kind] = doubt.silent.get(kind, 0) + 1
        return len(doubt.silent) == len(ALL_PLACES) and sum(doubt.silent.values()) >= self._rules.negatives

    def next_ns(self) -> int | None:
        """When the next question is due; None when there is nothing to look for."""
        return min((doubt.next_ask_ns for doubt in self._doubts.values()), default=None)
