"""Bring a database to the present schema: alembic migrations from the first table on, run inside the program at every start.

All pending migrations of all branches are one transaction: a process that dies in the middle leaves the schema that was there. Whoever calls may keep a copy of
the file first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event

from botcore.core.points import Points
from botcore.model.errors import UserError
from botcore.recorder.sqlite_file import open_engine

HERE = Path(__file__).parent / "migrations"


def migrate(
    path: Path, more: Sequence[Path] = (), before_change: Callable[[Path], object] | None = None, points: Points | None = None, target: str = "heads"
) -> bool:
    """Upgrade the file to the newest schema; creates it when it is missing.

    Parameters
    ----------
    path : Path
        SQLite file.
    more : sequence of Path
        Further folders of migrations (branches of their own), such as the application's.
    before_change : callable, optional
        Given the path when a file with another schema is about to be changed; what it raises leaves the file as it is.
    points : Points, optional
        Told where the work stands.
    target : str
        Revisions to go to; older ones than the newest only in tests.

    Returns
    -------
    bool
        Whether the schema was changed.

    Raises
    ------
    UserError
        If the file was written by a newer program.
    """
    points = points or Points()
    config = _config(more)
    engine = open_engine(path)
    _begin_for_real(engine)
    try:
        with engine.connect() as connection:
            found = schema_of(connection)
            _refuse_newer(config, found, path)
            if target == "heads" and found == set(ScriptDirectory.from_config(config).get_heads()):
                return False
            if found and before_change is not None:
                before_change(path)
            points.reach("migrate.before_change")
            with connection.begin():
                connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
                config.attributes["connection"] = connection
                command.upgrade(config, target)
                points.reach("migrate.before_commit")
            points.reach("migrate.after_commit")
            return True
    finally:
        engine.dispose()


def schema_of(connection: Connection) -> set[str]:
    """Revisions that a database stands at; empty for a file that was never migrated."""
    found = set(MigrationContext.configure(connection).get_current_heads())
    connection.rollback()
    return found


def newest_schema(more: Sequence[Path] = ()) -> set[str]:
    """Revisions that this program works with."""
    return set(ScriptDirectory.from_config(_config(more)).get_heads())


def known_schemas(more: Sequence[Path] = ()) -> set[str]:
    """Every revision that this program knows, the old ones too."""
    return _known(_config(more))


def _known(config: Config) -> set[str]:
    return {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}


def _config(more: Sequence[Path]) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    folders = [HERE / "versions", *more]
    config.set_main_option("version_locations", os.pathsep.join(str(folder) for folder in folders).replace("%", "%%"))
    return config


def _begin_for_real(engine: Any) -> None:
    """Python's sqlite3 begins a transaction only before rows are changed, so tables would be changed one by one: begin it ourselves."""

    @event.listens_for(engine, "connect")
    def _no_begin(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_newer(config: Config, found: set[str], path: Path) -> None:
    known = _known(config)
    if found - known:
        raise UserError(f"{path.name} was written by a newer Condor (schema {', '.join(sorted(found - known))}); update this one")
