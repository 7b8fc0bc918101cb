"""Changing a cap, and taking entries again: a value or a reason is typed, then a card asks whether that is meant."""

from __future__ import annotations

from condor.services.caps import FIELDS
from condor.services.confirms import Frozen
from condor.users import Role
from handlers.context import Args, Context
from handlers.html import bold, card, clip, line, pairs, quote
from handlers.registry import Danger, action, screen
from handlers.screens.caps import EXAMPLES, LABELS, cap_text, caps, found
from handlers.view import Button, Expects, Outcome, Show, View, show


@action("caps_edit", Role.OWNER)
async def caps_edit(ctx: Context, args: Args) -> Outcome:
    # the code first: what was typed before it would have to be typed again
    await ctx.services.step_up.require_fresh(ctx.actor)
    return Show("caps_field", dict(args))


@action("caps_again", Role.OWNER)
async def caps_again(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    return Show("caps_release", dict(args))


@screen("caps_field", Role.OWNER)
async def caps_field(ctx: Context, args: Args) -> View:
    """Asks for one cap."""
    view, field = found(ctx, args), str(args.get("field"))
    if view is None or field not in FIELDS:
        return await caps(ctx, {})
    account = view.account
    blocks = [
        bold(f"🧱 {LABELS[field]} · {clip(view.title, 40)}"),
        line("Now: ", bold(cap_text(field, view.caps[field]))),
        line(f"Send the {FIELDS[field]}, such as ", bold(EXAMPLES[field]), *(() if field == "currency" else (", or ", bold("off"))), "."),
    ]
    return View(
        card(blocks), ((show("◀ Leave it", "caps_of", account=account),),), Expects("caps_set", {"account": account, "field": field}, FIELDS[field])
    )


@action("caps_set", Role.OWNER)
async def caps_set(ctx: Context, args: Args) -> Outcome:
    """What was typed is shown first; it changes nothing yet."""
    account, field, text = str(args["account"]), str(args["field"]), str(args.get("text", ""))
    ctx.services.caps.wanted(ctx.actor, account, field, text)
    return Show("caps_ask", {"account": account, "field": field, "said": text})


@screen("caps_ask", Role.OWNER)
async def caps_ask(ctx: Context, args: Args) -> View:
    """The cap as it is and as it would be."""
    view, field = found(ctx, args), str(args.get("field"))
    if view is None or field not in FIELDS:
        return await caps(ctx, {})
    text = str(args.get("said", ""))
    now, then = view.caps[field], ctx.services.caps.wanted(ctx.actor, view.account, field, text).caps[field]
    back = show("◀ Leave it", "caps_of", account=view.account)
    if now == then:
        why = f"{LABELS[field]} is {clip(cap_text(field, now), 60)} already."
        return View(card([bold(why)]), ((back,),), gone=why)
    rows = [("Now", cap_text(field, now)), ("Then", cap_text(field, then))]
    blocks = [bold(f"🧱 Change the cap of {clip(view.title, 40)}?"), line(LABELS[field], f": {FIELDS[field]}."), pairs(rows)]
    values = {"account": view.account, "field": field, "said": text}
    answer = Button(f"{LABELS[field]}: {clip(cap_text(field, then), 20)}", "caps_change", values, style="danger", confirm=True)
    again = show("🔄 Look again", "caps_ask", **values)
    return View(card(blocks), ((back,), (answer,), (again,)), frozen=Frozen(f"{field} of {view.account}", f"{now} {then}"))


@action("caps_change", Role.OWNER, Danger.CONFIRM)
async def caps_change(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    account, field = str(args["account"]), str(args["field"])
    view = await ctx.services.caps.change(ctx.actor, account, field, str(args["said"]), ctx.claim)
    return Show("caps_of", {"account": account}, toast=f"{LABELS[field]}: {clip(cap_text(field, view.caps[field]), 60)}")


@screen("caps_release", Role.OWNER)
async def caps_release_screen(ctx: Context, args: Args) -> View:
    """Asks why entries may go on."""
    view = found(ctx, args)
    if view is None:
        return await caps(ctx, {})
    account = view.account
    blocks = [
        bold(f"▶ Take entries at {clip(view.title, 40)} again?"),
        line(view.latched or "They are not held back now."),
        "Losses count from now on then. Send the reason as a message.",
    ]
    return View(card(blocks), ((show("◀ Leave it", "caps_of", account=account),),), Expects("caps_reason", {"account": account}, "the reason"))


@action("caps_reason", Role.OWNER)
async def caps_reason(ctx: Context, args: Args) -> Outcome:
    """The reason is shown first; it changes nothing yet."""
    account, reason = str(args["account"]), str(args.get("text", ""))
    ctx.services.caps.may_release(ctx.actor, account, reason)
    return Show("caps_go_on", {"account": account, "reason": reason})


@screen("caps_go_on", Role.OWNER)
async def caps_go_on(ctx: Context, args: Args) -> View:
    """Why entries were held back, and why they may go on."""
    view, reason = found(ctx, args), str(args.get("reason", ""))
    if view is None:
        return await caps(ctx, {})
    back = show("◀ Leave it", "caps_of", account=view.account)
    if not view.latched:
        return View(card([bold("Entries are not held back now.")]), ((back,),), gone="Entries are not held back now.")
    blocks = [
        bold(f"▶ Take entries at {clip(view.title, 40)} again?"),
        line("Held back: ", view.latched),
        quote(clip(reason, 500)),
        "Losses count from now on then.",
    ]
    values = {"account": view.account, "reason": reason}
    answer = Button("▶ Take entries again", "caps_release", values, style="danger", confirm=True)
    again = show("🔄 Look again", "caps_go_on", **values)
    return View(card(blocks), ((back,), (answer,), (again,)), frozen=Frozen(f"entries at {view.account}", view.latched))


@action("caps_release", Role.OWNER, Danger.CONFIRM)
async def caps_release(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    account = str(args["account"])
    await ctx.services.caps.release(ctx.actor, account, str(args["reason"]), ctx.claim)
    return Show("caps_of", {"account": account}, toast="Entries are taken again")
