"""Small tables that several services share: latches, cursors, users, chats."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables
from condor.store.audit import write_audit as write_audit
from condor.users import LOCAL_FRONT, Role

# ---- latches -------------------------------------------------------------------------------------------------------
HALT = "halt"


def set_latch(connection: Connection, name: str, reason: str, set_by: str, wall_ms: int) -> None:
    statement = upsert(tables.latches).values(name=name, reason=reason, set_by=set_by, since_ms=wall_ms)
    connection.execute(statement.on_conflict_do_nothing())


def clear_latch(connection: Connection, name: str) -> None:
    connection.execute(delete(tables.latches).where(tables.latches.c.name == name))


def latch_reason(connection: Connection, name: str) -> str | None:
    """Why a latch is set; None when it is not."""
    reason: str | None = connection.execute(select(tables.latches.c.reason).where(tables.latches.c.name == name)).scalar_one_or_none()
    return reason


# ---- cursors -------------------------------------------------------------------------------------------------------
def cursor(connection: Connection, name: str) -> int | None:
    value: int | None = connection.execute(select(tables.cursors.c.value).where(tables.cursors.c.name == name)).scalar_one_or_none()
    return value


def move_cursor(connection: Connection, name: str, value: int) -> None:
    statement = upsert(tables.cursors).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


# ---- users ---------------------------------------------------------------------------------------------------------
def role_of(connection: Connection, user_id: int) -> Role:
    role: str | None = connection.execute(select(tables.users.c.role).where(tables.users.c.user_id == user_id)).scalar_one_or_none()
    return Role[role] if role is not None else Role.NOBODY


def has_owner(connection: Connection) -> bool:
    return connection.execute(select(tables.users.c.user_id).where(tables.users.c.role == Role.OWNER.name).limit(1)).first() is not None


def put_user(connection: Connection, user_id: int, name: str, role: Role, wall_ms: int) -> None:
    statement = upsert(tables.users).values(user_id=user_id, name=name, role=role.name, added_ms=wall_ms)
    connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"name": name, "role": role.name}))


# ---- chats ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat that hears alerts; `status_every_s` is 0 when it wants no status pushes."""

    chat_id: int
    front: str
    user_id: int
    is_dead: bool
    status_every_s: int
    status_next_ms: int


def put_chat(connection: Connection, chat_id: int, front: str, user_id: int) -> None:
    """Know a chat; a dead one is alive again when its user speaks."""
    statement = upsert(tables.chats).values(chat_id=chat_id, front=front, user_id=user_id, is_dead=False, status_every_s=0, status_next_ms=0)
    connection.execute(statement.on_conflict_do_update(index_elements=["chat_id", "front"], set_={"user_id": user_id, "is_dead": False}))


def all_chats(connection: Connection) -> list[ChatRow]:
    """All chats, those that can't be reached now too."""
    return [ChatRow(**row._mapping) for row in connection.execute(select(tables.chats)).all()]


def dead_chats(connection: Connection) -> tuple[str, ...]:
    """Chats that take no messages any more, as `telegram 42`."""
    return tuple(f"{row.front} {row.chat_id}" for row in all_chats(connection) if row.is_dead)


def owner_chats(connection: Connection, front: str, *, with_dead: bool = False) -> list[int]:
    """Private chats of owners that can be reached through a front end, or also those that can't be now; whoever sits at the local page is one."""
    table, users = tables.chats, tables.users
    query = select(table.c.chat_id).where(table.c.front == front, table.c.chat_id == table.c.user_id)
    if not with_dead:
        query = query.where(table.c.is_dead.is_(False))
    if front != LOCAL_FRONT:
        query = query.join(users, users.c.user_id == table.c.user_id).where(users.c.role == Role.OWNER.name)
    return list(connection.execute(query.order_by(table.c.chat_id)).scalars())


def chat(connection: Connection, chat_id: int, front: str) -> ChatRow | None:
    table = tables.chats
    row = connection.execute(select(table).where(table.c.chat_id == chat_id, table.c.front == front)).one_or_none()
    return ChatRow(**row._mapping) if row is not None else None


def set_status_push(connection: Connection, chat_id: int, front: str, every_s: int, next_ms: int) -> None:
    table = tables.chats
    where = (table.c.chat_id == chat_id) & (table.c.front == front)
    connection.execute(update(table).where(where).values(status_every_s=every_s, status_next_ms=next_ms))


def bury_chat(connection: Connection, chat_id: int, front: str) -> None:
    """The user has blocked the bot or the chat is gone: no more attempts."""
    table = tables.chats
    connection.execute(update(table).where(table.c.chat_id == chat_id, table.c.front == front).values(is_dead=True))


# ---- status pushes that wait for a change ------------------------------------------------------------------------------
def status_told(connection: Connection, chat_id: int, front: str) -> str | None:
    """What stood when a chat was told last; None where it wants every push."""
    table = tables.status_changes
    found: str | None = connection.execute(select(table.c.told).where(table.c.chat_id == chat_id, table.c.front == front)).scalar_one_or_none()
    return found


def put_status_told(connection: Connection, chat_id: int, front: str, told: str | None) -> None:
    """What a chat was told now; None when it wants every push."""
    table = tables.status_changes
    if told is None:
        connection.execute(delete(table).where(table.c.chat_id == chat_id, table.c.front == front))
        return
    statement = upsert(table).values(chat_id=chat_id, front=front, told=told)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "chat_id"], set_={"told": told}))
