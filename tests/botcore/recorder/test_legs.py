"""What an executor of several markets holds stands in the records leg by leg, in the transaction of the executor, and brings it back after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from botcore.executors.data_types import PositionExecutorConfig
from botcore.model.enums import CloseType, RunnableStatus, TradeType
from botcore.model.events import PositionLost
from botcore.model.instrument import Market
from botcore.model.records import BotRecords
from botcore.recorder import queries, tables
from botcore.recorder.funding import exposures_at
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.strays import unread_since_ns
from tests.botcore.executors.test_matched_property import pair
from tests.support.any_legged import restarted
from tests.support.bench import D
from tests.support.two_venues import HERE, THERE, TwoVenues, arbitrage, xemm


class Written:
    """Two venues whose bot is written down in a real database."""

    def __init__(self, path: Path, here: Any = 100, there: Any = 104, fee: str = "0.001") -> None:
        migrate(path)
        self.bench = TwoVenues(here, there, fee=fee)
        self.journal = Journal(path, lambda call: call())
        self.recorder = MarketsRecorder(self.journal, self.bench.bus, lambda: self.bench.clock.now_ns, lambda: 77)

    def flush(self) -> None:
        self.bench.send()
        self.recorder.flush(None)
        self.journal.run(lambda connection: None).result(10)

    def all(self, sql: str) -> list[Any]:
        return self.ask(lambda connection: connection.execute(text(sql)).all())

    def ask(self, work: Any) -> Any:
        self.flush()
        return self.journal.read(work).result(10)

    def records(self) -> BotRecords:
        found: BotRecords = self.ask(lambda connection: queries.load_bot(connection, "bot"))
        return found


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    made = Written(tmp_path / "condor.db")
    yield made
    made.journal.close()


def test_legs_are_rows_of_the_transaction_of_their_executor(written: Written) -> None:
    bench = written.bench
    executor = bench.start(pair())
    bench.fill(bench.at(HERE)[0], 100, amount="0.4")
    writes = written.recorder.take_writes()
    assert [write.values["connector_name"] for write in writes if write.table is tables.legs] == [HERE, THERE]
    assert [write.values["executor_id"] for write in writes if write.table is tables.executors] == [executor.id]
    bench.fill(bench.at(THERE)[0], 104)
    assert written.all("SELECT connector_name, side, exposure_base, entry_price, status FROM v_legs ORDER BY number") == [
        (HERE, "BUY", "0.4", "100", "RUNNING"),
        (THERE, "SELL", "-1", "104", "RUNNING"),
    ]
    assert written.all("SELECT watched_by, watcher, connector_name, amount_base, entry_price FROM v_positions ORDER BY connector_name") == [
        ("executor", executor.id, HERE, "0.4", "100"),
        ("executor", executor.id, THERE, "-1", "104"),
    ]


def test_a_leg_that_was_handed_over_is_in_its_hold_and_not_watched_twice(written: Written) -> None:
    bench = written.bench
    executor = bench.start(pair())
    bench.fill(bench.at(HERE)[0], 100)
    bench.fill(bench.at(THERE)[0], 104)
    bench.orchestrator.stop(executor.id, keep_position=True)
    assert written.all("SELECT watched_by, connector_name, amount_base FROM v_positions ORDER BY connector_name") == [
        ("hold", HERE, "1"),
        ("hold", THERE, "-1"),
    ]
    assert set(written.all("SELECT status, close_type FROM legs")) == {("TERMINATED", "POSITION_HOLD")}
    (_, record), total = written.ask(lambda connection: queries.closed_executors(connection))[0][0], 1
    assert total == 1 and [leg.exposure_base for leg in record.legs] == [1, -1]


def test_a_leg_of_a_failed_executor_can_not_have_exposure(written: Written) -> None:
    def insert(connection: Connection) -> None:
        row = "('x', 'v', 'P-Q', 0, 'paper', 'b', 'c', 'TERMINATED', 'FAILED', 'BUY', '1', NULL)"
        connection.execute(text(f"INSERT INTO legs VALUES {row}"))

    with pytest.raises(IntegrityError, match="ck_no_leg_of_a_failed_executor"):
        written.journal.run(insert).result(10)


def test_what_a_leg_leaves_below_the_venues_smallest_order_is_held_and_not_failed(tmp_path: Path) -> None:
    written = Written(tmp_path / "condor.db")
    written.bench = bench = TwoVenues(100, 104, min_amount="0.1")
    written.recorder = MarketsRecorder(written.journal, bench.bus, lambda: bench.clock.now_ns, lambda: 77)
    executor = bench.start(pair())
    bench.fill(bench.at(HERE)[0], 100, amount="0.05")
    bench.venues[THERE].reject(bench.at(THERE)[0], "Account has insufficient balance for requested action.")
    bench.venues[HERE].end(bench.at(HERE)[0])
    bench.tick()
    assert executor.close_type is CloseType.INSUFFICIENT_BALANCE
    other = bench.start(pair())
    bench.fill(bench.at(HERE)[-1], 100, amount="0.05")
    for _ in range(100):
        for order in bench.live_at(THERE):
            bench.venues[THERE].reject(order)
        for order in bench.live_at(HERE):
            if order.cancel_asked:
                bench.venues[HERE].end(order)
        bench.tick()
    assert other.close_type is CloseType.POSITION_HOLD and "dust" in other.info.reason
    assert written.all("SELECT amount_base FROM v_positions") == [("0.1",)]
    written.journal.close()


def test_funding_and_missed_executions_know_of_legs(written: Written) -> None:
    bench = written.bench
    bench.start(pair())
    bench.fill(bench.at(THERE)[0], 104)
    later = bench.clock.now_ns + 10**9
    market = Market(THERE, "ETH-USDT")
    assert written.ask(lambda connection: exposures_at(connection, "paper", market, later)) == {("bot", "main"): D(-1)}
    assert written.ask(lambda connection: unread_since_ns(connection, "paper", HERE)) == {"ETH-USDT": bench.clock.now_ns}


# ---- restart through the records -----------------------------------------------------------------------------------
@pytest.mark.parametrize("stage", ["waiting", "sent", "one leg", "refused leg", "traded back"])
def test_ps_4_arbitrage_comes_back_from_the_records(written: Written, stage: str) -> None:
    bench = written.bench
    if stage == "waiting":
        bench.prices(100, 100)
    executor = bench.start(arbitrage())
    if stage in ("one leg", "refused leg", "traded back"):
        bench.fill(bench.at(HERE)[0], 100)
    if stage in ("refused leg", "traded back"):
        bench.venues[THERE].reject(bench.at(THERE)[0])
    if stage == "traded back":
        for _ in range(200):
            for order in bench.live_at(THERE):
                bench.venues[THERE].reject(order)
            bench.tick()
        assert bench.live_at(HERE), "the bought leg is being sold again"
    after = check(written, executor)
    if stage == "waiting":
        after.move(100, 104)
    finish(after)
    (back,) = after.records.ended
    assert back.close_type is (CloseType.FAILED if stage == "traded back" else CloseType.COMPLETED)
    assert sum((hold.amount for hold in after.orchestrator.positions()), D(0)) == 0


@pytest.mark.parametrize("stage", ["quoted", "partly filled", "hedge under way", "requoting"])
def test_ps_4_xemm_comes_back_from_the_records(tmp_path: Path, stage: str) -> None:
    written = Written(tmp_path / "condor.db", 100, 100, fee="0.0001")
    bench = written.bench
    executor = bench.start(xemm(order_amount=D(1)))
    quote = bench.at(HERE)[0]
    bench.venues[HERE].accept(quote)
    if stage in ("partly filled", "hedge under way"):
        bench.fill(quote, "98.5", amount="0.4")
        bench.send()
    if stage == "partly filled":
        bench.fill(bench.at(THERE)[0], 100)
    if stage == "requoting":
        bench.move(100, 104)
        assert quote.cancel_asked
    after = check(written, executor, fee="0.0001")
    finish(after)
    (back,) = after.records.ended
    assert back.close_type is CloseType.COMPLETED
    assert sum((hold.amount for hold in after.orchestrator.positions()), D(0)) == 0
    written.journal.close()


@pytest.mark.parametrize("stage", ["sent", "one leg", "open", "closing"])
def test_ps_4_pair_comes_back_from_the_records(written: Written, stage: str) -> None:
    bench = written.bench
    executor = bench.start(pair())
    if stage != "sent":
        bench.fill(bench.at(HERE)[0], 100)
    if stage in ("open", "closing"):
        bench.fill(bench.at(THERE)[0], 104)
    if stage == "closing":
        bench.orchestrator.stop(executor.id)
        bench.send()
    after = check(written, executor)
    finish(after)
    if stage != "closing":
        (running,) = after.orchestrator.running
        assert running.is_complete()
        after.orchestrator.stop(running.id)
        after.send()
        finish(after)
    assert after.orchestrator.running == () and after.orchestrator.positions() == []


def check(written: Written, executor: Any, fee: str = "0.001") -> TwoVenues:
    """A new process over the records: the executor is what it was, and nothing that is under way is sent twice."""
    records = written.records()
    (record,) = records.running
    assert [(leg.connector_name, leg.exposure_base) for leg in record.legs] == [
        (each.market.connector_name, each.base) for each in executor.exposures()
    ]
    after = restarted(written.bench, fee, records)
    (back,) = after.orchestrator.running
    assert back.record() == executor.record() and str(back.custom_info()) == str(executor.custom_info())
    assert back.status in (RunnableStatus.RUNNING, RunnableStatus.SHUTTING_DOWN)
    return after


def finish(bench: TwoVenues) -> None:
    """The venues behave: what rests and is wanted back is canceled, the rest fills."""
    for _ in range(20):
        for name in (HERE, THERE):
            for order in bench.live_at(name):
                if order.cancel_asked:
                    bench.venues[name].end(order)
                else:
                    bench.fill(order, bench.states[order.instrument.market].book.best_bid / 100 if order.request.price_ticks is None else None)
        bench.tick(2)


# ---- liquidation ---------------------------------------------------------------------------------------------------
def test_a_liquidated_executor_and_its_legs_can_be_written_down(written: Written) -> None:
    """The venue has closed what it held there: the executor failed, its rows say that it holds nothing, and the records go on."""
    bench = written.bench
    executor = bench.start(pair())
    bench.fill(bench.at(HERE)[0], 100)
    bench.fill(bench.at(THERE)[0], 104)
    single = bench.start(PositionExecutorConfig(connector_name=HERE, trading_pair="ETH-USDT", side=TradeType.BUY, entry_price=D(100), amount=D(1)))
    bench.fill(bench.at(HERE)[-1], 100)
    bench.orchestrator.position_lost(PositionLost(bench.here.market, 8000, bench.clock.now_ns))
    assert (executor.close_type, single.close_type) == (CloseType.FAILED, CloseType.FAILED)
    assert written.all("SELECT exposure_base, close_type FROM executors") == [("0", "FAILED")] * 2
    assert written.all("SELECT exposure_base FROM legs") == [("0",)] * 2
    assert written.all("SELECT connector_name, amount_base FROM v_positions") == [(THERE, "-1")], "the other leg is in a hold"
