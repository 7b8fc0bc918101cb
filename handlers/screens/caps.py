"""`/caps`: what the owner allows on each account, with real money or on paper, how far its day is, and the way on after a day that has lost too much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from condor.services.caps import CapsView
from condor.units import plain, ratio_text
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs
from handlers.registry import command, screen
from handlers.view import Button, Show, View, rows_of, show

LABELS = {
    "pairs": "Pairs",
    "max_order_quote": "One order",
    "max_day_quote": "Entries a day",
    "max_day_loss": "Loss a day",
    "price_deviation": "From the market",
    "orders_per_minute": "Orders a minute",
    "max_leverage": "Leverage",
    "min_depth_quote": "Book depth",
    "currency": "Currency",
}
EXAMPLES = {
    "pairs": "BTC-USDT, ETH-USDT",
    "max_order_quote": "500 or 2k",
    "max_day_quote": "10k",
    "max_day_loss": "100",
    "price_deviation": "1%",
    "orders_per_minute": "60",
    "max_leverage": "3x",
    "min_depth_quote": "50k",
    "currency": "USDT",
}


@command("caps", "what is allowed on each account", "[ACCOUNT]")
async def caps_command(ctx: Context, arguments: list[str]) -> Show:
    if arguments:
        return Show("caps_of", {"account": ctx.services.caps.one(ctx.actor, arguments[0].lower()).account})
    return Show("caps")


@screen("caps")
async def caps(ctx: Context, args: Args) -> View:
    """All accounts."""
    views = ctx.services.caps.all(ctx.actor)
    blocks: list[object] = [bold("🧱 Caps")]
    if not views:
        blocks.append("No account is open yet. Caps hold there, whatever bots ask for; exits are never held up by them.")
    elif all(view.is_paper for view in views):
        blocks.append(italic("No real money is connected. Caps hold on paper just the same: try yours here first."))
    for view in views:
        blocks += [line(bold(clip(view.title, 40))), *_day(view)]
    buttons = [show(f"{clip(view.title, 36)} …", "caps_of", account=view.account) for view in views]
    return View(card(blocks), (*rows_of(buttons, 1), (show("🔄 Refresh", "caps"), show("◀ Home", "home"))))


@screen("caps_of")
async def caps_of(ctx: Context, args: Args) -> View:
    """One account."""
    view = found(ctx, args)
    if view is None:
        return await caps(ctx, {})
    rows = [(label, cap_text(field, view.caps[field])) for field, label in LABELS.items()]
    blocks: list[object] = [bold(f"🧱 Caps of {clip(view.title, 40)}"), pairs(rows), *_day(view)]
    blocks.append(
        italic(f"For entries only: exits and cancels always go. Days begin at 00:00 UTC{' of the market played' if view.is_paper else ''}.")
    )
    ways: list[tuple[Button, ...]] = []
    if ctx.actor.role >= Role.OWNER:
        if view.latched:
            ways.append((Button("▶ Take entries again …", "caps_again", {"account": view.account}),))
        ways += rows_of([Button(f"{label} …", "caps_edit", {"account": view.account, "field": field}) for field, label in LABELS.items()])
    return View(card(blocks), (*ways, (show("🔄 Refresh", "caps_of", account=view.account), show("◀ Caps", "caps"))))


def found(ctx: Context, args: Args) -> CapsView | None:
    """The account of a card; None when it is not connected any more."""
    return next((view for view in ctx.services.caps.all(ctx.actor) if view.account == args.get("account")), None)


def _day(view: CapsView) -> list[object]:
    """How far the day is."""
    found: list[object] = [
        pairs([("Entries today", _used(view, view.sent, "max_day_quote")), ("Result today", _used(view, view.gained, "max_day_loss"))])
    ]
    if view.latched:
        found.append(line("🛑 ", bold("No entries: "), view.latched))
    return found


def _used(view: CapsView, value: Decimal | None, field: str) -> str:
    shown = "no rate" if value is None else words.money(value, signed=field == "max_day_loss")
    cap = view.caps[field]
    return f"{shown} of {'-' if field == 'max_day_loss' else ''}{plain(cap)}" if cap is not None else shown


def cap_text(field: str, value: Any) -> str:
    """A cap as a person reads it."""
    if value is None:
        return "all" if field == "pairs" else "no cap"
    if field == "pairs":
        return ", ".join(value)
    if field == "price_deviation":
        return ratio_text(value)
    if field == "max_leverage":
        return f"{value}x"
    return plain(value) if isinstance(value, Decimal) else str(value)
