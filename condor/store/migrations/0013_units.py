"""In what a chat wants to read the sums of everything, too."""

import sqlalchemy as sa
from alembic import op

revision = "application_0013"
down_revision = "application_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_prefs", sa.Column("unit", sa.String(16), nullable=False, server_default=""))
