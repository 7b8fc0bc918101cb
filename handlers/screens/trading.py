"""What is open: positions and orders, a page at a time."""

from __future__ import annotations

from decimal import Decimal

from condor.result_views import OpenOrder, OpenPosition
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs, quote, table
from handlers.parts import page_start, turning
from handlers.registry import command, screen
from handlers.view import Button, Show, View, rows_of, show

PAGE = 6
ORDERS_PAGE = 10
STATES = {
    "PENDING_CREATE": "on its way",
    "OPEN": "open",
    "PARTIALLY_FILLED": "part filled",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "FAILED": "refused",
    "EXPIRED": "expired",
    "UNKNOWN": "unknown",
}


# ---- positions -----------------------------------------------------------------------------------------------------
@command("positions", "what is held, and who watches it")
async def positions_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("positions")


@screen("positions")
async def positions(ctx: Context, args: Args) -> View:
    """Open positions, largest first."""
    found = await ctx.services.data.trading.positions(ctx.actor)
    offset = page_start(int(args.get("offset", 0)), len(found), PAGE)
    page = found[offset : offset + PAGE]
    unwatched = sum(not item.watched_by for item in found)
    blocks: list[object] = [bold("📌 Positions"), line(words.plural(len(found), "position"), f", {unwatched} watched by nobody" if unwatched else "")]
    for item in page:
        blocks += _position(item)
    if not found:
        blocks.append(quote("Nothing is held."))
    args_back = {"offset": offset}
    details = [
        show(
            f"🔎 {_side(item.amount)} {item.trading_pair} {item.level}".strip(),
            "executor",
            **{"id": item.watched_by, "from": "positions", "back": args_back},
        )
        for item in page
        if item.watched_by
    ]
    if ctx.actor.role >= Role.OPERATOR:
        markets = dict.fromkeys(
            (item.bot_id, item.bot_title, f"{item.connector_name}:{item.trading_pair}") for item in page if item.bot_id and not item.watched_by
        )
        details += [
            show(f"✖ {market.partition(':')[2]} of {clip(title, 20)} …", "close_hold", bot=bot_id, market=market) for bot_id, title, market in markets
        ]
    last = (show("🔄 Refresh", "positions", offset=offset), show("🧾 Orders", "orders"), show("◀ Home", "home"))
    return View(card(blocks), (*rows_of(details), *turning("positions", args, offset, len(found), PAGE), last), is_live=bool(found))


def _position(item: OpenPosition) -> list[object]:
    money = "💵 " if item.mode == "live" else ""
    whose = item.bot_title if item.bot_id else "no bot of this home"
    watch = "" if item.watched_by else " · ✋ nobody watches it"
    rows = [
        ("amount", words.amount(abs(item.amount))),
        ("from", words.price(item.entry_price)),
        ("now", words.price(item.mark)),
        ("result", f"{words.money(item.result, signed=True)} {item.asset}"),
    ]
    return [line(money, bold(f"{_side(item.amount)} {item.trading_pair}"), f" · {item.connector_name} · {clip(whose, 40)}{watch}"), pairs(rows)]


def _side(amount: Decimal) -> str:
    return "SHORT" if amount < 0 else "LONG"


# ---- orders --------------------------------------------------------------------------------------------------------
@command("orders", "orders at the venues, on their way or in doubt")
async def orders_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("orders")


@screen("orders")
async def orders(ctx: Context, args: Args) -> View:
    """Open orders; those in doubt first."""
    found = ctx.services.data.trading.orders(ctx.actor)
    offset = page_start(int(args.get("offset", 0)), len(found), ORDERS_PAGE)
    page = found[offset : offset + ORDERS_PAGE]
    doubtful = sum(item.state == "UNKNOWN" for item in found)
    blocks: list[object] = [bold("🧾 Open orders"), line(words.plural(len(found), "order"), f", {doubtful} in doubt" if doubtful else "")]
    for mode in ("live", "paper"):
        of_mode = [item for item in page if item.mode == mode]
        if of_mode:
            blocks.append(line(bold(words.MODES[mode])))
            blocks.append(table(["order", "amount", "price"], [_cells(item) for item in of_mode]))
    odd = [item for item in page if item.state not in ("OPEN", "PENDING_CREATE")]
    blocks += [line(f"{item.side} {item.trading_pair}: {STATES.get(item.state, item.state)}", _filled(item)) for item in odd]
    if not found:
        blocks.append(quote("No order is out."))
    else:
        blocks.append(italic(f"The newest is {words.ago(min(item.age_s for item in found))} old."))
    blocks += [line(f"✍ {item.side} {item.trading_pair} by hand: /cancel ", code(item.executor_id)) for item in page if item.is_manual]
    whose = [
        show(
            f"{'✍' if item.is_manual else '🔎'} {item.side} {item.trading_pair} {words.price(item.price)}",
            "trade_order" if item.is_manual else "executor",
            **{"id": item.executor_id, "from": "orders", "back": {"offset": offset}},
        )
        for item in {item.executor_id: item for item in page if item.executor_id}.values()
    ]
    own = [Button("✍ New order", "trade_new")] if ctx.actor.role >= Role.TRADER else []
    own += [show("✖ Cancel …", "cancel_which")] if any(item.is_manual for item in found) and ctx.actor.role >= Role.OPERATOR else []
    last = (show("🔄 Refresh", "orders", offset=offset), show("📌 Positions", "positions"), show("◀ Home", "home"))
    return View(
        card(blocks),
        (*rows_of(whose), *rows_of(own), *turning("orders", args, offset, len(found), ORDERS_PAGE), last),
        is_live=bool(found),
    )


def _cells(item: OpenOrder) -> list[str]:
    return [f"{item.side[:1]} {item.trading_pair}", words.amount(item.amount), words.price(item.price) if item.price is not None else "market"]


def _filled(item: OpenOrder) -> str:
    return f", {words.amount(item.filled)} of {words.amount(item.amount)} filled" if item.filled else ""
