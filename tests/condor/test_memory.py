"""P12: past the soft limit caches are shed; when that is not enough it is told once, nothing new begins, and it ends by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.model.errors import UserError
from botcore.model.times import SECOND_NS
from condor.memory import MB, MemoryGuard, resident, soft_limit
from condor.services.bots import BotService
from tests.support.programs import OWNER

CHILD = """
from condor.memory import MB, MemoryGuard, resident
said = []
guard = MemoryGuard(resident() + 64 * MB, resident, said.append)
guard.look()
assert said == []
hog = bytearray(b"x") * (128 * MB)
guard.look(); guard.look()
assert len(said) == 1 and said[0].startswith("memory is short ("), said
del hog
guard.look()
assert said[1:] == [None] and guard.trouble is None, said
print("well")
"""


SHEDDING_CHILD = """
from condor.memory import MB, MemoryGuard, resident

class Cache:
    def __init__(self):
        self.rows = [bytes(1000) for _ in range(100_000)]
        self.asked = 0
    def shed(self):
        self.asked += 1
        found, self.rows = 1000 * len(self.rows), []
        return found

said, now, cache = [], [0], Cache()
guard = MemoryGuard(resident() - 50 * MB, resident, said.append, lambda: [cache], lambda: now[0])
guard.look(); guard.look()
assert cache.asked == 1 and said == [] and guard.trouble is None, (cache.asked, said)
now[0] += 61 * 10**9
hog = bytearray(b"x") * (128 * MB)
guard.look(); guard.look()
assert cache.asked == 2 and len(said) == 1, (cache.asked, said)
print(said[0])
"""


def run(child: str) -> str:
    done = subprocess.run([sys.executable, "-c", child], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_p12_caches_are_shed_first_and_only_what_they_can_not_give_is_told() -> None:
    told = run(SHEDDING_CHILD)
    found = re.fullmatch(r"memory is short \((\d+) MB used, (\d+) MB before caches were shed; the soft limit is (\d+) MB\): no new bots .*\n", told)
    assert found is not None, told
    used, before, limit = map(int, found.groups())
    assert before >= used > limit


def test_p12_caches_that_were_just_shed_are_left_alone() -> None:
    used, now, said, asked = [101], [0], [], []

    class Cache:
        def shed(self) -> int:
            asked.append(now[0])
            used[0] = 90
            return 1

    guard = MemoryGuard(100, lambda: used[0], said.append, lambda: [Cache()], lambda: now[0])
    guard.look()
    assert asked == [0] and said == []
    used[0], now[0] = 101, 59 * SECOND_NS
    guard.look()
    assert asked == [0] and guard.trouble is not None, "it is full again at once: that was not the caches"
    used[0] = 90
    guard.look()
    assert guard.trouble is None
    used[0], now[0] = 101, 60 * SECOND_NS
    guard.look()
    assert asked == [0, 60 * SECOND_NS] and guard.trouble is None


def test_p12_the_limit_is_told_once_and_is_over_when_there_is_room() -> None:
    assert run(CHILD) == "well\n"


def test_p12_it_does_not_flutter_at_the_limit() -> None:
    used, said = [101], []
    guard = MemoryGuard(100, lambda: used[0], said.append)
    for used[0] in (101, 99, 101, 96, 94, 99):
        guard.look()
    assert [text is None for text in said] == [False, True]


def test_p12_the_limit_comes_from_the_settings_or_the_control_group_or_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "memory.max"
    assert soft_limit(None, file) == 0
    file.write_text("max\n")
    assert soft_limit(None, file) == 0
    file.write_text(f"{1000 * MB}\n")
    assert soft_limit(None, file) == 800 * MB and soft_limit(512, file) == 512 * MB and soft_limit(0, file) == 0
    assert resident() > MB


async def test_p12_no_new_bot_is_started_meanwhile() -> None:
    manager: Any = SimpleNamespace(no_new_bots="memory is short", stopped_all=None)
    anything: Any = None
    bots = BotService(manager, anything, anything, anything, anything)
    with pytest.raises(UserError, match="memory is short"):
        await bots.start(OWNER, "pmm_simple", {}, anything)
    with pytest.raises(UserError, match="memory is short"):
        await bots.start_again(OWNER, "pmm-btc-1", anything)
