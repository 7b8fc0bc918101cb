"""The application's own tables: they live in the same file as the runtime's records and are written by the same journal."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
"""Folder of this branch of migrations."""
