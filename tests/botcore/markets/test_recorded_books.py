"""Real depth streams, from raw bytes: the book is that of an independent rebuild, never crosses, misses nothing unnoticed, and proves the venue's own checksums."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from botcore.markets.book_sync import BookSync
from botcore.markets.checksums import Checksum, KrakenChecksum, OkxChecksum
from botcore.markets.order_book import OrderBook
from botcore.markets.sync_states import SyncRules, SyncState
from tests.support.books import (
    PlainBook,
    Recording,
    Wire,
    cryptofeed_binance,
    hftbacktest,
    kraken,
    kucoin,
    levels_of,
    okx,
    replay_binance,
    replay_kucoin,
)

NO_AUDIT = SyncRules(audit_ns=0)
BINANCE = [("BINANCE", symbol) for symbol in ("NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR")]
FUTURES = [("BINANCE_FUTURES", symbol) for symbol in ("SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT")]


@pytest.fixture(params=["spot", "usdm", *BINANCE, *FUTURES], ids=lambda name: name if isinstance(name, str) else "-".join(name))
def recording(request: pytest.FixtureRequest) -> Recording:
    if isinstance(request.param, str):
        return hftbacktest(request.param)
    venue, symbol = request.param
    return cryptofeed_binance(venue)[symbol]


class Session:
    """Feeds a recording to a sync and answers when it wants a snapshot with the oracle's book of that moment."""

    def __init__(self, recording: Recording, rules: SyncRules = NO_AUDIT) -> None:
        self.recording = recording
        self.market = recording.market()
        self.scanner = recording.scanner()
        self.sync = BookSync(self.market, self.scanner, rules)
        self.book = self.market.book
        self.oracle = PlainBook()
        self.crossed = self.unusable = self.snapshots = 0
        self.sync.on_connect(recording.messages[0].ts_ns)

    def play(self, messages: Iterable[Wire], heals: bool = False) -> Session:
        for message in messages:
            if message.is_snapshot:
                self.sync.on_snapshot(message.raw, message.ts_ns, message.ts_ns)
            else:
                self.sync.on_diff(message.raw, message.ts_ns)
            self.crossed += self.book.is_crossed
            self.unusable += not self.market.is_usable(message.ts_ns)
            if heals:
                self.heal(message)
        return self

    def heal(self, message: Wire) -> None:
        self.oracle.take_binance(message)
        if self.snapshots and self.sync.wants_snapshot(message.ts_ns):
            self.sync.on_snapshot(self.oracle.snapshot(), message.ts_ns, message.ts_ns)
        self.snapshots += message.is_snapshot

    def heal_late(self) -> None:
        """The pause between two tries is over."""
        late_ns = self.recording.messages[-1].ts_ns + 10**9
        if self.sync.wants_snapshot(late_ns):
            self.sync.on_snapshot(self.oracle.snapshot(), late_ns, late_ns)

    def levels(self) -> object:
        return levels_of(self.book, self.recording.tick_size, self.recording.lot_size)


# ---- as it was recorded ----------------------------------------------------------------------------------------------
def test_the_book_is_that_of_an_independent_rebuild(recording: Recording) -> None:
    session = Session(recording).play(recording.messages)
    oracle = replay_binance(recording.messages)
    assert session.sync.state is SyncState.READY
    assert session.book.last_update_id == oracle.last_id
    assert session.levels() == oracle.levels(recording.tick_size, recording.lot_size)
    assert (session.sync.gaps, session.sync.resyncs, session.sync.unreadable, session.sync.too_old) == (0, 0, 0, 0)
    assert session.crossed == 0


def test_the_price_is_usable_from_the_snapshot_on(recording: Recording) -> None:
    before = next(position for position, message in enumerate(recording.messages) if message.is_snapshot)
    session = Session(recording).play(recording.messages)
    assert session.unusable == before


def test_an_audit_against_a_later_snapshot_finds_nothing(recording: Recording) -> None:
    """The oracle's own book as the venue's REST answer, after every tenth of the recording."""
    session = Session(recording, SyncRules(audit_ns=1, snapshot_depth=0))
    for position, message in enumerate(recording.messages):
        session.play([message], heals=True)
        if position % max(5, len(recording.messages) // 10) == 0:
            session.sync.on_tick(message.ts_ns)
            if session.sync.wants_snapshot(message.ts_ns):
                session.sync.on_snapshot(session.oracle.snapshot(), message.ts_ns, message.ts_ns)
    assert session.sync.bad_audits == 0 and session.sync.resyncs == 0
    assert session.sync.audits >= 5 or len(recording.messages) < 60


def test_books_of_kucoin_are_those_of_an_independent_rebuild() -> None:
    recordings = kucoin()
    assert len(recordings) == 9
    for recording in recordings.values():
        session = Session(recording).play(recording.messages)
        oracle = replay_kucoin(recording.messages)
        assert session.sync.is_ready and session.crossed == 0 and session.sync.gaps + session.sync.too_old + session.sync.unreadable == 0
        assert session.book.last_update_id == oracle.last_id
        assert session.levels() == oracle.levels(recording.tick_size, recording.lot_size)


# ---- with something missing ------------------------------------------------------------------------------------------
def test_w6_the_only_newer_diff_before_the_snapshot_of_spot_is_missed_and_found_missing() -> None:
    """Whoever does not keep it has a crossed book for 2,573 of the 3,448 updates of this recording."""
    recording = hftbacktest("spot")
    at = next(position for position, message in enumerate(recording.messages) if message.is_snapshot)
    snapshot_id = json.loads(recording.messages[at].raw)["lastUpdateId"]
    newer = [position for position in range(at) if json.loads(recording.messages[position].raw)["data"]["u"] > snapshot_id]
    assert len(newer) == 1
    kept = [message for position, message in enumerate(recording.messages) if position not in newer]
    session = Session(recording).play(kept)
    assert session.sync.gaps == 1 and session.sync.state is SyncState.SYNCING
    assert session.unusable == len(kept) - 1 and session.crossed == 0, "only the snapshot itself was usable"

    session = Session(recording)
    for position, message in enumerate(recording.messages):
        if position in newer:
            session.oracle.take_binance(message)
        else:
            session.play([message], heals=True)
    assert session.sync.gaps == 1 and session.sync.state is SyncState.READY and session.crossed == 0
    assert session.levels() == replay_binance(recording.messages).levels(recording.tick_size, recording.lot_size)


def test_w6_any_missing_diff_is_a_gap_and_heals(recording: Recording) -> None:
    messages = recording.messages
    at = next(position for position, message in enumerate(messages) if message.is_snapshot)
    snapshot_id = json.loads(messages[at].raw)["lastUpdateId"]
    newer = [position for position, message in enumerate(messages) if not message.is_snapshot and json.loads(message.raw)["data"]["u"] > snapshot_id]
    # of the long recordings a few places and a window behind them; of the short ones every diff
    step = max(1, len(messages) // 8) if len(messages) > 1_000 else 1
    for dropped in newer[1:-2:step]:
        session = Session(recording)
        begin = 0
        if dropped > at:
            begin = max(at + 1, dropped - 5)
            session.play([Wire(messages[begin - 1].ts_ns, True, replay_binance(messages[:begin]).snapshot())], heals=True)
        for position in range(begin, min(len(messages), max(at, dropped) + 20)):
            if position == dropped:
                session.oracle.take_binance(messages[position])
            else:
                session.play([messages[position]], heals=True)
        session.heal_late()
        assert session.sync.gaps + session.sync.too_old == 1, dropped
        assert session.sync.state is SyncState.READY
        assert session.levels() == session.oracle.levels(recording.tick_size, recording.lot_size)


# ---- checksums -------------------------------------------------------------------------------------------------------
def proved(recordings: Iterable[Recording], kind: Callable[..., Checksum]) -> tuple[int, int]:
    """(messages with a checksum, those in which it is ours)."""
    total = right = 0
    for recording in recordings:
        scanner, book = recording.scanner(), OrderBook()
        checksum = kind(recording.tick_size, recording.lot_size)
        for message in recording.messages:
            (scanner.apply_snapshot if message.is_snapshot else scanner.apply_diff)(book, message.raw, message.ts_ns)
            if scanner.checksum is not None:
                total += 1
                right += checksum(book, scanner) == scanner.checksum
        assert (scanner.off_tick, scanner.off_lot) == (0, 0)
    return total, right


def test_every_checksum_of_okx_is_right() -> None:
    assert proved(okx().values(), OkxChecksum) == (290, 290)


def test_every_checksum_of_kraken_is_right() -> None:
    assert proved(kraken().values(), KrakenChecksum) == (4_269, 4_269)


@pytest.mark.parametrize(("venue", "kind", "name"), [(okx, OkxChecksum, "BTC-USDT"), (kraken, KrakenChecksum, "XMR/USD")])
def test_w6_a_missing_message_without_numbers_is_found_by_the_checksum(venue: Callable[[], dict[str, Recording]], kind: type, name: str) -> None:
    recording = venue()[name]
    for dropped in range(1, len(recording.messages) - 10, max(1, len(recording.messages) // 25)):
        sync = BookSync(
            recording.market(), recording.scanner(), SyncRules(from_stream=True, snapshot_depth=0), kind(recording.tick_size, recording.lot_size)
        )
        sync.on_connect(0)
        for position, message in enumerate(recording.messages[: dropped + 10]):
            if position == dropped:
                continue
            if message.is_snapshot:
                assert sync.on_snapshot(message.raw, message.ts_ns, message.ts_ns)
            else:
                sync.on_diff(message.raw, message.ts_ns)
            if position < dropped:
                assert sync.is_ready
        touched = json.loads(recording.messages[dropped].raw)
        assert sync.bad_checksums == 1 or not _near_the_touch(touched, recording, dropped), dropped


def _near_the_touch(message: object, recording: Recording, dropped: int) -> bool:
    """Whether the message changes what the checksum is made of, until the next ten."""
    scanner, book, without = recording.scanner(), OrderBook(), OrderBook()
    top = 25 if "OKX" in recording.name else 10
    for position, each in enumerate(recording.messages[: dropped + 10]):
        for target in (book, without):
            if target is without and position == dropped:
                continue
            (scanner.apply_snapshot if each.is_snapshot else scanner.apply_diff)(target, each.raw, each.ts_ns)
        if position > dropped and any(book.levels(is_bid, top) != without.levels(is_bid, top) for is_bid in (True, False)):
            return True
    return False


def test_the_recordings_are_what_the_tests_believe(recording: Recording) -> None:
    """One snapshot, and diffs without a hole: else an oracle that asks no questions would not do."""
    assert sum(message.is_snapshot for message in recording.messages) == 1
    previous = None
    for message in recording.messages:
        if not message.is_snapshot:
            data = json.loads(message.raw)["data"]
            assert previous is None or (data.get("pu", data["U"] - 1) == previous)
            previous = data["u"]
