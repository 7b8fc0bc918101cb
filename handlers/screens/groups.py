"""Groups that the bot was added to: where it speaks, and letting it speak or leave."""

from __future__ import annotations

from condor.errors import UserError
from condor.services.confirms import Frozen
from condor.store.people import ALLOWED, LEFT, MUTED, REFUSED, GroupRow
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs
from handlers.registry import Danger, action, screen
from handlers.screens.asking import asked, gone
from handlers.view import Button, Outcome, Show, View, show

MAX_LISTED = 5
STATES = {ALLOWED: "✅ allowed", MUTED: "🔇 mute", LEFT: "◌ not in it", REFUSED: "⛔ left at once"}


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
        if row.state == MUTED:
            rows.append(choices(row))
        elif row.state == ALLOWED:
            rows.append((show(f"⚙ {clip(row.title or 'It', 16)} …", "group", **_key(row)), _leave(row)))
    if len(found) > MAX_LISTED:
        blocks.append(italic(f"… and {len(found) - MAX_LISTED} more"))
    return View(card(blocks), (*rows, (show("🔄 Refresh", "groups"), show("◀ Users", "users"))))


def choices(row: GroupRow) -> tuple[Button, ...]:
    """Ways to decide on a group in which the bot is mute."""
    return show(f"Speak in {clip(row.title or 'the group', 16)} …", "ask_speak", front=row.front, chat=row.chat_id), _leave(row)


def _leave(row: GroupRow) -> Button:
    return show(f"Leave {clip(row.title or 'it', 16)} …", "ask_leave", front=row.front, chat=row.chat_id)


async def _group(ctx: Context, args: Args, *states: str) -> GroupRow | None:
    """The group of a card while it stands so; None when it does not any more."""
    front, chat_id = str(args.get("front", "")), int(args.get("chat") or 0)
    found = (row for row in await ctx.services.groups.all(ctx.actor) if (row.front, row.chat_id) == (front, chat_id))
    return next((row for row in found if row.state in states), None)


@screen("group", Role.OWNER)
async def group(ctx: Context, args: Args) -> View:
    """How the bot speaks in one group."""
    row = await _group(ctx, args, ALLOWED)
    if row is None:
        return gone("The bot does not speak in this group.", "groups")
    blocks = [
        line("👪 ", bold(clip(row.title or "?", 60)), " · ", code(row.chat_id)),
        pairs([("Sums", "hidden" if row.hides_sums else "shown"), ("Forwarding and saving", "off" if row.is_protected else "on")]),
        "Sums are amounts of money, balances, prices and results: hidden they are •••, and no pictures and files are sent there. Percentages stay.",
    ]
    rows = (
        (show("Show sums …" if row.hides_sums else "Hide sums …", "ask_manners", what="sums", **_key(row)),),
        (show("Allow forwarding …" if row.is_protected else "Forbid forwarding …", "ask_manners", what="forwarding", **_key(row)),),
        (_leave(row), show("◀ Groups", "groups")),
    )
    return View(card(blocks), rows)


CHANGES = {
    ("sums", False): ("Hide sums", "What is sent to it from now on has ••• for amounts, prices and results. What stands there already stays."),
    ("sums", True): ("Show sums", "Everybody in the group reads amounts, balances and results from now on."),
    ("forwarding", False): ("Forbid forwarding", "What is sent to it from now on can't be forwarded or saved."),
    ("forwarding", True): ("Allow forwarding", "What is sent to it from now on can be forwarded and saved by everybody in it."),
}
"""What is changed, whether it is on now: what it is called, what it means."""


@screen("ask_manners", Role.OWNER)
async def ask_manners(ctx: Context, args: Args) -> View:
    """What speaking otherwise in a group means."""
    row, what = await _group(ctx, args, ALLOWED), str(args.get("what", "sums"))
    if row is None:
        return gone("The bot does not speak in this group.", "groups")
    is_on = row.hides_sums if what == "sums" else row.is_protected
    label, meaning = CHANGES[what, is_on]
    values = {"what": what, "to": not is_on, **_key(row)}
    answer = Button(label, "set_manners", values, style="danger" if is_on else "", confirm=True)
    text = card([bold(f"{label} in {clip(row.title or 'this group', 60)}?"), meaning])
    return asked(text, answer, show("◀ Leave it", "group", **_key(row)), Frozen(f"group {row.chat_id}", str(row.manners)))


@action("set_manners", Role.OWNER, Danger.CONFIRM)
async def set_manners(ctx: Context, args: Args) -> Outcome:
    row = await _group(ctx, args, ALLOWED)
    if row is None:
        raise UserError("the bot does not speak in this group any more")
    changes = {"hides_sums" if args["what"] == "sums" else "is_protected": bool(args["to"])}
    await ctx.services.groups.set_manners(ctx.actor, row.front, row.chat_id, ctx.claim, **changes)
    return Show("group", _key(row), toast="Saved")


@screen("ask_speak", Role.OWNER)
async def ask_speak(ctx: Context, args: Args) -> View:
    """What speaking in a group shows to whoever is in it."""
    row = await _group(ctx, args, MUTED)
    if row is None:
        return gone("The bot is not mute in this group any more.", "groups")
    blocks = [
        bold(f"Speak in {clip(row.title or 'this group', 60)}?"),
        line(f"{clip(row.added_name, 40)} added the bot. ", code(row.chat_id)),
        "It answers people with a role there, and alerts go there too: everybody in the group reads them.",
    ]
    answer = Button(f"Speak in {clip(row.title or 'it', 24)}", "allow_group", _key(row), style="success", confirm=True)
    return asked(card(blocks), answer, show("◀ Stay mute", "groups"), Frozen(f"group {row.chat_id}", row.state))


@screen("ask_leave", Role.OWNER)
async def ask_leave(ctx: Context, args: Args) -> View:
    """What leaving a group ends."""
    row = await _group(ctx, args, ALLOWED, MUTED)
    if row is None:
        return gone("The bot is not in this group any more.", "groups")
    text = card([bold(f"Leave {clip(row.title or 'this group', 60)}?"), "Alerts and status pushes to it end."])
    answer = Button(f"Leave {clip(row.title or 'it', 24)}", "leave_group", _key(row), style="danger", confirm=True)
    return asked(text, answer, show("◀ Stay", "groups"), Frozen(f"group {row.chat_id}", row.state))


def _key(row: GroupRow) -> dict[str, str | int]:
    return {"front": row.front, "chat": row.chat_id}


@action("allow_group", Role.OWNER, Danger.CONFIRM)
async def allow_group(ctx: Context, args: Args) -> Outcome:
    row = await ctx.services.groups.allow(ctx.actor, str(args["front"]), int(args["chat"]), ctx.claim)
    return Show("groups", toast=f"The bot speaks in {clip(row.title, 60)} now")


@action("leave_group", Role.OWNER, Danger.CONFIRM)
async def leave_group(ctx: Context, args: Args) -> Outcome:
    row = await ctx.services.groups.leave(ctx.actor, str(args["front"]), int(args["chat"]), ctx.claim)
    return Show("groups", toast=f"The bot has left {clip(row.title, 60)}")
