"""Notes of drafts: why an answer was proposed, which ones a person gave, what a file said beside the questions."""

import sqlalchemy as sa
from alembic import op

revision = "application_0006"
down_revision = "application_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("draft_notes", sa.Column("draft_id", sa.String(16), primary_key=True), sa.Column("notes", sa.Text(), nullable=False))
