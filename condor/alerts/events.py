"""The catalogue of alerts: how grave each fact is, and under which event people switch it on and off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from botcore.model.events import FactKind


class Level(StrEnum):
    """How something is told."""

    ON = "on"
    SILENT = "silent"
    DIGEST = "digest"
    OFF = "off"


class Own:
    """Kinds of notices that are no facts of trading: they begin in the application."""

    DIGEST: Final = "digest"
    REPORT: Final = "report"
    REPEAT: Final = "repeat"
    PRICE: Final = "price_reached"
    TOPIC_GONE: Final = "topic_gone"
    REFUSED: Final = "message_refused"


SEVERITY: Final = {
    FactKind.POSITION_OPENED: "trade",
    FactKind.EXECUTOR_CLOSED: "trade",
    FactKind.FUNDING_PAID: "info",
    FactKind.POSITION_HELD: "critical",
    FactKind.CONTROLLER_FAULT: "critical",
    FactKind.EXECUTOR_FAULT: "critical",
    FactKind.PART_FAULT: "critical",
    FactKind.LIQUIDATED: "critical",
    FactKind.TRADING_HALTED: "critical",
    FactKind.TRADING_RELEASED: "warning",
    FactKind.BOT_STARTED: "info",
    FactKind.BOT_STOPPED: "info",
    FactKind.MARKET_ENDED: "warning",
    FactKind.RECOVERED: "info",
    FactKind.ORDER_UNKNOWN: "warning",
    FactKind.ORDER_FOUND: "warning",
    FactKind.ORDER_REFUSED: "warning",
    FactKind.ORDER_ABSENT: "warning",
    FactKind.FILLS_MISSING: "critical",
    FactKind.ACCOUNT_DENIED: "critical",
    FactKind.ACCOUNT_ALLOWED: "warning",
    FactKind.ACCOUNT_WARNED: "critical",
    FactKind.FORCED_ORDER: "critical",
    FactKind.ORDER_ADOPTED: "warning",
    FactKind.OTHER_HOME: "warning",
    FactKind.POSITION_UNACCOUNTED: "critical",
    FactKind.VENUE_DOWN: "critical",
    FactKind.VENUE_UP: "warning",
    FactKind.VENUE_BANNED: "critical",
    FactKind.CLOCK_JUMPED: "warning",
    FactKind.CLOCK_SKEWED: "warning",
    FactKind.VENUE_TROUBLE: "warning",
    FactKind.LATE_FILL: "critical",
    FactKind.OVER_CLOSED: "critical",
    FactKind.STOP_REFUSED: "critical",
    FactKind.EXIT_STUCK: "critical",
    FactKind.EXIT_FAILED: "critical",
    FactKind.POSITION_ADJUSTED: "critical",
    FactKind.BALANCE_SHORT: "critical",
    FactKind.BALANCE_COVERED: "warning",
    FactKind.BALANCE_LOW: "warning",
    FactKind.STOOD_STILL: "warning",
    FactKind.LEFT_BEHIND: "critical",
    FactKind.DRAWDOWN_REACHED: "critical",
    FactKind.DRAWDOWN_ANEW: "warning",
    FactKind.STOP_FORCED: "critical",
    FactKind.PANIC_BEGUN: "critical",
    FactKind.PANIC_REPORT: "critical",
    FactKind.CHAT_TROUBLE: "critical",
    FactKind.POSITION_FILLED: "info",
    FactKind.BARRIER_MOVED: "info",
    FactKind.LIQUIDATION_NEAR: "critical",
    FactKind.DAY_LOSS_REACHED: "critical",
    FactKind.DAY_LOSS_RELEASED: "warning",
    FactKind.CAPS_CHANGED: "warning",
    FactKind.BOT_PAUSED: "info",
    FactKind.BOT_RESUMED: "info",
    FactKind.KEYS_ADDED: "warning",
    FactKind.KEYS_REFUSED: "warning",
    FactKind.KEYS_REMOVED: "warning",
    FactKind.KEY_PASTED: "warning",
    FactKind.CODES_CHANGED: "warning",
    FactKind.CODES_LOCKED: "warning",
    FactKind.ACCESS_CHANGED: "warning",
}
"""Kinds of facts that are announced; the others are only kept."""

OWN_SEVERITY: Final = {
    Own.DIGEST: "info",
    Own.REPORT: "info",
    Own.REPEAT: "critical",
    Own.PRICE: "warning",
    Own.TOPIC_GONE: "warning",
    Own.REFUSED: "warning",
}

MERGED: Final = frozenset(
    {FactKind.ORDER_UNKNOWN, FactKind.ORDER_FOUND, FactKind.ORDER_ABSENT, FactKind.ORDER_ADOPTED, FactKind.BARRIER_MOVED, FactKind.POSITION_FILLED}
)
"""Kinds that come in bursts, when a venue is down or a config has changed: all that wait of one kind are one message."""

REPEATS_ITSELF: Final = frozenset({FactKind.PANIC_BEGUN, FactKind.PANIC_REPORT, FactKind.LEFT_BEHIND})
"""Critical kinds that are not repeated here: `/panic` reports again by itself, and a goodbye is answered by the next start."""

RESOLVES: Final[dict[str, tuple[str, ...]]] = {
    FactKind.VENUE_UP: (FactKind.VENUE_DOWN, FactKind.VENUE_BANNED),
    FactKind.ACCOUNT_ALLOWED: (FactKind.ACCOUNT_DENIED,),
    FactKind.BALANCE_COVERED: (FactKind.BALANCE_SHORT,),
    FactKind.TRADING_RELEASED: (FactKind.TRADING_HALTED,),
    FactKind.DAY_LOSS_RELEASED: (FactKind.DAY_LOSS_REACHED,),
}
"""Good news -> the critical kinds that need no repeat any more, at the same connector; besides, what says that it is over ends its own kind."""

OF_AN_ACCOUNT: Final = frozenset({FactKind.DAY_LOSS_RELEASED, FactKind.LIQUIDATION_NEAR})
"""Good news of what stands in an account: the paper account of a venue is another one than that with real money."""

REFUSALS: Final = ("FAILED", "INSUFFICIENT_BALANCE")
"""Close types that say that something was not to be had."""


@dataclass(frozen=True, slots=True)
class Event:
    """What people switch.

    Parameters
    ----------
    default : Level
        How it is told to who has said nothing.
    """

    name: str
    title: str
    default: Level = Level.ON


EVENTS: Final[dict[str, Event]] = {
    event.name: event
    for event in (
        Event("opened", "Position opened", Level.SILENT),
        Event("filled", "Entry filled", Level.OFF),
        Event("closed", "Executor closed"),
        Event("rejected", "Order rejected"),
        Event("orders", "Orders without answer"),
        Event("barrier", "Barrier moved", Level.SILENT),
        Event("position", "Positions in danger"),
        Event("venue", "Venues and accounts"),
        Event("balance", "Balance low"),
        Event("risk", "Limits and halts"),
        Event("funding", "Funding", Level.SILENT),
        Event("bots", "Bots start and stop", Level.SILENT),
        Event("price", "Price alerts"),
        Event("access", "Access and keys"),
        Event("system", "Condor itself"),
    )
}

_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "opened": (FactKind.POSITION_OPENED,),
    "filled": (FactKind.POSITION_FILLED,),
    "closed": (FactKind.EXECUTOR_CLOSED,),
    "rejected": (FactKind.ORDER_REFUSED,),
    "orders": (
        FactKind.ORDER_UNKNOWN,
        FactKind.ORDER_FOUND,
        FactKind.ORDER_ABSENT,
        FactKind.ORDER_ADOPTED,
        FactKind.OTHER_HOME,
        FactKind.FILLS_MISSING,
        FactKind.LATE_FILL,
        FactKind.OVER_CLOSED,
    ),
    "barrier": (FactKind.BARRIER_MOVED, FactKind.STOP_REFUSED),
    "position": (
        FactKind.LIQUIDATION_NEAR,
        FactKind.LIQUIDATED,
        FactKind.FORCED_ORDER,
        FactKind.POSITION_HELD,
        FactKind.POSITION_UNACCOUNTED,
        FactKind.POSITION_ADJUSTED,
        FactKind.EXIT_STUCK,
        FactKind.EXIT_FAILED,
        FactKind.STOP_FORCED,
        FactKind.LEFT_BEHIND,
    ),
    "venue": (
        FactKind.VENUE_DOWN,
        FactKind.VENUE_UP,
        FactKind.VENUE_BANNED,
        FactKind.VENUE_TROUBLE,
        FactKind.ACCOUNT_DENIED,
        FactKind.ACCOUNT_ALLOWED,
        FactKind.ACCOUNT_WARNED,
        FactKind.CLOCK_JUMPED,
        FactKind.CLOCK_SKEWED,
    ),
    "balance": (FactKind.BALANCE_SHORT, FactKind.BALANCE_COVERED, FactKind.BALANCE_LOW),
    "risk": (
        FactKind.DRAWDOWN_REACHED,
        FactKind.DRAWDOWN_ANEW,
        FactKind.DAY_LOSS_REACHED,
        FactKind.DAY_LOSS_RELEASED,
        FactKind.CAPS_CHANGED,
        FactKind.TRADING_HALTED,
        FactKind.TRADING_RELEASED,
        FactKind.PANIC_BEGUN,
        FactKind.PANIC_REPORT,
    ),
    "funding": (FactKind.FUNDING_PAID,),
    "bots": (FactKind.BOT_STARTED, FactKind.BOT_STOPPED, FactKind.BOT_PAUSED, FactKind.BOT_RESUMED, FactKind.MARKET_ENDED),
    "price": (Own.PRICE,),
    "access": (
        FactKind.KEYS_ADDED,
        FactKind.KEYS_REFUSED,
        FactKind.KEYS_REMOVED,
        FactKind.KEY_PASTED,
        FactKind.CODES_CHANGED,
        FactKind.CODES_LOCKED,
        FactKind.ACCESS_CHANGED,
    ),
    "system": (
        FactKind.CONTROLLER_FAULT,
        FactKind.EXECUTOR_FAULT,
        FactKind.PART_FAULT,
        FactKind.RECOVERED,
        FactKind.STOOD_STILL,
        FactKind.CHAT_TROUBLE,
        Own.DIGEST,
        Own.REPORT,
        Own.REPEAT,
        Own.TOPIC_GONE,
        Own.REFUSED,
    ),
}

_OF_KIND: Final = {kind: event for event, kinds in _KINDS.items() for kind in kinds}

FOR_OWNERS: Final = "access"
"""What belongs to this event is told in the private chats of owners only."""

DONE_BY_HAND: Final = frozenset(
    {FactKind.BOT_PAUSED, FactKind.BOT_RESUMED, FactKind.CAPS_CHANGED, FactKind.DAY_LOSS_RELEASED, FactKind.ACCESS_CHANGED}
)
"""What somebody has done from a chat, whose card shows it already: the other chats are told."""


def event_of(kind: str, payload: Mapping[str, Any]) -> str:
    """The event that a notice belongs to; a kind that an older version has written and nobody knows any more is the program's."""
    if kind == FactKind.EXECUTOR_CLOSED and is_rejected(payload):
        return "rejected"
    return _OF_KIND.get(kind, "system")


def is_rejected(payload: Mapping[str, Any]) -> bool:
    """Whether an executor ended because it could not be had at all."""
    return payload.get("close_type") in REFUSALS and not float(payload.get("volume_quote") or 0)


def severity_of(kind: str, payload: Mapping[str, Any]) -> str:
    """critical, warning, trade or info."""
    if kind == FactKind.EXECUTOR_CLOSED and payload.get("close_type") in REFUSALS:
        return "warning"
    if kind == FactKind.RECOVERED and payload.get("restarts"):
        return "critical"
    if kind in (FactKind.CHAT_TROUBLE, FactKind.LIQUIDATION_NEAR) and payload.get("is_over"):
        return "warning"
    return SEVERITY.get(kind) or OWN_SEVERITY[kind]
