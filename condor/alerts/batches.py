"""Which of the alerts that wait for one chat goes out next, and what is put together into one message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from botcore.model.events import FactKind
from condor.alerts.events import MERGED, Own
from condor.store.outbox import QueuedNotice

FEW = 2
"""So many ends, or openings, that wait are told one by one; more are one card, so that nobody waits for seconds."""

BURST = 5
"""More than these are a burst."""

BURST_S, CALM_S = 10.0, 1.5
"""A burst is gathered for so long, or until nothing new has come for so long."""

LATE_MS = 10 * 60_000
"""What has waited longer is told in one message with all else that waits."""

DOUBT_MS = 10 * 60_000
"""What may have arrived is asked about with the next message, or by itself after so long."""


class Shape(Enum):
    """What a message is made of."""

    PLAIN = auto()
    LATE = auto()
    DOUBT = auto()


@dataclass(frozen=True, slots=True)
class Batch:
    """One message: what it tells, what of before may not have arrived, and openings that it makes needless, since it tells of their ends."""

    items: tuple[QueuedNotice, ...]
    shape: Shape = Shape.PLAIN
    doubtful: tuple[QueuedNotice, ...] = ()
    joined: tuple[QueuedNotice, ...] = ()

    @property
    def all(self) -> tuple[QueuedNotice, ...]:
        return (*self.items, *self.doubtful, *self.joined)


@dataclass(slots=True)
class Gathering:
    """Trades of one chat that come faster than they may be told. Times of the sender's clock."""

    since_s: float = 0.0
    grew_s: float = 0.0
    last_key: int = 0
    count: int = 0

    def look(self, trades: Sequence[QueuedNotice], now_s: float) -> bool:
        """Note what waits; whether it is to wait on."""
        closes, opens = _split(trades)
        if max(len(closes), len(opens)) <= BURST:
            self.count = self.last_key = 0
            return False
        if not self.count:
            self.since_s = now_s
        if (trades[-1].message_key, len(trades)) != (self.last_key, self.count):
            self.last_key, self.count, self.grew_s = trades[-1].message_key, len(trades), now_s
        return now_s - self.since_s < BURST_S and now_s - self.grew_s < CALM_S


def next_batch(
    waiting: Sequence[QueuedNotice], now_ms: int, *, after_trades: bool = False, is_gathering: bool = False, apart: Collection[int] = ()
) -> Batch | None:
    """What goes out next; None while trades are being gathered and nothing else waits.

    Something critical first, each for itself; then what must be told by itself (`apart`, by key). Then, when much has waited for long, all the rest as one.
    Then ends of executors, then openings, a few one by one and more as one card, then the rest one by one or kind by kind. Where trades close every second the
    rest would never be told: after a message of trades it is the rest's turn.
    """
    items = [item for item in waiting if not item.is_unsure]
    doubtful = tuple(item for item in waiting if item.is_unsure)
    for item in items:
        if item.outgoing.severity == "critical":
            return Batch((item,))
    for item in waiting:
        if item.message_key in apart:
            return Batch((), Shape.DOUBT, (item,)) if item.is_unsure else Batch((item,))
    if not items:
        return _doubts(doubtful, now_ms)
    # a file can't be told in a line among others
    in_words = tuple(item for item in waiting if item.outgoing.notice.kind != Own.REPORT)
    if sum(not item.is_unsure for item in in_words) > 1 and now_ms - items[0].created_ms > LATE_MS:
        # what may have arrived is counted once, with the rest
        return Batch(in_words, Shape.LATE)
    trades = [item for item in items if item.outgoing.severity == "trade"]
    others = [item for item in items if item.outgoing.severity != "trade" and not _comes_after(item, trades)]
    if trades and not is_gathering and not (others and after_trades):
        return _trades(trades, doubtful)
    if not others:
        return None
    kind = others[0].outgoing.notice.kind
    same = tuple(item for item in others if item.outgoing.notice.kind == kind) if kind in MERGED else (others[0],)
    # below a picture or a file there is no room for more
    return Batch(same, doubtful=() if kind in (Own.DIGEST, Own.REPORT) else doubtful)


def _comes_after(item: QueuedNotice, trades: Sequence[QueuedNotice]) -> bool:
    """Whether it only makes sense behind a trade that waits: that a bot has stopped, behind the ends of its executors."""
    notice = item.outgoing.notice
    if notice.kind != FactKind.BOT_STOPPED:
        return False
    return any(trade.outgoing.notice.bot_id == notice.bot_id and trade.message_key < item.message_key for trade in trades)


def _trades(trades: Sequence[QueuedNotice], doubtful: tuple[QueuedNotice, ...]) -> Batch:
    """Ends first; an opening whose end is told with it needs no message of its own. Real money and paper are never one card, whose sum would be of both."""
    closes, opens = _split(trades)
    ready = closes or opens
    chosen = [item for item in ready if item.outgoing.notice.mode == ready[0].outgoing.notice.mode]
    chosen = chosen if len(chosen) > FEW else chosen[:1]
    ended = {item.outgoing.notice.executor_id for item in chosen} if closes else set()
    return Batch(tuple(chosen), doubtful=doubtful, joined=tuple(item for item in opens if item.outgoing.notice.executor_id in ended))


def _split(trades: Sequence[QueuedNotice]) -> tuple[list[QueuedNotice], list[QueuedNotice]]:
    """(ends, openings)."""
    closes = [item for item in trades if item.outgoing.notice.kind != FactKind.POSITION_OPENED]
    return closes, [item for item in trades if item.outgoing.notice.kind == FactKind.POSITION_OPENED]


def _doubts(doubtful: tuple[QueuedNotice, ...], now_ms: int) -> Batch | None:
    """What was never answered, once nothing else has come for a while that could have asked about it."""
    if not doubtful or now_ms - doubtful[-1].created_ms <= DOUBT_MS:
        return None
    return Batch((), Shape.DOUBT, doubtful)
