"""Stopping bots: one chooser, used everywhere, that says what each way does with the numbers of this moment; and starting one again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from condor.services.confirms import Frozen
from condor.users import Role
from condor.views import ExitLine, ExitView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.screens import bots
from handlers.view import Button, Outcome, Show, View, show

MAX_LISTED = 6


def bots_of(args: Args) -> list[str]:
    """Which bots a card is about: one, or several that were selected."""
    return [str(bot_id) for bot_id in args["bots"]] if "bots" in args else [str(args["bot"])]


def card_of(bot_ids: Sequence[str]) -> Show:
    """The card that shows these bots."""
    return Show("bot", {"bot": bot_ids[0]}) if len(bot_ids) == 1 else Show("bots")


@command("stop", "stop a bot: pause it, close its positions, or keep them", "[BOT | all]", Role.OPERATOR)
async def stop_command(ctx: Context, arguments: list[str]) -> Show:
    running = [view.bot_id for view in ctx.services.bots.running() if view.state == "running"]
    is_all = [word.lower() for word in arguments] == ["all"]
    if is_all and running:
        return Show("stop", {"bots": running})
    if arguments and not is_all:
        return Show("stop", {"bot": ctx.services.bots.find(" ".join(arguments))})
    return Show("stop", {"bot": running[0]}) if len(running) == 1 else Show("stop_which")


@screen("stop_which", Role.OPERATOR)
async def stop_which(ctx: Context, args: Args) -> View:
    """Which bot is to be stopped."""
    running = [view for view in ctx.services.bots.running() if view.state == "running"]
    if not running:
        return View(card([bold("Nothing to stop"), "No bot is running."]), ((show("🤖 Bots", "bots"), show("◀ Home", "home")),))
    rows = [(show(f"⏹ {clip(view.title, 30)}", "stop", bot=view.bot_id),) for view in running[:20]]
    return View(card([bold("Stop which bot?")]), (*rows, (show("☑ Several …", "bots", picking=True), show("◀ Home", "home"))))


# ---- the chooser ---------------------------------------------------------------------------------------------------
@screen("stop", Role.OPERATOR)
async def stop(ctx: Context, args: Args) -> View:
    """What each way of stopping does, with the numbers of this moment."""
    bot_ids = bots_of(args)
    view = ctx.services.exits.view(ctx.actor, bot_ids)
    if not view.bots:
        return await _nothing_left(ctx, bot_ids)
    ids = [bot.bot_id for bot in view.bots]
    worth = held_worth(view.lines)
    blocks: list[object] = [_head(view), pairs(_numbers(view))]
    blocks += [_held(item) for item in view.lines[:MAX_LISTED]]
    if len(view.lines) > MAX_LISTED:
        blocks.append(f"… and {len(view.lines) - MAX_LISTED} more positions")
    blocks += _effects(view, worth)
    is_real = any(bot.mode == "live" for bot in view.bots)
    amount = f": {worth}" if is_real and view.lines else ""
    rows: list[tuple[Button, ...]] = [(replace(_back(bot_ids), text="◀ Do not stop"),)]
    if not all(bot.paused_by for bot in view.bots):
        rows.append((Button("⏸ Pause entries", "pause_bots", {"bots": ids}, confirm=True),))
    rows += [
        (Button("✋ Stop, keep positions", "stop_bot", {"bots": ids, "keep": True}, confirm=True),),
        (Button(f"⏹ Stop and close at market{amount}", "stop_bot", {"bots": ids, "keep": False}, style="danger", confirm=True, by_price=True),),
        (show("🔄 Fresh numbers", "stop", **dict(args)),),
    ]
    return View(card(blocks), tuple(rows), frozen=Frozen(", ".join(ids), view.version, view.prices, view.pace))


def _back(bot_ids: Sequence[str]) -> Button:
    where = card_of(bot_ids)
    return show("◀ Back", where.screen, **dict(where.args))


async def _nothing_left(ctx: Context, bot_ids: Sequence[str]) -> View:
    """They run no more, or are stopping already."""
    if len(bot_ids) > 1:
        return replace(await bots.bots(ctx, {}), gone="None of them runs any more.")
    found = await ctx.services.bots.one(ctx.actor, bot_ids[0])
    view = await bots.bot(ctx, {"bot": bot_ids[0]})
    return replace(view, gone="This bot is gone." if found is None else f"It is {found.state} already.")


def _head(view: ExitView) -> object:
    if len(view.bots) == 1:
        bot = view.bots[0]
        return line(bold("⏹ Stop "), bold(clip(bot.title, 40)), f"? ({words.MODES.get(bot.mode, bot.mode)})")
    names = ", ".join(clip(bot.title, 24) for bot in view.bots[:MAX_LISTED])
    more = f" and {len(view.bots) - MAX_LISTED} more" if len(view.bots) > MAX_LISTED else ""
    kinds = " and ".join(words.MODES.get(mode, mode) for mode in sorted({bot.mode for bot in view.bots}))
    return line(bold(f"⏹ Stop {len(view.bots)} bots"), f"? ({kinds})\n{names}{more}")


def _numbers(view: ExitView) -> list[tuple[str, str]]:
    rows = [
        ("Orders to cancel", f"{view.entries + view.exits} ({words.plural(view.entries, 'entry', 'entries')})"),
        ("Positions", held_worth(view.lines) if view.lines else "none"),
    ]
    if view.lines:
        rows.append(("Closing costs about", closing_cost(view.lines)))
    if view.held:
        rows.append(("Held, unwatched", held_worth(view.held)))
    return rows


def _held(item: ExitLine) -> object:
    name = item.market.partition(":")[2]
    cost = f", closing costs about {words.money(item.cost)} {item.quote}"
    return line(f"• {'long' if item.amount > 0 else 'short'} ", words.amount(abs(item.amount)), f" {name} at {words.price(item.price)}{cost}")


def _effects(view: ExitView, worth: str) -> list[object]:
    orders = words.plural(view.entries + view.exits, "order")
    held = f"{worth} stays open, and nobody watches it: no stop loss, no take profit" if view.lines else "nothing is held now"
    closed = f"{worth} is closed at market, for about {closing_cost(view.lines)}" if view.lines else "nothing is held now"
    warning = "A position that opens meanwhile has no stop loss, no take profit." if not view.lines else ""
    return [
        line(bold("Pause"), f": {words.plural(view.entries, 'entry order')} cancelled, no new ones; positions keep their stops and take profits."),
        line(bold("Keep"), f": {orders} cancelled; {held}. {warning}"),
        line(bold("Close"), f": {orders} cancelled; {closed}."),
    ]


def held_worth(lines: Sequence[ExitLine]) -> str:
    """What is held, by its absolute worth in each quote asset; "?" where a price is not known."""
    return _by_quote(lines, lambda item: None if item.price is None else abs(item.amount) * item.price)


def closing_cost(lines: Sequence[ExitLine]) -> str:
    """What closing all of it at market costs now."""
    return _by_quote(lines, lambda item: item.cost)


def _by_quote(lines: Sequence[ExitLine], value_of: Any) -> str:
    sums: dict[str, Decimal | None] = {}
    for item in lines:
        before, value = sums.get(item.quote, Decimal(0)), value_of(item)
        sums[item.quote] = None if before is None or value is None else before + value
    return " + ".join(f"{words.money(total)} {quote}" for quote, total in sorted(sums.items()))


@action("stop_bot", Role.OPERATOR, Danger.CONFIRM)
async def stop_bot(ctx: Context, args: Args) -> Outcome:
    """Stop bots as their chooser said."""
    bot_ids = [str(bot_id) for bot_id in args["bots"]]
    count, problems = await ctx.services.exits.stop(ctx.actor, bot_ids, ctx.claim, keep_position=bool(args["keep"]))
    toast = "Stopping" if len(bot_ids) == 1 else f"{words.plural(count, 'bot')} stopping"
    return replace(card_of(bot_ids), toast="; ".join([toast, *problems]))


# ---- start again ---------------------------------------------------------------------------------------------------
@screen("again", Role.TRADER)
async def again(ctx: Context, args: Args) -> View:
    """What starting a bot again with real money means."""
    bot_id = str(args["bot"])
    view = await ctx.services.bots.one(ctx.actor, bot_id)
    if view is None or view.state != "stopped":
        return replace(await bots.bot(ctx, {"bot": bot_id}), gone="It is not stopped any more.")
    blocks = [line(bold("💵 Start "), bold(clip(view.title, 40)), bold(" again with real money?")), line("It trades ", ", ".join(view.markets), ".")]
    blocks += [line("✋ it still holds ", words.amount(position.amount), f" {position.trading_pair}") for position in view.positions]
    start = Button("▶ Trade for real again", "start_again_live", {"bot": bot_id}, style="danger", confirm=True, by_price=True)
    configs = await ctx.services.bots.configs(ctx.actor, bot_id)
    version = " ".join([view.state, *(f"{config.controller_id}:{config.version}" for config in configs)])
    frozen = Frozen(bot_id, version, prices_of(ctx, view.markets, view.mode))
    return View(
        card(blocks), ((show("◀ Leave it stopped", "bot", bot=bot_id),), (start,), (show("🔄 Fresh numbers", "again", bot=bot_id),)), frozen=frozen
    )


def prices_of(ctx: Context, markets: Sequence[str], mode: str) -> Mapping[str, Decimal | None]:
    """Mids of those of these markets that are open."""
    return {item.market: item.mid for item in ctx.services.overview.markets(ctx.actor) if item.market in markets and item.mode == mode}


@action("start_again", Role.TRADER, Danger.CHANGE)
async def start_again(ctx: Context, args: Args) -> Outcome:
    """Start a stopped paper bot again; one with real money asks first."""
    bot_id = str(args["bot"])
    found = await ctx.services.bots.one(ctx.actor, bot_id)
    if found is not None and found.mode == "live":
        return Show("again", {"bot": bot_id})
    view = await ctx.services.bots.start_again(ctx.actor, bot_id, ctx.claim)
    return Show("bot", {"bot": view.bot_id}, toast="Started")


@action("start_again_live", Role.TRADER, Danger.CONFIRM, waits="The venue is being asked …")
async def start_again_live(ctx: Context, args: Args) -> Outcome:
    view = await ctx.services.bots.start_again(ctx.actor, str(args["bot"]), ctx.claim)
    return Show("bot", {"bot": view.bot_id}, toast="Started")
