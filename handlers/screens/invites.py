"""`/invite`: links that give a role to who opens them."""

from __future__ import annotations

from condor.errors import UserError
from condor.services.step_up import StepUpNeeded
from condor.units import duration, duration_text
from condor.users import Role, parse_role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.view import Button, Outcome, Show, View, rows_of, show

LASTS_S = 7 * 86_400
OFFERED = (Role.VIEWER, Role.OPERATOR, Role.TRADER, Role.ALERT_ONLY)
MAX_LISTED = 8


@command("invite", "a link that gives a role: how long it lasts, how many may use it", "[ROLE [TIME [USES]]]", Role.OWNER)
async def invite_command(ctx: Context, arguments: list[str]) -> Show:
    """`/invite`, `/invite viewer`, `/invite trader 2h`, `/invite viewer 7d 5`."""
    if not arguments:
        return Show("invites")
    if len(arguments) > 3:
        raise UserError("expected /invite ROLE TIME USES, such as /invite viewer 7d 1")
    role = parse_role(arguments[0])
    lasts_s = duration(arguments[1]) if len(arguments) > 1 else LASTS_S
    uses = int(arguments[2]) if len(arguments) > 2 and arguments[2].isascii() and arguments[2].isdecimal() else 1 if len(arguments) < 3 else 0
    try:
        await ctx.services.step_up.require_fresh(ctx.actor)
    except StepUpNeeded:
        return Show("step_up", {"screen": "invites", "args": {}})
    row = await ctx.services.invites.create(ctx.actor, role, lasts_s, uses, ctx.claim)
    return Show("invite", {"invite": row.invite_id})


@screen("invites", Role.OWNER)
async def invites(ctx: Context, args: Args) -> View:
    """Those that are open, and new ones."""
    found = [row for row in await ctx.services.invites.all(ctx.actor) if ctx.services.invites.is_open(row)]
    blocks: list[object] = [bold("✉ Invites"), "A link gives its role to who opens it first. It lasts a week; /invite viewer 2h 5 says otherwise."]
    for row in found[:MAX_LISTED]:
        blocks.append(
            line(f"• {row.invite_id}: ", bold(row.role.title), f" · {row.uses_left} of {row.uses} left · until {words.clock_time(row.expires_ms)}")
        )
    if not found:
        blocks.append(italic("None is open."))
    rows = list(rows_of([show(f"Invite {row.invite_id}", "invite", invite=row.invite_id) for row in found[:MAX_LISTED]], 4))
    rows += list(rows_of([Button(f"➕ {role.title}", "new_invite", {"role": role.title}, once=True) for role in OFFERED]))
    return View(card(blocks), (*rows, (show("◀ Users", "users"),)))


@action("new_invite", Role.OWNER, Danger.CHANGE)
async def new_invite(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    row = await ctx.services.invites.create(ctx.actor, parse_role(str(args["role"])), LASTS_S, 1, ctx.claim)
    return Show("invite", {"invite": row.invite_id}, toast="A link for one person")


@screen("invite", Role.OWNER)
async def invite(ctx: Context, args: Args) -> View:
    """A link, to be sent to who is invited."""
    row = await ctx.services.invites.one(ctx.actor, int(args.get("invite") or 0))
    back = show("◀ Invites", "invites")
    if row is None or not ctx.services.invites.is_open(row):
        return View(card([bold("This invite has ended.")]), ((back,),))
    lasts = duration_text(max(1, (row.expires_ms - ctx.now_ms()) // 1000))
    blocks = [
        line("✉ ", bold(f"Invite {row.invite_id}: {row.role.title}")),
        code(ctx.services.invites.link(row)),
        pairs([("Uses left", f"{row.uses_left} of {row.uses}"), ("Lasts", clip(lasts, 24))]),
        "Whoever opens it gets the role: send it to that person only.",
    ]
    return View(card(blocks), ((back,), (Button("End it now", "end_invite", {"invite": row.invite_id}, once=True, style="danger"),)))


@action("end_invite", Role.OWNER, Danger.CHANGE)
async def end_invite(ctx: Context, args: Args) -> Outcome:
    await ctx.services.invites.revoke(ctx.actor, int(args["invite"]), ctx.claim)
    return Show("invites", toast="It lets nobody in any more")
