"""Bring a database to the present schema: alembic migrations from the first table on, run inside the program at every start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from botcore.model.errors import UserError
from botcore.recorder.journal import open_engine

HERE = Path(__file__).parent / "migrations"


def migrate(path: Path, more: Sequence[Path] = ()) -> None:
    """Upgrade the file to the newest schema; creates it when it is missing.

    Parameters
    ----------
    path : Path
        SQLite file.
    more : sequence of Path
        Further folders of migrations (branches of their own), such as the application's.

    Raises
    ------
    UserError
        If the file was written by a newer program.
    """
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    folders = [HERE / "versions", *more]
    config.set_main_option("version_locations", os.pathsep.join(str(folder) for folder in folders))
    engine = open_engine(path)
    try:
        with engine.connect() as connection:
            _refuse_newer(config, connection, path)
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
            connection.commit()
    finally:
        engine.dispose()


def _refuse_newer(config: Config, connection: Connection, path: Path) -> None:
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    connection.rollback()
    if found - known:
        raise UserError(f"{path.name} was written by a newer Condor (schema {', '.join(sorted(found - known))}); update this one")
