"""Codes of an authenticator (numbers are those of telegram.md section 7): RFC 6238 to the letter, each code once, five wrong ones lock."""

from __future__ import annotations

import asyncio

import pytest

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.services.step_up import FRESH_MS, StepUpNeeded, StepUpService
from condor.store.step_up import LOCK_MS
from condor.totp import STEP_S, app_address, code_at, new_secret, step_of
from condor.users import Actor, Role

RFC_SECRET = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
"""12345678901234567890 in base 32: the secret of the RFC's appendix B."""

OWNER, OTHER = Actor(1, "Ann", Role.OWNER, "telegram", 1), Actor(2, "Bob", Role.TRADER, "telegram", 2)


class Wall:
    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def clock(self) -> WallClock:
        return WallClock(lambda: self.ms, lambda: self.ms * 1_000_000)


@pytest.fixture
def wall() -> Wall:
    return Wall()


def code(wall: Wall, ahead: int = 0) -> str:
    return code_at(RFC_SECRET, wall.ms // 1000 // STEP_S + ahead)


def wrong(wall: Wall) -> str:
    near = {code(wall, ahead) for ahead in (-1, 0, 1)}
    return next(text for text in ("000000", "111111", "222222", "333333") if text not in near)


@pytest.mark.parametrize(
    ("at_s", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(at_s: int, expected: str) -> None:
    assert code_at(RFC_SECRET, at_s // STEP_S, digits=8) == expected


def test_one_step_either_way_is_taken_and_two_are_not() -> None:
    at_s = 1_790_000_010.0
    step = int(at_s) // STEP_S
    for off in (-1, 0, 1):
        assert step_of(RFC_SECRET, code_at(RFC_SECRET, step + off), at_s) == step + off
    assert step_of(RFC_SECRET, code_at(RFC_SECRET, step + 3), at_s) is None


def test_an_app_gets_the_secret_and_the_log_does_not() -> None:
    made = new_secret()
    assert len(made.reveal()) == 32 and made.reveal() in app_address(made, "Ann & Bob") and "%20%26%20" in app_address(made, "Ann & Bob")
    assert made != new_secret()


async def test_nothing_is_asked_for_while_it_is_off(journal: Journal, wall: Wall) -> None:
    service = StepUpService(journal, wall.clock())
    await service.require_fresh(OWNER)
    with pytest.raises(UserError, match="no authenticator"):
        await service.show(OWNER, "123456")


async def test_s59_a_right_code_opens_five_minutes_for_its_person_only(journal: Journal, wall: Wall) -> None:
    service = StepUpService(journal, wall.clock(), RFC_SECRET)
    with pytest.raises(StepUpNeeded):
        await service.require_fresh(OWNER)
    await service.show(OWNER, f" {code(wall)[:3]} {code(wall)[3:]} ")
    await service.require_fresh(OWNER)
    with pytest.raises(StepUpNeeded):
        await service.require_fresh(OTHER)
    with pytest.raises(StepUpNeeded):
        await service.require_fresh(Actor(1, "Ann", Role.OWNER, "local", 1))
    wall.ms += FRESH_MS
    with pytest.raises(StepUpNeeded):
        await service.require_fresh(OWNER)


async def test_s59_a_code_works_once_and_not_for_anybody_else_also_after_a_restart(journal: Journal, wall: Wall) -> None:
    used = code(wall)
    await StepUpService(journal, wall.clock(), RFC_SECRET).show(OWNER, used)
    again = StepUpService(journal, wall.clock(), RFC_SECRET)
    for actor in (OWNER, OTHER):
        with pytest.raises(UserError, match="used before"):
            await again.show(actor, used)
    # nor does one of before it, that was not used
    with pytest.raises(UserError, match="used before"):
        await again.show(OTHER, code(wall, -1))
    wall.ms += STEP_S * 1000
    await again.show(OWNER, code(wall))


async def test_s59_two_at_the_same_moment_get_in_once(journal: Journal, wall: Wall) -> None:
    service = StepUpService(journal, wall.clock(), RFC_SECRET)
    results = await asyncio.gather(service.show(OWNER, code(wall)), service.show(OTHER, code(wall)), return_exceptions=True)
    assert sum(result is None for result in results) == 1


async def test_s59_five_wrong_ones_lock_a_quarter_of_an_hour_over_restarts(journal: Journal, wall: Wall) -> None:
    service = StepUpService(journal, wall.clock(), RFC_SECRET)
    for left in (4, 3, 2, 1):
        with pytest.raises(UserError, match=f"{left} more tries"):
            await service.show(OWNER, wrong(wall))
    with pytest.raises(UserError, match="5th wrong code"):
        await service.show(OWNER, "no digits")
    restarted = StepUpService(journal, wall.clock(), RFC_SECRET)
    for step in (restarted.show(OWNER, code(wall)), restarted.require_fresh(OWNER)):
        with pytest.raises(UserError, match="too many wrong codes"):
            await step
    # somebody else is not locked out by it
    await restarted.show(OTHER, code(wall))
    wall.ms += LOCK_MS
    await restarted.show(OWNER, code(wall))
    rows = journal.read(lambda connection: connection.exec_driver_sql("SELECT result FROM audit ORDER BY audit_id").scalars().all()).result()
    assert rows == ["wrong"] * 4 + ["locked", "done", "done"]


async def test_while_the_vault_is_locked_what_needs_a_code_is_refused(journal: Journal, wall: Wall) -> None:
    service = StepUpService(journal, wall.clock(), None, is_on=True)
    for step in (service.require_fresh(OWNER), service.show(OWNER, "123456")):
        with pytest.raises(UserError, match="the vault is locked"):
            await step


async def test_another_secret_ends_what_was_open(journal: Journal, wall: Wall) -> None:
    service = StepUpService(journal, wall.clock(), RFC_SECRET)
    await service.show(OWNER, code(wall))
    service.use(new_secret())
    with pytest.raises(StepUpNeeded):
        await service.require_fresh(OWNER)
    service.use(None)
    await service.require_fresh(OTHER)
