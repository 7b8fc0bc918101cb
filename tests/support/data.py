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


def zigzag(path: Path, count: int = 400) -> Path:
    """A file with a zigzag of one-minute candles, wide enough for fills and take profits."""
    lines = ["ts_ms,open,high,low,close,volume"]
    price = 50_000.0
    for index in range(count):
        step = 120 if (index // 7) % 2 else -120
        after = price + step
        lines.append(f"{1_700_000_040_000 + index * 60_000},{price:.1f},{max(price, after) + 30:.1f},{min(price, after) - 30:.1f},{after:.1f},12.5")
        price = after
    path.write_text("\n".join(lines) + "\n")
    return path
