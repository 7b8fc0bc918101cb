"""The screens of users, invites, groups, the door and the audit, with people whose names are as bad as names get."""

from __future__ import annotations

import pytest

from condor.errors import UserError
from condor.wiring import Program
from handlers.registry import Registry
from tests.handlers.crawler import OF_PEOPLE, check, context, crawl, presses
from tests.support.people import NASTY, SilentBot, seed_people
from tests.support.programs import OWNER


async def test_every_card_about_people_is_sound_and_has_a_way_back(program: Program, registry: Registry) -> None:
    invite = await seed_people(program, OWNER, NASTY)
    seen = await crawl(program, registry, [("users", {}), ("invite", {"invite": invite})])
    assert OF_PEOPLE | {"users", "invites", "invite", "door", "groups", "blocked", "audit"} <= seen
    for name in ("user", "ask_role", "ask_remove", "ask_leave", "invite"):
        check(await registry.screens[name].render(context(program, registry), {}), registry, f"{name} of somebody who is gone")
    door = await registry.screens["door"].render(context(program, registry), {})
    (block_all,) = (button for row in door.rows for button in row if button.text == "Block all 12 …")
    asked = await registry.screens["ask_block"].render(context(program, registry), block_all.args["args"])
    (block,) = (button for row in asked.rows for button in row if button.confirm)
    assert block.text == "Block all 12" and len(block.args["users"]) == 12 and asked.frozen is not None
    assert not presses(block), "it acts once, nothing else does"


async def test_invites_have_bounds(program: Program, registry: Registry) -> None:
    ctx, invite = context(program, registry), registry.commands["invite"].run
    with pytest.raises(UserError, match="no bot on Telegram"):
        await invite(ctx, ["viewer"])
    program.services.voices.add("telegram", SilentBot())
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
    make, asked = registry.actions["new_invite"].act, await invite(ctx, ["viewer", "2h", "3"])
    assert asked.args == {"role": "viewer", "lasts_s": 7200, "uses": 3} and await program.services.invites.all(OWNER) == []
    for _ in range(20):
        await make(ctx, asked.args)
    for again in (invite(ctx, ["viewer"]), make(ctx, asked.args)):
        with pytest.raises(UserError, match="20 invites are open"):
            await again
