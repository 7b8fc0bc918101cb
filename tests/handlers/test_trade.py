"""Orders by hand over HTTP as a person uses them: `/trade` and `/cancel`. Numbers in names are those of telegram.md section 7."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from botcore.model.instrument import Market
from condor.errors import UserError
from condor.manual_views import Stage
from condor.services.step_up import StepUpNeeded
from condor.store.panels import AlreadyDone
from condor.tickets import Ticket, read_ticket
from condor.users import Actor, Forbidden, Role
from tests.support.house import House
from tests.support.programs import OWNER, no_claim

D = Decimal
PERP, SPOT = "binance_perpetual", "binance"
here = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared: House) -> AsyncIterator[House]:
    """One program for all tests here; each leaves no order at work."""
    shared.answers.clear()
    yield shared
    shared.ahead_ms = 0
    manual = shared.program.services.manual
    rest = [order.order_id for order in manual.at_work(OWNER)]
    if rest:
        await manual.cancel(OWNER, rest, no_claim)
    await shared.until(lambda: not manual.at_work(OWNER), "the end of all orders")


def trades(house: House) -> int:
    """Orders by hand that were ever given."""
    return int(house.rows("SELECT count(*) FROM executors WHERE type = 'single_order_executor'")[0][0])


def is_so(house: House, card: dict[str, Any], words: str) -> Any:
    return house.until(lambda: words in house.text(card), f"{words!r} on the card")


async def ticket(house: House, line: str) -> Ticket:
    manual = house.program.services.manual
    return await manual.settled(OWNER, read_ticket(line.split(), manual.pairs(OWNER)))


async def given(house: House, line: str) -> Any:
    """An order that was confirmed."""
    return await house.program.services.manual.place(OWNER, await ticket(house, line), no_claim)


async def ended(house: House, order_id: str) -> Any:
    manual = house.program.services.manual
    await house.until(lambda: all(order.order_id != order_id for order in manual.at_work(OWNER)), "the end of an order")
    await house.row_of(f"SELECT 1 FROM executors WHERE executor_id = '{order_id}' AND status = 'TERMINATED'")
    return await manual.order(OWNER, order_id)


# ---- one line ------------------------------------------------------------------------------------------------------
@here
async def test_a_line_shows_what_it_would_do_and_a_tap_does_it_in_place(house: House) -> None:
    before = trades(house)
    card = await house.send("/trade buy 0.01 BTC-USDT", "Buy 0.01 BTC", "market", "paper")
    for words in ("Average about", "Slippage to mid", "Price impact", "Fee about", "Free USDT", "Free afterwards", "Smallest order"):
        assert words in house.text(card)
    assert trades(house) == before, "looking sends nothing"
    await house.tap("Confirm buy 0.01 BTC on paper", card)
    await is_so(house, card, "accepted → working → filled")
    for words in ("Filled 0.01 of 0.01 BTC", "Average price", "The preview said", "Worse than that by", "Fee"):
        assert words in " ".join(house.text(card).split())
    assert trades(house) == before + 1
    assert {"🧾 Orders", "🔁 Again"} <= set(house.labels(card)) and "✖ Cancel" not in house.labels(card)
    await house.wait_text("Order by hand: BUY BTC-USDT", "fees")
    held = await house.send("/positions", "LONG BTC-USDT", "By hand BTC-USDT")
    assert "nobody watches it" in house.text(held)
    assert house.rows("SELECT action FROM audit WHERE target LIKE '%/t-%' ORDER BY audit_id DESC LIMIT 1") == [("trade",)]


@here
async def test_an_order_works_until_it_is_cancelled_on_its_card(house: House) -> None:
    card = await house.send("/trade buy 0.5 ETH-USDT at -20% maker", "limit maker", "From the market", "-20.0")
    await house.tap("Confirm buy 0.5 ETH", card)
    await is_so(house, card, "accepted → working")
    listed = await house.send("/orders", "B ETH-USDT", "by hand: /cancel t-")
    assert "✖ Cancel …" in house.labels(listed)
    await house.tap("✖ Cancel", card)
    assert "Cancel 1 order by hand?" in house.text(card)
    assert await house.tap("Cancel BUY 0.5 ETH-USDT", card) == "Cancelling 1 order"
    await is_so(house, card, "cancelled")
    assert "0 of 0.5 ETH" in house.text(card)


@here
async def test_the_first_price_of_a_market_that_was_not_open_is_waited_for_also_when_the_amount_is_given(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual, host = house.program.services.manual, house.program._host
    assert Market("binance", "SOL-USDT") not in host.runtime.markets
    with monkeypatch.context() as patch:
        # the clock stands still for a moment: nothing has been heard of this market yet
        patch.setattr(host, "tick", lambda: None)
        asyncio.get_running_loop().call_later(0.5, patch.undo)
        found = await ticket(house, "buy 1 SOL-USDT on binance")
    preview = await manual.preview(OWNER, found)
    assert preview.problems == () and preview.mid and preview.average


@here
async def test_again_is_a_new_preview_and_another_order(house: House) -> None:
    first = await ended(house, (await given(house, "buy 0.01 BTC-USDT")).order_id)
    outcome = await house.send("/start")
    panel = house.program.services.panels.fresh(OWNER, "trade_order", {"id": first.order_id})
    shown = await house.program._fronts[0]._router._taps._calls.act("trade_again", {"id": first.order_id}, OWNER, no_claim, panel)
    again = Ticket.of(shown.args["ticket"])  # type: ignore[union-attr]
    assert (again.pair, again.amount, again.kind, again.mode) == ("BTC-USDT", "0.01", "MARKET", "paper")
    assert again.ticket_id != first.order_id and outcome is not None


# ---- once ----------------------------------------------------------------------------------------------------------
@here
async def test_a_double_tap_is_one_order(house: House) -> None:
    before = trades(house)
    card = await house.send("/trade buy 0.01 BTC-USDT", "Buy 0.01 BTC")
    target, row, column = house.button("Confirm", card)
    for _ in range(2):
        await house.post("/chat/tap", message_id=target["message_id"], row=row, column=column)
    await house.until(lambda: len(house.answers) == 2, "two answers")
    await is_so(house, card, "filled")
    assert trades(house) == before + 1


@here
async def test_a_ticket_is_one_order_whoever_confirms_it_and_at_once(house: House) -> None:
    manual, before = house.program.services.manual, trades(house)
    wanted = await ticket(house, "buy 0.01 BTC-USDT")
    told = await asyncio.gather(*(manual.place(OWNER, wanted, no_claim) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, AlreadyDone) for each in told) == 3
    await ended(house, wanted.ticket_id)
    with pytest.raises(AlreadyDone):
        await manual.place(OWNER, wanted, no_claim)
    assert trades(house) == before + 1


@here
async def test_s28_a_price_that_moved_is_looked_at_again_before_anything_is_sent(house: House) -> None:
    manual, before = house.program.services.manual, trades(house)
    card = await house.send("/trade buy 0.01 BTC-USDT", "Buy 0.01 BTC")
    preview = manual.preview

    async def dearer(actor: Actor, of: Ticket) -> Any:
        found = await preview(actor, of)
        return replace(found, mid=None if found.mid is None else found.mid * D("1.05"))

    manual.preview = dearer  # type: ignore[method-assign]
    try:
        told = await house.tap("Confirm", card)
    finally:
        manual.preview = preview  # type: ignore[method-assign]
    assert "Not done" in told and "has moved" in told
    assert trades(house) == before


@here
async def test_s27_a_preview_older_than_a_minute_asks_again(house: House) -> None:
    before = trades(house)
    card = await house.send("/trade buy 0.01 BTC-USDT", "Buy 0.01 BTC")
    house.ahead_ms += 61_000
    where = house.button("Confirm", card)[1:]
    assert "have passed" in await house.tap("Confirm", card)
    assert trades(house) == before
    assert house.button("Confirm", card)[1] != where[0], "a second tap of the same kind meets something else"


# ---- asked word by word --------------------------------------------------------------------------------------------
@here
async def test_alone_it_asks_for_venue_pair_side_amount_and_type(house: House) -> None:
    card = await house.send("/trade", "Where?")
    await house.tap("Binance USD-M", card)
    await is_so(house, card, "Which pair?")
    typed = await house.send("btc/usdt", "Buy or sell?")
    await house.tap("Sell", typed)
    await is_so(house, typed, "How much?")
    wrong = await house.send("quite a lot", "⚠️", "expected an amount")
    assert "How much?" in house.text(wrong)
    await house.tap("10%", wrong)
    await is_so(house, wrong, "How?")
    await house.tap("Limit maker", wrong)
    await is_so(house, wrong, "At which price?")
    await house.tap("+1%", wrong)
    await is_so(house, wrong, "(asked 10%)")
    for words in ("Sell", "limit maker", "(+1%)"):
        assert words in house.text(wrong)
    before = trades(house)
    await house.tap("Confirm sell", wrong)
    await is_so(house, wrong, "working")
    assert trades(house) == before + 1


@here
async def test_a_share_of_nothing_asks_for_the_amount_again(house: House) -> None:
    card = await house.send("/trade sell 25% SOL-USDT limit on bybit", "At which price?")
    await house.tap("+1%", card)
    await is_so(house, card, "nothing of SOL is free at Bybit spot (paper)")
    assert "How much?" in house.text(card)


@here
async def test_a_typo_offers_pairs_and_back_keeps_the_rest(house: House) -> None:
    card = await house.send("/trade buy 0.1 on binance", "Which pair?")
    asked = await house.send("BTC-UDST", "did you mean")
    await house.tap("BTC-USDT", asked)
    await is_so(house, asked, "How?")
    await house.tap("Back", asked)
    await is_so(house, asked, "How much?")
    assert "BTC-USDT" in house.text(asked) and card is not None


@here
async def test_s34_free_text_never_trades(house: House) -> None:
    before = trades(house)
    for text in ("BTC-USDT buy 1", "buy 1 BTC-USDT", "confirm", "yes"):
        await house.send(text, "⚠️")
    for step in ("/trade", "/trade buy BTC-USDT", "/trade buy 1 BTC-USDT"):
        await house.send(step)
        await house.send("BTC-USDT buy 1", "⚠️")
        await house.send("yes", "⚠️")
    assert trades(house) == before


# ---- what is against it --------------------------------------------------------------------------------------------
@here
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("buy 0.0000001 BTC-USDT", "below the lot size 0.00001 BTC of BTC-USDT; the smallest order now is"),
        ("buy 0.00002 BTC-USDT", "is below the smallest order value 5 USDT of BTC-USDT; the smallest order now is"),
        ("buy 1.2 BTC-USDT", "the balance is too small: it needs"),
        ("sell 3 BTC-USDT on binance", "are free at Binance spot (paper): make it smaller"),
        ("buy 0.01 BTC-USDT at 20,000", "further than 50 % from the market"),
        ("buy 0.01 BTC-USDT at +5% maker", "would trade at once"),
        ("buy 500 BTC-USDT", "is above the limit of 100000 for one order"),
    ],
)
async def test_what_would_be_refused_says_so_on_the_card_and_has_no_confirm(house: House, line: str, words: str) -> None:
    card = await house.send(f"/trade {line}", "⚠️")
    assert words in house.text(card), house.text(card)
    assert not any("Confirm" in label for label in house.labels(card))
    with pytest.raises(UserError, match="nothing was placed"):
        await house.program.services.manual.place(OWNER, await ticket(house, line), no_claim)


@here
async def test_words_that_mean_nothing_are_answered_in_a_sentence(house: House) -> None:
    await house.send("/trade buy 1 BTC-UDST", "there is no pair 'BTC-UDST' here; did you mean BTC-USDT")
    await house.send("/trade buy 1 BTC-USDT live", "no account with real money is connected")
    await house.send("/trade buy 99999999999999 BTC-USDT", "more than can be counted")


@here
async def test_a_halt_a_pause_and_a_venue_that_is_down_are_told_apart(house: House) -> None:
    services, program = house.program.services, house.program
    wanted = await ticket(house, "buy 0.01 BTC-USDT")
    program._hosts.halt("of the test")
    told = (await services.manual.preview(OWNER, wanted)).problems
    program._hosts.release()
    assert any("no new positions are taken: of the test" in problem for problem in told)
    await ended(house, (await given(house, "buy 0.01 BTC-USDT")).order_id)
    await services.pauses.pause(OWNER, [""], no_claim)
    told = (await services.manual.preview(OWNER, wanted)).problems
    await services.pauses.resume(OWNER, [""], no_claim)
    assert any("paused by You" in problem for problem in told)
    state = program._host.runtime.markets[Market(PERP, "BTC-USDT")]
    state.ended = True
    told = (await services.manual.preview(OWNER, wanted)).problems
    state.ended = False
    assert any("has come to its end" in problem and "try again when it is back" in problem for problem in told)


@here
@pytest.mark.parametrize(("what", "words"), [("halted", "stands still"), ("stopped", "is stopping"), ("paused", "of the test")])
async def test_what_comes_between_yes_and_the_order_keeps_it_back(house: House, what: str, words: str) -> None:
    manual, manager = house.program.services.manual, house.program._manager
    bot = manager.running[(await ended(house, (await given(house, "buy 0.01 BTC-USDT")).order_id)).bot_id]
    written, wanted, before = manual._written, await ticket(house, "buy 0.01 BTC-USDT"), trades(house)

    async def meanwhile(*args: Any) -> None:
        await written(*args)
        if what == "halted":
            manager.stopped_all = "all stands still"
        elif what == "stopped":
            del manager.running[bot.row.bot_id]
        else:
            bot.strategy.orchestrator.pause("of the test")

    manual._written = meanwhile  # type: ignore[method-assign]
    try:
        with pytest.raises(UserError, match=f"nothing was placed: .*{words}"):
            await manual.place(OWNER, wanted, no_claim)
    finally:
        manual._written, manager.stopped_all = written, None  # type: ignore[method-assign]
        manager.running[bot.row.bot_id] = bot
        bot.strategy.orchestrator.resume()
    assert trades(house) == before and not manual.at_work(OWNER)


@here
async def test_a_refusal_of_the_venue_is_told_with_its_reason_and_nothing_is_sent_again(house: House) -> None:
    manual = house.program.services.manual
    wanted = await ticket(house, "buy 0.01 BTC-USDT")
    gate = house.program._host.runtime.gate
    settled, limit = manual._previews.of, gate._limits

    # what was allowed when it was looked at, and is not when it arrives
    def allowed(*args: Any) -> Any:
        found = settled(*args)
        gate.halt("the owner said so")
        return found

    manual._previews.of = allowed  # type: ignore[method-assign]
    try:
        order = await manual.place(OWNER, wanted, no_claim)
    finally:
        manual._previews.of = settled  # type: ignore[method-assign]
        gate.release()
    assert (order.stage, limit is gate._limits) == (Stage.REFUSED, True)
    assert "the owner said so" in order.reason
    await house.wait_text("Order by hand: BUY BTC-USDT", "nothing was traded", "the owner said so")


# ---- who may -------------------------------------------------------------------------------------------------------
@here
@pytest.mark.parametrize("role", [Role.NOBODY, Role.ALERT_ONLY, Role.VIEWER, Role.OPERATOR])
async def test_only_traders_trade_and_operators_cancel(house: House, role: Role) -> None:
    manual, other = house.program.services.manual, Actor(7, "Other", role, "telegram", 7)
    wanted, before = await ticket(house, "buy 0.01 BTC-USDT"), trades(house)
    for ask in (manual.settled(other, wanted), manual.preview(other, wanted), manual.place(other, wanted, no_claim)):
        with pytest.raises(Forbidden):
            await ask
    registry = house.program._fronts[0]._registry
    assert {registry.commands["trade"].role, registry.screens["trade"].role, registry.actions["trade_place"].role} == {Role.TRADER}
    order = await given(house, "buy 0.01 BTC-USDT at -30%")
    if role is Role.OPERATOR:
        assert await manual.cancel(other, [order.order_id], no_claim) == 1
    else:
        with pytest.raises(Forbidden):
            await manual.cancel(other, [order.order_id], no_claim)
    assert trades(house) == before + 1


@here
async def test_real_money_asks_for_a_code_first_and_takes_nothing_before(house: House) -> None:
    manual, bots = house.program.services.manual, house.program.services.bots
    asked: list[set[str]] = []

    async def needed(actor: Actor, accounts: set[str]) -> None:
        asked.append(accounts)
        raise StepUpNeeded("this needs a code")

    kept, bots.before_live = bots.before_live, needed
    wanted = await ticket(house, "buy 0.01 BTC-USDT")
    # the same market and host stand for an account with real money: only the question before it is looked at here
    live = Ticket.of({**wanted.values(), "mode": "live"})
    hosts = house.program._hosts
    of, before = hosts.of, trades(house)
    hosts.of = lambda mode: hosts.paper  # type: ignore[method-assign, assignment, return-value]
    down = manual._previews._purse.is_down
    manual._previews._purse.is_down = lambda market, mode: None  # type: ignore[method-assign]
    problems = manual._previews._problems
    can_pay = problems._poor
    problems._poor = lambda *args: None  # type: ignore[method-assign]
    try:
        with pytest.raises(StepUpNeeded):
            await manual.place(OWNER, live, lambda connection: pytest.fail("nothing is claimed before the code"))
    finally:
        hosts.of = of  # type: ignore[method-assign]
        bots.before_live = kept
        manual._previews._purse.is_down = down  # type: ignore[method-assign]
        problems._poor = can_pay  # type: ignore[method-assign]
    assert asked == [{PERP}] and trades(house) == before


# ---- whose they are ------------------------------------------------------------------------------------------------
@here
async def test_what_is_bought_and_sold_by_hand_is_netted_in_one_bot_of_its_market(house: House) -> None:
    bought = await ended(house, (await given(house, "buy 0.02 ETH-USDT on binance")).order_id)
    preview = await house.program.services.manual.preview(OWNER, await ticket(house, "sell 0.01 ETH-USDT on binance"))
    assert preview.reduces
    sold = await ended(house, (await given(house, "sell 0.01 ETH-USDT on binance")).order_id)
    assert bought.bot_id == sold.bot_id
    orchestrator = house.program._manager.running[bought.bot_id].strategy.orchestrator
    (hold,) = orchestrator.holds.of("main")
    assert D("0.0099") < hold.net_amount_base <= D("0.01") and hold.realized_gross
    more = await house.program.services.manual.preview(OWNER, await ticket(house, "sell 0.02 ETH-USDT on binance"))
    assert not more.reduces, "it would sell more than was bought"
    titles = house.rows("SELECT title FROM bots WHERE title LIKE 'By hand%'")
    assert len(titles) == len(set(titles))


@here
async def test_its_bot_is_stopped_like_any_other_and_started_again_by_the_next_order(house: House) -> None:
    manual, bots = house.program.services.manual, house.program.services.bots
    order = await given(house, "buy 10 XRP-USDT at -30%")
    await bots.stop(OWNER, order.bot_id, no_claim, keep_position=True)
    assert (await ended(house, order.order_id)).stage is Stage.CANCELLED
    await house.until(lambda: order.bot_id not in house.program._manager.running, "the end of the bot")
    await house.row_of(f"SELECT 1 FROM bots WHERE bot_id = '{order.bot_id}' AND state = 'stopped'")
    again = await given(house, "buy 10 XRP-USDT at -30%")
    assert again.bot_id == order.bot_id and again.stage in (Stage.ACCEPTED, Stage.WORKING)
    with pytest.raises(UserError, match="no strategy that could be copied"):
        await house.program.services.drafts.duplicate(OWNER, order.bot_id)
    assert [each.order_id for each in manual.at_work(OWNER)] == [again.order_id]


# ---- /cancel -------------------------------------------------------------------------------------------------------
@here
async def test_cancel_takes_back_one_a_pair_or_all_after_asking(house: House) -> None:
    first, second = await given(house, "buy 0.01 BTC-USDT at -30%"), await given(house, "buy 0.02 BTC-USDT at -31%")
    third = await given(house, "buy 0.5 ETH-USDT at -30%")
    one = await house.send(f"/cancel {first.order_id[-5:]}", "Cancel 1 order by hand?", "Orders of bots are not touched")
    await house.tap("Cancel BUY 0.01 BTC-USDT", one)
    assert (await ended(house, first.order_id)).stage is Stage.CANCELLED
    pair = await house.send("/cancel btc/usdt", "Cancel 1 order by hand?", "0.02")
    await house.tap("Leave them", pair)
    everything = await house.send("/cancel all", "Cancel 2 orders by hand?")
    assert await house.tap("Cancel 2 orders", everything) == "Cancelling 2 orders"
    for order in (second, third):
        assert (await ended(house, order.order_id)).stage is Stage.CANCELLED
    await house.send("/cancel all", "no order by hand is at work")
    await house.send("/cancel nothing", "no order by hand 'nothing' is at work")


@here
async def test_cancel_touches_no_order_of_a_bot(house: House) -> None:
    services = house.program.services
    draft = await services.drafts.begin(OWNER, "pmm_simple")
    wide = {"buy_spreads": "0.2", "sell_spreads": "0.2"}
    view = await services.bots.start(OWNER, draft.controller_name, draft.answers | wide, no_claim)
    await house.until(lambda: bool(services.data.trading.orders(OWNER)), "quotes")
    (its, *_) = [order.executor_id for order in services.data.trading.orders(OWNER) if order.bot_id == view.bot_id]
    await house.send("/cancel all", "no order by hand is at work")
    await house.send(f"/cancel {its}", "Orders of bots end with their bot: /stop")
    with pytest.raises(UserError, match="none of these orders is at work"):
        await services.manual.cancel(OWNER, [its], no_claim)
    await services.bots.stop(OWNER, view.bot_id, no_claim, keep_position=False)
    await house.until(lambda: view.bot_id not in house.program._manager.running, "the end of the bot")


@here
async def test_cancel_alone_ends_what_is_asked(house: House) -> None:
    await house.send("/trade", "Where?")
    await house.send("/cancel", "Nothing was placed.")
    await house.send("binance", "nothing here waits for an answer")
    draft = await house.send("/new pmm_simple", "pmm_simple")
    await house.send("/cancel", "The draft was given up. Nothing was started.")
    await house.send("100", "nothing here waits for an answer")
    assert house.rows("SELECT state FROM drafts ORDER BY updated_ms DESC LIMIT 1") == [("cancelled",)] and draft is not None
    await house.send("/cancel", "Nothing is being asked")


# ---- restart -------------------------------------------------------------------------------------------------------
@pytest.mark.asyncio
async def test_orders_and_their_cards_survive_a_restart(tmp_path: Any) -> None:
    async with House(tmp_path / "house") as house:
        card = await house.send("/trade buy 0.01 BTC-USDT at -30%", "Buy 0.01 BTC")
        await house.tap("Confirm", card)
        await is_so(house, card, "working")
        before = house.rows("SELECT executor_id FROM executors")
        await house.restart()
        (order,) = house.program.services.manual.at_work(OWNER)
        assert [(order.order_id,)] == before and order.stage is Stage.WORKING
        await house.tap("✖ Cancel", card)
        await house.tap("Cancel BUY 0.01 BTC-USDT", card)
        await is_so(house, card, "cancelled")
        # the preview that led to it shows the order, and confirms no second one
        with pytest.raises(AlreadyDone):
            await house.program.services.manual.place(
                OWNER, Ticket.of({**(await ticket(house, "buy 0.01 BTC-USDT")).values(), "ticket_id": order.order_id}), no_claim
            )


@pytest.mark.asyncio
async def test_panic_ends_orders_by_hand_and_no_new_one_is_taken(tmp_path: Any) -> None:
    async with House(tmp_path / "house") as house:
        order = await given(house, "buy 0.01 BTC-USDT at -30%")
        await house.send("/panic", "STOP")
        await house.tap("STOP")
        assert (await ended(house, order.order_id)).stage is Stage.CANCELLED
        wanted = await ticket(house, "buy 0.01 BTC-USDT")
        problems = (await house.program.services.manual.preview(OWNER, wanted)).problems
        assert any("until the owner releases it with a reason (/panic)" in problem for problem in problems)


@pytest.mark.asyncio
async def test_a_process_that_ends_between_yes_and_the_order_has_sent_nothing_and_never_does(tmp_path: Any) -> None:
    async with House(tmp_path / "house") as house:
        card = await house.send("/trade buy 0.01 BTC-USDT", "Buy 0.01 BTC")
        manual = house.program.services.manual
        written = manual._written

        async def last(*args: Any) -> None:
            await written(*args)
            raise RuntimeError("the power goes")

        manual._written = last  # type: ignore[method-assign]
        await house.tap("Confirm", card)
        assert house.rows("SELECT state FROM confirms ORDER BY created_ms LIMIT 1") == [("unknown",)]
        await house.restart()
        await house.send("/orders", "No order is out")
        assert house.rows("SELECT count(*) FROM v_intents") == [(0,)] and trades(house) == 0
        # what was answered is not answered again; a fresh preview of the same order is, once
        assert "nobody knows what came of it" in await house.tap("Confirm", card)
        assert trades(house) == 0
        await house.tap("Fresh numbers", card)
        await house.tap("Confirm", card)
        await is_so(house, card, "filled")
        assert trades(house) == 1
