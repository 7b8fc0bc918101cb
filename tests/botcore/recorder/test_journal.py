"""The journal: one writer, in order, durable before it calls back, and never stopped by what a caller does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from botcore.recorder import journal as journal_module
from botcore.recorder import tables
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write


def put(key: str, value: str) -> Write:
    return Write(tables.runtime, {"key": key, "value": value})


def value(journal: Journal, key: str) -> str | None:
    return journal.read(lambda c: c.execute(text("SELECT value FROM runtime WHERE key = :key"), {"key": key}).scalar()).result()


def barrier(journal: Journal) -> None:
    journal.run(lambda connection: None).result(10)


def test_rows_are_durable_when_it_calls_back(journal: Journal) -> None:
    seen: list[str | None] = []
    journal.commit([put("a", "1")], lambda: seen.append(value(journal, "a")))
    barrier(journal)
    assert seen == ["1"]


def test_order_of_calls_is_order_of_writes(journal: Journal) -> None:
    called: list[int] = []
    for number in range(200):
        journal.commit([put("a", str(number))], lambda number=number: called.append(number))
    barrier(journal)
    assert called == list(range(200))
    assert value(journal, "a") == "199"


def test_add_leaves_what_is_there(journal: Journal) -> None:
    journal.commit([put("a", "1")])
    journal.commit([Write(tables.runtime, {"key": "a", "value": "2"}, Op.ADD)])
    barrier(journal)
    assert value(journal, "a") == "1"


def test_work_that_raises_keeps_nothing_and_says_why(journal: Journal) -> None:
    def fails(connection: Connection) -> None:
        connection.execute(text("INSERT INTO runtime VALUES ('a', '1')"))
        raise LookupError("no")

    with pytest.raises(LookupError):
        journal.run(fails).result(10)
    assert value(journal, "a") is None


def test_a_caller_that_goes_away_does_not_stop_the_writer(journal: Journal) -> None:
    holds, goes_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        holds.set()
        goes_on.wait(10)

    running = journal.run(slow)
    holds.wait(10)
    waiting = journal.run(lambda connection: connection.execute(text("INSERT INTO runtime VALUES ('a', '1')")))
    assert waiting.cancel()
    assert not running.cancel()
    goes_on.set()
    barrier(journal)
    assert value(journal, "a") is None


def test_a_disk_that_refuses_is_tried_again_until_it_takes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str | None] = []
    refusals = [1, 2, 3]

    def write_rows(connection: Connection, writes: Sequence[Write]) -> None:
        if refusals:
            refusals.pop()
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        written(connection, writes)

    written = journal_module.write_rows
    monkeypatch.setattr(journal_module, "RETRY_S", 0.01)
    monkeypatch.setattr(journal_module, "write_rows", write_rows)
    journal = Journal(path, lambda call: call(), told.append)
    done = threading.Event()
    journal.commit([put("a", "1")], done.set)
    assert done.wait(10)
    journal.close()
    assert told == ["database or disk is full"] * 3 + [None]


def test_closing_writes_what_is_waiting(path: Path) -> None:
    journal = Journal(path, lambda call: call())
    for number in range(50):
        journal.commit([put(f"k{number}", "x")])
    journal.close()
    again = Journal(path, lambda call: call())
    assert again.read(lambda c: c.execute(text("SELECT count(*) FROM runtime")).scalar()).result() == 50
    again.close()
