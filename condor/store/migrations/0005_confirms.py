"""Cards that ask before something is done, and bots whose entries are off."""

import sqlalchemy as sa
from alembic import op

revision = "application_0005"
down_revision = "application_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirms",
        sa.Column("confirm_id", sa.String(16), primary_key=True),
        sa.Column("panel_id", sa.String(16), nullable=False),
        sa.Column("screen", sa.String(32), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_version", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("front", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("done_ms", sa.BigInteger()),
    )
    op.create_index("ix_confirms_expires", "confirms", ["expires_ms"])
    op.create_table(
        "pauses",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )
