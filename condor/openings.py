"""Entries as people are told of them: the first fill of an executor, an entry that was filled in parts, one that was refused. Nobody decides anything by these facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botcore.core.bus import EventBus
from botcore.executors.base import ExecutorBase
from botcore.model.events import Fact, FactKind, OrderClosed, OrderEvent, OrderFilled
from botcore.model.order import OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.model.times import MINUTE_NS, SECOND_NS
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

AGAIN_NS = 600 * SECOND_NS
"""The same refusal of the same bot on the same market is told again after so long."""

TOLD = {
    RefusalKind.BALANCE: AGAIN_NS,
    RefusalKind.LIMIT: AGAIN_NS,
    RefusalKind.OTHER: AGAIN_NS,
    # it waits for the market to come nearer, which may take weeks
    RefusalKind.FAR: 1440 * MINUTE_NS,
}
"""Refusals that people can do something about (the others pass by themselves), and when each is told again."""

KEPT = 256


class Openings:
    """Listens to the orders of one host. What an executor has traded says whether a fill is its first, also after a restart.

    Parameters
    ----------
    orchestrator_of : callable
        Bot id -> orchestrator of a bot that runs here, or None.
    """

    def __init__(self, bus: EventBus, orchestrator_of: Callable[[str], ExecutorOrchestrator | None]) -> None:
        self._bus = bus
        self._orchestrator_of = orchestrator_of
        self._refused: dict[tuple[str, str, str], int] = {}
        bus.subscribe(OrderFilled, self._on_fill)
        bus.subscribe(OrderClosed, self._on_end)

    def _on_fill(self, event: OrderFilled) -> None:
        request, executor = event.order.request, self._running(event)
        if executor is None:
            return
        if executor.filled_amount_quote() <= event.fill.notional:
            self._tell(FactKind.POSITION_OPENED, event, executor)
        elif event.order.filled_lots >= request.lots > event.fill.lots:
            # an order that came in parts is whole now
            self._tell(FactKind.POSITION_FILLED, event, executor)

    def _on_end(self, event: OrderClosed) -> None:
        """An entry was refused and its executor goes on: the end of one that gives up tells it itself."""
        again_ns = TOLD.get(kind_of(event.reason)) if event.state is OrderState.FAILED else None
        if again_ns is None:
            return
        request, executor = event.order.request, self._running(event)
        what = (request.bot_id, str(request.instrument.market), event.reason)
        if executor is None or event.ts_ns < self._refused.get(what, 0):
            return
        if len(self._refused) >= KEPT:
            del self._refused[next(iter(self._refused))]
        self._refused[what] = event.ts_ns + again_ns
        self._tell(FactKind.ORDER_REFUSED, event, executor, reason=event.reason, amount=format(request.instrument.amount(request.lots), "f"))

    def _running(self, event: OrderEvent) -> ExecutorBase[Any] | None:
        """The executor whose entry an order is; None when it has ended, or the order is no entry."""
        request = event.order.request
        if request.purpose is not Purpose.OPEN or not request.executor_id:
            return None
        orchestrator = self._orchestrator_of(request.bot_id)
        executor = None if orchestrator is None else orchestrator.executor(request.executor_id)
        return None if executor is None or executor.is_closed else executor

    def _tell(self, kind: str, event: OrderEvent, executor: ExecutorBase[Any], **more: str) -> None:
        order, request = event.order, event.order.request
        instrument, price = request.instrument, event.order.average_price
        payload = {
            "type": executor.config.type,
            "connector_name": instrument.market.connector_name,
            "trading_pair": instrument.market.trading_pair,
            "side": request.trade_type.name,
            "level_id": getattr(executor.config, "level_id", None),
            "filled": format(instrument.amount(order.filled_lots), "f"),
            "wanted": format(instrument.amount(request.lots), "f"),
            "price": None if price is None else format(price, "f"),
        }
        self._bus.publish(Fact(kind, event.ts_ns, request.bot_id, request.controller_id, request.executor_id, payload | more))
