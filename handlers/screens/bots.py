"""Bots: the list, a bot's live panel, its config, its name, and a copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from condor.users import Role
from condor.views import BotView
from handlers import words
from handlers.context import Args, Context
from handlers.html import WIDTH, bold, card, clip, code, esc, italic, line, pairs, pre, quote
from handlers.parts import AGES, page_start, turning, turning_by
from handlers.registry import Danger, action, command, screen
from handlers.view import Button, Expects, Outcome, Show, Toast, View, show

PAGE = 8


# ---- the list ------------------------------------------------------------------------------------------------------
@command("bots", "your bots, running and stopped", "[BOT]")
async def bots_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments:
        return Show("bots")
    typed = " ".join(arguments)
    # one that does not run is found by its id; a title belongs to those that run
    is_known = await ctx.services.bots.one(ctx.actor, typed.lower()) is not None
    return Show("bot", {"bot": typed.lower() if is_known else ctx.services.bots.find(typed)})


@screen("bots")
async def bots(ctx: Context, args: Args) -> View:
    """All bots, a page at a time; several may be selected, over pages."""
    found = await ctx.services.bots.all(ctx.actor)
    offset = page_start(int(args.get("offset", 0)), len(found), PAGE)
    page = found[offset : offset + PAGE]
    blocks: list[object] = [bold("🤖 Bots"), line(_counts(found))]
    if found:
        blocks.append(pre(_totals(found)))
    blocks += [_line(bot) for bot in page]
    if not found:
        blocks.append(quote("No bots yet. Tap New bot."))
    if args.get("picking"):
        return View(card(blocks), _picking_rows(found, page, offset, args))
    rows: list[tuple[Button, ...]] = [(show(f"{_mark(bot)} {clip(bot.title, 28)}", "bot", bot=bot.bot_id),) for bot in page]
    rows += turning("bots", {}, offset, len(found), PAGE, AGES)
    if len(found) > 1:
        rows.append((show("☑ Select …", "bots", offset=offset, picking=True),))
    rows.append((show("➕ New bot", "new"), show("🔄 Refresh", "bots", offset=offset), show("◀ Home", "home")))
    return View(card(blocks), tuple(rows))


def _counts(found: Sequence[BotView]) -> str:
    """How many run, and with what."""
    running = [bot for bot in found if bot.state in ("running", "stopping")]
    kinds = [
        f"{sum(bot.mode == mode for bot in running)} {words.MODES[mode]}" for mode in ("live", "paper") if any(bot.mode == mode for bot in found)
    ]
    paused = sum(bool(bot.paused_by) for bot in running)
    return " · ".join([f"{len(running)} running of {len(found)}", *([f"{paused} paused"] if paused else []), *kinds])


def _totals(found: Sequence[BotView]) -> str:
    """Results of all bots together, by what they are told in; a sum in which one is not known says how many those are."""
    lines = []
    for asset in sorted({bot.quote for bot in found if bot.quote}):
        results = [bot.net_pnl for bot in found if bot.quote == asset]
        known = [result for result in results if result is not None]
        unknown = f" + {len(results) - len(known)} unknown" if len(known) < len(results) else ""
        lines.append(clip(f"Σ {words.money(sum(known, Decimal(0)), signed=True)} {asset}{unknown}", WIDTH))
    return "\n".join(lines) or "Σ ?"


def _mark(bot: BotView) -> str:
    return "⏸" if bot.paused_by and bot.state == "running" else words.STATE_MARKS.get(bot.state, "")


def _line(bot: BotView) -> object:
    what = clip(", ".join(bot.controllers), 40) or "?"
    where = clip(", ".join(market.partition(":")[2] for market in bot.markets), 40)
    result = f"{words.result_mark(bot.net_pnl)} {words.money(bot.net_pnl, signed=True)} {bot.quote}"
    money = " 💵" if bot.mode == "live" else ""
    return line(_mark(bot), money, " ", bold(clip(bot.title, 40)), f" · {what} · {where} · {result}")


# ---- several at once -----------------------------------------------------------------------------------------------
def _picking_rows(found: Sequence[BotView], page: Sequence[BotView], offset: int, args: Args) -> tuple[tuple[Button, ...], ...]:
    """Check boxes for this page, and what can be done with all that are ticked. The card itself knows which are: its buttons stay small."""
    picked = set(args.get("picked", ())) & {bot.bot_id for bot in found}
    rows: list[tuple[Button, ...]] = [
        (Button(f"{'☑' if bot.bot_id in picked else '☐'} {clip(bot.title, 28)}", "pick", {"bots": [bot.bot_id]}),) for bot in page
    ]
    rows += turning_by(lambda label, to: Button(label, "pick_page", {"offset": to}), offset, len(found), PAGE, AGES)
    rows.append((Button("☑ This page", "pick", {"bots": [bot.bot_id for bot in page], "on": True}), show("✖ Done", "bots", offset=offset)))
    if picked:
        doing = ("⏸ Pause", "pause"), ("▶ Resume", "resume"), ("⏹ Stop", "stop")
        rows.append(tuple(Button(f"{label} {len(picked)} …", "with_picked", {"to": to}) for label, to in doing))
    return tuple(rows)


def _picks(ctx: Context, **changes: Any) -> Show:
    before = ctx.panel.args if ctx.panel is not None and ctx.panel.screen == "bots" else {}
    return Show("bots", {"offset": before.get("offset", 0), "picked": list(before.get("picked", ())), "picking": True, **changes})


@action("pick")
async def pick(ctx: Context, args: Args) -> Outcome:
    """Tick bots, or take the tick away."""
    at = _picks(ctx)
    picked = dict.fromkeys(at.args["picked"])
    for bot_id in args["bots"]:
        if bot_id in picked and not args.get("on"):
            del picked[bot_id]
        else:
            picked[bot_id] = None
    return _picks(ctx, picked=list(picked))


@action("pick_page")
async def pick_page(ctx: Context, args: Args) -> Outcome:
    return _picks(ctx, offset=int(args["offset"]))


@action("with_picked", Role.OPERATOR)
async def with_picked(ctx: Context, args: Args) -> Outcome:
    """Ask about all that are ticked."""
    picked = _picks(ctx).args["picked"]
    if not picked:
        return Toast("Tick some bots first.")
    return Show(str(args["to"]), {"bots": picked})


# ---- one bot -------------------------------------------------------------------------------------------------------
@screen("bot")
async def bot(ctx: Context, args: Args) -> View:
    """How a bot does; moves while it runs."""
    bot_id = str(args["bot"])
    view = await ctx.services.bots.one(ctx.actor, bot_id)
    if view is None:
        return View(
            card([bold("This bot is gone"), "It is not among the bots of this home any more."]), ((show("🤖 Bots", "bots"), show("◀ Home", "home")),)
        )
    is_live = view.state in ("running", "stopping")
    blocks: list[object] = [
        line(words.STATE_MARKS.get(view.state, ""), " ", bold(clip(view.title, 60)), f" · {view.state} · {words.MODES.get(view.mode, view.mode)}")
    ]
    if view.paused_by:
        blocks.append(line("⏸ no new entries: paused by ", clip(view.paused_by, 40), f" since {words.clock_time(view.paused_ms)}"))
    blocks.append(line(", ".join(view.controllers), " on ", ", ".join(view.markets)))
    blocks.append(pairs(_numbers(view)))
    if view.close_types:
        blocks.append(line("Closed: ", ", ".join(f"{words.close_type(name)} {count}" for name, count in view.close_types)))
    for position in view.positions:
        worth = "" if position.unrealized is None else f" ({words.money(position.unrealized, signed=True)})"
        blocks.append(
            line("✋ held: ", words.amount(position.amount), f" {position.trading_pair} from {words.price(position.breakeven_price)}{worth}")
        )
    if view.signals and is_live:
        blocks.append(italic(" · ".join(f"{name} {value}" for name, value in view.signals)))
    if view.unpriced:
        blocks.append(line("❔ ", words.unpriced(view.unpriced, view.quote)))
    blocks += [line("🔴 stopped by a fault: ", code(clip(fault, 200))) for fault in view.faults]
    if is_live:
        blocks.append(italic(_markets(ctx, view)))
    return View(card(blocks), _bot_rows(view), is_live=is_live)


def _numbers(view: BotView) -> list[tuple[str, str]]:
    rows = [
        ("Result", f"{words.money(view.net_pnl, signed=True)} {view.quote}"),
        ("  realised", words.money(view.realized, signed=True)),
        ("  open", words.money(view.unrealized, signed=True)),
        *([("  funding", words.money(view.funding, signed=True))] if view.funding or view.funding is None else []),
        *([(f"  in {asset}", words.money(result, signed=True)) for asset, result in view.by_asset] if len(view.by_asset) > 1 else []),
        ("Fees paid", words.money(view.fees)),
        ("Volume", words.money(view.volume)),
    ]
    if view.state in ("running", "stopping"):
        rows.append(("Executors", f"{view.active} ({view.trading} with a position)"))
    share = f", {view.winning * 100 // view.closed} % won" if view.closed else ""
    rows.append(("Closed", f"{view.closed}{share}"))
    return rows


def _markets(ctx: Context, view: BotView) -> str:
    shown = []
    for market in ctx.services.overview.markets(ctx.actor):
        if market.market in view.markets and market.mode == view.mode:
            state = "" if market.state == "ok" else f" ({market.state})"
            shown.append(f"{market.market.partition(':')[2]} {words.price(market.mid)}{state}")
    return " · ".join(shown)


def _bot_rows(view: BotView) -> tuple[tuple[Button, ...], ...]:
    look = (show("⚙️ Executors", "executors", bot=view.bot_id), show("📜 History", "history", bot=view.bot_id))
    last = (show("🔄 Refresh", "bot", bot=view.bot_id), show("🤖 Bots", "bots"), show("◀ Home", "home"))
    if view.state == "running":
        pause = show("▶ Resume …", "resume", bot=view.bot_id) if view.paused_by else show("⏸ Pause …", "pause", bot=view.bot_id)
        own = (show("🗒 Details", "says", bot=view.bot_id), show("⋯ More", "bot_more", bot=view.bot_id))
        return (look, own, (pause, show("⏹ Stop …", "stop", bot=view.bot_id)), last)
    if view.state == "stopped":
        again = (
            show("💵 Start again for real …", "again", bot=view.bot_id)
            if view.mode == "live"
            else Button("▶ Start again (paper)", "start_again", {"bot": view.bot_id}, once=True, style="success")
        )
        return (look, (show("⋯ More", "bot_more", bot=view.bot_id), again), last)
    return (look, last)


@screen("config")
async def config(ctx: Context, args: Args) -> View:
    """The frozen config of a bot's controllers."""
    bot_id = str(args["bot"])
    blocks: list[object] = [line(bold("📝 Config of "), bold(bot_id))]
    files: list[tuple[Button, ...]] = []
    for row in await ctx.services.bots.configs(ctx.actor, bot_id):
        files.append((Button(clip(f"📄 {row.controller_name} as YAML", 40), "bot_yaml", {"bot": bot_id, "controller": row.controller_id}),))
        shown = "\n".join(f"{name}: {_plain(value)}" for name, value in sorted(row.config.items()))
        blocks.append(line(bold(row.controller_name), f" · version {row.version}"))
        blocks.append(quote(esc(shown), expandable=True))
    return View(card(blocks), (*files, (show("✏️ Edit …", "edit", bot=bot_id), show("◀ Back", "bot", bot=bot_id), show("◀ Home", "home"))))


def _plain(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else "off" if value is None else str(value)


# ---- name and copy -------------------------------------------------------------------------------------------------
@screen("bot_more")
async def bot_more(ctx: Context, args: Args) -> View:
    """What else there is for a bot."""
    bot_id = str(args["bot"])
    view = await ctx.services.bots.one(ctx.actor, bot_id)
    if view is None:
        return await bot(ctx, args)
    blocks = [line(_mark(view), " ", bold(clip(view.title, 60))), line("id ", code(bot_id))]
    rows = (
        (show("📝 Config", "config", bot=bot_id), show("✏️ Edit …", "edit", bot=bot_id)),
        (show("🏷 Rename …", "rename", bot=bot_id), Button("⧉ Duplicate …", "duplicate", {"bot": bot_id})),
        (show("◀ Back", "bot", bot=bot_id), show("◀ Home", "home")),
    )
    return View(card(blocks), rows)


@screen("rename", Role.TRADER)
async def rename_screen(ctx: Context, args: Args) -> View:
    """Asks for a bot's new name."""
    bot_id = str(args["bot"])
    view = await ctx.services.bots.one(ctx.actor, bot_id)
    blocks = [
        bold("🏷 Rename"),
        line("Now: ", view.title if view is not None else bot_id),
        italic("Send the new name as a message, up to 200 characters."),
    ]
    return View(card(blocks), ((show("◀ Keep it", "bot_more", bot=bot_id),),), Expects("rename", {"bot": bot_id}, "the new name"))


@action("rename", Role.TRADER, Danger.CHANGE)
async def rename(ctx: Context, args: Args) -> Outcome:
    bot_id = str(args["bot"])
    taken = await ctx.services.bots.rename(ctx.actor, bot_id, str(args["text"]), ctx.claim)
    return Show("bot", {"bot": bot_id}, toast=f"It is called {taken} now")
