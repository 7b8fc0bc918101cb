"""P12: past the soft limit it is told once, nothing new begins, and it ends by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.model.errors import UserError
from condor.memory import MB, MemoryGuard, resident, soft_limit
from condor.services.bots import BotService
from condor.users import Actor, Role

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


def test_p12_the_limit_is_told_once_and_is_over_when_there_is_room() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert done.stdout == "well\n", done.stderr


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
    actor = Actor(1, "You", Role.OWNER, "local", 1)
    with pytest.raises(UserError, match="memory is short"):
        await bots.start(actor, "pmm_simple", {}, anything)
    with pytest.raises(UserError, match="memory is short"):
        await bots.start_again(actor, "pmm-btc-1", anything)
