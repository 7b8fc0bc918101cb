"""Results: one card for 1d, 7d, 30d and everything, with its curve, and the same numbers as a file."""

from __future__ import annotations

from condor.pictures.drawings import THEMES, Drawing, Picture
from condor.result_views import ResultsView
from condor.services.charts import curve_of, days_of
from condor.services.report_plans import EVERY
from condor.services.reports import FORMS
from condor.services.results import PERIODS
from condor.units import duration
from handlers import words
from handlers.context import Args, Context
from handlers.html import MAX_CAPTION, bold, card, clip, italic, line, pairs
from handlers.parts import also_in_unit, chosen, settled, theme, theme_button
from handlers.registry import action, command, screen
from handlers.screens.report_plans import plan_typed
from handlers.view import Button, Outcome, Send, SendLater, Show, View, rows_of, show

LOOKS = (("curve", "📈 Curve"), ("days", "📊 Days"), ("text", "🔢 Text"))
BOTS_SHOWN = 3


@command("pnl", "what was earned, as a curve or by day", "[1d|7d|30d|all] [paper|live] [days|text] [light]")
async def pnl_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("pnl", _asked(ctx, arguments))


def _asked(ctx: Context, arguments: list[str]) -> dict[str, str]:
    """Arguments of a typed command, in any order; UserError names what can't be one."""
    modes = ctx.services.data.results.modes()
    found = {"period": "7d", "mode": modes[0], "look": "curve", "theme": THEMES[0]}
    places = {"period": PERIODS, "mode": modes, "look": tuple(name for name, _ in LOOKS), "theme": THEMES}
    for word in (argument.lower() for argument in arguments):
        place = next((name for name, known in places.items() if word in known), None)
        if place is None:
            duration(word)  # says what a time looks like
            place = "period"
        found[place] = word
    return found


@screen("pnl")
async def pnl(ctx: Context, args: Args) -> View:
    """Results of a time."""
    args = settled(ctx, args, period="7d", look="curve")
    view = await ctx.services.data.results.of(ctx.actor, args["mode"], args["period"])
    look = args["look"]
    picture: Picture | None = None if look == "text" else days_of(view) if look == "days" else curve_of(view)
    drawing = None if picture is None else Drawing(picture, theme(args))
    unit = await also_in_unit(ctx, view.result, view.asset, signed=True)
    return View(card(_blocks(view, unit), MAX_CAPTION), _buttons(ctx, args), drawing=drawing)


def _blocks(view: ResultsView, unit: list[tuple[str, str]]) -> list[object]:
    rows = [("Result", f"{words.money(view.result, signed=True)} {view.asset}"), *unit]
    if view.funding is None or view.funding:
        rows.append(("  of it funding", words.money(view.funding, signed=True)))
    if len(view.by_asset) > 1:
        rows += [(f"  in {asset}", words.money(value, signed=True)) for asset, value in view.by_asset[:4]]
    rows.append(("Open now, not in it", words.money(view.opened, signed=True)))
    rows.append(("Fees paid", words.money(view.fees)))
    share = f", {view.winning * 100 // view.closed} % won" if view.closed else ""
    rows.append(("Closed", f"{view.closed}{share}"))
    if view.profit_factor is not None:
        rows.append(("Won for 1 lost", words.money(view.profit_factor)))
    if view.worst_drop is not None:
        rows.append(("Worst drop", words.money(view.worst_drop, signed=True)))
    blocks: list[object] = [line(words.result_mark(view.result), " ", bold("Result"), f" · {view.period} · {words.MODES[view.mode]}"), pairs(rows)]
    if len(view.by_bot) > 1:
        shown = [f"{clip(bot, 20)} {words.money(value, signed=True)}" for bot, value in view.by_bot[:BOTS_SHOWN]]
        more = len(view.by_bot) - len(shown)
        blocks.append(line("Best: ", ", ".join(shown), f" and {more} more" if more else ""))
    if view.unpriced:
        blocks.append(line("❔ ", words.unpriced(view.unpriced, view.asset)))
    blocks.append(italic("Fees and funding are in it, deposits are not."))
    return blocks


def _buttons(ctx: Context, args: Args) -> tuple[tuple[Button, ...], ...]:
    own = dict(args)
    periods = tuple(show(chosen(period, period == args["period"]), "pnl", **{**own, "period": period}) for period in PERIODS)
    looks = tuple(show(chosen(text, name == args["look"]), "pnl", **{**own, "look": name}) for name, text in LOOKS)
    modes = ctx.services.data.results.modes()
    ways = [show(chosen(words.MODES[mode], mode == args["mode"]), "pnl", **{**own, "mode": mode}) for mode in modes] if len(modes) > 1 else []
    last = (show("📄 Report", "report", period=args["period"], mode=args["mode"]), theme_button("pnl", args))
    return (periods, looks, *((tuple(ways),) if ways else ()), last, (show("🔄 Refresh", "pnl", **own), show("◀ Home", "home")))


# ---- files ---------------------------------------------------------------------------------------------------------
@command(
    "report",
    "results as a file, also by itself each day or week",
    "[1d|7d|30d|all] [csv|html] [paper|live] | [daily 09:00 | weekly mon ... [changes] | off]",
)
async def report_command(ctx: Context, arguments: list[str]) -> Show | SendLater:
    """`/report`, `/report 7d csv`, `/report daily 09:00 html`, `/report weekly mon 08:00 changes`, `/report daily off`."""
    if arguments and arguments[0].lower() in (*EVERY, "off"):
        return await plan_typed(ctx, arguments)
    form = next((word for word in (argument.lower() for argument in arguments) if word in FORMS), None)
    asked = _asked(ctx, [word for word in arguments if word.lower() not in FORMS])
    if form is None:
        return Show("report", {"period": asked["period"], "mode": asked["mode"]})
    return _later(ctx, asked["mode"], asked["period"], form)


@screen("report")
async def report(ctx: Context, args: Args) -> View:
    """Which file is wanted."""
    asked = settled(ctx, args, period="7d")
    mode, period = asked["mode"], asked["period"]
    blocks = [
        line(bold("📄 Report"), f" · {period} · {words.MODES[mode]}"),
        "CSV: a line for each result, for a spreadsheet. HTML: a page with sums, days and the curve.",
        italic("Its sums are those of /pnl, to the cent."),
    ]
    periods = tuple(show(chosen(name, name == period), "report", period=name, mode=mode) for name in PERIODS)
    forms = [Button(form.upper(), "send_report", {"form": form, "period": period, "mode": mode}) for form in FORMS]
    plans = show("📅 Planned …", "report_plans", mode=mode)
    back = show("◀ Results", "pnl", period=period, mode=mode)
    return View(card(blocks), (periods, *rows_of(forms), (plans,), (back, show("◀ Home", "home"))))


@action("send_report")
async def send_report(ctx: Context, args: Args) -> Outcome:
    return _later(ctx, str(args["mode"]), str(args["period"]), str(args["form"]))


def _later(ctx: Context, mode: str, period: str, form: str) -> SendLater:
    """A report of years, or a curve to be drawn first, takes longer than a tap may."""
    return SendLater(lambda: _made(ctx, mode, period, form), toast="The report follows")


async def _made(ctx: Context, mode: str, period: str, form: str) -> Send:
    file = await ctx.services.data.reports.make(ctx.actor, mode, period, form)
    return Send(file.name, file.content, line(bold("📄 Results"), f" · {period} · {words.MODES[mode]}"))
