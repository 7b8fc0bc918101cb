"""P15: a log that can't be written loses lines, counts them, and holds up nothing else."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from condor.home import Home
from condor.logs import Logs, RawStream, Redacting, Speaker, set_up
from tests.support.instance import CHECKOUT, clean_environment


def wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def logger() -> logging.Logger:
    return logging.Logger("test", logging.DEBUG)


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """(reading, writing end) of a pipe that is full: who writes to it stands still."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    before = set(threading.enumerate())
    yield reading, writing
    # whoever still writes is let go and waited for: the descriptors are somebody else's soon
    os.close(reading)
    wait(lambda: set(threading.enumerate()) <= before)
    os.close(writing)


def test_p15_a_full_pipe_costs_lines_there_and_no_time_here(logger: logging.Logger, full_pipe: tuple[int, int], tmp_path: Path) -> None:
    reading, writing = full_pipe
    file = RotatingFileHandler(tmp_path / "log", encoding="utf-8")
    logs = Logs((file, logging.StreamHandler(RawStream(writing))), max_waiting=50)
    for handler in logs.handlers:
        logger.addHandler(handler)
    begin = time.perf_counter()
    for number in range(500):
        logger.warning("line %d", number)
        if number % 25 == 0:
            wait(lambda number=number: f"line {number}" in (tmp_path / "log").read_text())
    assert time.perf_counter() - begin < 5
    wait(lambda: "line 499" in (tmp_path / "log").read_text())
    assert (tmp_path / "log").read_text().count("\n") == 500, "the file misses nothing"
    assert 400 <= logs.drops.count <= 450
    begin = time.perf_counter()
    logs.close(patience_s=0.1)
    assert time.perf_counter() - begin < 2
    while logs.handlers[1].queue.full():
        os.read(reading, 65536)
    logs.handlers[1].queue.put(None)


class NoSpace(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.is_full = True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.is_full:
                raise OSError(28, "No space left on device")
            self.lines.append(record.getMessage())
        except OSError:
            self.handleError(record)


def test_p15_a_full_disk_costs_lines_that_are_counted_until_there_is_room(logger: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
    place = NoSpace()
    logs = Logs((place,))
    logger.addHandler(logs.handlers[0])
    for _ in range(7):
        logger.error("lost")
    wait(lambda: logs.drops.count == 7)
    place.is_full = False
    logger.error("kept")
    wait(lambda: place.lines == ["kept"])
    logs.close()
    assert capfd.readouterr().err == "", "no traceback goes anywhere either"


def test_secrets_are_taken_out_also_of_a_traceback(tmp_path: Path, logger: logging.Logger) -> None:
    file = RotatingFileHandler(tmp_path / "log", encoding="utf-8")
    file.setFormatter(Redacting(["hunter2hunter2"]))
    logs = Logs((file,))
    logger.addHandler(logs.handlers[0])
    try:
        raise ValueError("hunter2hunter2 and 123456789:" + "A" * 35)
    except ValueError:
        logger.exception("it was %s", "hunter2hunter2")
    logs.close()
    text = (tmp_path / "log").read_text()
    assert "hunter2" not in text and "AAAA" not in text
    assert text.count("[secret]") == 3 and "[token]" in text and "Traceback" in text


def test_closing_writes_what_waits_and_leaves_the_root_as_it_was(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    home = Home(tmp_path, tmp_path)
    home.make()
    logs = set_up(home, "info", [])
    for number in range(200):
        logging.getLogger("x").info("n%d", number)
    logs.close()
    assert (home.logs / "condor.log").read_text().count("\n") == 200
    assert not set(logs.handlers) & set(root.handlers)
    root.setLevel(level)
    for handler in before:
        root.addHandler(handler)


def test_p15_what_is_said_on_a_full_pipe_is_not_waited_for(full_pipe: tuple[int, int]) -> None:
    speaker = Speaker(RawStream(full_pipe[1]))
    begin = time.perf_counter()
    for _ in range(300):
        speaker.say("ready")
    assert time.perf_counter() - begin < 2


STUCK = """
import logging, os, pathlib, sys
from condor.home import Home
from condor.logs import set_up
home = Home(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1]))
home.make()
logs = set_up(home, "info", [])
logging.getLogger("x").error("nobody reads this")
logs.close(0.5)
print("closed", file=open(sys.argv[2], "w"))
"""


def test_p15_a_line_that_is_stuck_in_a_full_pipe_does_not_hold_up_the_end_of_the_process(tmp_path: Path, full_pipe: tuple[int, int]) -> None:
    """The library's own end asks every handler for its lock, and the thread that is stuck would hold it for ever."""
    command = [sys.executable, "-c", STUCK, str(tmp_path), str(tmp_path / "closed")]
    process = subprocess.Popen(command, cwd=CHECKOUT, stderr=full_pipe[1])
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert (tmp_path / "closed").read_text() == "closed\n"


def test_p15_the_program_runs_and_ends_with_both_pipes_full(tmp_path: Path, full_pipe: tuple[int, int]) -> None:
    """Standard output and standard error lead into a pipe that nobody reads: the chat answers, and SIGTERM still ends it in order."""
    command = [sys.executable, "-m", "condor", "run", "--home", str(tmp_path)]
    process = subprocess.Popen(command, cwd=CHECKOUT, env=clean_environment(CONDOR_HTTP="127.0.0.1:0"), stdout=full_pipe[1], stderr=full_pipe[1])
    address = tmp_path / "data" / "chat.address"
    deadline = time.monotonic() + 40
    while not address.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert address.is_file()
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
