"""The plan of a TWAP: its slots, when each is due, and how much each is to trade.

A slot that goes out for the first time takes its equal part of all that is left: total - filled - on its way - owed by slots that were sent before and are not done, over
the number of slots that were never sent. Sent again after a refusal, or after it was taken back, it takes only what is missing of its own part.

A plan that was held up does not catch up all at once: a slot that is a whole interval late or more moves what comes after it by as many whole intervals.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import Any, Final

from botcore.model.errors import IllegalMove
from botcore.model.times import NEVER
from botcore.orders.tracker import Order

ZERO: Final = Decimal(0)


class SlotState(IntEnum):
    """PENDING until it is due, or until it is sent again; PLACED while an order of it is live; DONE when nothing more of it is wanted."""

    PENDING = 1
    PLACED = 2
    DONE = 3


class SlotEvent(IntEnum):
    """SENT: an order left. ENDED: it is over and something is left. FILLED: nothing is. LEFT: what is left is not wanted any more, or less than the venue trades."""

    SENT = 1
    ENDED = 2
    FILLED = 3
    LEFT = 4


# members of enums as names of this module: compiled code reads them without a lookup
PENDING: Final = SlotState.PENDING
PLACED: Final = SlotState.PLACED
DONE: Final = SlotState.DONE

MOVES: Final[dict[tuple[SlotState, SlotEvent], SlotState]] = {
    (PENDING, SlotEvent.SENT): PLACED,
    (PENDING, SlotEvent.LEFT): DONE,
    (PLACED, SlotEvent.ENDED): PENDING,
    (PLACED, SlotEvent.FILLED): DONE,
    (PLACED, SlotEvent.LEFT): DONE,
    # DONE absorbs: it has no moves
}


class Slot:
    """One slot.

    Attributes
    ----------
    number : int
        From 0.
    share : Decimal, optional
        Quote that it is to trade; None until it is sent for the first time.
    filled : Decimal
        Quote value of its fills.
    price : Decimal
        At which what is live of it is counted: its limit, or the mid that an order at market was sent at.
    order : Order, optional
        The one that is live.
    order_ids : list of str
        All that it ever sent.
    """

    __slots__ = ("filled", "number", "order", "order_ids", "price", "share", "state")

    def __init__(self, number: int) -> None:
        self.number = number
        self.state = PENDING
        self.share: Decimal | None = None
        self.filled = ZERO
        self.price = ZERO
        self.order: Order | None = None
        self.order_ids: list[str] = []

    @property
    def owed(self) -> Decimal:
        """Quote that is missing of its share."""
        return ZERO if self.share is None else max(ZERO, self.share - self.filled)


class Plan:
    """All slots of one TWAP.

    Parameters
    ----------
    total : Decimal
        Quote to be traded.
    interval_ns : int
        Between two slots.

    Attributes
    ----------
    delay_ns : int
        By how much what is still to be sent has moved.
    """

    def __init__(self, total: Decimal, count: int, start_ns: int, interval_ns: int) -> None:
        self.slots = [Slot(number) for number in range(count)]
        self.total = total
        self.delay_ns = 0
        self._start_ns = start_ns
        self._interval_ns = interval_ns
        self._first_open = 0
        self._first_fresh = 0
        self._counts = {PENDING: count, PLACED: 0, DONE: 0}

    def move(self, slot: Slot, event: SlotEvent) -> None:
        """Let something happen to a slot."""
        target = MOVES.get((slot.state, event))
        if target is None:
            raise IllegalMove(f"slot {slot.number + 1} is {slot.state.name} and has no move {event.name}")
        self.put(slot, target)

    def put(self, slot: Slot, state: SlotState) -> None:
        """Have a slot in a state, as it was written down."""
        self._counts[slot.state] -= 1
        self._counts[state] += 1
        slot.state = state

    def due_ns(self, slot: Slot) -> int:
        """When a slot may be sent; what was sent before may be sent again at once."""
        return 0 if slot.share is not None else self._start_ns + slot.number * self._interval_ns + self.delay_ns

    def pending(self) -> Slot | None:
        """The slot that is to be sent next: one that was sent before, else the first that never was."""
        slots = self.slots
        while self._first_open < len(slots) and slots[self._first_open].state is DONE:
            self._first_open += 1
        while self._first_fresh < len(slots) and (slots[self._first_fresh].share is not None or slots[self._first_fresh].state is DONE):
            self._first_fresh += 1
        for position in range(self._first_open, self._first_fresh):
            if slots[position].state is PENDING:
                return slots[position]
        return slots[self._first_fresh] if self._first_fresh < len(slots) else None

    def placed(self) -> list[Slot]:
        return [slot for slot in self.slots[self._first_open : self._first_fresh] if slot.state is PLACED]

    @property
    def is_done(self) -> bool:
        return self.pending() is None and not self.placed()

    def next_ns(self) -> int:
        """When the next slot is due; `NEVER` when none is left to be sent."""
        slot = self.pending()
        return NEVER if slot is None else self.due_ns(slot)

    def amount(self, slot: Slot, filled: Decimal, lot_size: Decimal) -> Decimal:
        """Quote that a slot has to trade now.

        Parameters
        ----------
        filled : Decimal
            Quote value of everything that the executor has filled.
        """
        if slot.share is not None:
            return slot.owed
        left = self.total - filled
        for other in self.slots[self._first_open : self._first_fresh]:
            if other.order is not None:
                left -= other.order.remaining_lots * lot_size * other.price
            elif other.state is PENDING:
                left -= other.owed
        return left / (len(self.slots) - slot.number)

    def sent(self, slot: Slot, share: Decimal, now_ns: int) -> None:
        """Book that a slot goes out for the first time, and move the rest of the plan if that is late."""
        late = now_ns - self.due_ns(slot)
        self.delay_ns += late - late % self._interval_ns
        slot.share = share

    def counts(self) -> dict[str, int]:
        """Number of slots by the name of their state."""
        return {state.name: count for state, count in self._counts.items()}

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """JSON-ready; slots that were never sent are not named."""
        slots = [
            {
                "state": slot.state.name,
                "share": None if slot.share is None else str(slot.share),
                "price": str(slot.price),
                "order_ids": list(slot.order_ids),
            }
            for slot in self.slots[: self._sent_count()]
        ]
        return {"delay_ns": self.delay_ns, "slots": slots}

    def _sent_count(self) -> int:
        count = len(self.slots)
        while count and self.slots[count - 1].share is None and self.slots[count - 1].state is PENDING:
            count -= 1
        return count

    def restore(self, state: dict[str, Any]) -> None:
        self.delay_ns = state["delay_ns"]
        for slot, saved in zip(self.slots, state["slots"], strict=False):
            self.put(slot, DONE if saved["state"] == DONE.name else PENDING)
            slot.share = None if saved["share"] is None else Decimal(saved["share"])
            slot.price = Decimal(saved["price"])
            slot.order_ids = list(saved["order_ids"])
