"""Who is at the door: strangers, groups that nobody has allowed, people with an invite that has ended. And `groups`, where the bot speaks."""

from __future__ import annotations

from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line
from handlers.registry import action, screen
from handlers.view import Button, Outcome, Show, View, show

MAX_LISTED = 5
STATES = {"allowed": "✅ allowed", "muted": "🔇 mute", "left": "◌ not in it", "refused": "⛔ left at once"}


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
                Button(f"Allow{name}" if name else "Allow as viewer", "allow_user", {"user": row.user_id}, once=True, style="success"),
                Button(f"Block{name}", "block_users", {"users": [row.user_id]}, once=True, style="danger"),
            )
        )
    more = len(seen.strangers) - MAX_LISTED
    if more > 0:
        blocks.append(italic(f"… and {more} more"))
    if len(seen.strangers) > 1:
        blocks.append(italic("Who is allowed is a viewer: they may look, nothing else."))
    if more > 0:
        users = [row.user_id for row in seen.strangers]
        rows.append((Button(f"Block all {len(users)}", "block_users", {"users": users}, once=True, style="danger"),))
    for group in seen.groups[:MAX_LISTED]:
        how = "it stays there and says nothing" if group.state == "muted" else "it has left"
        blocks.append(
            line("👪 ", bold(clip(group.title or "a group", 40)), f" · {clip(group.added_name, 40)} added the bot: {how}. ", code(group.chat_id))
        )
        if group.state == "muted":
            rows.append(_choices(group.front, group.chat_id, group.title))
    for invite in seen.missed[:MAX_LISTED]:
        times = f", {invite.missed} times" if invite.missed > 1 else ""
        blocks.append(
            line(f"✉ Invite {invite.invite_id} ({invite.role.title}) has ended, and ", bold(clip(invite.missed_name, 60)), f" opened it{times}.")
        )
    if len(blocks) == 1:
        blocks.append("Nobody waits.")
    return View(card(blocks), (*rows, (show("👥 Users", "users"), show("◀ Home", "home"))))


def _choices(front: str, chat_id: int, title: str) -> tuple[Button, ...]:
    name, values = clip(title or "the group", 16), {"front": front, "chat": chat_id}
    return (
        Button(f"Speak in {name}", "allow_group", values, once=True, style="success"),
        Button(f"Leave {name}", "leave_group", values, once=True, style="danger"),
    )


@action("allow_user", Role.OWNER)
async def allow_user(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    row = await ctx.services.members.allow(ctx.actor, int(args["user"]), ctx.claim)
    return Show("door", toast=f"{clip(row.name, 60)} may look now")


@action("block_users", Role.OWNER)
async def block_users(ctx: Context, args: Args) -> Outcome:
    count = await ctx.services.members.block(ctx.actor, [int(user_id) for user_id in args["users"]], ctx.claim)
    return Show("door", toast=f"{count} blocked")


# ---- groups --------------------------------------------------------------------------------------------------------
@screen("groups", Role.OWNER)
async def groups(ctx: Context, args: Args) -> View:
    """Where the bot was added to."""
    found = await ctx.services.groups.all(ctx.actor)
    blocks: list[object] = [
        bold("👪 Groups"),
        "What somebody may do in a group is their own role. Add the bot to a group yourself to let it speak there.",
    ]
    rows: list[tuple[Button, ...]] = []
    for row in found[:MAX_LISTED]:
        blocks.append(line("• ", bold(clip(row.title or "?", 40)), f" · {STATES.get(row.state, row.state)} · ", code(row.chat_id)))
        if row.state == "muted":
            rows.append(_choices(row.front, row.chat_id, row.title))
        elif row.state == "allowed":
            rows.append((show(f"Leave {clip(row.title or 'it', 24)} …", "ask_leave", front=row.front, chat=row.chat_id),))
    if len(found) > MAX_LISTED:
        blocks.append(italic(f"… and {len(found) - MAX_LISTED} more"))
    return View(card(blocks), (*rows, (show("🔄 Refresh", "groups"), show("◀ Users", "users"))))


@screen("ask_leave", Role.OWNER)
async def ask_leave(ctx: Context, args: Args) -> View:
    """What leaving a group ends."""
    front, chat_id = str(args.get("front", "")), int(args.get("chat") or 0)
    row = next((row for row in await ctx.services.groups.all(ctx.actor) if (row.front, row.chat_id) == (front, chat_id)), None)
    back = show("◀ Stay", "groups")
    if row is None or row.state not in ("allowed", "muted"):
        return View(card([bold("The bot is not in this group any more.")]), ((back,),))
    text = card([bold(f"Leave {clip(row.title or 'this group', 60)}?"), "Alerts and status pushes to it end."])
    label = f"Leave {clip(row.title or 'it', 24)}"
    return View(text, ((back,), (Button(label, "leave_group", {"front": front, "chat": chat_id}, once=True, style="danger"),)))


@action("allow_group", Role.OWNER)
async def allow_group(ctx: Context, args: Args) -> Outcome:
    row = await ctx.services.groups.allow(ctx.actor, str(args["front"]), int(args["chat"]), ctx.claim)
    return Show("groups", toast=f"The bot speaks in {clip(row.title, 60)} now")


@action("leave_group", Role.OWNER)
async def leave_group(ctx: Context, args: Args) -> Outcome:
    row = await ctx.services.groups.leave(ctx.actor, str(args["front"]), int(args["chat"]), ctx.claim)
    return Show("groups", toast=f"The bot has left {clip(row.title, 60)}")
