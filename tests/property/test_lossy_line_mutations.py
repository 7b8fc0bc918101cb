"""The oracle is strong enough: defects that other programs have (a to g of the reliability specification, section 1.4) are put back one by one and found.

c, an order that goes from canceled back to open, is a move of the compiled table: tests/botcore/orders holds it. h and i belong to gateway swaps.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from botcore.connectors.live.doubts import Doubt, DoubtBook
from botcore.connectors.live.endings import EndingBook
from botcore.connectors.live.exchange import ENDS, ExchangeConnector
from botcore.executors.position import PositionExecutor
from botcore.model.enums import CloseType
from botcore.model.order import Fill, OrderState, Purpose
from botcore.model.venue_updates import OrderEnded
from botcore.venues.line import Ask
from tests.property.test_lossy_line import check, drawn_line, settle, trade
from tests.support.bench import quote_event
from tests.support.live_bench import D, LiveBench
from tests.support.lossy_venue import Line

SEEDS = 150


def found_within(seeds: int, **factories: Any) -> int | None:
    """The first seed whose oracle objects; None when none does."""
    for seed in range(seeds):
        chance = random.Random(seed)
        bench = LiveBench(seed, drawn_line(chance))
        bench.orchestrator._factories.update(factories)
        try:
            trade(bench, chance, 120)
            settle(bench)
            check(bench)
        except AssertionError:
            return seed
    return None


def test_a_unanswered_create_counted_as_failed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(self: ExchangeConnector, order: Any, sent_ns: int, reason: str, now_ns: int) -> None:
        self.apply(OrderEnded(order.client_order_id, OrderState.FAILED, reason, now_ns))

    monkeypatch.setattr(ExchangeConnector, "_doubt", failed)
    assert found_within(SEEDS) is not None


def test_b_some_negative_answers_counted_as_proof_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(self: DoubtBook, client_order_id: str, kind: Ask, asked_ns: int) -> bool:
        doubt: Doubt = self._doubts[client_order_id]
        doubt.silent[kind] = doubt.silent.get(kind, 0) + 1
        return sum(doubt.silent.values()) >= 4

    monkeypatch.setattr(DoubtBook, "silent", impatient)
    assert found_within(SEEDS) is not None


def test_d_end_before_its_executions_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ExchangeConnector._report

    def hasty(self: ExchangeConnector, told: Any, now_ns: int) -> None:
        report(self, told, now_ns)
        order = self.tracker.get(told.client_order_id)
        if order is not None and order.is_open and told.state in (*ENDS, OrderState.FILLED):
            self.endings.forget(told.client_order_id)
            self.apply(OrderEnded(told.client_order_id, OrderState.CANCELED, "", told.ts_ns))

    monkeypatch.setattr(ExchangeConnector, "_report", hasty)
    monkeypatch.setattr(EndingBook, "wait", lambda self, told, now_ns: None)
    assert found_within(SEEDS) is not None


class ForgetsPartialEntries(PositionExecutor):
    """f: the fills of an entry that ended early are forgotten and the full size is ordered again."""

    def _control_entry(self, now_ns: int) -> None:
        if self._entry is None and now_ns >= self._retry_at_ns and self._wanted_lots > self._exposure.opened_lots:
            self._entry = self._submit(self._pricing.entry_request(self._wanted_lots, self._pricing.entry_ticks()), now_ns)


class GivesUpWithExposure(PositionExecutor):
    """g: when its retries are used up it is done, whatever it holds."""

    def held_fills(self) -> list[Fill]:
        return [] if self.close_type is CloseType.POSITION_HOLD and self.retries else super().held_fills()


class ProtectsFullEntriesOnly(PositionExecutor):
    """e: barriers begin with the complete entry."""

    def _control_barriers(self, barriers: Any, now_ns: int) -> bool:
        return self._exposure.opened_lots >= self._wanted_lots and bool(super()._control_barriers(barriers, now_ns))


def partial_entry_meets_its_stop(kind: type[PositionExecutor]) -> bool:
    """An entry that has traded nine tenths, and a market that falls through the stop: whether the position is closed."""
    bench = LiveBench()
    bench.orchestrator._factories["position_executor"] = kind
    executor = bench.start()
    bench.run(1)
    bench.venue.trade(bench.venue.orders[0], 9_900, 900)
    bench.run(1)
    # the market passes the rest of the entry by: only the venue's touch moves
    bench.venue.best_bid = bench.venue.best_ask = 9_600
    bench.state.apply(quote_event(bench.instrument, bench.clock.now_ns, D(96)))
    bench.run(10)
    closes = [order for order in bench.records.submitted if order.request.purpose is Purpose.CLOSE]
    return executor.is_closed and bool(closes) and sum(fill.trade_type.sign * fill.lots for fill in bench.venue.trades) == 0


def test_e_stop_that_waits_for_a_full_entry_is_found() -> None:
    assert partial_entry_meets_its_stop(PositionExecutor)
    assert not partial_entry_meets_its_stop(ProtectsFullEntriesOnly)


def test_f_second_full_entry_is_found() -> None:
    assert found_within(SEEDS, position_executor=ForgetsPartialEntries) is not None


def refused_exit(kind: type[PositionExecutor]) -> int:
    """A position whose exits are all refused: lots at the venue that no hold knows of."""
    bench = LiveBench()
    bench.orchestrator._factories["position_executor"] = kind
    bench.start()
    bench.run(1)
    bench.venue.partial = 0
    bench.price(9_900)
    bench.run(1)
    bench.venue.line = Line(refuse=1)
    bench.run(400)
    assert bench.orchestrator.running == ()
    return sum(fill.trade_type.sign * fill.lots for fill in bench.venue.trades) - bench.held_lots()


def test_g_end_with_exposure_and_no_hold_is_found() -> None:
    assert refused_exit(PositionExecutor) == 0
    assert refused_exit(GivesUpWithExposure) == 1000


def test_without_a_defect_the_same_seeds_pass() -> None:
    assert found_within(40) is None
