"""The peak from which losses count is written down: a restart neither forgets it nor counts what was lost before it twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from botcore.model.records import BotRecords, DrawdownRecord
from botcore.model.times import DAY_NS
from botcore.orchestrator.drawdown import WRITTEN_EVERY_NS, Drawdown
from botcore.recorder import queries
from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate
from botcore.recorder.recorder import MarketsRecorder
from botcore.strategies.bot_limits import BotLimits, Breach
from botcore.strategies.recovery import restore_bot
from tests.botcore.strategies.test_changes import seat
from tests.support.bench import SECOND_NS, D
from tests.support.paper_bench import PaperBench


class Rig:
    """A bot with two controllers, `big` long 2 and `small` long 1, both @ 100, whose records are a real database."""

    def __init__(self, path: Path, **limits: Any) -> None:
        migrate(path)
        self.bench = PaperBench()
        self.journal = Journal(path, lambda call: call())
        self.recorder = MarketsRecorder(self.journal, self.bench.bus, lambda: self.bench.clock.now_ns, lambda: 77)
        self.breaches: list[Breach] = []
        self.bot = self.bench.bot(
            seat(name="big", amount=2),
            seat(name="small"),
            limits=BotLimits(**limits),
            on_breach=lambda _bot, breach: self.breaches.append(breach),
        )
        self.bench.settle()

    def flush(self) -> None:
        self.recorder.flush(None)
        self.journal.run(lambda connection: None).result(10)

    def rows(self) -> dict[str, tuple[str, str]]:
        self.flush()
        sql = text("SELECT controller_id, peak_quote, worst_quote FROM drawdowns")
        return {name: (peak, worst) for name, peak, worst in self.journal.read(lambda connection: connection.execute(sql).all()).result(10)}

    def records(self) -> BotRecords:
        self.flush()
        found: BotRecords = self.journal.read(lambda connection: queries.load_bot(connection, "bot")).result(10)
        return found


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "condor.db", max_global_drawdown_quote=50, max_controller_drawdown_quote=40)
    yield made
    made.journal.close()


def test_peaks_and_largest_drops_are_rows(rig: Rig) -> None:
    rig.bench.price(110)
    rig.bench.tick(10)
    rig.bench.price(105)
    rig.bench.tick(10)
    assert rig.rows() == {"": ("30", "15"), "big": ("20", "10"), "small": ("10", "5")}


def test_bot_that_fell_from_its_peak_before_a_restart_is_stopped_by_what_it_falls_after_it(rig: Rig, tmp_path: Path) -> None:
    """Peak +30 at 110, then +15; the new process stands at 105 and falls to 92: -24 is a drop of 54 from the peak, and of 24 from where it began."""
    rig.bench.price(110)
    rig.bench.tick(10)
    rig.bench.price(105)
    rig.bench.tick(10)
    records = rig.records()
    assert rig.breaches == []
    after = Rig(tmp_path / "other.db", max_global_drawdown_quote=50)
    for executor in after.bot.orchestrator.running:
        after.bot.orchestrator.stop(executor.id)
    restore_bot(
        after.bot, BotRecords([], [], [], [], [], [], drawdowns=records.drawdowns), after.bench.runtime.connectors, after.bench.runtime.market_data
    )
    drawdown = after.bot.orchestrator.drawdowns.whole
    assert (drawdown.peak, drawdown.worst) == (30, 15)
    assert after.bot.orchestrator.shelf("big").drawdown.peak == 20
    after.bench.settle(5)
    after.bench.price(94)
    assert drawdown.drop == 48 and after.breaches == []
    after.bench.price(93)
    assert [(breach.drop, breach.peak) for breach in after.breaches] == [(51, 30)]
    after.journal.close()


def test_rows_say_what_they_are_in_and_another_asset_is_counted_anew(rig: Rig, tmp_path: Path) -> None:
    rig.bench.price(110)
    rig.bench.tick(10)
    records = rig.records()
    assert {(record.controller_id, record.peak_quote, record.asset) for record in records.drawdowns} == {
        ("", D(30), "USDT"),
        ("big", D(20), "USDT"),
        ("small", D(10), "USDT"),
    }
    after = Rig(tmp_path / "other.db", max_global_drawdown_quote=50)
    in_eur = [replace(record, peak_quote=D(1000), asset="EUR") for record in records.drawdowns if not record.controller_id]
    restore_bot(after.bot, BotRecords([], [], [], [], [], [], drawdowns=in_eur), after.bench.runtime.connectors, after.bench.runtime.market_data)
    after.bench.tick(10)
    assert after.breaches == [], "1,000 EUR are no peak of what is counted in USDT"
    assert after.bot.orchestrator.drawdowns.whole.peak < 1000
    after.journal.close()


def test_a_file_of_before_keeps_its_peaks_without_an_asset(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    migrate(path, target="records_0006_tally_assets")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO drawdowns VALUES ('b','','12.5','3')")
    assert migrate(path) is True
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT peak_quote, worst_quote, asset FROM drawdowns").fetchall() == [("12.5", "3", "")]


def test_whoever_starts_a_bot_again_is_not_held_to_what_it_lost_before(rig: Rig) -> None:
    rig.bench.price(110)
    rig.bench.price(100)
    drawdown = rig.bot.orchestrator.drawdowns.whole
    assert drawdown.drop == 30
    rig.bot.orchestrator.drawdowns.begin_with_next()
    rig.bench.price(99)
    assert (drawdown.peak, drawdown.drop, drawdown.worst) == (-3, 0, 30), "from where it stands, known for the first time"
    assert rig.rows()[""] == ("-3", "30"), "a lower peak is written at once"
    rig.bench.price(95)
    assert drawdown.drop == 12


def test_a_peak_that_rises_with_every_tick_is_written_every_ten_seconds() -> None:
    drawdown, written = Drawdown(), []
    for second in range(25):
        drawdown.see(D(second + 1))
        if drawdown.is_due(1 + second * SECOND_NS):
            written.append(second)
    assert written == [0, 10, 20] and WRITTEN_EVERY_NS == 10 * SECOND_NS
    assert drawdown.is_due(31 * SECOND_NS) and drawdown.record().peak_quote == 25
    assert not drawdown.is_due(60 * SECOND_NS), "it stands as it is written"


def test_restored_peak_is_not_written_again() -> None:
    before, after = Drawdown("one"), Drawdown("one")
    before.see(D(7))
    before.see(D(3))
    after.restore(before.record())
    assert (after.peak, after.worst, after.drop) == (7, 4, 0)
    assert not after.is_due(10**18)
    after.see(D(2))
    assert (after.drop, after.worst) == (5, 5) and after.is_due(10**18)


def test_what_was_lost_before_days_were_counted_is_no_loss_of_today() -> None:
    """A record of an older version has no day: a bot that was down for months must not be stopped for it on the day of the upgrade."""
    drawdown = Drawdown()
    drawdown.restore(DrawdownRecord("", D(0), D(500)))
    drawdown.see(D(-500), 5 * DAY_NS)
    assert drawdown.day_loss == 0
    drawdown.see(D(-530), 5 * DAY_NS + 1)
    assert drawdown.day_loss == 30


def test_a_day_that_a_person_has_begin_anew_at_its_peak_is_written_at_once() -> None:
    """The peak stands as it is written; where the day is counted from does not: a crash would count what is lost from here as if the day's gains had been spent first."""
    before, after = Drawdown(), Drawdown()
    before.see(D(0))
    before.see(D(100))
    assert before.is_due(SECOND_NS)
    before.begin_with_next()
    before.see(D(100))
    assert before.is_due(2 * SECOND_NS)
    after.restore(before.record())
    after.see(D(70))
    assert after.day_loss == 30


def test_what_the_day_has_lost_is_not_known_before_the_first_look() -> None:
    """A bot that had earned 100 before today is restored, and its PnL is not known yet: it stands somewhere, not at 0."""
    drawdown = Drawdown()
    drawdown.restore(DrawdownRecord("", D(100), D(0), "USDT", 5, D(100)))
    drawdown.see(None, 5 * DAY_NS)
    assert (drawdown.drop, drawdown.day_loss) == (0, 0)
    drawdown.see(D(90), 5 * DAY_NS)
    assert (drawdown.drop, drawdown.day_loss) == (10, 10)


def test_one_that_begins_anew_before_the_first_look_counts_from_that() -> None:
    """A controller that was stopped for what it lost is turned on again right after a restart: 0 is not where it stands."""
    drawdown = Drawdown("one")
    drawdown.restore(DrawdownRecord("one", D(0), D(200), "USDT", 5, D(0)))
    drawdown.begin_anew()
    drawdown.see(D(-200), 5 * DAY_NS)
    assert (drawdown.peak, drawdown.drop, drawdown.day_loss, drawdown.worst) == (-200, 0, 0, 200)
    drawdown.see(D(-210), 5 * DAY_NS)
    assert (drawdown.drop, drawdown.day_loss) == (10, 10)
