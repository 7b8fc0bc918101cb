"""Events: one sequence for everybody."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from botcore.core.bus import EventBus


@dataclass
class Ping:
    number: int


@dataclass
class Pong:
    number: int


class Loud(Ping):
    """A Ping, but not exactly one."""


def test_everybody_hears_in_the_order_of_subscription() -> None:
    bus, heard = EventBus(), []
    for name in "bac":
        bus.subscribe(Ping, lambda event, name=name: heard.append((name, event.number)))
    bus.publish(Ping(1))
    assert heard == [("b", 1), ("a", 1), ("c", 1)]


def test_delivery_is_by_exact_type() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(Ping, heard.append)
    bus.publish(Loud(1))
    bus.publish(Pong(1))
    assert heard == []


def test_an_event_published_while_another_is_delivered_waits_its_turn() -> None:
    bus, heard = EventBus(), []

    def first(event: Ping) -> None:
        heard.append(("first", event.number))
        if event.number == 1:
            bus.publish(Pong(1))
            bus.publish(Ping(2))

    bus.subscribe(Ping, first)
    bus.subscribe(Ping, lambda event: heard.append(("second", event.number)))
    bus.subscribe(Pong, lambda event: heard.append(("pong", event.number)))
    bus.publish(Ping(1))
    assert heard == [("first", 1), ("second", 1), ("pong", 1), ("first", 2), ("second", 2)]


def test_who_publishes_sees_its_event_delivered_on_return() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(Ping, heard.append)
    bus.publish(Ping(1))
    assert heard == [Ping(1)]


def test_a_closed_subscription_hears_no_more() -> None:
    bus, heard = EventBus(), []
    subscription = bus.subscribe(Ping, heard.append)
    other = bus.subscribe(Ping, lambda event: None)
    subscription.close()
    subscription.close()
    bus.publish(Ping(1))
    assert heard == [] and bus.has(Ping)
    other.close()
    assert not bus.has(Ping)


def test_nobody_listens_to_what_nobody_asked_for() -> None:
    bus = EventBus()
    assert not bus.has(Ping)
    bus.publish(Ping(1))
    bus.subscribe(Ping, pytest.fail)


def test_a_subscription_during_delivery_begins_with_the_next_event() -> None:
    bus, heard = EventBus(), []
    bus.subscribe(Ping, lambda event: event.number == 1 and bus.subscribe(Ping, lambda other: heard.append(other.number)))
    bus.publish(Ping(1))
    bus.publish(Ping(2))
    assert heard == [2]


def test_what_a_subscriber_raises_reaches_the_publisher_and_nothing_behind_it_is_lost() -> None:
    bus, heard = EventBus(), []

    def explode(event: Ping) -> None:
        if event.number == 1:
            bus.publish(Ping(2))
            bus.publish(Pong(3))
            raise RuntimeError("boom")
        heard.append(event)

    bus.subscribe(Ping, explode)
    bus.subscribe(Pong, heard.append)
    with pytest.raises(RuntimeError, match="boom"):
        bus.publish(Ping(1))
    assert heard == []
    bus.publish(Ping(4))
    assert heard == [Ping(2), Pong(3), Ping(4)]
