"""A whole session that loses its lines again and again, in virtual time, and what it has grown by."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.live_rig import LiveRig
from tests.support.sizes import growth, sizes

TICK_S = 1.0
"""The program's own default; what a reconnect leaves behind does not depend on it."""

PAUSE_S = 1.0
"""A venue that cuts lines again and again is given up to 30 s of rest, which would be most of the time here."""

WARM_UP = 30
"""Reconnects before the first look: caches and windows are full by then."""


KEPT = 3
"""Work of a session that never ends: clock, rules, sync."""


MOST_SPENT = 300
"""Requests of one minute that a session may have made at most."""


@dataclass(frozen=True)
class Held:
    """What a session holds while it is live and quiet; `objects` are ours, wherever they hang."""

    tasks: int
    session_tasks: int
    sockets: int
    objects: int
    resident_mb: float
    entries: dict[str, int]


@dataclass(frozen=True)
class Grown:
    """Before and after."""

    reconnects: int
    before: Held
    after: Held

    @property
    def containers(self) -> dict[str, tuple[int, int]]:
        """Containers that hold more than before. What a limit counts of the last minute comes and goes with the minute."""
        grown = growth(self.before.entries, self.after.entries, by=2)
        return {path: sizes for path, sizes in grown.items() if not path.endswith("._spent") or sizes[1] > MOST_SPENT}


def resident_mb() -> float:
    """Resident memory of this process; what the kernel says."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def hold(rig: LiveRig) -> Held:
    gc.collect()
    account = rig.account
    entries = sizes(session=account.session, connector=rig.connector, caller=account.caller, runtime=rig.runtime)
    tasks = [task for task in asyncio.all_tasks() if not task.done()]
    ours = sum(str(getattr(type(item), "__module__", "")).startswith(("botcore.", "condor.")) for item in gc.get_objects())
    return Held(len(tasks), len(account.session._tasks), len(rig.front.sessions), ours, resident_mb(), entries)


def reconnect(name: str, count: int) -> Grown:
    """Let the venue cut all lines of a live session so many times, with an order in between; each time it is live again."""
    rig = LiveRig(name, tick_s=TICK_S, pause_s=PAUSE_S)
    found: list[Held] = []

    seen: list[str] = []

    async def play(rig: LiveRig) -> None:
        rig.host.on_positions = lambda name, positions: seen.append(name)
        order = rig.submit(price="64000")
        await rig.until(lambda: bool(order.exchange_order_id))
        for number in range(WARM_UP + count):
            if number == WARM_UP:
                found.append(await _quiet(rig))
            compared = len(seen)
            rig.front.close_all(1006, "cut")
            await rig.until(lambda compared=compared: len(seen) > compared and _is_live(rig), 120)  # type: ignore[misc]
            seen.clear()
            rig.facts.clear()
        found.append(await _quiet(rig))

    rig.run(play)
    return Grown(count, found[0], found[1])


def _is_live(rig: LiveRig) -> bool:
    return rig.connector.closed_reason() is None and bool(rig.state.is_usable(rig.clock.now_ns))


async def _quiet(rig: LiveRig) -> Held:
    """Look when no question is under way."""
    await rig.sleep(15)
    await rig.until(lambda: _is_live(rig) and len(rig.account.session._tasks) <= KEPT, 60)
    return hold(rig)


def told(grown: Grown) -> dict[str, Any]:
    """For reports."""
    before, after = grown.before, grown.after
    return {name: (getattr(before, name), getattr(after, name)) for name in ("tasks", "session_tasks", "sockets", "objects", "resident_mb")}
