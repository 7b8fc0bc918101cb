"""Telegram dead for six hours beside a bot that trades, and a flood when it is back: what is decided is what is decided without a chat, and what was missed comes once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from botcore.model.events import FactKind, PartFault
from condor.home import find_home
from condor.settings import Environment, Settings
from condor.store.common import put_chat, put_user
from condor.users import Role
from condor.wiring import Program
from tests.e2e.test_alert_trading import ACTOR, DECISIONS, Chatless, Turned
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.alert_bench import OWNER

STEP_S = 60
HOURS = 6
TICKS = HOURS * 3600 // STEP_S
FAULTS = {TICKS // 6: "an hour in", TICKS // 2: "half way", TICKS - 5: "near the end"}
"""Tick -> what is critical then."""

SETTINGS = Settings.model_validate({"market": {"speed": 1}, "clock": {"tick_size": STEP_S}, "runtime": {"step_budget": 0}})


async def trade(program: Program, time: Turned, ticks: int) -> str:
    """A market maker at work, and what it decides written down; returns its id."""
    draft = await program.services.drafts.begin(ACTOR, "pmm_simple")
    view = await program.services.bots.start(ACTOR, draft.controller_name, draft.answers, lambda connection: None)
    for tick in range(ticks):
        if tick in FAULTS:
            program._host.bus.publish(PartFault(FactKind.CONTROLLER_FAULT, program._host.clock.now_ns, FAULTS[tick], view.bot_id, ""))
        await turn(program, time, STEP_S)
    return view.bot_id


async def turn(program: Program, time: Turned, seconds: float) -> None:
    time.passed_s += seconds
    await program._tick()
    await asyncio.wrap_future(program._journal.run(lambda connection: None))
    # what has become durable calls back through the loop
    await asyncio.sleep(0)
    await settle(program)


async def settle(program: Program) -> None:
    """Until the sender has nothing to do at this moment."""
    idle = 0
    program._notifications.look()
    while idle < 2:
        await asyncio.wrap_future(program._journal.read(lambda connection: None))
        await asyncio.sleep(0.001)
        idle = 0 if program._notifications.is_busy else idle + 1


def decisions(program: Program) -> dict[str, list[Any]]:
    def read(query: str) -> list[Any]:
        return [tuple(row) for row in program._journal.read(lambda connection: connection.exec_driver_sql(query).fetchall()).result()]

    return {name: read(query) for name, query in DECISIONS.items()}


async def test_s43_t2_six_hours_without_telegram_change_no_decision_and_what_was_missed_comes_once(tmp_path: Path) -> None:
    time = Turned()
    quiet = Chatless(find_home(tmp_path / "quiet"), SETTINGS, Environment(http="127.0.0.1:0"), time.wall)
    try:
        await quiet.start()
        quiet._notifications._now_s = lambda: time.passed_s
        await trade(quiet, time, TICKS)
        expected = decisions(quiet)
    finally:
        await quiet.close()
    assert len(expected["fills"]) > 10 and any(row[3] for row in expected["executors"]), "something was traded and closed"

    async with Telegram().served() as telegram:
        time = Turned()
        environment = Environment(http="127.0.0.1:0", chat="telegram", telegram_token=TOKEN, telegram_api=telegram.root)
        program = Program(find_home(tmp_path / "cut off"), SETTINGS, environment, time.wall)
        try:
            await program.start()
            program._notifications._now_s = lambda: time.passed_s

            def known(connection: Any) -> None:
                put_user(connection, OWNER, "Olga", Role.OWNER, 0)
                put_chat(connection, OWNER, "telegram", OWNER)

            await asyncio.wrap_future(program._journal.run(known))
            telegram.faults.offline = True
            await trade(program, time, TICKS)
            found = decisions(program)
            assert telegram.told(OWNER) == []
            # it is back, and floods at once
            telegram.faults.offline = False
            for _ in range(6):
                telegram.faults.flood = {OWNER: 5}
                time.passed_s += 10
                await settle(program)
            telegram.faults.flood = {}
            for _ in range(60):
                time.passed_s += 3
                await settle(program)
            texts = [message.text for message in telegram.told(OWNER)]
            tried = telegram.calls_of("sendMessage", OWNER)
        finally:
            await program.close()
    assert tried > len(texts), "it was told to wait now and then"
    for name in DECISIONS:
        assert found[name] == expected[name], name
    assert [sum(text in told for told in texts) for text in FAULTS.values()] == [1] * len(FAULTS), texts
    rest = [told for told in texts if not any(text in told for text in FAULTS.values())]
    assert len(rest) == 1 and "While you could not be reached" in rest[0], texts
