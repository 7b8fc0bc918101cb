"""What else is under way while a position is closed that a stopped bot holds: its start, and somebody who closes it too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from botcore.model.errors import UserError
from condor.store.bots import RUNNING, bot_by_id, set_state
from condor.wiring import Program
from tests.support.panics import PAIR, VENUE, bot_with_position, position, read, running
from tests.support.programs import OWNER, no_claim
from tests.support.waiting import until

HELD = f"{VENUE}:{PAIR}"


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    async with running(tmp_path) as found:
        yield found


async def stopped_with_a_hold(program: Program) -> str:
    bot_id = await bot_with_position(program)
    await program.services.bots.stop(OWNER, bot_id, no_claim, keep_position=True)
    await until(lambda: state(program, bot_id) == "stopped" and bot_id not in program._manager.running, "its end")
    return bot_id


def state(program: Program, bot_id: str) -> str:
    row = read(program, lambda connection: bot_by_id(connection, bot_id))
    return str(row.state)


def on_the_clock(program: Program, bot_id: str) -> list[Any]:
    return [bot for bot in program._manager.running.values() if bot.row.bot_id == bot_id]


@pytest.mark.parametrize("is_start_first", [True, False])
async def test_a_bot_that_is_started_while_its_hold_is_closed_stands_on_the_clock_once(program: Program, is_start_first: bool) -> None:
    bot_id = await stopped_with_a_hold(program)
    starts = [
        lambda: program.services.bots.start_again(OWNER, bot_id, no_claim),
        lambda: program.services.hold_exits.close(OWNER, bot_id, HELD, no_claim),
    ]
    built: list[str] = []
    launch, watch = program._manager.launch, program._manager.watch_holds

    def launched(*args: Any) -> Any:
        built.append("start")
        return launch(*args)

    async def watched(*args: Any) -> Any:
        built.append("watch")
        return await watch(*args)

    program._manager.launch, program._manager.watch_holds = launched, watched  # type: ignore[method-assign]
    ended = await asyncio.gather(*(start() for start in (starts if is_start_first else starts[::-1])), return_exceptions=True)
    unexpected = [found for found in ended if isinstance(found, BaseException) and not isinstance(found, UserError)]
    assert unexpected == [] and len(built) == 1, (ended, built)
    # the bot that was started closes it itself; one that is only watched can't be started meanwhile
    assert sum(isinstance(found, UserError) for found in ended) == (0 if built == ["start"] else 1), ended
    await until(lambda: position(program) == 0, "the close")
    await until(lambda: state(program, bot_id) == ("running" if built == ["start"] else "stopped"), "its row")
    assert bool(on_the_clock(program, bot_id)) == (built == ["start"])


async def test_two_who_close_it_at_once_are_one_close(program: Program) -> None:
    bot_id = await stopped_with_a_hold(program)
    ended = await asyncio.gather(*(program.services.hold_exits.close(OWNER, bot_id, HELD, no_claim) for _ in range(2)), return_exceptions=True)
    assert sorted(type(found).__name__ for found in ended) == ["UserError", "int"], ended
    rows = read(program, lambda connection: connection.exec_driver_sql("SELECT 1 FROM audit WHERE action = 'close_hold'").all())
    assert len(rows) == 1
    await until(lambda: position(program) == 0, "the close")


async def test_a_bot_that_waits_for_its_venue_is_said_to_wait(program: Program) -> None:
    """Its row says that it runs; nothing is over when it does."""
    bot_id = await stopped_with_a_hold(program)
    await asyncio.wrap_future(program._journal.run(lambda connection: set_state(connection, bot_id, RUNNING)))
    said = []
    for waits in ({bot_id: (VENUE,)}, {}):
        program._manager.waiting = waits
        found = await program.services.hold_exits.view(OWNER, bot_id, HELD)
        said.append(found and found.problem)
    program._manager.broken[bot_id] = "its file is gone"
    found = await program.services.hold_exits.view(OWNER, bot_id, HELD)
    assert [*said, found and found.problem] == [
        f"its bot waits: {VENUE} has not said yet what it trades; try again when it has",
        "its bot is being started or stopped: try again in a moment",
        "its bot could not be put together: its file is gone",
    ]
