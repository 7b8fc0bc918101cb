"""Orders by hand with real money, at a venue that does not answer: scenario 31 of telegram.md section 7. The venue's own books judge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.crash.venue import Door
from tests.crash.world import World
from tests.support.instance import Person

VENUE = "binance"
SHIPPED = "belief: {window_s: 5, engine_s: 10, lag_s: 25, negatives: 3}"
QUICK = "belief: {window_s: 1, engine_s: 1, lag_s: 1, negatives: 3}"
"""When it is believed of this venue that it never had an order: it does not lag."""
ORDER = "/trade buy 0.5 ETH-USDT at -5% live"
CONFIRM = "Confirm LIVE buy 0.5 ETH"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with closing(World(tmp_path_factory.mktemp("trade") / "home", 31, still=True, connectors=[VENUE])) as found:
        spec = found.condor.home / "conf" / "connectors" / f"{VENUE}.yml"
        text = spec.read_text(encoding="utf-8")
        assert SHIPPED in text
        spec.write_text(text.replace(SHIPPED, QUICK), encoding="utf-8")
        found.go_live()
        yield found


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    """The venue; whatever went wrong there is over after the test, and nothing rests there."""
    found = world.venue.doors[VENUE]
    yield found
    found.control("heal")


def orders_at(door: Door) -> list[dict[str, Any]]:
    """Every order that the venue was ever sent."""
    return [order for order in door.control("orders") if order["symbol"] == "ETHUSDT"]


def silence(door: Door, how: str) -> None:
    """The next create is not answered, and no question about it either, until it is healed."""
    door.control("fault", kind=how, on="POST */order", times=1)
    door.control("fault", kind="stall", on="user:*")
    for place in ("order", "openOrders", "myTrades", "allOrders"):
        door.control("fault", kind="status", on=f"GET */{place}", status=503)


def now(person: Person, card: dict[str, Any]) -> str:
    return str(person.seen[card["message_id"]]["text"])


def until(person: Person, card: dict[str, Any], words: str) -> None:
    """The same card says this, in time."""
    person.wait(lambda message: message["message_id"] == card["message_id"] and words in message["text"])


def sent(person: Person) -> dict[str, Any]:
    """An order that was confirmed."""
    card = person.send(ORDER, "Buy 0.5 ETH", "real money")
    person.tap(CONFIRM)
    return card


def test_s31_a_create_without_an_answer_is_unknown_then_found_on_the_venue_and_never_sent_twice(world: World, door: Door) -> None:
    before, person = len(orders_at(door)), world.condor.person()
    silence(door, "drop_after")
    card = sent(person)
    until(person, card, "unknown – checking")
    assert "nothing is sent in its place" in now(person, card)
    world.wait(lambda: len(orders_at(door)) == before + 1, "the order at the venue", 10)
    door.control("heal")
    until(person, card, "placed (found on venue)")
    assert "working" in now(person, card)
    assert len(orders_at(door)) == before + 1, "one order, whatever was lost on the way"
    person.tap("Cancel")
    until(person, card, "Cancel 1 order by hand?")
    person.tap("Cancel BUY 0.5 ETH-USDT")
    until(person, card, "→ cancelled")
    assert orders_at(door)[-1]["status"] == "CANCELED"


def test_s31_a_create_that_never_arrived_ends_as_not_placed(world: World, door: Door) -> None:
    before, person = len(orders_at(door)), world.condor.person()
    silence(door, "drop_before")
    card = sent(person)
    until(person, card, "unknown – checking")
    door.control("heal")
    until(person, card, "not placed")
    assert "never arrived at the venue" in now(person, card)
    assert "Nothing was placed" in now(person, card)
    assert len(orders_at(door)) == before
    assert not world.condor.rows("SELECT 1 FROM v_orders WHERE state = 'UNKNOWN'")


def test_s31_a_process_killed_while_it_is_unknown_tells_on_the_same_card_how_it_came_out(world: World, door: Door) -> None:
    before, person = len(orders_at(door)), world.condor.person()
    silence(door, "drop_after")
    card = sent(person)
    until(person, card, "unknown – checking")
    world.condor.kill()
    door.control("heal")
    world.go_live()
    person = world.condor.person()
    until(person, card, "placed (found on venue)")
    assert len(orders_at(door)) == before + 1
    # what was confirmed before the end is not confirmed again by its successor
    sold = person.send("/cancel all", "Cancel 1 order by hand?")
    person.tap("Cancel BUY")
    until(person, sold, "→ cancelled")
    assert len(orders_at(door)) == before + 1
