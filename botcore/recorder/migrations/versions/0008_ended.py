"""Ended executors by the time of their end, with what they are counted and chosen by: the history of years is paged and counted without reading its rows."""

from alembic import op

revision = "records_0008_ended"
down_revision = "records_0007_drawdown_assets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_executors_ended", "executors", ["status", "close_ns", "volume_quote", "close_type", "bot_id", "account"])
