"""Who stands at the door: strangers, invites, groups."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text, false, true

from condor.store.tables.base import metadata

strangers = Table(
    "strangers",
    metadata,
    # people without a role who spoke to the bot
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    # waiting | blocked
    Column("state", String(12), nullable=False),
    Column("messages", Integer, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)

invites = Table(
    "invites",
    metadata,
    Column("invite_id", Integer, primary_key=True, autoincrement=True),
    Column("token", String(48), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created_by", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("uses_left", Integer, nullable=False),
    # how often somebody came too late, who last, and when
    Column("missed", Integer, nullable=False),
    Column("missed_name", Text, nullable=False),
    Column("missed_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

groups = Table(
    "groups",
    metadata,
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("title", Text, nullable=False),
    # allowed | muted | left | refused
    Column("state", String(12), nullable=False),
    Column("added_by", BigInteger, nullable=False),
    Column("added_name", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    # how the bot speaks there
    Column("hides_sums", Boolean, nullable=False, server_default=false()),
    Column("is_protected", Boolean, nullable=False, server_default=true()),
)

visitor_cards = Table(
    "visitor_cards",
    metadata,
    # the one card of an owner's chat that tells who stands at the door
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("panel_id", String(16), nullable=False),
    Column("sent_ms", BigInteger, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
)
