"""The wizard: one engine for every controller, script and executor; the questions come from its config model."""

from __future__ import annotations

from collections import Counter

from condor.approvals import ApprovalNeeded
from condor.errors import UserError
from condor.forms import PairUnknown, Several
from condor.services.draft_views import StepView
from condor.store.drafts import Draft
from condor.store.panels import EXPECT_TTL_MS, AlreadyDone
from condor.units import Ambiguous
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, quote
from handlers.registry import action, command, screen
from handlers.screens import wizard_review
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

HINTS = {
    "ratio": "Type a percentage such as 0.4% or 25bp.",
    "ratios": "Type percentages such as 0.1%, 0.2%.",
    "ratio_list": "Type percentages such as 0.1%, 0.2%.",
    "numbers": "Type numbers such as 100, 200, 300.",
    "seconds": "Type a time such as 45s, 15m or 1h30m.",
    "quote": "Type an amount such as 500, $1,500 or 2k, or a share of the balance such as 25%.",
    "base": "Type an amount, or a share of the balance such as 25%.",
    "times": "Type a whole number such as 5.",
    "pair": "Tap a pair or type one, such as btc/usdt.",
    "market": "Type venue and pair, such as binance btc/usdt.",
    "connector": "Tap a venue or type its name.",
}


# ---- begin ---------------------------------------------------------------------------------------------------------
@command("new", "set up a new bot, or go on with a draft", "[CONTROLLER]", Role.TRADER)
async def new_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments:
        return Show("new")
    found = ctx.services.drafts.kinds.named(arguments[0].lower())
    return await _begun(ctx, found[0]) if len(found) == 1 else Show("new", {"of": arguments[0].lower()[:40]})


@command("x", "executors; /x new sets one up by hand", "[new [KIND] | BOT]", Role.VIEWER)
async def x_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments or arguments[0].lower() != "new":
        return Show("executors", {"bot": ctx.services.bots.find(" ".join(arguments))} if arguments else {})
    return await _begun(ctx, f"executors.{arguments[1].lower()}") if len(arguments) > 1 else Show("new_executor")


async def _begun(ctx: Context, name: str) -> Show:
    """The first question about a controller; before that, whether its file may run at all."""
    try:
        draft = await ctx.services.drafts.begin(ctx.actor, name)
    except ApprovalNeeded:
        return Show("code", {"controller": name})
    return Show("draft", {"draft": draft.draft_id})


@screen("new", Role.TRADER)
async def new(ctx: Context, args: Args) -> View:
    """Which controller, or which draft to go on with."""
    blocks: list[object] = [bold("➕ New bot"), "Which strategy?"]
    rows: list[tuple[Button, ...]] = []
    wanted = ctx.services.drafts.kinds.named(str(args["of"])) if args.get("of") else None
    for name, summary in ctx.services.drafts.controllers():
        if wanted is not None and name not in wanted:
            continue
        blocks.append(line(bold(name), ": ", summary))
        rows.append((Button(name, "begin", {"controller": name}, style="primary"),))
    rows.append((show("⚙️ An executor by hand …", "new_executor"),) if wanted is None else (show("➕ All strategies", "new"),))
    now_ms = ctx.now_ms()
    for draft in await ctx.services.drafts.unfinished(ctx.actor):
        rows.append((show(clip(f"↪ continue {_of(draft)}, {words.ago((now_ms - draft.updated_ms) / 1000)} ago", 44), "draft", draft=draft.draft_id),))
    blocks.append(italic("You can also send a controller's YAML file."))
    return View(card(blocks), (*rows, (show("◀ Home", "home"),)))


def _of(draft: Draft) -> str:
    """What a draft is of, in a word or two."""
    name = draft.controller_name.removeprefix("executors.")
    pair = draft.answers.get("trading_pair") or draft.answers.get("maker_trading_pair") or ""
    return f"{name} {pair}".strip()


@screen("new_executor", Role.TRADER)
async def new_executor(ctx: Context, args: Args) -> View:
    """Which executor."""
    blocks: list[object] = [bold("⚙️ An executor by hand"), "It runs in a bot of its own, which ends with it. Which kind?"]
    rows = []
    for name, summary in ctx.services.drafts.kinds.executors():
        kind = name.rpartition(".")[2].removesuffix("_executor")
        blocks.append(line(bold(kind), ": ", summary))
        rows.append(Button(kind, "begin", {"controller": name}, style="primary"))
    return View(card(blocks), (*rows_of(rows), (show("◀ New bot", "new"), show("◀ Home", "home"))))


@action("begin", Role.TRADER)
async def begin(ctx: Context, args: Args) -> Outcome:
    return await _begun(ctx, str(args["controller"]))


# ---- one question --------------------------------------------------------------------------------------------------
@screen("draft", Role.TRADER)
async def draft(ctx: Context, args: Args) -> View:
    """The question that a draft stands at, or its review."""
    draft_id = str(args["draft"])
    step = await ctx.services.drafts.step(draft_id, args.get("field"))
    if step is None:
        return wizard_review.view_of(await ctx.services.drafts.review(draft_id))
    return _question(step, args)


def _question(step: StepView, args: Args) -> View:
    question = step.question
    dots = "●" * step.number + "○" * (step.count - step.number) if step.number else "advanced"
    name = step.controller_name.removeprefix("executors.")
    blocks: list[object] = [line(bold(f"➕ {name}"), " ", dots), italic(f"{question.section} · {step.number} of {step.count}") if step.number else ""]
    blocks.append(bold(question.prompt))
    hint = HINTS.get(question.unit, "")
    if hint:
        blocks.append(italic(hint + (" Type off for none." if question.is_optional else "")))
    blocks.append(line("Now: ", bold(step.current), f" ({step.why})" if step.why else ""))
    if step.free:
        blocks.append(line("Balance: ", step.free))
    if args.get("noted"):
        blocks.append(line("✔ Noted: ", str(args["noted"])))
    if args.get("problem"):
        blocks.append(quote(line("⚠️ ", str(args["problem"]))))
    fixed = bool(args.get("field"))
    rows: list[tuple[Button, ...]] = [(_labelled(step, label, text, fixed),) for label, text in args.get("offers", ())]
    rows += [tuple(_answer(step, text, fixed) for text in args.get("readings", ()))] if args.get("readings") else []
    if step.presets:
        rows += rows_of([_labelled(step, label, text, fixed) for label, text in step.presets], 2)
    else:
        offered = question.choices or question.suggestions
        buttons = [_answer(step, text, fixed) for text in offered if text != step.current]
        rows += rows_of(buttons, 3 if max(map(len, offered), default=0) <= 10 else 2)
    if question.is_optional and step.current != "off":
        rows.append((_answer(step, "off", fixed),))
    rows += _onwards(step, fixed)
    return View(card(blocks), tuple(rows), Expects("answer", {"draft": step.draft_id, "field": question.name, "fixed": fixed}, question.label))


def _answer(step: StepView, text: str, fixed: bool) -> Button:
    return _labelled(step, text, text, fixed)


def _labelled(step: StepView, label: str, text: str, fixed: bool) -> Button:
    return Button(clip(label, 30), "answer", {"draft": step.draft_id, "field": step.question.name, "text": text, "fixed": fixed})


def _onwards(step: StepView, fixed: bool) -> list[tuple[Button, ...]]:
    """Next, Skip, Back, Review, Cancel."""
    at = {"draft": step.draft_id, "field": step.question.name, "fixed": fixed}
    rows: list[tuple[Button, ...]] = []
    if step.current != "-":
        rows.append((Button(f"Next ▶ keep {clip(step.current, 22)}", "keep", at),))
    if step.default not in ("-", step.current):
        rows.append((Button(f"⏭ Skip: default {clip(step.default, 20)}", "skip", at),))
    review = Button("⏭ Review", "go", {"draft": step.draft_id, "step": step.count})
    cancel = Button("✖ Cancel", "cancel_draft", {"draft": step.draft_id})
    if fixed:
        return [*rows, (show("◀ Back", "fields", draft=step.draft_id), review, cancel)]
    back = (Button("◀ Back", "go", {"draft": step.draft_id, "step": step.number - 2}),) if step.number > 1 else ()
    return [*rows, (*back, review, cancel), (show("⚙️ All fields", "fields", draft=step.draft_id), show("💾 Save draft", "new"))]


@action("answer", Role.TRADER)
async def answer(ctx: Context, args: Args) -> Outcome:
    """Take an answer; one that does not hold stays on the card with its reason."""
    draft_id, name, text = str(args["draft"]), str(args["field"]), str(args["text"])
    if args.get("is_loose"):
        others = await _others(ctx, draft_id)
        if others:
            return Show("which", {"text": text, "asked": [[draft_id, name if args.get("fixed") else ""], *others]}, is_new=True)
    at = {"draft": draft_id, **({"field": name} if args.get("fixed") else {})}
    try:
        # a typed line that comes again after a crash must not answer the question behind it
        claim = ctx.claim if "is_loose" in args else None
        draft = await ctx.services.drafts.answer(ctx.actor, draft_id, name, text, claim)
    except Several as error:
        return Show("draft", {**at, "problem": str(error), "offers": [list(offer) for offer in error.offers]})
    except Ambiguous as error:
        return Show("draft", {**at, "problem": str(error), "readings": list(error.readings)})
    except PairUnknown as error:
        return Show("draft", {**at, "problem": str(error), "readings": list(error.close)})
    except AlreadyDone:
        raise
    except UserError as error:
        return Show("draft", {**at, "problem": str(error)})
    noted = ctx.services.drafts.noted(draft, text)
    told = {"noted": noted} if noted else {}
    return Show("draft", {"draft": draft_id, **told}) if not args.get("fixed") else Show("fields", {"draft": draft_id, **told}, toast="Noted")


async def _others(ctx: Context, draft_id: str) -> list[list[str]]:
    """(draft, field of a card that asks for that one) of other drafts of this chat whose cards wait for a typed answer now."""
    unfinished = {draft.draft_id for draft in await ctx.services.drafts.unfinished(ctx.actor)} - {draft_id}
    found: dict[str, list[str]] = {}
    for panel in await ctx.services.panels.showing(ctx.actor, "draft", EXPECT_TTL_MS):
        other, field = str(panel.args.get("draft")), str(panel.args.get("field") or "")
        if other in unfinished and other not in found and await ctx.services.drafts.step(other, field or None) is not None:
            found[other] = [other, field]
    return list(found.values())


@screen("which", Role.TRADER)
async def which(ctx: Context, args: Args) -> View:
    """Several questions are open: which one a typed line answers."""
    text = str(args.get("text", ""))
    drafts = {str(draft_id): await ctx.services.drafts.draft(str(draft_id)) for draft_id, _ in args.get("asked", ())}
    alike = Counter(_of(draft) for draft in drafts.values())
    rows = []
    for draft_id, field in args.get("asked", ()):
        step = await ctx.services.drafts.step(str(draft_id), str(field) or None)
        if step is not None:
            draft = drafts[step.draft_id]
            of = _of(draft) if alike[_of(draft)] == 1 else f"{_of(draft)}, {words.ago((ctx.now_ms() - draft.updated_ms) / 1000)} ago"
            meant = {"draft": step.draft_id, "field": step.question.name, "text": text, "fixed": bool(field)}
            rows.append((Button(clip(f"{of}: {step.question.label}", 48), "answer", meant),))
    asked = line("Several questions are open. Which one does ", bold(clip(text, 40)), " answer?")
    return View(card([asked, italic("Reply to a card to answer it at once.")]), (*rows, (show("◀ None of them", "new"),)))


@action("keep", Role.TRADER)
async def keep(ctx: Context, args: Args) -> Outcome:
    """Go on with the present answer."""
    return await _after(ctx, args)


@action("skip", Role.TRADER)
async def skip(ctx: Context, args: Args) -> Outcome:
    """Go on with the default."""
    await ctx.services.drafts.reset(ctx.actor, str(args["draft"]), str(args["field"]))
    return await _after(ctx, args)


async def _after(ctx: Context, args: Args) -> Show:
    """The question behind one that was left as it is."""
    draft_id = str(args["draft"])
    step = await ctx.services.drafts.step(draft_id, str(args["field"]))
    if step is None or args.get("fixed"):
        return Show("fields", {"draft": draft_id})
    await ctx.services.drafts.go(draft_id, step.number)
    return Show("draft", {"draft": draft_id})


@action("go", Role.TRADER)
async def go(ctx: Context, args: Args) -> Outcome:
    await ctx.services.drafts.go(str(args["draft"]), int(args["step"]))
    return Show("draft", {"draft": str(args["draft"])})


@action("cancel_draft", Role.TRADER)
async def cancel_draft(ctx: Context, args: Args) -> Outcome:
    await ctx.services.drafts.cancel(ctx.actor, str(args["draft"]))
    return Show("home", toast="Nothing was started")
