"""Ending one executor: its orders are cancelled, what it holds is closed at market or kept."""

from __future__ import annotations

from condor.services.confirms import Frozen
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, code, line, pairs
from handlers.registry import Danger, action, command, screen
from handlers.screens.stopping import closing_cost, held_worth
from handlers.sums import sum_text
from handlers.view import Button, Outcome, Show, View, show


@command("close", "end one executor, at market or keeping what it holds", "[ID]", Role.OPERATOR)
async def close_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("close", {"id": ctx.services.exits.find(arguments[0])}) if arguments else Show("executors")


@screen("close", Role.OPERATOR)
async def close(ctx: Context, args: Args) -> View:
    """What ending this executor would do now."""
    executor_id = str(args["id"])
    back = show("◀ Leave it running", "executor", id=executor_id)
    found = ctx.services.exits.executor(ctx.actor, executor_id)
    if found is None or found[0].status == "SHUTTING_DOWN":
        told = "It is ending already." if found is not None else await closed_words(ctx, executor_id)
        return View(
            card([bold("✖ Close"), code(executor_id), told]), ((show("🔎 Details", "executor", id=executor_id), show("◀ Home", "home")),), gone=told
        )
    item, view = found
    mode = view.bots[0].mode
    worth, orders = held_worth(view.lines), words.plural(view.entries + view.exits, "order")
    rows = [("Bot", item.bot_title), ("Orders to cancel", str(view.entries + view.exits)), ("Position", worth or "none")]
    if view.lines:
        rows += [("Result now", words.money(item.net_pnl, signed=True)), ("Closing costs about", closing_cost(view.lines))]
    title = f"{item.side} {item.trading_pair}".strip()
    blocks: list[object] = [line(bold("✖ Close "), bold(clip(title, 40)), f"? ({words.MODES.get(mode, mode)})"), code(executor_id), pairs(rows)]
    answers: list[tuple[Button, ...]]
    if view.lines:
        blocks.append(line(bold("Close"), f": {orders} cancelled; {worth} is closed at market, for about {closing_cost(view.lines)}."))
        blocks.append(line(bold("Keep"), f": {orders} cancelled; {worth} stays open, and nobody watches it: no stop loss, no take profit."))
        answers = [
            (
                Button(
                    f"✖ Close {worth} at market", "close_executor", {"id": executor_id, "keep": False}, style="danger", confirm=True, by_price=True
                ),
            ),
            (Button("✋ End it, keep the position", "close_executor", {"id": executor_id, "keep": True}, confirm=True),),
        ]
    else:
        blocks.append(f"{orders} cancelled; it holds nothing.")
        answers = [(Button("✖ End it", "close_executor", {"id": executor_id, "keep": False}, style="danger", confirm=True),)]
    rows_ = ((back,), *answers, (show("🔄 Fresh numbers", "close", id=executor_id),))
    return View(card(blocks), rows_, frozen=Frozen(executor_id, view.version, view.prices, view.pace))


async def closed_words(ctx: Context, executor_id: str) -> str:
    """How an executor has ended, in a line."""
    found = await ctx.services.exits.ended(ctx.actor, executor_id)
    if found is None:
        return "There is no such executor."
    close_type, net_pnl, asset, ago_s = found
    result = "?" if net_pnl is None else sum_text(net_pnl, asset, signed=True)
    return f"already closed {words.ago(ago_s)} ago ({close_type} {result})"


@action("close_executor", Role.OPERATOR, Danger.CONFIRM)
async def close_executor(ctx: Context, args: Args) -> Outcome:
    executor_id = str(args["id"])
    await ctx.services.exits.close(ctx.actor, executor_id, ctx.claim, keep_position=bool(args["keep"]))
    return Show("executor", {"id": executor_id}, toast="Ending, the position is kept" if args["keep"] else "Ending")


# ---- what nobody watches -----------------------------------------------------------------------------------------------
@screen("close_hold", Role.OPERATOR)
async def close_hold(ctx: Context, args: Args) -> View:
    """What closing a position would do now that a bot holds and no executor watches."""
    bot_id, market = str(args["bot"]), str(args["market"])
    found = await ctx.services.hold_exits.view(ctx.actor, bot_id, market)
    back = show("◀ Leave it", "positions")
    pair = market.partition(":")[2]
    if found is None or not found.lines:
        told = "It is not held any more."
        return View(card([bold(f"✖ Close {clip(pair, 40)}"), told]), ((show("📌 Positions", "positions"), show("◀ Home", "home")),), gone=told)
    bot, lines = found.bot, found.lines
    worth, cost = held_worth(lines), closing_cost(lines)
    rows = [("Bot", clip(bot.title, 40)), ("Where", market.partition(":")[0])]
    rows += [("Long" if item.amount > 0 else "Short", f"{words.amount(abs(item.amount))} at {words.price(item.price)}") for item in lines]
    rows += [("Worth", worth), ("Closing costs about", cost)]
    blocks: list[object] = [line(bold("✖ Close "), bold(clip(pair, 40)), f"? ({words.MODES.get(bot.mode, bot.mode)})"), pairs(rows)]
    blocks.append("Nobody watches it: no stop loss, no take profit. It is closed at market by orders that only reduce it.")
    again = show("🔄 Fresh numbers", "close_hold", bot=bot_id, market=market)
    if found.problem:
        return View(card([*blocks, line("⚠️ ", bold("It can't be closed from here now: "), found.problem, ".")]), ((back, again),))
    answer = Button(f"✖ Close {worth} at market", "close_held", {"bot": bot_id, "market": market}, style="danger", confirm=True, by_price=True)
    frozen = Frozen(f"{bot_id} {market}", found.version, {item.market: item.price for item in lines}, found.pace)
    return View(card(blocks), ((back,), (answer,), (again,)), frozen=frozen)


@action("close_held", Role.OPERATOR, Danger.CONFIRM)
async def close_held(ctx: Context, args: Args) -> Outcome:
    await ctx.services.hold_exits.close(ctx.actor, str(args["bot"]), str(args["market"]), ctx.claim)
    return Show("positions", toast="Closing")
