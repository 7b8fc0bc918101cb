"""Client order ids: unique, recognisable, within what the strictest venue takes."""

from __future__ import annotations

import re

import pytest

from botcore.orders.ids import MAX_LENGTH, IdSource, is_ours, serial_of


def test_ids_never_repeat_within_an_epoch() -> None:
    source = IdSource(epoch=1)
    made = [source.intent_id() for _ in range(500)] + [source.executor_id() for _ in range(500)]
    assert len(set(made)) == 1000


def test_two_epochs_never_speak_with_the_same_ids() -> None:
    first, second = IdSource(epoch=1), IdSource(epoch=2)
    assert {first.intent_id() for _ in range(50)}.isdisjoint(second.intent_id() for _ in range(50))


def test_attempts_of_one_intent_differ_and_keep_its_serial() -> None:
    intent = IdSource(epoch=3, start=17).intent_id()
    first, second = IdSource.client_order_id(intent, 1), IdSource.client_order_id(intent, 2)
    assert first != second
    assert serial_of(first) == serial_of(second) == 17


def test_a_restarted_source_goes_on_behind_the_last_serial() -> None:
    before = IdSource(epoch=1)
    last = [before.intent_id() for _ in range(5)][-1]
    after = IdSource(epoch=1, start=serial_of(last) + 1)
    assert serial_of(after.intent_id()) == serial_of(last) + 1


def test_same_source_gives_the_same_ids() -> None:
    one, other = IdSource(epoch=0), IdSource(epoch=0)
    assert [one.intent_id(), one.executor_id(), one.intent_id()] == [other.intent_id(), other.executor_id(), other.intent_id()]


def test_the_longest_plausible_id_fits_the_strictest_venue() -> None:
    client_id = IdSource.client_order_id(IdSource(epoch=99_999, start=10**12).intent_id(), 99)
    assert len(client_id) <= MAX_LENGTH
    assert re.fullmatch(r"[a-z0-9-]+", client_id)


@pytest.mark.parametrize(
    ("found", "expected"),
    [("cdr-1-2-3", True), ("cdr-", True), ("cdrx-1-2-3", False), ("x-cdr-1", False), ("web_cdr-1-2", False), ("", False)],
)
def test_only_our_prefix_is_ours(found: str, expected: bool) -> None:
    assert is_ours(found) is expected


@pytest.mark.parametrize("foreign", ["", "web_12", "cdr-1", "cdr-1-x-1", "other-1-2-3", "x-1", "cdr-1--5", "cdr-1-²-1"])
def test_a_foreign_id_has_no_serial(foreign: str) -> None:
    assert serial_of(foreign) == -1


def test_serial_of_an_executor_id() -> None:
    assert serial_of(IdSource(epoch=4, start=9).executor_id()) == 9


@pytest.mark.parametrize(("epoch", "start"), [(-1, 1), (0, 0), (0, -5)])
def test_nonsense_is_refused(epoch: int, start: int) -> None:
    with pytest.raises(ValueError, match="expected epoch"):
        IdSource(epoch, start)
