"""The clock: parts in order, faults isolated, wakes honoured by a replay."""

from __future__ import annotations

import pytest

from botcore.core.bus import EventBus
from botcore.core.clock import SECOND_NS, Clock
from botcore.model.enums import ClockMode


class Part:
    def __init__(self, name: str, log: list[str], fails: bool = False) -> None:
        self.name, self._log, self._fails = name, log, fails

    def on_tick(self, now_ns: int) -> None:
        self._log.append(self.name)
        if self._fails:
            raise LookupError(self.name)


def test_parts_step_in_their_order_and_a_part_may_stand_before_another() -> None:
    log: list[str] = []
    clock = Clock(ClockMode.REALTIME, start_ns=0, tick_ns=SECOND_NS)
    last = Part("last", log)
    clock.add(Part("first", log))
    clock.add(last)
    clock.add(Part("middle", log), before=last)
    clock.tick(5)
    assert log == ["first", "middle", "last"]


def test_a_part_that_raises_is_taken_off_and_the_others_go_on() -> None:
    log: list[str] = []
    faults: list[tuple[object, Exception]] = []
    clock = Clock(ClockMode.REALTIME, start_ns=0, tick_ns=SECOND_NS, on_fault=lambda part, error: faults.append((part, error)))
    broken = Part("broken", log, fails=True)
    clock.add(broken)
    clock.add(Part("sound", log))
    clock.tick(1)
    clock.tick(2)
    assert log == ["broken", "sound", "sound"]
    assert [part for part, _ in faults] == [broken]
    assert broken not in clock.parts


def test_time_never_goes_back() -> None:
    clock = Clock(ClockMode.REALTIME, start_ns=10, tick_ns=SECOND_NS)
    with pytest.raises(ValueError, match="back"):
        clock.tick(9)


def test_a_replay_ticks_where_a_part_asked_to_be_woken() -> None:
    clock = Clock(ClockMode.BACKTEST, start_ns=0, tick_ns=SECOND_NS)
    clock.wake_at(50)
    clock.wake_at(30)
    clock.wake_at(30)
    assert clock.next_tick_ns(100) == 30
    clock.tick(30)
    assert clock.next_tick_ns(100) == 50


def test_events_published_while_one_is_delivered_wait_their_turn() -> None:
    bus, seen = EventBus(), []

    def first(event: int) -> None:
        seen.append(("first", event))
        if event == 1:
            bus.publish(2)

    bus.subscribe(int, first)
    subscription = bus.subscribe(int, lambda event: seen.append(("second", event)))
    bus.publish(1)
    assert seen == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]
    subscription.close()
    bus.publish(3)
    assert seen[4:] == [("first", 3)]
    bus.publish("nobody listens to texts")
