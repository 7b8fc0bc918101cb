"""Executors: what is at work now, what has been, and one of them in full."""

from __future__ import annotations

from condor.views import ExecutorView
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, code, line, pairs, quote, table
from handlers.parts import chosen, page_start, turning
from handlers.registry import command, screen
from handlers.view import Button, Show, View, rows_of, show

PAGE = 8
MAX_FILLS = 12


@command("executors", "what is at work now", "[BOT]")
async def executors_command(ctx: Context, arguments: list[str]) -> Show:
    return Show("executors", {"bot": ctx.services.bots.find(" ".join(arguments))} if arguments else {})


@screen("executors")
async def executors(ctx: Context, args: Args) -> View:
    """Running executors, those with a position first."""
    bot_id = args.get("bot")
    found = ctx.services.bots.executors(ctx.actor, bot_id)
    offset = page_start(int(args.get("offset", 0)), len(found), PAGE)
    page = found[offset : offset + PAGE]
    trading = sum(item.is_trading for item in found)
    blocks: list[object] = [bold("⚙️ Executors"), f"{len(found)} at work, {trading} with a position" + (f" · {bot_id}" if bot_id else "")]
    if page:
        rows = [[_name(item), _result(item), words.ago(item.age_s)] for item in page]
        blocks.append(table(["executor", "result", "age"], rows))
    else:
        blocks.append(quote("Nothing is at work. A bot opens executors when its controller decides to."))
    buttons = [_button(item, "executors", args) for item in page]
    return View(
        card(blocks), (*rows_of(buttons), *turning("executors", args, offset, len(found), PAGE), _last("executors", args)), is_live=bool(found)
    )


@command("history", "executors that have ended", "[BOT] [how, such as take profit]")
async def history_command(ctx: Context, arguments: list[str]) -> Show:
    name, how = _ending(" ".join(arguments))
    found = {"bot": ctx.services.bots.find(name)} if name else {}
    return Show("history", found | ({"how": how} if how is not None else {}))


def _ending(text: str) -> tuple[str, str | None]:
    """(what is left, close type) of a line that ends with the words for one."""
    for name, shown in words.CLOSE_TYPES.items():
        for word in (shown, name.lower()):
            if text.lower() == word or text.lower().endswith(f" {word}"):
                return text[: len(text) - len(word)].strip(), name
    return text, None


@screen("history")
async def history(ctx: Context, args: Args) -> View:
    """Ended executors, newest first; all, or those that have ended in one way."""
    bot_id, how = args.get("bot"), args.get("how")
    page = await ctx.services.history.page(ctx.actor, bot_id=bot_id, close_type=how, offset=max(0, int(args.get("offset", 0))), limit=PAGE)
    parts = [words.plural(page.total, "closed executor"), *([str(bot_id)] if bot_id else []), *([words.close_type(how)] if how else [])]
    blocks: list[object] = [bold("📜 History"), " · ".join(parts)]
    if page.rows:
        rows = [[_name(item), words.money(item.net_pnl, signed=True), words.close_type(item.close_type)] for item in page.rows]
        blocks.append(table(["executor", "result", "why"], rows))
    else:
        blocks.append(quote("Nothing has closed yet."))
    buttons = [_button(item, "history", args) for item in page.rows]
    filters = rows_of(_filters(args, page.ways), 3) if len(page.ways) > 1 or how else ()
    return View(card(blocks), (*rows_of(buttons), *filters, *turning("history", args, page.offset, page.total, PAGE), _last("history", args)))


def _filters(args: Args, ways: tuple[tuple[str, int], ...]) -> list[Button]:
    """Everything, or what has ended in one way."""
    own = {name: value for name, value in args.items() if name not in ("how", "offset")}
    found = [show(chosen("all", not args.get("how")), "history", **own)]
    return found + [
        show(chosen(f"{words.close_type(name)} {count}", args.get("how") == name), "history", **{**own, "how": name}) for name, count in ways[:8]
    ]


# ---- one executor --------------------------------------------------------------------------------------------------
@screen("executor")
async def executor(ctx: Context, args: Args) -> View:
    """One executor: how it stands, its fills."""
    executor_id = str(args["id"])
    back = show("◀ Back", str(args.get("from", "executors")), **dict(args.get("back", {})))
    live = next((item for item in ctx.services.bots.executors(ctx.actor) if item.executor_id == executor_id), None)
    recorded = await ctx.services.history.executor(ctx.actor, executor_id)
    if live is None and recorded is None:
        return View(card([bold("This executor is not in the records"), code(executor_id)]), ((back, show("◀ Home", "home")),))
    item = live if live is not None else recorded[0]  # type: ignore[index]
    fills = recorded[1] if recorded is not None else []
    blocks: list[object] = [line(_mark(item), " ", bold(f"{item.side} {item.trading_pair}".strip()), f" · {_state(item)}"), code(item.executor_id)]
    blocks.append(pairs(_numbers(item)))
    if item.reason:
        blocks.append(line("Why: ", item.reason))
    if fills:
        rows = [[fill.trade_type, words.amount(fill.amount), words.price(fill.price)] for fill in fills[:MAX_FILLS]]
        blocks.append(table(["fill", "amount", "price"], rows))
        if len(fills) > MAX_FILLS:
            blocks.append(f"… and {len(fills) - MAX_FILLS} more fills")
    own = {"id": executor_id, "from": args.get("from", "executors"), "back": dict(args.get("back", {}))}
    buttons: tuple[tuple[Button, ...], ...] = (
        (show("🤖 Its bot", "bot", bot=item.bot_id), show("🔄 Refresh", "executor", **own)),
        (back, show("◀ Home", "home")),
    )
    if recorded is not None:
        buttons = ((show("🧾 Orders and fills", "life", **own), show("🕯 Chart", "chart", **own)), *buttons)
    if live is not None and live.status != "SHUTTING_DOWN":
        buttons = (*buttons, (show("✖ Close …", "close", id=executor_id),))
    return View(card(blocks), buttons, is_live=live is not None)


def _numbers(item: ExecutorView) -> list[tuple[str, str]]:
    rows = [("Bot", item.bot_title), ("Where", item.connector_name)]
    if item.level_id:
        rows.append(("Level", item.level_id))
    if item.net_pnl is not None and (item.is_trading or item.volume):
        rows.append(("Result", f"{words.money(item.net_pnl, signed=True)} ({words.percent(item.net_pnl_pct)})"))
    rows += [("Amount", words.amount(item.amount)), ("Entry", words.price(item.entry_price) if item.volume else "not filled yet")]
    if item.close_type is not None and item.volume:
        rows.append(("Exit", words.price(item.exit_price)))
    rows += [
        ("Fees", words.money(item.fees)),
        ("Volume", words.money(item.volume)),
        ("Age" if item.close_type is None else "Lasted", words.ago(item.age_s)),
    ]
    return rows


def _state(item: ExecutorView) -> str:
    if item.status == "SHUTTING_DOWN":
        return "is ending"
    if item.close_type is not None:
        return words.close_type(item.close_type)
    return "in a position" if item.is_trading else "waits for its entry"


def _result(item: ExecutorView) -> str:
    """Result of a live one in a word."""
    if item.status == "SHUTTING_DOWN":
        return "ending"
    return words.money(item.net_pnl, signed=True) if item.is_trading else "waits"


def _mark(item: ExecutorView) -> str:
    if item.close_type is None:
        return "⚙️"
    return words.result_mark(item.net_pnl)


def _name(item: ExecutorView) -> str:
    return f"{item.side[:1]} {item.trading_pair} {item.level_id or ''}".strip()


def _button(item: ExecutorView, screen_name: str, args: Args) -> Button:
    return show(f"{_mark(item)} {_name(item)}", "executor", **{"id": item.executor_id, "from": screen_name, "back": dict(args)})


def _last(screen_name: str, args: Args) -> tuple[Button, ...]:
    bot_id = args.get("bot")
    back = show("◀ Bot", "bot", bot=bot_id) if bot_id else show("◀ Home", "home")
    return (show("🔄 Refresh", screen_name, **dict(args)), back)
