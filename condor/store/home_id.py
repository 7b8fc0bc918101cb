"""The id of a home: the part of every client order id that tells the orders of this data folder from those of another one that trades with the same key.

It is made once and kept twice, in the database and in `data/home_id` beside it, so that the orders of a home whose database is lost are still found at the venue. A
database that was put back from another folder brings that folder's id: then both are ours, and new orders carry the database's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from botcore.orders.ids import is_home_id, new_home_id
from botcore.recorder import tables
from botcore.recorder.sqlite_file import Write, open_engine, write_rows
from condor.private_file import write_private

log = logging.getLogger(__name__)

KEY = "home"
"""Of the runtime table."""


def claim_home(path: Path, database: Path, below: Callable[[int], int]) -> tuple[str, ...]:
    """Ids of this home, the one for new orders first; made at its first start, restored where one of the two places has lost them.

    Parameters
    ----------
    path : Path
        `data/home_id`.
    database : Path
        With the present schema; nobody else has it open.
    below : callable
        A random number below the one that it is given.
    """
    engine = open_engine(database)
    try:
        with engine.begin() as connection:
            table = tables.runtime
            stored = _ids(connection.execute(select(table.c.value).where(table.c.key == KEY)).scalar_one_or_none() or "")
            kept = _read(path)
            homes = tuple(dict.fromkeys(stored + kept)) or (new_home_id(below),)
            # the file first: an id that is in use must never be in one place only because the process ended here
            if kept != homes:
                write_private(path, " ".join(homes) + "\n")
            if stored != homes:
                write_rows(connection, [Write(table, {"key": KEY, "value": " ".join(homes)})])
    finally:
        engine.dispose()
    return homes


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split() if is_home_id(part))


def _read(path: Path) -> tuple[str, ...]:
    """None of them where there is no file, or none that can be read."""
    try:
        found = _ids(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        log.warning("%s can't be read (%s)", path.name, error)
        return ()
    if not found:
        log.warning("%s holds no id of a home", path.name)
    return found
