"""P9: a process that dies in the middle of a migration leaves the schema and the rows that were there, or the new ones; a copy was kept first."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from botcore.recorder.migrate import migrate, newest_schema, schema_of
from botcore.recorder.sqlite_file import open_engine
from condor.errors import UserError
from condor.store import MIGRATIONS
from condor.store.backups import KEEP, Backups
from tests.support.instance import CHECKOUT, clean_environment

BOTH = [MIGRATIONS]
OLD = {"records_0001", "application_0001"}
CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from botcore.core.points import Points
from botcore.recorder.migrate import migrate
from condor.store import MIGRATIONS
from condor.store.backups import Backups

path, where = Path(sys.argv[1]), sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Deadly(Points):
    def reach(self, label):
        if label == where:
            die()

seen = []
if where.isdecimal():
    @event.listens_for(Engine, "after_cursor_execute")
    def count(connection, cursor, statement, *rest):
        if statement.lstrip().upper().startswith(("CREATE", "DROP", "ALTER", "INSERT", "DELETE", "UPDATE")):
            seen.append(statement)
            if len(seen) == int(where):
                die()

migrate(path, [MIGRATIONS], Backups(path.parent / "backups", "9.9", lambda: 1234).take, Deadly())
print(len(seen))
"""


def make_old(path: Path) -> None:
    """A database of the first version with rows in it."""
    for target in OLD:
        migrate(path, BOTH, target=target)
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO fills VALUES ('v','P-Q',?,'cdr-1-5-1','b','c','x','BUY','2','1','0','Q',NULL,1,5)", [(str(number),) for number in range(500)]
        )
        connection.execute("INSERT INTO users VALUES (5,'me','OWNER',1)")


def schema(path: Path) -> set[str]:
    engine = open_engine(path)
    with engine.connect() as connection:
        found = schema_of(connection)
    engine.dispose()
    return found


def die_at(path: Path, where: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(path), where]
    return subprocess.run(command, cwd=CHECKOUT, env=clean_environment(), capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("where", ["migrate.before_change", "1", "8", "20", "migrate.before_commit", "migrate.after_commit"])
def test_p9_killed_in_the_middle_the_old_or_the_new_schema_is_there(tmp_path: Path, where: str) -> None:
    path = tmp_path / "condor.db"
    make_old(path)
    done = die_at(path, where)
    assert done.returncode == -signal.SIGKILL, done.stderr
    after = schema(path)
    assert after == (newest_schema(BOTH) if where == "migrate.after_commit" else OLD)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM fills").fetchone() == (500,)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not any(name.endswith("_new") for name in names)
    migrate(path, BOTH)
    assert schema(path) == newest_schema(BOTH)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM fills WHERE account = 'paper'").fetchone() == (500,)
    (copy,) = (tmp_path / "backups").glob("*.db")
    assert copy.name == "condor-9.9-1234.db"
    assert schema(copy) == OLD


def test_p9_a_copy_is_kept_before_a_change_and_only_then(tmp_path: Path) -> None:
    path, taken = tmp_path / "condor.db", []
    migrate(path, BOTH, taken.append)
    assert taken == [], "there was nothing to lose"
    old = tmp_path / "old.db"
    make_old(old)
    backups = Backups(tmp_path / "backups", "1.0", lambda: 5)
    migrate(old, BOTH, backups.take)
    migrate(old, BOTH, taken.append)
    assert taken == [], "nothing was changed"
    (copy,) = backups.all()
    assert copy.stat().st_mode & 0o077 == 0
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM fills").fetchone() == (500,)
        assert "account" not in [row[1] for row in connection.execute("PRAGMA table_info(fills)")]


def test_p9_the_last_copies_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    migrate(path)
    for number in range(KEEP + 3):
        Backups(tmp_path / "b", f"1.{number}", lambda number=number: 900 + 50 * number).take(path)
    kept = Backups(tmp_path / "b", "2", lambda: 0).all()
    assert [copy.name for copy in kept] == [f"condor-1.{number}-{900 + 50 * number}.db" for number in range(KEEP + 2, 2, -1)]


def test_p9_without_room_for_a_copy_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    make_old(path)
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="nothing was changed"):
        migrate(path, BOTH, Backups(tmp_path / "backups", "1", lambda: 1).take)
    assert schema(path) == OLD
