"""Tables of the application. Times are wall time in ms; what is JSON says so by its name or its comment."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

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
    # queued | sent | failed
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
    sqlite_autoincrement=True,
)

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
# ---- alerts: what each chat wants to hear, and what became of what it heard ----------------------------------------------
alert_rules = Table(
    "alert_rules",
    metadata,
    # "*" in a key stands for any
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("event", String(16), primary_key=True),
    Column("bot_id", String(64), primary_key=True),
    Column("close_type", String(32), primary_key=True),
    # on | silent | digest | off
    Column("level", String(8), nullable=False),
)

alert_mutes = Table(
    "alert_mutes",
    metadata,
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("bot_id", String(64), primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
)

alert_prefs = Table(
    "alert_prefs",
    metadata,
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    # IANA name
    Column("zone", String(64), nullable=False),
    # minutes of the local day; equal for none
    Column("quiet_from", Integer, nullable=False),
    Column("quiet_to", Integer, nullable=False),
    # silent | digest
    Column("quiet_level", String(8), nullable=False),
    # Decimal text
    Column("min_pnl", Text, nullable=False),
    # minutes of the local day, -1 for none; 0 = Monday, -1 for none
    Column("daily_at", Integer, nullable=False),
    Column("weekly_on", Integer, nullable=False),
    Column("daily_next_ms", BigInteger, nullable=False),
    Column("weekly_next_ms", BigInteger, nullable=False),
)

alert_topics = Table(
    "alert_topics",
    metadata,
    # which topic of a group hears what; "*" stands for any
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("severity", String(12), primary_key=True),
    Column("bot_id", String(64), primary_key=True),
    Column("thread_id", BigInteger, nullable=False),
)

alert_threads = Table(
    "alert_threads",
    metadata,
    # the message that told of an executor's opening: its end replies to it and changes it
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("executor_id", String(64), primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    # JSON: the notice as it is to be shown now
    Column("notice", Text, nullable=False),
    Column("is_dirty", Boolean, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Index("ix_alert_threads_dirty", "is_dirty"),
)

alert_repeats = Table(
    "alert_repeats",
    metadata,
    # critical alerts that nobody has acknowledged yet
    Column("event_id", Integer, primary_key=True),
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("sent_ms", BigInteger, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("acked_ms", BigInteger),
    Column("acked_by", Text, nullable=False),
    Index("ix_alert_repeats_next", "acked_ms", "next_ms"),
)

price_alerts = Table(
    "price_alerts",
    metadata,
    Column("alert_id", Integer, primary_key=True, autoincrement=True),
    Column("front", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("connector_name", String(64), nullable=False),
    Column("trading_pair", String(64), nullable=False),
    # above | below
    Column("side", String(8), nullable=False),
    # Decimal text
    Column("price", Text, nullable=False),
    Column("is_repeated", Boolean, nullable=False),
    # a repeated one waits for the price to come back before it may speak again
    Column("is_armed", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

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

status_changes = Table(
    "status_changes",
    metadata,
    # chats that want a status push only when something has changed, and what stood when they were told last
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("told", Text, nullable=False),
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
