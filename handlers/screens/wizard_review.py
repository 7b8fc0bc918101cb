"""The end of the wizard: the review of a draft, its fields to change, its start on paper or with real money."""

from __future__ import annotations

from dataclasses import replace

from condor.errors import UserError
from condor.forms import Several
from condor.services.confirms import Frozen
from condor.services.draft_views import ReviewView
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs, quote
from handlers.registry import Danger, action, screen
from handlers.screens.stopping import prices_of
from handlers.view import Button, Expects, Outcome, Show, View, show

PAGE = 14


def view_of(review: ReviewView) -> View:
    """The review card."""
    name = review.controller_name.removeprefix("executors.")
    blocks: list[object] = [line(bold(f"➕ {name}"), " · review · 📄 paper"), italic(review.summary)]
    if review.origin:
        blocks.append(italic(f"Made from {review.origin}."))
    blocks.append(pairs([(label, text) for _, label, text in review.answers]))
    if review.state != "open":
        blocks.append(f"This draft was {review.state} already.")
        return View(card(blocks), ((show("🤖 Bots", "bots"), show("◀ Home", "home")),))
    draft_id = review.draft_id
    back = Button("◀ Back", "go", {"draft": draft_id, "step": len(review.answers) - 1})
    cancel = Button("✖ Cancel", "cancel_draft", {"draft": draft_id})
    change, save = show("✏️ Change", "fields", draft=draft_id), show("💾 Save draft", "new")
    file = () if review.is_script else (Button("📄 YAML", "draft_yaml", {"draft": draft_id}),)
    blocks += _told(review)
    takes = Expects("search_fields", {"draft": draft_id, "from": "draft"})
    if review.problems:
        only_paper = ((_live(f"💵 Start LIVE at {clip(review.live.account, 20)} …", draft_id),),) if review.live is not None else ()
        return View(card(blocks), (*_mending(review), *only_paper, (change, *file, save), (back, cancel)), takes)
    start = Button("▶ Start (paper)", "start_draft", {"draft": draft_id}, once=True, style="success")
    trial = Button("🧪 Backtest 7d", "try_draft", {"draft": draft_id})
    looks = () if review.is_script else ((show("📈 Chart", "draft_chart", draft=draft_id), trial),)
    where = f" at {clip(review.live.account, 20)}" if review.live is not None else ""
    live = () if review.is_script else ((_live(f"💵 Start LIVE{where} …", draft_id),),)
    return View(card(blocks), ((start,), *looks, *live, (change, *file, save), (back, cancel)), takes)


def _live(text: str, draft_id: str) -> Button:
    """The way to real money: it only asks, and looks like what it leads to."""
    return replace(show(text, "live_draft", draft=draft_id), style="danger")


def _told(review: ReviewView) -> list[object]:
    """What it may do, why, what was looked at, and what is wrong."""
    blocks: list[object] = []
    if review.estimates:
        blocks += [bold("What it may do"), pairs(list(review.estimates))]
    blocks += [line("💡 ", reason) for reason in _reasons(review.why)]
    if review.preflight:
        blocks += [bold("✔ Looked at"), pairs(list(review.preflight))]
    return blocks + [quote(line("⚠️ ", problem.text)) for problem in review.problems]


def _reasons(why: tuple[tuple[str, str], ...]) -> list[str]:
    """What was worked out from the market, each reason once: `start price -4.5 %, end price +4.5 % of 65041 because ...`."""
    found: dict[str, list[str]] = {}
    for label, text in why:
        what, _, reason = text.partition(" because ")
        found.setdefault(reason, []).append(f"{label} {what}")
    return [f"{', '.join(whats)}, because {reason}" for reason, whats in found.items()]


def _mending(review: ReviewView) -> list[tuple[Button, ...]]:
    """One tap for everything that can be mended, and the way to each question that is open."""
    rows: list[tuple[Button, ...]] = []
    known = {name: label for name, label, _ in (*review.answers, *review.advanced)}
    for problem in review.problems[:6]:
        for fix in problem.fixes:
            changes = {"draft": review.draft_id, "changes": dict(fix.changes)}
            rows.append((Button(clip(f"🔧 {fix.label}", 40), "mend", changes, style="primary"),))
        if problem.field in known:
            rows.append((show(clip(f"✏️ {known[problem.field]}", 40), "draft", draft=review.draft_id, field=problem.field),))
    return rows


@action("mend", Role.TRADER)
async def mend(ctx: Context, args: Args) -> Outcome:
    """Take what mends a draft."""
    draft_id = str(args["draft"])
    await ctx.services.drafts.change(ctx.actor, draft_id, dict(args["changes"]))
    return Show("draft", {"draft": draft_id}, toast="Changed")


# ---- fields --------------------------------------------------------------------------------------------------------
@screen("fields", Role.TRADER)
async def fields(ctx: Context, args: Args) -> View:
    """Every field with its answer, to change one; a typed line searches them."""
    draft_id, search = str(args["draft"]), str(args.get("search", ""))
    review = await ctx.services.drafts.review(draft_id)
    listed = list(await ctx.services.drafts.fields(draft_id, search))
    offset = min(int(args.get("offset", 0)), max(0, (len(listed) - 1) // PAGE * PAGE))
    page = listed[offset : offset + PAGE]
    rows = [(show(clip(f"{label}: {text}", 38), "draft", draft=draft_id, field=name),) for name, label, text in page]
    name = review.controller_name.removeprefix("executors.")
    blocks: list[object] = [line(bold(f"➕ {name}"), " · change"), "Which one?"]
    blocks.append(italic(f"Fields with {search!r} in them." if search else "Type a word to search, or tp=0.4% sl=1% to set several."))
    if not listed:
        blocks.append(quote(f"No field has {search!r} in its name, question or answer."))
    blocks += [quote(line("⚠️ ", str(args["problem"])))] if args.get("problem") else []
    blocks += [quote(line("⚠️ ", fault)) for fault in review.faults]
    blocks += [line("✔ Noted: ", str(args["noted"]))] if args.get("noted") else []
    meant = [(Button(clip(label, 30), "answer", {"draft": draft_id, "field": "", "text": text}),) for label, text in args.get("offers", ())]
    at = {"draft": draft_id, "search": search}
    turning = [show("◀ Previous", "fields", **at, offset=offset - PAGE)] if offset else []
    turning += [show("More ▶", "fields", **at, offset=offset + PAGE)] if offset + PAGE < len(listed) else []
    last = [Button("✔ Review", "go", {"draft": draft_id, "step": len(review.answers)})]
    last += [show("✖ All fields", "fields", draft=draft_id)] if search else []
    return View(card(blocks), (*meant, *rows, *((tuple(turning),) if turning else ()), tuple(last)), Expects("search_fields", {"draft": draft_id}))


@action("search_fields", Role.TRADER)
async def search_fields(ctx: Context, args: Args) -> Outcome:
    """A line typed at the list of fields: answers as `tp=0.4%`, or words to search for."""
    draft_id, text = str(args["draft"]), str(args["text"])
    shown = str(args.get("from", "fields"))
    if "=" not in text:
        return Show("fields", {"draft": draft_id, "search": text.strip()[:40]})
    try:
        await ctx.services.drafts.answer(ctx.actor, draft_id, "", text)
    except Several as error:
        return Show("fields", {"draft": draft_id, "problem": str(error), "offers": [list(offer) for offer in error.offers]})
    except UserError as error:
        return Show("fields", {"draft": draft_id, "problem": str(error)})
    return Show(shown, {"draft": draft_id, **dict(args.get("with", {}))}, toast="Noted")


# ---- start ---------------------------------------------------------------------------------------------------------
@screen("live_draft", Role.TRADER)
async def live_draft(ctx: Context, args: Args) -> View:
    """What starting this draft with real money means; the amount stands on the button."""
    draft_id = str(args["draft"])
    review = await ctx.services.drafts.review(draft_id, mode="live")
    back = show("◀ Back", "draft", draft=draft_id)
    blocks: list[object] = [line(bold(f"💵 {review.controller_name}"), " · real money")]
    if review.state != "open":
        told = f"This draft was {review.state} already."
        return View(card([*blocks, told]), ((back,),), gone=told)
    if review.problems or review.live is None:
        blocks += [quote(line("⚠️ ", fault)) for fault in review.faults]
        blocks.append("Nothing was started. The draft is kept.")
        gone = review.faults[0] if review.faults else "No account of this venue is connected."
        return View(card(blocks), ((show("🔑 Keys", "keys"), back),), gone=gone)
    blocks.append(pairs([("Account", review.live.account), *((label, text) for _, label, text in review.answers)]))
    blocks += _told(review)
    if review.live.closed is not None:
        blocks.append(quote(line("⚠️ nothing can be opened there right now: ", review.live.closed)))
    amount = f"{words.money(review.live.total)} {review.live.quote}"
    start = Button(f"▶ Trade up to {amount} for real", "start_live", {"draft": draft_id}, style="danger", confirm=True, by_price=True)
    frozen = Frozen(draft_id, f"{review.state} {review.answers} {review.advanced}", prices_of(ctx, review.live.markets, "live"))
    return View(card(blocks), ((back,), (start,), (show("🔄 Fresh numbers", "live_draft", draft=draft_id),)), frozen=frozen)


@action("start_live", Role.TRADER, Danger.CONFIRM, waits="The venue is being asked …")
async def start_live(ctx: Context, args: Args) -> Outcome:
    """Start the bot of a draft with real money."""
    bot = await ctx.services.drafts.start(ctx.actor, str(args["draft"]), ctx.claim, mode="live")
    return Show("bot", {"bot": bot.bot_id}, toast=f"{bot.title} trades with real money now")


@action("start_draft", Role.TRADER)
async def start_draft(ctx: Context, args: Args) -> Outcome:
    """Start the bot of a draft; the card becomes its live panel."""
    bot = await ctx.services.drafts.start(ctx.actor, str(args["draft"]), ctx.claim)
    return Show("bot", {"bot": bot.bot_id}, toast=f"{bot.title} trades on paper now")


# ---- from what there is --------------------------------------------------------------------------------------------
@action("duplicate", Role.TRADER)
async def duplicate(ctx: Context, args: Args) -> Outcome:
    """A draft like this bot."""
    draft = await ctx.services.drafts.duplicate(ctx.actor, str(args["bot"]))
    return Show("draft", {"draft": draft.draft_id}, toast="A copy to change and start", is_new=True)
