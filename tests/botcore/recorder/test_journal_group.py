"""The journal, continued: what waits together is one transaction, order holds over all doors, and a row that no table takes stops nothing silently."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from botcore.recorder import journal as journal_module
from botcore.recorder import tables
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import Op, Write, open_engine, write_rows


def put(key: str, value: str, op: Op = Op.UPSERT) -> Write:
    return Write(tables.runtime, {"key": key, "value": value}, op)


def rows(connection: Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(select(tables.runtime))}


def held(journal: Journal) -> Callable[[], None]:
    """Stop the writer inside a piece of work; the returned function lets it go on."""
    inside, go_on = threading.Event(), threading.Event()

    def wait(connection: Connection) -> None:
        inside.set()
        assert go_on.wait(10)

    journal.run(wait)
    assert inside.wait(10)
    return go_on.set


def commits(journal: Journal) -> list[None]:
    seen: list[None] = []
    event.listen(journal._engine, "commit", lambda connection: seen.append(None))
    return seen


def test_what_waits_together_is_one_transaction(journal: Journal) -> None:
    seen, release = commits(journal), held(journal)
    for number in range(50):
        journal.commit([put(f"k{number}", "v")])
    release()
    journal.run(lambda connection: None).result(10)
    assert len(seen) == 3, "the held work, one group for fifty commits, and the last work"
    assert len(journal.read(rows).result(10)) == 50


def test_order_holds_over_commits_and_works(journal: Journal) -> None:
    release = held(journal)
    journal.commit([put("a", "1")])
    seen = journal.run(lambda connection: rows(connection).get("a"))
    journal.commit([put("a", "2")])
    later = journal.run(lambda connection: rows(connection).get("a"))
    journal.commit([put("a", "3")])
    release()
    assert (seen.result(10), later.result(10)) == ("1", "2")
    journal.run(lambda connection: None).result(10)
    assert journal.read(rows).result(10) == {"a": "3"}


def test_callbacks_come_in_order_and_after_the_commit(path: Path) -> None:
    calls: list[Callable[[], Any]] = []
    journal = Journal(path, calls.append)
    seen, release, told = commits(journal), held(journal), []
    for number in range(3):
        journal.commit([put("a", str(number))], lambda number=number: told.append((number, len(seen))))
    assert calls == []
    release()
    journal.run(lambda connection: None).result(10)
    assert told == [], "the callbacks run where the callers live, not in the writer's thread"
    for call in calls:
        call()
    assert [number for number, _ in told] == [0, 1, 2] and all(count >= 2 for _, count in told)
    journal.close()


def test_no_callback_before_the_disk_has_taken_the_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    journal = Journal(path, lambda call: call())
    monkeypatch.setattr(journal_module, "write_rows", lambda connection, writes: (told.append("write"), write_rows(connection, writes)))
    journal.commit([put("a", "1")], lambda: told.append("durable"))
    journal.run(lambda connection: None).result(10)
    assert told == ["write", "durable"]
    journal.close()


def test_a_failing_work_does_not_take_its_neighbours_along(journal: Journal) -> None:
    release = held(journal)
    journal.commit([put("before", "1")])

    def fail(connection: Connection) -> None:
        write_rows(connection, [put("mine", "1")])
        raise RuntimeError("boom")

    failing = journal.run(fail)
    journal.commit([put("after", "1")])
    release()
    with pytest.raises(RuntimeError, match="boom"):
        failing.result(10)
    journal.run(lambda connection: None).result(10)
    assert journal.read(rows).result(10) == {"before": "1", "after": "1"}


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "NOT NULL"), (2**70, "too large"), (object(), "not supported"), ({"a": 1}, "not supported")],
    ids=["none", "large", "object", "dict"],
)
def test_a_row_that_no_table_takes_is_trouble_that_is_told_and_not_the_silent_end_of_the_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch, value: Any, told: str
) -> None:
    monkeypatch.setattr(journal_module, "RETRY_S", 0.001)
    troubles: list[str | None] = []
    heard = threading.Event()

    def on_trouble(text: str | None) -> None:
        troubles.append(text)
        heard.set()

    journal = Journal(path, lambda call: call(), on_trouble)
    good = {"key": "a", "value": "1"}
    bad = {"key": "a", "value": value}
    values = dict(bad)
    journal.commit([Write(tables.runtime, values)])
    assert heard.wait(10)
    assert troubles[0] is not None and told in troubles[0]
    values.update(good)  # whoever mends the row lets the writer go on
    journal.run(lambda connection: None).result(10)
    assert troubles[-1] is None
    assert journal.read(rows).result(10) == {"a": "1"}
    journal.close()


def test_an_empty_commit_still_calls_back(journal: Journal) -> None:
    told: list[int] = []
    journal.commit([], lambda: told.append(1))
    journal.run(lambda connection: None).result(10)
    assert told == [1]


def test_a_failing_read_raises_and_the_next_one_works(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError):
        journal.read(lambda connection: 1 / 0).result(10)
    assert journal.read(rows).result(10) == {}


def test_a_reader_sees_nothing_that_is_not_committed(journal: Journal) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def write(connection: Connection) -> None:
        write_rows(connection, [put("a", "1")])
        inside.set()
        assert go_on.wait(10)

    work = journal.run(write)
    assert inside.wait(10)
    assert journal.read(rows).result(10) == {}
    go_on.set()
    work.result(10)
    assert journal.read(rows).result(10) == {"a": "1"}


# ---- rows ----------------------------------------------------------------------------------------------------------
def test_upsert_writes_only_the_columns_that_are_given(path: Path) -> None:
    engine = open_engine(path)
    first = {
        "bot_id": "b",
        "controller_id": "c",
        "asset": "USDT",
        "realized_quote": "1",
        "volume_quote": "2",
        "fees_quote": "3",
        "closed": 1,
        "winning": 1,
        "close_types": "{}",
    }
    with engine.begin() as connection:
        write_rows(connection, [Write(tables.tallies, first), Write(tables.tallies, {**first, "realized_quote": "9", "closed": 2})])
        found = connection.execute(select(tables.tallies)).one()
    engine.dispose()
    assert (found.realized_quote, found.closed, found.volume_quote) == ("9", 2, "2")


def test_mixed_rows_are_written_in_their_order(path: Path) -> None:
    engine = open_engine(path)
    with engine.begin() as connection:
        write_rows(
            connection, [put("a", "1"), put("a", "2", Op.ADD), put("b", "1", Op.ADD), put("b", "2"), put("c", "1", Op.ADD), put("c", "2", Op.ADD)]
        )
        assert rows(connection) == {"a": "1", "b": "2", "c": "1"}
    engine.dispose()


@pytest.mark.parametrize("folder", ["plain", "with space", "a#b", "a%20b", "a?b", "größe"])
def test_a_home_in_any_folder(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    home.mkdir()
    migrate(home / "condor.db")
    journal = Journal(home / "condor.db", lambda call: call())
    journal.commit([put("a", "1")])
    journal.run(lambda connection: None).result(10)
    assert journal.read(rows).result(10) == {"a": "1"}
    journal.close()
    assert [item.name for item in tmp_path.iterdir()] == [folder], "nothing is written beside the home"


def test_a_column_that_is_not_given_has_its_default(path: Path) -> None:
    journal = Journal(path, lambda call: call())
    fact = {"kind": "k", "bot_id": "b", "controller_id": "c", "executor_id": "x", "ts_ns": 1, "wall_ms": 1, "payload": "{}"}
    journal.commit([Write(tables.facts, fact, Op.ADD), Write(tables.facts, {**fact, "account": "live"}, Op.ADD)])
    journal.run(lambda connection: None).result(10)
    written = journal.read(
        lambda connection: list(connection.execute(select(tables.facts.c.account).order_by(tables.facts.c.event_id)).scalars())
    ).result(10)
    journal.close()
    assert written == ["paper", "live"]
