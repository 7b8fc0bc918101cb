"""Records of a test's run, in memory: what a recorder would have written down."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

from botcore.core.bus import EventBus
from botcore.model.events import (
    ExecutorChanged,
    ExecutorEnded,
    Fact,
    HoldChanged,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderSubmitted,
    PartFault,
    TallyChanged,
)
from botcore.model.order import Fill
from botcore.model.records import BotRecords, ExecutorRecord, FillRecord, OrderRecord
from botcore.orders.tracker import Order


class MemoryRecords:
    """Gathers what a recorder would write; `bot_records` is what a restart would read, everything JSON-ready having gone through JSON."""

    def __init__(self, bus: EventBus) -> None:
        self.submitted: list[Order] = []
        self.fills: list[tuple[Fill, str]] = []
        self.accepted: list[Order] = []
        self.closed: list[OrderClosed] = []
        self.ended: list[Any] = []
        self.faults: list[PartFault] = []
        self.facts: list[Fact] = []
        self.holds: dict[tuple[str, str, str, str], Any] = {}
        self.tallies: dict[str, Any] = {}
        self._executors: dict[str, ExecutorRecord] = {}
        self._changed: dict[str, Any] = {}
        self.flushes = 0
        self.is_durable = True
        """Set to False to keep everything that was asked to be sent from leaving."""
        bus.subscribe(OrderSubmitted, lambda event: self.submitted.append(event.order))
        bus.subscribe(OrderAccepted, lambda event: self.accepted.append(event.order))
        bus.subscribe(OrderFilled, lambda event: self.fills.append((event.fill, event.order.request.executor_id)))
        bus.subscribe(OrderClosed, self.closed.append)
        bus.subscribe(ExecutorEnded, lambda event: self.ended.append(event.info))
        bus.subscribe(ExecutorChanged, self._on_executor)
        bus.subscribe(HoldChanged, self._on_hold)
        bus.subscribe(TallyChanged, self._on_tally)
        bus.subscribe(PartFault, self.faults.append)
        bus.subscribe(Fact, self.facts.append)

    def flush(self, then: Callable[[], None] | None) -> None:
        self.flushes += 1
        assert self.executors is not None
        if then is not None and self.is_durable:
            then()

    def _on_executor(self, event: ExecutorChanged) -> None:
        self._changed[event.executor.id] = event.executor  # type: ignore[attr-defined]

    @property
    def executors(self) -> dict[str, ExecutorRecord]:
        """Executors as they are written: their records are taken at a flush, as the recorder does, or now."""
        for executor in self._changed.values():
            record = executor.record()
            plain = json.loads(json.dumps({"config": record.config, "state": record.state}))
            self._executors[record.executor_id] = dataclasses.replace(record, **plain)
        self._changed.clear()
        return self._executors

    def _on_hold(self, event: HoldChanged) -> None:
        record = event.hold.record()
        self.holds[(record.controller_id, record.connector_name, record.trading_pair, record.bucket)] = record

    def _on_tally(self, event: TallyChanged) -> None:
        record = event.tally.record()
        self.tallies[record.controller_id, record.asset] = record

    def fact_kinds(self) -> list[str]:
        return [fact.kind for fact in self.facts]

    def carry_over(self, older: MemoryRecords, trackers: Sequence[Any]) -> None:
        """Be the same store after a restart: `trackers` have adopted the orders that are still of interest."""
        adopted = [tracker.get(order.client_order_id) for order in older.submitted for tracker in trackers]
        self.submitted[:0] = [order for order in adopted if order is not None]
        self.fills[:0] = older.fills
        self._executors = older.executors | self.executors
        self.holds = older.holds | self.holds
        self.tallies = older.tallies | self.tallies

    def bot_records(self, controller_ids: Sequence[str] | None = None) -> BotRecords:
        """What recovery of a bot starts from; all controllers belong to it unless some are named."""

        def own(records: Any) -> list[Any]:
            return [record for record in records if controller_ids is None or record.controller_id in controller_ids]

        executors = own(self.executors.values())
        running = [record for record in executors if record.status != "TERMINATED"]
        closed = sorted((record for record in executors if record.status == "TERMINATED"), key=lambda record: record.close_ns)
        waiting = {order.request.executor_id for order in self.submitted if order.is_open}
        orphans = [record for record in closed if record.executor_id in waiting]
        alive = {record.executor_id for record in (*running, *orphans)}
        orders = [order_record(order) for order in self.submitted if order.request.executor_id in alive]
        fills = [fill_record(fill, executor_id) for fill, executor_id in self.fills if executor_id in alive]
        return BotRecords(running, closed, orders, fills, own(self.holds.values()), own(self.tallies.values()), orphans)


def order_record(order: Order) -> OrderRecord:
    request, of = order.request, order.instrument
    return OrderRecord(
        order.client_order_id,
        order.exchange_order_id,
        request.executor_id,
        of.market.connector_name,
        of.market.trading_pair,
        request.trade_type.name,
        request.order_type.name,
        request.purpose.value,
        request.position_action.name,
        of.amount(order.lots),
        None if request.price_ticks is None else of.price(request.price_ticks),
        order.state.name,
        order.created_ns,
        order.reason,
    )


def fill_record(fill: Fill, executor_id: str) -> FillRecord:
    market, fee = fill.instrument.market, fill.fee
    return FillRecord(
        market.connector_name,
        market.trading_pair,
        fill.trade_id,
        fill.client_order_id,
        executor_id,
        fill.trade_type.name,
        fill.price,
        fill.amount,
        fee.amount,
        fee.asset,
        fee.in_quote,
        fill.is_maker,
        fill.ts_ns,
    )
