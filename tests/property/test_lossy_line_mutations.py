"""The oracle is strong enough: defects that other programs have (a to g of the reliability specification, section 1.4) are put back one by one and found.

c, an order that goes from canceled back to open, is a move of the compiled table: tests/botcore/orders holds it. h and i belong to gateway swaps.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from botcore.connectors.base import OutgoingRequest
from botcore.connectors.live.doubts import Doubt, DoubtBook
from botcore.connectors.live.endings import EndingBook
from botcore.connectors.live.exchange import ENDS, ExchangeConnector
from botcore.executors.position import PositionExecutor
from botcore.model.enums import CloseType
from botcore.model.events import OrderSubmitted
from botcore.model.order import Fill, OrderState, Purpose
from botcore.model.venue_updates import OrderEnded
from botcore.orders.tracker import OrderTracker
from botcore.strategies.positions import PositionKeeper
from botcore.strategies.strays import StrayKeeper, StrayOwner
from botcore.venues.line import Ask
from tests.property.test_lossy_line import check, drawn_line, settle, trade
from tests.support.bench import SPOT, quote_event
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


# ---- defects of what came later: own orders, fees in base, strays, positions, stops at the venue ------------------------
def found(make_bench: Callable[[int, random.Random], LiveBench], seeds: int = SEEDS, factory: Any = None, **trading: Any) -> bool:
    """Whether the oracle objects to one of these seeds."""
    for seed in range(seeds):
        chance = random.Random(seed)
        bench = make_bench(seed, chance)
        for bot in bench.bots.values():
            bot._factories.update({"position_executor": factory} if factory else {})
        try:
            trade(bench, chance, 120, **trading)
            settle(bench)
            check(bench)
        except AssertionError:
            return True
    return False


def on_one_pair(seed: int, chance: random.Random) -> LiveBench:
    return LiveBench(seed, drawn_line(chance), bots=("bot", "two"))


def on_spot(seed: int, chance: random.Random) -> LiveBench:
    bench = LiveBench(seed, drawn_line(chance), connector=SPOT, min_notional="5")
    bench.venue.base_fee = D("0.00075")
    return bench


def dying(seed: int, chance: random.Random) -> LiveBench:
    return LiveBench(seed, drawn_line(chance), crashes=True)


def plain(seed: int, chance: random.Random) -> LiveBench:
    return LiveBench(seed, drawn_line(chance))


def with_stops(seed: int, chance: random.Random) -> LiveBench:
    return LiveBench(seed, drawn_line(chance), stops=True)


def test_o14_orders_that_nobody_keeps_apart_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def unseen(self: ExchangeConnector, request: Any, owner: Any, expected_ticks: int | None = None) -> Any:
        order = self._track(request, owner)
        self.outbox.append(OutgoingRequest(order, False, order.created_ns))
        self._bus.publish(OrderSubmitted(order, order.created_ns))
        return order

    monkeypatch.setattr(ExchangeConnector, "submit", unseen)
    assert found(on_one_pair)


class SellsGross(PositionExecutor):
    """O15: the exit is sized from what was bought, not from what was received."""

    def _close_rest(self, now_ns: int) -> None:
        lots = self._exposure.opened_lots - self._exposure.closed_lots - (self._profit.remaining_lots if self._profit is not None else 0)
        if self._close is None and now_ns >= self._retry_at_ns and lots > 0:
            self._close = self._submit(self._pricing.close_request(lots), now_ns)


def test_o15_exit_of_more_than_was_received_is_found() -> None:
    assert found(on_spot, factory=SellsGross, shorts=False)


def test_o9_stray_fills_that_nobody_books_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StrayKeeper, "book", lambda self, owner, order, fill: None)
    monkeypatch.setattr(StrayKeeper, "_owner", lambda self, request: StrayOwner(self, "", "", "", request.trade_type))
    bench = LiveBench()
    executor = bench.start()
    bench.run(1)
    bench._write()
    bench.connector.tracker = OrderTracker()
    bench.venue.trade(bench.venue.orders[0], 9_900, 100)
    bench.run(5)
    assert executor.custom_info()["exposure_base"] == 0
    settle(bench)
    with pytest.raises(AssertionError):
        check(bench)


def test_o17_position_that_nobody_compares_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PositionKeeper, "on_tick", lambda self, now_ns: None)
    assert found(plain, others=0.02)


def test_o17_difference_that_is_believed_at_once_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PositionKeeper, "_is_proven", lambda self, connector, loss, told_ns, now_ns: now_ns >= loss.since_ns + 10**9)
    assert found(plain, others=0.02)


class ForgetsItsStop(PositionExecutor):
    """The stop at the venue is left standing when the executor ends."""

    def _cancel_all(self) -> None:
        stop, self._venue_stop = self._venue_stop, None
        super()._cancel_all()
        if stop is not None and stop.order is not None and self._exposure.lots:
            self._venue_stop = stop


def test_i7_stop_that_outlives_its_executor_is_found() -> None:
    assert found(with_stops, factory=ForgetsItsStop)


def test_without_a_defect_these_seeds_pass_too() -> None:
    assert not found(on_one_pair, 20)
    assert not found(on_spot, 20, shorts=False)
    assert not found(dying, 20, kills=0.03)
    assert not found(plain, 20, others=0.02)
    assert not found(with_stops, 20)


def test_without_a_defect_the_same_seeds_pass() -> None:
    assert found_within(40) is None
