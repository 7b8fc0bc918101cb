"""What is told of an executor: JSON-ready payloads of the facts, money as Decimal text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.base import ExecutorBase
from botcore.model.order import Fill


def _text(value: Decimal | None) -> str | None:
    return None if value is None or value.is_nan() else format(value, "f")


def market_of(executor: ExecutorBase[Any]) -> dict[str, Any]:
    """What it trades and where."""
    config = executor.config
    side = getattr(config, "side", None)
    return {
        "type": config.type,
        "connector_name": getattr(config, "connector_name", None),
        "trading_pair": getattr(config, "trading_pair", None),
        "side": side.name if side is not None else None,
        "level_id": getattr(config, "level_id", None),
        "leverage": getattr(config, "leverage", None),
    }


def opened_payload(executor: ExecutorBase[Any]) -> dict[str, Any]:
    amount = getattr(executor.config, "amount", None)
    return market_of(executor) | {"amount": _text(amount)}


def closed_payload(executor: ExecutorBase[Any]) -> dict[str, Any]:
    """Outcome of an executor, taken when it ends."""
    info = executor.custom_info()
    return market_of(executor) | {
        "close_type": executor.close_type.name if executor.close_type else "FAILED",
        "net_pnl_quote": _text(executor.net_pnl_quote()),
        "net_pnl_pct": _text(executor.net_pnl_pct()),
        "fees_quote": _text(executor.cum_fees_quote()),
        "volume_quote": _text(executor.filled_amount_quote()),
        "duration_s": (executor.info.close_ns - executor.created_ns) / 1e9,
        "entry_price": _text(info.get("current_position_average_price")),
        "exit_price": _text(info.get("close_price")),
        "exposure_base": _text(info.get("exposure_base")),
        "reason": executor.info.reason,
    }


def held_payload(executor: ExecutorBase[Any], fill: Fill) -> dict[str, Any]:
    return market_of(executor) | {"amount": _text(fill.amount), "price": _text(fill.price), "fill_side": fill.trade_type.name}
