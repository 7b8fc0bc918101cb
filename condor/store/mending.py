"""What a start does with damaged databases: they go to quarantine, and what can be read of our records goes on in a new file.

Never "empty and flat": trading is halted until the owner has looked and released it. The paper exchange's books and the local chat's messages are other parties'
files; when they are damaged the loss is theirs, and ours is only what we believed to have there.

Every step may be the last one of this process. A rebuilt file stands complete beside the damaged one before that is moved, and a start that finds it goes on from there.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from botcore.core.points import Points
from botcore.model.events import FactKind
from botcore.orders.ids import serial_of
from botcore.recorder.migrate import migrate
from botcore.recorder.tables import PAPER, last_ns_key
from condor.home import Home
from condor.private_file import sync_folder
from condor.store import MIGRATIONS
from condor.store.backups import Backups
from condor.store.common import HALT
from condor.store.salvage import Salvage, salvage
from condor.store.soundness import damage_of

FOLLOWERS = ("-wal", "-shm")
"""What SQLite keeps beside a file. They go before it: a file must never meet the WAL of another one."""

SEE = "look at /status, then release"
UNSENT = "the paper exchange has lost its books"


class Mending:
    """See the module.

    Parameters
    ----------
    home : Home
        Held by this process.
    wall_ms : callable
    points : Points, optional
    faults : callable, optional
        What is wrong with the records, where that is being found out already (`EarlyCheck.result`).
    """

    def __init__(self, home: Home, wall_ms: Callable[[], int], points: Points | None = None, faults: Callable[[], list[str]] | None = None) -> None:
        self._home = home
        self._wall_ms = wall_ms
        self._points = points or Points()
        self._faults = faults or (lambda: damage_of(home.database))

    def records(self) -> list[str]:
        """Rebuild damaged records; returns a sentence for people, none when there was nothing to do. Before the schema is brought up to date."""
        database = self._home.database
        waiting = sorted(database.parent.glob(f"{database.name}.rebuilt-*"))
        if not waiting:
            faults = self._faults()
            if not faults:
                return []
            waiting = [self._rebuild(database, faults[0])]
        return [self._put_in_place(database, waiting[0])]

    def venues(self) -> list[str]:
        """Put away damaged books of the paper exchange and of the local chat. The records have the present schema by now."""
        told = []
        if damage_of(self._home.paper_database):
            stopped = forget_paper(self._home.database, self._wall_ms())
            where = self._put_away(self._home.paper_database, self._wall_ms())
            bots = f"; stopped with what they held there: {', '.join(stopped)}" if stopped else ""
            told.append(f"the paper exchange's books were damaged and are in {where}: its accounts begin anew{bots}")
        if damage_of(self._home.chat_database):
            where = self._put_away(self._home.chat_database, self._wall_ms())
            told.append(f"the local chat's messages were damaged and are in {where}: it begins empty")
        return told

    # ---- the records -----------------------------------------------------------------------------------------------
    def _rebuild(self, database: Path, fault: str) -> Path:
        """A complete file beside the damaged one."""
        wall_ms = self._wall_ms()
        draft = database.with_name(f"{database.name}.part")
        for end in ("", *FOLLOWERS):
            draft.with_name(draft.name + end).unlink(missing_ok=True)
        migrate(draft, [MIGRATIONS])
        saved = salvage(database, draft)
        if not saved.rows.get("users") and not saved.rows.get("chats"):
            # whoever had access keeps it, as the newest copy from before an upgrade knows it
            for copy in Backups(self._home.backups, "", self._wall_ms).all()[:1]:
                salvage(copy, draft, ("users", "chats", "groups", "strangers"))
        where = self._name(database, wall_ms)
        _finish(draft, saved, f"records were damaged: {_words(saved, fault)}; the damaged file is in {where}; {SEE}", wall_ms)
        rebuilt = database.with_name(f"{database.name}.rebuilt-{wall_ms}")
        os.replace(draft, rebuilt)
        sync_folder(database.parent)
        self._points.reach("mend.salvaged")
        return rebuilt

    def _put_in_place(self, database: Path, rebuilt: Path) -> str:
        self._put_away(database, int(rebuilt.name.rpartition("-")[2]))
        self._points.reach("mend.moved")
        os.replace(rebuilt, database)
        sync_folder(database.parent)
        return _latched(database)

    # ---- quarantine ------------------------------------------------------------------------------------------------
    def _put_away(self, path: Path, wall_ms: int) -> str:
        """Move a file and what belongs to it to a folder of this time; what is gone already was moved before."""
        folder = self._home.quarantine / str(wall_ms)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for end in (*FOLLOWERS, ""):
            part = path.with_name(path.name + end)
            if part.exists():
                os.replace(part, folder / part.name)
        sync_folder(folder)
        sync_folder(path.parent)
        return self._name(path, wall_ms)

    def _name(self, path: Path, wall_ms: int) -> str:
        return str((self._home.quarantine / str(wall_ms) / path.name).relative_to(self._home.root))


def _words(saved: Salvage, fault: str) -> str:
    what = f"{saved.total} rows were read back" if saved.total else "nothing could be read back"
    where = f", not all of {', '.join(saved.damaged)}" if saved.damaged and saved.total else ""
    return f"{what}{where} ({fault.splitlines()[-1].strip()[:120]})"


def _finish(draft: Path, saved: Salvage, reason: str, wall_ms: int) -> None:
    """Halt trading, tell of it, keep numbers that were given out from being given out again, and leave one file without a WAL."""
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("INSERT OR REPLACE INTO latches VALUES (?, ?, 'condor', ?)", (HALT, reason, wall_ms))
        told = connection.execute("SELECT coalesce(max(event_id), 0) FROM outbox").fetchone()[0]
        cursor = connection.execute("SELECT value FROM cursors WHERE name = 'notifications'").fetchone()
        if cursor is None:
            connection.execute("INSERT INTO cursors VALUES ('notifications', ?)", (told,))
        largest = connection.execute("SELECT coalesce(max(event_id), 0) FROM facts").fetchone()[0]
        event_id = max(largest, told, 0 if cursor is None else cursor[0]) + 1
        fact = (event_id, PAPER, FactKind.TRADING_HALTED, wall_ms * 1_000_000, wall_ms, json.dumps({"reason": reason}))
        connection.execute("INSERT INTO facts VALUES (?, ?, ?, '', '', '', ?, ?, ?)", fact)
        ids = connection.execute("SELECT intent_id FROM intents UNION ALL SELECT executor_id FROM executors")
        serial = max((serial_of(our_id) for (our_id,) in ids), default=0)
        kept = connection.execute("SELECT value FROM runtime WHERE key = 'serial'").fetchone()
        connection.execute("INSERT OR REPLACE INTO runtime VALUES ('serial', ?)", (str(max(serial, int(kept[0]) if kept else 0)),))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    with open(draft, "rb") as file:
        os.fsync(file.fileno())


def _latched(database: Path) -> str:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return str(connection.execute("SELECT reason FROM latches WHERE name = ?", (HALT,)).fetchone()[0])


def halt_in(connection: Connection, reason: str, wall_ms: int) -> None:
    """Halt trading in a database, and tell of it; a halt that stands already keeps its reason."""
    connection.exec_driver_sql("INSERT OR IGNORE INTO latches VALUES (?, ?, 'condor', ?)", (HALT, reason, wall_ms))
    # a home without a cursor has told nobody anything yet
    connection.exec_driver_sql("INSERT OR IGNORE INTO cursors SELECT 'notifications', coalesce(max(event_id), 0) FROM facts")
    fact = (PAPER, FactKind.TRADING_HALTED, wall_ms * 1_000_000, wall_ms, json.dumps({"reason": reason}))
    connection.exec_driver_sql(
        "INSERT INTO facts (account, kind, bot_id, controller_id, executor_id, ts_ns, wall_ms, payload) VALUES (?, ?, '', '', '', ?, ?, ?)", fact
    )


def forget_paper(database: Path, wall_ms: int) -> list[str]:
    """The paper exchange has lost its books: what we believed to have there is gone, and its bots are stopped; returns their titles."""
    if not database.is_file():
        return []
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        bots = connection.execute("SELECT bot_id, title FROM bots WHERE account = ? AND state <> 'stopped'", (PAPER,)).fetchall()
        connection.execute("UPDATE bots SET state = 'stopped', stopped_ms = ? WHERE account = ? AND state <> 'stopped'", (wall_ms, PAPER))
        open_states = "state NOT IN ('FILLED', 'CANCELED', 'FAILED', 'EXPIRED')"
        connection.execute(f"UPDATE orders SET state = 'CANCELED', reason = ? WHERE account = ? AND {open_states}", (UNSENT, PAPER))
        changes = "status = 'TERMINATED', close_type = 'FAILED', reason = ?, exposure_base = '0', close_ns = max(created_ns, close_ns, ?)"
        last = connection.execute("SELECT value FROM runtime WHERE key = ?", (last_ns_key(PAPER),)).fetchone()
        at_ns = int(last[0]) if last else 0
        connection.execute(f"UPDATE executors SET {changes} WHERE account = ? AND status <> 'TERMINATED'", (UNSENT, at_ns, PAPER))
        legs = "status = 'TERMINATED', close_type = 'FAILED', exposure_base = '0'"
        connection.execute(f"UPDATE legs SET {legs} WHERE account = ? AND status <> 'TERMINATED'", (PAPER,))
        connection.execute("UPDATE holds SET net_amount_base = '0', cost_quote = '0' WHERE account = ?", (PAPER,))
        # market time begins where the new books begin
        connection.execute("DELETE FROM runtime WHERE key = ?", (last_ns_key(PAPER),))
        for bot_id, _ in bots:
            fact = (PAPER, FactKind.CONTROLLER_FAULT, bot_id, at_ns, wall_ms, json.dumps({"error": f"stopped: {UNSENT}"}))
            connection.execute(
                "INSERT INTO facts (account, kind, bot_id, controller_id, executor_id, ts_ns, wall_ms, payload) VALUES (?, ?, ?, '', '', ?, ?, ?)",
                fact,
            )
        connection.commit()
    return [title for _, title in bots]
