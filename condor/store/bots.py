"""Bots as rows: a bot is a database row with frozen versions of its controllers' configs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from botcore.model.errors import UserError
from botcore.recorder import tables as records
from botcore.recorder.queries import TOGETHER
from botcore.recorder.sqlite_file import open_engine
from condor.store import tables

RUNNING, STOPPING, STOPPED = "running", "stopping", "stopped"

OF_BOT = ""
"""Stands for the bot itself where its configs are versioned by controller; no controller has this id."""


@dataclass(frozen=True, slots=True)
class BotRow:
    """One bot.

    Parameters
    ----------
    state : str
        running, stopping or stopped.
    keep_position : bool
        How it is being stopped.
    chat_id : int
        Chat that it was started from.
    """

    bot_id: str
    title: str
    mode: str
    account: str
    state: str
    keep_position: bool
    chat_id: int
    created_ms: int
    stopped_ms: int | None


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """The newest version of one controller's config of a bot."""

    controller_id: str
    version: int
    controller_name: str
    config: dict[str, Any]


def add_bot(connection: Connection, bot: BotRow, configs: Sequence[ConfigRow]) -> None:
    """Insert a bot with the first version of its configs; raises IntegrityError when the id is taken."""
    connection.execute(insert(tables.bots).values({name: getattr(bot, name) for name in BotRow.__slots__}))
    for config in configs:
        _insert_config(connection, bot.bot_id, config)


def _insert_config(connection: Connection, bot_id: str, config: ConfigRow) -> None:
    values = {
        "bot_id": bot_id,
        "controller_id": config.controller_id,
        "version": config.version,
        "controller_name": config.controller_name,
        "config": json.dumps(config.config, sort_keys=True),
    }
    connection.execute(insert(tables.bot_configs).values(values))


def add_version(connection: Connection, bot_id: str, controller_id: str, controller_name: str, config: dict[str, Any]) -> ConfigRow:
    """Freeze the next version of a controller's config; those before it stay as they are."""
    table = tables.bot_configs
    newest = connection.execute(
        select(func.max(table.c.version)).where(table.c.bot_id == bot_id, table.c.controller_id == controller_id)
    ).scalar_one_or_none()
    row = ConfigRow(controller_id, (newest or 0) + 1, controller_name, config)
    _insert_config(connection, bot_id, row)
    return row


def versions_of(connection: Connection, bot_id: str, controller_id: str) -> list[ConfigRow]:
    """All versions of a controller's config, oldest first."""
    table = tables.bot_configs
    query = select(table).where(table.c.bot_id == bot_id, table.c.controller_id == controller_id).order_by(table.c.version)
    return [ConfigRow(row.controller_id, row.version, row.controller_name, json.loads(row.config)) for row in connection.execute(query).all()]


def limits_of(connection: Connection, bot_id: str) -> dict[str, Any]:
    """The newest version of a bot's own limits; empty when it has none."""
    versions = versions_of(connection, bot_id, OF_BOT)
    return versions[-1].config if versions else {}


def set_state(connection: Connection, bot_id: str, state: str, *, keep_position: bool = False, stopped_ms: int | None = None) -> bool:
    """Move a bot to another state; False when it is in it already or there is no such bot."""
    table = tables.bots
    changed = connection.execute(
        update(table).where(table.c.bot_id == bot_id, table.c.state != state).values(state=state, keep_position=keep_position, stopped_ms=stopped_ms)
    )
    return bool(changed.rowcount)


def set_title(connection: Connection, bot_id: str, title: str) -> None:
    """Give a bot another title."""
    connection.execute(update(tables.bots).where(tables.bots.c.bot_id == bot_id).values(title=title))


def bots_in(connection: Connection, states: Sequence[str]) -> list[BotRow]:
    """Bots in any of these states, oldest first."""
    table = tables.bots
    rows = connection.execute(select(table).where(table.c.state.in_(states)).order_by(table.c.created_ms, table.c.bot_id)).all()
    return [BotRow(**row._mapping) for row in rows]


def bot_by_id(connection: Connection, bot_id: str) -> BotRow | None:
    row = connection.execute(select(tables.bots).where(tables.bots.c.bot_id == bot_id)).one_or_none()
    return BotRow(**row._mapping) if row is not None else None


def configs_of(connection: Connection, bot_id: str) -> list[ConfigRow]:
    """Newest version of each controller's config."""
    return configs_of_all(connection, [bot_id])[bot_id]


def configs_of_all(connection: Connection, bot_ids: Sequence[str]) -> dict[str, list[ConfigRow]]:
    """The same of several bots, in as many queries as for one."""
    table = tables.bot_configs
    found: dict[str, list[ConfigRow]] = {bot_id: [] for bot_id in bot_ids}
    for start in range(0, len(bot_ids), TOGETHER):
        of_these = table.c.bot_id.in_(list(bot_ids[start : start + TOGETHER]))
        newest = (
            select(table.c.bot_id, table.c.controller_id, func.max(table.c.version).label("version"))
            .where(of_these, table.c.controller_id != OF_BOT)
            .group_by(table.c.bot_id, table.c.controller_id)
            .subquery()
        )
        is_newest = (table.c.bot_id == newest.c.bot_id) & (table.c.controller_id == newest.c.controller_id) & (table.c.version == newest.c.version)
        for row in connection.execute(select(table).join(newest, is_newest).order_by(table.c.controller_id)):
            found[row.bot_id].append(ConfigRow(row.controller_id, row.version, row.controller_name, json.loads(row.config)))
    return found


def bots_with(connection: Connection, controller_name: str) -> list[tuple[BotRow, ConfigRow]]:
    """Bots that have a controller of this name, with its newest config; the newest bot first."""
    bots, table = tables.bots, tables.bot_configs
    has_one = select(table.c.bot_id).where(table.c.controller_name == controller_name)
    query = select(bots).where(bots.c.bot_id.in_(has_one)).order_by(bots.c.created_ms.desc(), bots.c.bot_id)
    rows = [BotRow(**row._mapping) for row in connection.execute(query)]
    configs = configs_of_all(connection, [row.bot_id for row in rows])
    newest = ((row, next((each for each in configs[row.bot_id] if each.controller_name == controller_name), None)) for row in rows)
    return [(row, config) for row, config in newest if config is not None]


def free_bot_id(connection: Connection, stem: str) -> str:
    """`stem-1`, `stem-2` ...: the first that no bot has."""
    taken = set(connection.execute(select(tables.bots.c.bot_id).where(tables.bots.c.bot_id.startswith(stem, autoescape=True))).scalars())
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def forget_market_time(path: Path) -> None:
    """Let market time begin where the next market begins, in a database that no instance has open.

    Raises
    ------
    UserError
        If paper bots stand on the present market: they would lose what they hold there.
    """
    engine = open_engine(path)
    try:
        with engine.begin() as connection:
            standing = [row.bot_id for row in bots_in(connection, [RUNNING, STOPPING]) if row.account == records.PAPER]
            if standing:
                raise UserError(f"stop these bots first, their positions would be lost: {', '.join(standing)} (condor run, then /stop)")
            connection.execute(delete(records.runtime).where(records.runtime.c.key == records.last_ns_key(records.PAPER)))
    finally:
        engine.dispose()
