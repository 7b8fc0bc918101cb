"""How long a request took, in the audit: from when it was heard of to its row."""

import sqlalchemy as sa
from alembic import op

revision = "application_0010"
down_revision = "application_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit", sa.Column("latency_ms", sa.BigInteger()))
