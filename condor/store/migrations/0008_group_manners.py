"""How the bot speaks in each group: whether sums are hidden there, and whether what it says may be forwarded and saved."""

import sqlalchemy as sa
from alembic import op

revision = "application_0008"
down_revision = "application_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("hides_sums", sa.false()), ("is_protected", sa.true())):
        op.add_column("groups", sa.Column(name, sa.Boolean(), nullable=False, server_default=default))
