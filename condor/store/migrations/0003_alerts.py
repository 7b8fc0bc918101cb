"""Alerts: what each chat wants to hear, topics, threads, repeats of what is critical, price alerts."""

import sqlalchemy as sa
from alembic import op

revision = "application_0003"
down_revision = "application_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("event", sa.String(16), primary_key=True),
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("close_type", sa.String(32), primary_key=True),
        sa.Column("level", sa.String(8), nullable=False),
    )
    op.create_table(
        "alert_mutes",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "alert_prefs",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_to", sa.Integer(), nullable=False),
        sa.Column("quiet_level", sa.String(8), nullable=False),
        sa.Column("min_pnl", sa.Text(), nullable=False),
        sa.Column("daily_at", sa.Integer(), nullable=False),
        sa.Column("weekly_on", sa.Integer(), nullable=False),
        sa.Column("daily_next_ms", sa.BigInteger(), nullable=False),
        sa.Column("weekly_next_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "alert_topics",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("severity", sa.String(12), primary_key=True),
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "alert_threads",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("executor_id", sa.String(64), primary_key=True),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("is_dirty", sa.Boolean(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "alert_repeats",
        sa.Column("event_id", sa.Integer(), primary_key=True),
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("sent_ms", sa.BigInteger(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("acked_ms", sa.BigInteger()),
        sa.Column("acked_by", sa.Text(), nullable=False),
    )
    op.create_table(
        "price_alerts",
        sa.Column("alert_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("front", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("connector_name", sa.String(64), nullable=False),
        sa.Column("trading_pair", sa.String(64), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("is_repeated", sa.Boolean(), nullable=False),
        sa.Column("is_armed", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "status_changes",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("told", sa.Text(), nullable=False),
    )
    op.create_index("ix_alert_threads_dirty", "alert_threads", ["is_dirty"])
    op.create_index("ix_alert_repeats_next", "alert_repeats", ["acked_ms", "next_ms"])
