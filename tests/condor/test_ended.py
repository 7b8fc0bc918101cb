"""Ended executors are kept in memory: what is new is taken in, what has changed is taken anew, and it is always what the records say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, update

from botcore.orchestrator.reporting import Rates
from botcore.recorder import tables
from botcore.recorder.migrate import migrate
from botcore.recorder.queries import closed_executors
from botcore.recorder.sqlite_file import open_engine
from condor.result_views import ResultRow
from condor.services.result_sums import summed
from condor.store import ended
from condor.store.ended import EndedExecutors
from condor.store.results import close_types, result_rows
from tests.support.result_rows import executor, put, tally

D = Decimal


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    migrate(tmp_path / "records.db")
    engine = open_engine(tmp_path / "records.db")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def told(connection: Connection, executor_id: str) -> None:
    values = {
        "account": "paper",
        "kind": "executor_closed",
        "bot_id": "b",
        "controller_id": "main",
        "executor_id": executor_id,
        "ts_ns": 1,
        "wall_ms": 1,
        "payload": "{}",
    }
    connection.execute(insert(tables.facts), values)


def taken(connection: Connection, kept: EndedExecutors) -> list[tuple[str, Any]]:
    while not kept.read_on(connection):
        pass
    return [(row.executor_id, row.result) for row in kept.rows]


def test_what_ends_is_taken_in_where_it_belongs_and_what_came_before_is_not_read_again(connection: Connection) -> None:
    put(connection, tables.executors, executor("A", 20, "3"), executor("B", 10, "-1"))
    kept = EndedExecutors("paper")
    assert taken(connection, kept) == [("B", D(-1)), ("A", D(3))]
    first = kept.rows[0]
    put(connection, tables.executors, executor("C", 15, "5"), executor("R", 16, "7") | {"status": "RUNNING"})
    for name in ("C", "R"):
        told(connection, name)
    assert taken(connection, kept) == [("B", D(-1)), ("C", D(5)), ("A", D(3))]
    assert kept.rows[0] is first
    assert kept.sums == {("b", "main", "USDT"): D(7)}


def test_one_that_ended_and_came_to_something_else_is_taken_anew(connection: Connection) -> None:
    put(connection, tables.executors, executor("A", 20, "3"), executor("B", 10, "-1"))
    kept = EndedExecutors("paper")
    taken(connection, kept)
    connection.execute(update(tables.executors).where(tables.executors.c.executor_id == "A").values(net_pnl_quote=None))
    told(connection, "A")
    assert taken(connection, kept) == [("B", D(-1)), ("A", None)]
    assert kept.sums == {("b", "main", "USDT"): D(-1)} and kept.unknown == {("b", "main", "USDT")}


def test_rows_that_came_without_a_fact_are_found_by_their_number(connection: Connection) -> None:
    put(connection, tables.executors, executor("A", 20, "3"))
    kept = EndedExecutors("paper")
    taken(connection, kept)
    put(connection, tables.executors, executor("M", 5, "9"))
    assert taken(connection, kept) == [("M", D(9)), ("A", D(3))]


def test_many_are_read_in_parts_and_one_that_ends_meanwhile_is_there(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended, "PAGE", 10)
    put(connection, tables.executors, *(executor(f"E{number}", 100 + number, "1") for number in range(35)))
    kept = EndedExecutors("paper")
    assert not kept.read_on(connection)
    put(connection, tables.executors, executor("late", 1, "2"))
    told(connection, "late")
    parts = 1
    while not kept.read_on(connection):
        parts += 1
    assert parts == 4 and [row.executor_id for row in kept.rows][:2] == ["late", "E0"] and len(kept.rows) == 36


@pytest.mark.parametrize("seed", range(5))
def test_sums_are_those_of_each_row_one_by_one(seed: int) -> None:
    """Against the plainest way to add them up."""
    rng = random.Random(seed)
    rows = [_random_row(rng, number) for number in range(300)]
    rates = {"USDT": D(1), "EUR": D("1.1")}
    view = summed("paper", "all", (-1, 10**18), rows, {}, Rates("USDT", lambda asset, quote: rates.get(asset)))
    worths = [row.result * rates[row.asset] if row.result is not None else None for row in rows]
    known = [value for value in worths if value is not None]
    assert view.winning == sum(value > 0 for value in known) and view.closed == len(rows)
    total, best, worst, curve = D(0), D(0), D(0), {}
    for row, value in zip(rows, worths, strict=True):
        if value is not None:
            total += value
            curve[row.at_ns] = total
    for value in curve.values():
        best = max(best, value)
        worst = min(worst, value - best)
    assert dict(view.curve) == curve and view.worst_drop == worst
    assert sum((value for _, value in view.by_day), D(0)) == total
    if len(known) == len(rows):
        assert view.result == total == sum(value for _, value in view.by_bot if value is not None)
        lost = -sum(value for value in known if value < 0)
        assert view.profit_factor == sum(value for value in known if value > 0) / lost
    else:
        assert view.result is None and view.profit_factor is None


def _random_row(rng: random.Random, number: int) -> ResultRow:
    value = None if rng.random() < 0.001 else D(rng.randint(-500, 520)).scaleb(-2)
    asset = rng.choice(("USDT", "USDT", "EUR"))
    day = number // 3 * 86_400_000_000_000 // 10
    return ResultRow(day, "executor", rng.choice("xyz"), "main", f"E{number}", "kraken", f"BTC-{asset}", "TAKE_PROFIT", asset, value, D("0.1"), D(10))


def test_the_history_counts_and_pages_without_reading_the_rows(connection: Connection) -> None:
    """By the query planner: over the records of years each would take seconds."""
    put(connection, tables.executors, executor("A", 20, "3"), executor("B", 10, "-1", "STOP_LOSS"))
    plans: list[str] = []

    def note(_c: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and "FROM executors" in statement:
            rows = connection.connection.execute("EXPLAIN QUERY PLAN " + statement, values).fetchall()
            plans.append("; ".join(str(row[3]) for row in rows))

    event.listen(connection.engine, "before_cursor_execute", note)
    close_types(connection)
    closed_executors(connection)
    kept = EndedExecutors("paper")
    taken(connection, kept)
    event.remove(connection.engine, "before_cursor_execute", note)
    counts, count, page, first, agrees = plans
    for plan in (counts, count, agrees):
        assert "COVERING INDEX ix_executors_counted" in plan, plan
    assert "ix_executors_end " in page and "ORDER BY" not in page, page
    assert "INTEGER PRIMARY KEY" in first and "ORDER BY" not in first, first


def test_what_is_counted_agrees_with_what_the_bots_say(connection: Connection) -> None:
    put(connection, tables.executors, executor("A", 20, "3"), executor("B", 10, "-1"))
    put(connection, tables.tallies, tally("2"))
    assert [row.kind for row in result_rows(connection, "paper")] == ["executor", "executor"]
