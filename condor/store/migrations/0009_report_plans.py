"""Reports that a chat wants to be sent by itself."""

import sqlalchemy as sa
from alembic import op

revision = "application_0009"
down_revision = "application_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_plans",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), primary_key=True),
        sa.Column("every", sa.String(8), primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("at_minute", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("only_changes", sa.Boolean(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
    )
