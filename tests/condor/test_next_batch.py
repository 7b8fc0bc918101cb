"""Which of the alerts that wait goes out next."""

from __future__ import annotations

from dataclasses import replace

from botcore.model.events import FactKind
from condor.alerts.batches import Gathering, Shape, next_batch
from condor.alerts.events import SEVERITY, Own
from condor.store.outbox import OutgoingNotice, QueuedNotice
from condor.views import Notice


def queued(*kinds: str) -> list[QueuedNotice]:
    return [
        QueuedNotice(key, 0, OutgoingNotice("local", 1, SEVERITY[kind], False, Notice(key, kind, "bot", "Bot", "", "live", key, {})))
        for key, kind in enumerate(kinds)
    ]


def keys(items: list[QueuedNotice]) -> list[int]:
    return [item.message_key for item in items]


def _next_batch(items: list[QueuedNotice], *, after_trades: bool) -> list[QueuedNotice]:
    batch = next_batch(items, 0, after_trades=after_trades)
    assert batch is not None and batch.shape is Shape.PLAIN
    return list(batch.items)


CLOSED, UNKNOWN, UP, HELD = FactKind.EXECUTOR_CLOSED, FactKind.ORDER_UNKNOWN, FactKind.VENUE_UP, FactKind.POSITION_HELD


def test_critical_first_then_trades_then_the_rest_kind_by_kind() -> None:
    waiting = queued(UP, UNKNOWN, CLOSED, UNKNOWN, CLOSED, HELD)
    assert keys(_next_batch(waiting, after_trades=True)) == [5]
    assert keys(_next_batch(waiting[:5], after_trades=False)) == [2], "a few trades are told one by one"
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
    assert sent == [[10], [0], [11], [1, 2]]


def test_more_than_five_trades_are_one_card_once_they_have_been_gathered() -> None:
    waiting, gathering = queued(*[CLOSED] * 6), Gathering()
    assert gathering.look(waiting, 100.0)
    assert next_batch(waiting, 0, is_gathering=True) is None
    assert gathering.look([*waiting, *queued(*[CLOSED] * 3)], 100.9), "more has come"
    assert gathering.look([*waiting, *queued(*[CLOSED] * 3)], 101.8)
    assert not gathering.look([*waiting, *queued(*[CLOSED] * 3)], 102.4), "nothing new for a while"
    batch = next_batch(waiting, 0)
    assert batch is not None and keys(list(batch.items)) == [0, 1, 2, 3, 4, 5]


def test_a_burst_that_never_ends_is_told_every_ten_seconds() -> None:
    gathering, waiting = Gathering(), queued(*[CLOSED] * 6)
    held = []
    for second in range(12):
        waiting += [QueuedNotice(100 + second, 0, waiting[0].outgoing)]
        held.append(gathering.look(waiting, second * 0.9))
    assert held == [True] * 12
    waiting += [QueuedNotice(200, 0, waiting[0].outgoing)]
    assert not gathering.look(waiting, 10.1), "ten seconds are enough"


def test_something_critical_does_not_wait_for_a_burst() -> None:
    waiting = [*queued(*[CLOSED] * 9), QueuedNotice(50, 0, queued(HELD)[0].outgoing)]
    batch = next_batch(waiting, 0, is_gathering=True)
    assert batch is not None and keys(list(batch.items)) == [50]


def test_an_opening_is_not_told_before_an_end_and_not_at_all_beside_its_own() -> None:
    waiting = queued(FactKind.POSITION_OPENED, FactKind.POSITION_OPENED, CLOSED)
    named = [
        QueuedNotice(item.message_key, 0, replace(item.outgoing, notice=replace(item.outgoing.notice, executor_id=name)))
        for item, name in zip(waiting, ("x-1", "x-2", "x-2"), strict=True)
    ]
    batch = next_batch(named, 0)
    assert batch is not None
    assert (keys(list(batch.items)), keys(list(batch.joined)), keys(list(batch.all))) == ([2], [1], [2, 1])


def test_that_a_bot_has_stopped_is_told_behind_the_ends_of_its_executors() -> None:
    stopped = queued(CLOSED, CLOSED, FactKind.BOT_STOPPED)
    assert keys(_next_batch(stopped, after_trades=True)) == [0]
    assert keys(_next_batch(stopped[1:], after_trades=True)) == [1]
    assert keys(_next_batch(stopped[2:], after_trades=True)) == [2]
    assert next_batch(stopped, 0, is_gathering=True) is None
    another = QueuedNotice(9, 0, replace(stopped[2].outgoing, notice=replace(stopped[2].outgoing.notice, bot_id="another")))
    assert keys(_next_batch([*stopped[:2], another], after_trades=True)) == [9], "another bot's trades are no reason to wait"


def test_a_file_is_no_line_of_what_was_missed_and_a_picture_has_room_for_its_own_words_only() -> None:
    report, other = (
        QueuedNotice(key, 0, OutgoingNotice("local", 1, "info", False, Notice(-key, kind, "", "", "", "", key, {})))
        for key, kind in ((7, Own.REPORT), (8, Own.DIGEST))
    )
    waiting = [*queued(UP, UP), report]
    late = next_batch(waiting, 3_600_000)
    assert late is not None and late.shape is Shape.LATE and keys(list(late.items)) == [0, 1]
    alone = next_batch([report], 3_600_000)
    assert alone is not None and alone.shape is Shape.PLAIN and keys(list(alone.items)) == [7]
    doubtful = [replace(item, outgoing=replace(item.outgoing, state="unsure")) for item in queued(UP)]
    for item in (report, other):
        batch = next_batch([*doubtful, item], 10)
        assert batch is not None and batch.items == (item,) and batch.doubtful == ()
