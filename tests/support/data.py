"""Recorded real data: used where it is, never copied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def recorded(name: str) -> Path:
    """A recorded file below CONDOR_TEST_DATA, else below ../shared/data; skips the test where it is absent."""
    root = Path(os.environ.get("CONDOR_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
    path = root / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not on this machine: put it below CONDOR_TEST_DATA")
    return path
