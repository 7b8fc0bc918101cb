"""The card of an order by hand after it was given: accepted, working, filled, refused, or unknown until it is known."""

from __future__ import annotations

from condor.manual_views import ManualOrder, Stage
from handlers import words
from handlers.alerts_orders import fix_of
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs
from handlers.registry import screen
from handlers.sums import sum_text
from handlers.view import Button, View, show

MARKS = {
    Stage.ACCEPTED: "⏳",
    Stage.WORKING: "🟡",
    Stage.CANCELLING: "🟠",
    Stage.UNKNOWN: "❔",
    Stage.FILLED: "✅",
    Stage.PARTLY: "✋",
    Stage.CANCELLED: "✖",
    Stage.TAKEN_OFF: "✖",
    Stage.NOT_PLACED: "⛔",
    Stage.REFUSED: "⛔",
}
KINDS = {"MARKET": "at market", "LIMIT": "limit", "LIMIT_MAKER": "limit maker"}
NOTHING = "Nothing was placed and nothing is held. Again makes a new preview."


@screen("trade_order")
async def trade_order(ctx: Context, args: Args) -> View:
    """One order by hand."""
    order = await ctx.services.manual.order(ctx.actor, str(args["id"]))
    if order is not None:
        return order_view(order)
    blocks = [bold("⛔ not placed"), code(str(args["id"])), "The program ended before this order was sent: nothing is at the venue."]
    return View(card(blocks), ((show("🧾 Orders", "orders"), show("◀ Home", "home")),))


def order_view(order: ManualOrder, gone: str = "") -> View:
    """How an order stands; it moves until that is over."""
    verb = "Buy" if order.side == "BUY" else "Sell"
    what = f"{verb} {words.amount(order.amount)} {order.pair}"
    blocks: list[object] = [line(MARKS[order.stage], " ", bold(what), f" · {words.MODES[order.mode]}"), _way(order), pairs(_numbers(order))]
    blocks += _told(order)
    blocks.append(code(order.order_id))
    own = {"id": order.order_id}
    rows: list[tuple[Button, ...]] = []
    if order.stage in (Stage.ACCEPTED, Stage.WORKING, Stage.UNKNOWN):
        rows.append((show("✖ Cancel …", "cancel", orders=[order.order_id]),))
    rows.append((show("🔄 Refresh", "trade_order", **own), show("🧾 Orders", "orders")))
    if order.stage.is_over:
        rows.append((Button("🔁 Again", "trade_again", own), show("🔎 Its life", "executor", **own, **{"from": "orders", "back": {}})))
    rows.append((show("📌 Positions", "positions"), show("◀ Home", "home")))
    return View(card(blocks), tuple(rows), is_live=not order.stage.is_over, gone=gone)


def _way(order: ManualOrder) -> object:
    """How far it is: `accepted → working → filled`."""
    stage = order.stage
    if stage is Stage.UNKNOWN:
        return line("accepted → ", bold(stage.value))
    found = " → placed (found on venue)" if order.was_unknown and stage not in (Stage.NOT_PLACED, Stage.REFUSED) else ""
    doubt = " → unknown" if order.was_unknown else ""
    steps = "" if stage is Stage.ACCEPTED else f"accepted{doubt}{found} → "
    if stage in (Stage.FILLED, Stage.PARTLY, Stage.CANCELLED) and not found:
        steps += "working → "
    return line(steps, bold(stage.value))


def _numbers(order: ManualOrder) -> list[tuple[str, str]]:
    quote, base = order.pair.rpartition("-")[2], order.pair.partition("-")[0]
    rows = [("Where", order.title), ("Type", KINDS.get(order.kind, order.kind))]
    if order.limit is not None:
        rows.append(("Limit", words.price(order.limit)))
    rows.append(("Filled", f"{words.amount(order.filled)} of {words.amount(order.amount)} {base}"))
    if order.filled:
        rows.append(("Average price", words.price(order.average)))
        if order.expected is not None:
            rows += [("The preview said", words.price(order.expected)), ("Worse than that by", words.percent(order.slippage))]
        value = None if order.average is None else order.average * order.filled
        rows += [("Value", sum_text(value, quote)), ("Fee", sum_text(order.fee, quote))]
    rows.append(("Lasted" if order.stage.is_over else "Age", words.ago(order.age_s)))
    return rows


def _told(order: ManualOrder) -> list[object]:
    """What a person must know about how it stands."""
    stage = order.stage
    if stage is Stage.UNKNOWN:
        doing = f" {order.doing[:1].upper()}{clip(order.doing, 160)[1:]}." if order.doing else ""
        return [f"The venue has not said whether it took this order.{doing} Its funds stay reserved and nothing is sent in its place."]
    if stage is Stage.NOT_PLACED:
        return [line("Why: ", clip(order.reason, 300)), NOTHING]
    if stage is Stage.REFUSED:
        return [line("Why: ", clip(order.reason or "no reason was given", 300)), line("Fix: ", fix_of(order.reason, NOTHING))]
    if stage is Stage.PARTLY:
        why = f" ({clip(order.reason, 200)})" if order.reason else ""
        return [f"The rest is not at the venue any more{why}. What was filled is held, and nobody watches it: no stop loss, no take profit."]
    if stage is Stage.FILLED:
        return [italic("It is held, and nobody watches it: no stop loss, no take profit.")]
    return []
