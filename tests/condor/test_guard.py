"""P5 and P6: no new exposure while records can't be written; what a person has halted stays halted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from condor.store.guard import RecordsGuard
from condor.store.reserve import Reserve


class Gate:
    """As the risk gate: a latch that keeps its first reason."""

    def __init__(self) -> None:
        self.halt_reason: str | None = None

    def halt(self, reason: str) -> None:
        self.halt_reason = self.halt_reason or reason

    def release(self) -> None:
        self.halt_reason = None


class Bench:
    def __init__(self, folder: Path) -> None:
        self.gates, self.told, self.latched = [Gate(), Gate()], [], None
        self.reserve = Reserve(folder / "reserve", 4096)
        self.reserve.make()
        self.guard = RecordsGuard(lambda: self.gates, self.reserve, lambda: self.latched, self.told.append)

    @property
    def reasons(self) -> set[str | None]:
        return {gate.halt_reason for gate in self.gates}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_p6_every_gate_is_halted_while_records_wait_and_released_after(bench: Bench) -> None:
    bench.guard.on_journal("database is locked")
    assert bench.reasons == {"records can't be written (database is locked)"}
    bench.guard.on_journal("disk I/O error")
    bench.guard.on_journal(None)
    assert bench.reasons == {None}, "also when the words of the trouble have changed meanwhile"
    assert bench.told == ["records can't be written (database is locked)", "records can't be written (disk I/O error)", None]


def test_p5_it_stays_halted_until_the_reserve_is_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    has_room = [False]
    make = bench.reserve.make
    monkeypatch.setattr(bench.reserve, "make", lambda: has_room[0] and make())
    assert bench.reserve.free()
    bench.guard.on_journal("database or disk is full")
    bench.guard.on_journal(None)
    assert bench.reasons == {"records can't be written (database or disk is full)"}, "written from the reserve, and there is no other"
    assert bench.told[-1] == bench.guard.trouble and "nearly full" in bench.told[-1]
    bench.guard.look()
    assert None not in bench.reasons
    has_room[0] = True
    bench.guard.look()
    assert bench.reasons == {None} and bench.reserve.is_there and bench.guard.trouble is None and bench.told[-1] is None


def test_p5_a_disk_that_is_nearly_full_halts_before_anything_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.reserve.free()
    monkeypatch.setattr(bench.reserve, "make", lambda: False)
    bench.guard.look()
    bench.guard.look()
    assert len(bench.told) == 1 and "nearly full" in bench.told[0] and None not in bench.reasons


def test_a_halt_of_a_person_is_never_released(bench: Bench) -> None:
    """Pressed before the trouble, or during it."""
    for gate in bench.gates:
        gate.halt("switched off by me")
    bench.guard.on_journal("database is locked")
    bench.guard.on_journal(None)
    assert bench.reasons == {"switched off by me"}
    for gate in bench.gates:
        gate.release()
    bench.guard.on_journal("database is locked")
    bench.latched = "switched off by you"
    for gate in bench.gates:
        gate.halt("switched off by you")
    bench.guard.on_journal(None)
    assert bench.reasons == {"switched off by you"}


def test_a_quiet_look_tells_nobody(bench: Bench) -> None:
    bench.guard.look()
    bench.guard.on_journal(None)
    assert bench.told == [] and bench.reasons == {None}


# ---- the reserve -----------------------------------------------------------------------------------------------------
def test_p5_the_reserve_takes_space_and_gives_it_back_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 1 << 20)
    assert not reserve.is_there and not reserve.free()
    assert reserve.make() and reserve.is_there and reserve.make()
    assert os.stat(tmp_path / "reserve").st_blocks * 512 >= 1 << 20, "space that is taken, not a hole"
    assert reserve.free() and not reserve.is_there and not reserve.free()


def test_p5_the_reserve_is_not_made_of_the_last_space(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 1 << 60)
    assert not reserve.make()
    assert list(tmp_path.iterdir()) == []
