"""The clock: parts in order, faults isolated, time only forward, and a replay that ticks only where somebody wants it."""

from __future__ import annotations

import pytest

from botcore.core.clock import Clock
from botcore.core.steps import Stepper
from botcore.model.enums import ClockMode
from botcore.model.errors import StepOverrun
from botcore.model.times import NEVER, SECOND_NS

LIVE, REPLAY = ClockMode.REALTIME, ClockMode.BACKTEST


class Part:
    """Writes down when it was stepped; may raise or do something then."""

    def __init__(self, name: str, log: list[tuple[str, int]], act: object = None) -> None:
        self.name, self.log, self.act = name, log, act

    def on_tick(self, now_ns: int) -> None:
        self.log.append((self.name, now_ns))
        if isinstance(self.act, BaseException):
            raise self.act
        if callable(self.act):
            self.act()


class Dozer(Part):
    """A part that says when it next wants a tick."""

    wants = NEVER

    def wish(self) -> tuple[int, bool]:
        return (self.wants or NEVER), not self.wants


def clock(mode: ClockMode = REPLAY, **options: object) -> Clock:
    return Clock(mode, start_ns=100, **options)  # type: ignore[arg-type]


# ---- order and time ------------------------------------------------------------------------------------------------
def test_parts_are_stepped_in_the_order_in_which_they_came() -> None:
    log: list[tuple[str, int]] = []
    made = clock()
    for name in "bac":
        made.add(Part(name, log))
    made.tick(200)
    made.tick(300)
    assert log == [("b", 200), ("a", 200), ("c", 200), ("b", 300), ("a", 300), ("c", 300)]


def test_a_part_may_be_put_before_another() -> None:
    log: list[tuple[str, int]] = []
    made, last = clock(), Part("recorder", [])
    made.add(last)
    made.add(Part("bot", log), before=last)
    assert [part.name for part in made.parts] == ["bot", "recorder"]  # type: ignore[attr-defined]


def test_a_part_is_on_the_clock_once() -> None:
    made, part = clock(), Part("a", [])
    made.add(part)
    with pytest.raises(ValueError, match="on the clock already"):
        made.add(part)
    with pytest.raises(ValueError):
        made.add(Part("b", []), before=Part("stranger", []))
    assert made.parts == (part,)


def test_a_removed_part_is_stepped_no_more() -> None:
    log: list[tuple[str, int]] = []
    made, part = clock(), Part("a", log)
    made.add(part)
    made.remove(part)
    made.remove(Part("stranger", []))
    made.tick(200)
    assert log == []


def test_a_part_removed_within_a_tick_still_finishes_it() -> None:
    log: list[tuple[str, int]] = []
    made = clock()
    second = Part("second", log)
    made.add(Part("first", log, lambda: made.remove(second)))
    made.add(second)
    made.tick(200)
    made.tick(300)
    assert log == [("first", 200), ("second", 200), ("first", 300)]


def test_a_part_added_within_a_tick_begins_with_the_next() -> None:
    log: list[tuple[str, int]] = []
    made, late = clock(), Part("late", log)
    adds = iter([lambda: made.add(late), lambda: None])
    made.add(Part("first", log, lambda: next(adds)()))
    made.tick(200)
    assert log == [("first", 200)]
    made.tick(300)
    assert ("late", 300) in log


def test_time_never_goes_back() -> None:
    made = clock()
    made.tick(200)
    made.tick(200)
    with pytest.raises(ValueError, match="can't go back from 200 to 199"):
        made.tick(199)
    assert made.now_ns == 200


def test_parts_see_the_new_time() -> None:
    seen: list[int] = []
    made = clock()
    made.add(Part("a", [], lambda: seen.append(made.now_ns)))
    made.tick(5 * SECOND_NS // 2)
    assert seen == [5 * SECOND_NS // 2] and made.time() == 2.5


def test_skipping_moves_time_without_a_tick_and_never_back() -> None:
    log: list[tuple[str, int]] = []
    made = clock()
    made.add(Part("a", log))
    made.skip_to(500)
    made.skip_to(300)
    assert made.now_ns == 500 and log == []


def test_replay_takes_times_lazily() -> None:
    """CL-1: one time, one tick."""
    log: list[tuple[str, int]] = []
    made = clock()
    made.add(Part("a", log))
    seen: list[int] = []

    def times():
        for now_ns in (200, 300):
            seen.append(made.now_ns)
            yield now_ns

    made.replay(times())
    assert [when for _, when in log] == [200, 300] and seen == [100, 200]


@pytest.mark.parametrize(("tick_ns", "accepted"), [(SECOND_NS // 20, True), (SECOND_NS // 20 - 1, False), (0, False), (-SECOND_NS, False)])
def test_a_tick_is_not_shorter_than_50_ms(tick_ns: int, accepted: bool) -> None:
    if accepted:
        assert Clock(LIVE, tick_ns=tick_ns).tick_ns == tick_ns
    else:
        with pytest.raises(ValueError, match=r"at least 0\.05 s"):
            Clock(LIVE, tick_ns=tick_ns)


# ---- faults --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("error", [RuntimeError("boom"), ZeroDivisionError(), StepOverrun("too long")])
def test_a_part_that_raises_is_taken_off_and_the_others_go_on(error: Exception) -> None:
    log: list[tuple[str, int]] = []
    faults: list[tuple[str, Exception]] = []
    made = clock(on_fault=lambda part, found: faults.append((part.name, found)))
    for name, act in (("a", None), ("bad", error), ("c", None), ("worse", error), ("e", None)):
        made.add(Part(name, log, act))
    made.tick(200)
    made.tick(300)
    assert [name for name, when in log if when == 200] == ["a", "bad", "c", "worse", "e"]
    assert [name for name, when in log if when == 300] == ["a", "c", "e"]
    assert faults == [("bad", error), ("worse", error)]


def test_the_listener_finds_the_part_off_the_clock() -> None:
    parts: list[int] = []
    made = clock(on_fault=lambda part, error: parts.append(len(made.parts)))
    made.add(Part("bad", [], RuntimeError()))
    made.tick(200)
    assert parts == [0]


def test_without_a_listener_a_fault_is_not_swallowed() -> None:
    made = clock()
    made.add(Part("bad", [], RuntimeError("boom")))
    with pytest.raises(RuntimeError, match="boom"):
        made.tick(200)


def test_an_interrupt_is_no_fault() -> None:
    made = clock(on_fault=lambda part, error: pytest.fail("an interrupt is not the part's fault"))
    made.add(Part("a", [], KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        made.tick(200)


# ---- waking --------------------------------------------------------------------------------------------------------
def test_a_wish_is_the_next_tick_and_is_served_once() -> None:
    made = clock()
    made.wake_at(250)
    assert made.next_tick_ns(1000) == 250
    made.tick(250)
    assert made.next_tick_ns(1000) == NEVER


def test_the_earliest_wish_comes_first() -> None:
    made = clock()
    for when in (400, 250, 300, 250):
        made.wake_at(when)
    served = []
    while (when := made.next_tick_ns(1000)) != NEVER:
        served.append(when)
        made.tick(when)
    assert served == [250, 300, 400]


def test_a_tick_serves_all_wishes_before_it() -> None:
    made = clock()
    made.wake_at(150)
    made.wake_at(160)
    made.tick(500)
    assert made.next_tick_ns(1000) == NEVER


def test_a_served_wish_may_be_repeated_for_later() -> None:
    made = clock()
    made.wake_at(150)
    made.tick(150)
    made.wake_at(151)
    assert made.next_tick_ns(1000) == 151


@pytest.mark.parametrize("when", [100, 99, 0, -5, NEVER])
def test_a_wish_for_the_past_or_never_is_none(when: int) -> None:
    made = clock()
    made.wake_at(when)
    assert made.next_tick_ns(1000) == NEVER


def test_a_wish_after_the_next_event_waits_for_it() -> None:
    made = clock()
    made.wake_at(900)
    assert made.next_tick_ns(500) == NEVER, "the event passes without a tick"
    assert made.next_tick_ns(900) == 900


def test_in_real_time_wishes_are_served_by_the_regular_tick() -> None:
    made = clock(LIVE)
    made.wake_at(250)
    assert made.next_tick_ns(1000) == NEVER


def test_a_sleeper_decides_when_it_is_woken() -> None:
    made, part = clock(), Dozer("a", [])
    made.add(part)
    assert made.next_tick_ns(500) == NEVER
    part.wants = 300
    assert made.next_tick_ns(500) == 300
    part.wants = 501
    assert made.next_tick_ns(500) == NEVER
    part.wants = 0
    assert made.next_tick_ns(500) == 500, "0 asks for every event"


def test_the_earliest_of_sleepers_and_wishes_wins() -> None:
    made, early, late = clock(), Dozer("a", []), Dozer("b", [])
    made.add(early)
    made.add(late)
    early.wants, late.wants = 300, 400
    made.wake_at(350)
    assert made.next_tick_ns(500) == 300
    early.wants = NEVER
    assert made.next_tick_ns(500) == 350
    late.wants = 0
    assert made.next_tick_ns(500) == 350, "who wants every event does not delay a wish before it"


def test_a_sleeper_that_was_removed_asks_no_more() -> None:
    made, part = clock(), Dozer("a", [])
    made.add(part)
    part.wants = 300
    made.remove(part)
    assert made.next_tick_ns(500) == NEVER


def test_an_event_of_the_past_ticks_now() -> None:
    made, part = clock(), Dozer("a", [])
    made.add(part)
    part.wants = 0
    assert made.next_tick_ns(40) == 100


def test_served_wishes_leave_nothing_behind() -> None:
    """A backtest asks millions of times."""
    made = clock()
    for now_ns in range(101, 1_101):
        made.wake_at(now_ns)
        made.tick(now_ns)
    assert not made._asked and not made._wakes


# ---- the door ------------------------------------------------------------------------------------------------------
def test_a_watchdog_sees_who_is_in_a_step_and_whether_it_moves() -> None:
    stepper, seen = Stepper(), []
    part = Part("a", [], lambda: seen.append((stepper.part, stepper.serial)))
    stepper.step_all([part], 1, lambda *_: None)
    stepper.step_all([part], 2, lambda *_: None)
    assert [who for who, _ in seen] == [part, part] and seen[0][1] < seen[1][1]


def test_a_clock_and_its_bots_share_the_stepper() -> None:
    shared = Stepper()
    assert Clock(LIVE, stepper=shared).stepper is shared


class Owner:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.events, self.faults = error, [], []  # type: ignore[var-annotated]

    def on_order(self, event: object) -> None:
        self.events.append(event)
        if self.error is not None:
            raise self.error

    def on_fault(self, error: Exception) -> None:
        self.faults.append(error)


def test_what_an_owner_raises_over_its_order_is_the_owners_fault() -> None:
    error = RuntimeError("boom")
    good, bad, stepper = Owner(), Owner(error), Stepper()
    stepper.deliver(bad, "filled")
    stepper.deliver(good, "filled")
    assert bad.faults == [error] and good.faults == [] and good.events == ["filled"]


def test_a_guarded_call_reports_instead_of_raising() -> None:
    stepper, faults = Stepper(), []
    calls: list[int] = []
    stepper.guard("part", lambda part, error: faults.append((part, type(error))), calls.append, 7)
    stepper.guard("part", lambda part, error: faults.append((part, type(error))), int, "x")
    assert calls == [7] and faults == [("part", ValueError)] and stepper.part == "part"
