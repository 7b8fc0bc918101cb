"""Whose orders by hand are: one bot for each market, `/cancel`, and what a restart leaves of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from condor.errors import UserError
from condor.manual_views import Stage
from condor.store.panels import AlreadyDone
from condor.tickets import Ticket
from tests.support.hand import ended, given, is_so, ticket, trades
from tests.support.house import House
from tests.support.programs import OWNER, no_claim

D = Decimal
PERP, SPOT = "binance_perpetual", "binance"
here = pytest.mark.asyncio(loop_scope="module")


# ---- whose they are --------------------------------------------------------------------------------------------------
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


# ---- /cancel ---------------------------------------------------------------------------------------------------------
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


# ---- restart ---------------------------------------------------------------------------------------------------------
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


class _Dies:
    """A journal whose process ends with the first thing that is written."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal

    def run(self, write: Any) -> Any:
        self._journal.run(write).result()
        raise RuntimeError("the power goes")


@pytest.mark.asyncio
async def test_a_process_that_ends_between_cancel_and_the_end_of_the_order_cancels_it_when_it_is_back(tmp_path: Any) -> None:
    async with House(tmp_path / "house") as house:
        taken, stays = await given(house, "buy 0.01 BTC-USDT at -30%"), await given(house, "buy 0.01 BTC-USDT at -31%")
        manual = house.program.services.manual
        await house.until(lambda: all(order.stage is Stage.WORKING for order in manual.at_work(OWNER)), "both at work")
        manual._journal = _Dies(manual._journal)  # type: ignore[assignment]
        with pytest.raises(RuntimeError, match="the power goes"):
            await manual.cancel(OWNER, [taken.order_id], no_claim)
        # it had not begun: what is written says what is being done, and no more
        assert house.rows("SELECT before, after FROM audit WHERE action = 'cancel_order'") == [("at work", "cancelling")]
        assert len(manual.at_work(OWNER)) == 2
        await house.restart()
        assert (await ended(house, taken.order_id)).stage is Stage.CANCELLED
        assert [order.order_id for order in house.program.services.manual.at_work(OWNER)] == [stays.order_id]


@pytest.mark.asyncio
async def test_a_process_that_ends_between_close_and_the_end_of_an_executor_closes_it_when_it_is_back(tmp_path: Any) -> None:
    async with House(tmp_path / "house") as house:
        services = house.program.services
        draft = await services.drafts.begin(OWNER, "pmm_simple")
        wide = {"buy_spreads": "0.2", "sell_spreads": "0.2"}
        view = await services.bots.start(OWNER, draft.controller_name, draft.answers | wide, no_claim)
        await house.until(lambda: len(services.data.trading.orders(OWNER)) == 2, "quotes")
        (taken, stays) = [order.executor_id for order in services.data.trading.orders(OWNER) if order.bot_id == view.bot_id]
        services.exits._journal = _Dies(services.exits._journal)  # type: ignore[assignment]
        with pytest.raises(RuntimeError, match="the power goes"):
            await services.exits.close(OWNER, taken, no_claim, keep_position=True)
        await house.restart()
        await house.row_of(f"SELECT 1 FROM executors WHERE executor_id = '{taken}' AND close_type = 'POSITION_HOLD'")
        assert house.program._manager.running[view.bot_id].strategy.orchestrator.executor(stays) is not None
