"""Backtest 7d: a draft tried on the candles of the last days."""

from __future__ import annotations

from condor.services.trials import TrialView
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, italic, line, pairs, quote
from handlers.registry import action, screen
from handlers.view import Button, Outcome, Show, View, show


@action("try_draft", Role.TRADER)
async def try_draft(ctx: Context, args: Args) -> Outcome:
    """Begin a backtest; the card shows how it comes on."""
    draft_id = str(args["draft"])
    await ctx.services.drafts.begin_trial(ctx.actor, draft_id)
    return Show("trial", {"draft": draft_id})


@screen("trial", Role.TRADER)
async def trial(ctx: Context, args: Args) -> View:
    """The backtest of a draft."""
    draft_id = str(args["draft"])
    view = await ctx.services.drafts.trial(draft_id)
    again = Button("🧪 Run it again", "try_draft", {"draft": draft_id})
    back = show("◀ Review", "draft", draft=draft_id)
    blocks: list[object] = [bold("🧪 Backtest, 7 days")]
    if view is None:
        return View(card([*blocks, "There is no result for these answers: it was ended with the program, or they have changed."]), ((again, back),))
    if view.state == "running":
        return View(card([*blocks, line("⏳ ", view.note)]), ((show("🔄 Refresh", "trial", draft=draft_id), back),), is_live=True)
    blocks += [pairs(_figures(view))] if view.summary else []
    blocks.append(quote(line("⚠️ ", view.note)) if view.state == "failed" else italic(view.note))
    blocks += [italic("Fees as the venue's, opening balance as condor.yml says. The past promises nothing.")] if view.state == "done" else []
    return View(card(blocks), ((again, back),))


def _figures(view: TrialView) -> list[tuple[str, str]]:
    found = view.summary
    number = words.number
    quote_asset = str(found["quote"])
    percent = number(found, "net_pnl_pct")
    win_rate = number(found, "win_rate")
    rows = [
        ("Net result", f"{words.money(number(found, 'net_pnl_quote'), signed=True)} {quote_asset}"),
        ("  of the balance", "?" if percent is None else f"{percent:+.2f} %"),
        ("Fees", words.money(number(found, "fees_quote"))),
        ("Volume", words.money(number(found, "volume_quote"))),
        ("Trades", f"{found['trades']}, {found['fills']} fills"),
        ("Won", "-" if win_rate is None else f"{win_rate * 100:.0f} %"),
        ("Max drawdown", f"{float(found['max_drawdown_quote']):.2f} ({float(found['max_drawdown_pct']):.2f} %)"),
    ]
    return rows + [(words.close_type(kind), str(count)) for kind, count in found["close_types"].items()]
