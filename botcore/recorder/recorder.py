"""`MarketsRecorder`: listens to what happens and hands it to the journal, one transaction a tick.

It gathers; it never writes on its own. An order that changed ten times within a tick is one row, a fill is a row of its own for ever. Facts commit with the change
that they tell of, so nothing is announced that did not happen, and nothing that happened goes unannounced.

Several recorders, one for each account, may share a journal and a source of ids.
"""

from __future__ import annotations

from collections.abc import Callable

from botcore.core.bus import EventBus
from botcore.core.points import Points
from botcore.model.events import (
    DrawdownChanged,
    ExecutorChanged,
    Fact,
    FundingBooked,
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
from botcore.recorder.journal import Journal
from botcore.recorder.rows import fill_row, intent_row, leg_rows, order_row, record_row, to_json
from botcore.recorder.sqlite_file import Op, Write
from botcore.recorder.tables import PAPER, last_ns_key


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
    account : str
        Whose records these are.
    points : Points, optional
    """

    def __init__(
        self,
        journal: Journal,
        bus: EventBus,
        now_ns: Callable[[], int],
        wall_ms: Callable[[], int],
        on_facts: Callable[[], None] | None = None,
        account: str = PAPER,
        points: Points | None = None,
    ) -> None:
        self.account = account
        self._journal = journal
        self._points = points or Points()
        self._now_ns = now_ns
        self._wall_ms = wall_ms
        self._on_facts = on_facts
        self._submitted: list[Order] = []
        self._orders: dict[str, Order] = {}
        self._fills: list[tuple[Fill, OrderRequest]] = []
        self._executors: dict[int, ExecutorChanged] = {}
        self._holds: dict[int, HoldChanged] = {}
        self._tallies: dict[int, TallyChanged] = {}
        self._drawdowns: dict[int, DrawdownChanged] = {}
        self._funding: list[FundingBooked] = []
        self._facts: list[Fact] = []
        self._noted: list[tuple[int, Write]] = []
        self._serial = 0
        self._under_way = 0
        bus.subscribe(OrderSubmitted, self._on_submitted)
        bus.subscribe(OrderAccepted, self._on_order)
        bus.subscribe(OrderUnknown, self._on_order)
        bus.subscribe(OrderClosed, self._on_order)
        bus.subscribe(OrderFilled, self._on_fill)
        bus.subscribe(ExecutorChanged, self._on_executor)
        bus.subscribe(HoldChanged, self._on_hold)
        bus.subscribe(TallyChanged, self._on_tally)
        bus.subscribe(DrawdownChanged, self._on_drawdown)
        bus.subscribe(FundingBooked, self._funding.append)
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

    def _on_drawdown(self, change: DrawdownChanged) -> None:
        self._drawdowns[id(change.drawdown)] = change

    def note(self, write: Write) -> None:
        """A row about what a connection has heard. It is written by the first flush of a later tick, not before: what was heard now becomes orders and fills in the
        next tick, and a row that says "read as far as this" must never be durable without them."""
        self._noted.append((self._now_ns(), write))

    def _on_fault(self, fault: PartFault) -> None:
        self._facts.append(Fact(fault.kind, fault.ts_ns, fault.bot_id, fault.controller_id, fault.executor_id, {"error": fault.error}))

    # ---- writing ---------------------------------------------------------------------------------------------------
    def flush(self, then: Callable[[], None] | None) -> None:
        """Hand over what was gathered; `then` is called once that and all that was handed over before is durable: at once when there is nothing of it."""
        self._points.reach("recorder.before_flush")
        writes = self.take_writes()
        if not writes and (then is None or not self._under_way):
            if then is not None:
                then()
            return
        self._under_way += 1
        has_facts = any(write.table is tables.facts for write in writes)
        self._journal.commit(writes, lambda: self._durable(then, has_facts))

    def _durable(self, then: Callable[[], None] | None, has_facts: bool) -> None:
        self._under_way -= 1
        if then is not None:
            then()
        if has_facts and self._on_facts is not None:
            self._on_facts()

    def take_writes(self) -> list[Write]:
        """Rows of everything gathered since the last call."""
        now_ns, account, writes = self._now_ns(), self.account, []
        for order in self._submitted:
            writes.append(Write(tables.intents, intent_row(order, account), Op.ADD))
        for order in self._orders.values():
            writes.append(Write(tables.orders, order_row(order, account)))
        for fill, request in self._fills:
            writes.append(Write(tables.fills, fill_row(fill, request, account), Op.ADD))
        for change in self._executors.values():
            record = change.executor.record()
            row = {"account": account, "bot_id": change.bot_id, **record_row(record)}
            self._serial = max(self._serial, serial_of(row["executor_id"]))
            writes.append(Write(tables.executors, row))
            writes.extend(Write(tables.legs, leg) for leg in leg_rows(record, change.bot_id, account))
        for held in self._holds.values():
            row = {"account": account, "bot_id": held.bot_id, "updated_ns": now_ns, **record_row(held.hold.record())}
            writes.append(Write(tables.holds, row))
        for tally in self._tallies.values():
            writes.append(Write(tables.tallies, {"bot_id": tally.bot_id, **record_row(tally.tally.record())}))
        for fallen in self._drawdowns.values():
            writes.append(Write(tables.drawdowns, {"bot_id": fallen.bot_id, **record_row(fallen.drawdown.record())}))
        for paid in self._funding:
            writes.append(Write(tables.funding, {"account": account, "bot_id": paid.bot_id, **record_row(paid.record)}, Op.ADD))
        writes.extend(self._fact_write(fact) for fact in self._facts)
        writes.extend(write for noted_ns, write in self._noted if noted_ns < now_ns)
        self._noted = [item for item in self._noted if item[0] >= now_ns]
        if writes:
            self._serial = max([self._serial, *(serial_of(order.client_order_id) for order in self._submitted)])
            writes.append(Write(tables.runtime, {"key": "serial", "value": str(self._serial)}, Op.RAISE))
            writes.append(Write(tables.runtime, {"key": last_ns_key(account), "value": str(now_ns)}, Op.RAISE))
        gathered = (
            self._submitted,
            self._orders,
            self._fills,
            self._executors,
            self._holds,
            self._tallies,
            self._drawdowns,
            self._funding,
            self._facts,
        )
        for each in gathered:
            each.clear()
        return writes

    def _fact_write(self, fact: Fact) -> Write:
        values = {
            "account": self.account,
            "kind": fact.kind,
            "bot_id": fact.bot_id,
            "controller_id": fact.controller_id,
            "executor_id": fact.executor_id,
            "ts_ns": fact.ts_ns,
            "wall_ms": self._wall_ms(),
            "payload": to_json(fact.payload),
        }
        return Write(tables.facts, values, Op.ADD)
