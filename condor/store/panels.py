"""Panels, tokens and expected texts: what a card in the chat is, and what its buttons mean, across restarts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from botcore.model.errors import UserError
from condor.store import tables

TOKEN_TTL_MS = 30 * 86_400_000
ONCE_TTL_MS = 60 * 60_000
STALE_TTL_MS = 86_400_000
EXPECT_TTL_MS = 5 * 60_000
"""So long a card waits for a typed line; a reply to the card itself reaches it later, too."""


class AlreadyDone(UserError):
    """The request was carried out before: the button was tapped twice, or the update came again."""


@dataclass(frozen=True, slots=True)
class ButtonSpec:
    """What a button is to do; `once` makes it work a single time and for one hour."""

    action: str
    args: Mapping[str, Any]
    once: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A card in a chat."""

    panel_id: str
    front: str
    chat_id: int
    message_id: int
    screen: str
    args: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Token:
    """What a tapped button means."""

    token: str
    panel_id: str
    action: str
    args: dict[str, Any]
    user_id: int
    expires_ms: int
    used_ms: int | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """The question of a panel that the next typed line answers."""

    panel_id: str
    action: str
    args: dict[str, Any]


def new_id() -> str:
    """Ten characters that nobody guesses."""
    return secrets.token_urlsafe(8)[:10]


# ---- panels --------------------------------------------------------------------------------------------------------
def put_panel(connection: Connection, panel: Panel, wall_ms: int) -> None:
    values = {name: getattr(panel, name) for name in Panel.__slots__} | {"args": _json(panel.args), "updated_ms": wall_ms}
    statement = upsert(tables.panels).values(values)
    changed = {name: value for name, value in values.items() if name != "panel_id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["panel_id"], set_=changed))


def panel_by_id(connection: Connection, panel_id: str) -> Panel | None:
    return _panel(connection.execute(select(tables.panels).where(tables.panels.c.panel_id == panel_id)).one_or_none())


def panel_at(connection: Connection, front: str, chat_id: int, message_id: int) -> Panel | None:
    """The panel that a message shows."""
    table = tables.panels
    query = select(table).where(table.c.front == front, table.c.chat_id == chat_id, table.c.message_id == message_id)
    return _panel(connection.execute(query.order_by(table.c.updated_ms.desc()).limit(1)).one_or_none())


def recent_panels(connection: Connection, front: str, since_ms: int) -> list[Panel]:
    """Panels of private chats that were drawn since then, oldest first."""
    table = tables.panels
    query = select(table).where(table.c.front == front, table.c.chat_id > 0, table.c.message_id > 0, table.c.updated_ms >= since_ms)
    return [panel for row in connection.execute(query.order_by(table.c.updated_ms)) if (panel := _panel(row)) is not None]


def panels_showing(connection: Connection, front: str, chat_id: int, screen: str, since_ms: int) -> list[Panel]:
    """Panels of a chat that show a screen and were drawn since then, newest first."""
    table = tables.panels
    query = select(table).where(table.c.front == front, table.c.chat_id == chat_id, table.c.screen == screen, table.c.updated_ms >= since_ms)
    rows = connection.execute(query.where(table.c.message_id > 0).order_by(table.c.updated_ms.desc()))
    return [panel for row in rows if (panel := _panel(row)) is not None]


def _panel(row: Any) -> Panel | None:
    if row is None:
        return None
    return Panel(row.panel_id, row.front, row.chat_id, row.message_id, row.screen, json.loads(row.args), row.digest)


# ---- tokens --------------------------------------------------------------------------------------------------------
def tokens_for(connection: Connection, panel_id: str, user_id: int, specs: Sequence[ButtonSpec], wall_ms: int) -> list[str]:
    """Tokens of a panel's present buttons; a button that was there before keeps its token, those that are gone become stale."""
    table = tables.tokens
    rows = connection.execute(select(table).where(table.c.panel_id == panel_id, table.c.is_stale.is_(False), table.c.used_ms.is_(None))).all()
    known = {(row.action, row.args): row.token for row in rows if row.expires_ms > wall_ms + 60_000}
    tokens: list[str] = []
    for spec in specs:
        key = (spec.action, _json(spec.args))
        token = known.get(key)
        if token is None:
            token = known[key] = new_id()
            lifetime_ms = ONCE_TTL_MS if spec.once else TOKEN_TTL_MS
            values = {
                "token": token,
                "panel_id": panel_id,
                "action": spec.action,
                "args": key[1],
                "user_id": user_id,
                "created_ms": wall_ms,
                "expires_ms": wall_ms + lifetime_ms,
                "is_stale": False,
            }
            connection.execute(insert(table).values(values))
        tokens.append(token)
    gone = [row.token for row in rows if row.token not in tokens]
    if gone:
        connection.execute(update(table).where(table.c.token.in_(gone)).values(is_stale=True))
    return tokens


def panel_owner(connection: Connection, panel_id: str) -> int:
    """Who a panel was last drawn for, by its buttons; 0 for anybody."""
    table = tables.tokens
    query = select(table.c.user_id).where(table.c.panel_id == panel_id).order_by(table.c.created_ms.desc()).limit(1)
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found or 0


def token_row(connection: Connection, token: str) -> Token | None:
    row = connection.execute(select(tables.tokens).where(tables.tokens.c.token == token)).one_or_none()
    if row is None:
        return None
    return Token(row.token, row.panel_id, row.action, json.loads(row.args), row.user_id, row.expires_ms, row.used_ms, row.is_stale)


def claim_token(connection: Connection, token: str, wall_ms: int) -> None:
    """Use a token, once: a second call raises AlreadyDone."""
    table = tables.tokens
    used = connection.execute(update(table).where(table.c.token == token, table.c.used_ms.is_(None)).values(used_ms=wall_ms))
    if used.rowcount != 1:
        raise AlreadyDone("this was done already")


def prune(connection: Connection, wall_ms: int) -> None:
    """Forget tokens that have expired or whose button has been gone for a day, and panels without any."""
    gone = tables.tokens.c.is_stale & (tables.tokens.c.created_ms < wall_ms - STALE_TTL_MS)
    connection.execute(delete(tables.tokens).where((tables.tokens.c.expires_ms < wall_ms) | gone))
    living = select(tables.tokens.c.panel_id)
    connection.execute(delete(tables.panels).where(tables.panels.c.updated_ms < wall_ms - TOKEN_TTL_MS, tables.panels.c.panel_id.not_in(living)))


# ---- inbox ---------------------------------------------------------------------------------------------------------
def claim_update(connection: Connection, front: str, update_id: int, wall_ms: int) -> None:
    """Note that an update has its effect now: the same update raises AlreadyDone when it comes again."""
    statement = upsert(tables.inbox).values(front=front, update_id=update_id, received_ms=wall_ms)
    if connection.execute(statement.on_conflict_do_nothing()).rowcount != 1:
        raise AlreadyDone("this message was handled already")


def has_update(connection: Connection, front: str, update_id: int) -> bool:
    """Whether an update had its effect."""
    table = tables.inbox
    query = select(table.c.update_id).where(table.c.front == front, table.c.update_id == update_id)
    return connection.execute(query).first() is not None


# ---- expected texts ------------------------------------------------------------------------------------------------
def expect_text(connection: Connection, front: str, chat_id: int, expectation: Expectation | None, wall_ms: int) -> None:
    """What the next typed line of a chat answers; None for nothing."""
    table = tables.expected_texts
    connection.execute(delete(table).where(table.c.front == front, table.c.chat_id == chat_id))
    if expectation is not None:
        values = {
            "front": front,
            "chat_id": chat_id,
            "panel_id": expectation.panel_id,
            "action": expectation.action,
            "args": _json(expectation.args),
            "expires_ms": wall_ms + EXPECT_TTL_MS,
        }
        connection.execute(insert(table).values(values))


def expected_text(connection: Connection, front: str, chat_id: int, wall_ms: int) -> Expectation | None:
    table = tables.expected_texts
    row = connection.execute(select(table).where(table.c.front == front, table.c.chat_id == chat_id)).one_or_none()
    if row is None or row.expires_ms < wall_ms:
        return None
    return Expectation(row.panel_id, row.action, json.loads(row.args))


def has_lapsed(connection: Connection, front: str, chat_id: int, wall_ms: int) -> bool:
    """Whether the last card of a chat that asked has stopped waiting."""
    table = tables.expected_texts
    ended = connection.execute(select(table.c.expires_ms).where(table.c.front == front, table.c.chat_id == chat_id)).scalar_one_or_none()
    return ended is not None and ended < wall_ms


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
