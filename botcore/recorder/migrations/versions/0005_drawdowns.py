"""Drawdowns: the peak from which the losses of a bot, and of each of its controllers, count."""

import sqlalchemy as sa
from alembic import op

revision = "records_0005_drawdowns"
down_revision = "records_0004_legs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drawdowns",
        sa.Column("bot_id", sa.String(64), primary_key=True),
        # empty: the whole bot's
        sa.Column("controller_id", sa.String(64), primary_key=True),
        sa.Column("peak_quote", sa.Text, nullable=False),
        sa.Column("worst_quote", sa.Text, nullable=False),
    )
