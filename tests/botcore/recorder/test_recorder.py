"""The recorder gathers a tick's changes into one transaction: orders once, fills for ever, facts with the change that they tell of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from botcore.core.bus import EventBus
from botcore.model.enums import OrderType, TradeType
from botcore.model.events import (
    ExecutorChanged,
    Fact,
    FactKind,
    HoldChanged,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderSubmitted,
    PartFault,
    TallyChanged,
)
from botcore.model.order import Fee, Fill, OrderRequest, OrderState
from botcore.model.records import ExecutorRecord, HoldRecord, TallyRecord
from botcore.orders.tracker import Order, OrderTracker
from botcore.recorder import queries, tables
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.recorder import MarketsRecorder
from tests.support.bench import instrument

D = Decimal
ETH = instrument()


class Bench:
    """A recorder on a real database, with a bus and a tracker."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bus, self.tracker = EventBus(), OrderTracker()
        self.now_ns, self.wall_ms = 1_000, 77
        self.fact_calls = 0
        self.journal = Journal(path, lambda call: call())
        self.recorder = MarketsRecorder(self.journal, self.bus, lambda: self.now_ns, lambda: self.wall_ms, self._on_facts)

    def _on_facts(self) -> None:
        self.fact_calls += 1

    def submit(self, client_id: str = "cdr-0-5-1", executor_id: str = "x-0-4", lots: int = 10) -> Order:
        request = OrderRequest(ETH, TradeType.BUY, OrderType.LIMIT, lots, 10_000, bot_id="bot", controller_id="ctl", executor_id=executor_id)
        order = self.tracker.track(request, client_id, None, self.now_ns)
        self.bus.publish(OrderSubmitted(order, self.now_ns))
        return order

    def accept(self, order: Order) -> None:
        self.tracker.apply_state(order.client_order_id, OrderState.OPEN, self.now_ns, f"v-{order.client_order_id}")
        self.bus.publish(OrderAccepted(order, self.now_ns))

    def fill(self, order: Order, trade_id: str, lots: int, ticks: int = 10_000) -> None:
        self.tracker.apply_fill(order.client_order_id, trade_id, ticks, lots, self.now_ns)
        made = Fill(ETH, trade_id, order.client_order_id, TradeType.BUY, ticks, lots, Fee(D("0.01"), "USDT", D("0.01")), self.now_ns, False)
        self.bus.publish(OrderFilled(order, self.now_ns, made))

    def flush(self) -> list[str]:
        done: list[str] = []
        self.recorder.flush(lambda: done.append("durable"))
        self.journal.run(lambda connection: None).result(10)
        return done

    def all(self, sql: str) -> list[Any]:
        return self.journal.read(lambda connection: connection.execute(text(sql)).all()).result(10)

    def ask(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        def work(connection: Connection) -> Any:
            return query(connection, *args, **kwargs)

        return self.journal.read(work).result(10)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    migrate(tmp_path / "condor.db")
    made = Bench(tmp_path / "condor.db")
    yield made
    made.journal.close()


def executor(executor_id: str = "x-0-4", **changes: Any) -> ExecutorRecord:
    values: dict[str, Any] = {
        "executor_id": executor_id,
        "controller_id": "ctl",
        "type": "position_executor",
        "status": "RUNNING",
        "close_type": None,
        "reason": "",
        "connector_name": ETH.market.connector_name,
        "trading_pair": "ETH-USDT",
        "side": "BUY",
        "exposure_base": D("0.01"),
        "entry_price": D(100),
        "exit_price": None,
        "net_pnl_quote": D("0.5"),
        "net_pnl_pct": D("0.005"),
        "fees_quote": D("0.01"),
        "volume_quote": D(1),
        "config": {"side": "BUY"},
        "state": {"filled": "0.01"},
        "created_ns": 10,
        "close_ns": 0,
    }
    return ExecutorRecord(**(values | changes))


def live(record: Any) -> Any:
    return SimpleNamespace(record=lambda: record)


# ---- writing -------------------------------------------------------------------------------------------------------
def test_an_order_that_changed_often_within_a_tick_is_one_row(bench: Bench) -> None:
    order = bench.submit()
    bench.accept(order)
    bench.fill(order, "t1", 4)
    bench.fill(order, "t2", 6)
    bench.bus.publish(OrderClosed(order, bench.now_ns, OrderState.FILLED))
    writes = bench.recorder.take_writes()
    kinds = [write.table.name for write in writes]
    assert [kinds.count(name) for name in ("intents", "orders", "fills")] == [1, 1, 2]
    row = next(write.values for write in writes if write.table is tables.orders)
    assert (row["state"], row["filled_amount"], row["exchange_order_id"]) == ("FILLED", "0.01", "v-cdr-0-5-1")


def test_money_is_stored_as_text(bench: Bench) -> None:
    order = bench.submit()
    bench.fill(order, "t1", 10)
    bench.flush()
    assert bench.all("SELECT typeof(price), typeof(amount), typeof(fee_amount), typeof(fee_quote), price, amount FROM fills") == [
        ("text", "text", "text", "text", "100", "0.01")
    ]
    assert bench.all("SELECT typeof(amount), typeof(price) FROM intents") == [("text", "text")]


def test_the_intent_is_durable_before_it_is_said(bench: Bench) -> None:
    bench.submit()
    assert bench.all("SELECT * FROM intents") == []
    assert bench.flush() == ["durable"]
    assert bench.all("SELECT intent_id, executor_id FROM intents") == [("cdr-0-5", "x-0-4")]


def test_a_fill_is_one_row_for_ever(bench: Bench) -> None:
    order = bench.submit()
    bench.fill(order, "t1", 4, ticks=10_000)
    bench.flush()
    bench.fill(order, "t1", 4, ticks=99)
    bench.flush()
    assert bench.all("SELECT trade_id, price FROM fills") == [("t1", "100")]


def test_later_ticks_write_only_what_changed(bench: Bench) -> None:
    first, second = bench.submit("cdr-0-5-1"), bench.submit("cdr-0-6-1")
    bench.flush()
    bench.accept(second)
    assert [write.values["client_order_id"] for write in bench.recorder.take_writes() if write.table is tables.orders] == ["cdr-0-6-1"]
    assert first.state is OrderState.PENDING_CREATE


def test_nothing_gathered_is_nothing_written_but_still_answered(bench: Bench) -> None:
    done: list[int] = []
    bench.recorder.flush(lambda: done.append(1))
    bench.recorder.flush(None)
    assert done == [1] and bench.all("SELECT * FROM runtime") == []


def test_an_executor_gives_its_record_when_it_is_written(bench: Bench) -> None:
    """Ten changes in one tick are one row, the last one."""
    standing = SimpleNamespace(value=executor(reason="first"))
    source = SimpleNamespace(record=lambda: standing.value)
    for _ in range(10):
        bench.bus.publish(ExecutorChanged("bot", source))
    standing.value = executor(reason="last")
    bench.flush()
    assert bench.all("SELECT bot_id, reason FROM executors") == [("bot", "last")]


def test_a_fact_commits_with_the_change_that_it_tells_of(bench: Bench) -> None:
    bench.bus.publish(ExecutorChanged("bot", live(executor(status="TERMINATED", close_ns=5))))
    bench.bus.publish(Fact(FactKind.EXECUTOR_CLOSED, 900, "bot", "ctl", "x-0-4", {"net_pnl_quote": "0.5"}))
    writes = bench.recorder.take_writes()
    assert {"executors", "facts"} <= {write.table.name for write in writes}, "one batch, so one transaction"
    assert bench.fact_calls == 0


def test_facts_are_told_when_they_are_durable(bench: Bench) -> None:
    bench.bus.publish(Fact(FactKind.BOT_STARTED, 900, "bot"))
    bench.flush()
    assert bench.fact_calls == 1
    bench.submit()
    bench.flush()
    assert bench.fact_calls == 1, "no fact, no call"
    assert bench.all("SELECT kind, bot_id, ts_ns, wall_ms, payload FROM facts") == [("bot_started", "bot", 900, 77, "{}")]


def test_a_fault_of_a_part_is_a_fact(bench: Bench) -> None:
    bench.bus.publish(PartFault(FactKind.CONTROLLER_FAULT, 900, "ZeroDivisionError", "bot", "ctl"))
    bench.flush()
    found = bench.ask(queries.facts_after, 0)
    assert [(fact["kind"], fact["controller_id"], json.loads(fact["payload"])) for fact in found] == [
        ("controller_fault", "ctl", {"error": "ZeroDivisionError"})
    ]


def test_the_largest_serial_and_the_last_time_survive(bench: Bench) -> None:
    bench.submit("cdr-0-12-1")
    bench.submit("cdr-0-7-2")
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-40"))))
    bench.flush()
    assert (bench.ask(queries.runtime_value, "serial"), bench.ask(queries.last_ns)) == (40, 1_000)
    bench.now_ns = 2_000
    bench.submit("cdr-0-41-1")
    bench.flush()
    assert (bench.ask(queries.runtime_value, "serial"), bench.ask(queries.last_ns)) == (41, 2_000)
    assert bench.ask(queries.runtime_value, "never") == 0


# ---- reading back --------------------------------------------------------------------------------------------------
def test_recovery_finds_what_runs_with_its_orders_and_fills(bench: Bench) -> None:
    order = bench.submit("cdr-0-5-1", "x-0-4")
    bench.accept(order)
    bench.fill(order, "t1", 4)
    stranger = bench.submit("cdr-0-9-1", "x-0-8")
    bench.fill(stranger, "t9", 1)
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-4"))))
    bench.bus.publish(ExecutorChanged("other", live(executor("x-0-8"))))
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-2", status="TERMINATED", close_ns=20, close_type="TAKE_PROFIT"))))
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-3", status="TERMINATED", close_ns=15))))
    hold = HoldRecord("ctl", "venue_perpetual", "ETH-USDT", "net", D("0.5"), D(50), D("100.00001234567"), D(1), D(2), D(3), D(4), False)
    bench.bus.publish(HoldChanged("bot", live(hold)))
    tally = TallyRecord("ctl", "USDT", D("1.5"), D(10), D("0.1"), 2, 1, {"TAKE_PROFIT": 1, "STOP_LOSS": 1})
    bench.bus.publish(TallyChanged("bot", live(tally)))
    bench.flush()
    found = bench.ask(queries.load_bot, "bot")
    assert found.running == [executor("x-0-4")]
    assert [record.executor_id for record in found.closed] == ["x-0-3", "x-0-2"], "oldest first"
    assert [(record.client_order_id, record.state, record.amount, record.exchange_order_id) for record in found.orders] == [
        ("cdr-0-5-1", "PARTIALLY_FILLED", D("0.01"), "v-cdr-0-5-1")
    ]
    assert [(record.trade_id, record.price, record.amount) for record in found.fills] == [("t1", D(100), D("0.004"))]
    assert found.holds == [hold] and found.tallies == [tally]
    sums = bench.ask(queries.load_sums, "bot")
    assert (sums.holds, sums.tallies, sums.funding) == (found.holds, found.tallies, found.funding)
    assert not any((sums.running, sums.closed, sums.orders, sums.fills)), "what a list of bots does not show is not read"


def test_a_bot_without_records_is_empty(bench: Bench) -> None:
    found = bench.ask(queries.load_bot, "nobody")
    assert not any((found.running, found.closed, found.orders, found.fills, found.holds, found.tallies))


def test_pages_of_closed_executors_are_newest_first(bench: Bench) -> None:
    for number in range(5):
        bench.bus.publish(ExecutorChanged("bot", live(executor(f"x-0-{number}", status="TERMINATED", close_ns=number))))
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-7", status="TERMINATED", close_ns=99, volume_quote=D("0.00")))))
    bench.bus.publish(ExecutorChanged("other", live(executor("x-0-8", status="TERMINATED", close_ns=100))))
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-9"))))
    bench.flush()
    page, total = bench.ask(queries.closed_executors, bot_id="bot", offset=1, limit=2)
    assert total == 5 and [(bot, record.executor_id) for bot, record in page] == [("bot", "x-0-3"), ("bot", "x-0-2")]
    assert bench.ask(queries.closed_executors, bot_id="bot", traded_only=False)[1] == 6
    assert bench.ask(queries.closed_executors)[1] == 6


def test_one_executor_with_its_fills(bench: Bench) -> None:
    order = bench.submit()
    bench.fill(order, "t1", 4)
    bench.bus.publish(ExecutorChanged("bot", live(executor())))
    bench.flush()
    bot_id, record, fills = bench.ask(queries.executor_by_id, "x-0-4")
    assert bot_id == "bot" and record == executor() and [fill.trade_id for fill in fills] == ["t1"]
    assert bench.ask(queries.executor_by_id, "x-9-9") is None


def test_facts_are_read_after_a_cursor(bench: Bench) -> None:
    assert bench.ask(queries.last_event_id) == 0
    for number in range(5):
        bench.bus.publish(Fact(FactKind.BOT_STARTED, number, f"bot{number}"))
    bench.flush()
    assert [fact["bot_id"] for fact in bench.ask(queries.facts_after, 2)] == ["bot2", "bot3", "bot4"]
    assert [fact["event_id"] for fact in bench.ask(queries.facts_after, 0, limit=2)] == [1, 2]
    assert bench.ask(queries.last_event_id) == 5


# ---- views ---------------------------------------------------------------------------------------------------------
def test_the_views_show_what_was_recorded(bench: Bench) -> None:
    order = bench.submit()
    bench.fill(order, "t1", 4)
    bench.bus.publish(ExecutorChanged("bot", live(executor())))
    bench.flush()
    assert bench.all("SELECT intent_id, amount FROM v_intents") == [("cdr-0-5", "0.01")]
    assert bench.all("SELECT client_order_id, bot_id, controller_id, trading_pair, state, filled_amount FROM v_orders") == [
        ("cdr-0-5-1", "bot", "ctl", "ETH-USDT", "PARTIALLY_FILLED", "0.004")
    ]
    assert bench.all("SELECT trade_id FROM v_fills") == [("t1",)]
    assert bench.all("SELECT executor_id, status FROM v_executors") == [("x-0-4", "RUNNING")]


def test_positions_are_what_is_exposed_now_and_who_watches_it(bench: Bench) -> None:
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-1"))))
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-2", exposure_base=D("0.000")))))
    bench.bus.publish(ExecutorChanged("bot", live(executor("x-0-3", status="TERMINATED"))))
    for bucket, net in (("long", D("-0.5")), ("short", D("0E-8"))):
        bench.bus.publish(HoldChanged("bot", live(HoldRecord("ctl", "v", "ETH-USDT", bucket, net, D(1), D(2), D(0), D(0), D(0), D(0), False))))
    bench.flush()
    assert bench.all("SELECT watched_by, watcher, amount_base FROM v_positions ORDER BY watcher") == [
        ("hold", "long", "-0.5"),
        ("executor", "x-0-1", "0.01"),
    ]


class HeldBack:
    """A journal whose disk is slow: callbacks wait until they are let go."""

    def __init__(self) -> None:
        self.waiting: list[tuple[list[Any], Any]] = []

    def commit(self, writes: list[Any], then: Any = None) -> None:
        self.waiting.append((list(writes), then))

    def let_go(self) -> None:
        _, then = self.waiting.pop(0)
        then()


def test_p6_nothing_leaves_before_what_was_handed_over_earlier_is_durable() -> None:
    """Somebody flushes between a decision and its dispatch: the next flush has no rows of its own, and must wait all the same."""
    bus, tracker, journal = EventBus(), OrderTracker(), HeldBack()
    recorder = MarketsRecorder(journal, bus, lambda: 1, lambda: 1)  # type: ignore[arg-type]
    request = OrderRequest(ETH, TradeType.BUY, OrderType.LIMIT, 10, 10_000, bot_id="bot", controller_id="ctl", executor_id="x-0-4")
    bus.publish(OrderSubmitted(tracker.track(request, "cdr-0-5-1", None, 1), 1))
    sent: list[str] = []
    recorder.flush(None)
    recorder.flush(lambda: sent.append("order"))
    assert sent == []
    journal.let_go()
    assert sent == []
    journal.let_go()
    assert sent == ["order"]
    recorder.flush(lambda: sent.append("at once"))
    assert sent == ["order", "at once"]
