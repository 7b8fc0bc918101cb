"""In what a chat wants to read the sums of everything, too."""

import sqlalchemy as sa
from alembic import op

revision = "application_0010"
down_revision = "application_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_prefs", sa.Column("unit", sa.String(16), nullable=False, server_default=""))
