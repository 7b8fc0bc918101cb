"""`/alerts`: what this chat hears, of which bot, how loudly. Every word that is typed has a button, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from condor.alerts.events import EVENTS, Level
from condor.alerts.rules import ANY, Rule, Subject, wished
from condor.errors import UserError, nearest
from condor.services.alerts import CLOSE_TYPES, SEVERITIES, AlertsView
from condor.units import amount, duration
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs, table
from handlers.registry import action, command, screen
from handlers.screens.balances import typed_balance
from handlers.screens.settings import quiet_text, set_quiet
from handlers.view import Button, Outcome, Show, View, rows_of, show

MARKS = {Level.ON: "🔔", Level.SILENT: "🔕", Level.DIGEST: "📅", Level.OFF: "✖"}
USUAL_TYPES = ("TAKE_PROFIT", "STOP_LOSS", "TRAILING_STOP", "TIME_LIMIT", "EARLY_STOP", "POSITION_HOLD")
MUTES = (3600, 4 * 3600, 86_400)
LISTED = 12

USAGE = (
    "[EVENT[:CLOSE_TYPE] [BOT] on|silent|digest|off|default] | mute [BOT] 1h | unmute [BOT] | min $1 | quiet 23-07 | topic ID|off [SEVERITY] [BOT] | "
    "balance [ACCOUNT [ASSET 500|off]]"
)


# ---- typed -------------------------------------------------------------------------------------------------------------
@command("alerts", "what this chat is told, of which bot and how loudly; mute, quiet hours", USAGE)
async def alerts_command(ctx: Context, arguments: list[str]) -> Show:
    """`/alerts`, `/alerts closed:TAKE_PROFIT silent`, `/alerts closed my-bot digest`, `/alerts mute my-bot 1h`."""
    if not arguments:
        return Show("alerts")
    word, rest = arguments[0].lower(), arguments[1:]
    if word == "balance" and not (len(rest) in (1, 2) and rest[-1].lower() in (*Level, "default")):
        # `/alerts balance off`, `/alerts balance my-bot off` are about the level of the alert
        return await typed_balance(ctx, rest)
    typed = {"mute": _mute, "unmute": _unmute, "min": _min, "quiet": set_quiet, "topic": _topic}.get(word)
    if typed is not None:
        await typed(ctx, rest)
        return Show("alerts")
    return await _rule(ctx, arguments[0], rest)


async def _rule(ctx: Context, what: str, rest: list[str]) -> Show:
    """`EVENT[:CLOSE_TYPE] [BOT] LEVEL`; without a level the event's card."""
    event, _, close_type = what.partition(":")
    event, close_type = event.lower(), close_type.upper().replace("-", "_") or ANY
    if event == "all":
        event = ANY
    elif event == "exit":
        event = "closed"
    if event != ANY and event not in EVENTS:
        others = "mute, unmute, min, quiet, topic, balance ACCOUNT ASSET AMOUNT"
        raise UserError(f"there is no alert {event!r}{nearest(event, EVENTS)}; it is one of {', '.join(EVENTS)}, or {others}")
    if not rest:
        return Show("alerts_event", {"event": event}) if event != ANY else Show("alerts")
    bot_id = _bot(ctx, rest[:-1])
    await ctx.services.alerts.set_level(ctx.actor, event, bot_id, close_type, _level(rest[-1]), ctx.claim)
    return Show("alerts_event", {"event": event, "bot": bot_id}) if event != ANY else Show("alerts")


def _bot(ctx: Context, names: list[str]) -> str:
    """The bot whose name was typed; all where none was."""
    return ctx.services.bots.find(" ".join(names)) if names else ANY


def _level(text: str) -> Level | None:
    wanted = text.lower()
    if wanted == "default":
        return None
    if wanted not in {level.value for level in Level}:
        raise UserError(f"expected on, silent, digest, off or default, found {text!r}")
    return Level(wanted)


async def _mute(ctx: Context, rest: list[str]) -> None:
    if not rest:
        raise UserError("expected /alerts mute [BOT] TIME, such as /alerts mute 1h")
    await ctx.services.alerts.mute(ctx.actor, _bot(ctx, rest[:-1]), duration(rest[-1]), ctx.claim)


async def _unmute(ctx: Context, rest: list[str]) -> None:
    await ctx.services.alerts.mute(ctx.actor, _bot(ctx, rest), 0, ctx.claim)


async def _min(ctx: Context, rest: list[str]) -> None:
    await ctx.services.alerts.set_min_pnl(ctx.actor, amount(" ".join(rest)), ctx.claim)


async def _topic(ctx: Context, rest: list[str]) -> None:
    """`topic ID|off [SEVERITY] [BOT]`."""
    if not rest or not (rest[0].isdecimal() or rest[0].lower() == "off"):
        raise UserError("expected /alerts topic ID [critical|warning|trade|info] [BOT], or /alerts topic off; /whoami in a topic shows its id")
    severity = rest[1].lower() if len(rest) > 1 and rest[1].lower() in SEVERITIES else ANY
    names = rest[2:] if severity != ANY else rest[1:]
    await ctx.services.alerts.set_topic(ctx.actor, severity, _bot(ctx, names), int(rest[0]) if rest[0].isdecimal() else None, ctx.claim)


# ---- shown -------------------------------------------------------------------------------------------------------------
@screen("alerts")
async def alerts(ctx: Context, args: Args) -> View:
    """Every event with its level, what is muted, quiet hours."""
    view = await ctx.services.alerts.view(ctx.actor)
    levels = [(event.title, f"{level_of(view, name)}{_exceptions(view, name)}") for name, event in EVENTS.items()]
    blocks: list[object] = [bold("🔔 Alerts of this chat"), pairs(levels)]
    blocks.append(italic("What is critical is always told aloud, and again until somebody has seen it."))
    blocks += [
        line("🔕 ", bold(_of(view, mute.bot_id)), f" is silent for {words.ago((mute.until_ms - view.now_ms) / 1000)}") for mute in view.wishes.mutes
    ]
    blocks.append(quiet_text(view.wishes.prefs, is_now=view.is_quiet))
    if view.wishes.prefs.min_pnl:
        blocks.append(f"Results below {words.money(view.wishes.prefs.min_pnl)} are not told.")
    topics = [
        f"{'all' if severity == ANY else severity} of {_of(view, bot_id)} in {_topic_text(thread)}"
        for (severity, bot_id), thread in sorted(view.wishes.topics.items())
    ]
    if topics:
        blocks.append("Topics: " + ", ".join(topics))
    if view.unseen:
        blocks.append(line("🔴 ", bold(f"{words.plural(view.unseen, 'critical alert')} not seen yet")))
    blocks += [line("⚠️ ", f"The chat {name} takes no messages (blocked): alerts wait for it.") for name in view.dead]
    if view.is_webhook_on:
        blocks.append("A webhook hears of what is critical when Telegram is away.")
    events = [show(event.title, "alerts_event", event=name) for name, event in EVENTS.items()]
    mutes = [Button(f"🔕 all {words.ago(seconds)}", "alerts_mute", {"bot": ANY, "seconds": seconds}) for seconds in MUTES]
    if view.wishes.mutes:
        mutes = [
            Button(f"🔔 {clip(_of(view, mute.bot_id), 24)}", "alerts_mute", {"bot": mute.bot_id, "seconds": 0}) for mute in view.wishes.mutes[:3]
        ]
    last = (show("⚙️ Time and digests", "settings"), show("💲 Price alerts", "prices"), show("◀ Home", "home"))
    return View(card(blocks), (*rows_of(events), tuple(mutes), (show("🤖 One bot …", "alerts_bots"), show("🪫 Balances …", "balances")), last))


@screen("alerts_event")
async def event_screen(ctx: Context, args: Args) -> View:
    """One event, of all bots or of one: its level, and its close types where it has some."""
    name, bot_id = str(args.get("event", "closed")), str(args.get("bot", ANY))
    view = await ctx.services.alerts.view(ctx.actor, bot_id)
    event = EVENTS.get(name, EVENTS["closed"])
    now = level_of(view, event.name, bot_id)
    blocks: list[object] = [line("🔔 ", bold(event.title), f" · {_of(view, bot_id)}"), line("told: ", bold(f"{MARKS[now]} {now.value}"))]
    rows: list[tuple[Button, ...]] = [_levels(event.name, bot_id, ANY, now)]
    if event.name == "closed":
        found = [(words.close_type(kind), level_of(view, "closed", bot_id, kind).value) for kind in USUAL_TYPES]
        blocks += [italic("By how it closed:"), table(["close type", "told"], [list(row) for row in found])]
        rows += rows_of([show(f"{words.close_type(kind)} …", "alerts_type", bot=bot_id, type=kind) for kind in USUAL_TYPES])
    blocks.append(italic("on: aloud · silent: without sound · digest: once a day · off: not at all"))
    if event.name == "balance":
        rows.append((show("🪫 Which balances …", "balances"),))
    blocks += _rules(view, event.name)
    back = show("◀ Alerts", "alerts") if bot_id == ANY else show("◀ Bot", "alerts_bot", bot=bot_id)
    return View(card(blocks), (*rows, (back,)))


@screen("alerts_type")
async def type_screen(ctx: Context, args: Args) -> View:
    """One close type."""
    bot_id, kind = str(args.get("bot", ANY)), str(args.get("type", CLOSE_TYPES[0]))
    view = await ctx.services.alerts.view(ctx.actor, bot_id)
    now = level_of(view, "closed", bot_id, kind)
    blocks = [line("🔔 ", bold(f"Closed by {words.close_type(kind)}"), f" · {_of(view, bot_id)}"), line("told: ", bold(f"{MARKS[now]} {now.value}"))]
    return View(card(blocks), (_levels("closed", bot_id, kind, now), (show("◀ Closed", "alerts_event", event="closed", bot=bot_id),)))


@screen("alerts_bots")
async def bots_screen(ctx: Context, args: Args) -> View:
    """Which bot?"""
    running = ctx.services.bots.running()
    offset = max(0, min(int(args.get("offset", 0)), (len(running) - 1) // LISTED * LISTED))
    page = running[offset : offset + LISTED]
    blocks = [bold("🔔 Alerts of one bot"), "Which one?" if running else "No bot runs. /alerts closed NAME silent works for any."]
    turning = []
    if offset:
        turning.append(show("◀", "alerts_bots", offset=offset - LISTED))
    if offset + LISTED < len(running):
        turning.append(show("▶", "alerts_bots", offset=offset + LISTED))
    buttons = [show(clip(bot.title, 30), "alerts_bot", bot=bot.bot_id) for bot in page]
    return View(card(blocks), (*rows_of(buttons), *([tuple(turning)] if turning else []), (show("◀ Alerts", "alerts"),)))


@screen("alerts_bot")
async def bot_screen(ctx: Context, args: Args) -> View:
    """Every event of one bot, and its mute."""
    bot_id = str(args.get("bot", ""))
    view = await ctx.services.alerts.view(ctx.actor, bot_id)
    names = ("opened", "filled", "closed", "rejected", "orders", "barrier", "bots", "funding")
    muted = next((mute for mute in view.wishes.mutes if mute.bot_id == bot_id), None)
    blocks: list[object] = [line("🔔 ", bold(_of(view, bot_id)))]
    blocks.append(pairs([(EVENTS[name].title, level_of(view, name, bot_id).value) for name in names]))
    if muted is not None:
        blocks.append(f"🔕 silent for {words.ago((muted.until_ms - view.now_ms) / 1000)}")
    mutes = [Button(f"🔕 {words.ago(seconds)}", "alerts_mute", {"bot": bot_id, "seconds": seconds}) for seconds in MUTES]
    if muted is not None:
        mutes = [Button("🔔 Unmute", "alerts_mute", {"bot": bot_id, "seconds": 0})]
    events = [show(EVENTS[name].title, "alerts_event", event=name, bot=bot_id) for name in names]
    return View(card(blocks), (*rows_of(events), tuple(mutes), (show("◀ Bots", "alerts_bots"), show("◀ Alerts", "alerts"))))


# ---- acts --------------------------------------------------------------------------------------------------------------
@action("alerts_level")
async def set_level(ctx: Context, args: Args) -> Outcome:
    event, bot_id, kind = str(args["event"]), str(args["bot"]), str(args["type"])
    await ctx.services.alerts.set_level(ctx.actor, event, bot_id, kind, _level(str(args["level"])), ctx.claim)
    if kind != ANY:
        return Show("alerts_type", {"bot": bot_id, "type": kind})
    return Show("alerts_event", {"event": event, "bot": bot_id})


@action("alerts_mute")
async def mute(ctx: Context, args: Args) -> Outcome:
    bot_id, seconds = str(args["bot"]), int(args["seconds"])
    await ctx.services.alerts.mute(ctx.actor, bot_id, seconds, ctx.claim)
    return Show("alerts", toast="🔕 silent; what is critical is still told aloud" if seconds else "🔔 told aloud again")


# ---- words -------------------------------------------------------------------------------------------------------------
def level_of(view: AlertsView, event: str, bot_id: str = ANY, close_type: str = ANY) -> Level:
    """What the rules say of an event; of any bot, or any close type, where none is named."""
    return wished(Subject(event, "", "" if bot_id == ANY else bot_id, "" if close_type == ANY else close_type), view.wishes.rules)


def _exceptions(view: AlertsView, event: str) -> str:
    """Whether rules for single bots or close types say otherwise."""
    count = len(_particular(view, event))
    return f" +{count}" if count else ""


def _particular(view: AlertsView, event: str) -> list[Rule]:
    return [rule for rule in view.wishes.rules if rule.event == event and (rule.bot_id, rule.close_type) != (ANY, ANY)]


def _rules(view: AlertsView, event: str) -> list[object]:
    found = _particular(view, event)
    shown: list[object] = [f"• {_rule_text(view, rule)}" for rule in found[:LISTED]]
    return [*shown, f"… and {len(found) - LISTED} more"] if len(found) > LISTED else shown


def _rule_text(view: AlertsView, rule: Rule) -> str:
    kind = "" if rule.close_type == ANY else f" {words.close_type(rule.close_type)}"
    return f"{_of(view, rule.bot_id)}{kind}: {rule.level.value}"


def _of(view: AlertsView, bot_id: str) -> str:
    return "all bots" if bot_id == ANY else clip(view.titles.get(bot_id, bot_id), 40)


def _topic_text(thread_id: int) -> str:
    return f"topic {thread_id}" if thread_id > 0 else "the owner's chat (the topic is gone)"


def _levels(event: str, bot_id: str, close_type: str, now: Level) -> tuple[Button, ...]:
    args: Mapping[str, Any] = {"event": event, "bot": bot_id, "type": close_type}
    buttons = [Button(f"{'● ' if level is now else ''}{level.value}", "alerts_level", {**args, "level": level.value}) for level in Level]
    return (*buttons, Button("default", "alerts_level", {**args, "level": "default"}))
