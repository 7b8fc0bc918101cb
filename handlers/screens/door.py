"""Who is at the door: strangers, groups that nobody has allowed, people with an invite that has ended. Letting in and shutting out ask first: rows move up."""

from __future__ import annotations

from condor.services.confirms import Frozen
from condor.store.people import MUTED, StrangerRow
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs
from handlers.registry import Danger, action, screen
from handlers.screens.asking import asked, gone
from handlers.screens.groups import choices
from handlers.view import Button, Outcome, Show, View, show

MAX_LISTED = 5


@screen("door", Role.OWNER)
async def door(ctx: Context, args: Args) -> View:
    """One card for all of them, the first first."""
    seen = await ctx.services.visitors.look(ctx.actor)
    blocks: list[object] = [bold("🚪 At the door")]
    rows: list[tuple[Button, ...]] = []
    if seen.strangers:
        count = len(seen.strangers)
        blocks.append(
            bold("A stranger wrote to the bot and got no answer:" if count == 1 else f"{count} strangers wrote to the bot and got no answer:")
        )
    for row in seen.strangers[:MAX_LISTED]:
        blocks.append(line("• ", bold(clip(row.name or "?", 40)), " · ", code(row.user_id), f" · {words.clock_time(row.first_ms)[5:16]}"))
        # names only where there are several: labels must fit a phone
        name = f" {clip(row.name or str(row.user_id), 12)}" if len(seen.strangers) > 1 else ""
        rows.append(
            (
                show(f"Allow{name or ' as viewer'} …", "ask_allow", user=row.user_id),
                show(f"Block{name} …", "ask_block", users=[row.user_id]),
            )
        )
    more = len(seen.strangers) - MAX_LISTED
    if more > 0:
        blocks.append(italic(f"… and {more} more"))
    if len(seen.strangers) > 1:
        blocks.append(italic("Who is allowed is a viewer: they may look, nothing else."))
    if more > 0:
        users = [row.user_id for row in seen.strangers]
        rows.append((show(f"Block all {len(users)} …", "ask_block", users=users),))
    for group in seen.groups[:MAX_LISTED]:
        how = "it stays there and says nothing" if group.state == MUTED else "it has left"
        blocks.append(
            line("👪 ", bold(clip(group.title or "a group", 40)), f" · {clip(group.added_name, 40)} added the bot: {how}. ", code(group.chat_id))
        )
        if group.state == MUTED:
            rows.append(choices(group))
    for invite in seen.missed[:MAX_LISTED]:
        times = f", {invite.missed} times" if invite.missed > 1 else ""
        blocks.append(
            line(f"✉ Invite {invite.invite_id} ({invite.role.title}) has ended, and ", bold(clip(invite.missed_name, 60)), f" opened it{times}.")
        )
    if len(blocks) == 1:
        blocks.append("Nobody waits.")
    return View(card(blocks), (*rows, (show("👥 Users", "users"), show("◀ Home", "home"))))


async def _waiting(ctx: Context, user_ids: list[int]) -> list[StrangerRow]:
    """Those of them who still wait."""
    return [row for row in (await ctx.services.visitors.look(ctx.actor)).strangers if row.user_id in user_ids]


@screen("ask_allow", Role.OWNER)
async def ask_allow(ctx: Context, args: Args) -> View:
    """Who is let in, and as what."""
    found = await _waiting(ctx, [int(args.get("user") or 0)])
    if not found:
        return gone("They do not wait any more.", "door")
    (row,) = found
    name = clip(row.name or str(row.user_id), 60)
    blocks = [
        bold(f"Let {name} in?"),
        pairs([("User", str(row.user_id)), ("Then", "viewer")]),
        "A viewer may look, nothing else. Names can be anybody's.",
    ]
    answer = Button(f"Allow {clip(name, 24)}", "allow_user", {"user": row.user_id}, style="success", confirm=True)
    return asked(card(blocks), answer, show("◀ Leave it", "door"), Frozen(f"user {row.user_id}", row.state))


@action("allow_user", Role.OWNER, Danger.CONFIRM)
async def allow_user(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    row = await ctx.services.members.allow(ctx.actor, int(args["user"]), ctx.claim)
    return Show("door", toast=f"{clip(row.name, 60)} may look now")


@screen("ask_block", Role.OWNER)
async def ask_block(ctx: Context, args: Args) -> View:
    """Who is never heard of again."""
    found = await _waiting(ctx, [int(user_id) for user_id in args.get("users") or []])
    if not found:
        return gone("Nobody of them waits any more.", "door")
    users = [row.user_id for row in found]
    who = clip(found[0].name or str(users[0]), 24) if len(found) == 1 else f"all {len(found)}"
    blocks: list[object] = [bold(f"Block {who}?"), *(line("• ", clip(row.name or "?", 40), " · ", code(row.user_id)) for row in found[:MAX_LISTED])]
    if len(found) > MAX_LISTED:
        blocks.append(italic(f"… and {len(found) - MAX_LISTED} more"))
    blocks.append("You never hear of them again, until you unblock them in /users.")
    answer = Button(f"Block {who}", "block_users", {"users": users}, style="danger", confirm=True)
    target = f"user {users[0]}" if len(users) == 1 else f"{len(users)} strangers"
    return asked(card(blocks), answer, show("◀ Leave it", "door"), Frozen(target, str(users)))


@action("block_users", Role.OWNER, Danger.CONFIRM)
async def block_users(ctx: Context, args: Args) -> Outcome:
    count = await ctx.services.members.block(ctx.actor, [int(user_id) for user_id in args["users"]], ctx.claim)
    return Show("door", toast=f"{count} blocked")
