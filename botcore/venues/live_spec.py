"""`LiveSpec`: what a venue's file says about its wires: addresses, limits, waiting times, channels and what its codes mean."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from botcore.core.config import ConfigModel
from botcore.markets.book_keys import BookKeys

Seconds = Annotated[float, Field(gt=0)]
Address = Annotated[str, Field(pattern=r"^(https?|wss?)://[^\s/]+(/[^\s]*)?$")]


class Addresses(ConfigModel):
    """Base addresses. `CONDOR_VENUE_<NAME>_REST` replaces the first, `CONDOR_VENUE_<NAME>_WS` scheme and host of the other two."""

    rest: Address
    market_ws: Address
    user_ws: Address


class LimitSpec(ConfigModel):
    """One of the venue's limits: so much in so long.

    Parameters
    ----------
    header : str
        Reply header (lower case) in which the venue says how much is used; '' when it does not.
    reserve : float
        Fraction that is kept back for cancels and exits.
    """

    amount: Annotated[int, Field(gt=0)]
    window_s: Seconds
    header: str = ""
    reserve: Annotated[float, Field(ge=0, lt=1)] = 0.1


class TimeoutSpec(ConfigModel):
    """Longest waits: for a connection, for a whole reply, for a pong, for the acknowledgement of a subscription.

    `create_s` is how long an order that opens something may wait for its turn within the venue's limits. Its price was decided on the market of then; past that it is
    not sent, and whoever wanted it decides anew. Exits and cancels wait as long as it takes.
    """

    connect_s: Seconds = 5.0
    total_s: Seconds = 10.0
    pong_s: Seconds = 10.0
    ack_s: Seconds = 10.0
    create_s: Seconds = 2.0


class BeliefSpec(ConfigModel):
    """When "not found" is believed (see `BeliefRules`)."""

    window_s: Seconds = 5.0
    engine_s: Seconds = 10.0
    lag_s: Seconds = 25.0
    negatives: Annotated[int, Field(ge=1)] = 3


class AgeSpec(ConfigModel):
    """Seconds without a message after which a channel counts as silent; the book's also closes the market for new exposure. `funding` is how old a
    funding rate may be."""

    book: Seconds = 10.0
    trades: Seconds = 300.0
    ticker: Seconds = 60.0
    candles: Seconds = 120.0
    user: Seconds = 90.0
    funding: Seconds = 120.0


class ConnectionSpec(ConfigModel):
    """How sockets may be opened: attempts in a window, pauses between attempts, and how long one lives before a new one takes over."""

    attempts: Annotated[int, Field(gt=0)] = 300
    window_s: Seconds = 300.0
    first_pause_s: Seconds = 0.5
    longest_pause_s: Seconds = 30.0
    lifetime_s: Seconds = 23 * 3600.0
    subscriptions: Annotated[int, Field(gt=0)] = 200


class BookSpec(ConfigModel):
    """How the depth stream is numbered and named; see `BookKeys`.

    Parameters
    ----------
    first_id, last_id, prev_id : str
        Keys of a diff's first, last and preceding update id; `prev_id` is '' where the venue has none.
    depth : int
        Levels of the snapshot.
    """

    bids: str = "b"
    asks: str = "a"
    first_id: str = "U"
    last_id: str = "u"
    prev_id: str = ""
    time_ms: str = "E"
    snapshot_bids: str = "bids"
    snapshot_asks: str = "asks"
    snapshot_id: str = "lastUpdateId"
    checksum: str = ""
    one_sided: bool = False
    stream_depth: Annotated[int, Field(ge=0)] = 0
    depth: Annotated[int, Field(gt=0)] = 1000

    def keys(self) -> BookKeys:
        """What a scanner looks for."""
        return BookKeys(**self.model_dump(exclude={"depth"}))


class CodeSpec(ConfigModel):
    """What the venue's codes mean. A code that stands nowhere is UNKNOWN for a write.

    Parameters
    ----------
    refused : dict
        Code -> what a person is told. Only these mean: not done, and it will not be done.
    done : list
        Codes by which the venue says that what was asked for is so already ("no need to change").
    throttled : list
        Codes by which the venue promises, even with a server error, that it did not take the request: it may be sent again.
    stale_rules : list
        Codes after which the trading rules are fetched again: an order did not fit them.

    Where one code has several meanings, a key is the code and the venue's text: `"-2010 Duplicate order sent."`; it counts before the code alone.
    """

    refused: dict[int | str, str] = {}
    not_found: list[int | str] = []
    limited: list[int | str] = []
    throttled: list[int | str] = []
    stale_time: list[int | str] = []
    denied: dict[int | str, str] = {}
    done: list[int | str] = []
    unknown: list[int | str] = []
    stale_rules: list[int | str] = []


class LiveSpec(ConfigModel):
    """See the module.

    Parameters
    ----------
    limits : dict
        By the names that calls use in `Call.weights`.
    weights : dict
        Call name -> limit name -> cost.
    channels : dict
        Channel name -> the venue's stream name, with `{symbol}` and `{interval}` to fill in.
    channel_paths : dict
        Channel name -> path after `addresses.market_ws` where it is heard, for venues that spread their channels over several sockets.
    polls_s : dict
        Call name -> seconds between two polls while the streams are silent (REST fallback).
    """

    addresses: Addresses
    limits: dict[str, LimitSpec]
    weights: dict[str, dict[str, int]] = {}
    timeouts: TimeoutSpec = TimeoutSpec()
    belief: BeliefSpec = BeliefSpec()
    ages: AgeSpec = AgeSpec()
    connections: ConnectionSpec = ConnectionSpec()
    book: BookSpec = BookSpec()
    codes: CodeSpec = CodeSpec()
    channels: dict[str, str] = {}
    channel_paths: dict[str, str] = {}
    polls_s: dict[str, Seconds] = {}
    rights_at: str | None = None
    """Connector at which the same key tells what it may do, where this one does not."""
    lists_stop_orders: bool = False
    """Whether a reduce-only stop order can rest at this venue (`stop_on_venue`)."""
