"""Funding payments: one row for each holder's share, none of them ever changed."""

import sqlalchemy as sa
from alembic import op

revision = "records_0003_funding"
down_revision = "records_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "funding",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("trading_pair", sa.String(64), primary_key=True),
        sa.Column("funding_id", sa.String(128), primary_key=True),
        # empty: nobody held it
        sa.Column("bot_id", sa.String(64), primary_key=True),
        sa.Column("controller_id", sa.String(64), primary_key=True),
        sa.Column("asset", sa.String(32), nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
        sa.Column("amount_quote", sa.Text),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_funding_bot", "funding", ["bot_id"])
    op.execute("CREATE VIEW v_funding AS SELECT * FROM funding")
