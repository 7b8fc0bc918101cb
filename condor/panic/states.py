"""How one account comes to rest after `/panic`: a table of moves. Each account has its own, for a venue that is away must not keep the others from being closed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Goal(StrEnum):
    """What was asked for. FLATTEN can follow FREEZE, never the other way round."""

    FREEZE = "freeze"
    FLATTEN = "flatten"


class Phase(StrEnum):
    """Where an account is on its way."""

    CANCELLING = "cancelling"
    FROZEN = "frozen"
    CLOSING = "closing"
    FLAT = "flat"


class Sight(StrEnum):
    """What a look at an account shows. What could not be verified counts as ORDERS."""

    ORDERS = "orders"
    HELD = "held"
    BARE = "bare"


MOVES: Final[dict[tuple[Goal, Phase, Sight], Phase]] = {
    (Goal.FREEZE, Phase.CANCELLING, Sight.HELD): Phase.FROZEN,
    (Goal.FREEZE, Phase.CANCELLING, Sight.BARE): Phase.FROZEN,
    # an order has turned up: a venue answered late, or a bot came back with one
    (Goal.FREEZE, Phase.FROZEN, Sight.ORDERS): Phase.CANCELLING,
    (Goal.FLATTEN, Phase.CANCELLING, Sight.HELD): Phase.CLOSING,
    (Goal.FLATTEN, Phase.CANCELLING, Sight.BARE): Phase.FLAT,
    (Goal.FLATTEN, Phase.FROZEN, Sight.ORDERS): Phase.CANCELLING,
    (Goal.FLATTEN, Phase.FROZEN, Sight.HELD): Phase.CLOSING,
    (Goal.FLATTEN, Phase.FROZEN, Sight.BARE): Phase.FLAT,
    # while it closes, orders are its exits: it stays there until nothing is held
    (Goal.FLATTEN, Phase.CLOSING, Sight.BARE): Phase.FLAT,
    (Goal.FLATTEN, Phase.FLAT, Sight.ORDERS): Phase.CANCELLING,
    (Goal.FLATTEN, Phase.FLAT, Sight.HELD): Phase.CLOSING,
}
"""What is not here stays as it is."""

REST: Final = {Goal.FREEZE: Phase.FROZEN, Goal.FLATTEN: Phase.FLAT}


def moved(goal: Goal, phase: Phase, sight: Sight) -> Phase:
    """The phase after a look."""
    return MOVES.get((goal, phase, sight), phase)


def is_at_rest(goal: Goal, phase: Phase) -> bool:
    """Whether all that was asked for is so."""
    return phase is REST[goal]
