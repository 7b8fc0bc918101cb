"""A whole program on a fake Telegram, with an owner: what the tests of access begin with."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from condor.host import WallClock
from condor.store.common import put_chat, put_user
from condor.users import Role
from condor.wiring import Program
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.programs import made
from tests.support.someone import Someone

ANN, BEN, EVE = 11, 12, 13


@dataclass
class Later:
    """A wall clock that a test moves on."""

    ahead_ms: int = 0

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


@dataclass
class World:
    """The program, Telegram, and people: Ann is the owner."""

    program: Program
    telegram: Telegram
    clock: Later
    home: Path
    ann: Someone = field(init=False)
    ben: Someone = field(init=False)
    eve: Someone = field(init=False)

    def __post_init__(self) -> None:
        self.ann, self.ben, self.eve = (Someone(self.telegram, user_id, name) for user_id, name in ((ANN, "Ann"), (BEN, "Ben"), (EVE, "Eve")))

    def rows(self, query: str) -> list[Any]:
        return self.program._journal.read(lambda connection: list(connection.exec_driver_sql(query))).result(10)

    def audit(self, *columns: str) -> list[Any]:
        """The audit without what starts of the program leave in it."""
        return self.rows(f"SELECT {', '.join(columns)} FROM audit ORDER BY audit_id")


@asynccontextmanager
async def world(tmp_path: Path, *, chat: str = "telegram", roles: dict[int, Role] | None = None, **settings: Any) -> AsyncIterator[World]:
    """A running world; with roles, these users have them and private chats already (Ann is the owner unless {} is given)."""
    async with Telegram().served() as telegram, running(tmp_path, telegram, chat=chat, roles=roles, **settings) as made:
        yield made


@asynccontextmanager
async def running(
    home: Path, telegram: Telegram, *, chat: str = "telegram", roles: dict[int, Role] | None = None, **settings: Any
) -> AsyncIterator[World]:
    """A program on a Telegram that is there already: a restart is another one on the same home."""
    clock = Later()
    telegram.now_s = lambda: clock.wall_ms() / 1000
    # nothing of the market matters here: it hardly moves
    values = {"clock": {"tick_size": 5}, "market": {"pairs": ["BTC-USDT"]}, **settings}
    wall = WallClock(clock.wall_ms, time.monotonic_ns)
    program = made(home, values, wall, telegram_token=SecretStr(TOKEN), telegram_api=telegram.root, chat=chat)
    # nobody is greeted before it is written down who they are
    telegram.opened.clear()
    try:
        await program.start()
        for user_id, role in ({ANN: Role.OWNER} if roles is None else roles).items():
            name = {ANN: "Ann", BEN: "Ben", EVE: "Eve"}[user_id]

            def write(connection: Any, user_id: int = user_id, role: Role = role, name: str = name) -> None:
                put_user(connection, user_id, name, role, 1)
                put_chat(connection, user_id, "telegram", user_id)

            program._journal.run(write).result(10)
        telegram.opened.set()
        await telegram.until(lambda: program._fronts[-1].is_up, "the front end to be up")
        yield World(program, telegram, clock, home)
    finally:
        await program.close()
