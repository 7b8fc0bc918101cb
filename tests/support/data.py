"""Recorded market data that stands beside the project and never goes into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def recorded(relpath: str) -> Path:
    """A recording below `CONDOR_TEST_DATA`, or else `../shared/data`; the test is skipped where there is none."""
    named = os.environ.get("CONDOR_TEST_DATA")
    root = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    path = root / relpath
    if not path.is_file():
        pytest.skip(f"needs the recording {relpath}: not found in {root} (CONDOR_TEST_DATA names another folder)")
    return path
