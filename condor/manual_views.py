"""What the chat is shown of orders by hand: one before it is sent, and one after."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from botcore.executors.single.config import KIND as KIND
from botcore.executors.single.executor import NEVER_SENT
from botcore.model.order import OrderState
from botcore.model.refusals import NEVER_ARRIVED, NOT_SENT
from condor.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Change:
    """What is free of an asset before and after; None while nobody knows."""

    asset: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class Preview:
    """An order as it would be sent now; what is not known is None.

    Parameters
    ----------
    amount, limit : Decimal, optional
        As the venue takes them.
    average : Decimal
        What it would pay on average: from the book where it takes, its limit where it rests.
    slippage, impact : Decimal
        Fractions: how much worse than the mid the average is, and how far the price moves that the book shows then. Of an order that rests the first says how far from
        the mid it stands, and there is no second.
    is_taker : bool
        Whether it trades at once.
    reduces : bool
        Whether it only gives back what was bought (or sold) by hand before.
    problems, notes : tuple of str
        Why it would not be sent, and what else is to be known of it, each a sentence.
    pace : float
        Market seconds for each of ours.
    """

    ticket: Ticket
    title: str
    base: str
    quote: str
    leverage: int | None
    amount: Decimal | None
    limit: Decimal | None
    mid: Decimal | None
    average: Decimal | None
    slippage: Decimal | None
    impact: Decimal | None
    fee: Decimal | None
    least: Decimal | None
    is_taker: bool
    reduces: bool
    changes: tuple[Change, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    pace: float

    @property
    def value(self) -> Decimal | None:
        """In quote."""
        return None if self.average is None or self.amount is None else self.average * self.amount

    @property
    def slippage_quote(self) -> Decimal | None:
        """What the slippage costs."""
        return None if self.slippage is None or self.mid is None or self.amount is None else self.slippage * self.mid * self.amount

    @property
    def version(self) -> str:
        """Another one where another order would be sent."""
        return f"{self.ticket.values()} {self.amount} {self.limit} {self.reduces} {self.leverage}"


class Stage(Enum):
    """How far an order is; the value is how people read it."""

    ACCEPTED = "accepted"
    WORKING = "working"
    CANCELLING = "being cancelled"
    UNKNOWN = "unknown – checking"
    FILLED = "filled"
    PARTLY = "partly filled"
    CANCELLED = "cancelled"
    TAKEN_OFF = "taken off at the venue"
    NOT_PLACED = "not placed"
    REFUSED = "refused"

    @property
    def is_over(self) -> bool:
        return self not in (Stage.ACCEPTED, Stage.WORKING, Stage.CANCELLING, Stage.UNKNOWN)


ON_THE_WAY = {
    OrderState.PENDING_CREATE.name: Stage.ACCEPTED,
    OrderState.OPEN.name: Stage.WORKING,
    OrderState.PARTIALLY_FILLED.name: Stage.WORKING,
    OrderState.UNKNOWN.name: Stage.UNKNOWN,
}
"""State of the order, while its executor runs -> how far it is."""

ENDED = {"EARLY_STOP": Stage.CANCELLED, "EXTERNAL": Stage.TAKEN_OFF}
"""Close type of an executor that has filled nothing -> how it came out; any other was refused."""


def stage_before(order_state: str, *, is_cancelling: bool) -> Stage:
    """How far an order is whose executor has not ended; `order_state` is empty before it has one."""
    stage = ON_THE_WAY.get(order_state, Stage.ACCEPTED)
    return Stage.CANCELLING if is_cancelling and stage is not Stage.UNKNOWN else stage


def stage_after(close_type: str, reason: str, filled: Decimal, wanted: Decimal) -> Stage:
    """How an order has come out."""
    if filled:
        return Stage.FILLED if filled >= wanted else Stage.PARTLY
    if reason.startswith((NEVER_ARRIVED, NOT_SENT, NEVER_SENT)):
        return Stage.NOT_PLACED
    return ENDED.get(close_type, Stage.REFUSED)


@dataclass(frozen=True, slots=True)
class ManualOrder:
    """An order by hand.

    Parameters
    ----------
    was_unknown : bool
        Whether nobody knew for a while if the venue has it.
    doing : str
        What is being done about it while that is so.
    slippage : Decimal, optional
        How much worse than the preview's average its executions are, as a fraction.
    """

    order_id: str
    bot_id: str
    mode: str
    venue: str
    title: str
    pair: str
    side: str
    kind: str
    amount: Decimal
    limit: Decimal | None
    filled: Decimal
    average: Decimal | None
    expected: Decimal | None
    fee: Decimal | None
    stage: Stage
    reason: str
    was_unknown: bool
    doing: str
    age_s: float

    @property
    def slippage(self) -> Decimal | None:
        if self.average is None or not self.expected:
            return None
        worse = (self.average - self.expected) / self.expected
        return worse if self.side == "BUY" else -worse
