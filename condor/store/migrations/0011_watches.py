"""Balances that are not to fall below an amount, and what watches have told that is not over yet."""

import sqlalchemy as sa
from alembic import op

revision = "application_0011"
down_revision = "application_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "balance_floors",
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("asset", sa.String(32), primary_key=True),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("set_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "watch_states",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("subject", sa.String(160), primary_key=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )
