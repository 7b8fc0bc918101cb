"""The database that the migrations make is the one that the code expects."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect

import condor.store.tables as application
from botcore.model.errors import UserError
from botcore.recorder import tables as records
from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import open_engine
from condor.store import MIGRATIONS

APPLICATION = MIGRATIONS
BOTH = [APPLICATION]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "condor.db"
    migrate(path, BOTH)
    return path


def schema(path: Path) -> dict[str, object]:
    """Columns, keys, indexes and AUTOINCREMENT of every table."""
    engine = create_engine(f"sqlite:///{path}")
    look = inspect(engine)
    found: dict[str, object] = {}
    for name in look.get_table_names():
        if name == "alembic_version":
            continue
        found[name] = {
            "columns": [(column["name"], str(column["type"]), column["nullable"], column["default"]) for column in look.get_columns(name)],
            "key": look.get_pk_constraint(name)["constrained_columns"],
            "indexes": sorted((index["name"], tuple(index["column_names"]), bool(index["unique"])) for index in look.get_indexes(name)),
            "unique": sorted(tuple(unique["column_names"]) for unique in look.get_unique_constraints(name)),
            "foreign": look.get_foreign_keys(name),
        }
    engine.dispose()
    with sqlite3.connect(path) as connection:
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
            if name in found:
                found[name]["autoincrement"] = "AUTOINCREMENT" in sql  # type: ignore[index]
    return found


def created(tmp_path: Path, kinds: list[MetaData]) -> Path:
    path = tmp_path / "created.db"
    engine = create_engine(f"sqlite:///{path}")
    for kind in kinds:
        kind.create_all(engine)
    engine.dispose()
    return path


def test_migrations_and_tables_agree(database: Path, tmp_path: Path) -> None:
    """Drift check, both branches: records and application."""
    migrated, stated = schema(database), schema(created(tmp_path, [records.metadata, application.metadata]))
    assert migrated.keys() == stated.keys()
    for name in sorted(stated):
        ours, theirs = dict(migrated[name]), dict(stated[name])  # type: ignore[call-overload]
        # the order of columns is no part of the agreement
        assert sorted(ours.pop("columns")) == sorted(theirs.pop("columns")), name
        assert ours == theirs, name


@pytest.mark.parametrize("kinds", [[records.metadata, application.metadata]])
def test_alembic_sees_nothing_to_do(database: Path, kinds: list[MetaData]) -> None:
    engine = open_engine(database)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), kinds) == []
    engine.dispose()


def test_the_two_branches_share_no_table() -> None:
    assert not records.metadata.tables.keys() & application.metadata.tables.keys()


def test_records_alone_can_be_migrated(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    migrate(path)
    assert schema(path).keys() == records.metadata.tables.keys()


def test_migrating_again_changes_nothing(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO runtime VALUES ('serial', '7')")
    before = schema(database)
    migrate(database, BOTH)
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT value FROM runtime").fetchall() == [("7",)]
    assert schema(database) == before


def test_the_application_may_come_later(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    migrate(path)
    migrate(path, BOTH)
    assert application.metadata.tables.keys() <= schema(path).keys()


def test_a_file_of_a_newer_program_is_refused_untouched(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO alembic_version VALUES ('records_9999')")
    with pytest.raises(UserError, match=r"condor\.db was written by a newer Condor \(schema records_9999\)"):
        migrate(database, BOTH)


def test_the_file_is_opened_for_durability(database: Path) -> None:
    engine = open_engine(database)
    with engine.connect() as connection:
        pragma = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    engine.dispose()
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reading_connection_writes_nothing(database: Path) -> None:
    engine = open_engine(database, read_only=True)
    with engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("INSERT INTO runtime VALUES ('a', 'b')")
    engine.dispose()


VIEWS = ("v_intents", "v_orders", "v_fills", "v_executors", "v_holds", "v_positions", "v_outbox", "v_audit")


@pytest.mark.parametrize("view", VIEWS)
def test_every_promised_view_can_be_read_and_not_written(database: Path, view: str) -> None:
    """Design section 9: read-only SQL views."""
    with sqlite3.connect(database) as connection:
        assert connection.execute(f"SELECT * FROM {view}").fetchall() == []
        with pytest.raises(sqlite3.OperationalError, match="cannot modify"):
            connection.execute(f"DELETE FROM {view}")
