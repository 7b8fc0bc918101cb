"""What step-ups must remember over a restart: the last code that was used, and how often a wrong one was tried."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables

MAX_WRONG = 5
LOCK_MS = 15 * 60_000
HOME = "totp"
"""The name of the authenticator that is for everybody who has none of their own."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Of one user: wrong codes in a row, and until when no code is looked at."""

    wrong: int = 0
    locked_until_ms: int = 0


def tries_of(connection: Connection, front: str, user_id: int) -> Tries:
    table = tables.step_up_tries
    row = connection.execute(select(table.c.wrong, table.c.locked_until_ms).where(table.c.front == front, table.c.user_id == user_id)).one_or_none()
    return Tries(row.wrong, row.locked_until_ms) if row is not None else Tries()


def put_tries(connection: Connection, front: str, user_id: int, tries: Tries) -> None:
    values = {"wrong": tries.wrong, "locked_until_ms": tries.locked_until_ms}
    statement = upsert(tables.step_up_tries).values(front=front, user_id=user_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "user_id"], set_=values))


def after_wrong(tries: Tries, now_ms: int) -> Tries:
    """One more wrong code; the last one that is allowed locks."""
    counted = replace(tries, wrong=tries.wrong + 1)
    return Tries(0, now_ms + LOCK_MS) if counted.wrong >= MAX_WRONG else counted


def use_step(connection: Connection, step: int, key: str = HOME) -> bool:
    """Use up the code of a step of the authenticator of this name; False when it, or a later one, was used before by anybody."""
    table = tables.step_up_codes
    last = connection.execute(select(table.c.last_step).where(table.c.code_key == key)).scalar_one_or_none()
    if last is not None and step <= last:
        return False
    statement = upsert(table).values(code_key=key, last_step=step)
    connection.execute(statement.on_conflict_do_update(index_elements=["code_key"], set_={"last_step": step}))
    return True
