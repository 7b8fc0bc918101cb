"""The home card, the way back to it, and the paper account's reset."""

from __future__ import annotations

from condor.services.confirms import Frozen
from condor.users import Role
from condor.views import AccountView, AssetView, PortfolioView, StatusView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs, quote
from handlers.links import linked
from handlers.parts import also_in_unit
from handlers.registry import Danger, action, command, screen
from handlers.screens.pausing import pause_lines
from handlers.view import Button, Outcome, Show, View, show

PAPER = "📄 Paper trading: no real money"


@screen("home")
async def home(ctx: Context, args: Args) -> View:
    """Equity, what runs, and where to go."""
    services = ctx.services
    portfolio = services.overview.portfolio(ctx.actor)
    running = services.bots.running()
    status = services.overview.status(ctx.actor)
    rows = [
        (
            "Equity (paper)" if status.venues else "Equity",
            f"{words.money(portfolio.equity)} {portfolio.currency}{'' if portfolio.is_complete else ' +?'}",
        ),
        *await also_in_unit(ctx, portfolio.equity, portfolio.currency),
        *await _today(ctx),
        *_change(portfolio),
    ]
    rows.append(("Running bots", str(len(running))))
    if running:
        rows.append(("Executors with a position", str(sum(bot.trading for bot in running))))
    blocks: list[object] = [bold("🦅 Condor"), *_accounts(status), pairs(rows)]
    blocks += [
        line(words.STATE_MARKS.get(bot.state, ""), " ", bold(bot.title), " ", words.money(bot.net_pnl, signed=True), " ", bot.quote)
        for bot in running[:5]
    ]
    if status.halted:
        blocks.append(line("🛑 ", bold("Trading is halted: "), status.halted))
    blocks += pause_lines(ctx)[:2]
    if status.trouble:
        blocks.append(line("⚠️ ", status.trouble))
    blocks.append(italic(f"Market: {status.market_source}"))
    if not running:
        blocks.append(quote("Tap New bot: a few questions, then it trades on paper and tells you here when something closes."))
    return View(
        card(blocks),
        (
            (show("➕ New bot", "new"), show("🤖 Bots", "bots")),
            (show("💼 Accounts", "portfolio"), show("📈 Results", "pnl")),
            (show("📊 Status", "status"), show("☰ More", "more")),
        ),
    )


@screen("more")
async def more(ctx: Context, args: Args) -> View:
    """Where else to go: the home card has six buttons and no more, so that it is taken in at a glance."""
    blocks = [bold("☰ More"), "Every screen has a command too: /help lists them."]
    return View(
        card(blocks),
        (
            (show("⚙️ Executors", "executors"), show("📜 History", "history")),
            (show("💰 Paper accounts", "accounts"), show("🔔 Alerts", "alerts")),
            (show("❔ Help", "help"), show("◀ Home", "home")),
        ),
    )


def _accounts(status: StatusView) -> list[object]:
    """With what is traded: paper alone, or real money as well."""
    if not status.venues:
        return [PAPER]
    shown: list[object] = []
    for venue in status.venues:
        how = "live" if venue.closed is None else f"nothing new: {clip(venue.closed, 120)}"
        shown.append(line("💵 Real money: ", bold(venue.title), f" · {how}"))
    return shown


async def _today(ctx: Context) -> list[tuple[str, str]]:
    """What has come to an end since midnight, where the chat lives: with real money first, where there is some."""
    results, zone = ctx.services.data.results, await ctx.services.alerts.zone(ctx.actor)
    modes = results.modes()
    rows = []
    for mode in modes:
        total = await results.today(ctx.actor, mode, zone)
        which = "" if len(modes) == 1 else f" ({mode})"
        rows.append((f"Today{which}", f"{words.money(total.result, signed=True)} {total.asset}"))
    return rows


def _change(portfolio: PortfolioView) -> list[tuple[str, str]]:
    """Result since the accounts were opened; nothing while there is none."""
    if portfolio.deposited is not None and not portfolio.deposited:
        return []
    if portfolio.deposited is None or not portfolio.is_complete:
        # what has a price now need not be what had one then: their difference is not a result
        return [("Since the start", "?")]
    gained = portfolio.equity - portfolio.deposited
    return [("Since the start", f"{words.money(gained, signed=True)} ({words.percent(gained / portfolio.deposited)})")]


@command("start", "the home card", role=Role.ALERT_ONLY)
async def start(ctx: Context, arguments: list[str]) -> Show:
    """`/start`, and what links to the bot open."""
    if arguments:
        return await linked(ctx, arguments[0])
    return Show("home")


@action("show")
async def turn(ctx: Context, args: Args) -> Outcome:
    """Turn the card to another screen."""
    return Show(str(args["screen"]), dict(args.get("args", {})))


# ---- paper accounts ------------------------------------------------------------------------------------------------
@screen("accounts")
async def accounts(ctx: Context, args: Args) -> View:
    """Balances of each paper account."""
    portfolio = ctx.services.overview.portfolio(ctx.actor)
    blocks: list[object] = [bold("💰 Paper accounts"), PAPER]
    for account in portfolio.accounts:
        rows = [(asset.asset, f"{words.amount(asset.total)}{_worth(asset, portfolio.currency)}") for asset in account.assets]
        blocks.append(line(bold(account.title), f" · {words.money(account.equity)} {portfolio.currency}", _rest(account)))
        blocks.append(pairs(rows or [("empty", "0")]))
    return View(card(blocks), ((show("↺ Reset paper accounts", "reset"),), (show("🔄 Refresh", "accounts"), show("◀ Home", "home"))))


def _rest(account: AccountView) -> str:
    """What is not in an account's equity."""
    unpriced = [asset.asset for asset in account.assets if asset.value is None]
    return f" + {' and '.join(unpriced)}, which nobody knows the price of" if unpriced else ""


def _worth(asset: AssetView, currency: str) -> str:
    return "" if asset.asset == currency else f" = {words.money(asset.value)}"


@screen("reset", Role.TRADER)
async def reset(ctx: Context, args: Args) -> View:
    """Ask before the accounts begin anew."""
    portfolio = ctx.services.overview.portfolio(ctx.actor)
    text = card(
        [
            bold("Reset the paper accounts?"),
            f"They hold {words.money(portfolio.equity)} {portfolio.currency} now and get their opening balances again "
            f"({words.money(portfolio.deposited)}). Bots must be stopped. History is kept.",
        ]
    )
    rows = (
        (show("◀ Keep them", "accounts"),),
        (Button("↺ Reset now", "reset_paper", style="danger", confirm=True),),
        (show("🔄 Fresh numbers", "reset"),),
    )
    accounts_now = " ".join(account.title for account in portfolio.accounts)
    return View(text, rows, frozen=Frozen("paper accounts", f"{accounts_now} {portfolio.deposited}"))


@action("reset_paper", Role.TRADER, Danger.CONFIRM)
async def reset_paper(ctx: Context, args: Args) -> Outcome:
    await ctx.services.overview.reset_paper(ctx.actor, ctx.claim)
    return Show("accounts", toast="The paper accounts start anew")
