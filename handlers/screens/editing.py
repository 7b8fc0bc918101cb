"""Live edit: fields of a running bot's config that may change, one by one or typed together; a card with old and new values asks before anything is changed."""

from __future__ import annotations

from typing import Any

from condor.errors import UserError
from condor.forms import PairUnknown
from condor.services.confirms import Frozen
from condor.services.edits import DiffView
from condor.units import Ambiguous
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, italic, line, quote
from handlers.registry import Danger, action, command, screen
from handlers.screens.wizard import HINTS
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

MAX_FIELDS = 40
KILL_SWITCH = "manual_kill_switch"


@command("edit", "change a bot while it runs", "[BOT [FIELD=VALUE ...]]", Role.TRADER)
async def edit_command(ctx: Context, arguments: list[str]) -> Show:
    """`/edit`, `/edit BOT`, `/edit BOT stop_loss=2% take_profit=1%`."""
    if not arguments:
        return Show("bots")
    bot_id, pieces = ctx.services.bots.find(arguments[0]), arguments[1:]
    if not pieces:
        return Show("edit", {"bot": bot_id})
    rows = await ctx.services.edits.controllers(ctx.actor, bot_id)
    if len(rows) > 1:
        raise UserError(f"{bot_id} has {len(rows)} controllers: choose one with /edit {bot_id}")
    changes = await ctx.services.edits.named(ctx.actor, bot_id, rows[0].controller_id, " ".join(pieces))
    at: dict[str, Any] = {"bot": bot_id, "controller": rows[0].controller_id}
    try:
        # what does not hold is said at once, and no card asks about it
        await ctx.services.edits.diff(ctx.actor, bot_id, rows[0].controller_id, changes)
    except Ambiguous as error:
        name = await ctx.services.edits.unclear(ctx.actor, bot_id, rows[0].controller_id, changes)
        others = {field: text for field, text in changes.items() if field != name}
        return Show("edit_field", {**at, "changes": others, "field": name, "problem": str(error), "readings": list(error.readings)})
    return Show("edit_apply", {**at, "changes": changes})


# ---- which field ---------------------------------------------------------------------------------------------------
@screen("edit", Role.TRADER)
async def edit(ctx: Context, args: Args) -> View:
    """The fields that may change while it runs, with their values of now."""
    bot_id = str(args["bot"])
    rows = await ctx.services.edits.controllers(ctx.actor, bot_id)
    back = show("◀ Back", "bot", bot=bot_id)
    if "controller" not in args and len(rows) > 1:
        listed = tuple((show(clip(row.controller_id, 40), "edit", bot=bot_id, controller=row.controller_id),) for row in rows[:MAX_FIELDS])
        return View(card([bold("✏️ Edit which controller?")]), (*listed, (back,)))
    controller_id = str(args.get("controller", rows[0].controller_id))
    changes = dict(args.get("changes", {}))
    at = {"bot": bot_id, "controller": controller_id, "changes": changes}
    fields = await ctx.services.edits.fields(ctx.actor, bot_id, controller_id)
    blocks: list[object] = [line(bold("✏️ Edit "), bold(clip(bot_id, 40))), "Which one? Nothing changes before you apply it."]
    if not fields:
        blocks.append("Nothing of it can change while it runs.")
    buttons = [
        show(clip(f"{item.question.label}: {changes.get(item.question.name, item.current)}", 38), "edit_field", **at, field=item.question.name)
        for item in fields[:MAX_FIELDS]
    ]
    review = ((show(f"✔ Review {words.plural(len(changes), 'change')}", "edit_apply", **at),),) if changes else ()
    return View(card(blocks), (*rows_of(buttons, 1), *review, (back, show("◀ Home", "home"))))


@screen("edit_field", Role.TRADER)
async def edit_field(ctx: Context, args: Args) -> View:
    """Asks for one value."""
    bot_id, controller_id, name = str(args["bot"]), str(args["controller"]), str(args["field"])
    at = {"bot": bot_id, "controller": controller_id, "changes": dict(args.get("changes", {}))}
    item = next((each for each in await ctx.services.edits.fields(ctx.actor, bot_id, controller_id) if each.question.name == name), None)
    back = show("◀ Back", "edit", **at)
    if item is None:
        return View(card([bold("✏️ Edit"), f"{name} can't be changed while the bot runs."]), ((back,),))
    question = item.question
    blocks: list[object] = [line(bold("✏️ "), bold(question.label)), question.prompt]
    hint = HINTS.get(question.unit, "")
    if hint:
        blocks.append(italic(hint + (" Type off for none." if question.is_optional else "")))
    blocks.append(line("Now: ", bold(clip(item.current, 200))))
    if args.get("problem"):
        blocks.append(quote(line("⚠️ ", clip(str(args["problem"]), 400))))
    offered = list(args.get("readings", ())) or [text for text in (question.choices or question.suggestions) if text != item.current]
    if question.is_optional and item.current != "off":
        offered.append("off")
    buttons = [Button(clip(text, 30), "edit_answer", {**at, "field": name, "text": text}) for text in offered]
    return View(card(blocks), (*rows_of(buttons), (back,)), Expects("edit_answer", {**at, "field": name}, question.label))


@action("edit_answer", Role.TRADER)
async def edit_answer(ctx: Context, args: Args) -> Outcome:
    """Take a value into the edit; one that does not hold stays on the card with its reason. The bot is as it was."""
    bot_id, controller_id, changes = str(args["bot"]), str(args["controller"]), dict(args["changes"])
    at: dict[str, Any] = {"bot": bot_id, "controller": controller_id, "changes": changes}
    name, text = str(args["field"]), str(args["text"])
    try:
        await ctx.services.edits.diff(ctx.actor, bot_id, controller_id, {**changes, name: text})
    except Ambiguous as error:
        return Show("edit_field", {**at, "field": name, "problem": str(error), "readings": list(error.readings)})
    except PairUnknown as error:
        return Show("edit_field", {**at, "field": name, "problem": str(error), "readings": list(error.close)})
    except UserError as error:
        return Show("edit_field", {**at, "field": name, "problem": str(error)})
    return Show("edit_apply", {**at, "changes": {**changes, name: text}})


# ---- apply ---------------------------------------------------------------------------------------------------------
@screen("edit_apply", Role.TRADER)
async def edit_apply(ctx: Context, args: Args) -> View:
    """Old and new values, and the question whether that is right."""
    bot_id, controller_id, changes = str(args["bot"]), str(args["controller"]), dict(args["changes"])
    at = {"bot": bot_id, "controller": controller_id, "changes": changes}
    bot = await ctx.services.bots.one(ctx.actor, bot_id)
    more, drop = show("✏️ Change another", "edit", **at), show("✖ Discard", "bot", bot=bot_id)
    try:
        diff = await ctx.services.edits.diff(ctx.actor, bot_id, controller_id, changes)
    except UserError as error:
        return View(card([bold("✏️ This does not hold now"), quote(str(error))]), ((more, drop),), gone=str(error))
    if bot is None or bot.state == "stopping" or not diff.rows:
        told = (
            "It has these values already."
            if bot is not None and bot.state != "stopping"
            else "The bot is stopping."
            if bot is not None
            else "It is gone."
        )
        return View(card([bold("✏️ Nothing to change"), told]), ((more, drop),), gone=told)
    blocks: list[object] = [line(bold("✏️ Change "), bold(clip(bot.title, 40)), f"? ({words.MODES.get(bot.mode, bot.mode)})")]
    blocks += [line("• ", label, ": ", code(clip(before, 120)), " → ", code(clip(after, 120))) for _, label, before, after in diff.rows]
    blocks.append("It takes them over with its next decision, all at once." if diff.is_running else "It has them when it is started again.")
    apply = Button(
        f"✔ Apply {words.plural(len(diff.rows), 'change')}", "apply_edit", at, style="danger" if bot.mode == "live" else "success", confirm=True
    )
    return View(card(blocks), ((more,), (apply,), (drop,)), frozen=Frozen(f"{bot_id}/{controller_id}", _version(diff)))


def _version(diff: DiffView) -> str:
    return f"{diff.version} {diff.rows}"


@action("apply_edit", Role.TRADER, Danger.CONFIRM)
async def apply_edit(ctx: Context, args: Args) -> Outcome:
    bot_id, changes = str(args["bot"]), dict(args["changes"])
    bot = await ctx.services.bots.one(ctx.actor, bot_id)
    # more money, or more leverage, is like another start; its kill switch is like a pause and its end, which need none
    if bot is not None and bot.mode == "live" and not changes.keys() <= {KILL_SWITCH}:
        await ctx.services.step_up.require_fresh(ctx.actor)
    row = await ctx.services.edits.apply(ctx.actor, bot_id, str(args["controller"]), changes, ctx.claim)
    return Show("bot", {"bot": bot_id}, toast=f"Applied: version {row.version} of its config")
