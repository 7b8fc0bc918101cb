"""P7: the check of the records runs beside the rest of a start, and its answer counts only for the file that it has seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from condor.store.soundness import EarlyCheck, damage_of


def made(path: Path, rows: int = 2_000) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((f"k{number}", "v" * 40) for number in range(rows)))
        connection.commit()
    return path


def spoil(path: Path) -> None:
    body = bytearray(path.read_bytes())
    middle = len(body) // 2 // 4096 * 4096
    body[middle : middle + 2_000] = b"\xff" * 2_000
    path.write_bytes(bytes(body))


def test_p7_what_an_early_check_finds_is_what_a_check_finds(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db")
    assert EarlyCheck(path).result() == damage_of(path) == []
    spoil(path)
    assert EarlyCheck(path).result() == damage_of(path) != []
    assert EarlyCheck(tmp_path / "absent.db").result() == []


def test_p7_a_file_that_changes_after_its_check_is_checked_again(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db")
    check = EarlyCheck(path)
    check._thread.join()
    spoil(path)
    assert check.result() != []


def test_p7_writes_of_another_process_while_it_is_checked_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "a.db")
    check = EarlyCheck(path)
    check._thread.join()
    asked: list[Path] = []
    monkeypatch.setattr("condor.store.soundness.damage_of", lambda path: asked.append(path) or [])
    assert check.result() == [] and asked == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES ('new', 'row')")
        connection.commit()
        assert check.result() == [] and asked == [path]
