"""The paper exchanges' own books: what was saved is there after a crash, and nothing else."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from botcore.model.books import AccountPage
from botcore.model.errors import StoreRefused, UserError
from botcore.recorder import paper_store
from botcore.recorder.paper_store import SqlPaperStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paper.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlPaperStore]:
    made = SqlPaperStore(path)
    yield made
    made.close()


def order(serial: int, is_open: bool = True, **more: Any) -> dict[str, Any]:
    return {"is_open": is_open, "ts_ns": serial, "price": "100.10", **more}


def page(
    name: str = "venue", orders: dict[str, dict[str, Any]] | None = None, fills: list[dict[str, Any]] | None = None, cash: str = "1000.50"
) -> AccountPage:
    return AccountPage(name, {"balances": {"USDT": cash}}, orders or {}, fills or [])


def test_a_fresh_store_is_empty(store: SqlPaperStore) -> None:
    assert store.now_ns == 0 and store.source is None and store.accounts() == {} and store.feed_states() == {}
    assert store.candles("venue:ETH-USDT").shape == (0, 6)


def test_a_page_is_there_after_a_restart(store: SqlPaperStore, path: Path) -> None:
    store.save(
        55,
        [page(orders={"a": order(1)}, fills=[{"trade_id": "t1", "price": "100.10"}])],
        {"venue:ETH-USDT": {"taken": 7}},
        {"venue:ETH-USDT": [[60, 1, 2, 0.5, 1.5, 9]]},
    )
    with_restart = SqlPaperStore(path)
    found = with_restart.accounts()["venue"]
    assert found.account == {"balances": {"USDT": "1000.50"}} and found.orders == {"a": order(1)}
    assert found.fills == [{"trade_id": "t1", "price": "100.10"}]
    assert with_restart.now_ns == 55 and with_restart.feed_states() == {"venue:ETH-USDT": {"taken": 7}}
    assert with_restart.candles("venue:ETH-USDT").tolist() == [[60, 1, 2, 0.5, 1.5, 9]]
    with_restart.close()


def test_a_later_page_replaces_what_changed_and_keeps_the_rest(store: SqlPaperStore) -> None:
    store.save(1, [page(orders={"a": order(1), "b": order(2)}, fills=[{"trade_id": "t1"}])], {"m": {"taken": 1}}, {})
    store.save(2, [page(orders={"a": order(1, is_open=False)}, fills=[{"trade_id": "t2"}], cash="7")], {"m": {"taken": 2}}, {})
    found = store.accounts()["venue"]
    assert found.account == {"balances": {"USDT": "7"}} and found.orders == {"a": order(1, is_open=False), "b": order(2)}
    assert [fill["trade_id"] for fill in found.fills] == ["t1", "t2"]
    assert store.feed_states() == {"m": {"taken": 2}} and store.now_ns == 2


def test_a_fill_is_written_once(store: SqlPaperStore) -> None:
    for price in ("1", "2"):
        store.save(1, [page(fills=[{"trade_id": "t1", "price": price}])], {}, {})
    assert store.accounts()["venue"].fills == [{"trade_id": "t1", "price": "1"}]


def test_accounts_do_not_mix(store: SqlPaperStore) -> None:
    store.save(1, [page("a", {"x": order(1)}, [{"trade_id": "t1"}]), page("b", {"x": order(2)}, [{"trade_id": "t1"}])], {}, {})
    found = store.accounts()
    assert found["a"].orders == {"x": order(1)} and found["b"].orders == {"x": order(2)}
    assert len(found["a"].fills) == len(found["b"].fills) == 1


def test_a_page_is_written_whole_or_not_at_all(store: SqlPaperStore) -> None:
    store.save(1, [page(cash="1")], {"m": {"taken": 1}}, {})
    broken = page(orders={"a": {"is_open": None, "ts_ns": 2}}, cash="2")
    with pytest.raises(Exception, match="NOT NULL"):
        store.save(2, [broken], {"m": {"taken": 2}}, {})
    assert store.now_ns == 1 and store.feed_states() == {"m": {"taken": 1}}
    assert store.accounts()["venue"].account == {"balances": {"USDT": "1"}}
    store.save(3, [page(cash="3")], {}, {})
    assert store.now_ns == 3


def test_all_open_orders_and_only_the_latest_ended_ones_are_loaded(store: SqlPaperStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_store, "KEEP", 3)
    orders = {f"o{number}": order(number, is_open=number < 5) for number in range(10)}
    store.save(1, [page(orders=orders, fills=[{"trade_id": f"t{number}"} for number in range(6)])], {}, {})
    found = store.accounts()["venue"]
    assert list(found.orders) == ["o7", "o8", "o9", "o0", "o1", "o2", "o3", "o4"]
    assert [fill["trade_id"] for fill in found.fills] == ["t3", "t4", "t5"], "latest, oldest first"


def test_candles_are_kept_once_and_oldest_first(store: SqlPaperStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_store, "KEEP_CANDLES", 3)
    store.save(1, [], {}, {"m": [[120, *[2.0] * 5], [60, *[1.0] * 5]], "other": [[60, *[9.0] * 5]]})
    store.save(2, [], {}, {"m": [[120, *[99.0] * 5], [180, *[3.0] * 5], [240, *[4.0] * 5]]})
    assert store.candles("m")[:, :2].tolist() == [[120, 2], [180, 3], [240, 4]]


def test_the_source_of_the_market_is_remembered(store: SqlPaperStore, path: Path) -> None:
    store.put_source("synthetic seed 7")
    other = SqlPaperStore(path)
    assert other.source == "synthetic seed 7"
    other.close()


def test_clearing_forgets_all_but_the_schema(store: SqlPaperStore, path: Path) -> None:
    store.put_source("old")
    store.save(5, [page(orders={"a": order(1)}, fills=[{"trade_id": "t1"}])], {"m": {}}, {"m": [[60, *[1.0] * 5]]})
    store.clear()
    assert store.accounts() == {} and store.feed_states() == {} and store.now_ns == 0 and store.source is None
    assert store.candles("m").shape == (0, 6)
    SqlPaperStore(path).close()


def test_a_file_of_a_newer_program_is_refused(path: Path) -> None:
    SqlPaperStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema'")
    with pytest.raises(UserError, match=r"paper\.db was written by a newer Condor \(schema 999\)"):
        SqlPaperStore(path)


def test_saving_is_durable_on_return(store: SqlPaperStore, path: Path) -> None:
    """Another process sees the page as soon as `save` is back."""
    store.save(9, [page()], {}, {})
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'now_ns'").fetchone() == ("9",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_p5_p6_a_file_that_takes_nothing_says_so_soon_and_takes_it_later(store: SqlPaperStore, path: Path) -> None:
    """Saving happens in the tick: it must not wait for a lock that another program holds."""
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    begin = time.monotonic()
    with pytest.raises(StoreRefused, match="locked"):
        store.save(7, [page(orders={"a": order(1)})], {}, {})
    assert time.monotonic() - begin < 2
    blocker.execute("COMMIT")
    blocker.close()
    assert store.accounts() == {}
    store.save(8, [page(orders={"a": order(1)}), page(orders={"a": order(2, False)}, cash="5")], {}, {})
    found = store.accounts()["venue"]
    assert found.account == {"balances": {"USDT": "5"}} and found.orders == {"a": order(2, False)}


def test_candles_are_read_by_another_thread_while_pages_are_written(store: SqlPaperStore) -> None:
    """A chart reads older bars beside the clock; one connection serves both."""
    bars = {"venue:BTC-USDT": np.array([[60.0 * number, 1, 2, 0.5, 1.5, 10] for number in range(500)])}
    store.save(1, [page()], {}, bars)
    faults: list[Exception] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                assert len(store.candles("venue:BTC-USDT")) == 500
            except Exception as error:
                faults.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for now_ns in range(2, 60):
            store.save(now_ns, [page(cash=str(now_ns))], {}, {})
    finally:
        is_over.set()
        reader.join()
    assert faults == [] and store.now_ns == 59
