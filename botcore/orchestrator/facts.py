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
        "legs": _legs(executor),
    }


def barriers_of(config: Any) -> dict[str, Any]:
    """Its barriers as plain values; they stand in a config of their own, or side by side with everything else."""
    triple = getattr(config, "triple_barrier_config", None)
    held = config if triple is None else triple
    trailing = getattr(held, "trailing_stop", None)
    return {
        "stop_loss": _text(getattr(held, "stop_loss", None)),
        "take_profit": _text(getattr(held, "take_profit", None)),
        "time_limit": getattr(held, "time_limit", None),
        "trailing_stop": trailing and {"activation_price": _text(trailing.activation_price), "trailing_delta": _text(trailing.trailing_delta)},
    }


def _legs(executor: ExecutorBase[Any]) -> list[dict[str, Any]]:
    """Every market of an executor that trades several, in its own order; empty where its config names the only one."""
    if getattr(executor.config, "trading_pair", None):
        return []
    return [
        {
            "connector_name": each.market.connector_name,
            "trading_pair": each.market.trading_pair,
            "side": each.side.name,
            "entry_price": _text(each.entry_price),
        }
        for each in executor.exposures()
    ]


def opened_payload(executor: ExecutorBase[Any]) -> dict[str, Any]:
    amount = getattr(executor.config, "amount", None)
    return market_of(executor) | {"amount": _text(amount)}


def closed_payload(executor: ExecutorBase[Any], asset: str, worth: Decimal | None) -> dict[str, Any]:
    """Outcome of an executor, taken when it ends; `worth` is its PnL in the asset that its bot reports in, None where a rate was not known."""
    info = executor.custom_info()
    return market_of(executor) | {
        "close_type": executor.close_type.name if executor.close_type else "FAILED",
        "net_pnl_quote": _text(executor.net_pnl_quote()),
        "net_pnl_pct": _text(executor.net_pnl_pct()),
        "report_asset": asset,
        "net_pnl_report": _text(worth),
        "fees_quote": _text(executor.cum_fees_quote()),
        "volume_quote": _text(executor.filled_amount_quote()),
        "duration_s": (executor.info.close_ns - executor.created_ns) / 1e9,
        "entry_price": _text(info.get("current_position_average_price")),
        "exit_price": _text(info.get("close_price")),
        "exposure_base": _text(info.get("exposure_base")),
        "reason": executor.info.reason,
    }


def held_payload(executor: ExecutorBase[Any], fill: Fill) -> dict[str, Any]:
    """A fill that went to a hold: where it was made is the fill's own, for an executor may trade several markets."""
    where = fill.instrument.market
    return market_of(executor) | {
        "connector_name": where.connector_name,
        "trading_pair": where.trading_pair,
        "amount": _text(fill.amount),
        "price": _text(fill.price),
        "fill_side": fill.trade_type.name,
    }
