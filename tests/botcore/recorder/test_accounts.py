"""Accounts of one connector side by side: nothing of one is taken for the other's, and what was there belongs to the paper account."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, text

from botcore.core.bus import EventBus
from botcore.model.enums import OrderType, TradeType
from botcore.model.events import ExecutorChanged, Fact, FactKind, HoldChanged, OrderFilled, OrderSubmitted
from botcore.model.instrument import Market
from botcore.model.order import Fee, Fill, OrderRequest
from botcore.model.records import ExecutorRecord, HoldRecord
from botcore.orders.ids import IdSource, serial_of
from botcore.orders.tracker import Order, OrderTracker
from botcore.recorder import queries, strays, tables
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.stray_records import SqlStrayRecords
from botcore.recorder.venue_memory import SqlVenueMemory, remembered
from tests.support.bench import instrument

D = Decimal
ETH = instrument()
NAME = ETH.market.connector_name


class Side:
    """Recorder, bus and tracker of one account, on a journal and a source of ids that it shares."""

    def __init__(self, account: str, journal: Journal, ids: IdSource) -> None:
        self.bus, self.tracker, self.now_ns, self._ids, self._journal = EventBus(), OrderTracker(), 1_000, ids, journal
        self.recorder = MarketsRecorder(journal, self.bus, lambda: self.now_ns, lambda: 7, account=account)

    def submit(self, executor_id: str = "x-0-4", bot_id: str = "bot") -> Order:
        request = OrderRequest(ETH, TradeType.BUY, OrderType.LIMIT, 10, 10_000, bot_id=bot_id, controller_id="ctl", executor_id=executor_id)
        order = self.tracker.track(request, IdSource.client_order_id(self._ids.intent_id(), 1), None, self.now_ns)
        self.bus.publish(OrderSubmitted(order, self.now_ns))
        return order

    def fill(self, order: Order, trade_id: str, ts_ns: int = 5) -> None:
        self.tracker.apply_fill(order.client_order_id, trade_id, 10_000, 1, ts_ns)
        self.bus.publish(
            OrderFilled(order, ts_ns, Fill(ETH, trade_id, order.client_order_id, TradeType.BUY, 10_000, 1, Fee(D(0), "USDT", D(0)), ts_ns, True))
        )

    def hold(self, amount: str, bot_id: str = "bot") -> None:
        record = HoldRecord("ctl", NAME, "ETH-USDT", "net", D(amount), D(0), D(0), D(0), D(0), D(0), D(0), False)
        self.bus.publish(HoldChanged(bot_id, SimpleNamespace(record=lambda: record)))

    def flush(self) -> None:
        self.recorder.flush(None)
        self._journal.run(lambda connection: None).result(10)


@pytest.fixture
def sides(journal: Journal) -> tuple[Side, Side]:
    ids = IdSource(epoch=3)
    return Side("paper", journal, ids), Side("main", journal, ids)


def rows(journal: Journal, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in journal.read(lambda connection: connection.execute(text(sql)).all()).result(10)]


def test_one_trade_id_at_both_accounts_is_two_fills(journal: Journal, sides: tuple[Side, Side]) -> None:
    for side in sides:
        order = side.submit()
        side.fill(order, "77")
        side.fill(order, "77")
        side.flush()
        side.fill(order, "77")
        side.flush()
    assert rows(journal, "SELECT account, trade_id FROM v_fills ORDER BY account") == [("main", "77"), ("paper", "77")]
    for view in ("v_intents", "v_orders"):
        assert rows(journal, f"SELECT account FROM {view} ORDER BY account") == [("main",), ("paper",)]


def test_holds_of_accounts_are_counted_apart(journal: Journal, sides: tuple[Side, Side]) -> None:
    paper, live = sides
    paper.hold("1")
    live.hold("-2")
    live.hold("0.5", "other")
    paper.flush()
    live.flush()
    where = Market(NAME, "ETH-USDT")
    assert journal.read(lambda c: queries.held_amounts(c, [])).result() == {where: D(1)}
    assert journal.read(lambda c: queries.held_amounts(c, [], account="main")).result() == {where: D("-1.5")}
    assert journal.read(lambda c: queries.held_amounts(c, ["bot"], account="main")).result() == {where: D("0.5")}
    assert sorted(rows(journal, "SELECT account, bot_id, amount_base FROM v_positions")) == [
        ("main", "bot", "-2"),
        ("main", "other", "0.5"),
        ("paper", "bot", "1"),
    ]


def test_p20_the_serial_never_goes_back_whoever_writes_last(journal: Journal, sides: tuple[Side, Side]) -> None:
    """Two recorders share one source of ids; the one that has seen less writes after the one that has seen more."""
    paper, live = sides
    first = paper.submit()
    for _ in range(12):
        newest = live.submit()
    live.flush()
    paper.flush()
    assert serial_of(newest.client_order_id) > serial_of(first.client_order_id)
    assert journal.read(lambda c: queries.runtime_value(c, "serial")).result() == serial_of(newest.client_order_id) == 13


def test_market_time_is_kept_by_account_and_never_goes_back(journal: Journal, sides: tuple[Side, Side]) -> None:
    paper, live = sides
    paper.now_ns, live.now_ns = 5_000, 900
    for side in sides:
        side.submit()
        side.flush()
    paper.now_ns = 10
    paper.submit()
    paper.flush()
    found = [journal.read(lambda c, name=name: queries.last_ns(c, name)).result() for name in ("paper", "main", "none")]
    assert found == [5_000, 900, 0]


def test_facts_say_whose_they_are(journal: Journal, sides: tuple[Side, Side]) -> None:
    for side in sides:
        side.bus.publish(Fact(FactKind.RECOVERED, 1))
        side.flush()
    assert [fact["account"] for fact in journal.read(lambda c: queries.facts_after(c, 0)).result()] == ["paper", "main"]


def test_a_bot_is_read_back_with_its_own_orders_only(journal: Journal, sides: tuple[Side, Side]) -> None:
    insert = (
        "INSERT INTO executors VALUES (:executor_id, :account, :bot_id, 'ctl', 'order_executor', 'RUNNING', NULL, '', 'v', 'ETH-USDT', 'BUY', "
        "'0', NULL, NULL, NULL, NULL, '0', '0', '{}', '{}', 1, 0)"
    )
    for number, side in enumerate(sides):
        order = side.submit(f"x-3-{100 + number}", f"bot-{number}")
        side.fill(order, "1")
        side.flush()
        row = {"executor_id": f"x-3-{100 + number}", "account": side.recorder.account, "bot_id": f"bot-{number}"}
        journal.run(lambda connection, row=row: connection.execute(text(insert), row)).result()
    for number in range(2):
        found = journal.read(lambda c, number=number: queries.load_bot(c, f"bot-{number}")).result()
        assert [order.executor_id for order in found.orders] == [fill.executor_id for fill in found.fills] == [f"x-3-{100 + number}"]


# ---- strays --------------------------------------------------------------------------------------------------------
def test_o9_the_owner_of_an_order_is_known_after_its_executor_has_ended(journal: Journal, sides: tuple[Side, Side]) -> None:
    paper, live = sides
    order = live.submit("x-3-9", "bot-7")
    live.fill(order, "5")
    live.flush()
    known = SqlStrayRecords(journal, "main")
    found = known.intent(order.client_order_id)
    assert found is not None and not found.is_running
    assert (found.bot_id, found.controller_id, found.order.executor_id, found.order.connector_name) == ("bot-7", "ctl", "x-3-9", NAME)
    assert (found.order.trade_type, found.order.order_type, found.order.purpose) == ("BUY", "LIMIT", "open")
    assert (found.order.amount, found.order.price, found.order.state) == (D("0.010"), D("100.00"), "PARTIALLY_FILLED")
    assert [(fill.trade_id, fill.amount) for fill in known.fills(order.client_order_id)] == [("5", D("0.001"))]
    assert SqlStrayRecords(journal, paper.recorder.account).fills(order.client_order_id) == []
    assert known.intent(order.client_order_id[:-1] + "2") is None and known.intent("cdr-3-999-1") is None


@pytest.mark.parametrize(("status", "is_running"), [("RUNNING", True), ("SHUTTING_DOWN", True), ("TERMINATED", False)])
def test_p1_whether_the_executor_of_a_stray_had_ended(journal: Journal, sides: tuple[Side, Side], status: str, is_running: bool) -> None:
    _, live = sides
    order, nobodys = live.submit("x-3-9", "bot-7"), live.submit("x-3-10", "bot-7")
    record = ExecutorRecord(
        "x-3-9", "ctl", "position_executor", status, None, "", NAME, "ETH-USDT", "BUY", D(0), None, None, None, None, D(0), D(0), {}, {}, 1, 0
    )
    live.bus.publish(ExecutorChanged("bot-7", SimpleNamespace(record=lambda: record)))
    live.flush()
    known = SqlStrayRecords(journal, "main")
    found, other = known.intent(order.client_order_id), known.intent(nobodys.client_order_id)
    assert found is not None and (found.bot_id, found.is_running) == ("bot-7", is_running)
    assert other is not None and not other.is_running


def test_p8_pairs_that_were_ever_traded_are_named(journal: Journal, sides: tuple[Side, Side]) -> None:
    paper, live = sides
    paper.submit()
    paper.flush()
    live.now_ns = 50
    live.submit()
    live.flush()
    ask = lambda account, since: journal.read(lambda c: strays.traded_pairs(c, account, NAME, since)).result()  # noqa: E731
    assert ask("main", 0) == ask("main", 50) == ["ETH-USDT"]
    assert ask("main", 51) == ask("other", 0) == []


def test_p8_reading_begins_where_the_records_stop_or_what_lives_began(journal: Journal, sides: tuple[Side, Side]) -> None:
    _, live = sides
    live.now_ns = 50
    live.submit()
    live.now_ns = 60
    live.flush()
    ask = lambda account, since=0: journal.read(lambda c: strays.unread_since_ns(c, account, NAME, since)).result()  # noqa: E731
    assert (ask("main"), ask("other")) == ({"ETH-USDT": 60}, {})
    assert ask("main", 51) == {}, "long over"
    executor = dict.fromkeys(("type", "reason", "side", "config", "state"), "") | dict.fromkeys(("exposure_base", "fees_quote", "volume_quote"), "0")
    executor |= {"account": "main", "controller_id": "c", "connector_name": NAME, "trading_pair": "ETH-USDT", "close_ns": 0}
    rows = [("a", "zebra", "RUNNING", 20), ("b", "ant", "SHUTTING_DOWN", 10), ("d", "bee", "TERMINATED", 1)]
    hold = {
        "account": "main",
        "bot_id": "ant",
        "controller_id": "c",
        "connector_name": NAME,
        "trading_pair": "BTC-USDT",
        "bucket": "net",
        "updated_ns": 30,
    }
    sums = dict.fromkeys(("cost_quote", "breakeven_price", "realized_gross", "fees_in_pnl", "cum_fees_quote", "volume_quote"), "0")

    def put(connection: Any) -> None:
        for name, bot_id, status, created_ns in rows:
            values = executor | {"executor_id": name, "bot_id": bot_id, "status": status, "created_ns": created_ns}
            connection.execute(insert(tables.executors).values(values))
        connection.execute(insert(tables.holds).values(hold | sums | {"net_amount_base": "1", "unpriced": False}))

    journal.run(put).result()
    assert ask("main", 51) == {"ETH-USDT": 10, "BTC-USDT": 30}


# ---- memory of a connection ------------------------------------------------------------------------------------------
def test_r8_what_a_connection_remembers_is_there_after_a_restart(journal: Journal, sides: tuple[Side, Side]) -> None:
    _, live = sides
    memory = SqlVenueMemory(live.recorder, NAME, {})
    memory.put("banned_until_ms", "99")
    memory.put("banned_until_ms", "100")
    assert (memory.get("banned_until_ms"), memory.get("other")) == ("100", None)
    live.now_ns += 1
    live.flush()
    assert journal.read(lambda c: remembered(c, "main", NAME)).result() == {"banned_until_ms": "100"}
    assert journal.read(lambda c: remembered(c, "paper", NAME)).result() == {}
    again = SqlVenueMemory(live.recorder, NAME, journal.read(lambda c: remembered(c, "main", NAME)).result())
    assert again.get("banned_until_ms") == "100"


def test_i5_read_so_far_is_never_durable_before_the_executions_that_were_read(journal: Journal, sides: tuple[Side, Side]) -> None:
    """A connection hears of fill 5 and remembers it; the fill becomes an event in the next tick only. A flush in between must not write "read up to 5"."""
    _, live = sides
    order = live.submit()
    memory = SqlVenueMemory(live.recorder, NAME, {})
    memory.put("last_trade_id", "5")
    live.flush()
    assert journal.read(lambda c: remembered(c, "main", NAME)).result() == {}
    live.now_ns += 1
    live.fill(order, "5")
    live.flush()
    assert journal.read(lambda c: remembered(c, "main", NAME)).result() == {"last_trade_id": "5"}
    assert [trade_id for (trade_id,) in rows(journal, "SELECT trade_id FROM v_fills")] == ["5"]


# ---- the migration -------------------------------------------------------------------------------------------------
def test_rows_from_before_accounts_are_the_paper_account_s(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    migrate(path, target="records_0001")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO intents VALUES ('cdr-1-5','b','c','x','v','P-Q','BUY','LIMIT','open','OPEN','1','2',3)")
        connection.execute("INSERT INTO orders VALUES ('cdr-1-5-1','cdr-1-5','e','v','x','OPEN','0',NULL,'',3,4)")
        connection.execute("INSERT INTO fills VALUES ('v','P-Q','t','cdr-1-5-1','b','c','x','BUY','2','1','0','Q',NULL,1,5)")
        connection.execute("INSERT INTO holds VALUES ('b','c','v','P-Q','net','1','2','3','4','5','6','7',0,8)")
        connection.executemany(
            "INSERT INTO facts (kind,bot_id,controller_id,executor_id,ts_ns,wall_ms,payload) VALUES (?,'','','',1,2,'{}')", [("a",), ("b",)]
        )
        connection.execute("DELETE FROM facts WHERE kind = 'b'")
        connection.executemany("INSERT INTO runtime VALUES (?,?)", [("serial", "9"), ("last_ns", "77")])
    assert migrate(path) is True
    assert migrate(path) is False
    with sqlite3.connect(path) as connection:
        for table in ("intents", "orders", "fills", "holds", "facts"):
            assert connection.execute(f"SELECT account, count(*) FROM {table}").fetchall() == [("paper", 1)], table
        assert dict(connection.execute("SELECT key, value FROM runtime")) == {"serial": "9", "last_ns:paper": "77"}
        assert connection.execute("SELECT price, amount, is_maker, ts_ns FROM fills").fetchall() == [("2", "1", 1, 5)]
        connection.execute(
            "INSERT INTO facts (account,kind,bot_id,controller_id,executor_id,ts_ns,wall_ms,payload) VALUES ('paper','c','','','',1,2,'{}')"
        )
        assert connection.execute("SELECT event_id FROM facts WHERE kind = 'c'").fetchone() == (3,), (
            "a number that was given out is not given out again"
        )


def test_sums_from_before_they_had_an_asset_go_under_that_of_their_controllers_executors(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    migrate(path, target="records_0005_drawdowns")
    pairs = [("e1", "one", "ETH-USDT"), ("e2", "one", "ETH-USDT"), ("e3", "one", "ETH-EUR"), ("e4", "two", "")]
    with sqlite3.connect(path) as connection:
        for executor_id, controller_id, pair in pairs:
            connection.execute(
                "INSERT INTO executors VALUES (?,'paper','b',?,'t','TERMINATED',NULL,'','v',?,'','0',NULL,NULL,NULL,NULL,'0','0','{}','{}',1,2)",
                (executor_id, controller_id, pair),
            )
        connection.execute("INSERT INTO legs VALUES ('e4','v','ETH-EUR',0,'paper','b','two','TERMINATED',NULL,'BUY','0',NULL)")
        connection.executemany(
            "INSERT INTO tallies VALUES ('b',?,?,'10','0.1',2,1,'{\"FAILED\": 3}')", [("one", "1.50"), ("two", "-2"), ("none", "0")]
        )
    assert migrate(path) is True
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT controller_id, asset, realized_quote, closed, close_types FROM tallies ORDER BY controller_id").fetchall()
    counts = (2, '{"FAILED": 3}')
    assert found == [("none", "", "0", *counts), ("one", "USDT", "1.50", *counts), ("two", "EUR", "-2", *counts)]
