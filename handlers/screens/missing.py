"""Coins that an account does not have and bots hold by the records: put them back, or say that they are gone for good."""

from __future__ import annotations

from decimal import Decimal

from condor.services.confirms import Frozen
from condor.users import Role
from condor.views import MissingView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs
from handlers.registry import Danger, action, screen
from handlers.view import Button, Outcome, Show, View, show

MAX_LISTED = 6


@screen("missing")
async def missing(ctx: Context, args: Args) -> View:
    """All that is missing, each with its way out."""
    found = ctx.services.missing.all(ctx.actor)
    blocks: list[object] = [bold("🪙 Missing coins")]
    if not found:
        blocks.append("Every account has what its bots hold by the records.")
    for each in found:
        blocks += _blocks(each)
    if found:
        blocks.append(
            "Put them back (buy or transfer them) and all goes on by itself. Until then nothing more is bought in these assets, and exits take what is there."
        )
    rows = []
    if ctx.actor.role >= Role.OWNER:
        rows = [(show(f"They are gone: {each.asset} …", "give_up", connector=each.connector_name, asset=each.asset),) for each in found]
    return View(card(blocks), (*rows, (show("🔄 Refresh", "missing"), show("◀ Status", "status"))))


def _blocks(found: MissingView) -> list[object]:
    blocks: list[object] = [
        line("🔴 ", bold(f"{words.amount(found.missing)} {found.asset}"), f" on {found.connector_name}"),
        pairs([("by the records", words.amount(found.held)), ("account has", words.amount(found.there))]),
    ]
    for bot_id, executor_id, amount in found.holders[:MAX_LISTED]:
        blocks.append(line("• ", clip(bot_id, 40), f" {executor_id or '(held)'}: {words.amount(amount)}"))
    if len(found.holders) > MAX_LISTED:
        blocks.append(italic(f"… and {len(found.holders) - MAX_LISTED} more"))
    return blocks


@screen("give_up", Role.OWNER)
async def give_up_screen(ctx: Context, args: Args) -> View:
    """What taking them out of the records does."""
    name, asset = str(args.get("connector", "?")), str(args.get("asset", "?"))
    found = next((each for each in ctx.services.missing.all(ctx.actor) if (each.connector_name, each.asset) == (name, asset)), None)
    back = show("◀ Leave the records as they are", "missing")
    if found is None:
        why = f"Nothing of {asset} is missing at {name} any more."
        return View(card([bold(why)]), ((back,),), gone=why)
    blocks = [
        bold(f"Take {words.amount(found.missing)} {asset} out of the records?"),
        "It is booked as sold by somebody else at the present price, without a fee: from what is only held first, then from the newest executors, which end. "
        "Bots buy this asset again then. No order is sent.",
    ]
    label = f"They are gone: take out {words.amount(found.missing)} {asset}"
    answer = Button(label, "give_up", {"connector": name, "asset": asset, "amount": str(found.missing)}, style="danger", confirm=True)
    again = show("🔄 Fresh numbers", "give_up", connector=name, asset=asset)
    holders = " ".join(f"{bot_id}:{executor_id}:{amount}" for bot_id, executor_id, amount in found.holders)
    return View(card(blocks), ((back,), (answer,), (again,)), frozen=Frozen(f"{asset} at {name}", f"{found.missing} {holders}"))


@action("give_up", Role.OWNER, Danger.CONFIRM)
async def give_up(ctx: Context, args: Args) -> Outcome:
    asset = str(args["asset"])
    booked = await ctx.services.missing.give_up(ctx.actor, str(args["connector"]), asset, Decimal(str(args["amount"])), ctx.claim)
    return Show("missing", toast=f"{words.amount(booked)} {asset} taken out of the records")
