"""`/codes`: everybody's own authenticator. Its secret is shown on a page of the machine where Condor runs, never in a chat."""

from __future__ import annotations

from condor.services.confirms import Frozen
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.screens.asking import asked, gone
from handlers.screens.keys import one_page
from handlers.view import Button, Outcome, Show, View, show

ASKED = "Codes are asked for live starts, keys, caps, grants and releases; a right one opens five minutes for you."


@command("codes", "your authenticator", role=Role.OPERATOR)
async def codes_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("codes")


@screen("codes", Role.OPERATOR)
async def codes(ctx: Context, args: Args) -> View:
    """Whether this person has one, and whether everybody must."""
    step_up, actor = ctx.services.step_up, ctx.actor
    has_own = step_up.has_own(actor.front, actor.user_id)
    mine = "on" if has_own else "the home's" if step_up.is_on else "off"
    everybody = "needs one" if step_up.is_required else "who has one is asked"
    blocks: list[object] = [bold("🔐 Codes"), pairs([("Your authenticator", mine), ("Everybody", everybody)]), ASKED]
    rows: list[tuple[Button, ...]] = []
    if ctx.services.codes.can_set_up:
        rows.append((Button("🔐 Set up another one …" if has_own else "🔐 Set up yours …", "codes_own"),))
    else:
        blocks.append(italic("The owner sets up the first one, in /keys."))
    if has_own:
        rows.append((show("📴 Take yours away …", "ask_codes_off", front=actor.front, user=actor.user_id),))
    if actor.role >= Role.OWNER:
        if ctx.services.codes.can_set_up:
            label = "Ask only who has one …" if step_up.is_required else "Ask everybody …"
            rows.append((show(label, "ask_codes_all", to=not step_up.is_required),))
        rows.append((show("🔑 Keys", "keys"),))
    rows.append((show("🔄 Refresh", "codes"), show("◀ Home", "home")))
    return View(card(blocks), tuple(rows))


@action("codes_own", Role.OPERATOR)
async def codes_own(ctx: Context, args: Args) -> Outcome:
    await ctx.services.codes.set_up(ctx.actor)
    return Show("codes_page")


@screen("codes_page", Role.OPERATOR)
async def codes_page(ctx: Context, args: Args) -> View:
    """Where the page is. The address is known to this process only."""
    return one_page("🔐", ctx.services.codes.link_of(ctx.actor), show("◀ Codes", "codes"))


# ---- taken away ----------------------------------------------------------------------------------------------------
@screen("ask_codes_off", Role.OPERATOR)
async def ask_codes_off(ctx: Context, args: Args) -> View:
    """Whose authenticator goes, and what that means."""
    front, user_id = str(args.get("front", "")), int(args.get("user") or 0)
    if not ctx.services.step_up.has_own(front, user_id):
        return gone("They have no authenticator of their own.", "codes")
    is_mine = (front, user_id) == (ctx.actor.front, ctx.actor.user_id)
    name = "your authenticator" if is_mine else f"the authenticator of {clip(await ctx.services.access.name_of(user_id), 40)}"
    then = (
        "They are let do nothing that needs a code until they set up another one."
        if ctx.services.step_up.is_required
        else "No code is asked for then."
    )
    blocks = [bold(f"Take {name} away?"), pairs([("User", str(user_id)), ("Chat", front)]), then]
    answer = Button("Take it away", "codes_drop", {"front": front, "user": user_id}, style="danger", confirm=True)
    back = show("◀ Leave it", "codes") if is_mine else show("◀ Leave it", "user", user=user_id)
    return asked(card(blocks), answer, back, Frozen(f"user {user_id}", "has one"))


@action("codes_drop", Role.OPERATOR, Danger.CONFIRM)
async def codes_drop(ctx: Context, args: Args) -> Outcome:
    await ctx.services.codes.take_away(ctx.actor, str(args["front"]), int(args["user"]), ctx.claim)
    return Show("codes", toast="It is gone")


# ---- everybody -----------------------------------------------------------------------------------------------------
@screen("ask_codes_all", Role.OWNER)
async def ask_codes_all(ctx: Context, args: Args) -> View:
    """What asking everybody for one means."""
    to, now = bool(args.get("to")), ctx.services.step_up.is_required
    if to is now:
        return gone("It is so already.", "codes")
    what = "Ask everybody for an authenticator?" if to else "Ask only those who have an authenticator?"
    then = (
        "Whoever has none is let do nothing that needs a code until they set up theirs, in /codes."
        if to
        else "Whoever has none is asked for no code."
    )
    blocks = [bold(what), line(then, " ", ASKED)]
    answer = Button("Ask everybody" if to else "Ask who has one", "codes_all", {"to": to}, style="" if to else "danger", confirm=True)
    return asked(card(blocks), answer, show("◀ Leave it", "codes"), Frozen("codes", str(now)))


@action("codes_all", Role.OWNER, Danger.CONFIRM)
async def codes_all(ctx: Context, args: Args) -> Outcome:
    await ctx.services.codes.require_all(ctx.actor, bool(args["to"]), ctx.claim)
    return Show("codes", toast="Saved")
