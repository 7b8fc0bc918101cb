"""`condor` of a later version, whose records have one migration more. Run as `python -m tests.support.newer_program`; the migration is written to NEWER."""

from __future__ import annotations

import os
from pathlib import Path

import condor.store.start as start
from botcore.recorder.migrate import migrate
from condor.cli import main

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "records_newer"
down_revision = "records_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("executors", sa.Column("of_a_later_version", sa.Text, nullable=True))
"""

if __name__ == "__main__":
    folder = Path(os.environ["NEWER"])
    folder.mkdir(exist_ok=True)
    (folder / "newer.py").write_text(MIGRATION)
    start.migrate = lambda path, more=(), *rest, **options: migrate(path, [*more, folder], *rest, **options)  # type: ignore[attr-defined]
    start.__version__ = "99.0"  # type: ignore[attr-defined]
    main()
