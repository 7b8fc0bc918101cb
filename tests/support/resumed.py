"""A bot with a position whose program ends and comes back: what it is held against then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.instance import Instance

LIVE = "SELECT executor_id, side, exposure_base, entry_price, config FROM executors WHERE status != 'TERMINATED' ORDER BY executor_id"
FILLS = "SELECT executor_id, trade_id, trade_type, amount FROM fills ORDER BY trade_id"
SLOW = "clock: {tick_size: 0.25}\nmarket: {speed: 1}\n"
FAR = (("take profit:", "20%"), ("stop loss:", "20%"), ("time limit:", "1d"))
"""Barriers that no market reaches while a test looks; the shipped take profit is a tenth of a percent away."""


def assert_resumed(instance: Instance, before: list[tuple[Any, ...]], fills: list[tuple[Any, ...]]) -> None:
    """The executors that were `LIVE` with a position still have it, and what their entries have been filled with since."""
    now = {row[0]: row for row in instance.rows("SELECT executor_id, side, exposure_base, entry_price, config, status FROM executors")}
    since: dict[str, Decimal] = {}
    for executor_id, trade_id, trade_type, amount in instance.rows(FILLS):
        if (executor_id, trade_id, trade_type, amount) not in fills:
            since[executor_id] = since.get(executor_id, Decimal(0)) + (Decimal(amount) if trade_type == "BUY" else -Decimal(amount))
    held = [row for row in before if row[2] != "0"]
    assert held
    for executor_id, side, exposure, entry_price, config in held:
        _, side_now, exposure_now, entry_price_now, config_now, status = now[executor_id]
        assert (side_now, config_now) == (side, config) and status != "TERMINATED"
        assert Decimal(exposure_now) == Decimal(exposure) + since.get(executor_id, Decimal(0))
        assert entry_price_now == entry_price or executor_id in since
