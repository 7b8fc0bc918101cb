"""Spells: what befalls some seeds besides the faults of `swarm` and `wire_swarm`. A full disk, yesterday's database, venues that are away while the process starts,
orders that something on the way sends twice, overfills, caps.

Each is drawn from a random stream of its own name, so that adding one moves nothing that other draws have chosen.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.fakes.simvenue.faults import Fault
from tests.fakes.simvenue.script import MatchRule
from tests.simulation import kinds
from tests.simulation.plan import Away, Crash, FullDisk, Spells, Yesterday

if TYPE_CHECKING:
    from tests.simulation.wire_world import WireWorld

CLASSES, CHOSEN = 12, (5, 8)
"""Seeds with these remainders have spells, and some of those of other kinds of executors: among them was none of the seeds that had failed before there were spells,
which thereby stay as they were."""
SENT_TWICE = "POST *rder"


def spells_of(seed: int, seconds: float) -> Spells:
    """The spells of a seed: of each kind none or one."""
    if seed % CLASSES not in CHOSEN and not kinds.has_spells(seed):
        return Spells()

    def drawn(name: str) -> random.Random | None:
        chance = random.Random(f"{name} {seed}")
        return chance if chance.random() < 0.4 else None

    doubled, overfill, caps = drawn("doubled"), drawn("overfill"), drawn("caps")
    return Spells(
        _full_disk(drawn("full disk"), seconds),
        _yesterday(drawn("yesterday"), seconds),
        _away(drawn("away"), seconds),
        doubled.uniform(0.02, 0.2) if doubled else 0.0,
        overfill.uniform(0.02, 0.1) if overfill else 0.0,
        Decimal(caps.choice([1500, 3000])) if caps else None,
        Decimal(caps.choice([1000, 2000])) if caps else None,
    )


def _full_disk(chance: random.Random | None, seconds: float) -> FullDisk | None:
    return None if chance is None else FullDisk(chance.uniform(10, seconds - 40), chance.uniform(3, 40), chance.choice([0, 20, 400]))


def _yesterday(chance: random.Random | None, seconds: float) -> Yesterday | None:
    if chance is None:
        return None
    copied_s = chance.uniform(0, seconds - 40)
    return Yesterday(copied_s, chance.uniform(copied_s + 5, seconds - 10), chance.choice([0.5, 5, 20]))


def _away(chance: random.Random | None, seconds: float) -> Away | None:
    return None if chance is None else Away(chance.uniform(0, seconds - 60), chance.uniform(10, 50), chance.choice([0.5, 3]))


def cast(world: WireWorld) -> None:
    """Set them for a world that begins."""
    spells, loop = world.plan.spells, world.loop
    for venue in world.venues:
        if spells.doubled:
            venue.front.faults.add(Fault("dup_exec", on=SENT_TWICE, p=spells.doubled))
        if spells.overfill:
            venue.venue.engine.script.add(MatchRule("overfill", p=spells.overfill, times=-1))
    if spells.full_disk is not None:
        loop.call_later(spells.full_disk.at_s, world.disk.fill, spells.full_disk.room, context=loop.world)
        loop.call_later(spells.full_disk.at_s + spells.full_disk.lasts_s, world.disk.clear, context=loop.world)
    if spells.yesterday is not None:
        loop.call_later(spells.yesterday.copied_s, world.copy_database, context=loop.world)
        loop.call_later(spells.yesterday.at_s, world.put_back, spells.yesterday.down_s, context=loop.world)
    if spells.away is not None:
        loop.call_later(spells.away.at_s, _go_away, world, context=loop.world)


def _go_away(world: WireWorld) -> None:
    away = world.plan.spells.away
    assert away is not None
    for venue in world.venues:
        venue.front.faults.add(Fault("drop_before", lasts_s=away.lasts_s))
        venue.front.faults.add(Fault("refuse", status=503, lasts_s=away.lasts_s))
        venue.front.close_all(1001)
    world._crash(Crash(0.0, away.down_s))
