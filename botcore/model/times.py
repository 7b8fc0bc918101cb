"""Market time in numbers: nanoseconds since 1970, UTC."""

from __future__ import annotations

from typing import Final

MILLISECOND_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60_000_000_000
DAY_NS: Final = 86_400_000_000_000

NEVER: Final = 2**62 - 1
"""Later than every time (the year 2116); the largest number that compiled code holds without a box."""
