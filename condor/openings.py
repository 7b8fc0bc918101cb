"""Positions as they are opened: the first fill of an executor, and an entry that was filled in parts, become facts. Nobody decides anything by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botcore.core.bus import EventBus
from botcore.executors.base import ExecutorBase
from botcore.model.events import Fact, FactKind, OrderFilled
from botcore.model.order import Purpose
from botcore.orchestrator.orchestrator import ExecutorOrchestrator


class Openings:
    """Listens to fills of one host. It remembers nothing: what an executor has traded says whether a fill is its first, also after a restart.

    Parameters
    ----------
    orchestrator_of : callable
        Bot id -> orchestrator of a bot that runs here, or None.
    """

    def __init__(self, bus: EventBus, orchestrator_of: Callable[[str], ExecutorOrchestrator | None]) -> None:
        self._bus = bus
        self._orchestrator_of = orchestrator_of
        bus.subscribe(OrderFilled, self._on_fill)

    def _on_fill(self, event: OrderFilled) -> None:
        request = event.order.request
        if request.purpose is not Purpose.OPEN or not request.executor_id:
            return
        orchestrator = self._orchestrator_of(request.bot_id)
        executor = None if orchestrator is None else orchestrator.executor(request.executor_id)
        if executor is None or executor.is_closed:
            return
        if executor.filled_amount_quote() <= event.fill.notional:
            self._tell(FactKind.POSITION_OPENED, event, executor)
        elif event.order.filled_lots >= request.lots > event.fill.lots:
            # an order that came in parts is whole now
            self._tell(FactKind.POSITION_FILLED, event, executor)

    def _tell(self, kind: str, event: OrderFilled, executor: ExecutorBase[Any]) -> None:
        order, request = event.order, event.order.request
        instrument, price = request.instrument, event.order.average_price or event.fill.price
        payload = {
            "type": executor.config.type,
            "connector_name": instrument.market.connector_name,
            "trading_pair": instrument.market.trading_pair,
            "side": request.trade_type.name,
            "level_id": getattr(executor.config, "level_id", None),
            "filled": format(instrument.amount(order.filled_lots), "f"),
            "wanted": format(instrument.amount(request.lots), "f"),
            "price": format(price, "f"),
        }
        self._bus.publish(Fact(kind, event.ts_ns, request.bot_id, request.controller_id, request.executor_id, payload))
