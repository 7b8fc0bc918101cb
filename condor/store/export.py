"""`condor export`: the records of a home as files that other programs read. Nothing in them is a secret: keys and tokens are in no table that is exported."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

from condor.errors import UserError
from condor.home import Home
from condor.store.backups import copy_database

Form = Literal["jsonl", "csv"]

TABLES = {
    "bots": "SELECT * FROM bots ORDER BY created_ms, bot_id",
    "configs": "SELECT * FROM bot_configs ORDER BY bot_id, controller_id, version",
    "executors": "SELECT * FROM v_executors ORDER BY created_ns, executor_id",
    "legs": "SELECT * FROM v_legs ORDER BY executor_id, connector_name, trading_pair",
    "orders": "SELECT * FROM v_orders ORDER BY created_ns, client_order_id",
    "fills": "SELECT * FROM v_fills ORDER BY ts_ns, account, connector_name, trading_pair, trade_id",
    "funding": "SELECT * FROM v_funding ORDER BY ts_ns, account, connector_name, trading_pair, funding_id, bot_id, controller_id",
    "holds": "SELECT * FROM v_holds ORDER BY account, bot_id, controller_id, connector_name, trading_pair, bucket",
    "audit": "SELECT * FROM v_audit ORDER BY audit_id",
}
"""File name -> what is in it, oldest first."""

JSON_COLUMNS = {"config"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet would take for a formula."""


def export(home: Home, target: Path, form: Form) -> dict[str, int]:
    """Write the tables to a folder, or to one file if its name ends in `.zip`.

    Works also while an instance runs: it reads one consistent copy.

    Returns
    -------
    dict of str to int
        Rows by file name.

    Raises
    ------
    UserError
        If there are no records, they can't be read, or the target can't be written.
    """
    if not home.database.is_file():
        raise UserError("there is nothing to export: this home has no database yet")
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise UserError(f"{target} is there already: name a folder that is empty or not there yet, or a new .zip file")
    try:
        with tempfile.TemporaryDirectory(dir=home.data, prefix="export-") as folder:
            copy = Path(folder) / "copy.db"
            copy_database(home.database, copy)
            if target.suffix == ".zip":
                return _to_zip(copy, target, form)
            return _to_folder(copy, target, form)
    except sqlite3.Error as error:
        raise UserError(f"can't read the records ({error}); `condor verify` says what is wrong") from None
    except OSError as error:
        raise UserError(f"can't write {target}: {error.strerror}") from None


def _to_folder(database: Path, target: Path, form: Form) -> dict[str, int]:
    target.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name in TABLES:
        with open(target / f"{name}.{form}", "w", encoding="utf-8", newline="") as file:
            counts[f"{name}.{form}"] = _write(database, name, form, file)
    return counts


def _to_zip(database: Path, target: Path, form: Form) -> dict[str, int]:
    draft = target.with_name(target.name + ".part")
    counts = {}
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in TABLES:
                with archive.open(f"{name}.{form}", "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8", newline="") as file:
                    counts[f"{name}.{form}"] = _write(database, name, form, file)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _write(database: Path, name: str, form: Form, file: io.TextIOBase) -> int:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(TABLES[name])
        columns = [item[0] for item in cursor.description]
        return _write_csv(columns, cursor, file) if form == "csv" else _write_lines(columns, cursor, file)


def _write_lines(columns: list[str], rows: Iterator[tuple[object, ...]], file: io.TextIOBase) -> int:
    count = 0
    for row in rows:
        values = {
            name: json.loads(value) if name in JSON_COLUMNS and isinstance(value, str) else value for name, value in zip(columns, row, strict=True)
        }
        file.write(json.dumps(values, separators=(",", ":"), ensure_ascii=False) + "\n")
        count += 1
    return count


def _write_csv(columns: list[str], rows: Iterator[tuple[object, ...]], file: io.TextIOBase) -> int:
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        count += 1
    return count


def safe_cell(value: object) -> object:
    """A text that a spreadsheet would calculate gets a quote in front; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA) and not _is_number(value):
        return "'" + value
    return value


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal() and text.count("-") <= 1
