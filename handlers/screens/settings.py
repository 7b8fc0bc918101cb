"""`/settings`: time zone, quiet hours, digests and units of this chat; what it trades with."""

from __future__ import annotations

from condor.alerts.events import Level
from condor.alerts.localtime import DAYS, minute_of_day, time_text, zone_named
from condor.alerts.rules import Prefs
from condor.errors import UserError
from condor.services.overview import CURRENCY
from condor.users import Role
from handlers import words
from handlers.alerts_own import local_text
from handlers.context import Args, Context
from handlers.html import Safe, bold, card, italic, line, pairs
from handlers.registry import action, command, screen
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney")
QUIETS = ((23 * 60, 7 * 60), (22 * 60, 8 * 60), (0, 6 * 60))
MORNINGS = (7 * 60, 8 * 60, 9 * 60, 18 * 60)
NEVER = ("off", "never", "none")

USAGE = "[zone Europe/Berlin | quiet 23-07 [digest] | daily 09:00 | weekly mon | unit BTC | ... off]"
UNITS = ("BTC", "ETH", "SOL")


@command("settings", "time zone, quiet hours, digests and units of this chat", USAGE)
async def settings_command(ctx: Context, arguments: list[str]) -> Show:
    """`/settings`, `/settings zone Europe/Berlin`, `/settings quiet 23-07`, `/settings daily 09:00`, `/settings weekly mon`."""
    if not arguments:
        return Show("settings")
    word, rest = arguments[0].lower(), arguments[1:]
    typed = {"zone": _zone, "tz": _zone, "quiet": set_quiet, "daily": _daily, "weekly": _weekly, "unit": _unit, "units": _unit}.get(word)
    if typed is None or not rest:
        raise UserError(f"expected /settings {USAGE}")
    await typed(ctx, rest)
    return Show("settings")


async def _zone(ctx: Context, rest: list[str]) -> None:
    await ctx.services.alerts.set_prefs(ctx.actor, {"zone": zone_named(" ".join(rest))}, ctx.claim)


async def set_quiet(ctx: Context, rest: list[str]) -> None:
    """`23-07`, `23:30-7 digest`, `off`."""
    if not rest:
        raise UserError("expected quiet hours such as 23-07, or off")
    if rest[0].lower() in NEVER:
        await ctx.services.alerts.set_prefs(ctx.actor, {"quiet_from": 0, "quiet_to": 0}, ctx.claim)
        return
    start, dash, end = rest[0].replace("–", "-").partition("-")
    if not dash:
        raise UserError(f"expected quiet hours such as 23-07, or off, found {rest[0]!r}")
    level = Level.DIGEST if len(rest) > 1 and rest[1].lower() == "digest" else Level.SILENT
    changes = {"quiet_from": minute_of_day(start), "quiet_to": minute_of_day(end), "quiet_level": level}
    await ctx.services.alerts.set_prefs(ctx.actor, changes, ctx.claim)


async def _daily(ctx: Context, rest: list[str]) -> None:
    at = -1 if rest[0].lower() in NEVER else minute_of_day(rest[0])
    await ctx.services.alerts.set_prefs(ctx.actor, {"daily_at": at}, ctx.claim)


async def _weekly(ctx: Context, rest: list[str]) -> None:
    wanted = rest[0].lower()[:3]
    if rest[0].lower() not in NEVER and wanted not in DAYS:
        raise UserError(f"expected a day of the week such as mon, or off, found {rest[0]!r}")
    await ctx.services.alerts.set_prefs(ctx.actor, {"weekly_on": -1 if wanted not in DAYS else DAYS.index(wanted)}, ctx.claim)


async def _unit(ctx: Context, rest: list[str]) -> None:
    """An asset that has a rate here, or off."""
    word = rest[0].upper()[:16]
    # sums are in that one anyway
    unit = "" if word.lower() in NEVER or word == CURRENCY else word
    if unit and ctx.services.overview.rate(CURRENCY, unit) is None:
        raise UserError(f"nobody here knows what a {CURRENCY} is in {word!r}: expected an asset with an open market, such as BTC, or off")
    await ctx.services.alerts.set_prefs(ctx.actor, {"unit": unit}, ctx.claim)


# ---- shown -------------------------------------------------------------------------------------------------------------
@screen("settings")
async def settings(ctx: Context, args: Args) -> View:
    """What is set now, and ways to change it."""
    view = await ctx.services.alerts.view(ctx.actor)
    prefs = view.wishes.prefs
    rows = [
        ("Time zone", prefs.zone),
        ("Now there", local_text(view.now_ms, prefs.zone)),
        ("Quiet hours", quiet_span(prefs)),
        ("Daily digest", time_text(prefs.daily_at) if prefs.daily_at >= 0 else "off"),
        ("Weekly digest", DAYS[prefs.weekly_on].capitalize() if prefs.weekly_on >= 0 else "off"),
        ("Sums in", f"{CURRENCY} and {prefs.unit}" if prefs.unit else CURRENCY),
        ("Trading", _trading(ctx)),
    ]
    blocks = [
        bold("⚙️ Settings of this chat"),
        pairs(rows),
        italic("Typed: /settings zone Europe/Berlin, /settings quiet 23-07, /settings daily 09:00"),
    ]
    return View(
        card(blocks),
        (
            (show("🌍 Time zone", "settings_zone"), show("🌙 Quiet hours", "settings_quiet")),
            (show("📅 Daily digest", "settings_daily"), show("📅 Weekly digest", "settings_weekly")),
            *(((show("🔐 Codes", "codes"),),) if ctx.actor.role >= Role.OPERATOR else ()),
            (show("📄 Planned reports", "report_plans"), show("🔔 Alerts", "alerts")),
            (
                show("⚖️ Units", "settings_unit"),
                show("💵 Paper or real", "accounts") if ctx.actor.role < Role.OWNER else show("💵 Paper or real", "keys"),
            ),
            (show("🧱 Caps", "caps"), *((show("📏 Limits", "limits"),) if ctx.actor.role >= Role.TRADER else ())),
            (show("🪫 Balances", "balances"), show("◀ Home", "home")),
        ),
    )


@screen("settings_zone")
async def zone_screen(ctx: Context, args: Args) -> View:
    """Which zone? It can be typed, too."""
    prefs = (await ctx.services.alerts.view(ctx.actor)).wishes.prefs
    buttons = [_button(zone, prefs.zone == zone, "zone", zone) for zone in ZONES]
    text = card([bold("🌍 Time zone"), f"now {prefs.zone}; type another one, such as Europe/Madrid or just Madrid"])
    return View(text, (*rows_of(buttons), (show("◀ Settings", "settings"),)), Expects("settings_set", {"what": "zone"}, "a time zone"))


@screen("settings_quiet")
async def quiet_screen(ctx: Context, args: Args) -> View:
    """When is it to be quiet?"""
    prefs = (await ctx.services.alerts.view(ctx.actor)).wishes.prefs
    spans = [f"{time_text(start)}-{time_text(end)}" for start, end in QUIETS]
    now = quiet_span(prefs).partition(",")[0]
    buttons = [_button(span, now == span, "quiet", span) for span in spans]
    buttons += [_button(f"{spans[0]} digest", False, "quiet", f"{spans[0]} digest"), _button("off", now == "off", "quiet", "off")]
    text = card([bold("🌙 Quiet hours"), quiet_text(prefs, is_now=False), "Type other ones, such as 22:30-6."])
    return View(text, (*rows_of(buttons), (show("◀ Settings", "settings"),)), Expects("settings_set", {"what": "quiet"}, "quiet hours"))


def _trading(ctx: Context) -> str:
    """Paper alone, or real money too."""
    venues = ctx.services.overview.status(ctx.actor).venues
    return f"paper and real money ({words.plural(len(venues), 'account')})" if venues else "paper only"


@screen("settings_unit")
async def unit_screen(ctx: Context, args: Args) -> View:
    """In what are the sums of everything read, too?"""
    prefs = (await ctx.services.alerts.view(ctx.actor)).wishes.prefs
    buttons = [_button(unit, prefs.unit == unit, "unit", unit) for unit in UNITS] + [_button(f"{CURRENCY} only", not prefs.unit, "unit", "off")]
    text = card(
        [bold("⚖️ Units"), f"Sums of everything stand in {CURRENCY}; here you choose what else they are shown in. Type another asset, such as BNB."]
    )
    return View(text, (*rows_of(buttons), (show("◀ Settings", "settings"),)), Expects("settings_set", {"what": "unit"}, "a unit"))


@screen("settings_daily")
async def daily_screen(ctx: Context, args: Args) -> View:
    """When is the day told?"""
    prefs = (await ctx.services.alerts.view(ctx.actor)).wishes.prefs
    buttons = [_button(time_text(minute), prefs.daily_at == minute, "daily", time_text(minute)) for minute in MORNINGS]
    buttons.append(_button("off", prefs.daily_at < 0, "daily", "off"))
    text = card([bold("📅 Daily digest"), "Results, fees and counts of the day, and what your rules keep for it. Type another time, such as 21:15."])
    return View(text, (*rows_of(buttons), (show("◀ Settings", "settings"),)), Expects("settings_set", {"what": "daily"}, "a time of day"))


@screen("settings_weekly")
async def weekly_screen(ctx: Context, args: Args) -> View:
    """On which day is the week told?"""
    prefs = (await ctx.services.alerts.view(ctx.actor)).wishes.prefs
    buttons = [_button(day.capitalize(), prefs.weekly_on == index, "weekly", day) for index, day in enumerate(DAYS)]
    buttons.append(_button("off", prefs.weekly_on < 0, "weekly", "off"))
    return View(card([bold("📅 Weekly digest"), "At the hour of the daily one."]), (*rows_of(buttons, 4), (show("◀ Settings", "settings"),)))


@action("settings_set")
async def set_one(ctx: Context, args: Args) -> Outcome:
    """A button, or the typed answer to a card."""
    text = str(args.get("text", args.get("value", "")))
    typed = {"zone": _zone, "quiet": set_quiet, "daily": _daily, "weekly": _weekly, "unit": _unit}[str(args["what"])]
    await typed(ctx, text.split() or [""])
    return Show("settings", toast="Saved")


def _button(label: str, is_now: bool, what: str, value: str) -> Button:
    return Button(f"{'● ' if is_now else ''}{label}", "settings_set", {"what": what, "value": value})


def quiet_span(prefs: Prefs) -> str:
    """`23:00-07:00, silent` or `off`."""
    if prefs.quiet_from == prefs.quiet_to:
        return "off"
    return f"{time_text(prefs.quiet_from)}-{time_text(prefs.quiet_to)}, {prefs.quiet_level.value}"


def quiet_text(prefs: Prefs, *, is_now: bool) -> Safe:
    if prefs.quiet_from == prefs.quiet_to:
        return italic("No quiet hours.")
    how = "without sound" if prefs.quiet_level is Level.SILENT else "in the digest"
    span = f"{time_text(prefs.quiet_from)}-{time_text(prefs.quiet_to)}"
    return line("🌙 ", bold(f"Quiet {span}"), f" {prefs.zone}: told {how}{', now' if is_now else ''}")
