"""`MarketsRecorder`: listens to what happens and hands it to the journal, one transaction a tick.

It gathers; it never writes on its own. An order that changed ten times within a tick is one row, a fill is a row of its own for ever. Facts commit with the change
that they tell of, so nothing is announced that did not happen, and nothing that happened goes unannounced.
"""

from __future__ import annotations

from collections.abc import Callable

from botcore.core.bus import EventBus
from botcore.model.events import (
    ExecutorChanged,
    Fact,
    HoldChanged,
    OrderAccepted,
    OrderClosed,
    OrderEvent,
    OrderFilled,
    OrderSubmitted,
    OrderUnknown,
    PartFault,
    TallyChanged,
)
from botcore.model.order import Fill, OrderRequest
from botcore.orders.ids import serial_of
from botcore.orders.tracker import Order
from botcore.recorder import tables
from botcore.recorder.journal import Journal, Op, Write
from botcore.recorder.rows import fill_row, intent_row, order_row, record_row, to_json


class MarketsRecorder:
    """See the module.

    Parameters
    ----------
    now_ns : callable
        Market time.
    wall_ms : callable
        Wall time, which facts carry beside market time.
    on_facts : callable, optional
        Called when facts have become durable.
    """

    def __init__(
        self, journal: Journal, bus: EventBus, now_ns: Callable[[], int], wall_ms: Callable[[], int], on_facts: Callable[[], None] | None = None
    ) -> None:
        self._journal = journal
        self._now_ns = now_ns
        self._wall_ms = wall_ms
        self._on_facts = on_facts
        self._submitted: list[Order] = []
        self._orders: dict[str, Order] = {}
        self._fills: list[tuple[Fill, OrderRequest]] = []
        self._executors: dict[int, ExecutorChanged] = {}
        self._holds: dict[int, HoldChanged] = {}
        self._tallies: dict[int, TallyChanged] = {}
        self._facts: list[Fact] = []
        self._serial = 0
        bus.subscribe(OrderSubmitted, self._on_submitted)
        bus.subscribe(OrderAccepted, self._on_order)
        bus.subscribe(OrderUnknown, self._on_order)
        bus.subscribe(OrderClosed, self._on_order)
        bus.subscribe(OrderFilled, self._on_fill)
        bus.subscribe(ExecutorChanged, self._on_executor)
        bus.subscribe(HoldChanged, self._on_hold)
        bus.subscribe(TallyChanged, self._on_tally)
        bus.subscribe(Fact, self._facts.append)
        bus.subscribe(PartFault, self._on_fault)

    # ---- gathering -------------------------------------------------------------------------------------------------
    def _on_submitted(self, event: OrderSubmitted) -> None:
        self._submitted.append(event.order)
        self._orders[event.order.client_order_id] = event.order

    def _on_order(self, event: OrderEvent) -> None:
        self._orders[event.order.client_order_id] = event.order

    def _on_fill(self, event: OrderFilled) -> None:
        self._orders[event.order.client_order_id] = event.order
        self._fills.append((event.fill, event.order.request))

    def _on_executor(self, change: ExecutorChanged) -> None:
        self._executors[id(change.executor)] = change

    def _on_hold(self, change: HoldChanged) -> None:
        self._holds[id(change.hold)] = change

    def _on_tally(self, change: TallyChanged) -> None:
        self._tallies[id(change.tally)] = change

    def _on_fault(self, fault: PartFault) -> None:
        self._facts.append(Fact(fault.kind, fault.ts_ns, fault.bot_id, fault.controller_id, fault.executor_id, {"error": fault.error}))

    # ---- writing ---------------------------------------------------------------------------------------------------
    def flush(self, then: Callable[[], None] | None) -> None:
        """Hand over what was gathered; `then` is called once it is durable, at once when there was nothing."""
        writes = self.take_writes()
        if not writes:
            if then is not None:
                then()
            return
        has_facts = any(write.table is tables.facts for write in writes)
        self._journal.commit(writes, lambda: self._durable(then, has_facts))

    def _durable(self, then: Callable[[], None] | None, has_facts: bool) -> None:
        if then is not None:
            then()
        if has_facts and self._on_facts is not None:
            self._on_facts()

    def take_writes(self) -> list[Write]:
        """Rows of everything gathered since the last call."""
        now_ns, writes = self._now_ns(), []
        for order in self._submitted:
            writes.append(Write(tables.intents, intent_row(order), Op.ADD))
        for order in self._orders.values():
            writes.append(Write(tables.orders, order_row(order)))
        for fill, request in self._fills:
            writes.append(Write(tables.fills, fill_row(fill, request), Op.ADD))
        for change in self._executors.values():
            row = {"bot_id": change.bot_id, **record_row(change.executor.record())}
            self._serial = max(self._serial, serial_of(row["executor_id"]))
            writes.append(Write(tables.executors, row))
        for held in self._holds.values():
            writes.append(Write(tables.holds, {"bot_id": held.bot_id, "updated_ns": now_ns, **record_row(held.hold.record())}))
        for tally in self._tallies.values():
            writes.append(Write(tables.tallies, {"bot_id": tally.bot_id, **record_row(tally.tally.record())}))
        writes.extend(self._fact_write(fact) for fact in self._facts)
        if writes:
            self._serial = max([self._serial, *(serial_of(order.client_order_id) for order in self._submitted)])
            writes.append(Write(tables.runtime, {"key": "serial", "value": str(self._serial)}))
            writes.append(Write(tables.runtime, {"key": "last_ns", "value": str(now_ns)}))
        for gathered in (self._submitted, self._orders, self._fills, self._executors, self._holds, self._tallies, self._facts):
            gathered.clear()
        return writes

    def _fact_write(self, fact: Fact) -> Write:
        values = {
            "kind": fact.kind,
            "bot_id": fact.bot_id,
            "controller_id": fact.controller_id,
            "executor_id": fact.executor_id,
            "ts_ns": fact.ts_ns,
            "wall_ms": self._wall_ms(),
            "payload": to_json(fact.payload),
        }
        return Write(tables.facts, values, Op.ADD)
