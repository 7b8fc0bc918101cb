"""Every kind of executor is told as opened once, with its first fill, whatever it trades and on how many markets; and barriers that move are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from botcore.executors.data_types import ConnectorPair, PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.events import Fact, FactKind
from condor.openings import Openings
from tests.scenarios import test_dca_executor as dca
from tests.scenarios import test_grid_executor as grid
from tests.scenarios import test_pair_executor as pair
from tests.scenarios import test_twap_executor as twap
from tests.support.bench import PERP, D, instrument
from tests.support.two_venues import HERE, THERE, TwoVenues, arbitrage, xemm
from tests.support.venue_bench import VenueBench

BUY = TradeType.BUY


def listening(bench: VenueBench) -> list[Fact]:
    """What is told of entries on this bench from now on."""
    facts: list[Fact] = []
    bench.bus.subscribe(Fact, facts.append)
    Openings(bench.bus, lambda bot_id: bench.orchestrator)
    return facts


def of_kind(facts: list[Fact], kind: str) -> list[Fact]:
    return [fact for fact in facts if fact.kind == kind]


def fill_all(bench: Any, rounds: int) -> None:
    """Whatever is out is filled, at its price or at 100, again and again."""
    for _ in range(rounds):
        for venue in bench.venues.values():
            for order in venue.tracker.open_orders():
                venue.accept(order)
                venue.trade(order, price=None if order.request.price_ticks else 100)
        bench.tick(5)


def _two(config: Any, here: Any = 100, there: Any = 104) -> tuple[Any, Any]:
    return TwoVenues(here, there, fee="0.0001"), config


KINDS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "arbitrage": lambda: _two(arbitrage()),
    "xemm": lambda: _two(xemm(order_amount=D(1)), 100, 100),
    "pair": lambda: _two(pair.pair(), 100, 100),
    "twap": lambda: (VenueBench(), twap.config()),
    "dca": lambda: (VenueBench(), dca.config()),
    "grid": lambda: (grid.bench_at(110), grid.grid()),
    "position": lambda: (
        VenueBench(),
        PositionExecutorConfig(connector_name=PERP, trading_pair="ETH-USDT", side=BUY, amount=D(1), entry_price=D(100)),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_opening_is_told_once(kind: str) -> None:
    bench, config = KINDS[kind]()
    facts = listening(bench)
    executor = bench.start(config)
    fill_all(bench, 6)
    (opened,) = of_kind(facts, FactKind.POSITION_OPENED)
    assert opened.executor_id == executor.id and opened.payload["type"] == config.type
    assert opened.payload["trading_pair"] == "ETH-USDT" and D(opened.payload["filled"]) > 0
    assert len(opened.payload["legs"]) == (2 if kind in ("arbitrage", "xemm", "pair") else 0)


@pytest.mark.parametrize("parts", [("0.3", "0.7"), ("0.5", "0.5"), ("0.2", "0.2", "0.6")])
def test_a_later_part_that_is_larger_than_the_first_is_no_second_opening(parts: tuple[str, ...]) -> None:
    bench, config = KINDS["position"]()
    facts = listening(bench)
    bench.start(config)
    (order,) = bench.live()
    bench.venue.accept(order)
    for part in parts:
        bench.venue.trade(order, part)
        bench.tick()
    assert [(fact.kind, D(fact.payload["filled"])) for fact in facts if fact.kind.startswith("position")] == [
        (FactKind.POSITION_OPENED, D(parts[0])),
        (FactKind.POSITION_FILLED, D(1)),
    ]


def test_a_first_fill_on_a_leg_in_another_quote_asset_is_the_opening() -> None:
    """Whatever the two quote assets are worth in each other: they are not compared."""
    here, there = instrument("ETH-USDT", HERE), instrument("ETH-USDC", THERE)
    bench = VenueBench(here, there, instrument("USDC-USDT", HERE), price=None)
    for of, price in ((here, 100), (there, 104), (bench.instruments[2], 1)):
        bench.quote(price, of=of)
    for venue in bench.venues.values():
        venue.fee_rate = lambda pair, is_maker: D("0.0001")  # type: ignore[method-assign]
    facts = listening(bench)
    bench.start(arbitrage(selling_market=ConnectorPair(connector_name=THERE, trading_pair="ETH-USDC")))
    (order,) = bench.venues[THERE].requests
    bench.venues[THERE].accept(order)
    bench.venues[THERE].trade(order, "0.4", 104)
    bench.venues[THERE].trade(order, "0.6", 104)
    assert [fact.payload["trading_pair"] for fact in of_kind(facts, FactKind.POSITION_OPENED)] == ["ETH-USDC"]


def test_the_second_leg_is_told_as_filled_and_both_are_named() -> None:
    bench = TwoVenues(100, 100)
    facts = listening(bench)
    bench.start(pair.pair())
    bench.fill(bench.at(HERE)[0], 100)
    bench.fill(bench.at(THERE)[0], 100)
    (opened,), (filled,) = (of_kind(facts, kind) for kind in (FactKind.POSITION_OPENED, FactKind.POSITION_FILLED))
    assert [(leg["connector_name"], leg["filled"]) for leg in opened.payload["legs"]] == [(HERE, "1.000"), (THERE, "0.000")]
    assert [(leg["connector_name"], leg["side"], leg["filled"]) for leg in filled.payload["legs"]] == [
        (HERE, "BUY", "1.000"),
        (THERE, "SELL", "2.000"),
    ]


# ---- barriers ----------------------------------------------------------------------------------------------------------
def held(**barriers: Any) -> tuple[VenueBench, Any, list[Fact]]:
    """A position of 1 at 100 with these barriers."""
    bench = VenueBench()
    facts = listening(bench)
    triple = TripleBarrierConfig(open_order_type=OrderType.MARKET, **barriers)
    executor = bench.start(PositionExecutorConfig(connector_name=PERP, trading_pair="ETH-USDT", side=BUY, amount=D(1), triple_barrier_config=triple))
    fill_all(bench, 1)
    return bench, executor, facts


def test_a_barrier_that_is_moved_is_told_with_before_and_after() -> None:
    bench, executor, facts = held(stop_loss=D("0.02"))
    bench.orchestrator.set_barriers(executor.id, TripleBarrierConfig(stop_loss=D("0.01"), take_profit=D("0.03")))
    (moved,) = of_kind(facts, FactKind.BARRIER_MOVED)
    assert moved.executor_id == executor.id and moved.payload["cause"] == "config"
    assert (moved.payload["before"]["stop_loss"], moved.payload["after"]["stop_loss"]) == ("0.02", "0.01")
    assert (moved.payload["before"]["take_profit"], moved.payload["after"]["take_profit"]) == (None, "0.03")


def test_barriers_that_stay_or_are_refused_are_not_told() -> None:
    bench, executor, facts = held(stop_loss=D("0.02"))
    bench.orchestrator.set_barriers(executor.id, TripleBarrierConfig(stop_loss=D("0.02")))
    bench.price(98)
    assert executor.close_type is not None, "it is ending: nothing is moved any more"
    bench.orchestrator.set_barriers(executor.id, TripleBarrierConfig(stop_loss=D("0.5")))
    assert of_kind(facts, FactKind.BARRIER_MOVED) == []


def test_a_trailing_stop_is_told_when_it_begins_to_follow_and_not_with_every_step() -> None:
    bench, _, facts = held(trailing_stop=TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.005")))
    bench.price(101)
    assert of_kind(facts, FactKind.BARRIER_MOVED) == []
    for hundredths in range(10_300, 10_346, 5):
        bench.price(D(hundredths) / 100)
    (armed,) = of_kind(facts, FactKind.BARRIER_MOVED)
    assert armed.payload["cause"] == "armed" and round(D(armed.payload["trigger_pct"]), 3) == D("0.025")


def test_a_trailing_stop_that_has_followed_as_far_as_it_hangs_behind_is_told_once_for_each_such_step() -> None:
    bench, executor, facts = held(trailing_stop=TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.005")))
    for hundredths in range(10_300, 10_501, 5):
        # back and forth on the way: what falls back moves no trailing stop
        bench.price(D(hundredths) / 100)
        bench.price(D(hundredths - 20) / 100)
    told = of_kind(facts, FactKind.BARRIER_MOVED)
    assert [fact.payload["cause"] for fact in told] == ["armed", "trailed", "trailed", "trailed", "trailed"], "2 % up, half a percent each"
    steps = [(D(fact.payload["before_pct"]), D(fact.payload["trigger_pct"])) for fact in told[1:]]
    assert all(D("0.005") <= after - before < D("0.0056") for before, after in steps)
    assert [before for before, _ in steps] == [D(fact.payload["trigger_pct"]) for fact in told[:-1]], "each from where it was told last"
    assert executor.close_type is None
    bench.price(D(executor.custom_info()["trailing_stop_trigger_pct"] + 1) * 100 - D("0.1"))
    assert executor.close_type is CloseType.TRAILING_STOP and len(of_kind(facts, FactKind.BARRIER_MOVED)) == 5


def test_one_that_was_taken_away_and_is_set_again_is_told_when_it_arms_again() -> None:
    stop = TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.005"))
    bench, executor, facts = held(trailing_stop=stop)
    bench.price(104)
    for barriers in (TripleBarrierConfig(), TripleBarrierConfig(trailing_stop=stop)):
        bench.orchestrator.set_barriers(executor.id, barriers)
        bench.price(101)
    bench.price(103)
    told = [(fact.payload["cause"], fact.payload.get("trigger_pct")) for fact in of_kind(facts, FactKind.BARRIER_MOVED)]
    assert [cause for cause, _ in told] == ["armed", "config", "config", "armed"] and executor.close_type is None
    assert D(told[-1][1]) < D(told[0][1]), "lower than it once was"


def test_one_that_hangs_hardly_behind_does_not_flood() -> None:
    bench, _, facts = held(trailing_stop=TrailingStop(activation_price=D("0.001"), trailing_delta=D("0.0001")))
    for hundredths in range(10_020, 10_101):
        bench.price(D(hundredths) / 100)
    told = [fact.payload["cause"] for fact in of_kind(facts, FactKind.BARRIER_MOVED)]
    assert told[0] == "armed" and 4 <= len(told) <= 9, "80 moves of a hundredth of a percent"
