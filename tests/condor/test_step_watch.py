"""P16: when the watchdog has a step broken off, and when it ends the process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from botcore.core.limit import StepLimit
from botcore.model.errors import TickTimeout
from condor.step_watch import MAX_RAISES, SIGNAL, StepWatch
from condor.watchdog import Watchdog

SECOND = 1_000_000_000
MS = 1_000_000


class Eye:
    """A watch that is looked through by hand; `asked` holds the steps that were demanded to end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, budget_s: float = 2, hard_s: float = 10) -> None:
        self.now_ns = 1000 * SECOND
        self.limit = StepLimit()
        self.asked: list[int] = []
        self.ended: list[tuple[object, str]] = []
        self.looks = 0
        monkeypatch.setattr(signal, "setitimer", lambda *_: None)
        monkeypatch.setattr(time, "clock_gettime_ns", lambda _clock: 0)
        monkeypatch.setattr(signal, "pthread_kill", lambda ident, number: self.asked.append(self.limit.serial))
        self.watch = StepWatch(self.limit, lambda: self.now_ns, budget_s, hard_s, self._alive, lambda part, why: self.ended.append((part, why)))

    def _alive(self) -> None:
        self.looks += 1

    def look(self, seconds: float, every_s: float = 0.02) -> None:
        for _ in range(round(seconds / every_s)):
            self.now_ns += int(every_s * SECOND)
            self.watch.look()


def broken_off(limit: StepLimit) -> bool:
    try:
        limit.answer("somebodys")
    except TickTimeout:
        return True
    return False


def test_p16_a_step_within_its_budget_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye(monkeypatch)
    for _ in range(10):
        eye.limit.enter("part")
        eye.look(1.8)
        eye.limit.leave()
        eye.limit.enter("other")
        eye.limit.leave()
    eye.look(20)
    assert (eye.asked, eye.ended) == ([], []) and eye.looks == 1900


def test_p16_past_it_the_step_is_asked_to_end_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye(monkeypatch)
    eye.limit.enter("part")
    eye.look(2.1)
    assert len(eye.asked) > 2, "again and again, for the code may have been where it can't be broken off"
    assert broken_off(eye.limit)
    eye.limit.leave()
    eye.limit.enter("next")
    count = len(eye.asked)
    eye.look(1.5)
    assert len(eye.asked) == count and not broken_off(eye.limit) and not eye.ended


def test_p16_whoever_swallows_it_is_ended_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye(monkeypatch)
    eye.limit.enter("part")
    for count in range(MAX_RAISES):
        assert not eye.ended
        eye.look(2.1 if count == 0 else 0.7)
        assert broken_off(eye.limit)
    eye.look(0.7)
    assert eye.ended[0] == ("part", "it went on after it had been broken off 3 times")


def test_p16_what_can_not_be_broken_off_is_ended_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye(monkeypatch)
    eye.limit.enter("part")
    eye.look(9.9)
    assert not eye.ended
    eye.look(0.4)
    assert eye.ended[0] == ("part", "it could not be broken off for 10.0 s")


def test_p16_p19_a_process_that_stood_still_has_used_up_nobodys_time(monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye(monkeypatch)
    eye.limit.enter("part")
    eye.look(1)
    eye.now_ns += 600 * SECOND
    eye.look(0.4)
    assert (eye.asked, eye.ended) == ([], [])


# ---- with real signals ---------------------------------------------------------------------------------------------
@contextmanager
def watched(limit: StepLimit, end: Callable[[object, str], None], hard_s: float = 20) -> Iterator[None]:
    steps = StepWatch(limit, time.monotonic_ns, 0.1, hard_s, lambda: None, end)
    steps.install()
    dog = Watchdog(time.monotonic_ns, time.monotonic_ns, lambda: None, 100, steps)
    dog.start()
    try:
        yield
    finally:
        dog.close()
        steps.remove()


def never(part: object, why: str) -> None:
    raise AssertionError(why)


def busy() -> None:
    while True:
        pass


def waits() -> None:
    with suppress(Exception):
        threading.Event().wait(60)


@pytest.mark.parametrize("hang", [busy, waits, lambda: time.sleep(30)])
def test_p16_the_main_thread_is_broken_off_wherever_the_interpreter_looks_for_signals(hang: Callable[[], None]) -> None:
    limit = StepLimit()
    with watched(limit, never):
        limit.enter("part")
        with pytest.raises(TickTimeout):
            hang()
        limit.leave()
        time.sleep(0.2)
    assert limit.raised == 1


def test_p16_races_between_the_end_of_a_step_and_the_watchdog() -> None:
    """A demand that crosses with the end of its step must hit nobody: not the code after it, not the next step."""
    limit = StepLimit()
    before = signal.signal(SIGNAL, lambda _number, frame: limit.answer(frame.f_globals["__name__"] if frame else ""))
    over, main = threading.Event(), threading.get_ident()

    def pester() -> None:
        while not over.is_set():
            limit.demand(limit.serial)
            signal.pthread_kill(main, SIGNAL)

    thread = threading.Thread(target=pester)
    thread.start()
    hits = astray = 0
    try:
        while hits < 30:
            try:
                limit.enter("part")
                try:
                    for _ in range(5000):
                        pass
                except TickTimeout:
                    hits += 1
                limit.leave()
            except TickTimeout:
                # between the lines of this test that stand for the door, which is sheltered as a module of ours
                limit.leave()
            try:
                for _ in range(50):
                    pass
            except TickTimeout:
                astray += 1
    finally:
        over.set()
        thread.join()
        signal.signal(SIGNAL, before)
    assert astray == 0 and hits > 0
