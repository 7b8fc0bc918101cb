"""What a power cut leaves of a home: everything up to the last commit that the process knew to be on the disk, and nothing that SQLite had only begun to write."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from condor.store.epoch import COUNT_DIGITS, SYNC_EVERY

HEADER, FRAME_HEADER = 32, 24


@dataclass(frozen=True, slots=True)
class PowerCut:
    """What a cut has left.

    Parameters
    ----------
    survived : int
        Transactions that are on the disk now, whatever the count beside them says: a later cut can't take them.
    commits, bytes : int
        What was lost.
    """

    survived: int
    commits: int = 0
    bytes: int = 0

    def __str__(self) -> str:
        return f"{self.commits} commits, {self.bytes} bytes lost"


def cut_power(home: Path, survived: int = 0) -> PowerCut:
    """Cut the records of a killed process back to its last fsync mark.

    The mark is the count of durable transactions beside the database. A commit beyond it was written and not yet known to be synced, so it may be lost; frames
    behind the last commit were never one. The count itself falls back to the last one that was synced. A process that dies before it has corrected the count leaves
    it behind what an earlier cut had spared (`survived`).
    """
    database, log = home / "data" / "condor.db", home / "data" / "condor.db-wal"
    mark, commits = _mark(home / "data" / "epoch"), _commits(database)
    if mark is None or not log.exists() or log.stat().st_size <= HEADER:
        return PowerCut(commits)
    mark = max(mark, survived)
    ends = list(_commit_ends(log.read_bytes()))
    beyond = max(0, commits - mark)
    if beyond > len(ends):
        return PowerCut(commits)
    kept = ends[len(ends) - beyond - 1] if len(ends) > beyond else HEADER
    lost = log.stat().st_size - kept
    with log.open("r+b") as handle:
        handle.truncate(kept)
    (home / "data" / "condor.db-shm").unlink(missing_ok=True)
    _fall_back(home / "data" / "epoch", mark)
    return PowerCut(commits - beyond, beyond, lost)


def _commit_ends(log: bytes) -> Iterator[int]:
    """Offsets at which the log's transactions end."""
    page = struct.unpack_from(">I", log, 8)[0]
    salts = log[16:24]
    at = HEADER
    while at + FRAME_HEADER + page <= len(log) and log[at + 8 : at + 16] == salts:
        at_end = at + FRAME_HEADER + page
        if struct.unpack_from(">I", log, at + 4)[0]:
            yield at_end
        at = at_end


def _commits(database: Path) -> int:
    """Transactions in the file, read from a copy, for looking at it would move the log."""
    if not database.exists():
        return 0
    with TemporaryDirectory() as folder:
        for part in (database, database.with_name(database.name + "-wal")):
            if part.exists():
                shutil.copy(part, folder)
        connection = sqlite3.connect(Path(folder) / database.name)
        try:
            found = connection.execute("SELECT value FROM runtime WHERE key = 'commits'").fetchone()
        except sqlite3.OperationalError:
            # killed before the tables were there
            return 0
        finally:
            connection.close()
        return int(found[0]) if found else 0


def _mark(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").split("\n")[1])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _fall_back(path: Path, mark: int) -> None:
    synced = f"{mark // SYNC_EVERY * SYNC_EVERY:0{COUNT_DIGITS}d}\n".encode("ascii")
    with path.open("r+b") as handle:
        handle.seek(-len(synced), 2)
        handle.write(synced)
