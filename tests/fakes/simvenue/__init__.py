"""SimVenue: an exchange in a box. It speaks Binance's dialects (spot and USD-M futures), keeps an exact ledger, and fails on demand. See README.md."""

from __future__ import annotations

from tests.fakes.simvenue.script import MatchRule
from tests.fakes.simvenue.venue import SimVenue, spot, usdm

__all__ = ["MatchRule", "SimVenue", "spot", "usdm"]
