"""A chat that misbehaves changes no decision: the same market and the same bot, once without any chat and once with a Bot API that does its worst."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from condor.home import find_home
from condor.settings import Environment, Settings
from condor.wiring import Program
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.alert_bench import OWNER
from tests.support.beside_a_chat import DECISIONS, Chatless, Turned, begin, decisions, make_known, turn

TICKS = 40
STEP_S = 0.75


async def run(program: Program, time: Turned, each: Any = lambda tick: None) -> dict[str, list[Any]]:
    """Trade for a while, tick by tick."""
    await begin(program)
    for tick in range(TICKS):
        each(tick)
        await turn(program, time, STEP_S)
    return decisions(program)


async def test_telegram_at_its_worst_changes_no_decision(tmp_path: Path) -> None:
    settings = Settings.model_validate({"market": {"speed": 20}, "clock": {"tick_size": 60}, "runtime": {"step_budget": 0}})
    time = Turned()
    quiet = Chatless(find_home(tmp_path / "quiet"), settings, Environment(http="127.0.0.1:0"), time.wall)
    try:
        await quiet.start()
        expected = await run(quiet, time)
    finally:
        await quiet.close()
    assert len(expected["fills"]) > 3 and any(row[3] for row in expected["executors"]), "something was traded and closed"

    ((openings, told, opened),) = expected["openings"]
    assert openings == told == opened > 0, "each opening is told of once"

    async with Telegram().served() as telegram:
        time = Turned()
        environment = Environment(http="127.0.0.1:0", chat="telegram", telegram_token=TOKEN, telegram_api=telegram.root)  # type: ignore[arg-type]
        hostile = Program(find_home(tmp_path / "hostile"), settings, environment, time.wall)

        def spoil(tick: int) -> None:
            faults, phase = telegram.faults, tick // 8 % 5
            faults.offline = phase in (0, 3)
            faults.flood = {OWNER: 30} if phase == 1 else {}
            faults.swallow = 5 if phase == 2 else 0
            faults.blocked = {OWNER} if phase == 4 else set()

        try:
            await hostile.start()

            await make_known(hostile)
            found = await run(hostile, time, spoil)
            tried = telegram.calls_of("sendMessage")
            waiting = hostile._journal.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()).result()
        finally:
            await hostile.close()
    assert tried and waiting, "the chat was spoken to all the time"
    for name in DECISIONS:
        assert found[name] == expected[name], name
