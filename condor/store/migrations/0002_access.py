"""Who may do what: strangers, invites, groups, the card that tells of them, and an audit whose rows are chained by their hashes.

A migration never imports the tables of today: it states the schema as it was when it was written.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "application_0002"
down_revision = "application_0001"
branch_labels = None
depends_on = None

CHAINED = ("wall_ms", "user_id", "name", "role", "front", "chat_id", "action", "target", "before", "after", "result", "reason")


def upgrade() -> None:
    for name, length in (("name", None), ("role", 16), ("front", 16), ("reason", None), ("hash", 64)):
        kind = sa.Text() if length is None else sa.String(length)
        op.add_column("audit", sa.Column(name, kind, nullable=False, server_default=""))
    # a view keeps the columns that its table had when it was made
    op.execute("DROP VIEW v_audit")
    op.execute("CREATE VIEW v_audit AS SELECT * FROM audit")
    _chain()
    op.create_table(
        "strangers",
        sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "invites",
        sa.Column("invite_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("token", sa.String(48), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("missed_name", sa.Text(), nullable=False),
        sa.Column("missed_ms", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "groups",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_name", sa.Text(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
    )
    # where the bot has spoken until now it goes on
    op.execute("INSERT INTO groups SELECT front, chat_id, '', 'allowed', user_id, '', 0 FROM chats WHERE chat_id < 0")
    op.create_table(
        "visitor_cards",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("panel_id", sa.String(16), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
    )


def _chain() -> None:
    """Hash the rows that are there, each over the one before it."""
    connection = op.get_bind()
    columns = ", ".join(f'"{name}"' for name in CHAINED)
    last = ""
    for audit_id, *values in connection.exec_driver_sql(f"SELECT audit_id, {columns} FROM audit ORDER BY audit_id").fetchall():
        last = hashlib.sha256(f"{last}\n{json.dumps(values, ensure_ascii=True, separators=(',', ':'))}".encode()).hexdigest()
        connection.exec_driver_sql("UPDATE audit SET hash = ? WHERE audit_id = ?", (last, audit_id))
