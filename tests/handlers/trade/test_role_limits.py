"""The owner's limits of a trader: orders by hand and bots are held to them by the services, whatever screen asks; only an owner sets them, behind a code to raise one."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from condor.errors import UserError
from condor.services.step_up import StepUpNeeded
from condor.totp import STEP_S, code_at, new_secret
from condor.users import Actor, Forbidden, Role
from tests.support.hand import ended, ticket, trades
from tests.support.house import House
from tests.support.programs import OWNER, no_claim

D = Decimal
PERP = "binance_perpetual"
BEN = Actor(7, "Ben", Role.TRADER, "telegram", 7)
here = pytest.mark.asyncio(loop_scope="module")


async def set_to(house: House, **limits: str) -> None:
    for field in ("max_order", "max_position"):
        await house.program.services.role_limits.change(OWNER, Role.TRADER, field, limits.get(field, "off"), no_claim)


async def placed(house: House, actor: Actor, line: str) -> Any:
    return await house.program.services.manual.place(actor, await ticket(house, line), no_claim)


@here
async def test_there_are_none_until_the_owner_sets_them(house: House) -> None:
    assert (await house.program.services.role_limits.of(Role.TRADER)).is_none
    order = await placed(house, BEN, f"buy 0.05 BTC-USDT at -30% on {PERP}")
    assert order.order_id


@here
async def test_an_order_above_the_limit_is_refused_by_the_service_and_not_for_an_owner(house: House) -> None:
    manual = house.program.services.manual
    await set_to(house, max_order="100")
    line, before = f"buy 0.01 BTC-USDT at -30% on {PERP}", trades(house)
    (problem,) = (await manual.preview(BEN, await ticket(house, line))).problems
    assert "is above the limit of 100 for one order of a trader: make it smaller, or ask the owner (/limits)" in problem
    with pytest.raises(UserError, match="nothing was placed: an order of"):
        await placed(house, BEN, line)
    assert trades(house) == before
    assert (await manual.preview(OWNER, await ticket(house, line))).problems == ()
    await placed(house, BEN, f"buy 0.001 BTC-USDT at -30% on {PERP}")
    assert trades(house) == before + 1
    await set_to(house)


@here
async def test_a_position_is_counted_with_what_works_and_what_gives_back_is_let_through(house: House) -> None:
    manual = house.program.services.manual
    await set_to(house, max_position="150")
    await ended(house, (await placed(house, BEN, f"buy 0.03 ETH-USDT on {PERP}")).order_id)
    resting = await placed(house, BEN, f"buy 0.01 ETH-USDT at -30% on {PERP}")
    problems = (await manual.preview(BEN, await ticket(house, f"buy 0.01 ETH-USDT on {PERP}"))).problems
    assert any("a position of" in each and "above the limit of 150 for one position of a trader" in each for each in problems), problems
    await set_to(house, max_position="1", max_order="1")
    back = await placed(house, BEN, f"sell 0.03 ETH-USDT on {PERP}")
    assert back.order_id and resting.order_id
    await set_to(house)


@here
async def test_a_limit_in_another_quote_asset_is_converted_and_without_a_rate_nothing_is_taken(house: House) -> None:
    manual, line = house.program.services.manual, "buy 0.5 ETH-BTC at -30% on binance"
    await set_to(house, max_order="50")
    wanted = await ticket(house, line)
    rates = house.program._host.runtime.market_data.rates
    worth = rates.rate("BTC", "USDT")
    (problem,) = [each for each in (await manual.preview(BEN, wanted)).problems if "of a trader" in each]
    said = re.search(r"an order of ([\d.]+) USDT is above the limit of 50 for one order", problem)
    assert worth and said and float(said[1]) == pytest.approx(float(D(wanted.amount) * D(wanted.price) * worth), rel=0.02)
    rate, rates.rate = rates.rate, lambda *_: None  # type: ignore[method-assign]
    try:
        problems = (await manual.preview(BEN, wanted)).problems
    finally:
        rates.rate = rate  # type: ignore[method-assign]
    assert any("there is no rate into USDT now" in each for each in problems)
    await set_to(house)


@here
async def test_bots_of_a_trader_are_held_to_the_position_at_start_again_and_when_they_are_made_larger(house: House) -> None:
    services = house.program.services
    draft = await services.drafts.begin(OWNER, "pmm_simple")
    wide = draft.answers | {"buy_spreads": "0.2", "sell_spreads": "0.2"}

    async def start(actor: Actor, amount: str) -> Any:
        return await services.bots.start(actor, draft.controller_name, wide | {"total_amount_quote": amount}, no_claim)

    await set_to(house, max_position="200")
    with pytest.raises(UserError, match="above the limit of 200 for one position of a trader"):
        await start(BEN, "500")
    large = await start(OWNER, "500")
    small = await start(BEN, "100")
    (row,) = await services.bots.configs(BEN, small.bot_id)
    with pytest.raises(UserError, match=r"a position of 300[.]00 USDT"):
        await services.bots.update_config(BEN, small.bot_id, row.controller_id, {"total_amount_quote": "300"}, no_claim)
    await services.bots.update_config(BEN, small.bot_id, row.controller_id, {"total_amount_quote": "150"}, no_claim)
    (row,) = await services.bots.configs(BEN, large.bot_id)
    # what an owner has allowed may be made smaller, and looked after otherwise
    await services.bots.update_config(BEN, large.bot_id, row.controller_id, {"total_amount_quote": "400"}, no_claim)
    for view in (large, small):
        await services.bots.stop(OWNER, view.bot_id, no_claim, keep_position=False)
    await house.until(lambda: not {large.bot_id, small.bot_id} & set(house.program._manager.running), "the end of both")
    for view in (large, small):
        await house.row_of(f"SELECT 1 FROM bots WHERE bot_id = '{view.bot_id}' AND state = 'stopped'")
    with pytest.raises(UserError, match=r"a position of 400[.]00 USDT"):
        await services.bots.start_again(BEN, large.bot_id, no_claim)
    again = await services.bots.start_again(BEN, small.bot_id, no_claim)
    await services.bots.stop(OWNER, again.bot_id, no_claim, keep_position=False)
    await set_to(house)


@here
async def test_the_owner_sets_them_in_the_chat_and_each_change_is_in_the_audit(house: House) -> None:
    card = await house.send("/limits", "📏 Limits", "none")
    await house.tap("One order", card)
    await house.until(lambda: "in dollars" in house.text(card), "the question")
    await house.send("a lot", "⚠️")
    asked = await house.send("2k", "Change the limit of a trader?", "$2000")
    assert (await house.program.services.role_limits.of(Role.TRADER)).max_order is None, "a card changes nothing"
    await house.tap("One order: $2000", asked)
    await house.until(lambda: "📏 Limits" in house.text(asked) and "$2000" in house.text(asked), "the change")
    # over a restart, and typed at once
    found = (await house.program.services.role_limits.of(Role.TRADER)).max_order
    assert found == 2000
    again = await house.send("/limits order 500", "Change the limit", "$500")
    await house.tap("One order: $500", again)
    await house.until(lambda: "📏 Limits" in house.text(again), "the change")
    rows = house.rows(
        "SELECT before, after FROM audit WHERE action = 'change_role_limit' AND target = 'trader max order' ORDER BY audit_id DESC LIMIT 2"
    )
    assert rows == [("2000", "500"), ("none", "2000")]
    await house.send("/limits order", "expected /limits")
    await house.send("/limits order -5", "⚠️")
    for path in ("/users", "/settings"):
        assert "📏 Limits" in house.labels(await house.send(path))
    await set_to(house)


@here
@pytest.mark.parametrize("role", [Role.TRADER, Role.OPERATOR, Role.VIEWER])
async def test_nobody_else_changes_them(house: House, role: Role) -> None:
    with pytest.raises(Forbidden):
        await house.program.services.role_limits.change(replace(BEN, role=role), Role.TRADER, "max_order", "1", no_claim)
    with pytest.raises(UserError, match="found viewer"):
        await house.program.services.role_limits.change(OWNER, Role.VIEWER, "max_order", "1", no_claim)


@here
async def test_raising_one_needs_a_code_and_lowering_one_does_not(house: House) -> None:
    limits, step_up, secret = house.program.services.role_limits, house.program.services.step_up, new_secret()
    step_up.use(secret)
    try:
        await limits.change(OWNER, Role.TRADER, "max_order", "100", no_claim)
        await limits.change(OWNER, Role.TRADER, "max_order", "50", no_claim)
        for raised in ("60", "off"):
            with pytest.raises(StepUpNeeded):
                await limits.change(OWNER, Role.TRADER, "max_order", raised, no_claim)
        assert (await limits.of(Role.TRADER)).max_order == 50
        card = await house.send("/limits order off", "Change the limit")
        await house.tap("One order: none", card)
        await house.wait_text("Code, please")
        await house.write(code_at(secret, int(time.time()) // STEP_S))
        await house.until(lambda: step_up.is_fresh(OWNER), "the step-up")
        await limits.change(OWNER, Role.TRADER, "max_order", "off", no_claim)
        assert (await limits.of(Role.TRADER)).is_none
    finally:
        step_up.use(None)
