"""The application: bots, users, chats, panels, tokens, drafts, inbox, outbox, audit.

A migration never imports the tables of today: it states the schema as it was when it was written.
"""

import sqlalchemy as sa
from alembic import op

revision = "application_0001"
down_revision = None
branch_labels = ("application",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bot_configs",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("controller_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("controller_name", sa.String(128), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
    )
    op.create_table(
        "bots",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("keep_position", sa.Boolean(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("stopped_ms", sa.BigInteger()),
    )
    op.create_index("ix_bots_state", "bots", ["state"])
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("is_dead", sa.Boolean(), nullable=False),
        sa.Column("status_every_s", sa.Integer(), nullable=False),
        sa.Column("status_next_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "drafts",
        sa.Column("draft_id", sa.String(16), primary_key=True),
        sa.Column("front", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("controller_name", sa.String(128), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_drafts_chat", "drafts", ["front", "chat_id", "state"])
    op.create_table(
        "expected_texts",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("panel_id", sa.String(16), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("update_id", sa.BigInteger(), primary_key=True),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "latches",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("message_key", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("front", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("bot_id", sa.String(64), nullable=False),
        sa.Column("executor_id", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(12), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger()),
        sa.UniqueConstraint("event_id", "front", "chat_id", name="uq_outbox_event_chat"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_table(
        "panels",
        sa.Column("panel_id", sa.String(16), primary_key=True),
        sa.Column("front", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("screen", sa.String(32), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_panels_message", "panels", ["front", "chat_id", "message_id"])
    op.create_table(
        "tokens",
        sa.Column("token", sa.String(16), primary_key=True),
        sa.Column("panel_id", sa.String(16), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger()),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_tokens_expires", "tokens", ["expires_ms"])
    op.create_index("ix_tokens_panel", "tokens", ["panel_id"])
    op.create_table(
        "users",
        sa.Column("user_id", sa.BigInteger(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
    )
    op.execute("""CREATE VIEW v_outbox AS SELECT message_key, event_id, front, chat_id, bot_id, executor_id, severity, notice, is_silent, state,
        attempts, message_id, created_ms, sent_ms FROM outbox""")
    op.execute("CREATE VIEW v_audit AS SELECT * FROM audit")
