"""Client order ids: unique, recognisable, within what the strictest venue takes."""

from __future__ import annotations

import random
import re

import pytest

from botcore.orders.ids import MAX_LENGTH, IdSource, home_of, is_condors, is_home_id, new_home_id, serial_of


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
    client_id = IdSource.client_order_id(IdSource(50_000_000, 10**12, ("h7k2qz",)).intent_id(), 99)
    assert len(client_id) <= MAX_LENGTH
    assert re.fullmatch(r"[a-z0-9-]+", client_id)


@pytest.mark.parametrize(
    ("found", "expected"),
    [("cdr-1-2-3", True), ("cdr-", True), ("cdrx-1-2-3", False), ("x-cdr-1", False), ("web_cdr-1-2", False), ("", False)],
)
def test_only_the_prefix_tells_a_condor(found: str, expected: bool) -> None:
    assert is_condors(found) is expected


@pytest.mark.parametrize(
    "foreign", ["", "web_12", "cdr-1", "cdr-1-x-1", "other-1-2-3", "x-1", "cdr-1--5", "cdr-1-²-1", "cdr-h7k2qz-1", "cdr-h7k2qz-1-x-1"]
)
def test_a_foreign_id_has_no_serial(foreign: str) -> None:
    assert serial_of(foreign) == -1


def test_serial_of_an_executor_id() -> None:
    assert serial_of(IdSource(epoch=4, start=9).executor_id()) == 9


@pytest.mark.parametrize(("epoch", "start"), [(-1, 1), (0, 0), (0, -5)])
def test_nonsense_is_refused(epoch: int, start: int) -> None:
    with pytest.raises(ValueError, match="expected epoch"):
        IdSource(epoch, start)


def test_p20_two_homes_tell_their_orders_apart() -> None:
    one, other, nameless = IdSource(1, 1, ("h7k2qz",)), IdSource(1, 1, ("b00000",)), IdSource(1, 1)
    names = [IdSource.client_order_id(source.intent_id(), 1) for source in (one, other, nameless)]
    assert [[source.is_ours(name) for name in names] for source in (one, other, nameless)] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert [home_of(name) for name in names] == ["h7k2qz", "b00000", ""]
    assert [serial_of(name) for name in names] == [1, 1, 1]
    assert home_of("web_12") is None


def test_p8_former_ids_of_a_home_are_recognised_and_not_given_out() -> None:
    source = IdSource(1, 1, ("h7k2qz", "b00000"))
    assert source.is_ours("cdr-b00000-1-5-1") and source.intent_id() == "cdr-h7k2qz-1-1"


@pytest.mark.parametrize("home", ["", "h7k2q", "7k2qzh", "H7k2qz", "h7-2qz", "h7k2qzz"])
def test_what_is_no_id_of_a_home_is_refused(home: str) -> None:
    assert not is_home_id(home)
    with pytest.raises(ValueError, match="begin with a letter"):
        IdSource(1, 1, (home,))


def test_new_ids_of_homes_are_ids_and_use_the_whole_alphabet() -> None:
    made = {new_home_id(random.Random(seed).randrange) for seed in range(500)}
    assert len(made) == 500 and all(map(is_home_id, made))
    assert {sign for home in made for sign in home} == set("abcdefghijklmnopqrstuvwxyz0123456789")
