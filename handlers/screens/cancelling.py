"""`/cancel`: takes back orders by hand, after asking; alone it ends what the chat is being asked."""

from __future__ import annotations

from condor.manual_views import ManualOrder
from condor.services.confirms import Frozen
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line
from handlers.registry import Danger, action, command, screen
from handlers.view import Button, Outcome, Show, View, show

MOST_LISTED = 12
BOTS = "Orders of bots are not touched: a bot would place them again. Stop the bot instead: /stop."


@command("cancel", "take back orders by hand; alone, end what is being asked", "[ORDER | PAIR | all]")
async def cancel_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments:
        return await _ended(ctx) if ctx.panel is not None else Show("cancel_which")
    text = " ".join(arguments)
    if text.lower() == "all":
        return Show("cancel_which", {"all": True})
    return Show("cancel", {"orders": ctx.services.manual.find(ctx.actor, text.lstrip("#"))})


async def _ended(ctx: Context) -> Show:
    """What was being asked is not any more."""
    panel = ctx.panel
    assert panel is not None
    draft_id = panel.args.get("draft")
    if draft_id is not None and ctx.actor.role >= Role.TRADER:
        await ctx.services.drafts.cancel(ctx.actor, str(draft_id))
        return Show("cancelled", {"what": "The draft was given up. Nothing was started."})
    return Show("cancelled", {"what": "Nothing was placed." if panel.screen == "trade" else "Nothing is asked any more, and nothing has changed."})


@screen("cancelled")
async def cancelled(ctx: Context, args: Args) -> View:
    """Something that was being asked has been ended."""
    return View(card([bold("✖ Cancelled"), str(args["what"])]), ((show("◀ Home", "home"),),))


@screen("cancel_which")
async def cancel_which(ctx: Context, args: Args) -> View:
    """Orders by hand that are at work, to take back one of them or all."""
    orders = ctx.services.manual.at_work(ctx.actor)
    if args.get("all") and orders and ctx.actor.role >= Role.OPERATOR:
        return _asked(orders)
    last = (show("🧾 Orders", "orders"), show("◀ Home", "home"))
    if not orders:
        return View(card([bold("✖ Nothing to cancel"), "Nothing is being asked, and no order by hand is at work.", italic(BOTS)]), (last,))
    rows = [(show(clip(f"✖ {_name(order)}", 40), "cancel", orders=[order.order_id]),) for order in orders[:MOST_LISTED]]
    everything = ((show(f"✖ All {len(orders)}", "cancel", orders=[order.order_id for order in orders]),),) if len(orders) > 1 else ()
    return View(card([bold("✖ Cancel which order?"), italic(BOTS)]), (*rows, *everything, last))


@screen("cancel", Role.OPERATOR)
async def cancel(ctx: Context, args: Args) -> View:
    """Which orders would be taken back."""
    wanted = [str(order_id) for order_id in args["orders"]]
    orders = [order for order in ctx.services.manual.at_work(ctx.actor) if order.order_id in wanted]
    if orders:
        return _asked(orders)
    told = "None of these orders is at work any more."
    return View(card([bold("✖ Nothing to cancel"), told]), ((show("🧾 Orders", "orders"), show("◀ Home", "home")),), gone=told)


def _asked(orders: list[ManualOrder]) -> View:
    ids = [order.order_id for order in orders]
    blocks: list[object] = [bold(f"✖ Cancel {words.plural(len(orders), 'order')} by hand?")]
    for order in orders[:MOST_LISTED]:
        money = "💵 " if order.mode == "live" else ""
        filled = f", {words.amount(order.filled)} filled, which stays held" if order.filled else ""
        blocks.append(line(f"• {money}{_name(order)} · {order.stage.value}{filled} ", code(order.order_id)))
    if len(orders) > MOST_LISTED:
        blocks.append(f"… and {len(orders) - MOST_LISTED} more")
    blocks.append(italic(BOTS))
    first = orders[0]
    label = f"✖ Cancel {first.side} {words.amount(first.amount)} {first.pair}" if len(orders) == 1 else f"✖ Cancel {len(orders)} orders"
    confirm = Button(clip(label, 40), "cancel_orders", {"orders": ids}, style="danger", confirm=True)
    return View(
        card(blocks), ((show("◀ Leave them", "orders"),), (confirm,), (show("◀ Home", "home"),)), frozen=Frozen(", ".join(ids), " ".join(ids))
    )


def _name(order: ManualOrder) -> str:
    at = f" at {words.price(order.limit)}" if order.limit is not None else ""
    return f"{order.side} {words.amount(order.amount)} {order.pair}{at}"


@action("cancel_orders", Role.OPERATOR, Danger.CONFIRM)
async def cancel_orders(ctx: Context, args: Args) -> Outcome:
    """Take them back."""
    ids = [str(order_id) for order_id in args["orders"]]
    count = await ctx.services.manual.cancel(ctx.actor, ids, ctx.claim)
    toast = f"Cancelling {words.plural(count, 'order')}"
    return Show("trade_order", {"id": ids[0]}, toast=toast) if len(ids) == 1 else Show("orders", toast=toast)
