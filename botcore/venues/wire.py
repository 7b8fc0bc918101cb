"""What goes over a venue's wires, as values: calls before they are signed, replies as they came, and what a reply means.

A dialect (`botcore.venues.binance`) builds calls and reads replies; it never sends anything. Whoever carries calls knows no venue. Between the two
stands one rule: a command has three outcomes. A reply that is not in the venue's table of refusals, or no reply at all, is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from botcore.model.instrument import Instrument
from botcore.model.order import Fill, OrderState


class Priority(IntEnum):
    """Who goes first when a venue's limit is near: exits before entries, orders before questions, questions before market data."""

    CANCEL = 0
    CREATE = 1
    QUERY = 2
    MARKET = 3


class Access(Enum):
    """What a call must prove."""

    PUBLIC = "public"
    KEYED = "keyed"
    """The key in a header, no signature."""
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, not signed yet: time and signature are added when it really leaves.

    Parameters
    ----------
    name : str
        What it is, the same word for every venue: `create`, `cancel`, `query`, `open_orders`, `trades`, `balances`, `depth` ...
    params : tuple of (str, str)
        In the order in which they are signed.
    weights : tuple of (str, int)
        What it costs of which of the venue's limits, by the names of its spec.
    is_write : bool
        Whether it changes something there: then no answer means that nobody knows.
    subject : str
        Client order id that it is about, if any: a reply that speaks of another one is no answer.
    """

    name: str
    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    access: Access = Access.PUBLIC
    priority: Priority = Priority.QUERY
    weights: tuple[tuple[str, int], ...] = ()
    is_write: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unread. Header names are lower case; times are those of our clock, ns."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_ns: int
    received_ns: int


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nothing usable came back.

    Parameters
    ----------
    left : bool
        Whether a byte of the request may have left. False is the only case in which the venue certainly knows nothing of it.
    """

    reason: str
    left: bool


class Verdict(Enum):
    """What a reply says of a call."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """The venue's table says that this code means: not done, and it will not be done."""
    UNKNOWN = "unknown"
    NOT_FOUND = "not found"
    """The venue knows no such order; whether that is believed is another question (design section 6, rule 3)."""
    LIMITED = "limited"
    """Not processed because of a rate limit; `retry_after_s` says how long to be quiet."""
    STALE_TIME = "stale time"
    """Not processed because our time was off; it may be signed again."""
    DENIED = "denied"
    """The key is not (or no longer) allowed: the account must stop opening."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A read reply.

    Parameters
    ----------
    code : int or str, optional
        The venue's own code.
    text : str
        One sentence for people.
    banned_until_ms : int
        Wall time of the venue until which all traffic must rest; 0 when it does not.
    is_foreign : bool
        The reply speaks of another order than the call: somewhere on the way replies are mixed up (R22).
    """

    verdict: Verdict
    code: int | str | None = None
    text: str = ""
    retry_after_s: float = 0.0
    banned_until_ms: int = 0
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class OrderReport:
    """How an order stands at the venue, from a reply, a list or a stream.

    Parameters
    ----------
    filled_lots : int
        Cumulative, as the venue says; fills are booked one by one from `fills` or a trades list, never from this number.
    fills : tuple of Fill
        Executions that came with it.
    forced : str
        `liquidation`, `adl` or `settlement` when the venue itself sent this order to close a position; '' otherwise.
    instrument : Instrument, optional
        The rules in whose lots it counts, where these may differ from the order's own (see `off_grid`).
    """

    client_order_id: str
    exchange_order_id: str
    trading_pair: str
    state: OrderState
    lots: int
    filled_lots: int
    ts_ns: int
    reason: str = ""
    fills: tuple[Fill, ...] = field(default=())
    forced: str = ""
    instrument: Instrument | None = None
