"""The legal moves of an order, as a table that can be held against an exchange's manual.

States only move forward. A message that asks for another move is old or doubled (venues do send "open" after "canceled" when a read
replica lags) and is ignored; it never raises. Cancelling is a question to the venue, not a state: `Order.cancel_asked` remembers it.
"""

from __future__ import annotations

from botcore.model.order import TERMINAL, OrderState

_LIVE_ENDS = frozenset({OrderState.PARTIALLY_FILLED, OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED})

MOVES: dict[OrderState, frozenset[OrderState]] = {
    # a fill may overtake the acknowledgement; a refusal is only possible before the venue has the order
    OrderState.PENDING_CREATE: _LIVE_ENDS | {OrderState.OPEN, OrderState.UNKNOWN, OrderState.FAILED},
    # evidence resolves it either way; it never becomes PENDING_CREATE again
    OrderState.UNKNOWN: _LIVE_ENDS | {OrderState.OPEN, OrderState.FAILED},
    OrderState.OPEN: _LIVE_ENDS,
    OrderState.PARTIALLY_FILLED: _LIVE_ENDS - {OrderState.PARTIALLY_FILLED},
    # terminal states absorb; a fill that follows a cancel still counts, but the state stays
    OrderState.CANCELED: frozenset(),
    OrderState.FILLED: frozenset(),
    OrderState.FAILED: frozenset(),
    OrderState.EXPIRED: frozenset(),
}

LIVE = frozenset(OrderState) - TERMINAL
