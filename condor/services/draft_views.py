"""What a front end is told of a draft."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from condor.forms import Question
from condor.services.remedies import Problem

Row = tuple[str, str, str]
"""(field, label, text)."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One question of a draft.

    Parameters
    ----------
    current : str
        Its present answer, as text.
    default : str
        What a new draft would have.
    why : str
        Why the present answer was proposed; empty when a person gave it.
    presets : tuple of (label, text)
        Sizes from the balance.
    free : str
        What the balance is; empty where it is not asked for.
    """

    draft_id: str
    controller_name: str
    question: Question
    number: int
    count: int
    current: str
    is_advanced: bool
    default: str = ""
    why: str = ""
    presets: tuple[tuple[str, str], ...] = ()
    free: str = ""


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """What starting a draft with real money would mean.

    Parameters
    ----------
    total : Decimal
        Notional that may be held at once, in `quote`.
    closed : str, optional
        Why nothing new can be opened there right now.
    markets : tuple of str
        What it would trade.
    """

    account: str
    total: Decimal
    quote: str
    closed: str | None
    markets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A whole draft before it is started.

    Parameters
    ----------
    answers : tuple of Row
        As they will be used.
    estimates : tuple of (name, text)
        What it may cost.
    problems : tuple of Problem
        Why it can't be started; empty when it can.
    why : tuple of (label, reason)
        Which answers were worked out from the market.
    preflight : tuple of (name, text)
        What was looked at and holds.
    """

    draft_id: str
    controller_name: str
    summary: str
    answers: tuple[Row, ...]
    advanced: tuple[Row, ...]
    estimates: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    state: str
    live: LiveOffer | None = None
    why: tuple[tuple[str, str], ...] = ()
    preflight: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    is_script: bool = False

    @property
    def faults(self) -> tuple[str, ...]:
        """The problems as sentences."""
        return tuple(problem.text for problem in self.problems)
