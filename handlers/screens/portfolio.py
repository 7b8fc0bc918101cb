"""Accounts: what each venue holds and what it is worth; a venue that is away is named with what was known last."""

from __future__ import annotations

from condor.errors import UserError
from condor.pictures.drawings import THEMES, Drawing
from condor.result_views import AccountsView, PlaceView
from condor.services.charts import pie_of
from handlers import words
from handlers.context import Args, Context
from handlers.html import MAX_CAPTION, bold, card, italic, line, pairs
from handlers.parts import also_in_unit, chosen, settled, theme, theme_button
from handlers.registry import command, screen
from handlers.view import Button, Show, View, show

ASSETS_SHOWN = 6
CHANGES = ("1d", "7d", "30d")


@command("portfolio", "accounts and what they are worth", "[paper|live] [light]")
async def portfolio_command(ctx: Context, arguments: list[str]) -> Show:
    modes = ctx.services.data.results.modes()
    found = {"mode": modes[0], "look": "pie", "theme": THEMES[0]}
    for word in (argument.lower() for argument in arguments):
        place = "mode" if word in modes else "theme" if word in THEMES else None
        if place is None:
            raise UserError(f"expected {', '.join((*modes, *THEMES))}, found {word!r}")
        found[place] = word
    return Show("portfolio", found)


@screen("portfolio")
async def portfolio(ctx: Context, args: Args) -> View:
    """All accounts of a mode."""
    args = settled(ctx, args, look="pie")
    view = await ctx.services.data.portfolio.of(ctx.actor, args["mode"])
    total = f"{words.money(view.total)} {view.currency}{' (partial)' if view.is_partial else ''}"
    rows = [("Total", total), *await also_in_unit(ctx, view.total, view.currency)]
    for earned in await ctx.services.data.results.totals(ctx.actor, view.mode, CHANGES):
        rows.append((f"Earned in {earned.period}", f"{words.money(earned.result, signed=True)} {earned.asset}"))
    blocks: list[object] = [line(bold("💼 Accounts"), f" · {words.MODES[view.mode]}"), pairs(rows)]
    for place in view.places:
        blocks += _place(place, view)
    if view.is_partial:
        blocks.append(italic("The total is not everything: what is away or has no price is not in it."))
    picture = pie_of(view)
    drawing = Drawing(picture, theme(args)) if args["look"] == "pie" and picture.slices else None
    limit = {} if drawing is None else {"limit": MAX_CAPTION}
    return View(card(blocks, **limit), _buttons(ctx, args), drawing=drawing)


def _place(place: PlaceView, view: AccountsView) -> list[object]:
    if place.away_since_ms is not None:
        last = "nothing is known of it yet" if place.value is None else f"last value {words.money(place.value)} {view.currency}"
        return [line("🟠 ", bold(place.title), f" · unavailable since {words.time_of_day(place.away_since_ms)[:5]}, {last}")]
    unpriced = f" + {' and '.join(place.unpriced)}, which nobody knows the price of" if place.unpriced else ""
    blocks: list[object] = [line(bold(place.title), f" · {words.money(place.value)} {view.currency}", unpriced)]
    largest = sorted(place.assets, key=lambda asset: (asset.value is not None, -(asset.value or 0)))
    rows = [
        (asset.asset, words.amount(asset.total) + (f" = {words.money(asset.value)}" if asset.asset != view.currency else "")) for asset in largest
    ]
    if rows:
        more = len(rows) - ASSETS_SHOWN
        blocks.append(pairs([*rows[:ASSETS_SHOWN], *([(f"and {more} more", "")] if more > 0 else [])]))
    return blocks


def _buttons(ctx: Context, args: Args) -> tuple[tuple[Button, ...], ...]:
    own = dict(args)
    modes = ctx.services.data.results.modes()
    ways = [show(chosen(words.MODES[mode], mode == args["mode"]), "portfolio", **{**own, "mode": mode}) for mode in modes] if len(modes) > 1 else []
    other = "text" if args["look"] == "pie" else "pie"
    look = (show("🔢 Text" if other == "text" else "🥧 Picture", "portfolio", **{**own, "look": other}), theme_button("portfolio", args))
    ahead = (show("📈 Results", "pnl", mode=args["mode"], theme=args["theme"]), show("📌 Positions", "positions"))
    last = (show("🔄 Refresh", "portfolio", **own), show("◀ Home", "home"))
    return (*((tuple(ways),) if ways else ()), look, ahead, last)
