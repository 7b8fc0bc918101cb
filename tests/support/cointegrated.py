"""A synthetic pair of assets that drift apart and come back: made, not recorded, the same for the same seed."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

START_MS = 1_670_889_600_000
"""2022-12-13 00:00 UTC."""


def synthetic_closes(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Closes of both: one random walk, and the same with a distance that falls back to 0 (half life 23 bars)."""
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(0, 0.0004, count))
    apart = np.zeros(count)
    shocks = random.normal(0, 0.0006, count)
    for bar in range(1, count):
        apart[bar] = 0.97 * apart[bar - 1] + shocks[bar]
    return np.round(100 * np.exp(walk), 3), np.round(3000 * np.exp(0.9 * walk + apart), 2)


def write_synthetic_pair(folder: Path, seed: int, count: int) -> tuple[Path, Path]:
    """Two recordings in the form of the others; their names say what they are."""
    files = []
    for name, closes in zip(("dominant", "hedge"), synthetic_closes(seed, count), strict=True):
        opens = np.concatenate((closes[:1], closes[:-1]))
        path = folder / f"synthetic_cointegrated_{name}_seed{seed}.csv.gz"
        with gzip.open(path, "wt") as file:
            file.write("ts_ms,open,high,low,close,volume\n")
            for bar, (opened, closed) in enumerate(zip(opens.tolist(), closes.tolist(), strict=True)):
                file.write(f"{START_MS + bar * 60_000},{opened},{max(opened, closed)},{min(opened, closed)},{closed},1\n")
        files.append(path)
    return files[0], files[1]
