"""Bots: the list, a bot's live panel, and how one is stopped or started again."""

from __future__ import annotations

from collections.abc import Sequence

from condor.users import Role
from condor.views import BotView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, esc, italic, line, pairs, quote
from handlers.registry import action, command, screen
from handlers.view import Button, Outcome, Show, View, show

PAGE = 8
CONFIRM_MS = 60_000


# ---- the list ------------------------------------------------------------------------------------------------------
@command("bots", "your bots, running and stopped")
async def bots_command(ctx: Context, arguments: list[str]) -> Show:
    if arguments:
        return Show("bot", {"bot": ctx.services.bots.find(" ".join(arguments))})
    return Show("bots")


@screen("bots")
async def bots(ctx: Context, args: Args) -> View:
    """All bots, a page at a time."""
    found = await ctx.services.bots.all(ctx.actor)
    offset = min(int(args.get("offset", 0)), max(0, (len(found) - 1) // PAGE * PAGE))
    page = found[offset : offset + PAGE]
    blocks: list[object] = [bold("🤖 Bots"), line(_counts(found))]
    blocks += [_line(bot) for bot in page]
    if not found:
        blocks.append(quote("No bots yet. Tap New bot."))
    rows: list[tuple[Button, ...]] = [(show(f"{words.STATE_MARKS.get(bot.state, '')} {clip(bot.title, 28)}", "bot", bot=bot.bot_id),) for bot in page]
    turning = [show("◀ Newer", "bots", offset=offset - PAGE)] if offset else []
    turning += [show("Older ▶", "bots", offset=offset + PAGE)] if offset + PAGE < len(found) else []
    if turning:
        rows.append(tuple(turning))
    rows.append((show("➕ New bot", "new"), show("🔄 Refresh", "bots", offset=offset), show("◀ Home", "home")))
    return View(card(blocks), tuple(rows))


def _counts(found: Sequence[BotView]) -> str:
    """How many run, and with what."""
    running = [bot for bot in found if bot.state in ("running", "stopping")]
    kinds = [
        f"{sum(bot.mode == mode for bot in running)} {words.MODES[mode]}" for mode in ("live", "paper") if any(bot.mode == mode for bot in found)
    ]
    return " · ".join([f"{len(running)} running of {len(found)}", *kinds])


def _line(bot: BotView) -> object:
    what = ", ".join(bot.controllers) or "?"
    where = ", ".join(market.partition(":")[2] for market in bot.markets)
    result = f"{words.result_mark(bot.net_pnl)} {words.money(bot.net_pnl, signed=True)} {bot.quote}"
    money = " 💵" if bot.mode == "live" else ""
    return line(words.STATE_MARKS.get(bot.state, ""), money, " ", bold(clip(bot.title, 40)), f" · {what} · {where} · {result}")


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
    last = (
        show("🔄 Refresh", "bot", bot=view.bot_id),
        Button("⧉ Duplicate", "duplicate", {"bot": view.bot_id}),
        show("🤖 Bots", "bots"),
        show("◀ Home", "home"),
    )
    if view.state == "running":
        own = (show("🗒 Details", "says", bot=view.bot_id), show("📝 Config", "config", bot=view.bot_id), show("⏹ Stop …", "stop", bot=view.bot_id))
        return (look, own, last)
    if view.state == "stopped":
        again = (
            show("💵 Start again for real …", "again", bot=view.bot_id)
            if view.mode == "live"
            else Button("▶ Start again (paper)", "start_again", {"bot": view.bot_id}, once=True, style="success")
        )
        return (look, (show("📝 Config", "config", bot=view.bot_id), again), last)
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
    return View(card(blocks), (*files, (show("◀ Back", "bot", bot=bot_id), show("◀ Home", "home"))))


def _plain(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else "off" if value is None else str(value)


# ---- stop and start ------------------------------------------------------------------------------------------------
@command("stop", "stop a bot: close its positions or keep them", "[BOT]", Role.OPERATOR)
async def stop_command(ctx: Context, arguments: list[str]) -> Show:
    if arguments:
        return Show("stop", {"bot": ctx.services.bots.find(" ".join(arguments))})
    running = ctx.services.bots.running()
    return Show("stop", {"bot": running[0].bot_id}) if len(running) == 1 else Show("stop_which")


@screen("stop_which", Role.OPERATOR)
async def stop_which(ctx: Context, args: Args) -> View:
    """Which bot is to be stopped."""
    running = [view for view in ctx.services.bots.running() if view.state == "running"]
    if not running:
        return View(card([bold("Nothing to stop"), "No bot is running."]), ((show("🤖 Bots", "bots"), show("◀ Home", "home")),))
    rows = [(show(f"⏹ {clip(view.title, 30)}", "stop", bot=view.bot_id),) for view in running[:20]]
    return View(card([bold("Stop which bot?")]), (*rows, (show("◀ Home", "home"),)))


@screen("stop", Role.OPERATOR)
async def stop(ctx: Context, args: Args) -> View:
    """What each way of stopping does, with the numbers of this moment."""
    bot_id = str(args["bot"])
    view = await ctx.services.bots.one(ctx.actor, bot_id)
    if view is None or view.state != "running":
        return await bot(ctx, {"bot": bot_id})
    executors = [item for item in ctx.services.bots.executors(ctx.actor, bot_id) if item.is_trading]
    blocks: list[object] = [
        line(bold("⏹ Stop "), bold(clip(view.title, 40)), f"? ({words.MODES.get(view.mode, view.mode)})"),
        "No new orders in either case; resting orders are cancelled.",
    ]
    rows = [
        ("Executors", str(view.active)),
        ("with a position", str(view.trading)),
        ("open result", f"{words.money(view.unrealized, signed=True)} {view.quote}"),
    ]
    blocks.append(pairs(rows))
    blocks += [
        line(f"• {item.side} {item.trading_pair} from {words.price(item.entry_price)}: {words.money(item.net_pnl, signed=True)}")
        for item in executors[:8]
    ]
    blocks.append(line(bold("Close"), ": positions are closed at the market now."))
    blocks.append(line(bold("Keep"), ": positions stay open, and nobody watches them: no stop loss, no take profit."))
    at = ctx.now_ms()
    return View(
        card(blocks),
        (
            (show("◀ Do not stop", "bot", bot=bot_id),),
            (Button("⏹ Stop and close at market", "stop_bot", {"bot": bot_id, "keep": False, "at": at}, once=True, style="danger"),),
            (Button("✋ Stop, keep positions", "stop_bot", {"bot": bot_id, "keep": True, "at": at}, once=True),),
        ),
    )


@action("stop_bot", Role.OPERATOR)
async def stop_bot(ctx: Context, args: Args) -> Outcome:
    """Stop a bot as its chooser said; an old chooser shows its numbers anew instead."""
    bot_id = str(args["bot"])
    if ctx.now_ms() - int(args["at"]) > CONFIRM_MS:
        return Show("stop", {"bot": bot_id}, toast="A minute has passed: these are the numbers of now. Tap again.")
    await ctx.services.bots.stop(ctx.actor, bot_id, ctx.claim, keep_position=bool(args["keep"]))
    return Show("bot", {"bot": bot_id}, toast="Stopping")


@screen("again", Role.TRADER)
async def again(ctx: Context, args: Args) -> View:
    """What starting a bot again with real money means."""
    bot_id = str(args["bot"])
    view = await ctx.services.bots.one(ctx.actor, bot_id)
    if view is None or view.state != "stopped":
        return await bot(ctx, {"bot": bot_id})
    blocks = [line(bold("💵 Start "), bold(clip(view.title, 40)), bold(" again with real money?")), line("It trades ", ", ".join(view.markets), ".")]
    blocks += [line("✋ it still holds ", words.amount(position.amount), f" {position.trading_pair}") for position in view.positions]
    start = Button("▶ Trade for real again", "start_again", {"bot": bot_id}, once=True, style="danger")
    return View(card(blocks), ((show("◀ Leave it stopped", "bot", bot=bot_id),), (start,)))


@action("start_again", Role.TRADER)
async def start_again(ctx: Context, args: Args) -> Outcome:
    view = await ctx.services.bots.start_again(ctx.actor, str(args["bot"]), ctx.claim)
    return Show("bot", {"bot": view.bot_id}, toast="Started")
