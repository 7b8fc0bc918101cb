"""`/panic`: one card with two ways to stop everything, how far it is, and the way out for the owner. Its taps wait for nobody (see `handlers.processor`)."""

from __future__ import annotations

from condor.users import Role
from condor.views import PanicAccountView, PanicView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line
from handlers.registry import action, command, screen
from handlers.view import Button, Expects, Outcome, Show, Toast, View, show

PHASES = {"cancelling": "⏳ canceling", "frozen": "🧊 no order is open", "closing": "⏳ closing", "flat": "✔ flat, no order is open"}
MAX_LISTED = 6

UNWATCHED = line("⚠️ ", bold("What is held has no stop now, and nobody watches it"), ": STOP AND CLOSE ALL (/panic) closes it.")


@command("panic", "stop everything: entries off, orders canceled, positions closed if you say so", role=Role.OPERATOR)
async def panic_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("panic")


@screen("panic", Role.OPERATOR)
async def panic(ctx: Context, args: Args) -> View:
    """Before: what the two buttons do. After: how far it is."""
    view = ctx.services.panic.view()
    return _before() if view.goal is None else _after(view, is_owner=ctx.actor.role >= Role.OWNER)


def _before() -> View:
    blocks = [
        bold("🛑 Stop everything?"),
        line(
            bold("STOP EVERYTHING"),
            ": no bot opens anything from this moment on, all bots end, every order of this home is canceled, stops and take profits too. "
            "Positions stay, and nobody watches them then.",
        ),
        line(bold("STOP AND CLOSE ALL"), ": the same, and everything that bots hold is closed at market."),
        "Both hold over restarts until the owner releases them with a reason. What is not this home's is left alone; "
        "other Condor homes with orders, and positions on perpetuals that are not ours, are named.",
    ]
    return View(
        card(blocks),
        (
            (Button("🛑 STOP EVERYTHING", "panic_freeze", once=True, style="danger"),),
            (Button("🛑 STOP AND CLOSE ALL", "panic_flatten", once=True, style="danger"),),
            (show("◀ Leave it running", "home"),),
        ),
    )


def _after(view: PanicView, *, is_owner: bool) -> View:
    how = "everything is stopped and closed" if view.goal == "flatten" else "everything is stopped"
    head = f"🛑 Done: {how}" if view.is_done else f"🛑 Under way: {how.replace('is', 'is being', 1)}"
    blocks: list[object] = [bold(head), line("By ", view.by, f" at {words.clock_time(view.since_ms)}. New positions are off.")]
    if not view.accounts:
        blocks.append("Entries are off and cancels are on their way; accounts are being looked at.")
    if view.goal == "freeze" and any(account.positions for account in view.accounts):
        blocks.append(UNWATCHED)
    for account in view.accounts:
        blocks += account_blocks(account)
    blocks += [line("🔴 ", clip(text, 200)) for text in view.troubles]
    if not view.is_done:
        blocks.append(italic("It is tried again until it is so, also after a restart."))
    # nothing that acts stands where the buttons were that led here: a second tap must not do more
    rows: list[tuple[Button, ...]] = [(show("🔄 Refresh", "panic"), show("◀ Home", "home"))]
    if is_owner:
        rows.append((show("▶ Release …", "panic_release"),))
    if not view.is_done:
        rows.append((Button("👁 I know, stop telling", "panic_seen"),))
    if view.goal != "flatten":
        rows.append((Button("🛑 STOP AND CLOSE ALL", "panic_flatten", once=True, style="danger"),))
    return View(card(blocks), tuple(rows), is_live=not view.is_done)


def account_blocks(account: PanicAccountView) -> list[object]:
    """One account: phase, what is open, what is held, what stays and why."""
    blocks: list[object] = [line(bold(account.title), f" ({account.mode}): {PHASES.get(account.phase, account.phase)}")]
    for mark, texts in (("📄 ", account.orders), ("📦 ", account.positions), ("⚠️ ", account.left)):
        blocks += [line(mark, clip(text, 200)) for text in texts[:MAX_LISTED]]
        if len(texts) > MAX_LISTED:
            blocks.append(line(mark, f"and {len(texts) - MAX_LISTED} more"))
    if account.why:
        blocks.append(line("🟠 ", clip(account.why, 200)))
    return blocks


@action("panic_freeze", Role.OPERATOR)
async def panic_freeze(ctx: Context, args: Args) -> Outcome:
    await ctx.services.panic.begin(ctx.actor, ctx.claim, flatten=False)
    return Show("panic", toast="Entries are off, orders are being canceled")


@action("panic_flatten", Role.OPERATOR)
async def panic_flatten(ctx: Context, args: Args) -> Outcome:
    await ctx.services.panic.begin(ctx.actor, ctx.claim, flatten=True)
    return Show("panic", toast="Entries are off, everything is being closed")


@action("panic_seen", Role.OPERATOR)
async def panic_seen(ctx: Context, args: Args) -> Outcome:
    ctx.services.panic.acknowledge(ctx.actor)
    return Toast("It goes on; you are told when something changes")


# ---- the way out ---------------------------------------------------------------------------------------------------
@screen("panic_release", Role.OWNER)
async def release_screen(ctx: Context, args: Args) -> View:
    """Asks the owner why it may go on."""
    view = ctx.services.panic.view()
    if view.goal is None:
        return View(card([bold("Nothing is stopped by /panic.")]), ((show("◀ Home", "home"),),))
    blocks = [
        bold("▶ Release what /panic has stopped?"),
        line("Stopped by ", view.by, f" at {words.clock_time(view.since_ms)}."),
        "Bots may be started again then; none starts by itself. Send the reason as a message: what was wrong, and why it is right to go on.",
    ]
    if not view.is_done:
        blocks.append(line("⚠️ ", bold("It is not done yet"), ": what is left is not worked on any more after that."))
    return View(card(blocks), ((show("◀ Leave it stopped", "panic"),),), Expects("panic_release", {}, "the reason"))


@action("panic_release", Role.OWNER)
async def panic_release(ctx: Context, args: Args) -> Outcome:
    await ctx.services.step_up.require_fresh(ctx.actor)
    await ctx.services.panic.release(ctx.actor, str(args.get("text", "")), ctx.claim)
    return Show("home", toast="Released")
