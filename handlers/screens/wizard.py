"""The wizard: one engine for every controller; the questions come from its config model."""

from __future__ import annotations

from condor.approvals import ApprovalNeeded
from condor.errors import UserError
from condor.forms import PairUnknown
from condor.services.confirms import Frozen
from condor.services.drafts import ReviewView, StepView
from condor.units import Ambiguous
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs, quote
from handlers.registry import Danger, action, command, screen
from handlers.screens.stopping import prices_of
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

HINTS = {
    "ratio": "Type a percentage such as 0.4% or 25bp.",
    "ratios": "Type percentages such as 0.1%, 0.2%.",
    "seconds": "Type a time such as 45s, 15m or 1h30m.",
    "quote": "Type an amount such as 500, $1,500 or 2k.",
    "base": "Type an amount.",
    "times": "Type a whole number such as 5.",
    "pair": "Tap a pair or type one, such as btc/usdt.",
    "connector": "Tap a venue or type its name.",
}


# ---- begin ---------------------------------------------------------------------------------------------------------
@command("new", "set up a new bot", "[CONTROLLER]", Role.TRADER)
async def new_command(ctx: Context, arguments: list[str]) -> Show:
    if not arguments:
        return Show("new")
    return await _begun(ctx, arguments[0].lower())


async def _begun(ctx: Context, controller: str) -> Show:
    """The first question about a controller; before that, whether its file may run at all."""
    try:
        draft = await ctx.services.drafts.begin(ctx.actor, controller)
    except ApprovalNeeded:
        return Show("code", {"controller": controller})
    return Show("draft", {"draft": draft.draft_id})


@screen("new", Role.TRADER)
async def new(ctx: Context, args: Args) -> View:
    """Which controller, or which draft to go on with."""
    blocks: list[object] = [bold("➕ New bot"), "Which strategy?"]
    rows: list[tuple[Button, ...]] = []
    for name, summary in ctx.services.drafts.controllers():
        blocks.append(line(bold(name), ": ", summary))
        rows.append((Button(name, "begin", {"controller": name}, style="primary"),))
    now_ms = ctx.now_ms()
    for draft in await ctx.services.drafts.unfinished(ctx.actor):
        pair = draft.answers.get("trading_pair", "")
        label = f"↪ {draft.controller_name} {pair}, {words.ago((now_ms - draft.updated_ms) / 1000)} ago"
        rows.append((show(clip(label, 40), "draft", draft=draft.draft_id),))
    return View(card(blocks), (*rows, (show("◀ Home", "home"),)))


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
        return _review(await ctx.services.drafts.review(draft_id))
    return _question(step, args)


def _question(step: StepView, args: Args) -> View:
    question = step.question
    where = "●" * step.number + "○" * (step.count - step.number) if step.number else "advanced"
    blocks: list[object] = [line(bold(f"➕ {step.controller_name}"), " ", where), bold(question.prompt)]
    hint = HINTS.get(question.unit, "")
    if hint:
        blocks.append(italic(hint + (" Type off for none." if question.is_optional else "")))
    blocks.append(line("Now: ", bold(step.current)))
    if args.get("problem"):
        blocks.append(quote(line("⚠️ ", str(args["problem"]))))
    fixed = bool(args.get("field"))
    rows: list[tuple[Button, ...]] = [tuple(_answer(step, text, fixed) for text in args.get("readings", ()))] if args.get("readings") else []
    offered = question.choices or question.suggestions
    rows += rows_of([_answer(step, text, fixed) for text in offered if text != step.current], 3 if max(map(len, offered), default=0) <= 10 else 2)
    if question.is_optional and step.current != "off":
        rows.append((_answer(step, "off", fixed),))
    rows.append((Button(f"✔ Keep {clip(step.current, 24)}", "keep", {"draft": step.draft_id, "field": question.name, "fixed": fixed}),))
    rows.append(_moves(step))
    return View(card(blocks), tuple(rows), Expects("answer", {"draft": step.draft_id, "field": question.name, "fixed": fixed}))


def _answer(step: StepView, text: str, fixed: bool) -> Button:
    return Button(clip(text, 30), "answer", {"draft": step.draft_id, "field": step.question.name, "text": text, "fixed": fixed})


def _moves(step: StepView) -> tuple[Button, ...]:
    cancel = Button("✖ Cancel", "cancel_draft", {"draft": step.draft_id})
    review = Button("⏭ Review", "go", {"draft": step.draft_id, "step": step.count})
    if step.number > 1:
        return (Button("◀ Back", "go", {"draft": step.draft_id, "step": step.number - 2}), review, cancel)
    return (review, cancel)


@action("answer", Role.TRADER)
async def answer(ctx: Context, args: Args) -> Outcome:
    """Take an answer; one that does not hold stays on the card with its reason."""
    draft_id, field = str(args["draft"]), str(args["field"])
    at = {"draft": draft_id, **({"field": field} if args.get("fixed") else {})}
    try:
        await ctx.services.drafts.answer(ctx.actor, draft_id, field, str(args["text"]))
    except Ambiguous as error:
        return Show("draft", {**at, "problem": str(error), "readings": list(error.readings)})
    except PairUnknown as error:
        return Show("draft", {**at, "problem": str(error), "readings": list(error.close)})
    except UserError as error:
        return Show("draft", {**at, "problem": str(error)})
    return Show("draft", {"draft": draft_id}) if not args.get("fixed") else Show("fields", {"draft": draft_id}, toast="Noted")


@action("keep", Role.TRADER)
async def keep(ctx: Context, args: Args) -> Outcome:
    """Go on with the present answer."""
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
    await ctx.services.drafts.cancel(str(args["draft"]))
    return Show("home", toast="Nothing was started")


# ---- review --------------------------------------------------------------------------------------------------------
def _review(review: ReviewView) -> View:
    blocks: list[object] = [line(bold(f"➕ {review.controller_name}"), " · review · 📄 paper"), italic(review.summary)]
    blocks.append(pairs([(label, text) for _, label, text in review.answers]))
    if review.state != "open":
        blocks.append(f"This draft was {review.state} already.")
        return View(card(blocks), ((show("🤖 Bots", "bots"), show("◀ Home", "home")),))
    if review.estimates:
        blocks += [bold("What it may do"), pairs(list(review.estimates))]
    blocks += [quote(line("⚠️ ", fault)) for fault in review.faults]
    draft_id = review.draft_id
    change = show("✏️ Change", "fields", draft=draft_id)
    back = Button("◀ Back", "go", {"draft": draft_id, "step": len(review.answers) - 1})
    cancel = Button("✖ Cancel", "cancel_draft", {"draft": draft_id})
    if review.faults:
        return View(card(blocks), ((change,), (back, cancel)))
    start = Button("▶ Start (paper)", "start_draft", {"draft": draft_id}, once=True, style="success")
    live = (show(f"💵 Real money at {clip(review.live.account, 20)} …", "live_draft", draft=draft_id),) if review.live is not None else ()
    return View(card(blocks), ((start,), *((live,) if live else ()), (change, back, cancel)))


@screen("live_draft", Role.TRADER)
async def live_draft(ctx: Context, args: Args) -> View:
    """What starting this draft with real money means; the amount stands on the button."""
    draft_id = str(args["draft"])
    review = await ctx.services.drafts.review(draft_id, mode="live")
    back = show("◀ Back", "draft", draft=draft_id)
    blocks: list[object] = [line(bold(f"💵 {review.controller_name}"), " · real money")]
    if review.state != "open" or review.live is None:
        told = f"This draft was {review.state} already." if review.state != "open" else "No account of this venue is connected any more."
        return View(card([*blocks, told]), ((back,),), gone=told)
    blocks.append(pairs([("Account", review.live.account), *((label, text) for _, label, text in review.answers)]))
    blocks += [bold("What it may do"), pairs(list(review.estimates))] if review.estimates else []
    blocks += [quote(line("⚠️ ", fault)) for fault in review.faults]
    if review.faults:
        return View(card(blocks), ((back,),), gone=review.faults[0])
    if review.live.closed is not None:
        blocks.append(quote(line("⚠️ nothing can be opened there right now: ", review.live.closed)))
    amount = f"{words.money(review.live.total)} {review.live.quote}"
    start = Button(f"▶ Trade up to {amount} for real", "start_live", {"draft": draft_id}, style="danger", confirm=True, by_price=True)
    frozen = Frozen(draft_id, f"{review.state} {review.answers} {review.advanced}", prices_of(ctx, review.live.markets, "live"))
    return View(card(blocks), ((back,), (start,), (show("🔄 Fresh numbers", "live_draft", draft=draft_id),)), frozen=frozen)


@action("start_live", Role.TRADER, Danger.CONFIRM)
async def start_live(ctx: Context, args: Args) -> Outcome:
    """Start the bot of a draft with real money."""
    bot = await ctx.services.drafts.start(ctx.actor, str(args["draft"]), ctx.claim, mode="live")
    return Show("bot", {"bot": bot.bot_id}, toast=f"{bot.title} trades with real money now")


@screen("fields", Role.TRADER)
async def fields(ctx: Context, args: Args) -> View:
    """Every field with its answer, to change one."""
    review = await ctx.services.drafts.review(str(args["draft"]))
    listed = [*review.answers, *review.advanced]
    rows = [(show(clip(f"{label}: {text}", 38), "draft", draft=review.draft_id, field=name),) for name, label, text in listed]
    blocks: list[object] = [line(bold(f"➕ {review.controller_name}"), " · change"), "Which one?"]
    blocks += [quote(line("⚠️ ", fault)) for fault in review.faults]
    return View(card(blocks), (*rows, (Button("✔ Review", "go", {"draft": review.draft_id, "step": len(review.answers)}),)))


@action("start_draft", Role.TRADER)
async def start_draft(ctx: Context, args: Args) -> Outcome:
    """Start the bot of a draft; the card becomes its live panel."""
    bot = await ctx.services.drafts.start(ctx.actor, str(args["draft"]), ctx.claim)
    return Show("bot", {"bot": bot.bot_id}, toast=f"{bot.title} trades on paper now")
