"""Bots whose entries are off, over restarts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables

EVERY_BOT = ""
"""Stands for all bots; no bot has this id."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Who has turned entries off, and since when (wall time)."""

    bot_id: str
    set_by: str
    user_id: int
    since_ms: int

    @property
    def words(self) -> str:
        """Why no entries are made, for records and people."""
        return f"{'all bots are' if self.bot_id == EVERY_BOT else 'it is'} paused by {self.set_by}"


def put_pause(connection: Connection, pause: Pause) -> bool:
    """False when it is paused already: the first one stays."""
    values = {name: getattr(pause, name) for name in Pause.__slots__}
    return connection.execute(upsert(tables.pauses).values(values).on_conflict_do_nothing()).rowcount == 1


def drop_pause(connection: Connection, bot_id: str) -> int:
    """Let a bot go on, or everything when all are meant; returns how many rows that were."""
    statement = delete(tables.pauses)
    return connection.execute(statement if bot_id == EVERY_BOT else statement.where(tables.pauses.c.bot_id == bot_id)).rowcount


def pauses(connection: Connection) -> dict[str, Pause]:
    """By bot."""
    return {row.bot_id: Pause(**row._mapping) for row in connection.execute(select(tables.pauses))}
