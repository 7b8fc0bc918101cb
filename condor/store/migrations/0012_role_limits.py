"""The greatest order and position of a role."""

import sqlalchemy as sa
from alembic import op

revision = "application_0012"
down_revision = "application_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "role_limits",
        sa.Column("role", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
    )
