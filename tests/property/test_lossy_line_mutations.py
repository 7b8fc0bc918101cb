"""The oracle of the lossy line is strong enough: defects in own orders, fees in base, strays, positions and stops at the venue are put in one by one and found.

The defects that other programs have (a to i of the reliability specification, section 1.4) are put back in `tests/simulation`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from botcore.connectors.base import OutgoingRequest
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.executors.position import PositionExecutor
from botcore.model.events import OrderSubmitted
from botcore.model.order import Purpose
from botcore.orders.tracker import OrderTracker
from botcore.strategies.positions import PositionKeeper
from botcore.strategies.strays import StrayKeeper, StrayOwner
from tests.support.bench import SPOT
from tests.support.live_bench import D, LiveBench
from tests.support.lossy_play import check, drawn_line, settle, trade

SEEDS = 150


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

    def _control_exit(self, now_ns: int) -> None:
        lots = self._exposure.opened_lots - self._exposure.closed_lots - (self._profit.remaining_lots if self._profit is not None else 0)
        if self._leg.live_of(Purpose.CLOSE) is None and now_ns >= self._retry_at_ns and lots > 0:
            self._submit(self._pricing.close_request(lots), now_ns)
        super()._control_exit(now_ns)


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

    def _control_exit(self, now_ns: int) -> None:
        stop = self._venue_stop
        if stop is not None and stop.order is not None and self._exposure.lots:
            self._live.pop(stop.order.client_order_id, None)
            self._venue_stop = None
        super()._control_exit(now_ns)


def test_i7_stop_that_outlives_its_executor_is_found() -> None:
    assert found(with_stops, factory=ForgetsItsStop)


def test_without_a_defect_these_seeds_pass_too() -> None:
    assert not found(on_one_pair, 20)
    assert not found(on_spot, 20, shorts=False)
    assert not found(dying, 20, kills=0.03)
    assert not found(plain, 20, others=0.02)
    assert not found(with_stops, 20)
