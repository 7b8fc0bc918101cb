"""The life of a live book: when a snapshot is wanted, what waits for it, and what takes the price away."""

from __future__ import annotations

import itertools
import json
import math

import pytest

from botcore.markets.book_keys import BookKeys
from botcore.markets.sync_states import MOVES, SyncRules, SyncState, Turn
from botcore.model.enums import PriceType
from botcore.model.errors import IllegalMove
from botcore.model.market_events import TradeTick
from tests.support.book_bench import ASKS, BIDS, MS, BookBench

STREAM_KEYS = BookKeys("b", "a", "", "", "", "", "c", "bs", "as", "", one_sided=True, stream_depth=10)
PATIENT = SyncRules(audit_ns=0)


# ---- the beginning -----------------------------------------------------------------------------------------------------
def test_a_book_without_a_stream_wants_nothing_and_is_not_usable() -> None:
    bench = BookBench(connected=False)
    assert bench.sync.state is SyncState.DOWN and not bench.wants and not bench.usable
    assert not bench.diff(1, 1, {99: 1}) and not bench.snapshot(5)
    assert bench.sync.state is SyncState.DOWN and bench.sides == ({}, {})


def test_a_connected_book_wants_a_snapshot_until_one_is_asked_for() -> None:
    bench = BookBench()
    assert bench.sync.state is SyncState.SYNCING and bench.wants
    bench.sync.on_asked(bench.now_ns)
    assert not bench.wants
    bench.snapshot(10)
    assert bench.sync.is_ready and not bench.wants and bench.usable


def test_hz25_diffs_that_waited_are_applied_only_if_they_are_newer_than_the_snapshot() -> None:
    bench = BookBench()
    for number in range(1, 33):
        bench.diff(number, number, {number: number})
    bench.snapshot(30)
    assert bench.book.last_update_id == 32 and bench.sides[0] == {**BIDS, 31: 31, 32: 32}
    assert bench.sync.duplicates == 0 and bench.sync.gaps == 0


def test_a_snapshot_may_come_before_the_first_diff() -> None:
    bench = BookBench().ready(10)
    assert bench.diff(8, 12, {99: 5})
    assert bench.sides[0] == {99: 5, 98: 2, 97: 3}


def test_a_snapshot_asked_for_before_the_stream_began_is_not_taken() -> None:
    bench = BookBench(connected=False)
    bench.now_ms = 100
    bench.sync.on_connect(bench.now_ns)
    assert not bench.snapshot(10, asked_ms=99)
    assert bench.sync.state is SyncState.SYNCING and bench.wants


def test_no_more_diffs_wait_than_are_allowed() -> None:
    bench = BookBench(SyncRules(waiting=5))
    for number in range(1, 21):
        bench.diff(number, number)
    bench.snapshot(14)
    assert bench.sync.state is SyncState.SYNCING and bench.sync.too_old == 1, "11 to 15 are gone"
    bench.wait(1_000).snapshot(15)
    assert bench.sync.is_ready and bench.book.last_update_id == 20
    one = len(bench.diff_bytes(1, 1))
    bench = BookBench(SyncRules(waiting_bytes=one * 3))
    for number in range(1, 6):
        bench.diff(number, number)
    bench.snapshot(2)
    assert bench.sync.is_ready and bench.book.last_update_id == 5


# ---- W6: gaps ----------------------------------------------------------------------------------------------------------
def test_w6_a_gap_takes_the_price_away_and_a_new_snapshot_heals() -> None:
    bench = BookBench().ready(10)
    bench.now_ms = 20_000
    bench.diff(11, 11)
    assert bench.usable
    bench.diff(13, 14, {99: 7})
    assert bench.sync.state is SyncState.SYNCING and not bench.usable
    assert (bench.sync.gaps, bench.sync.resyncs, bench.market.gaps) == (1, 1, 1)
    assert bench.sides == ({}, {}) and math.isnan(bench.market.mid()) and bench.market.price(PriceType.BestBid).is_nan()
    assert bench.wants, "a book that had settled is fetched again at once"
    assert "11" in bench.sync.problem and "13" in bench.sync.problem
    bench.snapshot(12)
    assert bench.sync.is_ready and bench.usable and bench.book.last_update_id == 14 and bench.sides[0][99] == 7


def test_w6_the_chain_of_futures_is_broken_by_another_preceding_id() -> None:
    bench = BookBench(chained=True).ready(10)
    bench.diff(9, 14, prev=8)
    bench.diff(20, 25, prev=14)
    assert bench.sync.is_ready and bench.book.last_update_id == 25
    bench.diff(26, 30, prev=24)
    assert bench.sync.state is SyncState.SYNCING and bench.sync.gaps == 1
    bench.wait(1_000).snapshot(28)
    assert bench.sync.is_ready and bench.book.last_update_id == 30


def test_w6_the_first_diff_of_futures_after_a_snapshot_must_reach_it() -> None:
    bench = BookBench(chained=True).ready(10)
    bench.diff(12, 14, prev=9)
    assert bench.sync.gaps == 1
    bench = BookBench(chained=True).ready(10)
    bench.diff(12, 14, prev=10)
    assert bench.sync.gaps == 0


def test_w6_a_gap_among_the_diffs_that_wait_is_found_when_they_are_applied() -> None:
    bench = BookBench()
    for number in (5, 6, 8, 9):
        bench.diff(number, number)
    bench.snapshot(5)
    assert bench.sync.state is SyncState.SYNCING and bench.sync.too_old == 1 and bench.sides == ({}, {})
    bench.wait(1_000).snapshot(7)
    assert bench.sync.is_ready and bench.book.last_update_id == 9


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"U":11,"u":11,"E":1,"b":[["1"]],"a":[]}', b'{"U":11,"u":11,"E":1,"b":[["99","-1"]],"a":[]}', b"\xff\0"]
)
def test_w6_a_diff_that_can_not_be_read_is_a_gap(raw: bytes) -> None:
    bench = BookBench().ready(10)
    assert bench.sync.on_diff(raw, 1) and bench.sync.unreadable == 1
    assert bench.sync.state is SyncState.SYNCING and not bench.usable and bench.sync.problem
    bench.wait(1_000)
    bench.sync.on_diff(raw, bench.now_ns)
    assert bench.sync.unreadable == 2 and bench.sync.state is SyncState.SYNCING
    bench.snapshot(11)
    assert bench.usable


# ---- W7: duplicates and wrong order ---------------------------------------------------------------------------------------
def test_w7_what_comes_twice_changes_nothing() -> None:
    bench = BookBench().ready(10)
    bench.diff(11, 12, {99: 5})
    bench.diff(13, 13, {99: 6})
    assert not bench.diff(11, 12, {99: 5}) and not bench.diff(13, 13, {99: 6})
    assert bench.sides[0][99] == 6 and bench.sync.duplicates == 2 and bench.usable
    assert bench.diff(14, 14, {99: 7})


def test_w7_two_streams_at_once_make_the_same_book_as_one() -> None:
    one, two = BookBench().ready(10), BookBench().ready(10)
    messages = [(number, number, {99 - number % 5: number % 4}) for number in range(11, 60)]
    for position, message in enumerate(messages):
        one.diff(*message)
        two.diff(*message)
        two.diff(*messages[max(0, position - 3)])
    assert one.sides == two.sides and two.sync.resyncs == 0 and two.sync.duplicates == len(messages)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_w7_diffs_that_wait_are_put_in_order_and_kept_once(order: tuple[int, ...]) -> None:
    bench = BookBench()
    for position in (*order, order[0], order[-1]):
        bench.diff(11 + position, 11 + position, {99: 11 + position})
    bench.snapshot(10)
    assert bench.sync.is_ready and bench.book.last_update_id == 14 and bench.sides[0][99] == 14
    assert bench.sync.duplicates == 2


def test_w7_a_diff_before_its_turn_is_a_gap_that_needs_no_second_snapshot_to_heal() -> None:
    bench = BookBench().ready(10)
    bench.diff(12, 12, {99: 12})
    bench.diff(11, 11, {99: 11})
    assert bench.sync.state is SyncState.SYNCING
    bench.wait(1_000).snapshot(10)
    assert bench.sync.is_ready and bench.book.last_update_id == 12 and bench.sides[0][99] == 12


# ---- W8: snapshots too old -----------------------------------------------------------------------------------------------
def test_w8_a_snapshot_older_than_the_first_diff_is_fetched_again_until_it_fits() -> None:
    bench = BookBench(PATIENT)
    bench.diff(20, 22, {99: 4})
    for age in (15, 17, 18):
        assert bench.wants
        bench.sync.on_asked(bench.now_ns)
        bench.snapshot(age)
        assert bench.sync.state is SyncState.SYNCING and not bench.usable and bench.sides == ({}, {})
        bench.wait(2_000)
    bench.snapshot(19)
    assert bench.sync.is_ready and bench.sides[0][99] == 4 and bench.sync.too_old == 3


def test_w8_pauses_between_tries_grow_and_the_tries_end() -> None:
    rules = SyncRules(first_pause_ns=100 * MS, longest_pause_ns=1_000 * MS, tries=6, rest_ns=5_000 * MS)
    bench = BookBench(rules)
    bench.diff(20, 22)
    pauses = []
    while bench.sync.state is SyncState.SYNCING:
        bench.sync.on_asked(bench.now_ns)
        bench.snapshot(1)
        begin = bench.now_ms
        while bench.sync.state is SyncState.SYNCING and not bench.wants:
            bench.wait(10)
        pauses.append(bench.now_ms - begin)
    assert pauses == [100, 200, 400, 800, 1000, 1000, 0]
    assert bench.sync.state is SyncState.LOST and not bench.wants and not bench.usable
    assert not bench.snapshot(30) and not bench.diff(23, 23), "it rests"
    bench.wait(4_990)
    assert bench.sync.state is SyncState.LOST
    bench.wait(10)
    assert bench.sync.state is SyncState.SYNCING and bench.wants
    bench.snapshot(30)
    assert bench.usable


def test_w8_a_snapshot_that_fails_or_does_not_come_is_a_try_in_vain() -> None:
    bench = BookBench(SyncRules(first_pause_ns=100 * MS, answer_ns=3_000 * MS))
    bench.sync.on_asked(0)
    bench.sync.on_no_snapshot(0, "HTTP 503")
    assert not bench.wants and bench.sync.problem == "HTTP 503"
    bench.wait(100)
    assert bench.wants
    bench.sync.on_asked(bench.now_ns)
    bench.wait(2_999)
    assert not bench.wants
    bench.wait(1)
    assert not bench.wants and bench.sync.problem == "no snapshot came"
    bench.wait(200)
    assert bench.wants


def test_w8_an_unreadable_snapshot_is_a_try_in_vain() -> None:
    bench = BookBench()
    bench.sync.on_snapshot(b'{"code":-1003,"msg":"Too much request weight used"}', 0, 0)
    assert bench.sync.state is SyncState.SYNCING and bench.sync.unreadable == 1 and not bench.wants
    bench.wait(1_000).snapshot(10)
    assert bench.usable


def test_w8_a_book_that_breaks_again_and_again_waits_longer_and_longer() -> None:
    bench = BookBench(SyncRules(first_pause_ns=100 * MS, longest_pause_ns=1_000 * MS, settled_ns=10_000 * MS, tries=50))
    pauses = []
    for last in range(10, 100, 10):
        bench.snapshot(last)
        bench.diff(last + 5, last + 5)
        begin = bench.now_ms
        while not bench.wants:
            bench.wait(10)
        pauses.append(bench.now_ms - begin)
    assert pauses[:5] == [100, 200, 400, 800, 1000] and bench.sync.gaps == 9
    bench.snapshot(200)
    bench.wait(10_000)
    bench.diff(300, 300)
    assert bench.wants, "it had stood for long"


# ---- W9: books that make no sense -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ({102: 1}, {}),
        ({101: 1}, {}),
        ({}, {99: 1}),
        ({}, {98: 5}),
        ({99: 0, 98: 0, 97: 0}, {}),
        ({}, {101: 0, 102: 0, 103: 0}),
        ({99: 0, 98: 0, 97: 0}, {101: 0, 102: 0, 103: 0}),
    ],
    ids=["crossed by a bid", "locked by a bid", "locked by an ask", "crossed by an ask", "no bids", "no asks", "empty"],
)
def test_w9_a_book_that_makes_no_sense_is_not_used_at_once_and_fetched_again_if_it_lasts(bids: dict, asks: dict) -> None:
    bench = BookBench().ready(10)
    bench.wait(20_000)
    bench.diff(11, 11, bids, asks)
    assert bench.sync.state is SyncState.QUARANTINED and bench.market.quarantined
    assert not bench.usable and not bench.sync.is_ready and not bench.wants
    bench.wait(499)
    assert bench.sync.state is SyncState.QUARANTINED
    bench.wait(1)
    assert bench.sync.state is SyncState.SYNCING and bench.wants and bench.sync.resyncs == 1
    assert math.isnan(bench.market.mid()) and bench.sides == ({}, {})
    bench.snapshot(12)
    assert bench.usable and not bench.market.quarantined


def test_w9_what_mends_itself_in_time_needs_no_snapshot() -> None:
    bench = BookBench().ready(10)
    bench.diff(11, 11, {102: 1})
    bench.wait(400)
    assert not bench.usable
    bench.diff(12, 12, {}, {101: 0, 102: 0})
    assert bench.usable and bench.sync.is_ready and bench.sync.resyncs == 0
    bench.wait(5_000)
    assert bench.usable


def test_w9_a_quarantine_ends_also_by_diffs_without_a_tick() -> None:
    bench = BookBench().ready(10)
    bench.diff(11, 11, {102: 1})
    bench.now_ms = 600
    bench.diff(12, 12, {90: 1})
    assert bench.sync.state is SyncState.SYNCING


def test_w9_a_gap_in_a_quarantined_book_is_a_gap() -> None:
    bench = BookBench().ready(10)
    bench.diff(11, 11, {102: 1})
    bench.diff(15, 15)
    assert bench.sync.state is SyncState.SYNCING and not bench.market.quarantined and not bench.usable


def test_w9_a_snapshot_that_makes_no_sense_is_quarantined_too() -> None:
    bench = BookBench()
    bench.snapshot(10, {105: 1}, {101: 1})
    assert bench.sync.state is SyncState.QUARANTINED and not bench.usable


def test_w9_a_market_that_has_one_side_only_is_not_fetched_without_end() -> None:
    """A dead market: snapshots bring the same. The pauses grow; it is never usable and never given up."""
    bench = BookBench(SyncRules(quarantine_ns=500 * MS, longest_pause_ns=30_000 * MS))
    fetched = []
    for _ in range(6_000):
        if bench.wants:
            fetched.append(bench.now_ms)
            bench.snapshot(10, {}, ASKS)
        assert not bench.usable
        bench.wait(100)
    assert 15 <= len(fetched) <= 35, len(fetched)
    assert fetched[-1] - fetched[-2] >= 30_000
    while not bench.wants:
        bench.wait(100)
    bench.snapshot(11)
    assert bench.usable


@pytest.mark.parametrize("level", ['["-99","1"]', '["99","-1"]', '["0","5"]', '["NaN","1"]', '["99","NaN"]'])
def test_w9_negative_prices_and_sizes_and_nan_never_reach_the_book(level: str) -> None:
    bench = BookBench().ready(10)
    bench.sync.on_diff(f'{{"U":11,"u":11,"E":1,"b":[{level}],"a":[]}}'.encode(), 1)
    assert bench.sync.state is SyncState.SYNCING and not bench.usable and bench.sides == ({}, {})
    bench.wait(1_000)
    bench.sync.on_snapshot(f'{{"lastUpdateId":12,"bids":[{level}],"asks":[["101","1"]]}}'.encode(), bench.now_ns, bench.now_ns)
    assert bench.sync.state is SyncState.SYNCING and bench.sides == ({}, {})


# ---- W10: ghosts -----------------------------------------------------------------------------------------------------------
def test_w10_no_level_of_before_a_reconnect_is_left() -> None:
    bench = BookBench().ready(10, {99: 1, 95: 9}, {101: 1, 120: 9})
    bench.sync.on_connect(bench.now_ns)
    assert bench.sides == ({}, {}) and not bench.usable and bench.wants
    bench.diff(500, 501, {96: 4})
    bench.snapshot(500, {97: 1}, {98: 1})
    assert bench.sides == ({97: 1, 96: 4}, {98: 1})


def test_w10_a_disconnected_book_has_no_price() -> None:
    bench = BookBench().ready(10)
    bench.sync.on_disconnect(bench.now_ns)
    assert bench.sync.state is SyncState.DOWN and not bench.usable and math.isnan(bench.market.mid()) and not bench.wants
    assert not bench.diff(11, 11, {99: 1}) and bench.sides == ({}, {})
    bench.sync.on_connect(bench.now_ns)
    assert bench.wants


def test_w10_an_audit_finds_a_ghost_and_mends_the_book_without_taking_the_price_away() -> None:
    bench = BookBench(SyncRules(audit_ns=60_000 * MS)).ready(10, {99: 1, 98: 2, 97: 3}, ASKS)
    bench.diff(11, 11, {98: 7})
    bench.wait(60_000)
    assert bench.wants and bench.usable
    bench.sync.on_asked(bench.now_ns)
    assert not bench.wants
    bench.diff(12, 12, {96: 5})
    assert bench.snapshot(12, {99: 1, 97: 3, 96: 5}, ASKS), "98 is a ghost"
    assert bench.usable and bench.sides == ({99: 1, 97: 3, 96: 5}, ASKS)
    assert (bench.sync.audits, bench.sync.bad_audits, bench.sync.resyncs) == (1, 1, 0)
    assert "bid at 98" in bench.sync.problem and "expected 0 lots, found 7" in bench.sync.problem
    assert bench.diff(13, 13, {98: 1})


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("behind", [-2, -1, 0, 1, 2])
def test_w10_an_audit_of_a_right_book_finds_nothing_wherever_the_snapshot_stands(chained: bool, behind: int) -> None:
    """The snapshot lies up to two diffs before or behind the book, and within a diff."""
    bench = BookBench(SyncRules(audit_ns=60_000 * MS), chained=chained).ready(10)
    bench.diff(11, 20, {99: 11})
    bench.wait(60_000)
    diffs = [(number, number + 9, {99: number, 90: number}) for number in range(21, 81, 10)]
    truth = {9: 0}
    for first, last, bids in diffs[:3]:
        bench.diff(first, last, bids)
    upto = 3 + behind
    truth = {**BIDS, 99: 11}
    for _, _, bids in diffs[:upto]:
        truth |= bids
    bench.snapshot(diffs[upto - 1][1], truth)
    for first, last, bids in diffs[3:]:
        bench.diff(first, last, bids)
    assert (bench.sync.audits, bench.sync.bad_audits) == (1, 0), bench.sync.problem
    assert bench.usable and not bench.wants


def test_w10_a_snapshot_too_old_or_unreadable_says_nothing_about_the_book() -> None:
    bench = BookBench(SyncRules(audit_ns=60_000 * MS)).ready(10)
    bench.diff(11, 20)
    for raw in (b'{"lastUpdateId":12,"bids":[["50","1"]],"asks":[]}', b"{}"):
        bench.wait(60_000)
        assert bench.wants
        bench.diff(bench.book.last_update_id + 1, bench.book.last_update_id + 1)
        bench.sync.on_snapshot(raw, bench.now_ns, bench.now_ns)
        assert bench.usable and bench.sync.audits == 0 and not bench.wants


def test_w10_levels_below_the_snapshot_are_not_compared_and_stay() -> None:
    bench = BookBench(SyncRules(audit_ns=60_000 * MS, snapshot_depth=2)).ready(10, {99: 1, 98: 2, 50: 5}, {101: 1, 102: 2, 150: 5})
    bench.wait(60_000)
    bench.snapshot(10, {99: 1, 98: 3}, {101: 1, 102: 2})
    assert bench.sync.bad_audits == 1 and bench.sides == ({99: 1, 98: 3, 50: 5}, {101: 1, 102: 2, 150: 5})


def test_w10_a_snapshot_that_nobody_wanted_changes_nothing() -> None:
    bench = BookBench().ready(10)
    assert not bench.snapshot(10, {50: 1}, {60: 1})
    assert bench.sides == (BIDS, ASKS) and bench.usable


def test_w10_a_wrong_checksum_takes_the_price_away() -> None:
    bench = BookBench(SyncRules(from_stream=True), keys=STREAM_KEYS, checksum=lambda book, scanner: book.best_bid)
    sync = bench.sync
    sync.on_snapshot(b'[0,{"as":[["101","1"]],"bs":[["99","1"],["98","1"]]},"book","X"]', 0, 0)
    assert sync.is_ready and bench.usable
    sync.on_diff(b'[0,{"b":[["100","1"]],"c":"100"},"book","X"]', 1)
    assert bench.usable
    sync.on_diff(b'[0,{"b":[["97","1"]],"c":"99"},"book","X"]', 2)
    assert sync.bad_checksums == 1 and sync.state is SyncState.SYNCING and not bench.usable and bench.sides == ({}, {})


# ---- venues that send snapshots in the stream ---------------------------------------------------------------------------------
def test_a_snapshot_of_the_stream_is_awaited_and_then_subscribed_to_anew() -> None:
    bench = BookBench(SyncRules(from_stream=True, answer_ns=3_000 * MS, first_pause_ns=100 * MS), keys=STREAM_KEYS)
    assert not bench.wants, "the subscription brings it"
    bench.sync.on_diff(b'[0,{"b":[["97","1"]]},"book","X"]', 2)
    assert bench.sync.state is SyncState.SYNCING
    bench.wait(3_000).wait(100)
    assert bench.wants


def test_a_snapshot_of_the_stream_replaces_the_book_at_any_time() -> None:
    bench = BookBench(SyncRules(from_stream=True), keys=STREAM_KEYS)
    for price in (99, 95):
        bench.sync.on_snapshot(b'[0,{"as":[["101","1"]],"bs":[["%d","1"]]},"book","X"]' % price, bench.now_ns, bench.now_ns)
        assert bench.sides[0] == {price: 1} and bench.usable
    bench.sync.on_diff(b'[0,{"b":[["97","1"]]},"book","X"]', 2)
    assert bench.sides[0] == {95: 1, 97: 1}


# ---- age, table -------------------------------------------------------------------------------------------------------------
def test_a_book_without_news_is_stale_and_then_not_usable() -> None:
    bench = BookBench(max_age_ms=1_000).ready(10)
    bench.wait(1_000)
    assert bench.usable and bench.sync.age_ns(bench.now_ns) == 1_000 * MS
    bench.wait(1)
    assert not bench.usable and bench.sync.is_ready
    bench.diff(11, 11)
    assert bench.usable and bench.sync.last_message_ns == bench.now_ns
    bench.wait(1_001)
    bench.diff(11, 11)
    assert not bench.usable, "an old diff is no news"


def test_a_silent_book_is_stale_though_trades_go_on() -> None:
    bench = BookBench(SyncRules(stale_ns=1_000 * MS), max_age_ms=1_000).ready(10)
    bench.wait(900)
    bench.diff(11, 11, {99: 5})
    for _ in range(3):
        bench.wait(500)
        bench.market.apply(TradeTick(bench.market.instrument.market, bench.now_ns, 100, 1, False))
    assert bench.sync.state is SyncState.STALE and not bench.usable and bench.sides[0][99] == 5
    bench.diff(12, 12, {99: 6})
    assert bench.sync.is_ready and bench.usable, "in sequence: nothing was missed"
    bench.wait(2_000)
    assert bench.sync.state is SyncState.STALE
    bench.diff(13, 13, {105: 6})
    assert bench.sync.state is SyncState.QUARANTINED and not bench.usable
    bench.diff(14, 14, {105: 0})
    bench.wait(2_000)
    bench.diff(16, 16)
    assert bench.sync.state is SyncState.SYNCING


@pytest.mark.parametrize("state", list(SyncState))
@pytest.mark.parametrize("turn", list(Turn))
def test_a_move_that_is_not_in_the_table_raises(state: SyncState, turn: Turn) -> None:
    bench = BookBench(connected=False)
    bench.sync.state = state
    if (state, turn) in MOVES:
        bench.sync._move(turn)
        assert bench.sync.state is MOVES[state, turn]
        assert bench.market.quarantined == (bench.sync.state in (SyncState.QUARANTINED, SyncState.STALE))
    else:
        with pytest.raises(IllegalMove):
            bench.sync._move(turn)
        assert bench.sync.state is state


def test_the_messages_of_the_bench_are_what_binance_sends() -> None:
    assert json.loads(BookBench(chained=True).diff_bytes(5, 6, {99: 1})) == {
        "e": "depthUpdate",
        "E": 1,
        "U": 5,
        "u": 6,
        "pu": 4,
        "b": [["99", "1"]],
        "a": [],
    }
