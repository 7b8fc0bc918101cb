"""The rig itself: a calm day, a death in the middle, and an oracle that sees what is wrong."""

from __future__ import annotations

import pytest

from botcore.model.enums import CloseType
from botcore.model.events import FactKind
from tests.support.live_rig import PERP, SPOT, LiveRig


@pytest.mark.parametrize("name", [PERP, SPOT])
def test_a_calm_day(name: str) -> None:
    rig = LiveRig(name)

    async def play(rig: LiveRig) -> None:
        executor = rig.open()
        await rig.until(lambda: executor.has_fills)
        await rig.finish()
        assert executor.close_type is CloseType.EARLY_STOP

    rig.run(play)
    assert rig.kinds() == [FactKind.EXECUTOR_OPENED, FactKind.POSITION_OPENED, FactKind.EXECUTOR_CLOSED]


def test_a_position_outlives_a_kill() -> None:
    rig = LiveRig()

    async def play(rig: LiveRig) -> None:
        executor = rig.open()
        await rig.until(lambda: executor.has_fills)
        await rig.sleep(1)
        rig.kill()
        await rig.sleep(5)
        await rig.boot()
        (again,) = rig.running
        assert again.id == executor.id and again is not executor
        rig.move(58_000)
        await rig.until(lambda: again.is_closed)
        assert again.close_type is CloseType.STOP_LOSS
        await rig.finish()

    rig.run(play)


def test_the_oracle_sees_an_execution_that_was_not_booked() -> None:
    rig = LiveRig()

    async def play(rig: LiveRig) -> None:
        executor = rig.open()
        await rig.until(lambda: executor.has_fills)
        rig.stop(executor)
        await rig.until(lambda: executor.is_closed)
        await rig.sleep(1)
        rig.watcher.fills.popitem()
        await rig.finish()

    with pytest.raises(AssertionError, match="I5"):
        rig.run(play)


def test_who_excuses_one_invariant_does_not_excuse_those_whose_names_begin_like_it() -> None:
    rig = LiveRig()

    async def play(rig: LiveRig) -> None:
        for name in ("I1", "I12"):
            rig.breach(name, "made up")
        await rig.finish(excused=("I1",))

    with pytest.raises(AssertionError, match=r"\AI12 at [\d.]+ s: made up\Z"):
        rig.run(play)
