"""Recovery of very many executors: counted here, timed in `benchmarks/bench_recovery.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.crowd import Crowd
from tests.crash.ledger import Records, VenueBooks
from tests.crash.oracle import judge_running
from tests.simulation.oracle import judge_fills, judge_position

EXECUTORS = 1_000


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    found = Crowd(tmp_path / "home", EXECUTORS)
    try:
        yield found
    finally:
        found.world.close()


def test_p1_a_thousand_open_executors_come_back_with_their_orders(crowd: Crowd) -> None:
    crowd.fill()
    crowd.world.condor.kill()
    crowd.add_past(10_000)
    door = crowd.world.venue.doors["binance_perpetual"]
    before, open_before = len(door.control("requests")), door.control("ledger")["open_orders"]
    found = crowd.recover()
    # each bot also has its far sell level
    assert found["executors"] == EXECUTORS + EXECUTORS // 250
    assert crowd.trading() == EXECUTORS
    ledger = door.control("ledger")
    assert {order["client_id"] for order in open_before} == {order["client_id"] for order in ledger["open_orders"]}
    # one list answers for all orders of a pair: orders are not asked for one by one
    assert len(door.control("requests")) - before < 100
    breaches: list[str] = []
    books = [VenueBooks(door)]
    records = Records(crowd.world.condor.home, lambda invariant, text: breaches.append(f"{invariant}: {text}"))
    # the past is made up: only what the venue knows is held against it
    records.fills = {key: row for key, row in records.fills.items() if not key[2].startswith("past-")}
    records.orders = {name: row for name, row in records.orders.items() if not name.startswith("cdr-1-")}
    judge_running(records, books, lambda invariant, text: breaches.append(f"{invariant}: {text}"))
    judge_fills(records, books[0], lambda invariant, text: breaches.append(f"{invariant}: {text}"))
    judge_position(records, books[0], lambda invariant, text: breaches.append(f"{invariant}: {text}"))
    assert breaches == []
