"""Step-ups (wrong codes, the last code that was used) and caps of accounts (what is allowed, where the day began)."""

import sqlalchemy as sa
from alembic import op

revision = "application_0004"
down_revision = "application_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "step_up_tries",
        sa.Column("front", sa.String(16), primary_key=True),
        sa.Column("user_id", sa.BigInteger(), primary_key=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "step_up_codes",
        sa.Column("code_key", sa.String(16), primary_key=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "account_caps",
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("caps", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "cap_days",
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("connector_name", sa.String(64), primary_key=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("begun_with", sa.Text(), nullable=False),
        sa.Column("latched", sa.Text(), nullable=False),
    )
