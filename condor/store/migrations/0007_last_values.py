"""What the account at a venue was worth when the venue was last reached."""

import sqlalchemy as sa
from alembic import op

revision = "application_0007"
down_revision = "application_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_values",
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("currency", sa.String(16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("known_ms", sa.BigInteger(), nullable=False),
    )
