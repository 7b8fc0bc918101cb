"""Drawdowns know with what PnL their day began, so that a restart within it does not forget what was lost since. Those of before have no day: -1."""

import sqlalchemy as sa
from alembic import op

revision = "records_0009_drawdown_days"
down_revision = "records_0008_ended"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drawdowns", sa.Column("day", sa.Integer(), nullable=False, server_default="-1"))
    op.add_column("drawdowns", sa.Column("day_begun_quote", sa.Text(), nullable=False, server_default="0"))
