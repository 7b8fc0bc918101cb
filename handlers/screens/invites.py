"""`/invite`: links that give a role to who opens them."""

from __future__ import annotations

from condor.errors import UserError
from condor.services.confirms import Frozen
from condor.units import duration, duration_text
from condor.users import Role, parse_role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.screens.asking import asked, gone
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
    await ctx.services.invites.may_create(ctx.actor, role, lasts_s, uses)
    return Show("ask_invite", {"role": role.title, "lasts_s": lasts_s, "uses": uses})


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
    rows += list(rows_of([show(f"➕ {role.title} …", "ask_invite", role=role.title) for role in OFFERED]))
    return View(card(blocks), (*rows, (show("◀ Users", "users"),)))


@screen("ask_invite", Role.OWNER)
async def ask_invite(ctx: Context, args: Args) -> View:
    """What a link gives, before it is made."""
    role, lasts_s, uses = _meant(args)
    who = "Whoever opens it first gets the role: you send it to one person." if uses == 1 else f"The first {uses} who open it get the role."
    blocks = [
        bold(f"Make a link that gives the role {role.title}?"),
        pairs([("Role", role.title), ("Lasts", duration_text(lasts_s)), ("Uses", str(uses))]),
        who,
    ]
    values = {"role": role.title, "lasts_s": lasts_s, "uses": uses}
    answer = Button(f"Make a {role.title} link", "new_invite", values, style="danger" if role > Role.VIEWER else "", confirm=True)
    return asked(card(blocks), answer, show("◀ Leave it", "invites"), Frozen(f"a link for a {role.title}", f"{lasts_s} {uses}"))


@action("new_invite", Role.OWNER, Danger.CONFIRM)
async def new_invite(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    role, lasts_s, uses = _meant(args)
    row = await ctx.services.invites.create(ctx.actor, role, lasts_s, uses, ctx.claim)
    return Show("invite", {"invite": row.invite_id}, toast=f"A link for {words.plural(uses, 'person', 'people')}")


def _meant(args: Args) -> tuple[Role, int, int]:
    """(role, how long, how many) of a link that is asked about."""
    return parse_role(str(args.get("role", "viewer"))), int(args.get("lasts_s") or LASTS_S), int(args.get("uses") or 1)


@screen("invite", Role.OWNER)
async def invite(ctx: Context, args: Args) -> View:
    """A link, to be sent to who is invited."""
    row = await ctx.services.invites.one(ctx.actor, int(args.get("invite") or 0))
    if row is None or not ctx.services.invites.is_open(row):
        return gone("This invite has ended.", "invites")
    lasts = duration_text(max(1, (row.expires_ms - ctx.now_ms()) // 1000))
    blocks = [
        line("✉ ", bold(f"Invite {row.invite_id}: {row.role.title}")),
        code(ctx.services.invites.link(row)),
        pairs([("Uses left", f"{row.uses_left} of {row.uses}"), ("Lasts", clip(lasts, 24))]),
        "Whoever opens it gets the role: send it to that person only.",
    ]
    return View(card(blocks), ((show("◀ Invites", "invites"),), (show("End it …", "ask_end", invite=row.invite_id),)))


@screen("ask_end", Role.OWNER)
async def ask_end(ctx: Context, args: Args) -> View:
    """Whose way in ends."""
    row = await ctx.services.invites.one(ctx.actor, int(args.get("invite") or 0))
    if row is None or not ctx.services.invites.is_open(row):
        return gone("This invite has ended.", "invites")
    text = card(
        [
            bold(f"End invite {row.invite_id}?"),
            pairs([("Role", row.role.title), ("Uses left", f"{row.uses_left} of {row.uses}")]),
            "Its link lets nobody in any more. Who came in by it stays.",
        ]
    )
    answer = Button(f"End invite {row.invite_id} now", "end_invite", {"invite": row.invite_id}, style="danger", confirm=True)
    return asked(text, answer, show("◀ Leave it open", "invite", invite=row.invite_id), Frozen(f"invite {row.invite_id}", str(row.uses_left)))


@action("end_invite", Role.OWNER, Danger.CONFIRM)
async def end_invite(ctx: Context, args: Args) -> Outcome:
    await ctx.services.invites.revoke(ctx.actor, int(args["invite"]), ctx.claim)
    return Show("invites", toast="It lets nobody in any more")
