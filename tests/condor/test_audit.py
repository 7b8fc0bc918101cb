"""The audit is a chain: what was changed in it, taken out of it or put into it shows. Every change of a service is in it, with who and from where."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import open_engine
from condor.home import Home
from condor.store import MIGRATIONS
from condor.store.audit import CHAINED, audit_rows, broken_links, chain_hash, write_audit
from condor.users import Actor, Role
from tests.support.instance import condor
from tests.support.records import fresh_records

ANN = Actor(5, "Ann", Role.OWNER, "telegram", 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Records with ten rows of audit."""
    home = Home(tmp_path / "home", tmp_path)
    home.make()
    home.database.write_bytes(fresh_records())
    engine = open_engine(home.database)
    with engine.begin() as connection:
        for number in range(10):
            write_audit(
                connection, number, ANN, "stop_bot", f"bot-{number} ü", before="running", after='"x"\n', result="done" if number % 2 else "refused"
            )
    engine.dispose()
    return home.database


def faults(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(broken_links(connection))


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_chain_that_nobody_touched_is_whole(path: Path) -> None:
    assert faults(path) == []


@pytest.mark.parametrize("column", [*CHAINED, "hash"])
def test_any_changed_value_shows(path: Path, column: str) -> None:
    number = column in ("wall_ms", "user_id", "chat_id")
    change(path, f"UPDATE audit SET {column} = {'99' if number else repr('other')} WHERE audit_id = 4")
    assert any("audit row 4 was changed" in fault for fault in faults(path))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM audit WHERE audit_id = 4", "audit row 5 was changed, or a row before it is gone"),
        ("DELETE FROM audit WHERE audit_id = 1", "audit row 2"),
        ("DELETE FROM audit WHERE audit_id > 7", "the audit ends with row 7, and 10 were written"),
        ("DELETE FROM audit", "the audit ends with row 0, and 10 were written"),
        ("UPDATE audit SET audit_id = 11 - audit_id + 100 WHERE audit_id IN (5, 6)", "audit row 7"),
        (
            "INSERT INTO audit SELECT 50, 9, 5, 5, 'stop_bot', 'x', '', '', 'done', 'Ann', 'OWNER', 'telegram', '', hash, NULL FROM audit WHERE audit_id = 10",
            "row 50",
        ),
    ],
)
def test_rows_that_go_come_or_change_places_show(path: Path, statement: str, words: str) -> None:
    change(path, statement)
    assert any(words in fault for fault in faults(path)), faults(path)


def test_verify_names_it_and_ends_with_an_error(path: Path) -> None:
    home = path.parents[1]
    assert condor("verify", "--home", str(home)).returncode == 0
    change(path, "UPDATE audit SET target = 'another' WHERE audit_id = 2")
    found = condor("verify", "--home", str(home))
    assert found.returncode == 1 and "audit row 2 was changed" in found.stdout


def test_rows_of_before_the_chain_are_chained_by_the_upgrade_and_later_ones_follow(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    migrate(path, [MIGRATIONS], target="records_0006")
    migrate(path, [MIGRATIONS], target="application_0001")
    for number in range(3):
        change(
            path,
            f"INSERT INTO audit (wall_ms, user_id, chat_id, action, target, before, after, result) VALUES ({number}, 1, 1, 'halt', 'ü', '', 'x', 'done')",
        )
    change(path, "INSERT INTO chats VALUES (-7, 'telegram', 5, 0, 0, 0), (5, 'telegram', 5, 0, 0, 0)")
    migrate(path, [MIGRATIONS])
    engine = open_engine(path)
    with engine.begin() as connection:
        write_audit(connection, 9, ANN, "release", "trading")
        rows = audit_rows(connection)
    engine.dispose()
    assert faults(path) == [] and len(rows) == 4
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT chat_id, state FROM groups").fetchall() == [(-7, "allowed")], "groups that it spoke in go on"
        assert "hash" in [column[0] for column in connection.execute("SELECT * FROM v_audit").description]
    change(path, "UPDATE audit SET target = 'y' WHERE audit_id = 1")
    assert faults(path)


def test_how_long_a_request_took_is_under_the_hash_where_it_is_known(path: Path) -> None:
    engine = open_engine(path)
    with engine.begin() as connection:
        write_audit(connection, 1_250, replace(ANN, heard_ms=1_000), "stop_bot", "slow")
        write_audit(connection, 1_250, replace(ANN, heard_ms=1_300), "stop_bot", "a clock that was turned back")
        write_audit(connection, 1_250, ANN, "stop_bot", "nobody heard it")
        rows = audit_rows(connection, limit=3)
    engine.dispose()
    assert [row.latency_ms for row in rows] == [None, 0, 250] and faults(path) == []
    for number, value in ((11, "NULL"), (12, "251"), (13, "0")):
        with closing(sqlite3.connect(path)) as connection, connection:
            kept = connection.execute(f"SELECT latency_ms FROM audit WHERE audit_id = {number}").fetchone()[0]
        change(path, f"UPDATE audit SET latency_ms = {value} WHERE audit_id = {number}")
        assert faults(path) == [f"audit row {number} was changed, or a row before it is gone or was put in"]
        change(path, f"UPDATE audit SET latency_ms = {'NULL' if kept is None else kept} WHERE audit_id = {number}")
    assert faults(path) == []


def test_a_chain_of_before_latencies_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    migrate(path, [MIGRATIONS], target="records_0006")
    migrate(path, [MIGRATIONS], target="application_0009")
    last = ""
    for number in range(3):
        values = [number, 5, "Ann", "OWNER", "telegram", 5, "halt", "trading", "", "x", "done", ""]
        last = chain_hash(last, values)
        with closing(sqlite3.connect(path)) as connection, connection:
            columns = ", ".join(f'"{name}"' for name in CHAINED)
            connection.execute(f"INSERT INTO audit ({columns}, hash) VALUES ({', '.join('?' * 13)})", [*values, last])
    migrate(path, [MIGRATIONS])
    engine = open_engine(path)
    with engine.begin() as connection:
        write_audit(connection, 9, replace(ANN, heard_ms=4), "release", "trading")
    engine.dispose()
    assert faults(path) == []


def test_the_page_finds_words_numbers_and_what_was_refused(path: Path) -> None:
    engine = open_engine(path)
    with engine.begin() as connection:
        write_audit(connection, 99, Actor(77, "Ben_", Role.TRADER, "telegram", 7), "set_limits", "100%", result="refused", reason="no")
        found = lambda **more: [row.audit_id for row in audit_rows(connection, **more)]  # noqa: E731
        assert found(limit=3) == [11, 10, 9]
        assert found(limit=3, below=9) == [8, 7, 6]
        assert found(words="BOT-4") == [5]
        assert found(words="77") == found(words="ben") == found(words="n_") == found(words="0%") == [11]
        assert found(words="%") == [11] and found(words="'; DROP TABLE audit; --") == []
        assert found(result="refused", limit=2) == [11, 9]
    engine.dispose()
