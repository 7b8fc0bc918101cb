"""Closing what a bot holds and nobody watches: from its alert and from /positions, while its bot runs and after it has stopped; once, and nothing beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.model.errors import UserError
from condor.users import Actor, Forbidden, Role
from condor.views import FactKind, Notice
from handlers.alert_cards import buttons_of
from handlers.app import build_registry
from handlers.context import Context
from tests.handlers.crawler import faults_of
from tests.support.hand import given, with_numbers
from tests.support.house import House
from tests.support.programs import OWNER, no_claim
from tests.support.transcript import from_bot

VENUE = "binance"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path / "home", {"clock": {"tick_size": 0.25}}) as opened:
        yield opened


async def bought(house: House) -> tuple[str, str]:
    """Something is held by a bot that runs; (bot, market)."""
    market = next(iter(house.program._host.runtime.markets))
    card = await house.send(f"/trade buy $200 {market.trading_pair} on {market.connector_name} paper", "Buy")
    await with_numbers(house, card)
    await house.tap("Confirm", card)
    await house.until(lambda: "→ filled" in house.text(card), "the order to be filled")
    [position] = await house.program.services.data.trading.positions(OWNER)
    assert position.watched_by == ""
    return position.bot_id, f"{position.connector_name}:{position.trading_pair}"


async def held(house: House) -> int:
    return len(await house.program.services.data.trading.positions(OWNER))


async def until_closed(house: House) -> None:
    for _ in range(200):
        if not await held(house):
            return
        await house.listen(0.1)
    raise AssertionError("it is still held")


async def test_from_its_alert_while_its_bot_runs(house: House) -> None:
    bot_id, market = await bought(house)
    alert = await house.wait(from_bot("Order by hand"))
    await house.tap("Close position", alert)
    card = await house.wait(from_bot("Close", "Nobody watches it", "only reduce it"))
    assert any("at market" in label for label in house.labels(card)) and market.partition(":")[2] in house.text(card)
    registry = build_registry()
    context = Context(house.program.services, registry, OWNER, no_claim, lambda: 0)
    assert not faults_of(await registry.screens["close_hold"].render(context, {"bot": bot_id, "market": market}), registry)
    await house.tap("at market", card)
    await until_closed(house)
    assert house.rows("SELECT action, target, after FROM audit WHERE action = 'close_hold'") == [
        ("close_hold", f"{bot_id} {market}", "close at market")
    ]
    exits = house.rows("SELECT COUNT(*) FROM executors WHERE type = 'order_executor'")
    assert exits == [(1,)], "one order, once"
    with pytest.raises(UserError, match="holds nothing on"):
        await house.program.services.hold_exits.close(OWNER, bot_id, market, no_claim)


async def test_from_the_positions_after_its_bot_has_stopped_and_the_bot_is_stopped_again(house: House) -> None:
    bot_id, _ = await bought(house)
    services = house.program.services
    await services.bots.stop(OWNER, bot_id, no_claim, keep_position=True)
    await house.until(lambda: bot_id not in house.program._manager.running, "its end")
    card = await house.send("/positions", "watched by nobody")
    await house.tap("✖", card)
    card = await house.wait(from_bot("Close", "Nobody watches it"))
    await house.tap("at market", card)
    await until_closed(house)
    await house.until(lambda: bot_id not in house.program._manager.running, "it to be taken off the clock again")
    await house.until(lambda: house.rows("SELECT state FROM bots") == [("stopped",)], "its row")


async def test_nothing_is_sent_twice_and_a_bot_that_stops_is_left_to_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bot_id, market = await bought(house)
    exits = house.program.services.hold_exits

    async def refused(words: str) -> None:
        found = await exits.view(OWNER, bot_id, market)
        assert found is not None and found.lines and found.problem.startswith(words)
        with pytest.raises(UserError, match=f"nothing was sent: {words}"):
            await exits.close(OWNER, bot_id, market, no_claim)

    with monkeypatch.context() as still:
        # the clock stands: what is sent is not filled yet
        still.setattr(house.program._host, "tick", lambda: None)
        await exits.close(OWNER, bot_id, market, no_claim)
        await refused("it is being closed already")
    await until_closed(house)
    assert house.rows("SELECT COUNT(*) FROM executors WHERE type = 'order_executor'") == [(1,)]
    assert await bought(house) == (bot_id, market)
    name, _, pair = market.partition(":")
    await given(house, f"buy 0.001 {pair} at -30% on {name}")
    # an order that nobody takes off now keeps its bot from its end
    house.freeze()
    await house.program.services.bots.stop(OWNER, bot_id, no_claim, keep_position=True)
    await refused("its bot is stopping")


async def test_only_who_may_act_closes_it(house: House) -> None:
    bot_id, market = await bought(house)
    viewer = Actor(9, "Vera", Role.VIEWER, "local", 9)
    with pytest.raises(Forbidden):
        await house.program.services.hold_exits.close(viewer, bot_id, market, no_claim)
    found = await house.program.services.hold_exits.view(viewer, bot_id, market)
    assert found is not None and len(found.lines) == 1 and found.problem == "" and await held(house) == 1
    assert await house.program.services.hold_exits.view(OWNER, "nobody", market) is None


def notice(kind: str, **payload: object) -> Notice:
    given = {"connector_name": VENUE, "trading_pair": "BTC-USDT", **payload}
    return Notice(1, kind, "bot-1", "My bot", "x-1", "paper", 0, given)


@pytest.mark.parametrize(
    ("told", "leads"),
    [
        (notice(FactKind.POSITION_HELD, amount="1"), True),
        (notice(FactKind.EXECUTOR_CLOSED, close_type="POSITION_HOLD"), True),
        (notice(FactKind.EXECUTOR_CLOSED, close_type="COMPLETED", exposure_base="0.5"), True),
        (notice(FactKind.EXECUTOR_CLOSED, close_type="TAKE_PROFIT", exposure_base="0"), False),
        (notice(FactKind.POSITION_HELD, trading_pair=None), False),
    ],
)
def test_the_alert_of_something_held_leads_to_the_card_of_that_position(told: Notice, leads: bool) -> None:
    found = [button for row in buttons_of([told], 7) for button in row if button.args.get("screen") == "close_hold"]
    assert [button.args["args"] for button in found] == ([{"bot": "bot-1", "market": "binance:BTC-USDT"}] if leads else [])
