"""The whole life of an executor: its orders, its fills and fees, and the chart of its market with what it did there."""

from __future__ import annotations

from collections.abc import Sequence

from condor.pictures.drawings import Drawing
from condor.result_views import FillLine, LifeView, OrderLine
from handlers import words
from handlers.context import Args, Context
from handlers.html import MAX_CAPTION, bold, card, clip, code, italic, line, pairs, table
from handlers.parts import chosen, page_start, theme, theme_button, turning
from handlers.registry import screen
from handlers.screens.trading import STATES
from handlers.view import Button, View, show

PAGE = 12


@screen("life")
async def life(ctx: Context, args: Args) -> View:
    """Orders and fills of an executor, oldest first, a page at a time."""
    found = await ctx.services.data.lives.of(ctx.actor, str(args["id"]))
    if found is None:
        return _gone(args)
    is_fills = args.get("of") == "fills"
    total = len(found.fills if is_fills else found.orders)
    offset = page_start(int(args.get("offset", 0)), total, PAGE)
    shown = _fills(found.fills[offset : offset + PAGE]) if is_fills else _orders(found.orders[offset : offset + PAGE])
    blocks: list[object] = [*_head(found), pairs(_sums(found)), *shown]
    own = dict(args)
    kinds = (
        show(chosen(f"🧾 Orders ({len(found.orders)})", not is_fills), "life", **{**own, "of": "orders", "offset": 0}),
        show(chosen(f"✅ Fills ({len(found.fills)})", is_fills), "life", **{**own, "of": "fills", "offset": 0}),
    )
    return View(
        card(blocks), (kinds, *turning("life", args, offset, total, PAGE), (show("🕯 Chart", "chart", **_own(args), theme=theme(args)), *_back(args)))
    )


def _orders(page: Sequence[OrderLine]) -> list[object]:
    if not page:
        return [italic("It has sent no orders.")]
    rows = [
        [
            f"{order.side[:1]} {order.purpose}",
            words.amount(order.amount),
            words.price(order.price) if order.price else "market",
            STATES.get(order.state, order.state),
        ]
        for order in page
    ]
    why = [line("• ", f"{order.side} {order.purpose}: ", clip(order.reason, 120)) for order in page if order.reason]
    return [table(["order", "amount", "price", "is"], rows), *why[:4]]


def _fills(page: Sequence[FillLine]) -> list[object]:
    if not page:
        return [italic("It has no fills.")]
    rows = [[f"{fill.side[:1]} {words.time_of_day(fill.at_ns // 1_000_000)}", words.amount(fill.amount), words.price(fill.price)] for fill in page]
    return [table(["fill", "amount", "price"], rows), line("Fees: ", ", ".join(_fees(page)))]


@screen("chart")
async def chart(ctx: Context, args: Args) -> View:
    """The candles of an executor's time, with its entries, exits and barriers."""
    found = await ctx.services.data.lives.of(ctx.actor, str(args["id"]))
    if found is None:
        return _gone(args)
    picture = ctx.services.data.charts.executor(found)
    blocks = [*_head(found), pairs(_sums(found))]
    own = dict(args)
    last = (show("🔄 Refresh", "chart", **own), *_back(args))
    if picture is None:
        blocks.append(italic(f"No chart: there are no candles of {found.executor.trading_pair} from that time here."))
        return View(card(blocks), (last,))
    blocks.append(italic("▲ bought · ▼ sold"))
    return View(card(blocks, MAX_CAPTION), ((theme_button("chart", args),), last), drawing=Drawing(picture, theme(args)))


def _head(found: LifeView) -> list[object]:
    item = found.executor
    state = words.close_type(item.close_type) if item.close_type is not None else "at work"
    head = line(words.result_mark(item.net_pnl), " ", bold(f"{item.side} {item.trading_pair}".strip()), f" · {state} · {words.MODES[found.mode]}")
    return [head, code(item.executor_id)]


def _sums(found: LifeView) -> list[tuple[str, str]]:
    item = found.executor
    asset = item.trading_pair.rpartition("-")[2]
    rows = [("Result", f"{words.money(item.net_pnl, signed=True)} {asset} ({words.percent(item.net_pnl_pct)})")] if item.volume else []
    rows += [("Fees", words.money(item.fees)), ("Volume", words.money(item.volume))]
    if item.entry_price is not None and item.volume:
        rows.append(("Entry", words.price(item.entry_price)))
    if item.exit_price is not None and item.close_type is not None and item.volume:
        rows.append(("Exit", words.price(item.exit_price)))
    if item.close_type is not None and found.ended_ns:
        rows.append(("Lasted", words.ago((found.ended_ns - found.begun_ns) / 1e9)))
    return rows


def _fees(fills: Sequence[FillLine]) -> list[str]:
    """What was paid, asset by asset."""
    sums = dict.fromkeys((fill.fee_asset for fill in fills), words.ZERO)
    for fill in fills:
        sums[fill.fee_asset] += fill.fee_amount
    return [f"{words.amount(amount)} {asset}" for asset, amount in sums.items()]


def _own(args: Args) -> dict[str, object]:
    """Which executor, and where its card was opened."""
    return {"id": args["id"], "from": args.get("from", "history"), "back": dict(args.get("back", {}))}


def _back(args: Args) -> tuple[Button, ...]:
    return (show("◀ Executor", "executor", **_own(args)), show("◀ Home", "home"))


def _gone(args: Args) -> View:
    blocks = [bold("This executor is not in the records"), code(str(args["id"]))]
    return View(card(blocks), ((show("◀ Back", str(args.get("from", "history")), **dict(args.get("back", {}))), show("◀ Home", "home")),))
