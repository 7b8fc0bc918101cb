"""The application's own tables: they live in the same file as the runtime's records and are written by the same journal."""

from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

MIGRATIONS = Path(__file__).parent / "migrations"
"""Folder of this branch of migrations."""

KeyTaken = IntegrityError
"""A row with this key is there already."""

__all__ = ["MIGRATIONS", "Connection", "KeyTaken"]
