"""Telegram dead for six hours beside a bot that trades, and a flood when it is back: what is decided is what is decided without a chat, and what was missed comes once."""

from __future__ import annotations

from pathlib import Path

from botcore.model.events import FactKind, PartFault
from condor.home import find_home
from condor.settings import Environment, Settings
from condor.wiring import Program
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.alert_bench import OWNER, settled
from tests.support.beside_a_chat import DECISIONS, Chatless, Turned, begin, decisions, make_known, turn

STEP_S = 60
HOURS = 6
TICKS = HOURS * 3600 // STEP_S
FAULTS = {TICKS // 6: "an hour in", TICKS // 2: "half way", TICKS - 5: "near the end"}
"""Tick -> what is critical then."""

SETTINGS = Settings.model_validate({"market": {"speed": 1}, "clock": {"tick_size": STEP_S}, "runtime": {"step_budget": 0}})


async def trade(program: Program, time: Turned) -> None:
    """A market maker at work for six hours, with faults in between; the sender does all that it can."""
    bot_id = await begin(program)
    for tick in range(TICKS):
        if tick in FAULTS:
            program._host.bus.publish(PartFault(FactKind.CONTROLLER_FAULT, program._host.clock.now_ns, FAULTS[tick], bot_id, ""))
        await turn(program, time, STEP_S)
        await settled(program._notifications, program._journal)


async def test_s43_t2_six_hours_without_telegram_change_no_decision_and_what_was_missed_comes_once(tmp_path: Path) -> None:
    time = Turned()
    quiet = Chatless(find_home(tmp_path / "quiet"), SETTINGS, Environment(http="127.0.0.1:0"), time.wall)
    try:
        await quiet.start()
        quiet._notifications._now_s = lambda: time.passed_s
        await trade(quiet, time)
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

            await make_known(program)
            telegram.faults.offline = True
            await trade(program, time)
            found = decisions(program)
            assert telegram.told(OWNER) == []
            # it is back, and floods at once
            telegram.faults.offline = False
            for _ in range(6):
                telegram.faults.flood = {OWNER: 5}
                time.passed_s += 10
                await settled(program._notifications, program._journal)
            telegram.faults.flood = {}
            for _ in range(60):
                time.passed_s += 3
                await settled(program._notifications, program._journal)
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
