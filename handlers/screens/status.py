"""Status: accounts, markets, bots, and pushes of all that every so often."""

from __future__ import annotations

from condor.errors import UserError
from condor.services.confirms import Frozen
from condor.units import duration, duration_text
from condor.users import Role
from condor.views import MarketView, StatusView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, pairs, table
from handlers.registry import Danger, action, command, screen
from handlers.screens.pausing import pause_lines
from handlers.screens.venues import venue_blocks
from handlers.view import Button, Outcome, Show, View, show

OFFERED = (900, 3600, 14_400)


@command("status", "how everything stands; `every 15m` pushes it, `off` ends that", "[every 15m [changes] | off]")
async def status_command(ctx: Context, arguments: list[str]) -> Show:
    """`/status`, `/status every 15m`, `/status every 15m changes`, `/status 15m`, `/status off`."""
    asked = [word.lower() for word in arguments]
    if not asked:
        return Show("status")
    if asked == ["off"] or asked == ["every", "off"]:
        await ctx.services.subscriptions.set(ctx.actor, 0, ctx.claim)
        return Show("status")
    if asked[0] == "every":
        asked = asked[1:]
    if not asked:
        raise UserError("expected /status every TIME, such as /status every 15m, or /status off")
    only_changes = asked[-1] in ("changes", "change")
    if only_changes:
        asked = asked[:-1] or ["15m"]
    await ctx.services.subscriptions.set(ctx.actor, duration("".join(asked)), ctx.claim, only_changes=only_changes)
    return Show("status")


@screen("status")
async def status(ctx: Context, args: Args) -> View:
    """How everything stands."""
    view = ctx.services.overview.status(ctx.actor)
    every_s = await ctx.services.subscriptions.interval(ctx.actor)
    blocks: list[object] = [bold("📊 Status"), *_troubles(view), *pause_lines(ctx)]
    equity = f"{words.money(view.portfolio.equity)} {view.portfolio.currency}{'' if view.portfolio.is_complete else ' +?'}"
    orders = str(view.open_orders) + (f", {view.unknown_orders} unknown" if view.unknown_orders else "")
    blocks.append(
        pairs([("Equity (paper)", equity), ("Running bots", str(len(view.bots))), ("Open orders", orders), ("Up for", words.ago(view.uptime_s))])
    )
    for venue in view.venues:
        blocks += venue_blocks(venue)
    if view.bots:
        rows = [[clip(bot.title, 18), words.money(bot.net_pnl, signed=True), str(bot.trading)] for bot in view.bots[:12]]
        blocks.append(table(["bot", "result", "in pos."], rows))
    if view.markets:
        rows = [[_market_name(market), words.price(market.mid), market.state] for market in view.markets[:12]]
        blocks.append(table(["market", "price", "data"], rows))
    blocks.append(italic(f"{view.market_source} · market time {words.clock_time(view.market_time_ms)}"))
    how = ", when something has changed" if every_s and await ctx.services.subscriptions.only_changes(ctx.actor) else ""
    blocks.append(
        line("Pushed here every ", bold(duration_text(every_s)), how) if every_s else italic("No status push: /status every 15m asks for one.")
    )
    ways = _rows(every_s, is_halted=view.halted is not None)
    if ctx.services.missing.all(ctx.actor):
        ways = ((show("🪙 Missing coins …", "missing"),), *ways)
    if ctx.actor.role >= Role.OPERATOR:
        ways = (*ways, (show("📋 Log", "logs"),))
    return View(card(blocks), ways)


def _market_name(market: MarketView) -> str:
    pair = market.market.partition(":")[2]
    return f"{pair} live" if market.mode == "live" else pair


def _troubles(view: StatusView) -> list[object]:
    found: list[object] = []
    if view.halted:
        found.append(line("🛑 ", bold("No new positions: "), view.halted))
    if view.trouble:
        found.append(line("⚠️ ", view.trouble))
    found += [line("🔴 ", code(clip(fault, 160))) for fault in view.part_faults[:3]]
    found += [line("🔴 ", bold(bot.title), ": ", code(clip(fault, 160))) for bot in view.bots for fault in bot.faults[:2]]
    away = [venue.title for venue in view.venues if venue.closed is not None]
    if away:
        found.append(line("🟠 ", bold("Not live: "), ", ".join(away)))
    return found or ["✅ everything runs"]


def _rows(every_s: int, *, is_halted: bool) -> tuple[tuple[Button, ...], ...]:
    push = [Button(f"{'● ' if every_s == seconds else ''}{duration_text(seconds)}", "status_every", {"seconds": seconds}) for seconds in OFFERED]
    if every_s:
        push.append(Button("off", "status_every", {"seconds": 0}))
    switch = show("▶ Allow new positions …", "release") if is_halted else show("🛑 No new positions …", "halt")
    return (tuple(push), (switch, show("🛑 Panic …", "panic")), (show("🔄 Refresh", "status"), show("◀ Home", "home")))


# ---- the kill switch -----------------------------------------------------------------------------------------------
@screen("halt", Role.OPERATOR)
async def halt_screen(ctx: Context, args: Args) -> View:
    """What the kill switch does."""
    blocks = [
        bold("🛑 No new positions?"),
        "No bot opens anything until you allow it again, over restarts too. Stops, take profits and closes go on.",
    ]
    halted = ctx.services.overview.status(ctx.actor).halted
    if halted is not None:
        return View(card([bold("🛑 It is halted already"), halted]), ((show("◀ Status", "status"),),), gone="It is halted already.")
    rows = ((show("◀ Leave it on", "status"),), (Button("🛑 Switch off now", "halt", style="danger", confirm=True),), (show("📊 Status", "status"),))
    return View(card(blocks), rows, frozen=Frozen("trading", "allowed"))


@action("halt", Role.OPERATOR, Danger.CONFIRM)
async def halt(ctx: Context, args: Args) -> Outcome:
    await ctx.services.overview.halt(ctx.actor, ctx.claim)
    return Show("status", toast="No new positions from now on")


@screen("release", Role.OWNER)
async def release_screen(ctx: Context, args: Args) -> View:
    """What is released, and why it was halted."""
    if ctx.services.panic.view().goal is not None:
        return View(card([bold("Everything was stopped by /panic; it is released there, with a reason.")]), ((show("🛑 Panic", "panic"),),))
    view = ctx.services.overview.status(ctx.actor)
    if view.halted is None:
        return View(
            card([bold("▶ It is not halted"), "New positions are allowed."]), ((show("◀ Status", "status"),),), gone="It is not halted any more."
        )
    blocks = [bold("▶ Allow new positions?"), line("Halted: ", view.halted)]
    allow = (Button("▶ Allow them", "release", style="success", confirm=True),)
    rows = ((show("◀ Leave it halted", "status"),), allow, (show("📊 Status", "status"),))
    return View(card(blocks), rows, frozen=Frozen("trading", f"halted: {view.halted}"))


@action("release", Role.OWNER, Danger.CONFIRM)
async def release(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    await ctx.services.overview.release(ctx.actor, ctx.claim)
    return Show("status", toast="New positions are allowed")


@action("status_every", Role.VIEWER)
async def status_every(ctx: Context, args: Args) -> Outcome:
    seconds = int(args["seconds"])
    await ctx.services.subscriptions.set(ctx.actor, seconds, ctx.claim)
    return Show("status", toast=f"Every {duration_text(seconds)}" if seconds else "No more status pushes")
