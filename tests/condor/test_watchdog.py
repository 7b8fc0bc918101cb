"""P11: what holds up the event loop is found by the stack that the watchdog writes."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from condor.watchdog import Watchdog

SECOND = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now_ns = 100 * SECOND
        self.last_ns = self.now_ns


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "condor.watchdog"]


def test_p11_a_late_tick_is_told_once_with_who_was_at_it_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    watchdog = Watchdog(lambda: clock.last_ns, lambda: clock.now_ns, lambda: "controller main", 4.0)
    for _ in range(4):
        clock.now_ns += SECOND
        watchdog.look()
    assert (logged(caplog), watchdog.stalls) == ([], 0)
    for _ in range(5):
        clock.now_ns += SECOND
        watchdog.look()
    (told,) = logged(caplog)
    assert "no tick for 5.0 s; last in a step: 'controller main'" in told
    clock.last_ns = clock.now_ns
    watchdog.look()
    assert logged(caplog)[1] == "the clock turns again, after 9.0 s"
    clock.now_ns += 5 * SECOND
    watchdog.look()
    assert watchdog.stalls == 2


def test_p11_the_stack_is_that_of_the_thread_that_is_held_up(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def somebody_who_never_comes_back() -> None:
        assert done.wait(20)

    began_ns = time.monotonic_ns()
    watchdog = Watchdog(lambda: began_ns, time.monotonic_ns, lambda: None, 0.05)

    def wait_for_the_log() -> None:
        deadline = time.monotonic() + 15
        while not logged(caplog) and time.monotonic() < deadline:
            time.sleep(0.01)
        done.set()

    looker = threading.Thread(target=wait_for_the_log)
    watchdog.start()
    looker.start()
    somebody_who_never_comes_back()
    watchdog.close()
    looker.join()
    (told,) = logged(caplog)
    assert "somebody_who_never_comes_back" in told
