"""`/price`: a market's price, and alerts when one is reached."""

from __future__ import annotations

from decimal import Decimal

from condor.errors import UserError
from condor.services.prices import PriceView
from condor.store.price_alerts import PriceAlert
from condor.units import amount, plain
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, italic, line, pairs
from handlers.registry import action, command, screen
from handlers.view import Button, Outcome, Show, View, rows_of, show

STEPS = (Decimal("0.01"), Decimal("0.02"), Decimal("0.05"))
LISTED = 20

USAGE = "[PAIR [above|below PRICE [again]]]"


@command("price", "a market's price; `/price BTC-USDT above 70000` tells when it is reached, `again` each time", USAGE)
async def price_command(ctx: Context, arguments: list[str]) -> Show:
    """`/price`, `/price btc/usdt`, `/price BTC-USDT above 70k again`."""
    if not arguments:
        return Show("prices")
    view = ctx.services.prices.find(ctx.actor, arguments[0])
    if len(arguments) > 1:
        await _set(ctx, view, arguments[1:])
    return Show("price", {"market": f"{view.connector_name}:{view.trading_pair}"})


async def _set(ctx: Context, view: PriceView, rest: list[str]) -> None:
    """`above 70000 [again]`; `>70000` means the same."""
    side = {">": "above", "<": "below", "over": "above", "under": "below"}.get(rest[0].lower(), rest[0].lower())
    if side[:1] in (">", "<"):
        side, rest = ("above" if side[0] == ">" else "below"), ["", side[1:], *rest[1:]]
    if side not in ("above", "below") or len(rest) < 2:
        raise UserError(f"expected /price PAIR above PRICE or below PRICE, found {' '.join(rest)!r}")
    again = [word.lower() for word in rest[2:]]
    if again not in ([], ["again"], ["once"]):
        raise UserError(f"expected again, once or nothing behind the price, found {' '.join(rest[2:])!r}")
    await ctx.services.prices.add(ctx.actor, view.connector_name, view.trading_pair, side, amount(rest[1]), ctx.claim, is_repeated=again == ["again"])


@screen("price")
async def price(ctx: Context, args: Args) -> View:
    """One market: its price, its alerts, and buttons for prices nearby."""
    if "market" not in args:
        return await prices(ctx, args)
    view = ctx.services.prices.find(ctx.actor, str(args["market"]))
    spread = "?" if view.bid is None or view.ask is None or not view.mid else f"{(view.ask - view.bid) / view.mid * 10_000:.2f} bp"
    rows = [
        ("Mid", words.price(view.mid)),
        ("Bid", words.price(view.bid)),
        ("Ask", words.price(view.ask)),
        ("Spread", spread),
        ("Last news", f"{words.ago(view.age_s)} ago"),
    ]
    blocks: list[object] = [line("💲 ", bold(view.trading_pair), f" on {view.connector_name} · {words.MODES.get(view.mode, view.mode)}"), pairs(rows)]
    if not view.is_usable:
        blocks.append("⚠️ this price is not up to date: no alert speaks because of it")
    name = f"{view.connector_name}:{view.trading_pair}"
    mine = [
        alert
        for alert in await ctx.services.prices.alerts(ctx.actor)
        if (alert.connector_name, alert.trading_pair) == (view.connector_name, view.trading_pair)
    ]
    blocks += [f"🔔 {_alert_text(alert)}" for alert in mine[:LISTED]]
    blocks.append(italic(f"/price {view.trading_pair} above PRICE [again] sets any other"))
    buttons = []
    if view.mid is not None and view.is_usable:
        for side, sign in (("above", 1), ("below", -1)):
            for step in STEPS:
                wanted = _round(view.mid * (1 + sign * step))
                buttons.append(
                    Button(
                        f"{'🔼' if sign > 0 else '🔽'} {words.price(wanted)}", "price_alert", {"market": name, "side": side, "price": plain(wanted)}
                    )
                )
    drops = tuple(Button(f"✖ {alert.side} {words.price(alert.price)}", "price_drop", {"market": name, "id": alert.alert_id}) for alert in mine[:4])
    last = (show("🔄 Refresh", "price", market=name), show("◀ Prices", "prices"))
    return View(card(blocks), (*rows_of(buttons, 3), *((drops,) if drops else ()), last), is_public=True)


@screen("prices")
async def prices(ctx: Context, args: Args) -> View:
    """All markets that are open, and this chat's price alerts."""
    found = ctx.services.prices.views(ctx.actor)
    alerts = await ctx.services.prices.alerts(ctx.actor)
    blocks: list[object] = [bold("💲 Prices")]
    blocks.append(pairs([(view.trading_pair, words.price(view.mid)) for view in found[:LISTED]]) if found else "No market is open.")
    blocks += [f"🔔 {alert.trading_pair} {_alert_text(alert)}" for alert in alerts[:LISTED]] or [italic("No price alerts. Tap a market to set one.")]
    buttons = [show(view.trading_pair, "price", market=f"{view.connector_name}:{view.trading_pair}") for view in found[:LISTED]]
    return View(
        card(blocks), (*rows_of(buttons, 3), (show("🔄 Refresh", "prices"), show("🔔 Alerts", "alerts"), show("◀ Home", "home"))), is_public=True
    )


@action("price_alert")
async def set_alert(ctx: Context, args: Args) -> Outcome:
    """An alert at a price that a button names."""
    view = ctx.services.prices.find(ctx.actor, str(args["market"]))
    side, wanted = str(args["side"]), Decimal(str(args["price"]))
    await ctx.services.prices.add(ctx.actor, view.connector_name, view.trading_pair, side, wanted, ctx.claim, is_repeated=False)
    return Show("price", {"market": str(args["market"])}, toast=f"You will hear when {view.trading_pair} is {side} {words.price(wanted)}")


@action("price_drop")
async def drop_alert(ctx: Context, args: Args) -> Outcome:
    is_gone = await ctx.services.prices.drop(ctx.actor, int(args["id"]), ctx.claim)
    return Show("price", {"market": str(args["market"])}, toast="Taken away" if is_gone else "It is gone already")


def _alert_text(alert: PriceAlert) -> str:
    more = ", again" if alert.is_repeated else ""
    return f"{alert.side} {words.price(alert.price)}{more}{'' if alert.is_armed else ' (waits for the price to come back)'}"


def _round(price: Decimal) -> Decimal:
    """Four digits are enough for a price that somebody waits for."""
    return price.quantize(Decimal(1).scaleb(price.adjusted() - 3))
