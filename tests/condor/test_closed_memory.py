"""The memory of a process with keys in it: no core file, nobody of the same user looks in, and the process itself goes on as before (K2 of reliability.md)."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.instance import CHECKOUT, Instance, clean_environment

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no /proc here: only Linux is asked (prctl, prlimit, /proc)")
PR_GET_DUMPABLE = 3
LOOK = f"""
import ctypes, os, resource
from condor.closed_memory import close_memory
close_memory()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}, 0, 0, 0, 0), len(os.listdir("/proc/self/fd")) > 2)
"""


def test_no_core_is_left_and_nobody_attaches_while_its_own_descriptors_can_be_counted() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], cwd=CHECKOUT, env=clean_environment(), capture_output=True, text=True, timeout=30)
    assert done.stdout == "(0, 0) 0 True\n", done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("debuggers", [False, True])
def test_a_run_leaves_no_core_unless_debuggers_are_let_in(tmp_path: Path, debuggers: bool) -> None:
    instance = Instance(tmp_path / "home", f"runtime: {{debuggers: {str(debuggers).lower()}}}\n").start()
    try:
        found = resource.prlimit(instance.pid, resource.RLIMIT_CORE)
        assert found == (resource.getrlimit(resource.RLIMIT_CORE) if debuggers else (0, 0))
    finally:
        instance.kill()
