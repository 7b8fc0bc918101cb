"""A program whose venue is an exchange in a box on loopback, and a person with a browser: for keys, codes and caps."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from botcore.model.secret import Secret
from condor.totp import STEP_S, code_at
from condor.users import Actor
from condor.wiring import Program
from tests.fakes.simvenue.front import Front
from tests.fakes.simvenue.server import Server
from tests.fakes.simvenue.venue import SimVenue
from tests.support import programs
from tests.support.leavings import KNOWN

KEY = "canaryKEY7Qm2xT9vB4nR8sLc0pZ6wYdFhJkA1eGuXo3iVtN5bMqE8rU2yD4fH7"
SECRET = "canarySECRETz8Rk5uW1qYp7oHc3mVx9bTn2eJd6sGf4LaQ0iXwB1nM5vC9xZ3kL"
PASSPHRASE = Secret("canary words nobody guesses")
NEW = {"passphrase": PASSPHRASE.reveal(), "again": PASSPHRASE.reveal()}
"""What a form asks for that makes a vault."""

for canary in (KEY, SECRET):
    KNOWN.add(canary)
SETTINGS: dict[str, Any] = {"clock": {"tick_size": 0.5}, "market": {"pairs": ["BTC-USDT"]}}


@asynccontextmanager
async def venue(monkeypatch: pytest.MonkeyPatch, kind: str = "spot", name: str = "binance") -> AsyncIterator[SimVenue]:
    """An exchange on loopback that knows the key; the environment names its address."""
    made = SimVenue(kind, time.time_ns, key=KEY, secret=SECRET, balances={"USDT": Decimal(100_000), "BTC": Decimal(1)}, still=True)  # type: ignore[arg-type]
    server = Server(Front(made, time.time_ns))
    await server.start()
    monkeypatch.setenv(f"CONDOR_VENUE_{name.upper()}_REST", server.rest_url)
    monkeypatch.setenv(f"CONDOR_VENUE_{name.upper()}_WS", server.ws_url)
    try:
        yield made
    finally:
        await server.stop()


def running(folder: Path, passphrase: Secret | None = None) -> AbstractAsyncContextManager[Program]:
    """A started program, closed in the end."""
    return programs.running(folder, SETTINGS, passphrase)


class Browser:
    """A browser on the same machine."""

    def __init__(self, program: Program) -> None:
        self._origin = program.web.base
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def fill_in(self, link: str, **values: str) -> tuple[int, str]:
        """Open a page and send its form; status and text of the answer."""
        async with self._session.get(link) as page:
            assert page.status == 200, await page.text()
        async with self._session.post(link, data=values, headers={"Origin": self._origin}) as answer:
            return answer.status, await answer.text()


def code(secret: Secret, ahead: int = 0) -> str:
    """What an app shows now, or so many steps later."""
    return code_at(secret, int(time.time()) // STEP_S + ahead)


async def seen(browser: Browser, link: str) -> Secret:
    """The secret that a page shows to who has no camera."""
    async with browser._session.get(link) as page:
        found = re.search(r"into the app: ([A-Z2-7]{32})", await page.text())
    assert found is not None
    return Secret(found[1])


async def set_up(program: Program, actor: Actor, link: str, **more: str) -> Secret:
    """Somebody sets up an authenticator on its page; returns its secret."""
    async with Browser(program) as browser:
        secret = await seen(browser, link)
        status, said = await browser.fill_in(link, code=code(secret), **more)
        assert status == 200 and "Set up" in said, said
    assert program.services.step_up.has_own(actor.front, actor.user_id)
    return secret


def audit(program: Program) -> list[tuple[Any, ...]]:
    """(action, target, after, result) of every change."""
    query = "SELECT action, target, after, result FROM audit ORDER BY audit_id"
    return program._journal.read(lambda connection: [tuple(row) for row in connection.exec_driver_sql(query)]).result()
