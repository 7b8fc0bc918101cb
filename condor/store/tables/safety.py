"""Codes, caps, what a card asked before something was done, and bots whose entries are off."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from condor.store.tables.base import metadata

step_up_tries = Table(
    "step_up_tries",
    metadata,
    # wrong codes of a user in a row, and until when none is looked at
    Column("front", String(16), primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("locked_until_ms", BigInteger, nullable=False),
)

step_up_codes = Table(
    "step_up_codes",
    metadata,
    # a code works once: the step of the last one that did
    Column("code_key", String(16), primary_key=True),
    Column("last_step", BigInteger, nullable=False),
)

account_caps = Table(
    "account_caps",
    metadata,
    # what the owner allows on an account, whatever bots ask for
    Column("mode", String(8), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    # JSON
    Column("caps", Text, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

cap_days = Table(
    "cap_days",
    metadata,
    # where an account stood when its day began, and whether its loss has latched it
    Column("mode", String(8), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    # days since 1970, UTC
    Column("day", Integer, nullable=False),
    # quote asset -> Decimal text, JSON
    Column("begun_with", Text, nullable=False),
    # empty while entries are free
    Column("latched", Text, nullable=False),
)

role_limits = Table(
    "role_limits",
    metadata,
    # the greatest order and position of somebody who has a role
    Column("role", String(16), primary_key=True),
    # max_order | max_position
    Column("name", String(16), primary_key=True),
    # Decimal text
    Column("value", Text, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

confirms = Table(
    "confirms",
    metadata,
    # a card that asks before something is done: what it was drawn with, who may say yes, and what came of it
    Column("confirm_id", String(16), primary_key=True),
    Column("panel_id", String(16), nullable=False),
    Column("screen", String(32), nullable=False),
    # JSON: what draws the card anew
    Column("args", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("target_version", Text, nullable=False),
    # JSON: the text as it was shown, prices, and the choices with what each does
    Column("snapshot", Text, nullable=False),
    Column("front", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    # pending | executing | done | failed | unknown
    Column("state", String(12), nullable=False),
    # label of the choice that was taken, and what came of it in words
    Column("chosen", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("done_ms", BigInteger),
    Index("ix_confirms_expires", "expires_ms"),
)

pauses = Table(
    "pauses",
    metadata,
    # bots whose entries are off; the empty id stands for all of them, those that are started later too
    Column("bot_id", String(64), primary_key=True),
    Column("set_by", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)
