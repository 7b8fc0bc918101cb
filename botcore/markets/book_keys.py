"""`BookKeys`: where a venue's depth messages keep what a book needs; a scanner looks for nothing else in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BookKeys:
    """Names of keys, wherever in the message they stand; '' is a key that the venue does not have. The names are those of Binance spot if left out.

    Parameters
    ----------
    bids, asks : str
        Arrays of levels `[price, size, ...]` in a diff.
    first_id, last_id, prev_id : str
        First, last and preceding update id of a diff. Without `last_id` the stream is not numbered: every diff counts as the next one. With `last_id` only, every
        diff is one update. With `last_id` and `prev_id` only, a diff follows when its `prev_id` is the last id of the book.
    time_ms : str
        The venue's time, ms; it may be missing in a message.
    checksum : str
        Checksum of the book after the message; it may be missing in a message, and 0 is none.
    snapshot_bids, snapshot_asks, snapshot_id : str
        The same in a snapshot; without `snapshot_id` it has the id 0.
    one_sided : bool
        Whether a diff may leave out a side that has not changed.
    stream_depth : int
        Levels a side that the stream keeps up: worse ones leave without notice and are forgotten here too. 0 when it keeps up all.
    """

    bids: str = "b"
    asks: str = "a"
    first_id: str = "U"
    last_id: str = "u"
    prev_id: str = ""
    time_ms: str = "E"
    checksum: str = ""
    snapshot_bids: str = "bids"
    snapshot_asks: str = "asks"
    snapshot_id: str = "lastUpdateId"
    one_sided: bool = False
    stream_depth: int = 0
