"""Why an order did not come to be, as far as it decides what is done next. The words themselves go to people as they are."""

from __future__ import annotations

from enum import Enum
from typing import Final

NOT_SENT: Final = "could not be sent"
NEVER_ARRIVED: Final = "never arrived at the venue"
WAITS: Final = "waits for the venue"
WAITS_FOR_MARKET: Final = "waits for the market"
WAITS_FOR_BALANCE: Final = "waits for the account"
WAITS_ITS_TURN: Final = "waits for its turn"
HALTED: Final = "trading is halted"
PAUSED: Final = "waits until the bot is resumed"
OWN_ORDER: Final = "would trade with our own order"
THIN_BOOK: Final = "the book is too thin"
NOTHING_LEFT: Final = "the account holds nothing to close"
CROWDED: Final = "other orders may close it already"
"""Of a venue that counts resting orders which only reduce against the position."""

NOTHING_TO_REDUCE: Final = "nothing was left that this order could close: another exit, or an opposite position in the account, came first"
"""Of an order that only reduces."""

REDUCES_NOTHING: Final = (NOTHING_TO_REDUCE, "reduce-only order, but there is no position", "ReduceOnly Order is rejected")
"""The same in the words of venues."""

ABOVE_LIMIT: Final = "above the limit of"
OUT_OF_BAND: Final = "is further than"


class RefusalKind(Enum):
    """What a refusal means for whoever sent the order."""

    BALANCE = "balance"
    """The account can't pay: trying on and on does not help."""
    UNREACHABLE = "unreachable"
    """The venue never saw it: an exit is sent again for as long as it takes."""
    WAITING = "waiting"
    """Nothing was sent: the venue is away or wants quiet, the market's book is not known well enough, the account
    has less than the records say, too many orders have left within the minute, or a person has paused the bot. What is wanted is
    tried again for as long as that lasts, and costs no attempt."""
    OWN_ORDER = "own order"
    """Another order of ours stands in the way: the price will be another one in a moment."""
    NOTHING_LEFT = "nothing left"
    """Others have closed what was to be closed: it may come back for a moment, if they take back what they closed too much."""
    LIMIT = "limit"
    """A cap of ours says no, and goes on saying it until something else is closed."""
    FAR = "far"
    """Its price is outside the price band: it may be sent when the market has come nearer."""
    OTHER = "other"


def kind_of(reason: str) -> RefusalKind:
    """The kind of a refusal, by our own words or the venue's."""
    if reason.startswith((NOT_SENT, NEVER_ARRIVED)):
        return RefusalKind.UNREACHABLE
    if reason.startswith((WAITS, WAITS_FOR_MARKET, WAITS_FOR_BALANCE, WAITS_ITS_TURN, PAUSED)):
        return RefusalKind.WAITING
    if reason.startswith(OWN_ORDER):
        return RefusalKind.OWN_ORDER
    if reason.startswith(NOTHING_LEFT):
        return RefusalKind.NOTHING_LEFT
    if ABOVE_LIMIT in reason:
        return RefusalKind.LIMIT
    if OUT_OF_BAND in reason:
        return RefusalKind.FAR
    said = reason.lower()
    if "insufficient" in said and any(word in said for word in ("balance", "margin", "fund")):
        return RefusalKind.BALANCE
    return RefusalKind.OTHER


def reduces_nothing(reason: str) -> bool:
    """Whether an exit was refused because there was nothing left to close: of a position that is closed that tells nothing."""
    return any(words in reason for words in REDUCES_NOTHING)
