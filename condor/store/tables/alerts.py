"""What each chat wants to hear, and what became of what it heard."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from condor.store.tables.base import metadata

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
    # an asset; empty for none
    Column("unit", String(16), nullable=False, server_default=""),
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

status_changes = Table(
    "status_changes",
    metadata,
    # chats that want a status push only when something has changed, and what stood when they were told last
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("told", Text, nullable=False),
)

report_plans = Table(
    "report_plans",
    metadata,
    # reports that a chat wants to be sent by itself: one each day, one each week
    Column("front", String(16), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    # daily | weekly
    Column("every", String(8), primary_key=True),
    # who has asked for it: it is sent as long as they may look
    Column("user_id", BigInteger, nullable=False),
    # csv | html; paper | live
    Column("form", String(8), nullable=False),
    Column("mode", String(8), nullable=False),
    # minute of the local day; 0 = Monday, -1 for every day
    Column("at_minute", Integer, nullable=False),
    Column("weekday", Integer, nullable=False),
    # not sent where nothing has ended in its time
    Column("only_changes", Boolean, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
)

balance_floors = Table(
    "balance_floors",
    metadata,
    # of an asset in an account, paper | live: people are told when there is less than that
    Column("mode", String(8), primary_key=True),
    Column("connector_name", String(64), primary_key=True),
    Column("asset", String(32), primary_key=True),
    # Decimal text
    Column("amount", Text, nullable=False),
    Column("set_ms", BigInteger, nullable=False),
)

watch_states = Table(
    "watch_states",
    metadata,
    # what a watch has told and will say is over: the kind of its fact, paper | live, what it is about
    Column("kind", String(32), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("subject", String(160), primary_key=True),
    # JSON: what was told
    Column("payload", Text, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)
