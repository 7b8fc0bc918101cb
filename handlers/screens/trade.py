"""`/trade`: an order by hand, asked for word by word or all at once, and looked at before it is sent. Whatever is typed leads to a preview at most."""

from __future__ import annotations

from decimal import Decimal

from condor.answers import PairUnknown, read_pair
from condor.errors import UserError
from condor.manual_views import Preview
from condor.services.confirms import Frozen
from condor.services.manual_previews import NothingFree
from condor.tickets import ASKED, Ticket, new_ticket, read_amount, read_kind, read_leverage, read_price, read_side, read_ticket, read_venue
from condor.users import Role
from handlers import words
from handlers.context import Args, Context
from handlers.html import bold, card, clip, italic, line, pairs, quote
from handlers.registry import Danger, action, command, screen
from handlers.screens.trade_order import order_view
from handlers.sums import DOLLARS, sum_text
from handlers.view import Button, Expects, Outcome, Show, View, rows_of, show

STEPS = ("venue", "pair", "side", "asked", "kind", "asked_price", "leverage")
"""In the order in which they are asked for."""
PROMPTS = {
    "venue": "Where?",
    "pair": "Which pair? Tap one, or type it, such as btc/usdt.",
    "side": "Buy or sell?",
    "asked": "How much? Type 0.1, $50 or 25% of what is free.",
    "kind": "How? Market trades at once. Limit trades at a price or better. Maker is a limit that only rests.",
    "asked_price": "At which price? Type 1,950, or a distance from the market such as -1%.",
    "leverage": "Which leverage? It is the account's for this pair, and stays.",
}
NAMES = {"venue": "Venue", "pair": "Pair", "side": "Side", "asked": "Amount", "kind": "Type", "asked_price": "Price", "leverage": "Leverage"}
KINDS = {"MARKET": "market", "LIMIT": "limit", "LIMIT_MAKER": "limit maker"}
SHARES = ("10%", "25%", "50%", "100%")
DISTANCES = ("0.1%", "0.5%", "1%", "2%")
LEVERAGES = ("1x", "2x", "3x", "5x", "10x", "20x")
MOST_OFFERED = 12
LOOKING = "The market is being looked at …"


@command("trade", "an order by hand, looked at before it is sent", "[buy | sell AMOUNT PAIR [at PRICE] [5x] [live]]", Role.TRADER)
async def trade_command(ctx: Context, arguments: list[str]) -> Show:
    known = ctx.services.manual.pairs(ctx.actor)
    return await _shown(ctx, read_ticket(arguments, known) if arguments else new_ticket())


@action("trade_new", Role.TRADER)
async def trade_new(ctx: Context, args: Args) -> Outcome:
    """An order from the first question on."""
    shown = await _shown(ctx, new_ticket())
    return Show(shown.screen, shown.args, is_new=True)


async def _shown(ctx: Context, ticket: Ticket) -> Show:
    """The card of a ticket: its next question, or its preview."""
    return Show("trade", {"ticket": (await ctx.services.manual.settled(ctx.actor, ticket)).values()})


@screen("trade", Role.TRADER)
async def trade(ctx: Context, args: Args) -> View:
    """The next question about an order, what it would do, or, once it was given, how it stands."""
    ticket = Ticket.of(args["ticket"])
    if ticket.missing:
        return _question(ctx, ticket, args)
    placed = await ctx.services.manual.order(ctx.actor, ticket.ticket_id)
    if placed is not None:
        return order_view(placed, gone=f"this order was given already: {placed.stage.value}")
    return _preview(ctx, await ctx.services.manual.preview(ctx.actor, ticket))


# ---- questions -----------------------------------------------------------------------------------------------------
def _question(ctx: Context, ticket: Ticket, args: Args) -> View:
    field = ticket.missing
    blocks: list[object] = [line(bold("✍ Order by hand"), " · ", _mode(ticket))]
    answered = [(NAMES[name], _answer_words(ctx, ticket, name)) for name in STEPS if getattr(ticket, name) not in ("", ASKED)]
    blocks += [pairs(answered)] if answered else []
    blocks.append(bold(PROMPTS[field]))
    if args.get("problem"):
        blocks.append(quote(line("⚠️ ", str(args["problem"]))))
    offered = [(text, text) for text in args.get("readings", ())] or _offered(ctx, ticket, field)
    rows = rows_of([_answers(ticket, field, text, label) for label, text in offered], 2 if field in ("venue", "kind") else 3)
    before = [name for name in STEPS if getattr(ticket, name)]
    back = (show("◀ Back", "trade", ticket=ticket.with_answer(**{before[-1]: ""}).values()),) if before else ()
    last = (*back, show("✖ Cancel", "home"))
    return View(
        card(blocks),
        (*rows, *_other_mode(ctx, ticket), last),
        Expects("trade_answer", {"ticket": ticket.values(), "field": field}, NAMES[field].lower()),
    )


def _offered(ctx: Context, ticket: Ticket, field: str) -> list[tuple[str, str]]:
    """(label, answer) of what can be tapped."""
    known = ctx.services.manual.pairs(ctx.actor).get(ticket.mode, {})
    if field == "venue":
        return [(ctx.services.manual.title(name), name) for name in list(known)[:MOST_OFFERED]]
    if field == "pair":
        return [(pair, pair) for pair in known.get(ticket.venue, ())[:MOST_OFFERED]]
    if field == "side":
        return [("Buy", "buy"), ("Sell", "sell")]
    if field == "asked":
        return [(share, share) for share in SHARES]
    if field == "kind":
        return [("Market", "market"), ("Limit", "limit"), ("Limit maker", "maker")]
    if field == "leverage":
        return [(each, each) for each in LEVERAGES]
    sign = "-" if ticket.is_buy else "+"
    return [(f"{sign}{far}", f"{sign}{far}") for far in DISTANCES]


def _answers(ticket: Ticket, field: str, text: str, label: str, style: str = "") -> Button:
    return Button(clip(label, 30), "trade_answer", {"ticket": ticket.values(), "field": field, "text": text}, style=style)


def _answer_words(ctx: Context, ticket: Ticket, name: str) -> str:
    value = str(getattr(ticket, name))
    if name == "venue":
        return ctx.services.manual.title(value)
    if name == "leverage":
        return f"{value}x"
    if name == "asked":
        return ticket.asked_words
    return KINDS.get(value, value) if name == "kind" else value.lower() if name == "side" else value


def _mode(ticket: Ticket) -> str:
    return words.MODES["live"] if ticket.is_live else "📄 paper"


def _other_mode(ctx: Context, ticket: Ticket) -> tuple[tuple[Button, ...], ...]:
    """The way from paper to real money and back, where there is an account for it."""
    other = "paper" if ticket.is_live else "live"
    known = ctx.services.manual.pairs(ctx.actor).get(other, {})
    is_there = ticket.venue in known if ticket.venue else bool(known)
    return ((_answers(ticket, "mode", other, "📄 On paper" if ticket.is_live else "💵 With real money"),),) if is_there else ()


@action("trade_answer", Role.TRADER, waits=LOOKING)
async def trade_answer(ctx: Context, args: Args) -> Outcome:
    """Take an answer, typed or tapped; one that does not hold stays on the card with its reason."""
    ticket, field, text = Ticket.of(args["ticket"]), str(args["field"]), str(args["text"])
    try:
        return await _shown(ctx, _answered(ctx, ticket, field, text))
    except PairUnknown as error:
        return Show("trade", {"ticket": ticket.values(), "problem": str(error), "readings": list(error.close)})
    except NothingFree as error:
        return Show("trade", {"ticket": ticket.with_answer(asked="").values(), "problem": str(error)})
    except UserError as error:
        # what can't be settled is asked for again
        again = {} if field == "mode" else {field: ASKED if field == "leverage" else ""}
        return Show("trade", {"ticket": ticket.with_answer(**again).values(), "problem": str(error)})


def _answered(ctx: Context, ticket: Ticket, field: str, text: str) -> Ticket:
    known = ctx.services.manual.pairs(ctx.actor)
    if field == "mode":
        changed = ticket.with_answer(mode=text)
        listed = known.get(text, {}).get(ticket.venue, ())
        return changed if ticket.pair in listed else changed.with_answer(pair="")
    venues = known.get(ticket.mode, {})
    if field == "venue":
        return ticket.with_answer(venue=read_venue(text, venues), pair="")
    if field == "pair":
        return ticket.with_pair(read_pair(text, venues.get(ticket.venue, ())))
    if field == "asked":
        return ticket.with_answer(asked=read_amount(text, ticket.pair))
    read = {"side": read_side, "kind": read_kind, "asked_price": read_price, "leverage": read_leverage}[field]
    return ticket.with_answer(**{field: read(text)})


# ---- preview -------------------------------------------------------------------------------------------------------
def _preview(ctx: Context, view: Preview) -> View:
    """What an order would do now; the amount stands on the button."""
    ticket = view.ticket
    verb, amount = ("Buy" if ticket.is_buy else "Sell"), f"{words.amount(view.amount)} {view.base}"
    if not view.amount:
        amount = f"{ticket.asked_words} of {view.base}"
    blocks: list[object] = [line(bold(f"✍ {verb} {amount}"), f" · {KINDS[ticket.kind]} · ", _mode(ticket)), pairs(_numbers(view))]
    blocks += [italic(note) for note in view.notes]
    if ticket.kind == "LIMIT" and view.is_taker:
        blocks.append(italic("It trades at once with what stands up to its price; the rest waits."))
    blocks += [quote(line("⚠️ ", problem)) for problem in view.problems]
    values = ticket.values()
    change = (
        show("✏️ Venue", "trade", ticket=ticket.with_answer(venue="", pair="").values()),
        show("✏️ Amount", "trade", ticket=ticket.with_answer(asked="").values()),
        show("✏️ Type", "trade", ticket=ticket.with_answer(kind="", asked_price="").values()),
        *(() if view.leverage is None else (show("✏️ Leverage", "trade", ticket=ticket.with_answer(leverage=ASKED).values()),)),
    )
    last = (Button("🔄 Fresh numbers", "trade_fresh", {"ticket": values}), show("✖ Cancel", "home"))
    if view.problems:
        return View(card(blocks), (*rows_of(list(change), 2), *_other_mode(ctx, ticket), last), gone=view.problems[0])
    label = f"Confirm LIVE {verb.lower()} {amount}" if ticket.is_live else f"Confirm {verb.lower()} {amount} on paper"
    style = "danger" if ticket.is_live else "success"
    confirm = Button(clip(label, 40), "trade_place", {"ticket": values}, style=style, confirm=True, by_price=True)
    frozen = Frozen(ticket.ticket_id, view.version, {f"{ticket.venue}:{ticket.pair}": view.mid}, view.pace)
    return View(card(blocks), ((confirm,), *rows_of(list(change), 2), *_other_mode(ctx, ticket), last), frozen=frozen)


def _numbers(view: Preview) -> list[tuple[str, str]]:
    """What is known; what is not is left out, and a problem says why."""
    ticket, asset = view.ticket, view.quote
    is_other = not ticket.asked[:1].isdigit() or ticket.asked.endswith("%")
    as_asked = f" (asked {ticket.asked_words})" if is_other else ""
    price_asked = f" ({ticket.asked_price})" if ticket.asked_price.endswith("%") else ""
    rows = [("Where", f"{view.title} {ticket.pair}"), ("Amount", f"{words.amount(view.amount)} {view.base}{as_asked}")]
    if view.limit is not None:
        rows.append(("Limit", f"{words.price(view.limit)}{price_asked}"))
    if view.mid is not None:
        rows.append(("Market now", words.price(view.mid)))
    if view.average is not None:
        rows += [("Average about", words.price(view.average)), ("Value", sum_text(view.value, asset)), *_slippage(view)]
    if view.fee is not None:
        rows.append(("Fee about", sum_text(view.fee, asset)))
    if view.leverage is not None:
        rows.append(("Leverage", f"{view.leverage}x"))
    for change in view.changes:
        known = [(name, value) for name, value in ((change.asset, change.before), ("afterwards", change.after)) if value is not None]
        rows += [(f"Free {name}", _free(change.asset, value)) for name, value in known]
    if view.least is not None:
        rows.append(("Smallest order", f"{words.amount(view.least)} {view.base}"))
    return rows


def _slippage(view: Preview) -> list[tuple[str, str]]:
    """What taking costs, or how far from the market an order rests."""
    if not view.is_taker:
        return [("From the market", words.percent(None if view.slippage is None else view.slippage * (1 if view.ticket.is_buy else -1)))]
    cost = sum_text(view.slippage_quote, view.quote, signed=True)
    return [("Slippage to mid", f"{words.percent(view.slippage)} = {cost}"), ("Price impact", words.percent(view.impact))]


def _free(asset: str, value: Decimal) -> str:
    return words.money(value) if asset in DOLLARS else words.amount(value)


@action("trade_fresh", Role.TRADER, waits=LOOKING)
async def trade_fresh(ctx: Context, args: Args) -> Outcome:
    """What was asked for, worked out with the numbers of now."""
    return await _shown(ctx, Ticket.of(args["ticket"]).with_answer())


@action("trade_place", Role.TRADER, Danger.CONFIRM, waits="The venue is being asked …")
async def trade_place(ctx: Context, args: Args) -> Outcome:
    """Send the order, once."""
    order = await ctx.services.manual.place(ctx.actor, Ticket.of(args["ticket"]), ctx.claim)
    return Show("trade_order", {"id": order.order_id}, toast=order.stage.value.capitalize())


@action("trade_again", Role.TRADER, waits=LOOKING)
async def trade_again(ctx: Context, args: Args) -> Outcome:
    """Another order like one that was given, to be looked at and confirmed like any other."""
    order = await ctx.services.manual.order(ctx.actor, str(args["id"]))
    if order is None:
        raise UserError("this order is not in the records")
    limit = "" if order.limit is None else format(order.limit, "f")
    answers = {
        "venue": order.venue,
        "pair": order.pair,
        "side": order.side,
        "asked": format(order.amount, "f"),
        "kind": order.kind,
        "asked_price": limit,
    }
    shown = await _shown(ctx, new_ticket(order.mode).with_answer(**answers))
    return Show(shown.screen, shown.args, is_new=True)
