"""What recovery reads: live executors with everything of theirs, and ended ones whose order may still be at the venue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert

from botcore.recorder import tables
from botcore.recorder.migrate import migrate
from botcore.recorder.queries import load_bot
from botcore.recorder.sqlite_file import open_engine
from botcore.recorder.strays import unread_since_ns


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    migrate(tmp_path / "condor.db")
    engine = open_engine(tmp_path / "condor.db")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def put_executor(connection: Connection, name: str, status: str, order_state: str) -> None:
    common = {"account": "paper", "bot_id": "b", "controller_id": "c", "executor_id": name, "connector_name": "sim", "trading_pair": "BTC-USDT"}
    executor = common | {"type": "position_executor", "status": status, "reason": "", "side": "BUY", "exposure_base": "0", "fees_quote": "0"}
    executor |= {"volume_quote": "0", "config": "{}", "state": "{}", "created_ns": 1, "close_ns": 2}
    connection.execute(insert(tables.executors).values(executor))
    intent = common | {"intent_id": f"i-{name}", "trade_type": "BUY", "order_type": "LIMIT", "purpose": "open", "position_action": "OPEN"}
    connection.execute(insert(tables.intents).values(intent | {"amount": "1", "price": "5", "created_ns": 1}))
    order = {
        "client_order_id": f"o-{name}",
        "account": "paper",
        "intent_id": f"i-{name}",
        "connector_name": "sim",
        "executor_id": name,
        "state": order_state,
    }
    connection.execute(insert(tables.orders).values(order | {"filled_amount": "0", "reason": "", "created_ns": 1, "updated_ns": 1}))


def test_live_executors_and_orphaned_orders_are_read_and_the_rest_is_not(connection: Connection) -> None:
    put_executor(connection, "live", "RUNNING", "OPEN")
    put_executor(connection, "ended", "TERMINATED", "CANCELED")
    for number, state in enumerate(("OPEN", "PENDING_CREATE", "PARTIALLY_FILLED", "UNKNOWN")):
        put_executor(connection, f"orphan{number}", "TERMINATED", state)
    records = load_bot(connection, "b")
    assert [record.executor_id for record in records.running] == ["live"]
    assert [record.executor_id for record in records.orphans] == ["orphan0", "orphan1", "orphan2", "orphan3"]
    assert {order.executor_id for order in records.orders} == {"live", "orphan0", "orphan1", "orphan2", "orphan3"}
    assert load_bot(connection, "another").orphans == []


def test_recovery_walks_through_no_table_of_what_has_ended(connection: Connection) -> None:
    """A start must not get slower with every day: each statement finds its rows by an index."""
    put_executor(connection, "live", "RUNNING", "OPEN")
    seen: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    load_bot(connection, "b")
    event.remove(connection, "before_cursor_execute", note)
    assert len(seen) == 9
    for statement, parameters in seen:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        # holds are as few as the markets of all bots
        assert not any(step.startswith("SCAN") and step.split()[1] in {"executors", "intents", "orders", "fills"} for step in plan), plan
        assert not any("AUTOMATIC" in step for step in plan), plan


def test_what_a_session_asks_at_its_start_walks_through_no_table_of_what_has_ended(connection: Connection) -> None:
    put_executor(connection, "live", "RUNNING", "OPEN")
    put_executor(connection, "ended", "TERMINATED", "FILLED")
    connection.execute(insert(tables.runtime).values(key=tables.last_ns_key("paper"), value="9"))
    seen: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    assert unread_since_ns(connection, "paper", "sim") == {"BTC-USDT": 1}
    event.remove(connection, "before_cursor_execute", note)
    assert len(seen) >= 5
    for statement, parameters in seen:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert not any(step.startswith("SCAN") and step.split()[1] in {"executors", "intents", "orders", "fills"} for step in plan), plan
