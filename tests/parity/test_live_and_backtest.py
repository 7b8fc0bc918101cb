"""One code path: the live wiring, fed the same events at the same tick times, does what the backtest did, and quiet ticks change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from botcore.backtesting import engine
from botcore.backtesting.engine import BacktestJob, BacktestRun, MemoryRecorder, run_backtest
from botcore.backtesting.source import HistoricalSource
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.data.tape import Tape, timeline
from botcore.model.enums import ClockMode
from botcore.model.times import NEVER
from botcore.orders.ids import IdSource
from botcore.strategies.runtime import TradingRuntime
from tests.botcore.backtesting.test_engine import NAMES, job_of


class Wired:
    """A job on a runtime whose clock somebody else turns."""

    def __init__(self, job: BacktestJob, mode: ClockMode) -> None:
        begin_ns = min(int(market.table.open_ms[0]) for market in job.markets.values()) * 1_000_000
        self.bus = EventBus()
        self.recorder = MemoryRecorder(self.bus)
        self.clock = Clock(mode, start_ns=begin_ns - 1, on_fault=lambda part, error: self.recorder.fault(repr(part), error))
        source = HistoricalSource(job.markets, job.rules, job.opening)
        self.runtime = TradingRuntime(self.clock, self.bus, source, self.recorder, job.limits, IdSource())
        self.bot = self.runtime.build_bot(job.bot_id, job.controllers)
        self.runtime.add_bot(self.bot)

    def outcome(self) -> dict[str, Any]:
        report = self.bot.orchestrator.report()
        return outcome_of(self.recorder.fills, self.recorder.executors, report, self.recorder.faults)


def outcome_of(fills: Any, executors: Any, report: Any, faults: Any) -> dict[str, Any]:
    """Everything that must be the same, to the nanosecond and the last digit."""
    return {
        "fills": [
            (f.trade_id, f.client_order_id, executor_id, f.trade_type, f.price_ticks, f.lots, f.fee, f.ts_ns, f.is_maker) for f, executor_id in fills
        ],
        "executors": [
            (
                i.id,
                i.controller_id,
                i.level_id,
                i.created_ns,
                i.close_ns,
                i.close_type,
                i.net_pnl_quote,
                i.cum_fees_quote,
                i.filled_amount_quote,
                i.reason,
            )
            for i in executors
        ],
        "report": (report.realized_pnl_quote, report.volume_traded, report.fees_quote, report.close_type_counts),
        "faults": faults,
    }


def backtest(job: BacktestJob, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[int], BacktestRun]:
    """The backtest proper: what it did up to the end of the tape, and when its clock ticked."""
    times: list[int] = []
    found: list[dict[str, Any]] = []

    def listening(tape: Tape, clock: Clock) -> Iterator[int]:
        for now_ns in timeline(tape, clock):
            times.append(now_ns)
            yield now_ns

    close_out = engine._close_out

    def first_the_outcome(bot: Any, clock: Clock) -> None:
        recorder = seen[0]
        found.append(outcome_of(list(recorder.fills), list(recorder.executors), bot.orchestrator.report(), list(recorder.faults)))
        close_out(bot, clock)

    seen: list[MemoryRecorder] = []

    class Kept(MemoryRecorder):
        def __init__(self, bus: EventBus) -> None:
            super().__init__(bus)
            seen.append(self)

    monkeypatch.setattr(engine, "timeline", listening)
    monkeypatch.setattr(engine, "_close_out", first_the_outcome)
    monkeypatch.setattr(engine, "MemoryRecorder", Kept)
    run = run_backtest(job)
    monkeypatch.undo()
    return found[0], times, run


@pytest.mark.parametrize("name", NAMES)
def test_live_wiring_at_the_same_tick_times_gives_the_same_fills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, times, run = backtest(job_of(name), monkeypatch)
    live = Wired(job_of(name), ClockMode.REALTIME)
    for now_ns in times:
        live.clock.tick(now_ns)
    assert live.outcome() == expected
    assert len(expected["fills"]) > 40 and run.faults == []


@pytest.mark.parametrize("name", NAMES)
def test_tick_at_every_event_gives_the_same_as_skipping_the_quiet_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, times, _ = backtest(job_of(name), monkeypatch)
    eager = Wired(job_of(name), ClockMode.BACKTEST)
    tape, clock = eager.runtime.tape, eager.clock
    ticks = 0
    while (due_ns := tape.due_ns()) != NEVER:
        wake_ns = clock.next_tick_ns(due_ns)
        clock.tick(due_ns if wake_ns == NEVER else wake_ns)
        ticks += 1
    assert eager.outcome() == expected
    assert ticks >= len(times)


@pytest.mark.parametrize("name", ["maker", "oneway"])
def test_market_maker_sleeps_through_quiet_events(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above means something only if events are skipped at all."""
    _, times, _ = backtest(job_of(name), monkeypatch)
    eager = Wired(job_of(name), ClockMode.BACKTEST)
    ticks = 0
    while (due_ns := eager.runtime.tape.due_ns()) != NEVER:
        wake_ns = eager.clock.next_tick_ns(due_ns)
        eager.clock.tick(due_ns if wake_ns == NEVER else wake_ns)
        ticks += 1
    assert len(times) < ticks


def test_ticks_between_events_change_nothing_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick every second of market time on top of those that were asked for, over the first four hours."""
    job = job_of("maker")
    expected, times, _ = backtest(job, monkeypatch)
    busy = Wired(job_of("maker"), ClockMode.BACKTEST)
    tape, clock = busy.runtime.tape, busy.clock
    end_ns = times[0] + 4 * 3600 * 1_000_000_000
    second_ns = times[0] // 1_000_000_000 * 1_000_000_000
    while (due_ns := tape.due_ns()) < end_ns:
        wake_ns = clock.next_tick_ns(due_ns)
        now_ns = due_ns if wake_ns == NEVER else wake_ns
        while second_ns < now_ns:
            second_ns += 1_000_000_000
            if clock.now_ns < second_ns < now_ns:
                clock.tick(second_ns)
                # what was decided in this tick may be due before the event that was
                now_ns = min(now_ns, max(clock.next_tick_ns(tape.due_ns()), clock.now_ns)) if clock.next_tick_ns(tape.due_ns()) != NEVER else now_ns
        clock.tick(now_ns)
    fills = [fill for fill in expected["fills"] if fill[7] < end_ns]
    assert [fill for fill in busy.outcome()["fills"] if fill[7] < end_ns] == fills
    assert len(fills) > 20


def test_live_market_events_one_by_one_and_in_bunches_meet_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was late plays what it missed in one tick: no event is lost, no order trades before it was sent."""
    _, times, _ = backtest(job_of("maker"), monkeypatch)
    late = Wired(job_of("maker"), ClockMode.REALTIME)
    for now_ns in times[::50]:
        late.clock.tick(now_ns)
    late.clock.tick(times[-1] + 60_000_000_000)
    assert late.runtime.tape.due_ns() == NEVER
    created = {info.id: info.created_ns for info in late.recorder.executors} | {e.id: e.created_ns for e in late.bot.orchestrator.running}
    assert late.recorder.fills and late.recorder.faults == []
    assert all(fill.ts_ns > created[executor_id] for fill, executor_id in late.recorder.fills)
