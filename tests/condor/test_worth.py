"""What a result is worth in the asset that its bot reports in, and whether that is worth telling."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from condor.worth import is_worth_telling, worth

D = Decimal


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"net_pnl_quote": "0.002", "net_pnl_report": "130.5", "report_asset": "USDT"}, D("130.5")),
        ({"net_pnl_quote": "5", "net_pnl_report": None, "report_asset": "USDT"}, None),
        ({"net_pnl_quote": None, "net_pnl_report": None, "report_asset": "USDT"}, None),
        # of an older version
        ({"net_pnl_quote": "-5"}, D(-5)),
        ({"net_pnl_quote": None}, None),
        ({}, None),
        ({"net_pnl_report": "NaN"}, None),
        ({"net_pnl_report": "nonsense"}, None),
        ({"net_pnl_report": [1]}, None),
    ],
)
def test_worth_is_the_converted_result_or_not_known(payload: dict[str, Any], found: Decimal | None) -> None:
    assert worth(payload) == found


@pytest.mark.parametrize(("told", "is_told"), [("0.99", False), ("-0.99", False), ("1", True), ("-1", True), (None, True)])
def test_what_is_not_known_is_told(told: str | None, is_told: bool) -> None:
    assert is_worth_telling({"net_pnl_quote": "0.00001", "net_pnl_report": told}, D(1)) is is_told
