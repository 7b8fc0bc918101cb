"""Numbers that were worked out, without what only their rounding has left behind."""

from __future__ import annotations

from decimal import Context
from typing import Final

SETTLED: Final = Context(prec=22)
"""Six digits less than what is worked with: what is behind them is rounding, and must not cost an order a lot or a price a tick."""
