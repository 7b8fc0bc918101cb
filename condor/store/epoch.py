"""The epoch of an instance: the part of every client order id that makes sure that two lives of one data folder never speak with the same ids.

It is written twice: in the database and in `data/epoch` beside it. The file also holds a random id of the last start and how many transactions the database has
taken. A database that is gone, was put back from an older copy, or a folder that was copied disagrees with the file, and then the epoch grows by a random step.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, select

from botcore.recorder import tables
from botcore.recorder.journal import COMMITS
from botcore.recorder.sqlite_file import Write, open_engine, write_rows
from condor.private_file import sync_folder

log = logging.getLogger(__name__)

STEP = 1_000_000
"""Largest step of the epoch: so unlikely is it that two copies of a folder take the same one."""

SYNC_EVERY = 256
"""Transactions after which the count in the file is made durable; a killed process loses nothing of it in between, a power cut may."""

COUNT_DIGITS = 20


class Past(Enum):
    """What the file and the database say of each other."""

    FIRST = "first"
    """Nothing was ever written here."""
    SAME = "same"
    """The database is the one that was last used here."""
    UNMARKED = "unmarked"
    """There is no file; the database is of an earlier version, or the file was lost."""
    GONE = "gone"
    """The file knows a database, but this one is new."""
    OLDER = "older"
    """The database is a copy from before."""
    COPIED = "copied"
    """Both agree, and they are not where they were written: the folder was copied."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands: the same content elsewhere is a copy."""

    machine: str
    inode: int


class EpochFile:
    """The count of transactions at the end of `data/epoch`; implements the journal's `CommitMark`."""

    def __init__(self, handle: int, offset: int) -> None:
        self._handle = handle
        self._offset = offset
        self._has_failed = False

    def reached(self, commits: int) -> None:
        try:
            os.pwrite(self._handle, f"{commits:0{COUNT_DIGITS}d}".encode(), self._offset)
            if commits % SYNC_EVERY == 0:
                os.fsync(self._handle)
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                log.error("the epoch file can't be written: %s", error)

    def close(self) -> None:
        os.close(self._handle)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What this start works with."""

    number: int
    past: Past
    mark: EpochFile


@dataclass(frozen=True, slots=True)
class _Found:
    epoch: int
    boots: tuple[str, ...]
    commits: int
    place: Place | None


Told = Callable[[Connection, Past, int], None]
"""(the database, its past, the new epoch): writes down what follows from the past."""


def claim_epoch(path: Path, database: Path, boot: str, step: Callable[[int], int], machine: str = "", told: Told | None = None) -> Epoch:
    """Find out which past this database has and take an epoch that no other life of it has used.

    Parameters
    ----------
    path : Path
        `data/epoch`.
    database : Path
        With the present schema; nobody else has it open.
    boot : str
        Random id of this start.
    step : callable
        A random number below the one that it is given.
    machine : str
        What this machine is called, if known.
    told : callable, optional
        Is given the database in the transaction that takes the epoch: a start that ends here either has done neither, or both.
    """
    file = _read(path)
    engine = open_engine(database)
    try:
        with engine.begin() as connection:
            there = _stored(connection)
            past = _past(file, there, path, machine, is_empty=_is_empty(connection))
            known = max(file.epoch if file else 0, there.epoch)
            number = known if past is Past.SAME else known + 1 + step(STEP)
            values = {"epoch": str(number), "boot": boot}
            write_rows(connection, [Write(tables.runtime, {"key": key, "value": value}) for key, value in values.items()])
            if told is not None:
                told(connection, past, number)
            known_boots = (boot, *(there.boots or ("",)))
            if past in (Past.SAME, Past.FIRST):
                # the file first: should the process end here, its older boot id still fits the database
                mark = _write(path, number, known_boots, there.commits, machine)
        if past not in (Past.SAME, Past.FIRST):
            # the database first: should the process end here, the next start must find out the same
            mark = _write(path, number, known_boots, there.commits, machine)
    finally:
        engine.dispose()
    return Epoch(number, past, mark)


def _past(file: _Found | None, there: _Found, path: Path, machine: str, *, is_empty: bool) -> Past:
    if file is None:
        return Past.FIRST if is_empty and not there.boots else Past.UNMARKED
    boot = there.boots[0] if there.boots else ""
    if boot not in file.boots:
        return Past.OLDER if boot else Past.GONE
    if there.commits < file.commits:
        return Past.OLDER if boot else Past.GONE
    return Past.SAME if file.place == Place(machine, path.stat().st_ino) else Past.COPIED


def _is_empty(connection: Connection) -> bool:
    """Whether no id was ever given out here."""
    return all(connection.execute(select(column).limit(1)).first() is None for column in (tables.intents.c.intent_id, tables.executors.c.executor_id))


def _stored(connection: Connection) -> _Found:
    table = tables.runtime
    values = {row.key: row.value for row in connection.execute(select(table).where(table.c.key.in_(("epoch", "boot", COMMITS))))}
    boots = (values["boot"],) if "boot" in values else ()
    return _Found(int(values.get("epoch", 0)), boots, int(values.get(COMMITS, 0)), None)


def _read(path: Path) -> _Found | None:
    """None when there is no file, or none that can be read: then nothing is known of the past."""
    try:
        head, count = path.read_text(encoding="ascii").split("\n")[:2]
        values = json.loads(head)
        return _Found(int(values["epoch"]), tuple(values["boots"]), int(count), Place(str(values["machine"]), int(values["inode"])))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s can't be read (%s); a new epoch begins", path.name, error)
        return None


def _write(path: Path, number: int, boots: tuple[str, ...], commits: int, machine: str) -> EpochFile:
    """A new file in place of the old one, on disk when this returns."""
    draft = path.with_name(path.name + ".part")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    head = json.dumps({"epoch": number, "boots": list(boots[:2]), "machine": machine, "inode": os.fstat(handle).st_ino}) + "\n"
    os.write(handle, f"{head}{commits:0{COUNT_DIGITS}d}\n".encode("ascii"))
    os.fsync(handle)
    os.replace(draft, path)
    sync_folder(path.parent)
    return EpochFile(handle, len(head.encode("ascii")))
