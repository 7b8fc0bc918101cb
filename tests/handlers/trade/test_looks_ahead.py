"""The preview of `/trade` says what the desk would: limits of the settings, orders of our own, caps, the owner's limits of a role. Looking counts nothing."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from botcore.model.instrument import Market
from condor.errors import UserError
from condor.manual_views import Stage
from condor.users import Actor, Role
from tests.support.hand import ended, given, ticket, trades
from tests.support.house import House
from tests.support.programs import OWNER, no_claim

D = Decimal
PERP = "binance_perpetual"
BEN = Actor(7, "Ben", Role.TRADER, "telegram", 7)
here = pytest.mark.asyncio(loop_scope="module")


async def problems(house: House, line: str, actor: Actor = OWNER) -> str:
    return " | ".join((await house.program.services.manual.preview(actor, await ticket(house, line))).problems)


def flat(house: House, card: Any) -> str:
    """A card's text without the blanks that set it out."""
    return " ".join(house.text(card).split())


@pytest.mark.asyncio
async def test_what_may_be_open_at_once_is_said_before_and_orders_at_work_count(tmp_path: Any) -> None:
    # of these limits the pair's is reached first, then the account's
    limits = {"max_position_quote": 3000, "max_open_quote": 4000, "max_orders_per_minute": 3}
    async with House(tmp_path / "house", {"risk": limits}) as house:
        fits = "buy 1 ETH-USDT on binance_perpetual at -30%"
        price = D((await ticket(house, fits)).price)
        size = (2000 / price).quantize(D("0.001"))
        for _ in range(20):
            assert await problems(house, f"buy {size} ETH-USDT on {PERP} at -30%") == "", "looking uses up nothing"
        await given(house, f"buy {size} ETH-USDT on {PERP} at -30%")
        card = await house.send(
            f"/trade buy {size} ETH-USDT at -30% on {PERP}", "⚠️", "ETH-USDT would have", "above the limit of 3000: make it smaller"
        )
        assert not any("Confirm" in label for label in house.labels(card))
        with pytest.raises(UserError, match="nothing was placed: with this order of"):
            await given(house, f"buy {size} ETH-USDT on {PERP} at -30%")
        other = D((await ticket(house, f"buy 0.01 BTC-USDT on {PERP} at -30%")).price)
        more = (D(2500) / other).quantize(D("0.001"))
        assert "the account would have" in await problems(house, f"buy {more} BTC-USDT on {PERP} at -30%")
        for number in range(2):
            await given(house, f"buy 0.001 BTC-USDT on {PERP} at -{30 + number}%")
        assert "more than 3 orders within a minute: wait a minute" in await problems(house, f"buy 0.001 BTC-USDT on {PERP} at -30%")


@pytest.mark.asyncio
async def test_an_order_that_would_meet_our_own_says_so_or_stands_behind_it(tmp_path: Any) -> None:
    async with House(tmp_path / "house") as house:
        manual = house.program.services.manual
        await ended(house, (await given(house, "buy 0.5 ETH-USDT on binance_perpetual")).order_id)
        # nothing moves from here on: what is sent rests where it was sent
        house.freeze()
        book = house.program._host.runtime.markets[Market(PERP, "ETH-USDT")]
        inside = book.instrument.price(book.book.best_bid + 1)
        sold = await given(house, f"sell 1 ETH-USDT on {PERP} at {inside}")
        assert sold.stage in (Stage.ACCEPTED, Stage.WORKING) and sold.filled == 0
        said = await problems(house, f"buy 0.01 ETH-USDT on {PERP}")
        assert "would trade with our own order at" in said and "cancel that one first (/orders)" in said
        preview = await manual.preview(OWNER, await ticket(house, f"buy 0.01 ETH-USDT on {PERP} at {inside}"))
        behind = book.instrument.price(book.book.best_bid)
        assert preview.problems == () and not preview.is_taker and preview.average == behind
        assert any(f"goes one step behind it, at {behind:f}"[:40] in note for note in preview.notes), preview.notes
        placed = await given(house, f"buy 0.01 ETH-USDT on {PERP} at {inside}")
        orders = house.program._host.runtime.connectors[PERP].tracker.open_orders()
        (order,) = [each for each in orders if each.request.executor_id == placed.order_id]
        assert order.instrument.price(order.request.price_ticks or 0) == behind, "it goes as the preview said"


@here
async def test_two_reasons_are_both_said_and_a_look_counts_as_no_entry_of_a_cap(house: House) -> None:
    caps = house.program.services.caps
    before = trades(house)
    await problems(house, "buy 0.01 BTC-USDT")
    account = f"paper:{PERP}"
    for field, text in (("orders_per_minute", "2"), ("max_order_quote", "5")):
        await caps.change(OWNER, account, field, text, no_claim)
    for _ in range(5):
        said = await problems(house, "buy 500 BTC-USDT")
    assert "the book" in said and "for one order: make it smaller" in said and f"cap of {PERP}" in said and "/caps shows" in said
    await caps.change(OWNER, account, "max_order_quote", "off", no_claim)
    assert await problems(house, "buy 0.01 BTC-USDT") == "", "ten looks are no entry"
    await caps.change(OWNER, account, "orders_per_minute", "off", no_claim)
    assert trades(house) == before


# ---- leverage ------------------------------------------------------------------------------------------------------
@here
async def test_a_leverage_that_is_typed_is_shown_set_with_the_order_and_stays(house: House) -> None:
    leverage = house.program._host.leverage
    card = await house.send(f"/trade BTC-USDT long 0.01 5x on {PERP}", "Buy 0.01 BTC", "is set to 5x first, and stays so")
    assert "Leverage 5x" in flat(house, card)
    assert leverage(PERP, "BTC-USDT") == 1, "a look sets nothing"
    await house.tap("Confirm buy 0.01 BTC on paper", card)
    await house.until(lambda: "filled" in house.text(card), "the fill")
    assert leverage(PERP, "BTC-USDT") == 5
    assert "Leverage 5x" in flat(house, await house.send(f"/trade buy 0.01 BTC-USDT on {PERP}", "Buy 0.01 BTC"))
    # raised while its bot runs: the bot keeps it for the next start
    await ended(house, (await given(house, f"buy 0.01 BTC-USDT on {PERP} 10x")).order_id)
    assert leverage(PERP, "BTC-USDT") == 10
    wanted = "SELECT before, after FROM audit WHERE action = 'set_leverage' ORDER BY audit_id DESC LIMIT 1"
    assert house.rows(wanted) == [("5", "10")]
    config = "SELECT json_extract(config, '$.leverage') FROM bot_configs WHERE controller_name = 'manual' ORDER BY version DESC LIMIT 1"
    assert house.rows(config) == [(10,)]
    # what only gives back leaves it alone
    back = await house.send(f"/trade sell 0.01 BTC-USDT 2x on {PERP}", "It gives back", "2x is for new positions")
    assert "Leverage 10x" in flat(house, back)


@here
async def test_a_leverage_pays_for_more_than_the_balance(house: House) -> None:
    assert "the balance is too small" in await problems(house, f"buy 20 ETH-USDT at -1% on {PERP}")
    assert await problems(house, f"buy 20 ETH-USDT 20x at -1% on {PERP}") == ""


@here
async def test_a_leverage_is_asked_for_with_buttons_and_a_wrong_one_again(house: House) -> None:
    card = await house.send(f"/trade buy 1 XRP-USDT on {PERP}", "Buy 1 XRP")
    await house.tap("✏️ Leverage", card)
    await house.until(lambda: "Which leverage?" in house.text(card), "the question")
    wrong = await house.send("500", "expected a leverage from 1x to 125x, found '500'")
    await house.tap("3x", wrong)
    await house.until(lambda: "Leverage 3x" in flat(house, wrong), "the preview")


@here
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("buy 0.01 BTC-USDT 5x on binance", "is spot and has no leverage: leave out 5x"),
        ("buy 0.01 ETH-USDT 4x on binance_perpetual", "has leverage 4, above the limit of 3"),
        ("buy 0.01 ETH-USDT 3x on binance_perpetual", ""),
    ],
)
async def test_a_leverage_that_is_not_to_be_had_says_why(house: House, line: str, words: str) -> None:
    await problems(house, f"buy 0.01 ETH-USDT on {PERP}")
    await house.program.services.caps.change(OWNER, f"paper:{PERP}", "max_leverage", "3", no_claim)
    said = await problems(house, line)
    await house.program.services.caps.change(OWNER, f"paper:{PERP}", "max_leverage", "off", no_claim)
    assert (words in said) if words else not said, said


@here
async def test_a_pair_that_another_bot_trades_keeps_that_bots_leverage(house: House) -> None:
    bot_id = await house.bot("The other", trading_pair="SOL-USDT", connector_name=PERP, leverage="3", buy_spreads="0.2", sell_spreads="0.2")
    assert await problems(house, f"buy 1 SOL-USDT on {PERP} at -30% 3x") == ""
    said = await problems(house, f"buy 1 SOL-USDT on {PERP} at -30% 5x")
    assert "The other trades SOL-USDT on this account with leverage 3" in said and "take 3x, or stop that bot first" in said
    await house.program.services.bots.stop(OWNER, bot_id, no_claim, keep_position=False)


# ---- words ---------------------------------------------------------------------------------------------------------
@here
async def test_an_amount_in_a_quote_asset_that_is_no_dollar_is_said_in_it(house: House) -> None:
    house.program._host.runtime.open_market(Market("binance", "ETH-BTC"))
    card = await house.send("/trade buy 0.05 btc ETH-BTC on binance", "(asked 0.05 BTC)")
    assert "$" not in house.text(card), house.text(card)
    fee = re.search(r"Fee about\s+([\d.]+) BTC", house.text(card))
    assert fee and D(fee[1]) == pytest.approx(D("0.05") * D("0.001"), rel=D("0.1")), "a small sum is not rounded away"
    # the account has no bitcoin: what is missing is said to its last digit
    assert re.search(r"it needs 0[.]0\d{3,7} BTC and its fee, and 0 are free", house.text(card)), house.text(card)
    dollars = await house.send("/trade buy $50 ETH-USDT on binance", "(asked $50)")
    assert dollars is not None
