"""Whether a database file is what SQLite wrote: looked at before anything opens it, with nothing between us and SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from condor.errors import UserError
from condor.home import Home


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
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            # a damaged page may hold anything, also in the text that says what is wrong
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            rows = connection.execute(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(20)").fetchall()
    except sqlite3.DatabaseError as error:
        return [f"can't be read: {error}"]
    except UnicodeDecodeError:
        # SQLite's own complaint quotes the garbled schema
        return ["can't be read: its schema is garbled"]
    return [str(row[0]) for row in rows if row[0] != "ok"]


def refuse_damaged(home: Home) -> None:
    """Nothing starts on damaged records: bots that are not known would be positions that nobody watches.

    Raises
    ------
    UserError
        Names the file, what is wrong with it and what to do.
    """
    for path in (home.database, home.paper_database, home.chat_database):
        found = damage_of(path)
        if found:
            raise UserError(
                f"{path} is damaged ({found[0].splitlines()[-1].strip()}): nothing was started and nothing was changed. "
                "Put a copy from a backup in its place, or move it away to begin without it; `condor verify` lists what is wrong"
            )
