"""The screens of users, invites, groups, the door and the audit, with people whose names are as bad as names get."""

from __future__ import annotations

import asyncio

import pytest

from condor.errors import UserError
from condor.store.common import put_user
from condor.store.people import ALLOWED, BLOCKED, MUTED, WAITING, GroupRow, put_group, put_stranger
from condor.users import Role
from condor.wiring import Program
from handlers.registry import Registry
from handlers.view import Show
from tests.handlers.test_screens import NASTY, OF_PEOPLE, OWNER, check, context, crawl, followed, program, registry

__all__ = ["program", "registry"]


class Bot:
    """The voice of a bot on Telegram that nobody hears."""

    link = "https://t.me/condor_test_bot"

    async def say(self, chat_id: int, text: str) -> None: ...

    async def leave(self, chat_id: int) -> None: ...

    async def set_menu(self, user_id: int, role: Role) -> None: ...


async def test_every_card_about_people_is_sound_and_has_a_way_back(program: Program, registry: Registry) -> None:
    program.services.voices.add("telegram", Bot())
    roles = (Role.VIEWER, Role.TRADER, Role.OWNER, Role.OPERATOR, Role.ALERT_ONLY)

    def seed(connection: object) -> None:
        for number in range(20):
            put_user(connection, 100 + number, NASTY, roles[number % 5], number)
            put_stranger(connection, 200 + number, NASTY, WAITING if number < 12 else BLOCKED, number)
        for number, state in enumerate((ALLOWED, MUTED, ALLOWED, "left", MUTED, MUTED, MUTED)):
            put_group(connection, GroupRow("telegram", -number - 1, NASTY, state, 100, NASTY, 4_000_000_000_000 + number))

    await asyncio.wrap_future(program._journal.run(seed))
    made = await registry.actions["new_invite"].act(context(program, registry), {"role": "alert-only"})
    assert isinstance(made, Show)
    for number in range(9):
        await program.services.audit.refused(OWNER, f"{number}" + "x" * 40, NASTY, NASTY)
    seen = await crawl(program, registry, [("users", {}), (made.screen, dict(made.args))])
    assert OF_PEOPLE | {"users", "invites", "invite", "door", "groups", "blocked", "audit"} <= seen
    for name in ("user", "ask_role", "ask_remove", "ask_leave", "invite"):
        check(await registry.screens[name].render(context(program, registry), {}), registry, f"{name} of somebody who is gone")
    door = await registry.screens["door"].render(context(program, registry), {})
    (block_all,) = (button for row in door.rows for button in row if button.text == "Block all 12")
    assert await followed(context(program, registry), registry, block_all) == [], "it acts once, nothing else does"


async def test_invites_have_bounds(program: Program, registry: Registry) -> None:
    ctx, invite = context(program, registry), registry.commands["invite"].run
    with pytest.raises(UserError, match="no bot on Telegram"):
        await invite(ctx, ["viewer"])
    program.services.voices.add("telegram", Bot())
    for words, reason in (
        (["owner"], "can't make owners"),
        (["king"], "expected a role"),
        (["viewer", "31d"], "between 1m and 30d"),
        (["viewer", "1h", "0"], "1 to 50 people"),
        (["viewer", "1h", "x"], "1 to 50 people"),
        (["viewer", "1h", "1", "1"], "expected /invite ROLE TIME USES"),
    ):
        with pytest.raises(UserError, match=reason):
            await invite(ctx, words)
    for _ in range(20):
        await invite(ctx, ["viewer", "2h", "3"])
    with pytest.raises(UserError, match="20 invites are open"):
        await invite(ctx, ["viewer"])
