"""Pause and resume: entries off and on, of one bot, of several, or of all; it holds over restarts."""

from __future__ import annotations

from dataclasses import replace

from condor.errors import UserError
from condor.services.confirms import Frozen
from condor.services.pauses import EVERYTHING
from condor.users import Role
from condor.views import PauseView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.screens.stopping import bots_of, card_of
from handlers.view import Button, Outcome, Show, View, show

MAX_LISTED = 6


def pause_lines(ctx: Context) -> list[object]:
    """What is paused, by whom and since when."""
    found = ctx.services.pauses.all(ctx.actor)
    blocks: list[object] = [_line(pause) for pause in found[:MAX_LISTED]]
    return [*blocks, f"… and {len(found) - MAX_LISTED} more are paused"] if len(found) > MAX_LISTED else blocks


def _line(pause: PauseView) -> object:
    what = bold(clip(pause.title, 40) if pause.bot_id else "All bots")
    return line("⏸ ", what, f" paused by {clip(pause.by, 40)} since {words.clock_time(pause.since_ms)}")


# ---- pause ---------------------------------------------------------------------------------------------------------
@command("pause", "no new entries; what is held keeps its exits", "[BOT | all]", Role.OPERATOR)
async def pause_command(ctx: Context, arguments: list[str]) -> Show:
    return _asked(ctx, arguments, "pause", [view.bot_id for view in ctx.services.bots.running() if view.state == "running" and not view.paused_by])


def _asked(ctx: Context, arguments: list[str], screen_name: str, candidates: list[str]) -> Show:
    if [word.lower() for word in arguments] == ["all"]:
        return Show(screen_name, {"bots": []})
    if arguments:
        return Show(screen_name, {"bot": ctx.services.bots.find(" ".join(arguments))})
    return Show(screen_name, {"bot": candidates[0]}) if len(candidates) == 1 else Show(screen_name, {"bots": []})


@screen("pause", Role.OPERATOR)
async def pause(ctx: Context, args: Args) -> View:
    """What pausing these bots would do; no bot named means all of them."""
    bot_ids, is_all = bots_of(args), not bots_of(args)
    running = [view.bot_id for view in ctx.services.bots.running()]
    view = ctx.services.exits.view(ctx.actor, running if is_all else bot_ids)
    present = {item.bot_id for item in ctx.services.pauses.all(ctx.actor)}
    back = _way_back(bot_ids)
    if (is_all and "" in present) or (not is_all and (not view.bots or all(item.paused_by for item in view.bots))):
        words_ = "All bots are paused already." if is_all else "It does not run." if not view.bots else "It is paused already."
        return View(card([bold("⏸ Pause"), words_, *pause_lines(ctx)]), ((show("▶ Resume …", "resume", **dict(args)),), (back,)), gone=words_)
    what = "all bots" if is_all else clip(view.bots[0].title, 40) if len(view.bots) == 1 else words.plural(len(view.bots), "bot")
    rows = [("Entry orders to cancel", str(view.entries)), ("Exits that stay", str(view.exits)), ("Positions that stay", str(len(view.lines)))]
    blocks: list[object] = [
        line(bold("⏸ Pause "), bold(what), "?"),
        pairs(rows),
        "No new entries until it is resumed, over restarts too. What is held keeps its stop losses, take profits and time limits.",
    ]
    if is_all:
        blocks.append("Bots that are started later are paused too.")
    elif len(view.bots) > 1:
        blocks.append(", ".join(clip(item.title, 24) for item in view.bots[:MAX_LISTED]))
    ids = [] if is_all else [item.bot_id for item in view.bots]
    button = Button(f"⏸ Pause {'all' if is_all else 'entries'} now", "pause_bots", {"bots": ids}, confirm=True)
    frozen = Frozen(", ".join(ids) or "all bots", f"{sorted(present)} {view.version if not is_all else ''}")
    return View(card(blocks), ((back,), (button,), (show("🔄 Fresh numbers", "pause", **dict(args)),)), frozen=frozen)


def _way_back(bot_ids: list[str]) -> Button:
    where = card_of(bot_ids) if bot_ids else Show("status")
    return show("◀ Leave it as it is", where.screen, **dict(where.args))


@action("pause_bots", Role.OPERATOR, Danger.CONFIRM)
async def pause_bots(ctx: Context, args: Args) -> Outcome:
    bot_ids = [str(bot_id) for bot_id in args["bots"]]
    count = await ctx.services.pauses.pause(ctx.actor, bot_ids or EVERYTHING, ctx.claim)
    if not bot_ids:
        return Show("status", toast="All bots are paused")
    return replace(card_of(bot_ids), toast="Paused" if len(bot_ids) == 1 else f"{words.plural(count, 'bot')} paused")


# ---- resume --------------------------------------------------------------------------------------------------------
@command("resume", "allow entries again", "[BOT | all]", Role.OPERATOR)
async def resume_command(ctx: Context, arguments: list[str]) -> Show:
    paused = ctx.services.pauses.all(ctx.actor)
    if not paused:
        raise UserError("nothing is paused")
    return _asked(ctx, arguments, "resume", [item.bot_id for item in paused if item.bot_id])


@screen("resume", Role.OPERATOR)
async def resume(ctx: Context, args: Args) -> View:
    """What resuming would do."""
    bot_ids = bots_of(args)
    paused = ctx.services.pauses.all(ctx.actor)
    meant = [item for item in paused if not bot_ids or item.bot_id in bot_ids]
    back = _way_back(bot_ids)
    everything = next((item for item in paused if not item.bot_id), None)
    if bot_ids and everything is not None:
        told = f"All bots are paused by {everything.by}: resume all of them."
        return View(card([bold("▶ Resume"), told]), ((show("▶ Resume all …", "resume", bots=[]),), (back,)), gone=told)
    if not meant:
        return View(card([bold("▶ Resume"), "It is not paused."]), ((back,),), gone="It is not paused any more.")
    blocks: list[object] = [bold("▶ Allow entries again?"), *(_line(item) for item in meant[:MAX_LISTED])]
    if len(meant) > MAX_LISTED:
        blocks.append(f"… and {len(meant) - MAX_LISTED} more")
    blocks.append("Bots decide anew with the next tick, and may open positions at once.")
    button = Button("▶ Resume all now" if not bot_ids else "▶ Resume now", "resume_bots", {"bots": bot_ids}, style="success", confirm=True)
    frozen = Frozen(", ".join(bot_ids) or "all bots", str(sorted((item.bot_id, item.since_ms) for item in meant)))
    return View(card(blocks), ((back,), (button,), (show("🔄 Refresh", "resume", **dict(args)),)), frozen=frozen)


@action("resume_bots", Role.OPERATOR, Danger.CONFIRM)
async def resume_bots(ctx: Context, args: Args) -> Outcome:
    bot_ids = [str(bot_id) for bot_id in args["bots"]]
    await ctx.services.pauses.resume(ctx.actor, bot_ids or EVERYTHING, ctx.claim)
    return replace(card_of(bot_ids) if bot_ids else Show("status"), toast="Resumed")
