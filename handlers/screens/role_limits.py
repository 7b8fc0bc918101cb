"""`/limits`: the greatest order, and the greatest position, of somebody who is not an owner; only an owner changes them, and shows a code to raise one."""

from __future__ import annotations

from decimal import Decimal

from condor.errors import UserError
from condor.hand_limits import HandLimits
from condor.services.confirms import Frozen
from condor.services.role_limits import FIELDS, LIMITED
from condor.units import plain
from condor.users import Role, parse_role
from handlers.context import Args, Context
from handlers.html import bold, card, italic, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.screens.asking import asked, gone
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

LABELS = {"max_order": "One order", "max_position": "One position"}
WORDS = {"order": "max_order", "position": "max_position"}
USAGE = "[order | position AMOUNT | off]"


@command("limits", "greatest order and position of a trader", USAGE, Role.TRADER)
async def limits_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments:
        return Show("limits")
    field = WORDS.get(arguments[0].lower())
    if field is None or len(arguments) != 2:
        raise UserError(f"expected /limits {USAGE}, such as /limits order 500, found {' '.join(arguments)[:60]!r}")
    # there is one role that can be limited: a line needs not name it
    (role,) = LIMITED
    return await _asking(ctx, role, field, arguments[1])


@screen("limits", Role.TRADER)
async def limits(ctx: Context, args: Args) -> View:
    """What is set for each role that can be limited."""
    blocks: list[object] = [bold("📏 Limits")]
    ways = []
    for role in LIMITED:
        found = await ctx.services.role_limits.of(role)
        blocks.append(pairs([(f"{role.title.capitalize()}, {label.lower()}", _text(found, field)) for field, label in LABELS.items()]))
        ways += [Button(f"{label} …", "limits_edit", {"role": role.title, "field": field}) for field, label in LABELS.items()]
    blocks.append("For /trade, and for the bots that a trader starts, starts again or makes larger. What only gives back is never held up.")
    blocks.append(italic("Owners have none. Those of accounts, for everybody and every bot, are under Caps."))
    edits = rows_of(ways) if ctx.actor.role >= Role.OWNER else ()
    return View(card(blocks), (*edits, (show("🧱 Caps", "caps"), show("◀ Settings", "settings"))))


@action("limits_edit", Role.OWNER)
async def limits_edit(ctx: Context, args: Args) -> Outcome:
    return Show("limits_field", dict(args))


@screen("limits_field", Role.OWNER)
async def limits_field(ctx: Context, args: Args) -> View:
    """Asks for one limit."""
    field = str(args.get("field"))
    if field not in FIELDS:
        return await limits(ctx, {})
    role = parse_role(str(args["role"]))
    blocks = [
        bold(f"📏 {LABELS[field]} of a {role.title}"),
        line("Now: ", bold(_text(await ctx.services.role_limits.of(role), field))),
        line(f"Send the {FIELDS[field]} in dollars, such as ", bold("500 or 2k"), ", or ", bold("off"), "."),
    ]
    return View(card(blocks), ((show("◀ Leave it", "limits"),),), Expects("limits_set", {"role": role.title, "field": field}, "an amount"))


@action("limits_set", Role.OWNER)
async def limits_set(ctx: Context, args: Args) -> Outcome:
    """What was typed is shown first; it changes nothing yet."""
    return await _asking(ctx, parse_role(str(args["role"])), str(args["field"]), str(args.get("text", "")))


async def _asking(ctx: Context, role: Role, field: str, text: str) -> Show:
    await ctx.services.role_limits.wanted(ctx.actor, role, field, text)
    return Show("limits_ask", {"role": role.title, "field": field, "said": text})


@screen("limits_ask", Role.OWNER)
async def limits_ask(ctx: Context, args: Args) -> View:
    """The limit as it is and as it would be."""
    field = str(args.get("field"))
    if field not in FIELDS:
        return await limits(ctx, {})
    role, said = parse_role(str(args["role"])), str(args["said"])
    service = ctx.services.role_limits
    now, then = _text(await service.of(role), field), _text(await service.wanted(ctx.actor, role, field, said), field)
    if now == then:
        return gone(f"{LABELS[field]} of a {role.title} is {now} already.", "limits")
    text = card([bold(f"📏 Change the limit of a {role.title}?"), line(LABELS[field], f": {FIELDS[field]}."), pairs([("Now", now), ("Then", then)])])
    values = {"role": role.title, "field": field, "said": said}
    answer = Button(f"{LABELS[field]}: {then}", "limits_change", values, style="danger", confirm=True)
    return asked(text, answer, show("◀ Leave it", "limits"), Frozen(f"{field} of {role.title}", f"{now} {then}"))


@action("limits_change", Role.OWNER, Danger.CONFIRM)
async def limits_change(ctx: Context, args: Args) -> Outcome:
    role, field = parse_role(str(args["role"])), str(args["field"])
    found = await ctx.services.role_limits.change(ctx.actor, role, field, str(args["said"]), ctx.claim)
    return Show("limits", toast=f"{LABELS[field]} of a {role.title}: {_text(found, field)}")


def _text(found: HandLimits, field: str) -> str:
    value: Decimal | None = getattr(found, field)
    return "none" if value is None else f"${plain(value)}"
