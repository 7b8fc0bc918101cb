"""The command line's socket between real processes: two homes at once, a long path, what a kill leaves behind."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from condor.control.client import ask_instance
from condor.home import find_home
from tests.support.instance import Instance, condor

LONG = "a-home-with-a-name-that-is-as-long-as-some-people-make-them-" * 2


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Instance, Instance]]:
    """Two instances that run at the same time, one in a home whose path is too long for a socket."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    made = [Instance(tmp_path / name, XDG_RUNTIME_DIR=str(runtime)) for name in ("short", LONG)]
    try:
        yield made[0].start(), made[1].start()
    finally:
        for instance in made:
            instance.kill()


def said(instance: Instance, *arguments: str) -> tuple[int, str]:
    done = condor(*arguments, "--home", str(instance.home))
    return done.returncode, done.stdout + done.stderr


def who_answers(instance: Instance) -> int:
    """The process that has the socket of this home."""
    return int(ask_instance(find_home(instance.home), "/status")["pid"])


@pytest.mark.e2e
def test_each_home_has_its_own_instance_over_a_kill_and_an_end(two: tuple[Instance, Instance]) -> None:
    for instance in two:
        assert who_answers(instance) == instance.pid
        assert stat.S_IMODE(os.stat(instance.home / "data" / "condor.sock").st_mode) == 0o600
    other, killed = two
    killed.kill()
    assert said(killed, "status") == (1, "nothing runs on this home\n") and who_answers(other) == other.pid
    killed.start()
    assert who_answers(killed) == killed.pid, "what the killed one has left is not in the way"
    code, text = said(other, "start", "--conf", str(conf_of(other)))
    assert code == 0 and "was started (paper)" in text, text
    assert said(other, "stop") == (0, "it has ended; bots go on with the next start\n")
    killed.person().until(lambda: other.ended_with() == 0, "its process to be gone", 30)
    assert other.rows("SELECT state FROM bots") == [("running",)] and not (other.home / "data" / "condor.sock").exists()
    assert killed.stop() == 0 and list(Path(killed.home.parent / "run").iterdir()) == []


def conf_of(instance: Instance) -> Path:
    path = instance.home / "conf" / "scripts" / "one.yml"
    path.parent.mkdir()
    path.write_text("controllers_config: [pmm_simple.yml]\n")
    return path
