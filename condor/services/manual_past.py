"""How an order by hand came out, from the records."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from botcore.executors.single.config import SingleOrderConfig
from botcore.model.records import ExecutorRecord, FillRecord
from condor.hosts import PAPER
from condor.manual_views import ManualOrder, stage_after, stage_before
from condor.store import Connection
from condor.store.bots import bot_by_id
from condor.store.results import orders_of

TERMINATED = "TERMINATED"


def past_order(
    connection: Connection, bot_id: str, record: ExecutorRecord, fills: list[FillRecord], title: Callable[[str], str], now_ns: Callable[[str], int]
) -> ManualOrder:
    """An order whose executor is not in this process: it has ended, or its bot could not be put together."""
    config = SingleOrderConfig.model_validate(record.config)
    row = bot_by_id(connection, bot_id)
    mode = row.mode if row is not None else PAPER
    filled = sum((fill.amount for fill in fills), Decimal(0))
    paid = sum((fill.amount * fill.price for fill in fills), Decimal(0))
    fees = [fill.fee_quote for fill in fills]
    is_over = record.status == TERMINATED
    lines = [] if is_over else orders_of(connection, record.executor_id)
    stage = (
        stage_after(record.close_type or "", record.reason, filled, config.amount)
        if is_over
        else stage_before(lines[-1].state if lines else "", is_cancelling=record.status == "SHUTTING_DOWN")
    )
    return ManualOrder(
        record.executor_id,
        bot_id,
        mode,
        config.connector_name,
        title(config.connector_name),
        config.trading_pair,
        config.side.name,
        config.order_type.name,
        config.amount,
        config.price,
        filled,
        paid / filled if filled else None,
        config.expected_price,
        None if None in fees else sum((fee for fee in fees if fee is not None), Decimal(0)),
        stage,
        record.reason,
        bool(record.state.get("was_unknown")),
        "",
        max(0, (record.close_ns if is_over else now_ns(mode)) - record.created_ns) / 1e9,
    )
