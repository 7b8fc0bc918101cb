"""Which of the alerts that wait goes out next."""

from __future__ import annotations

from botcore.model.events import FactKind
from condor.notifications import SEVERITY, _next_batch
from condor.store.outbox import OutgoingNotice, QueuedNotice
from condor.views import Notice


def queued(*kinds: str) -> list[QueuedNotice]:
    return [
        QueuedNotice(key, 0, OutgoingNotice("local", 1, SEVERITY[kind], False, Notice(key, kind, "bot", "Bot", "", "live", key, {})))
        for key, kind in enumerate(kinds)
    ]


def keys(items: list[QueuedNotice]) -> list[int]:
    return [item.message_key for item in items]


CLOSED, UNKNOWN, UP, HELD = FactKind.EXECUTOR_CLOSED, FactKind.ORDER_UNKNOWN, FactKind.VENUE_UP, FactKind.POSITION_HELD


def test_critical_first_then_all_trades_then_the_rest_kind_by_kind() -> None:
    waiting = queued(UP, UNKNOWN, CLOSED, UNKNOWN, CLOSED, HELD)
    assert keys(_next_batch(waiting, after_trades=True)) == [5]
    assert keys(_next_batch(waiting[:5], after_trades=False)) == [2, 4]
    rest = [waiting[0], waiting[1], waiting[3]]
    assert keys(_next_batch(rest, after_trades=False)) == [0]
    assert keys(_next_batch(rest[1:], after_trades=False)) == [1, 3]


def test_i9_trades_that_never_end_do_not_hold_back_the_rest() -> None:
    """A market maker closes something every second; "the venue is back" must not wait until it stops."""
    waiting, sent, after_trades = queued(UP, UNKNOWN, UNKNOWN), [], False
    for key in range(10, 14):
        waiting += [QueuedNotice(key, 0, queued(CLOSED)[0].outgoing)]
        batch = _next_batch(waiting, after_trades=after_trades)
        after_trades = batch[0].outgoing.severity == "trade"
        sent.append(keys(batch))
        waiting = [item for item in waiting if item not in batch]
    assert sent == [[10], [0], [11, 12], [1, 2]]
