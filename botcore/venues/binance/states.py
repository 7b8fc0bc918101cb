"""What Binance's words for an order's state mean, and why an order ended.

A word that is not in the table never ends an order (R11): it counts as open, with the word as reason, so that the order is asked after again.
"""

from __future__ import annotations

from typing import Final

from botcore.model.order import OrderState
from botcore.venues.reading import short

STATES: Final = {
    "NEW": OrderState.OPEN,
    "PENDING_NEW": OrderState.OPEN,
    "PENDING_CANCEL": OrderState.OPEN,
    "NEW_INSURANCE": OrderState.OPEN,
    "NEW_ADL": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELED,
    "REJECTED": OrderState.FAILED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
}

STOPS: Final = {
    "NEW": OrderState.OPEN,
    "TRIGGERING": OrderState.OPEN,
    "TRIGGERED": OrderState.OPEN,
    "CANCELED": OrderState.CANCELED,
    "REJECTED": OrderState.FAILED,
    "EXPIRED": OrderState.EXPIRED,
}
"""States of a conditional order. FINISHED is not here: it says that the order which it became is filled or canceled, and not which."""

POST_ONLY: Final = "post-only: it would have traded at once"
SELF_TRADE: Final = "self-trade prevention: it met an order of the same account"
NOTHING_LEFT: Final = "the book had nothing (more) to take"
NOT_AT_ONCE: Final = "immediate-or-cancel: the rest could not be filled at once"
TIME_UP: Final = "its time was up"
BY_VENUE: Final = "expired by the venue: maintenance, liquidation or a rule"

FORCED: Final = (("adl_autoclose", "adl"), ("autoclose-", "liquidation"), ("settlement_autoclose-", "settlement"))
"""How client ids of orders begin that the venue itself sends to close a position."""


def state_of(word: str, states: dict[str, OrderState] = STATES) -> tuple[OrderState, str]:
    """State of a word, and the reason to give where it is not known."""
    found = states.get(word)
    if found is None:
        return OrderState.OPEN, f"the venue calls it {short(word, 40)}, which is not known here"
    return found, ""


def reason_of(state: OrderState, word: str, kind: str, in_force: str, told: str) -> str:
    """Why an order ended, distinct for what a strategy treats differently (O11).

    Parameters
    ----------
    word, kind, in_force : str
        The venue's words for the state, the order's type and its time in force.
    told : str
        The venue's own reason; '' when it gave none.

    Returns
    -------
    str
        '' for an order that somebody canceled: then nothing is sent in its place (O18).
    """
    has_reason = bool(told) and told not in ("NONE", "0")
    if state is OrderState.EXPIRED:
        why = _expiry(word, kind, in_force)
    elif state is OrderState.FAILED:
        why = "rejected by the venue"
    elif state is OrderState.CANCELED:
        why = "canceled by the venue" if has_reason else ""
    else:
        return ""
    return f"{why} ({short(told, 60)})" if has_reason else why


def _expiry(word: str, kind: str, in_force: str) -> str:
    if word == "EXPIRED_IN_MATCH":
        return SELF_TRADE
    if kind == "LIMIT_MAKER" or in_force == "GTX":
        return POST_ONLY
    if kind == "MARKET":
        return NOTHING_LEFT
    if in_force in ("IOC", "FOK"):
        return NOT_AT_ONCE
    return TIME_UP if in_force == "GTD" else BY_VENUE


def forced_by(client_order_id: str) -> str:
    """`liquidation`, `adl` or `settlement` when the venue itself made the order; '' otherwise."""
    return next((kind for start, kind in FORCED if client_order_id.startswith(start)), "")
