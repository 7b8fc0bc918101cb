"""Users, strangers, invites and groups as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables
from condor.users import Role

WAITING, BLOCKED = "waiting", "blocked"
ALLOWED, MUTED, LEFT = "allowed", "muted", "left"
REFUSED = "refused"
"""The bot was added by somebody who may not, and has left at once."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person with a role."""

    user_id: int
    name: str
    role: Role
    added_ms: int


@dataclass(frozen=True, slots=True)
class StrangerRow:
    """A person without a role who spoke to the bot."""

    user_id: int
    name: str
    state: str
    messages: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class InviteRow:
    """A link that gives a role, `uses_left` more times."""

    invite_id: int
    token: str
    role: Role
    created_by: int
    created_ms: int
    expires_ms: int
    uses: int
    uses_left: int
    missed: int
    missed_name: str
    missed_ms: int

    def is_open(self, wall_ms: int) -> bool:
        """Whether it still gives its role to somebody."""
        return self.uses_left > 0 and wall_ms < self.expires_ms


@dataclass(frozen=True, slots=True)
class Manners:
    """How the bot speaks in a chat.

    Parameters
    ----------
    hides_sums : bool
        Whether amounts of money are taken out of what it shows there.
    is_protected : bool
        Whether what it sends there can't be forwarded or saved.
    """

    hides_sums: bool = False
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group that the bot was added to."""

    front: str
    chat_id: int
    title: str
    state: str
    added_by: int
    added_name: str
    changed_ms: int
    hides_sums: bool = False
    is_protected: bool = True

    @property
    def manners(self) -> Manners:
        return Manners(self.hides_sums, self.is_protected)


# ---- users ---------------------------------------------------------------------------------------------------------
def users_in(connection: Connection) -> list[UserRow]:
    """Everybody with a role, owners first."""
    rows = [UserRow(row.user_id, row.name, Role[row.role], row.added_ms) for row in connection.execute(select(tables.users))]
    return sorted(rows, key=lambda row: (-row.role, row.added_ms, row.user_id))


def user_by_id(connection: Connection, user_id: int) -> UserRow | None:
    row = connection.execute(select(tables.users).where(tables.users.c.user_id == user_id)).one_or_none()
    return None if row is None else UserRow(row.user_id, row.name, Role[row.role], row.added_ms)


def owners(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.users).where(tables.users.c.role == Role.OWNER.name)).scalar_one())


def drop_user(connection: Connection, user_id: int, front: str) -> None:
    """Take a person out, with the private chat that alerts went to; what waits for it is given up."""
    connection.execute(delete(tables.users).where(tables.users.c.user_id == user_id))
    connection.execute(delete(tables.chats).where(tables.chats.c.chat_id == user_id, tables.chats.c.front == front))
    waits = (tables.outbox.c.chat_id == user_id) & (tables.outbox.c.front == front) & (tables.outbox.c.state == "queued")
    connection.execute(update(tables.outbox).where(waits).values(state="failed"))


# ---- strangers -----------------------------------------------------------------------------------------------------
def stranger_by_id(connection: Connection, user_id: int) -> StrangerRow | None:
    row = connection.execute(select(tables.strangers).where(tables.strangers.c.user_id == user_id)).one_or_none()
    return None if row is None else StrangerRow(**row._mapping)


def strangers_in(connection: Connection, state: str) -> list[StrangerRow]:
    """Those who wait, or are blocked, the first first."""
    table = tables.strangers
    query = select(table).where(table.c.state == state).order_by(table.c.first_ms, table.c.user_id)
    return [StrangerRow(**row._mapping) for row in connection.execute(query)]


def strangers_waiting(connection: Connection) -> int:
    table = tables.strangers
    return int(connection.execute(select(func.count()).select_from(table).where(table.c.state == WAITING)).scalar_one())


def put_stranger(connection: Connection, user_id: int, name: str, state: str, wall_ms: int) -> None:
    """Note that they spoke (or are blocked now); the first time stays."""
    table = tables.strangers
    statement = upsert(table).values(user_id=user_id, name=name, state=state, messages=1, first_ms=wall_ms, last_ms=wall_ms)
    changed = {"name": name, "state": state, "messages": table.c.messages + 1, "last_ms": wall_ms}
    connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=changed))


def forget_stranger(connection: Connection, user_id: int) -> None:
    connection.execute(delete(tables.strangers).where(tables.strangers.c.user_id == user_id))


def forget_old_strangers(connection: Connection, before_ms: int) -> None:
    """Those who wait and have not spoken since then; the blocked stay."""
    table = tables.strangers
    connection.execute(delete(table).where(table.c.state == WAITING, table.c.last_ms < before_ms))


# ---- invites -------------------------------------------------------------------------------------------------------
def add_invite(connection: Connection, values: dict[str, Any]) -> int:
    """A new invite; returns its id."""
    fixed = {"missed": 0, "missed_name": "", "missed_ms": 0}
    statement = insert(tables.invites).values(**values, **fixed).returning(tables.invites.c.invite_id)
    return int(connection.execute(statement).scalar_one())


def invite_by_token(connection: Connection, token: str) -> InviteRow | None:
    return _invite(connection.execute(select(tables.invites).where(tables.invites.c.token == token)).one_or_none())


def invite_by_id(connection: Connection, invite_id: int) -> InviteRow | None:
    return _invite(connection.execute(select(tables.invites).where(tables.invites.c.invite_id == invite_id)).one_or_none())


def invites_in(connection: Connection) -> list[InviteRow]:
    """The newest first."""
    rows = connection.execute(select(tables.invites).order_by(tables.invites.c.invite_id.desc()))
    return [found for row in rows if (found := _invite(row)) is not None]


def change_invite(connection: Connection, invite_id: int, **values: Any) -> None:
    connection.execute(update(tables.invites).where(tables.invites.c.invite_id == invite_id).values(**values))


def forget_old_invites(connection: Connection, before_ms: int) -> None:
    connection.execute(delete(tables.invites).where(tables.invites.c.expires_ms < before_ms))


def _invite(row: Any) -> InviteRow | None:
    return None if row is None else InviteRow(**{**row._mapping, "role": Role[row.role]})


# ---- groups --------------------------------------------------------------------------------------------------------
def group_by_id(connection: Connection, front: str, chat_id: int) -> GroupRow | None:
    row = connection.execute(select(tables.groups).where(tables.groups.c.front == front, tables.groups.c.chat_id == chat_id)).one_or_none()
    return None if row is None else GroupRow(**row._mapping)


def groups_in(connection: Connection) -> list[GroupRow]:
    """All groups, the last that changed first."""
    return [GroupRow(**row._mapping) for row in connection.execute(select(tables.groups).order_by(tables.groups.c.changed_ms.desc()))]


def put_group(connection: Connection, row: GroupRow) -> None:
    values = {name: getattr(row, name) for name in GroupRow.__slots__}
    changed = {name: value for name, value in values.items() if name not in ("front", "chat_id")}
    connection.execute(upsert(tables.groups).values(values).on_conflict_do_update(index_elements=["front", "chat_id"], set_=changed))


# ---- the card of an owner's chat -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class VisitorCard:
    """Which card tells an owner's chat who is at the door, when it was sent, and up to when it tells."""

    front: str
    chat_id: int
    panel_id: str
    sent_ms: int
    told_ms: int


def visitor_card(connection: Connection, front: str, chat_id: int) -> VisitorCard | None:
    table = tables.visitor_cards
    row = connection.execute(select(table).where(table.c.front == front, table.c.chat_id == chat_id)).one_or_none()
    return None if row is None else VisitorCard(**row._mapping)


def put_visitor_card(connection: Connection, card: VisitorCard) -> None:
    values = {name: getattr(card, name) for name in VisitorCard.__slots__}
    changed = {name: values[name] for name in ("panel_id", "sent_ms", "told_ms")}
    connection.execute(upsert(tables.visitor_cards).values(values).on_conflict_do_update(index_elements=["front", "chat_id"], set_=changed))


def last_news(connection: Connection) -> int:
    """When somebody new came to the door: a stranger, a group, somebody with an invite that had ended; 0 for never."""
    strangers, groups, invites = tables.strangers, tables.groups, tables.invites
    moments = [
        connection.execute(select(func.max(strangers.c.first_ms)).where(strangers.c.state == WAITING)).scalar_one_or_none(),
        connection.execute(select(func.max(groups.c.changed_ms)).where(groups.c.state.in_([MUTED, REFUSED]))).scalar_one_or_none(),
        connection.execute(select(func.max(invites.c.missed_ms))).scalar_one_or_none(),
    ]
    return max(int(moment or 0) for moment in moments)
