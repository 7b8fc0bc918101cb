"""Bots, users, chats, cards and their buttons, drafts, the outbox, the audit."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from condor.store.tables.base import metadata

bots = Table(
    "bots",
    metadata,
    Column("bot_id", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("account", String(64), nullable=False),
    # running | stopping | stopped
    Column("state", String(12), nullable=False),
    Column("keep_position", Boolean, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("stopped_ms", BigInteger),
    Index("ix_bots_state", "state"),
)

bot_configs = Table(
    "bot_configs",
    metadata,
    # frozen versions of a bot's controller configs; a changed file never alters a running bot
    Column("bot_id", String(64), primary_key=True),
    Column("controller_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("controller_name", String(128), nullable=False),
    Column("config", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user_id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("added_ms", BigInteger, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    # where alerts go: the chat and through which front end it is reached
    Column("chat_id", BigInteger, primary_key=True),
    Column("front", String(16), primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("is_dead", Boolean, nullable=False),
    Column("status_every_s", Integer, nullable=False),
    Column("status_next_ms", BigInteger, nullable=False),
)

panels = Table(
    "panels",
    metadata,
    Column("panel_id", String(16), primary_key=True),
    Column("front", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("screen", String(32), nullable=False),
    # JSON
    Column("args", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ix_panels_message", "front", "chat_id", "message_id"),
)

tokens = Table(
    "tokens",
    metadata,
    # what a button means; the button itself carries only the token
    Column("token", String(16), primary_key=True),
    Column("panel_id", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    # JSON
    Column("args", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    # the panel was drawn again since: the button is of an older drawing
    Column("is_stale", Boolean, nullable=False),
    Index("ix_tokens_panel", "panel_id"),
    Index("ix_tokens_expires", "expires_ms"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("draft_id", String(16), primary_key=True),
    Column("front", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("controller_name", String(128), nullable=False),
    # JSON: answers as they go into the config
    Column("answers", Text, nullable=False),
    Column("step", Integer, nullable=False),
    # open | started | cancelled
    Column("state", String(12), nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ix_drafts_chat", "front", "chat_id", "state"),
)

expected_texts = Table(
    "expected_texts",
    metadata,
    # the one question of a chat that a typed line answers
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("panel_id", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("args", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    # updates that had an effect: each at most once, across restarts
    Column("front", String(16), primary_key=True),
    Column("update_id", BigInteger, primary_key=True),
    Column("received_ms", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_key", Integer, primary_key=True, autoincrement=True),
    Column("event_id", Integer, nullable=False),
    Column("front", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("bot_id", String(64), nullable=False),
    Column("executor_id", String(64), nullable=False),
    Column("severity", String(12), nullable=False),
    # JSON: what is told; the front end words it when it is sent
    Column("notice", Text, nullable=False),
    Column("is_silent", Boolean, nullable=False),
    # queued | sent | failed | digest | unsure | merged
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("message_id", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    UniqueConstraint("event_id", "front", "chat_id", name="uq_outbox_event_chat"),
    Index("ix_outbox_state", "state"),
    sqlite_autoincrement=True,
)

cursors = Table("cursors", metadata, Column("name", String(32), primary_key=True), Column("value", BigInteger, nullable=False))

latches = Table(
    "latches",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", Integer, primary_key=True, autoincrement=True),
    Column("wall_ms", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("action", String(32), nullable=False),
    Column("target", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    # done | refused
    Column("result", String(16), nullable=False),
    # who: as they were then; "" in rows of before
    Column("name", Text, nullable=False, server_default=""),
    Column("role", String(16), nullable=False, server_default=""),
    Column("front", String(16), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    # over this row and the hash before it, see condor.store.audit
    Column("hash", String(64), nullable=False, server_default=""),
    # from when the request was heard of to when it was carried out; null where nobody heard one, and in rows of before
    Column("latency_ms", BigInteger),
    sqlite_autoincrement=True,
)

draft_notes = Table(
    "draft_notes",
    metadata,
    Column("draft_id", String(16), primary_key=True),
    # JSON: what is known of a draft beside its answers
    Column("notes", Text, nullable=False),
)

last_values = Table(
    "last_values",
    metadata,
    # what the account at a venue was worth when the venue was last reached
    Column("connector_name", String(64), primary_key=True),
    Column("currency", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
)
