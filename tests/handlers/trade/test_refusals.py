"""What keeps an order by hand back: the market, the venue, the owner, and who asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.model.instrument import Market
from condor.errors import UserError
from condor.manual_views import Stage
from condor.services.step_up import StepUpNeeded
from condor.tickets import Ticket
from condor.users import Actor, Forbidden, Role
from tests.support.hand import ended, given, ticket, trades
from tests.support.house import House
from tests.support.programs import OWNER, no_claim

D = Decimal
PERP, SPOT = "binance_perpetual", "binance"
here = pytest.mark.asyncio(loop_scope="module")


# ---- what is against it ----------------------------------------------------------------------------------------------
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


# ---- who may ---------------------------------------------------------------------------------------------------------
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
