"""A venue with a true book, a line that loses, repeats, reorders and damages: whenever the sync says ready, its book is the venue's of that update; without faults it
becomes ready and stays so."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from botcore.markets.sync_states import SyncRules, SyncState
from tests.support.book_bench import MS, BookBench
from tests.support.damage import mutate

SETTINGS = settings(deadline=None, derandomize=True, database=None)
DEPTH = 6
Sides = tuple[dict[int, int], dict[int, int]]


class Venue:
    """The truth: a book, all its states by update id, and every diff that was sent."""

    def __init__(self, chained: bool) -> None:
        self.chained = chained
        self.last_id = 100
        self.bids = dict.fromkeys(range(90, 100), 1)
        self.asks = dict.fromkeys(range(101, 111), 1)
        self.states: dict[int, Sides] = {}
        self.diffs: list[bytes] = []
        self.keep()

    def keep(self) -> None:
        self.states[self.last_id] = dict(self.bids), dict(self.asks)

    def change(self, mid: int, changes: list[tuple[bool, int, int]], count: int, skipped: int) -> bytes:
        """One message of `count` updates after `skipped` ids of other markets (chained only); the book never crosses."""
        previous, sent = self.last_id, (dict[int, int](), dict[int, int]())
        for side, others in ((self.bids, sent[0]), (self.asks, sent[1])):
            for price in [price for price in side if (price >= mid if side is self.bids else price <= mid)]:
                del side[price]
                others[price] = 0
        for is_bid, distance, size in [(True, 1, 1), (False, 1, 1), *changes]:
            price, side = (mid - distance, 0) if is_bid else (mid + distance, 1)
            book = self.bids if is_bid else self.asks
            if size or distance > 1:
                sent[side][price] = size
                book.pop(price, None)
                if size:
                    book[price] = size
        first = previous + 1 + (skipped if self.chained else 0)
        self.last_id = first + count - 1
        self.keep()
        chain: dict[str, Any] = {"pu": previous} if self.chained else {}
        levels = {name: [[str(price), str(size)] for price, size in side.items()] for name, side in zip("ba", sent, strict=True)}
        self.diffs.append(json.dumps({"U": first, "u": self.last_id, "E": 1, **chain, **levels}).encode())
        return self.diffs[-1]

    def snapshot(self, back: int, depth: int = 0) -> bytes:
        """The state `back` messages ago."""
        update_id = list(self.states)[-1 - min(back, len(self.states) - 1)]
        bids, asks = self.states[update_id]
        sides = {"bids": sorted(bids.items(), reverse=True), "asks": sorted(asks.items())}
        cut = {name: [[str(price), str(size)] for price, size in side][: depth or None] for name, side in sides.items()}
        return json.dumps({"lastUpdateId": update_id, **cut}).encode()


class SyncMachine(RuleBasedStateMachine):
    @initialize(chained=st.booleans())
    def begin(self, chained: bool) -> None:
        self.bench = BookBench(
            SyncRules(audit_ns=5_000 * MS, stale_ns=10_000 * MS, snapshot_depth=0, tries=5, rest_ns=1_000 * MS, waiting=6), chained=chained
        )
        self.venue = Venue(chained)
        self.held: list[bytes] = []

    def deliver(self, raw: bytes) -> None:
        self.bench.sync.on_diff(raw, self.bench.now_ns)

    @rule(
        mid=st.integers(96, 104),
        changes=st.lists(st.tuples(st.booleans(), st.integers(1, 8), st.integers(0, 3)), max_size=5),
        count=st.integers(1, 4),
        skipped=st.integers(0, 3),
        fate=st.sampled_from(["comes"] * 12 + ["is lost", "comes twice", "comes late", "is cut"]),
    )
    def update(self, mid: int, changes: list[tuple[bool, int, int]], count: int, skipped: int, fate: str) -> None:
        raw = self.venue.change(mid, changes, count, skipped)
        if fate == "comes late":
            self.held.append(raw)
            return
        if fate == "is cut":
            raw = raw[: len(raw) // 2]
        if fate != "is lost":
            self.deliver(raw)
        if fate == "comes twice":
            self.deliver(raw)
        while self.held:
            self.deliver(self.held.pop())

    @rule(back=st.integers(0, 30))
    def repeat_an_old_one(self, back: int) -> None:
        if self.venue.diffs:
            self.deliver(self.venue.diffs[-1 - min(back, len(self.venue.diffs) - 1)])

    @rule(back=st.integers(0, 3), damaged=st.booleans())
    def answer(self, back: int, damaged: bool) -> None:
        bench = self.bench
        if bench.wants:
            raw = self.venue.snapshot(back)
            bench.sync.on_snapshot(raw[:-20] if damaged else raw, bench.now_ns, bench.now_ns)

    @rule()
    def reconnect(self) -> None:
        self.bench.sync.on_connect(self.bench.now_ns)

    @rule()
    def disconnect(self) -> None:
        self.bench.sync.on_disconnect(self.bench.now_ns)
        self.held.clear()

    @rule(ms=st.sampled_from([1, 100, 600, 3_000, 20_000]))
    def wait(self, ms: int) -> None:
        self.bench.wait(ms)

    @rule()
    def faults_end(self) -> None:
        """From here on all comes, once and in order: the book is ready soon, and the venue's."""
        bench, venue = self.bench, self.venue
        self.held.clear()
        if bench.sync.state is SyncState.DOWN:
            bench.sync.on_connect(bench.now_ns)
        for _ in range(30):
            bench.wait(3_000)
            if bench.wants:
                bench.sync.on_snapshot(venue.snapshot(0), bench.now_ns, bench.now_ns)
            self.deliver(venue.change(100, [], 1, 0))
        assert bench.usable
        assert bench.book.last_update_id == venue.last_id
        resyncs = bench.sync.resyncs
        for _ in range(3):
            self.deliver(venue.change(101, [(True, 2, 2)], 2, 1))
        assert bench.sync.resyncs == resyncs

    @invariant()
    def a_ready_book_is_the_venue_s(self) -> None:
        if not hasattr(self, "bench"):
            return
        bench = self.bench
        if bench.sync.is_ready:
            assert bench.sides == self.venue.states[bench.book.last_update_id]
            assert bench.usable
        else:
            assert not bench.usable
        if bench.sync.state not in (SyncState.READY, SyncState.QUARANTINED, SyncState.STALE):
            assert bench.sides == ({}, {})
        assert bench.sync.bad_audits == 0


TestSync = SyncMachine.TestCase
TestSync.settings = settings(SETTINGS, max_examples=120, stateful_step_count=60)


# ---- bytes of any kind -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("chained", [False, True])
def test_whatever_comes_a_sync_raises_nothing_and_a_usable_book_makes_sense(seed: int, chained: bool) -> None:
    """Fuzz: damaged messages as diffs and as snapshots, at any time, in any state."""
    rng = random.Random(seed)
    bench = BookBench(SyncRules(audit_ns=2_000 * MS, stale_ns=5_000 * MS, rest_ns=1_000 * MS, waiting=20), chained=chained)
    venue = Venue(chained)
    states, heals = set(), 0
    for _ in range(2_500):
        raw = venue.change(rng.randrange(97, 104), [(rng.random() < 0.5, rng.randrange(1, 8), rng.randrange(4))], rng.randrange(1, 3), 0)
        if rng.random() < 0.15:
            raw = mutate(raw, rng)
        was_ready = bench.sync.is_ready
        if rng.random() < 0.9:
            bench.sync.on_diff(raw, bench.now_ns)
        if bench.wants or rng.random() < 0.02:
            snapshot = venue.snapshot(rng.randrange(2))
            bench.sync.on_snapshot(mutate(snapshot, rng) if rng.random() < 0.3 else snapshot, bench.now_ns, bench.now_ns)
        if rng.random() < 0.01:
            rng.choice([bench.sync.on_connect, bench.sync.on_disconnect, bench.sync.on_asked])(bench.now_ns)
        if rng.random() < 0.05:
            bench.sync.on_no_snapshot(bench.now_ns, "no answer")
        if bench.sync.state is SyncState.DOWN:
            bench.sync.on_connect(bench.now_ns)
        bench.wait(rng.choice((1, 50, 700)))
        states.add(bench.sync.state)
        heals += bench.sync.is_ready and not was_ready
        book = bench.book
        if bench.usable:
            bids, asks = book.levels(True, 100), book.levels(False, 100)
            assert 0 < book.best_bid < book.best_ask and bids == sorted(bids, reverse=True) and asks == sorted(asks)
            assert all(lots > 0 for _, lots in bids + asks)
    assert heals > 20 and {SyncState.READY, SyncState.SYNCING} < states
