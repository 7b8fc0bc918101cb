"""The table of legal moves, held against a second statement of it."""

from __future__ import annotations

import itertools

import pytest

from botcore.model.order import TERMINAL, OrderState
from botcore.orders.moves import LIVE, MOVES

S = OrderState

FORBIDDEN_BACK = [
    (S.OPEN, S.PENDING_CREATE),
    (S.OPEN, S.UNKNOWN),
    (S.OPEN, S.FAILED),
    (S.PARTIALLY_FILLED, S.OPEN),
    (S.PARTIALLY_FILLED, S.PENDING_CREATE),
    (S.PARTIALLY_FILLED, S.UNKNOWN),
    (S.PARTIALLY_FILLED, S.FAILED),
    (S.UNKNOWN, S.PENDING_CREATE),
]

FORWARD = [
    (S.PENDING_CREATE, S.OPEN),
    (S.PENDING_CREATE, S.UNKNOWN),
    (S.PENDING_CREATE, S.FAILED),
    (S.PENDING_CREATE, S.PARTIALLY_FILLED),
    (S.PENDING_CREATE, S.FILLED),
    (S.PENDING_CREATE, S.CANCELED),
    (S.PENDING_CREATE, S.EXPIRED),
    (S.UNKNOWN, S.OPEN),
    (S.UNKNOWN, S.PARTIALLY_FILLED),
    (S.UNKNOWN, S.FILLED),
    (S.UNKNOWN, S.CANCELED),
    (S.UNKNOWN, S.FAILED),
    (S.UNKNOWN, S.EXPIRED),
    (S.OPEN, S.PARTIALLY_FILLED),
    (S.OPEN, S.FILLED),
    (S.OPEN, S.CANCELED),
    (S.OPEN, S.EXPIRED),
    (S.PARTIALLY_FILLED, S.FILLED),
    (S.PARTIALLY_FILLED, S.CANCELED),
    (S.PARTIALLY_FILLED, S.EXPIRED),
]


def test_table_names_every_state() -> None:
    assert set(MOVES) == set(OrderState)


def test_table_allows_the_forward_moves_and_no_other() -> None:
    allowed = {(source, target) for source, targets in MOVES.items() for target in targets}
    assert allowed == set(FORWARD)


@pytest.mark.parametrize(("source", "target"), FORBIDDEN_BACK)
def test_no_move_goes_back(source: OrderState, target: OrderState) -> None:
    assert target not in MOVES[source]


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_terminal_states_absorb(state: OrderState) -> None:
    assert not MOVES[state]


def test_live_and_terminal_states_part_the_whole() -> None:
    assert set(OrderState) == LIVE | TERMINAL
    assert not LIVE & TERMINAL


def test_no_walk_through_the_table_returns_to_a_state_it_left() -> None:
    def walk(seen: tuple[OrderState, ...]) -> None:
        for target in MOVES[seen[-1]]:
            assert target not in seen
            walk((*seen, target))

    walk((S.PENDING_CREATE,))


def test_every_live_state_can_end_in_fill_or_cancel() -> None:
    for source, end in itertools.product(LIVE, (S.FILLED, S.CANCELED)):
        assert end in MOVES[source]
