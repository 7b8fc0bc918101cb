"""Orders and executions that this process does not know any more: rows W11, O9 and W13 of the fault catalogue, W11 after a restart."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from botcore.model.errors import ConfigError
from botcore.model.events import FactKind
from botcore.model.instrument import Market
from botcore.model.order import OrderState, Purpose
from botcore.orders.tracker import OrderTracker
from botcore.strategies.desk import Desk
from botcore.strategies.strays import UNOWNED
from botcore.venues.line import Reported, Traded
from tests.support.live_bench import D, LiveBench


def forget(bench: LiveBench) -> None:
    """A tracker that has let go of everything, as after thousands of orders."""
    bench._write()
    bench.connector.tracker = OrderTracker()


def closed_position(bench: LiveBench) -> Any:
    """An executor that has bought and sold one, and whose orders are forgotten."""
    executor = bench.start()
    bench.run(1)
    bench.venue.partial = 0
    bench.price(9_900)
    bench.run(1)
    bench.orchestrator.stop(executor.id)
    bench.run(2)
    assert executor.is_closed
    forget(bench)
    return executor


def late(bench: LiveBench, lots: int) -> Any:
    """The venue trades the closed entry once more."""
    return bench.venue.trade(bench.venue.orders[0], 9_900, lots)


def facts(bench: LiveBench, kind: str) -> list[dict[str, Any]]:
    return [fact.payload for fact in bench.records.facts if fact.kind == kind]


def test_o9_fill_of_a_forgotten_order_is_held_by_its_controller_and_told() -> None:
    bench = LiveBench()
    closed_position(bench)
    bench.run(7200 / 60)
    late(bench, 250)
    bench.run(2)
    (hold,) = bench.orchestrator.holds.of("main")
    assert (hold.net_amount_base, hold.breakeven_price) == (D("0.25"), D(99))
    (told,) = facts(bench, FactKind.LATE_FILL)
    assert (told["state"], told["amount"], told["side"]) == ("FILLED", "0.250", "BUY")
    assert len(facts(bench, FactKind.POSITION_HELD)) == 1


def test_o9_fill_that_was_booked_is_never_booked_again() -> None:
    """A list of executions is read again after a reconnect: nothing in it is news, whatever was forgotten."""
    bench = LiveBench()
    closed_position(bench)
    fill = late(bench, 250)
    bench.run(2)
    for _ in range(2):
        forget(bench)
        bench.venue.backfill(0)
        bench.connector.inbox.append(Traded(fill))
        bench.run(2)
    assert bench.booked() == ["t1", "t2", "t3"]
    assert bench.held_lots() == 250
    assert len(facts(bench, FactKind.LATE_FILL)) == 1


def test_o9_fill_after_a_restart_goes_to_the_hold_of_its_bot() -> None:
    bench = LiveBench(crashes=True)
    executor = bench.start()
    bench.run(1)
    bench.orchestrator.stop(executor.id)
    bench.run(2)
    assert executor.is_closed
    bench.kill("sent")
    late(bench, 100)
    bench.run(2)
    assert bench.held_lots() == 100
    assert bench.venue.orders[0].client_order_id == bench.connector.tracker.get(bench.venue.orders[0].client_order_id).client_order_id


def test_o9_fill_of_a_bot_that_does_not_run_is_added_to_its_written_hold() -> None:
    bench = LiveBench()
    closed_position(bench)
    late(bench, 250)
    bench.run(2)
    bench.bots.clear()
    forget(bench)
    late(bench, 50)
    bench.run(2)
    hold = bench.records.holds["main", *bench.instrument.market, "net"]
    assert hold.net_amount_base == D("0.3")


def test_fill_of_a_forgotten_order_of_a_living_executor_is_its_own() -> None:
    bench = LiveBench()
    executor = bench.start()
    bench.run(1)
    bench.venue.partial = 0
    bench.price(9_900)
    bench.run(1)
    forget(bench)
    late(bench, 100)
    bench.run(1)
    assert executor.custom_info()["exposure_base"] == D("1.1")
    assert bench.held_lots() == 0


def test_w11_open_order_that_no_executor_owns_is_canceled_until_it_is_gone() -> None:
    bench = LiveBench()
    order = bench.submit()
    bench.run(1)
    bench.venue.trade(bench.venue.orders[0], 9_900, 300)
    forget(bench)
    bench.venue.line.drop_before = 1
    bench.connector.inbox.append(Reported(bench.venue.orders[0].history[-1][1]))
    bench.run(11)
    assert bench.venue.open_orders()
    bench.venue.line.drop_before = 0
    bench.run(15)
    assert bench.venue.open_orders() == []
    assert bench.connector.tracker.get(order.client_order_id).state is OrderState.CANCELED
    (told,) = facts(bench, FactKind.ORDER_ADOPTED)
    assert (told["side"], told["trading_pair"], told["client_order_id"]) == ("BUY", "ETH-USDT", order.client_order_id)
    assert bench.records.holds[UNOWNED, *bench.instrument.market, "net"].net_amount_base == D("0.3")


def test_r14_an_order_that_ended_and_stands_in_an_old_list_is_no_news() -> None:
    """After a restart the tracker does not know what has ended, and a lagging list still shows it. Found by killing real processes."""
    bench = LiveBench(crashes=True)
    executor = bench.start()
    bench.run(1)
    old = bench.venue.orders[0].history[-1][1]
    bench.orchestrator.stop(executor.id)
    bench.run(2)
    assert bench.venue.open_orders() == []
    bench.kill("sent")
    bench.connector.inbox.append(Reported(old))
    bench.run(5)
    assert facts(bench, FactKind.ORDER_ADOPTED) == []
    assert bench.connector.tracker.get(old.client_order_id).state is not OrderState.OPEN


def test_w11_order_without_an_intent_is_nobodys_and_its_fills_are_held_by_nobody() -> None:
    bench = LiveBench()
    bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    at_venue.client_order_id = "cdr-7-99-1"
    fill = bench.venue.trade(at_venue, 9_900, 10)
    bench.run(1)
    hold = bench.records.holds[UNOWNED, *bench.instrument.market, "net"]
    assert hold.net_amount_base == D("0.01")
    bench.venue.trade(at_venue, 9_900, 20)
    bench.connector.inbox.append(Traded(fill))
    bench.run(3)
    assert bench.records.holds[UNOWNED, *bench.instrument.market, "net"].net_amount_base == D("0.03")
    assert at_venue.state is OrderState.CANCELED


def test_o18_foreign_orders_and_fills_are_never_touched() -> None:
    bench = LiveBench()
    bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    at_venue.client_order_id = "web_12345"
    bench.venue.trade(at_venue, 9_900, 10)
    bench.run(2)
    assert bench.strays == []
    assert not any(name == "web_12345" for _, name in bench.venue.requests)
    assert bench.booked() == []


def broken(bench: LiveBench) -> None:
    """The bot could not be put together at this start; its executor had not ended."""
    forget(bench)
    bench.bots.clear()
    bench.intents = {name: dataclasses.replace(record, is_running=True) for name, record in bench.intents.items()}


def test_p1_stop_of_an_executor_whose_bot_could_not_be_put_together_stays_at_the_venue() -> None:
    """It is all that protects the position until the bot is back; an entry of it is taken off."""
    bench = LiveBench(stops=True)
    bench.start()
    bench.venue.partial = 0
    bench.run(1)
    bench.price(9_900)
    bench.run(3)
    bench.start(entry_price=D("98"))
    bench.run(2)
    kinds = {order.request.purpose for order in bench.venue.open_orders()}
    assert Purpose.STOP in kinds and Purpose.OPEN in kinds
    broken(bench)
    for order in bench.venue.open_orders():
        bench.connector.inbox.append(Reported(order.history[-1][1]))
    bench.run(5)
    left = {order.request.purpose for order in bench.venue.open_orders()}
    assert Purpose.STOP in left and Purpose.OPEN not in left


def test_p1_fill_of_an_executor_that_comes_back_is_not_held_beside_it() -> None:
    """It is written down with its executor, which counts it when its bot is put together; in a hold it would count twice."""
    bench = LiveBench()
    bench.start()
    bench.venue.partial = 0
    bench.run(1)
    broken(bench)
    fill = bench.venue.trade(bench.venue.orders[0], 9_900, 300)
    bench.run(2)
    assert bench.booked() == [fill.trade_id]
    assert bench.records.holds == {}
    assert len(facts(bench, FactKind.POSITION_HELD)) == 1


def held_by_nobody(*, crashes: bool = False) -> LiveBench:
    """A position of 0.3 of which nobody knows where it came from."""
    bench = LiveBench(crashes=crashes)
    bench.submit()
    bench.run(1)
    bench.venue.trade(bench.venue.orders[0], 9_900, 300)
    forget(bench)
    bench.connector.inbox.append(Reported(bench.venue.orders[0].history[-1][1]))
    bench.run(15)
    hold = bench.records.holds[UNOWNED, *bench.instrument.market, "net"]
    assert hold.net_amount_base == D("0.3") and bench.venue.open_orders() == []
    return bench


def exits(bench: LiveBench) -> list[Any]:
    return [exit_ for where in bench.keeper.nobodys(bench.name) for exit_ in bench.keeper.exits(*where)]


def test_what_nobody_holds_is_closed_once_by_an_order_that_only_reduces() -> None:
    bench = held_by_nobody()
    told = len(facts(bench, FactKind.POSITION_HELD))
    ((owner, request),) = exits(bench)
    assert (request.trade_type.name, request.lots, request.position_action.name, request.purpose) == ("SELL", 300, "CLOSE", Purpose.CLOSE)
    Desk("", bench.connectors, bench.gate, bench.clock).submit(request, owner)
    # one is under way
    assert exits(bench) == []
    bench.run(5)
    assert bench.records.holds[UNOWNED, *bench.instrument.market, "net"].net_amount_base == 0
    assert exits(bench) == []
    # closing it is not told as a position that is held
    assert len(facts(bench, FactKind.POSITION_HELD)) == told


def test_the_exit_of_what_nobody_holds_finds_its_hold_after_a_death() -> None:
    bench = held_by_nobody(crashes=True)
    ((owner, request),) = exits(bench)
    Desk("", bench.connectors, bench.gate, bench.clock).submit(request, owner)
    bench.kill("sent")
    bench.run(15)
    assert bench.records.holds[UNOWNED, *bench.instrument.market, "net"].net_amount_base == 0
    assert bench.venue.position(bench.instrument.market) == 0
    assert exits(bench) == []


def test_what_nobody_holds_of_a_pair_that_is_delisted_does_not_stand_in_the_way_of_the_others() -> None:
    bench = held_by_nobody()
    gone = Market(bench.name, "AAA-USDT")
    known = bench.records.holds[UNOWNED, *bench.instrument.market, "net"]
    bench.records.holds[UNOWNED, *gone, "net"] = dataclasses.replace(known, trading_pair=gone.trading_pair)
    assert bench.keeper.nobodys(bench.name) == [(gone, "net"), (bench.instrument.market, "net")]
    with pytest.raises(ConfigError, match="AAA-USDT"):
        bench.keeper.exits(gone, "net")
    assert len(bench.keeper.exits(bench.instrument.market, "net")) == 1
