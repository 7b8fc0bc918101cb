"""What a machine can do to the journal: kill it, cut its power, fill its disk, lock its file, slow it down, leave it without descriptors or memory."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from botcore.core.points import LABELS, Points
from botcore.recorder import journal as journal_module
from botcore.recorder import sqlite_file, tables
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write
from tests.support.instance import CHECKOUT, clean_environment


def put(key: str, value: str = "v") -> Write:
    return Write(tables.runtime, {"key": key, "value": value}, Op.ADD)


def keys(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT key FROM runtime")}


def child(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", HEAD + code, *arguments], cwd=CHECKOUT, env=clean_environment(), stdout=subprocess.PIPE, text=True)


HEAD = """
import os, resource, sys, threading, time
from pathlib import Path
from botcore.recorder import journal as journal_module, tables
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write
journal_module.RETRY_S = 0.02
path = Path(sys.argv[1])
def put(key, value="v"):
    return Write(tables.runtime, {"key": key, "value": value}, Op.ADD)
def durable(journal, *writes):
    done = threading.Event()
    journal.commit(writes, done.set)
    return done.wait(20)
"""


# ---- P1, P12: the process is killed ----------------------------------------------------------------------------------
ACKS = """
first = int(sys.argv[2])
journal = Journal(path, lambda call: call())
for number in range(first, first + 100_000):
    key = f"k{number}"
    journal.commit([put(key), put(key + "b")], lambda key=key: os.write(1, (key + "\\n").encode()))
    if number % 7 == 0:
        time.sleep(0.0005)
"""


def test_p1_p12_every_acknowledged_row_survives_fifty_kills(path: Path) -> None:
    """An OOM kill is a SIGKILL like this one."""
    chance = random.Random(3)
    acked: set[str] = set()
    for kill in range(50):
        process = child(ACKS, str(path), str(kill * 100_000))
        assert process.stdout is not None
        acked.add(process.stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        acked |= set(process.stdout.read().split("\n")[:-1])
        process.wait(10)
        process.stdout.close()
    found = keys(path)
    assert acked <= found and len(acked) > 500
    # a commit is whole or not there
    assert {key[:-1] for key in found if key.endswith("b")} == {key for key in found if key.startswith("k") and not key.endswith("b")}


# ---- P2: the power is cut --------------------------------------------------------------------------------------------
class Snapshots(Points):
    """Copies file and WAL at every point where a commit has been synced, and notes what had been announced by then."""

    def __init__(self, path: Path, folder: Path, announced: list[str]) -> None:
        self._path, self._folder, self._announced = path, folder, announced
        self.taken: list[tuple[Path, str, frozenset[str]]] = []

    def reach(self, label: str) -> None:
        if not label.startswith("journal."):
            return
        where = self._folder / str(len(self.taken))
        where.mkdir(parents=True)
        for part in (self._path, self._path.with_name(self._path.name + "-wal")):
            if part.exists():
                shutil.copy(part, where)
        self.taken.append((where / self._path.name, label, frozenset(self._announced)))


def test_p2_at_every_sync_boundary_what_was_announced_is_on_disk(path: Path, tmp_path: Path) -> None:
    announced: list[str] = []
    points = Snapshots(path, tmp_path / "cuts", announced)
    journal = Journal(path, lambda call: call(), points=points)
    for number in range(40):
        done = threading.Event()
        journal.commit([put(f"k{number}")], lambda number=number, done=done: (announced.append(f"k{number}"), done.set()))
        assert done.wait(10)
    journal.close()
    assert {label for _, label, _ in points.taken} == {label for label in LABELS if label.startswith("journal.")}
    for number, (copy, label, by_then) in enumerate(points.taken):
        found = keys(copy)
        assert by_then <= found, (number, label)
        if label != "journal.before_commit":
            assert f"k{number // 3}" in found, "durable before anybody is told"
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_p2_a_torn_tail_of_the_log_costs_only_what_was_not_announced(path: Path, tmp_path: Path) -> None:
    """The last write of the power cut may be any prefix, or garbage."""
    announced: list[str] = []
    points = Snapshots(path, tmp_path / "cuts", announced)
    journal = Journal(path, lambda call: call(), points=points)
    for number in range(6):
        done = threading.Event()
        journal.commit([put(f"k{number}", "x" * 3000)], lambda number=number, done=done: (announced.append(f"k{number}"), done.set()))
        assert done.wait(10)
    journal.close()
    chance = random.Random(1)
    before = {copy: by_then for copy, label, by_then in points.taken if label == "journal.before_commit"}
    after = [copy for copy, label, _ in points.taken if label == "journal.after_commit"]
    for (copy, by_then), durable in zip(before.items(), after, strict=True):
        synced = (copy.parent / "condor.db-wal").read_bytes() if (copy.parent / "condor.db-wal").exists() else b""
        tail = (durable.parent / "condor.db-wal").read_bytes()[len(synced) :]
        for torn in (tail[: chance.randrange(len(tail))], chance.randbytes(len(tail)), tail[:-1] + b"\0"):
            where = tmp_path / "torn"
            shutil.rmtree(where, ignore_errors=True)
            where.mkdir()
            shutil.copy(copy, where)
            (where / "condor.db-wal").write_bytes(synced + torn)
            assert by_then <= keys(where / "condor.db")


# ---- P5: the disk is full --------------------------------------------------------------------------------------------
class Full:
    """Stands in for `write_rows`: the disk takes rows only when there is room."""

    def __init__(self, has_room: Callable[[], bool]) -> None:
        self._has_room, self._write, self.refused = has_room, journal_module.write_rows, 0

    def __call__(self, connection: Connection, writes: Any) -> None:
        if not self._has_room():
            self.refused += 1
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
        self._write(connection, writes)


def test_p5_the_reserve_is_freed_and_the_rows_are_written_at_once(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = tmp_path / "reserve"
    reserve.write_bytes(b"x" * 100)
    full = Full(lambda: not reserve.exists())
    monkeypatch.setattr(journal_module, "write_rows", full)
    monkeypatch.setattr(journal_module, "RETRY_S", 60)
    told: list[str | None] = []

    def free() -> bool:
        if not reserve.exists():
            return False
        reserve.unlink()
        return True

    journal = Journal(path, lambda call: call(), told.append, make_room=free)
    done = threading.Event()
    journal.commit([put("exit")], done.set)
    assert done.wait(10), "no pause: the room that was freed is used"
    assert told == ["database or disk is full", None]
    assert full.refused == 1
    reserve.write_bytes(b"x")
    value = journal.run(lambda connection: full(connection, [put("fill")])).result(10)
    assert value is None and told[2:] == ["database or disk is full", None]
    journal.close()
    assert {"exit", "fill"} <= keys(path)


LIMITED = """
told = []
journal = Journal(path, lambda call: call(), told.append)
assert durable(journal, put("before"))
size = max(os.path.getsize(path), os.path.getsize(str(path) + "-wal"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
done = [threading.Event() for _ in range(100)]
for number, event in enumerate(done):
    journal.commit([put(f"k{number}", "x" * 4000)], event.set)
deadline = time.monotonic() + 10
while not told and time.monotonic() < deadline:
    time.sleep(0.01)
assert told and told[0] is not None, told
assert not all(event.is_set() for event in done)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert all(event.wait(10) for event in done)
journal.close()
assert told[-1] is None, told
print("ok", told[0])
"""


def test_p5_a_file_that_may_not_grow_loses_nothing_and_goes_on_when_it_may(path: Path) -> None:
    process = child(LIMITED, str(path))
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and out.startswith("ok"), out
    assert {f"k{number}" for number in range(100)} | {"before"} <= keys(path)


def test_p5_closing_does_not_wait_for_ever_for_a_disk_that_stays_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "write_rows", Full(lambda: False))
    journal = Journal(path, lambda call: call())
    journal.commit([put("never")])
    begin = time.monotonic()
    journal.close(patience_s=0.2)
    assert time.monotonic() - begin < 5
    assert journal.waiting_rows == 1


# ---- P6: the file is locked, the disk is slow --------------------------------------------------------------------------
HOLD = """
import sqlite3
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


def test_p6_another_process_that_holds_the_write_lock_blocks_no_caller_and_costs_no_row(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "RETRY_S", 0.02)
    monkeypatch.setattr(sqlite_file, "BUSY_S", 0.05)
    told: list[str | None] = []
    heard, done = threading.Event(), threading.Event()
    journal = Journal(path, lambda call: call(), lambda text: (told.append(text), heard.set()))
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + HOLD, str(path)],
        cwd=CHECKOUT,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == "held\n"
    slowest = 0.0
    for number in range(300):
        begin = time.perf_counter()
        journal.commit([put(f"k{number}")], done.set if number == 299 else None)
        slowest = max(slowest, time.perf_counter() - begin)
    assert heard.wait(10)
    assert told[0] is not None and "locked" in told[0]
    assert not done.is_set()
    assert journal.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM runtime").scalar()).result(5) == 0, "reading goes on"
    process.communicate("go\n", timeout=10)
    assert done.wait(10)
    journal.close()
    assert told[-1] is None
    assert slowest < 0.25, "a caller only hands over"
    assert len(keys(path)) == 300


class Slow(Points):
    """A sync that lasts until it is let go."""

    def __init__(self) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()

    def reach(self, label: str) -> None:
        if label == "journal.before_commit":
            self.inside.set()
            assert self.go_on.wait(30)


def test_p6_a_backlog_is_told_when_it_grows_past_its_bound_and_again_when_it_is_drained(path: Path) -> None:
    """A sync of a minute: nobody waits for it, and trading hears that it must not open anything while rows pile up."""
    told: list[str | None] = []
    slow = Slow()
    journal = Journal(path, lambda call: call(), told.append, points=slow, max_waiting=100)
    done = threading.Event()
    journal.commit([put("first")])
    assert slow.inside.wait(10)
    for number in range(60):
        journal.commit([put(f"a{number}")])
    assert told == []
    for number in range(60):
        journal.commit([put(f"b{number}")], done.set if number == 59 else None)
    assert len(told) == 1 and told[0] is not None and "101 rows wait" in told[0]
    assert journal.waiting_rows == 121
    slow.go_on.set()
    assert done.wait(10)
    journal.close()
    assert told[1:] == [None]
    assert journal.waiting_rows == 0 and len(keys(path)) == 121


# ---- P13: no descriptor is left ----------------------------------------------------------------------------------------
NO_DESCRIPTORS = """
journal = Journal(path, lambda call: call())
assert durable(journal, put("before"))
assert journal.read(lambda c: c.exec_driver_sql("SELECT 1").scalar()).result(5) == 1
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for number in range(60):
    # enough for checkpoints, and for statements that would use a temporary file
    assert durable(journal, *(put(f"k{number}-{part}", "x" * 2000) for part in range(60)))
assert journal.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM runtime").scalar()).result(5) == 3601
assert journal.run(lambda c: c.exec_driver_sql("UPDATE runtime SET value = 'y'").rowcount).result(10) == 3601
for descriptor in taken:
    os.close(descriptor)
journal.close()
print("ok")
"""


def test_p13_records_are_written_and_read_when_no_descriptor_is_left(path: Path) -> None:
    process = child(NO_DESCRIPTORS, str(path))
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and out == "ok\n"


# ---- points ------------------------------------------------------------------------------------------------------------
class Noted(Points):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def reach(self, label: str) -> None:
        self.seen.append(label)


@pytest.fixture
def noted(path: Path) -> Iterator[tuple[Noted, Journal]]:
    points = Noted()
    journal = Journal(path, lambda call: call(), points=points)
    yield points, journal
    journal.close()


def test_every_commit_passes_its_points_in_order(noted: tuple[Noted, Journal]) -> None:
    points, journal = noted
    done = threading.Event()
    journal.commit([put("a")], done.set)
    assert done.wait(10)
    assert points.seen == ["journal.before_commit", "journal.after_commit", "journal.before_announce"]
    journal.run(lambda connection: None).result(10)
    assert points.seen[3:] == ["journal.before_commit", "journal.after_commit"]
    assert set(points.seen) <= set(LABELS)


def test_labels_are_all_that_the_program_names() -> None:
    named = set()
    for source in [*(CHECKOUT / "botcore").rglob("*.py"), *(CHECKOUT / "condor").rglob("*.py")]:
        named |= {part.split('"')[1] for part in source.read_text().split(".reach(")[1:] if part.startswith('"')}
    assert named == set(LABELS)
