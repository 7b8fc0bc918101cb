"""What an executor is in the middle of, in words, kind by kind: so that a death can be put into each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botcore.model.enums import RunnableStatus
from botcore.orders.tracker import Order

STAGES: dict[str, tuple[str, ...]] = {
    "position_executor": ("enters", "enters in part", "holds", "leaves"),
    "order_executor": ("rests", "moves", "leaves"),
    "grid_executor": ("NOT_ACTIVE", "OPEN_ORDER_PLACED", "OPEN_ORDER_FILLED", "CLOSE_ORDER_PLACED", "COMPLETE", "leaves"),
    "dca_executor": ("WAITING", "PLACED", "DONE", "leaves"),
    "twap_executor": ("PENDING", "PLACED", "DONE", "leaves"),
    "arbitrage_executor": ("waits", "both sides out", "one side", "trades back"),
    "xemm_executor": ("quotes", "moves", "hedges", "leaves"),
    "pair_executor": ("opens", "one leg", "complete", "leaves"),
}
"""Executor type -> its stages. Of levels and slots there are several: the executor is in all of theirs."""


def stages_of(executor: Any, open_orders: Iterable[Order]) -> set[str]:
    """Stages that an executor is in, whose open orders these are."""
    is_leaving = executor.status is RunnableStatus.SHUTTING_DOWN
    kind, orders = executor.config.type, list(open_orders)
    if kind == "arbitrage_executor":
        return {_arbitrage(executor, is_leaving=is_leaving)}
    if executor.status is not RunnableStatus.RUNNING:
        return {"leaves"} if is_leaving else set()
    if kind == "xemm_executor":
        return {_xemm(executor, orders)}
    if kind == "pair_executor":
        return {"complete" if executor.is_complete() else "one leg" if executor.has_fills else "opens"}
    info = executor.custom_info()
    parts = info.get("levels_by_state", info.get("slots_by_state"))
    if parts is not None:
        return {name for name, some in parts.items() if some}
    if kind == "order_executor":
        return {"moves" if any(order.cancel_asked for order in orders) else "rests"}
    is_entering = any(order.request.purpose.adds_risk for order in orders)
    return {"holds" if executor.has_fills and not is_entering else "enters in part" if executor.has_fills else "enters"}


def _arbitrage(executor: Any, *, is_leaving: bool) -> str:
    if executor.state()["unwinds"]:
        return "trades back"
    if executor.naked():
        return "one side"
    return "both sides out" if is_leaving else "waits"


def _xemm(executor: Any, orders: list[Order]) -> str:
    if executor.naked():
        return "hedges"
    return "moves" if any(order.cancel_asked for order in orders) else "quotes"
