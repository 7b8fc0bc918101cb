"""`/whoami` and `/users`: who has which role, and changing that, each change behind a question."""

from __future__ import annotations

from condor.services.confirms import Frozen
from condor.users import LOCAL_FRONT, TELEGRAM_FRONT, Role, parse_role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs
from handlers.parts import page_start, turning
from handlers.registry import Danger, action, command, screen
from handlers.screens.asking import asked, gone
from handlers.view import Button, Outcome, Show, View, rows_of, show

PAGE = 8
MAY = {
    Role.OWNER: "everything, users and keys included",
    Role.TRADER: "start, change and stop bots",
    Role.OPERATOR: "stop bots, halt, /panic",
    Role.VIEWER: "look",
    Role.ALERT_ONLY: "get alerts, nothing else",
}


# ---- who am I ------------------------------------------------------------------------------------------------------
@command("whoami", "your number, this chat's, and your role", role=Role.ALERT_ONLY)
async def whoami_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("whoami", {"topic": ctx.actor.topic_id})


@screen("whoami", Role.ALERT_ONLY)
async def whoami(ctx: Context, args: Args) -> View:
    """Everything that settings and messages to an owner may ask for."""
    actor = ctx.actor
    topic = int(args.get("topic") or 0)
    rows = [("User", str(actor.user_id)), ("Chat", str(actor.chat_id)), ("Topic", str(topic) if topic else "none"), ("Role", actor.role.title)]
    blocks: list[object] = [bold("👤 " + clip(actor.name or "You", 60)), pairs(rows), italic(f"You may: {MAY.get(actor.role, 'nothing')}.")]
    if actor.frozen:
        blocks.append(line("🧊 ", bold("Only looking, for now: "), actor.frozen))
    return View(card(blocks), ((show("◀ Home", "home"),),) if actor.role > Role.ALERT_ONLY else ((show("❔ Help", "help"),),), is_public=True)


# ---- users ---------------------------------------------------------------------------------------------------------
@command("users", "who may use this bot: roles, invites, who is at the door", role=Role.OWNER)
async def users_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("users")


@screen("users", Role.OWNER)
async def users(ctx: Context, args: Args) -> View:
    """Everybody with a role, a page at a time."""
    found = await ctx.services.members.all(ctx.actor)
    offset = page_start(int(args.get("offset") or 0), len(found), PAGE)
    shown = found[offset : offset + PAGE]
    blocks: list[object] = [bold("👥 Users")]
    blocks += [line("• ", bold(clip(row.name or "?", 40)), f" · {row.role.title} · ", code(row.user_id)) for row in shown]
    if not found:
        blocks.append("Nobody has a role on Telegram yet. With a token the console shows a code: who sends it to the bot is the first owner.")
    rows = list(rows_of([show(clip(row.name or str(row.user_id), 28), "user", user=row.user_id, offset=offset) for row in shown]))
    if len(found) > PAGE:
        blocks.append(italic(f"Page {offset // PAGE + 1} of {(len(found) - 1) // PAGE + 1}"))
    rows += turning("users", {}, offset, len(found), PAGE)
    rows.append((show("✉ Invites", "invites"), show("🚪 At the door", "door")))
    rows.append((show("🚫 Blocked", "blocked"), show("👪 Groups", "groups")))
    rows.append((show("📏 Limits", "limits"), show("📒 Audit", "audit")))
    rows.append((show("◀ Home", "home"),))
    return View(card(blocks), tuple(rows))


@screen("user", Role.OWNER)
async def user(ctx: Context, args: Args) -> View:
    """One user, with the roles that they may get."""
    user_id, offset = int(args.get("user") or 0), int(args.get("offset") or 0)
    back = show("◀ Users", "users", offset=offset)
    row = await ctx.services.members.one(ctx.actor, user_id)
    if row is None:
        return View(card([bold("They have no role any more.")]), ((back,),))
    blocks: list[object] = [
        line("👤 ", bold(clip(row.name or "?", 80))),
        pairs([("User", str(row.user_id)), ("Role", row.role.title), ("Since", words.clock_time(row.added_ms))]),
        line("May: ", MAY[row.role], "."),
    ]
    others = [role for role in MAY if role is not row.role]
    rows = list(rows_of([show(f"Make {role.title}", "ask_role", user=user_id, role=role.title, offset=offset) for role in others]))
    rows.append((show("Remove …", "ask_remove", user=user_id, offset=offset), show("Block …", "ask_remove", user=user_id, offset=offset, block=True)))
    fronts = [front for front in (TELEGRAM_FRONT, LOCAL_FRONT) if ctx.services.step_up.has_own(front, user_id)]
    rows += [(show("📴 Take the authenticator away …", "ask_codes_off", front=front, user=user_id),) for front in fronts]
    return View(card(blocks), (*rows, (back,)))


@screen("ask_role", Role.OWNER)
async def ask_role(ctx: Context, args: Args) -> View:
    """What another role means, before it is given."""
    user_id, role = int(args["user"]) if "user" in args else 0, parse_role(str(args.get("role", "viewer")))
    row = await ctx.services.members.one(ctx.actor, user_id)
    if row is None:
        return gone("They have no role any more.", "users")
    if row.role is role:
        return gone(f"They are {role.title} already.", "users")
    blocks = [
        bold(f"Make {clip(row.name or str(user_id), 60)} {role.title}?"),
        pairs([("User", str(user_id)), ("Now", row.role.title), ("Then", role.title)]),
        f"May then: {MAY[role]}.",
    ]
    label = f"Make {clip(row.name or str(user_id), 20)} {role.title}"
    values = {"user": user_id, "role": role.title, "offset": args.get("offset", 0)}
    answer = Button(label, "set_role", values, style="danger" if role > row.role else "", confirm=True)
    return asked(card(blocks), answer, _way_back(args), Frozen(f"user {user_id}", row.role.name))


def _way_back(args: Args) -> Button:
    return show("◀ Leave it", "user", user=args.get("user", 0), offset=args.get("offset", 0))


@action("set_role", Role.OWNER, Danger.CONFIRM)
async def set_role(ctx: Context, args: Args) -> Outcome:
    role = parse_role(str(args["role"]))
    await ctx.services.step_up.require_fresh(ctx.actor)
    row = await ctx.services.members.set_role(ctx.actor, int(args["user"]), role, ctx.claim)
    if row.user_id == ctx.actor.user_id:
        return Show("whoami", toast=f"You are {role.title} now")
    return Show("user", {"user": row.user_id, "offset": args.get("offset", 0)}, toast=f"{clip(row.name, 60)} is {role.title} now")


@screen("ask_remove", Role.OWNER)
async def ask_remove(ctx: Context, args: Args) -> View:
    """What removing or blocking does, before it is done."""
    user_id, block = int(args["user"]) if "user" in args else 0, bool(args.get("block"))
    row = await ctx.services.members.one(ctx.actor, user_id)
    if row is None:
        return gone("They have no role any more.", "users")
    name = clip(row.name or str(user_id), 60)
    what = f"{'Block' if block else 'Remove'} {name}?"
    then = "You never hear of them again." if block else "If they write again they are a stranger like any other."
    text = card(
        [bold(what), pairs([("User", str(user_id)), ("Role", row.role.title)]), f"Their open cards do nothing more, and alerts to them end. {then}"]
    )
    label = f"{'Block' if block else 'Remove'} {clip(name, 24)}"
    answer = Button(label, "remove_user", {"user": user_id, "block": block}, style="danger", confirm=True)
    return asked(text, answer, _way_back(args), Frozen(f"user {user_id}", row.role.name))


@action("remove_user", Role.OWNER, Danger.CONFIRM)
async def remove_user(ctx: Context, args: Args) -> Outcome:
    row = await ctx.services.members.remove(ctx.actor, int(args["user"]), ctx.claim, block=bool(args.get("block")))
    return Show("users", toast=f"{clip(row.name, 60)} has no role any more")


# ---- the blocked ---------------------------------------------------------------------------------------------------
@screen("blocked", Role.OWNER)
async def blocked(ctx: Context, args: Args) -> View:
    """Those who are never told of."""
    found = await ctx.services.members.blocked(ctx.actor)
    offset = page_start(int(args.get("offset") or 0), len(found), PAGE)
    shown = found[offset : offset + PAGE]
    blocks: list[object] = [bold(f"🚫 Blocked: {len(found)}"), "They get silence, and you are not told of them."]
    blocks += [line("• ", clip(row.name or "?", 40), " · ", code(row.user_id)) for row in shown]
    rows = [(show(f"Unblock {clip(row.name or str(row.user_id), 24)} …", "ask_unblock", user=row.user_id),) for row in shown]
    return View(card(blocks), (*rows, *turning("blocked", {}, offset, len(found), PAGE), (show("◀ Users", "users"),)))


@screen("ask_unblock", Role.OWNER)
async def ask_unblock(ctx: Context, args: Args) -> View:
    """Who is a stranger like any other again."""
    user_id = int(args.get("user") or 0)
    row = next((row for row in await ctx.services.members.blocked(ctx.actor) if row.user_id == user_id), None)
    if row is None:
        return gone("They are not blocked any more.", "blocked")
    name = clip(row.name or str(user_id), 60)
    text = card([bold(f"Unblock {name}?"), pairs([("User", str(user_id))]), "You are told of them when they write again. It gives them no role."])
    answer = Button(f"Unblock {clip(name, 24)}", "unblock", {"user": user_id}, confirm=True)
    return asked(text, answer, show("◀ Leave it", "blocked"), Frozen(f"user {user_id}", "blocked"))


@action("unblock", Role.OWNER, Danger.CONFIRM)
async def unblock(ctx: Context, args: Args) -> Outcome:
    await ctx.services.members.unblock(ctx.actor, int(args["user"]), ctx.claim)
    return Show("blocked", toast="They are a stranger like any other now")
