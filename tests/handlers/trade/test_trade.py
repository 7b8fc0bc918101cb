"""Orders by hand over HTTP as a person uses them: `/trade`. Numbers in names are those of telegram.md section 7."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.instrument import Market
from condor.store.panels import AlreadyDone
from condor.tickets import Ticket
from condor.users import Actor
from tests.support.hand import ended, given, is_so, ticket, trades
from tests.support.house import House
from tests.support.programs import OWNER, no_claim

D = Decimal
PERP, SPOT = "binance_perpetual", "binance"
here = pytest.mark.asyncio(loop_scope="module")


# ---- one line --------------------------------------------------------------------------------------------------------
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


# ---- once ------------------------------------------------------------------------------------------------------------
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


# ---- asked word by word ----------------------------------------------------------------------------------------------
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
