"""A chat that got another number: a group that became a supergroup."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, delete, update

from condor.store import tables

LEFT_ALONE = frozenset({"audit"})
"""What was is not changed."""


def move_chat(connection: Connection, front: str, old: int, new: int) -> None:
    """All rows of a chat, in every table that has chats, belong to its new number.

    Where the new number has a row of its own already (it spoke before we were told) the row of the old one wins, since it holds what people have set; a message that is
    queued for both stays with the new one, where it may have been sent. Cards lose their messages: the numbers of messages begin anew there.
    """
    for table in tables.metadata.sorted_tables:
        if table.name in LEFT_ALONE or "chat_id" not in table.c:
            continue
        of_old = table.c.chat_id == old
        _move(connection, table, (table.c.front == front) & of_old if "front" in table.c else of_old, new)
    panels = tables.panels
    connection.execute(update(panels).where(panels.c.front == front, panels.c.chat_id == new).values(message_id=0, digest=""))


def _move(connection: Connection, table: Table, of_old: ColumnElement[bool], new: int) -> None:
    moved = update(table).where(of_old).values(chat_id=new)
    if table.name != "outbox":
        connection.execute(moved.prefix_with("OR REPLACE"))
        return
    connection.execute(moved.prefix_with("OR IGNORE"))
    connection.execute(delete(table).where(of_old))
