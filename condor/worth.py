"""What the result that a fact tells of is worth, in the asset that its bot reports in: amounts of different quote assets can be compared only so."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from botcore.model.instrument import quote_of


def worth(payload: Mapping[str, Any]) -> Decimal | None:
    """Worth of the PnL of a closed executor; None where it is not known, or no rate into the reporting asset was known when it closed.

    Facts of older versions say only what the PnL was in its own quote asset: that counts, as it did for them.
    """
    told = payload.get("net_pnl_report") if "net_pnl_report" in payload else payload.get("net_pnl_quote")
    try:
        found = None if told is None else Decimal(told)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return found if found is not None and found.is_finite() else None


def is_worth_telling(payload: Mapping[str, Any], least: Decimal) -> bool:
    """Whether a result reaches `least` of the reporting asset, in either direction; what is not known is told."""
    found = worth(payload)
    return found is None or abs(found) >= least


def result_asset(payload: Mapping[str, Any]) -> str:
    """The asset that an executor's own result is in: the quote of its pair, of the first where it traded several; empty where there is none."""
    pairs = [payload.get("trading_pair"), *(leg.get("trading_pair") for leg in payload.get("legs") or [])]
    return next((quote_of(str(pair)) for pair in pairs if pair), "")
