"""Durable home of the local chat (`data/chat.db`): messages, updates that wait for the bot, what happened on the page, files.

It is another party's database, as Telegram's would be, so it is a file of its own. WAL with synchronous=NORMAL: a killed process loses nothing, a power cut the
last moments of a conversation.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, Text, delete, func, select, text, update
from sqlalchemy.dialects.sqlite import Insert, insert

from botcore.model.errors import UserError
from botcore.recorder.sqlite_file import open_engine

SCHEMA = 1
KEEP_MESSAGES = 5_000
KEEP_EVENTS = 20_000

metadata = MetaData()
meta = Table("meta", metadata, Column("key", String(32), primary_key=True), Column("value", Text, nullable=False))
messages = Table("messages", metadata, Column("message_id", Integer, primary_key=True), Column("message", Text, nullable=False))
updates = Table("updates", metadata, Column("update_id", Integer, primary_key=True), Column("update_json", Text, nullable=False))
events = Table("events", metadata, Column("seq", Integer, primary_key=True), Column("event", Text, nullable=False))
queries = Table("queries", metadata, Column("query_id", String(32), primary_key=True), Column("query", Text, nullable=False))
files = Table(
    "files",
    metadata,
    Column("file_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("mime", String(128), nullable=False),
    Column("content", LargeBinary, nullable=False),
)


def _upsert_of(table: Table) -> Insert:
    statement = insert(table)
    key = next(iter(table.primary_key)).name
    return statement.on_conflict_do_update(
        index_elements=[key], set_={column.name: statement.excluded[column.name] for column in table.c if column.name != key}
    )


UPSERTS = {table.name: _upsert_of(table) for table in (meta, messages, updates, events, queries)}
"""Put together once: that costs more than to carry one out, and a command's answer writes a dozen rows."""


class ChatStore:
    """See the module.

    Parameters
    ----------
    path : Path
        Created when missing; readable by its owner only.

    Raises
    ------
    UserError
        If the file was written by a newer program.
    """

    def __init__(self, path: Path) -> None:
        self._engine = open_engine(path)
        metadata.create_all(self._engine)
        os.chmod(path, 0o600)
        self._connection = self._engine.connect()
        self._connection.execute(text("PRAGMA synchronous=NORMAL"))
        # what is deleted is overwritten: people delete keys and codes
        self._connection.execute(text("PRAGMA secure_delete=ON"))
        self._connection.commit()
        found = self.value("schema")
        if found is None:
            self.save(values={"schema": SCHEMA})
        elif int(found) > SCHEMA:
            raise UserError(f"{path.name} was written by a newer Condor (schema {found}); update this one")

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    # ---- writing ---------------------------------------------------------------------------------------------------
    def save(
        self,
        *,
        changed_messages: Mapping[int, dict[str, Any] | None] | None = None,
        new_updates: Sequence[dict[str, Any]] = (),
        done_updates: int | None = None,
        new_events: Sequence[dict[str, Any]] = (),
        changed_queries: Mapping[str, dict[str, Any]] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Write everything of one change in one transaction; a message of None is deleted, updates below `done_updates` are forgotten."""
        with self._connection.begin():
            for message_id, message in (changed_messages or {}).items():
                if message is None:
                    self._connection.execute(delete(messages).where(messages.c.message_id == message_id))
                else:
                    self._upsert(messages, {"message_id": message_id, "message": json.dumps(message)})
            for new in new_updates:
                self._upsert(updates, {"update_id": new["update_id"], "update_json": json.dumps(new)})
            if done_updates is not None:
                self._connection.execute(delete(updates).where(updates.c.update_id < done_updates))
            for event in new_events:
                self._upsert(events, {"seq": event["seq"], "event": json.dumps(event)})
            for query_id, query in (changed_queries or {}).items():
                self._upsert(queries, {"query_id": query_id, "query": json.dumps(query)})
            for key, value in (values or {}).items():
                self._upsert(meta, {"key": key, "value": json.dumps(value)})

    def _upsert(self, table: Table, row: dict[str, Any]) -> None:
        self._connection.execute(UPSERTS[table.name], row)

    def put_file(self, file_id: str, name: str, mime: str, content: bytes) -> None:
        with self._connection.begin():
            self._connection.execute(insert(files).values(file_id=file_id, name=name, mime=mime, content=content).on_conflict_do_nothing())

    def forget_words(self, message_id: int) -> None:
        """Take the words of a message out of everything that quotes it, and out of the file's free pages and its log."""
        wanted = f'%"message_id": {int(message_id)}%'
        with self._connection.begin():
            for table, key, column in ((events, events.c.seq, events.c.event), (updates, updates.c.update_id, updates.c.update_json)):
                for row in self._connection.execute(select(key, column).where(column.like(wanted))).all():
                    item = json.loads(row[1])
                    wipe(item, message_id)
                    self._connection.execute(update(table).where(key == row[0]).values({column.name: json.dumps(item)}))
        # what was overwritten is in the log until it is cut off
        raw: Any = self._connection.connection.dbapi_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def prune(self) -> None:
        """Forget the oldest messages, events and the files that no message shows any more."""
        with self._connection.begin():
            for table, column, keep in ((messages, messages.c.message_id, KEEP_MESSAGES), (events, events.c.seq, KEEP_EVENTS)):
                newest = self._connection.execute(select(func.max(column))).scalar_one_or_none() or 0
                self._connection.execute(delete(table).where(column <= newest - keep))
            shown = " ".join(self._connection.execute(select(messages.c.message)).scalars())
            for file_id in self._connection.execute(select(files.c.file_id)).scalars().all():
                if file_id not in shown:
                    self._connection.execute(delete(files).where(files.c.file_id == file_id))

    # ---- reading ---------------------------------------------------------------------------------------------------
    def value(self, key: str) -> Any:
        with self._connection.begin():
            found = self._connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()
        return json.loads(found) if found is not None else None

    def load(self) -> dict[str, list[Any]]:
        """Messages, updates, events and queries, oldest first."""
        with self._connection.begin():
            return {
                "messages": [
                    json.loads(row) for row in self._connection.execute(select(messages.c.message).order_by(messages.c.message_id)).scalars()
                ],
                "updates": [
                    json.loads(row) for row in self._connection.execute(select(updates.c.update_json).order_by(updates.c.update_id)).scalars()
                ],
                "events": [json.loads(row) for row in self._connection.execute(select(events.c.event).order_by(events.c.seq)).scalars()],
                "queries": [json.loads(row) for row in self._connection.execute(select(queries.c.query)).scalars()],
            }

    def file(self, file_id: str) -> tuple[str, str, bytes] | None:
        """(name, mime type, content); None when there is no such file."""
        with self._connection.begin():
            row = self._connection.execute(select(files).where(files.c.file_id == file_id)).one_or_none()
        return (row.name, row.mime, row.content) if row is not None else None

    def events_after(self, seq: int, count: int) -> list[dict[str, Any]]:
        """The first `count` events behind a number, oldest first."""
        query = select(events.c.event).where(events.c.seq > seq).order_by(events.c.seq).limit(count)
        with self._connection.begin():
            return [json.loads(row) for row in self._connection.execute(query).scalars()]


WORDS = ("text", "html", "caption")


def wipe(item: Any, message_id: int) -> None:
    """Blank the words of a message wherever it stands in a value, in place."""
    if isinstance(item, dict):
        if item.get("message_id") == message_id:
            item.update({name: "" for name in WORDS if name in item})
        for part in item.values():
            wipe(part, message_id)
    elif isinstance(item, list):
        for part in item:
            wipe(part, message_id)
