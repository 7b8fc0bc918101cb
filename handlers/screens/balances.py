"""Balances that are told of when they are low: `/alerts balance`. One amount for each account and asset, for the whole home."""

from __future__ import annotations

from decimal import Decimal

from condor.errors import UserError
from condor.services.floors import FloorsView, FloorView
from condor.units import amount
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, table
from handlers.parts import page_start, turning
from handlers.registry import action, screen
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

PAGE = 10
OFF = ("off", "none", "no", "-")
USAGE = "expected /alerts balance ACCOUNT ASSET AMOUNT, such as /alerts balance paper:binance USDT 500, or off instead of the amount"


async def typed_balance(ctx: Context, rest: list[str]) -> Show:
    """`balance`, `balance paper:binance`, `balance paper:binance USDT 500`, `balance paper:binance USDT off`."""
    if not rest:
        return Show("balances")
    if len(rest) == 1:
        return Show("balances_of", {"account": rest[0].lower()})
    if len(rest) != 3:
        raise UserError(USAGE)
    await ctx.services.floors.set(ctx.actor, rest[0], rest[1], _least(rest[2]), ctx.claim)
    return Show("balances_of", {"account": rest[0].lower()})


@screen("balances")
async def balances(ctx: Context, args: Args) -> View:
    """All accounts with what is watched in them."""
    views = await ctx.services.floors.all(ctx.actor)
    blocks: list[object] = [bold("🪫 Balances that are low")]
    set_rows = [(view, row) for view in views for row in view.rows if row.floor is not None]
    if set_rows:
        blocks.append(
            table(["account", "now", "least"], [[f"{view.account} {row.asset}", _now(row), words.amount(row.floor)] for view, row in set_rows])
        )
    else:
        blocks.append("None is watched: how little is little only you know. Choose an account and an asset, and say the least that should be there.")
    blocks += [line("🪫 ", bold(f"{row.asset} of {clip(view.title, 40)} is low"), f": {_now(row)}") for view, row in set_rows if row.is_low]
    blocks.append(italic("Told once when there is less, and once when there is 10 % more than that again; orders that bind it do not count."))
    buttons = [show(f"{clip(view.title, 30)}{' (paper)' if view.mode == 'paper' else ''} …", "balances_of", account=view.account) for view in views]
    return View(card(blocks), (*rows_of(buttons, 1), (show("🔄 Refresh", "balances"), show("🔔 Alerts", "alerts"), show("◀ Home", "home"))))


@screen("balances_of")
async def balances_of(ctx: Context, args: Args) -> View:
    """One account, asset by asset."""
    view = _found(await ctx.services.floors.all(ctx.actor), str(args.get("account", "")))
    if view is None:
        return await balances(ctx, {})
    offset = page_start(int(args.get("offset", 0)), len(view.rows), PAGE)
    page = view.rows[offset : offset + PAGE]
    blocks: list[object] = [line("🪫 ", bold(clip(view.title, 40)), f" · {words.MODES.get(view.mode, view.mode)}")]
    if page:
        rows = [[row.asset, _now(row), "not watched" if row.floor is None else words.amount(row.floor)] for row in page]
        blocks.append(table(["asset", "now", "told below"], rows))
    else:
        blocks.append("Nothing is in it, or its venue can't be reached now.")
    changes: list[Button] = []
    if ctx.actor.role >= Role.OPERATOR:
        changes = [show(f"{row.asset} …", "balance", account=view.account, asset=row.asset) for row in page]
    turns = turning("balances_of", {"account": view.account}, offset, len(view.rows), PAGE)
    last = (show("🔄 Refresh", "balances_of", account=view.account, offset=offset), show("◀ Balances", "balances"))
    return View(card(blocks), (*rows_of(changes, 3), *turns, last))


@screen("balance", Role.OPERATOR)
async def balance(ctx: Context, args: Args) -> View:
    """Asks for the least that should be there of one asset."""
    view, asset = _found(await ctx.services.floors.all(ctx.actor), str(args.get("account", ""))), str(args.get("asset", ""))
    row = None if view is None else next((row for row in view.rows if row.asset == asset), None)
    if view is None or row is None:
        return await balances(ctx, {})
    told = "nothing is told" if row.floor is None else f"told below {words.amount(row.floor)}"
    blocks = [
        line("🪫 ", bold(f"{asset} of {clip(view.title, 40)}"), f" · {words.MODES.get(view.mode, view.mode)}"),
        f"There is {_now(row)} now; {told}.",
        "Send the least that should be there, such as 500 or 2k.",
    ]
    own = {"account": view.account, "asset": asset}
    shares = (
        [(text, row.total * share) for text, share in ((f"{percent} % of now", Decimal(percent) / 100) for percent in (75, 50, 25))]
        if row.total
        else []
    )
    presets = [Button(f"{text}: {words.price(value)}", "balance_set", {**own, "text": format(value, "f")}) for text, value in shares]
    off = [Button("✖ Tell nothing", "balance_set", {**own, "text": "off"})] if row.floor is not None else []
    back = show("◀ Leave it", "balances_of", account=view.account)
    return View(card(blocks), (*rows_of([*presets, *off], 1), (back,)), Expects("balance_set", own, "an amount"))


@action("balance_set", Role.OPERATOR)
async def balance_set(ctx: Context, args: Args) -> Outcome:
    """A button, or the typed answer to the card."""
    account, asset, least = str(args["account"]), str(args["asset"]), _least(str(args.get("text", "")))
    await ctx.services.floors.set(ctx.actor, account, asset, least, ctx.claim)
    toast = f"Nothing is told of {asset} there" if least is None else f"You will hear when there is less than {words.price(least)} {asset}"
    return Show("balances_of", {"account": account}, toast=toast)


def _least(text: str) -> Decimal | None:
    return None if text.strip().lower() in OFF else amount(text)


def _now(row: FloorView) -> str:
    return "not known" if row.total is None else words.price(row.total)


def _found(views: tuple[FloorsView, ...], account: str) -> FloorsView | None:
    """By the name of the account; without a mode the one with real money, or else that on paper."""
    return next((view for name in (account, f"paper:{account}") for view in views if view.account == name), None)
