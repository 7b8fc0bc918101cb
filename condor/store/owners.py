"""Where owners are reached."""

from __future__ import annotations

from sqlalchemy import Connection, select

from condor.store import tables
from condor.users import Role


def owner_chats(connection: Connection, front: str, *, everybody_owns: bool) -> list[int]:
    """Private chats of owners at a front end that can be reached; where whoever is there is the owner, all of them."""
    chats, users = tables.chats, tables.users
    query = select(chats.c.chat_id).where(chats.c.front == front, chats.c.is_dead.is_(False))
    if not everybody_owns:
        owners = select(users.c.user_id).where(users.c.role == Role.OWNER.name)
        query = query.where(chats.c.user_id.in_(owners), chats.c.chat_id == chats.c.user_id)
    return list(connection.execute(query.order_by(chats.c.chat_id)).scalars())
