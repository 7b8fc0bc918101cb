"""A home with all kinds of people in it, whose names are as bad as names get: for tests of the cards that show them."""

from __future__ import annotations

import asyncio
from typing import Any

from condor.store.common import put_user
from condor.store.people import ALLOWED, BLOCKED, LEFT, MUTED, REFUSED, WAITING, GroupRow, put_group, put_stranger
from condor.users import Actor, Role
from condor.wiring import Program

ROLES = (Role.VIEWER, Role.TRADER, Role.OWNER, Role.OPERATOR, Role.ALERT_ONLY)
STATES = (ALLOWED, MUTED, ALLOWED, LEFT, MUTED, REFUSED, MUTED)
NASTY = ('_*[]<&">\U0001f9a4 ' * 25)[:200]
"""A name of 200 characters that are all in somebody's way."""

YEAR_2096_MS = 4_000_000_000_000
"""Later than all that a card forgets."""


class SilentBot:
    """The voice of a bot on Telegram that nobody hears."""

    link = "https://t.me/condor_test_bot"

    async def say(self, chat_id: int, text: str) -> None: ...

    async def leave(self, chat_id: int) -> None: ...

    async def set_menu(self, user_id: int, role: Role) -> None: ...


async def seed_people(program: Program, owner: Actor, name: str) -> int:
    """Users of every role, strangers who wait and who are blocked, groups in every state, an invite and refusals; returns the invite's number."""
    program.services.voices.add("telegram", SilentBot())

    def seed(connection: Any) -> None:
        for number in range(20):
            put_user(connection, 100 + number, name, ROLES[number % 5], number)
            put_stranger(connection, 200 + number, name, WAITING if number < 12 else BLOCKED, number)
        for number, state in enumerate(STATES):
            put_group(connection, GroupRow("telegram", -number - 1, name, state, 100, name, YEAR_2096_MS + number))

    await asyncio.wrap_future(program._journal.run(seed))
    for number in range(9):
        await program.services.audit.refused(owner, f"{number}" + "x" * 40, name, name)
    made = await program.services.invites.create(owner, Role.ALERT_ONLY, 3600, 1, lambda connection: None)
    return made.invite_id
