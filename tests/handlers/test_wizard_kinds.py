"""From `/new NAME` to a running bot for every shipped controller, and from `/x new KIND` to an executor at work for every executor: one wizard, no code for any of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from botcore.controllers.catalog import shipped_controllers
from botcore.model.instrument import Market
from condor.executor_drafts import SUMMARIES
from tests.support.house import House
from tests.support.programs import OWNER, no_claim
from tests.support.transcript import Card

pytestmark = pytest.mark.asyncio(loop_scope="module")
PERPETUAL = "venue=binance_perpetual pair=eth"
TWO = "buying_market=binance:eth-usdt selling_market=binance_perpetual:eth-usdt"
LINES = {
    "position": f"{PERPETUAL} side=long amount=$200",
    "order": f"{PERPETUAL} side=buy amount=0.1",
    "dca": f"{PERPETUAL} side=buy amounts_quote=100,200,300",
    "twap": f"{PERPETUAL} side=short total_amount_quote=600",
    "grid": f"{PERPETUAL} side=buy total_amount_quote=500",
    "arbitrage": f"{TWO} order_amount=0.1",
    "xemm": f"{TWO} maker_side=buy order_amount=0.1",
    "pair": "long.connector_name=binance_perpetual long.trading_pair=eth long.side=buy long.amount_quote=$300"
    " short.connector_name=binance_perpetual short.trading_pair=btc short.side=sell short.amount_quote=300",
}
"""What an executor is asked and nobody else can know, in one line."""


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared: House) -> AsyncIterator[House]:
    """One program for all; each test leaves nothing at work behind."""
    yield shared
    drafts = shared.program.services.drafts
    for draft in await drafts.unfinished(OWNER):
        await drafts.cancel(OWNER, draft.draft_id)
    await shared.stop_bots()


async def started(house: House, card: Card) -> str:
    """The bot of a draft at its review, started on paper."""
    await house.tap("Review", card)
    text = house.text(card)
    assert "review · 📄 paper" in text and "What it may do" in text and "Looked at" in text, text
    assert any("Chart" in label for label in house.labels(card)) and any("Start LIVE" in label for label in house.labels(card))
    before = {bot_id for (bot_id,) in house.rows("SELECT bot_id FROM bots")}
    assert "trades on paper now" in await house.tap("Start (paper)", card)
    assert " · running · paper" in house.text(card), "the card is the live panel now"
    ((bot_id, state),) = [row for row in house.rows("SELECT bot_id, state FROM bots") if row[0] not in before]
    assert state == "running"
    return str(bot_id)


@pytest.mark.parametrize("name", sorted(shipped_controllers()))
async def test_every_shipped_controller_is_set_up_and_started_by_the_wizard(house: House, name: str) -> None:
    bot_id = await started(house, await house.send(f"/new {name}", f"➕ {name}"))
    (controller,) = house.program._manager.running[bot_id].strategy.controllers
    assert controller.config.controller_name == name


@pytest.mark.parametrize("kind", [name.removesuffix("_executor") for name in SUMMARIES])
async def test_every_executor_is_set_up_and_started_by_the_wizard(house: House, kind: str) -> None:
    card = await house.send(f"/x new {kind}", f"➕ {kind}_executor")
    card = await house.send(LINES[kind], "Noted: ")
    bot_id = await started(house, card)
    await house.row_of(f"SELECT 1 FROM executors WHERE bot_id = '{bot_id}' AND type = '{kind}_executor'")


async def test_a_word_that_several_strategies_begin_with_lists_those_and_one_that_none_has_is_told_the_nearest(house: House) -> None:
    card = await house.send("/new pmm", "Which strategy?")
    assert [label for label in house.labels(card) if "_" in label] == ["pmm_simple", "pmm_dynamic"]
    await house.tap("All strategies", card)
    assert "grid_strike" in house.labels(card)
    assert "there is no strategy 'grdi_strike', did you mean grid_strike?" in house.text(await house.send("/new grdi_strike", "⚠️"))
    assert "there is no executor 'grdi', did you mean grid?" in house.text(await house.send("/x new grdi", "⚠️"))


async def test_dollars_are_no_coins_in_the_wizard_either(house: House) -> None:
    await house.send("/x new position", "➕")
    card = await house.send(f"{PERPETUAL} side=buy amount=$320", "Noted: ")
    state = house.program._host.runtime.markets[Market("binance_perpetual", "ETH-USDT")]
    coins = float(house.text(card).partition("amount ")[2].split()[0].rstrip(","))
    assert 0 < coins < 1 and coins == pytest.approx(320 / state.mid(), rel=0.1), "dollars at the price now, not 320 ETH"
    await house.tap("Cancel", card)
    await house.send("/x new position", "➕")
    await house.send("venue=binance pair=eth-btc side=buy", "Noted: ")
    for text in ("amount=$50", "amount=50 usdt"):
        assert "ETH-BTC is priced in BTC, not in dollars: say how much ETH" in house.text(await house.send(text, "⚠️"))


async def test_s14_what_the_caps_of_the_account_refuse_is_said_before_the_start_with_what_mends_it(house: House) -> None:
    caps = house.program.services.caps
    account = "paper:binance_perpetual"
    for field, text in (("max_leverage", "3"), ("max_order_quote", "100"), ("pairs", "ETH-USDT")):
        await caps.change(OWNER, account, field, text, no_claim)
    card = await house.send("/new pmm_simple", "On which venue?")
    card = await house.send("lev=5", "Noted: leverage 5x")
    await house.tap("Review", card)
    text = house.text(card)
    assert "leverage 5x is above the cap of 3x at Binance USD-M futures (paper)" in text
    assert "its largest order of 250.00 USDT is above the cap of 100 for one order at Binance USD-M futures (paper)" in text
    assert "BTC-USDT is not among the pairs that the caps of Binance USD-M futures (paper) allow: ETH-USDT" in text
    assert not [label for label in house.labels(card) if "Start (paper)" in label]
    await house.tap("Use 3x", card)
    assert "leverage 5x" not in house.text(card) and "not among the pairs" in house.text(card), "the draft is kept"
    for field in ("max_order_quote", "pairs"):
        await caps.change(OWNER, account, field, "off", no_claim)
    card = await house.send("sl=2%", "review")
    assert [label for label in house.labels(card) if "Start (paper)" in label]
    await caps.change(OWNER, account, "max_leverage", "off", no_claim)


async def test_stop_all_where_nothing_runs_is_a_card_that_says_so(house: House) -> None:
    assert house.labels(await house.send("/stop all", "Nothing to stop"))
