"""A whole program in the test's own process, the owner at its local page, and a tap that nobody has made before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from botcore.model.secret import Secret
from condor.home import find_home
from condor.host import WallClock
from condor.settings import Environment, Settings
from condor.users import Actor, Role
from condor.wiring import Program, wall_clock

FAST: dict[str, Any] = {"market": {"speed": 20}, "clock": {"tick_size": 0.25}}
"""Settings in which the first executors close within seconds."""

OWNER = Actor(1, "You", Role.OWNER, "local", 1)


def no_claim(connection: Any) -> None:
    """A tap that is always the first."""


def made(
    home: Path, settings: dict[str, Any] | None = None, wall: WallClock | None = None, passphrase: Secret | None = None, **environment: Any
) -> Program:
    """A program in this home that has not begun."""
    values = Settings.model_validate(FAST if settings is None else settings)
    return Program(find_home(home), values, Environment(http="127.0.0.1:0", **environment), wall or wall_clock(), passphrase=passphrase)


def unreachable(folder: Path, monkeypatch: pytest.MonkeyPatch, rules: bytes | None = None) -> Program:
    """A program with a live account at a venue that does not answer, and the rules of an earlier start if there was one."""
    for name, value in (("KEY", "k" * 20), ("SECRET", "s" * 20), ("REST", "http://127.0.0.1:9"), ("WS", "ws://127.0.0.1:9")):
        monkeypatch.setenv(f"CONDOR_VENUE_BINANCE_PERPETUAL_{name}", value)
    monkeypatch.setattr("condor.live_host.READY_S", 0.01)
    home = find_home(folder)
    home.make()
    if rules is not None:
        home.venue_rules.mkdir()
        (home.venue_rules / "binance_perpetual.json").write_bytes(rules)
    return made(folder, {"clock": {"tick_size": 0.25}})


@asynccontextmanager
async def running(home: Path, settings: dict[str, Any] | None = None, passphrase: Secret | None = None) -> AsyncIterator[Program]:
    """A started one, closed in the end."""
    program = made(home, settings, passphrase=passphrase)
    try:
        await program.start()
        yield program
    finally:
        await program.close()
