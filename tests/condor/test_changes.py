"""Changing a bot through the services: versions that are frozen, what is refused, kill switch and limits, and that a restart finds it so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from botcore.model.errors import ConfigError, UserError
from botcore.recorder import tables as records
from condor.home import find_home
from condor.store import tables
from condor.store.bots import STOPPED, bot_by_id, configs_of, limits_of
from condor.users import Actor, Role
from condor.wiring import Program
from tests.support.programs import OWNER, made, no_claim

VIEWER = Actor(2, "Guest", Role.VIEWER, "local", 2)


def program(folder: Path) -> Program:
    home = find_home(folder)
    home.make()
    return made(folder, {"clock": {"tick_size": 0.05}})


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Program, str]]:
    """A program with one bot."""
    found = program(tmp_path)
    await found.start()
    values = found.services.bots._configs.example("pmm_simple") | {"manual_kill_switch": False}
    view = await found.services.bots.start(OWNER, "pmm_simple", values, no_claim)
    try:
        yield found, view.bot_id
    finally:
        await found.close()


def seat_of(of: Program, bot_id: str) -> Any:
    return of._manager.running[bot_id].strategy.seats[0]


async def read(of: Program, query: Any) -> Any:
    return await asyncio.wrap_future(of._journal.run(query))


async def test_c6_change_is_a_new_version_and_reaches_the_bot(running: tuple[Program, str]) -> None:
    of, bot_id = running
    (before,) = await of.services.bots.configs(OWNER, bot_id)
    row = await of.services.bots.update_config(OWNER, bot_id, before.controller_id, {"total_amount_quote": "250", "cooldown_time": "30"}, no_claim)
    assert row.version == 2
    assert (seat_of(of, bot_id).config.total_amount_quote, seat_of(of, bot_id).config.cooldown_time) == (250, 30)
    first, second = await of.services.bots.versions(VIEWER, bot_id, before.controller_id)
    assert (first, second) == (before, row), "the old one stands as it was"
    assert {name for name in row.config if row.config[name] != before.config[name]} == {"total_amount_quote", "cooldown_time"}
    audit = await read(of, lambda connection: connection.execute(select(tables.audit).where(tables.audit.c.action == "update_config")).one())
    assert json.loads(audit.after) == {"cooldown_time": 30, "total_amount_quote": "250"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stop_loss": "-1"}, "Input should be greater than 0"),
        ({"buy_spreads": "0.01", "total_amount_quote": "7"}, "buy_amounts_pct"),
        ({"trading_pair": "ETH-USDT"}, "can't be changed while the bot runs"),
        ({"stop_los": "0.1"}, "did you mean stop_loss"),
    ],
)
async def test_c6_change_that_does_not_hold_is_refused_and_changes_nothing(running: tuple[Program, str], changes: Any, sentence: str) -> None:
    of, bot_id = running
    (before,) = await of.services.bots.configs(OWNER, bot_id)
    if "buy_spreads" in changes:
        await of.services.bots.update_config(OWNER, bot_id, before.controller_id, {"buy_spreads": "0.01,0.02", "buy_amounts_pct": "1,2"}, no_claim)
        (before,) = await of.services.bots.configs(OWNER, bot_id)
    config = seat_of(of, bot_id).config
    with pytest.raises(ConfigError, match=sentence):
        await of.services.bots.update_config(OWNER, bot_id, before.controller_id, changes, no_claim)
    assert await of.services.bots.configs(OWNER, bot_id) == [before]
    assert seat_of(of, bot_id).config == config


async def test_who_may_and_what_there_is(running: tuple[Program, str]) -> None:
    of, bot_id = running
    bots = of.services.bots
    (row,) = await bots.configs(OWNER, bot_id)
    with pytest.raises(UserError):
        await bots.update_config(VIEWER, bot_id, row.controller_id, {"cooldown_time": 1}, no_claim)
    with pytest.raises(UserError, match="has no controller"):
        await bots.update_config(OWNER, bot_id, "nobody", {"cooldown_time": 1}, no_claim)
    with pytest.raises(UserError, match="there is no bot"):
        await bots.update_config(OWNER, "nobody", "main", {"cooldown_time": 1}, no_claim)
    with pytest.raises(UserError, match="there is no bot"):
        await bots.set_limits(OWNER, "nobody", {"max_global_drawdown_quote": 5}, no_claim)

    def carried_out(_connection: Any) -> None:
        raise UserError("carried out before")

    with pytest.raises(UserError, match="carried out before"):
        await bots.update_config(OWNER, bot_id, row.controller_id, {"cooldown_time": 1}, carried_out)
    assert await bots.configs(OWNER, bot_id) == [row]


async def test_kill_switch_and_limits_are_there_after_a_restart(tmp_path: Path) -> None:
    first = program(tmp_path)
    await first.start()
    view = await first.services.bots.start(OWNER, "pmm_simple", first.services.bots._configs.example("pmm_simple"), no_claim)
    (row,) = await first.services.bots.configs(OWNER, view.bot_id)
    await first.services.bots.set_kill_switch(OWNER, view.bot_id, row.controller_id, True, no_claim)
    limits = await first.services.bots.set_limits(OWNER, view.bot_id, {"max_global_drawdown_quote": "40"}, no_claim)
    assert first._manager.running[view.bot_id].strategy.limits is limits
    await first.close()
    second = program(tmp_path)
    await second.start()
    try:
        strategy = second._manager.running[view.bot_id].strategy
        assert strategy.limits.max_global_drawdown_quote == 40
        assert strategy.controllers[0].config.manual_kill_switch is True
        assert [config.controller_id for config in await second.services.bots.configs(OWNER, view.bot_id)] == [row.controller_id]
    finally:
        await second.close()


async def stopped(of: Program, bot_id: str) -> bool:
    """Whether a bot has ended before long."""
    for _ in range(400):
        row = await read(of, lambda connection: bot_by_id(connection, bot_id))
        if row is not None and row.state == STOPPED and bot_id not in of._manager.running:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_peak_of_the_records_counts_after_a_restart_and_not_for_whoever_starts_a_bot_again(tmp_path: Path) -> None:
    """It had earned 1,000 at best and may lose 500: at 0 it has fallen too far. A person who starts it again knows that."""
    first = program(tmp_path)
    await first.start()
    view = await first.services.bots.start(OWNER, "pmm_simple", first.services.bots._configs.example("pmm_simple"), no_claim)
    await first.services.bots.set_limits(OWNER, view.bot_id, {"max_global_drawdown_quote": "500"}, no_claim)
    fallen = {"bot_id": view.bot_id, "controller_id": "", "peak_quote": "1000", "worst_quote": "1000"}
    await read(first, lambda connection: connection.execute(insert(records.drawdowns).prefix_with("OR REPLACE").values(fallen)))
    await first.close()
    second = program(tmp_path)
    await second.start()
    try:
        assert await stopped(second, view.bot_id)
        await second.services.bots.start_again(OWNER, view.bot_id, no_claim)
        strategy = second._manager.running[view.bot_id].strategy
        for _ in range(3):
            strategy.on_tick(second._hosts.paper.clock.now_ns)
        assert not strategy.is_stopping and strategy.orchestrator.drawdowns.whole.peak < 500
    finally:
        await second.close()


async def test_limit_that_is_reached_is_written_down(running: tuple[Program, str]) -> None:
    """A controller's: its kill switch is on in a new version. The bot's: it is stopping, and stopped when it has ended."""
    of, bot_id = running
    await of.services.bots.set_limits(OWNER, bot_id, {"max_controller_drawdown_quote": "10"}, no_claim)
    strategy = of._manager.running[bot_id].strategy
    shelf = strategy.orchestrator.shelf(strategy.controllers[0].id)
    shelf.fund("USDT", Decimal(-11))
    strategy.on_tick(of._hosts.paper.clock.now_ns)
    (row,) = await read(of, lambda connection: configs_of(connection, bot_id))
    assert (row.version, row.config["manual_kill_switch"]) == (2, True)
    await of.services.bots.set_kill_switch(OWNER, bot_id, row.controller_id, False, no_claim)
    strategy.on_tick(of._hosts.paper.clock.now_ns)
    assert not strategy.seats[0].is_killed
    await of.services.bots.set_limits(OWNER, bot_id, {"max_controller_drawdown_quote": None, "max_global_drawdown_quote": "10"}, no_claim)
    strategy.on_tick(of._hosts.paper.clock.now_ns)
    assert strategy.is_stopping
    for _ in range(400):
        if bot_id not in of._manager.running:
            break
        await asyncio.sleep(0.02)
    row = await asyncio.wrap_future(of._journal.run(lambda connection: bot_by_id(connection, bot_id)))
    assert row is not None and row.state == STOPPED
    assert await read(of, lambda connection: limits_of(connection, bot_id)) == {
        "max_controller_drawdown_quote": None,
        "max_day_loss_quote": None,
        "max_global_drawdown_quote": "10",
    }
