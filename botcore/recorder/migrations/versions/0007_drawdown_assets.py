"""Drawdowns say what they are in: a peak in USDT is not compared with a PnL in EUR. Those of before don't: empty."""

import sqlalchemy as sa
from alembic import op

revision = "records_0007_drawdown_assets"
down_revision = "records_0006_tally_assets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drawdowns", sa.Column("asset", sa.String(32), nullable=False, server_default=""))
