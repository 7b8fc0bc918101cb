"""Whether a database file is what SQLite wrote: looked at before anything opens it, with nothing between us and SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from condor.errors import UserError


def damage_of(path: Path, *, thorough: bool = False) -> list[str]:
    """What SQLite finds wrong with a file; empty when it is sound or not there.

    Parameters
    ----------
    thorough : bool
        Also hold indexes against their tables, which takes time in a large file.
    """
    if not path.is_file():
        return []
    try:
        # reading only: the last one to close a file that it may write to folds the WAL into it, and a damaged file must stay as it is
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            # a damaged page may hold anything, also in the text that says what is wrong
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            rows = connection.execute(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(20)").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise UserError(f"{path.name} is held by another program ({error}): close it first") from None
        return [f"can't be read: {error}"]
    except sqlite3.DatabaseError as error:
        return [f"can't be read: {error}"]
    except UnicodeDecodeError:
        # SQLite's own complaint quotes the garbled schema
        return ["can't be read: its schema is garbled"]
    return [str(row[0]) for row in rows if row[0] != "ok"]
