"""Ended executors by the time of their end, and what they are counted and chosen by in one place: the history of years is paged and counted without reading its rows."""

from alembic import op

revision = "records_0008_ended"
down_revision = "records_0007_drawdown_assets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_executors_end", "executors", ["status", "close_ns"])
    op.create_index("ix_executors_counted", "executors", ["status", "close_type", "volume_quote", "bot_id", "account"])
