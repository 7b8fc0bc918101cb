"""What acts, over HTTP as a person uses it: stop, pause, close, and the card that asks before. Numbers in names are those of telegram.md section 7."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from condor.users import Actor
from handlers.confirm import Place, arranged
from handlers.view import Button
from tests.support.house import House
from tests.support.transcript import answer_text

FAR = {"take_profit": "0.5", "stop_loss": "0.5", "time_limit": 86_400}
"""Barriers that nothing reaches while a test runs."""

HOLDERS = "SELECT DISTINCT bot_id FROM executors WHERE exposure_base != '0' AND status = 'RUNNING'"
POSITION = "SELECT executor_id FROM executors WHERE exposure_base != '0' AND status = 'RUNNING'"


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared: House) -> AsyncIterator[House]:
    """One program for all tests here; each leaves no bot behind."""
    shared.answers.clear()
    yield shared
    shared.ahead_ms = 0
    await shared.stop_bots()


def states(house: House) -> dict[str, str]:
    return dict(house.rows("SELECT bot_id, state FROM bots"))


# ---- the confirm contract ------------------------------------------------------------------------------------------
@pytest.mark.asyncio(loop_scope="module")
async def test_s25_a_confirm_acts_on_the_bot_of_its_own_card_whatever_else_was_opened(house: House) -> None:
    small, huge = await house.bot("small"), await house.bot("huge")
    first = await house.send(f"/stop {small}", "Stop small?")
    second = await house.send("/bots", "Bots")
    await house.tap("huge", second)
    await house.wait(lambda item: item["message_id"] == second["message_id"] and "huge · running" in item["text"])
    assert await house.tap("Stop and close at market", first) == "Stopping"
    assert states(house)[small] in ("stopping", "stopped")
    assert states(house)[huge] == "running"


@pytest.mark.asyncio(loop_scope="module")
async def test_s27_t4_a_card_older_than_a_minute_draws_its_numbers_anew_and_asks_again(house: House) -> None:
    bot_id = await house.bot()
    chooser = await house.send(f"/stop {bot_id}", "Stop")
    house.ahead_ms += 61_000
    where = house.button("Stop and close at market", chooser)[1:]
    assert "have passed" in await house.tap("Stop and close at market", chooser)
    assert states(house)[bot_id] == "running"
    assert house.button("Stop and close at market", chooser)[1] != where[0], "a second tap of the same kind meets something else"
    assert await house.tap("Stop and close at market", chooser) == "Stopping"
    assert house.rows("SELECT state FROM confirms WHERE target = ? ORDER BY created_ms", bot_id) == [("pending",), ("done",)]


@pytest.mark.asyncio(loop_scope="module")
async def test_s28_t4_a_price_that_moved_too_far_is_not_acted_on(house: House) -> None:
    bot_id = await house.bot(**FAR)
    await house.row_of(POSITION)
    chooser = await house.send(f"/stop {bot_id}", "Stop", "Closing costs about")
    view = house.program.services.exits.view
    # the market of these tests runs twenty times as fast, and may go further for that
    moved = Decimal("1.05")

    def dearer(actor: Actor, bot_ids: list[str]) -> Any:
        found = view(actor, bot_ids)
        for market, price in found.prices.items():
            found.prices[market] = None if price is None else price * moved
        return found

    house.program.services.exits.view = dearer  # type: ignore[method-assign, assignment]
    told = await house.tap("Stop and close at market", chooser)
    assert "Not done" in told and "has moved" in told
    assert states(house)[bot_id] == "running"
    # keeping what is held does not depend on the price, and the new preview has the new price
    moved = Decimal("1.051")
    assert await house.tap("Stop and close at market", chooser) == "Stopping"


@pytest.mark.asyncio(loop_scope="module")
async def test_s32_t5_a_second_answer_is_told_what_the_first_one_did(house: House) -> None:
    bot_id = await house.bot()
    chooser = await house.send(f"/stop {bot_id}", "Stop")
    # both taps leave before the first one is answered, as a nervous thumb sends them
    for _ in range(2):
        await house.tap_only("Stop and close at market", chooser)
    await house.until(lambda: len(house.answers) == 2, "two answers")
    told = sorted(answer_text(answer) for answer in house.answers)
    assert told[0] == "Stopping"
    assert told[1].startswith(("already done", "already running"))
    assert house.rows("SELECT count(*) FROM audit WHERE action = 'stop_bot' AND target = ?", bot_id) == [(1,)]


@pytest.mark.asyncio(loop_scope="module")
async def test_s32_closing_what_has_closed_says_how_it_closed(house: House) -> None:
    await house.bot(**FAR)
    ((executor_id,), *_) = await house.row_of(POSITION)
    asked = await house.send(f"/close {executor_id}", "Close", "closed at market")
    other = await house.send(f"/close {executor_id[-8:]}", "Close")
    assert await house.tap("at market", asked) == "Ending"
    await house.row_of(f"SELECT 1 FROM executors WHERE executor_id = '{executor_id}' AND status = 'TERMINATED'")
    told = await house.tap("at market", other)
    assert told.startswith("already closed ") and "(EARLY_STOP " in told and "$" in told
    assert house.rows("SELECT count(*) FROM audit WHERE action = 'close' AND target LIKE ?", f"%{executor_id}") == [(1,)]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_answer_that_an_earlier_process_was_carrying_out_is_not_called_running(house: House) -> None:
    bot_id = await house.bot()
    chooser = await house.send(f"/stop {bot_id}", "Stop")
    await _as_other(house.program._journal, f"UPDATE confirms SET state = 'executing', chosen = 'x' WHERE target = '{bot_id}'")
    assert await house.tap("Stop and close at market", chooser) == "already running: x"
    chooser = await house.send(f"/stop {bot_id}", "Stop")
    await _as_other(house.program._journal, f"UPDATE confirms SET state = 'executing', chosen = 'x' WHERE target = '{bot_id}'")
    await house.restart()
    told = await house.tap("Stop and close at market", chooser)
    assert told.startswith("nobody knows what came of it") and "restarted meanwhile" in told
    assert states(house)[bot_id] == "running"


@pytest.mark.asyncio(loop_scope="module")
async def test_t13_only_who_asked_can_confirm_and_a_foreign_tap_leaves_the_card_as_it_is(house: House) -> None:
    bot_id = await house.bot()
    chooser = await house.send(f"/stop {bot_id}", "Stop")
    database = house.program._journal
    # the card was asked by somebody else
    await _as_other(database, f"UPDATE confirms SET user_id = 77, user_name = 'Ann' WHERE target = '{bot_id}'")
    told = await house.tap("Stop and close at market", chooser)
    assert told == "only Ann can confirm this"
    assert house.rows("SELECT state FROM confirms WHERE target = ?", bot_id) == [("pending",)]
    await _as_other(database, f"UPDATE confirms SET user_id = {house.program._doors.state.user.id} WHERE target = '{bot_id}'")
    assert await house.tap("Stop and close at market", chooser) == "Stopping"


async def _as_other(journal: Any, statement: str) -> None:
    import asyncio

    await asyncio.wrap_future(journal.run(lambda connection: connection.exec_driver_sql(statement)))


@pytest.mark.asyncio(loop_scope="module")
async def test_no_answer_stands_where_the_button_was_that_asked(house: House) -> None:
    bot_id = await house.bot()
    card = await house.send(f"/bots {bot_id}", "running")
    await _asked_elsewhere(house, card, "Stop …", ("Pause entries", "Stop, keep positions", "Stop and close at market"))
    card = await house.send("/status", "Status")
    await _asked_elsewhere(house, card, "No new positions", ("Switch off now",))


async def _asked_elsewhere(house: House, card: dict[str, Any], label: str, answers: tuple[str, ...]) -> None:
    _, row, _ = house.button(label, card)
    before = len(house.seen[card["message_id"]]["buttons"])
    await house.tap(label, card)
    now = len(house.seen[card["message_id"]]["buttons"])
    # a chat keeps the lower edge of a keyboard where it was, a page may keep the upper one
    assert not {row, now - before + row} & {house.button(answer, card)[1] for answer in answers}


def test_answers_find_another_row_whatever_was_tapped() -> None:
    def row(name: str, *, asks: bool) -> tuple[Button, ...]:
        return (Button(name, "x", confirm=asks),)

    for asking in (1, 2, 3):
        rows = (row("back", asks=False), *(row(f"yes {number}", asks=True) for number in range(asking)), row("fresh", asks=False))
        for count in range(1, 9):
            for tapped in range(count):
                order = arranged(rows, Place(tapped, count))
                assert sorted(order, key=str) == sorted(rows, key=str)
                for place in {tapped, len(order) - count + tapped} & set(range(len(order))):
                    assert not order[place][0].confirm, (asking, count, tapped)
        assert arranged(rows, None) == rows


@pytest.mark.asyncio(loop_scope="module")
async def test_kill_switch_asks_is_audited_and_is_released_by_a_card_too(house: House) -> None:
    card = await house.send("/status", "Status")
    await house.tap("No new positions", card)
    assert await house.tap("Switch off now", card) == "No new positions from now on"
    again = await house.send("/status", "Status", "No new positions:")
    await house.tap("Allow new positions", again)
    assert await house.tap("Allow them", again) == "New positions are allowed"
    assert house.rows("SELECT action FROM audit WHERE target = 'trading' ORDER BY audit_id") == [("halt",), ("release",)]
    assert house.rows("SELECT state FROM confirms WHERE target = 'trading' ORDER BY created_ms")[-2:] == [("done",), ("done",)]


# ---- stop chooser --------------------------------------------------------------------------------------------------
@pytest.mark.asyncio(loop_scope="module")
async def test_s26_keep_leaves_the_position_held_and_says_so_close_leaves_the_account_flat(house: House) -> None:
    # what is kept is bought only: a level on each side that has filled would be nothing together
    kept, closed = await house.bot("kept", **FAR, sell_spreads=[]), await house.bot("closed", **FAR)
    await house.until(lambda: len(house.rows(HOLDERS)) == 2, "positions", 240)
    chooser = await house.send(f"/stop {kept}", "Stop kept?")
    assert "nobody watches it: no stop loss, no take profit" in chooser["text"]
    assert "Orders to cancel" in chooser["text"] and "Closing costs about" in chooser["text"]
    await house.tap("Stop, keep positions", chooser)
    await house.until(lambda: states(house)[kept] == "stopped", "the end of kept")
    open_orders = house.program._host.runtime.connectors["binance_perpetual"].tracker.open_orders()
    kept_executors = {executor_id for (executor_id,) in house.rows("SELECT executor_id FROM executors WHERE bot_id = ?", kept)}
    assert not [order for order in open_orders if order.request.executor_id in kept_executors], "its orders are canceled"
    ((held,),) = house.rows("SELECT CAST(net_amount_base AS REAL) FROM holds WHERE bot_id = ?", kept)
    assert held
    assert house.rows("SELECT 1 FROM executors WHERE bot_id = ? AND close_type = 'POSITION_HOLD'", kept)
    await house.wait_text("kept", "nobody watches")
    other = await house.send(f"/stop {closed}", "Stop closed?")
    assert "is closed at market" in other["text"]
    await house.tap("Stop and close at market", other)
    await house.until(lambda: states(house)[closed] == "stopped", "the end of closed")
    assert house.rows("SELECT 1 FROM executors WHERE status != 'TERMINATED'") == []
    assert not [amount for (amount,) in house.rows("SELECT CAST(net_amount_base AS REAL) FROM holds WHERE bot_id = ?", closed) if amount]
    runtime = house.program._host.runtime
    assert runtime.connectors["binance_perpetual"].tracker.open_count == 0
    # it was closed at market, and what stands at the venue now is what holds say and nothing else
    ((kind, side, action),) = house.rows(
        "SELECT order_type, trade_type, position_action FROM intents WHERE bot_id = ? AND purpose != 'open' ORDER BY created_ns DESC LIMIT 1", closed
    )
    assert kind == "MARKET"
    # by an order that can only reduce, unless what the other bot keeps on the other side of this one-way account is in its way: a venue refuses one then
    assert action == "CLOSE" or (side == "SELL") == (held < 0), (side, action, held)
    venue = sum(float(position.lots * position.instrument.lot_size) for position in runtime.exchanges["binance_perpetual"].ledger.positions.values())
    ((known,),) = house.rows("SELECT sum(CAST(net_amount_base AS REAL)) FROM holds WHERE connector_name = 'binance_perpetual'")
    assert venue == pytest.approx(known, abs=1e-9) and venue


# ---- pause ---------------------------------------------------------------------------------------------------------
@pytest.mark.asyncio(loop_scope="module")
async def test_s30_a_pause_of_all_holds_over_a_restart_and_says_by_whom_and_since_when(house: House) -> None:
    bot_id = await house.bot(**FAR)
    await house.row_of(POSITION)
    card = await house.send("/pause all", "Pause", "all bots")
    assert await house.tap("Pause all now", card) == "All bots are paused"
    status = await house.wait_text("Status", "All bots", "paused by You since 20")
    assert status["message_id"] == card["message_id"]

    def open_orders() -> list[Any]:
        return house.program._host.runtime.connectors["binance_perpetual"].tracker.open_orders()

    await house.until(lambda: not [order for order in open_orders() if order.request.purpose.adds_risk], "entries to be gone")
    running = f"SELECT count(*) FROM executors WHERE bot_id = '{bot_id}' AND exposure_base != '0' AND status = 'RUNNING'"
    before = house.rows(running)
    await house.restart()
    orchestrator = house.program._manager.running[bot_id].strategy.orchestrator
    assert orchestrator.pause_reason == "all bots are paused by You"
    since = re.findall(r"paused by You since (.+)", status["text"])
    again = (await house.send("/status", "Status"))["text"]
    assert "All bots paused by You" in again and since and re.findall(r"paused by You since (.+)", again) == since
    entries = "SELECT count(*) FROM intents WHERE purpose = 'open'"
    sent = house.rows(entries)
    await house.idle(1)
    assert house.rows(entries) == sent != [(0,)]
    assert [order for order in open_orders() if order.request.purpose.adds_risk] == []
    assert house.rows(running) == before != [(0,)], "what is held keeps its exits"
    # one that is started later is paused too
    later = await house.bot("later")
    assert house.program._manager.running[later].strategy.orchestrator.pause_reason
    refused = await house.send(f"/resume {bot_id}", "All bots are paused by You")
    assert "▶ Resume all …" in house.labels(refused)
    card = await house.send("/resume all", "Allow entries again?")
    assert await house.tap("Resume all now", card) == "Resumed"
    await house.until(lambda: bool([order for order in open_orders() if order.request.purpose.adds_risk]), "entries")
    assert [row for row in house.rows("SELECT action, target FROM audit ORDER BY audit_id") if row[0] in ("pause", "resume")] == [
        ("pause", "all bots"),
        ("resume", "all bots"),
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_one_bot_is_paused_from_the_chooser_and_the_other_goes_on(house: House) -> None:
    one, other = await house.bot("one"), await house.bot("other")
    chooser = await house.send(f"/stop {one}", "Stop one?")
    assert await house.tap("Pause entries", chooser) == "Paused"
    await house.wait_text("one", "no new entries: paused by You")
    running = house.program._manager.running
    assert running[one].strategy.orchestrator.pause_reason and not running[other].strategy.orchestrator.pause_reason
    assert states(house)[one] == "running"
    assert "Resume …" in " ".join(house.labels(chooser))
    # who stops it and starts it again wants it to trade
    chooser = await house.send(f"/stop {one}", "Stop one?")
    assert "⏸ Pause entries" not in house.labels(chooser)
    await house.tap("Stop and close at market", chooser)
    await house.until(lambda: states(house)[one] == "stopped", "the end of one")
    card = await house.send(f"/bots {one}", "stopped")
    await house.tap("Start again", card)
    assert "one · running" in house.text(card)
    await house.until(lambda: one in running and not running[one].strategy.orchestrator.pause_reason, "it to run")
