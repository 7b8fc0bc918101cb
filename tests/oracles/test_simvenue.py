"""SimVenue is Binance to programs that were written for Binance: ccxt, ccxt.pro and Binance's own SDKs live a whole order life against it over loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"
SECONDS = 180


@pytest.fixture
def venue() -> Iterator[list[str]]:
    """Addresses of spot and USD-M of a fresh SimVenue in another process."""
    command = [sys.executable, "-m", "tests.fakes.simvenue", "--seed", "7"]
    with subprocess.Popen(command, cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            assert lines[2] == "ready\n", lines
            yield [line.split()[1].removeprefix("rest=") for line in lines[:2]]
        finally:
            process.terminate()


@pytest.mark.skipif(not PYTHON.exists(), reason="the judges' environment is not there: `make oracles` creates it")
@pytest.mark.parametrize(("program", "lives"), [("ccxt_life.py", 4), ("sdk_life.py", 4)])
def test_a_program_written_for_binance_lives_a_whole_order_life(venue: list[str], program: str, lives: int) -> None:
    done = subprocess.run([PYTHON, HERE / program, *venue], capture_output=True, text=True, timeout=SECONDS, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": ok") == lives
