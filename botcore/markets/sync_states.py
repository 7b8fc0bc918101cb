"""States of a live book, the moves between them, and how patient a `BookSync` is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from botcore.markets.crossing import Crossing

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000


class SyncState(Enum):
    """Where a book stands."""

    DOWN = "down"
    """No stream."""
    SYNCING = "syncing"
    """The stream runs; a snapshot is wanted or on its way, and diffs wait for it."""
    READY = "ready"
    QUARANTINED = "quarantined"
    """In sequence, but crossed, locked or one-sided: the price is not used."""
    STALE = "stale"
    """In sequence, but nothing new for too long: the price is not used until something comes, whatever other streams of the market say."""
    LOST = "lost"
    """Too many tries failed; it rests and then begins again. A person should hear of it, and a new connection helps."""


class Turn(Enum):
    """What can happen to a book."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FITTED = "a snapshot fitted"
    BROKE = "broke"
    MAKES_NO_SENSE = "makes no sense"
    MAKES_SENSE = "makes sense"
    WENT_SILENT = "went silent"
    GAVE_UP = "gave up"
    RESTED = "rested"


_S, _T = SyncState, Turn
BARRED: Final = frozenset({SyncState.QUARANTINED, SyncState.STALE})
"""States in which the book stands and its price is not used."""
MOVES: dict[tuple[SyncState, Turn], SyncState] = {
    **{(state, _T.CONNECTED): _S.SYNCING for state in _S},
    **{(state, _T.DISCONNECTED): _S.DOWN for state in _S},
    (_S.SYNCING, _T.FITTED): _S.READY,
    (_S.SYNCING, _T.BROKE): _S.SYNCING,
    (_S.SYNCING, _T.GAVE_UP): _S.LOST,
    (_S.READY, _T.BROKE): _S.SYNCING,
    (_S.READY, _T.MAKES_NO_SENSE): _S.QUARANTINED,
    (_S.QUARANTINED, _T.MAKES_SENSE): _S.READY,
    (_S.QUARANTINED, _T.BROKE): _S.SYNCING,
    (_S.READY, _T.WENT_SILENT): _S.STALE,
    (_S.STALE, _T.MAKES_SENSE): _S.READY,
    (_S.STALE, _T.MAKES_NO_SENSE): _S.QUARANTINED,
    (_S.STALE, _T.BROKE): _S.SYNCING,
    (_S.LOST, _T.RESTED): _S.SYNCING,
}
"""Every legal move; what is not here raises `IllegalMove`."""


@dataclass(frozen=True, slots=True)
class SyncRules:
    """How patient a sync is.

    Parameters
    ----------
    quarantine_ns : int
        How long a book may make no sense before it is fetched again; twice as long each time that this did not help.
    stale_ns : int
        Time without anything new after which the book is `STALE`; 0 for never. The market's own age limit counts trades as well.
    first_pause_ns, longest_pause_ns : int
        Pause after the first failed try (a snapshot too old, unreadable or not delivered, or a book that broke before it had settled); doubled with each.
    tries : int
        Failures in a row before the book is `LOST`; `rest_ns` later it begins again.
    answer_ns : int
        How long a snapshot that was asked for (`on_asked`) is waited for.
    settled_ns : int
        How long a book must stand before its failures are forgotten.
    waiting, waiting_bytes : int
        Most diffs that wait for a snapshot, in messages and bytes; the oldest go first.
    audit_ns : int
        Time between two comparisons with a snapshot; 0 for none.
    snapshot_depth : int
        Levels a side that a snapshot has at most; 0 when it has all.
    from_stream : bool
        Whether the venue sends snapshots in the stream, by itself or upon a new subscription.
    crossing : Crossing
    """

    quarantine_ns: int = 500 * MILLISECOND_NS
    stale_ns: int = 0
    first_pause_ns: int = 250 * MILLISECOND_NS
    longest_pause_ns: int = 30 * SECOND_NS
    tries: int = 8
    rest_ns: int = 60 * SECOND_NS
    answer_ns: int = 15 * SECOND_NS
    settled_ns: int = 10 * SECOND_NS
    waiting: int = 2_000
    waiting_bytes: int = 8_000_000
    audit_ns: int = 600 * SECOND_NS
    snapshot_depth: int = 1_000
    from_stream: bool = False
    crossing: Crossing = Crossing.DAMAGE
