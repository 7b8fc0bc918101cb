"""Status pushes that wait for a change: rows, so that a restart goes on where it stood."""

from __future__ import annotations

import asyncio
from pathlib import Path

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.scheduler import Scheduler
from condor.services.subscriptions import SubscriptionService
from condor.store.common import ChatRow, all_chats, bury_chat
from tests.support.programs import OWNER, no_claim
from tests.support.records import fresh_records


class Pushes:
    """A chat with its service, as a start makes them."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
        wall = WallClock(lambda: 1_800_000_000_000, lambda: 0)
        self.service = SubscriptionService(self.journal, Scheduler(wall.wall_ms), wall)
        self.service.standing = lambda: self.now
        self.service.on_push("local", self._push)
        self.now, self.pushed = "one bot runs", 0

    async def _push(self, row: ChatRow) -> None:
        self.pushed += 1

    async def round(self) -> int:
        """The timer fires; returns how many pushes there were so far."""
        (row,) = await asyncio.wrap_future(self.journal.read(all_chats))
        await self.service._push(row)
        return self.pushed


async def test_only_what_has_changed_is_pushed_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    path.write_bytes(fresh_records())
    first = Pushes(path)
    await first.service.known_chat(OWNER)
    await first.service.set(OWNER, 900, no_claim, only_changes=True)
    assert await first.service.only_changes(OWNER)
    assert [await first.round() for _ in range(3)] == [1, 1, 1]
    first.now = "two bots run"
    assert [await first.round() for _ in range(2)] == [2, 2]
    first.journal.close()
    second = Pushes(path)
    second.now = "two bots run"
    assert await second.round() == 0
    second.now = "a bot has a fault"
    assert await second.round() == 1
    second.journal.close()


async def test_who_wants_every_push_gets_every_push(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    path.write_bytes(fresh_records())
    pushes = Pushes(path)
    await pushes.service.known_chat(OWNER)
    await pushes.service.set(OWNER, 900, no_claim, only_changes=True)
    await pushes.service.set(OWNER, 900, no_claim)
    assert not await pushes.service.only_changes(OWNER)
    assert [await pushes.round() for _ in range(3)] == [1, 2, 3]
    pushes.journal.close()


async def test_who_can_t_be_reached_is_pushed_nothing_and_again_when_they_are_back_also_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "condor.db"
    path.write_bytes(fresh_records())
    first = Pushes(path)
    await first.service.known_chat(OWNER)
    await first.service.set(OWNER, 900, no_claim)
    await asyncio.wrap_future(first.journal.run(lambda connection: bury_chat(connection, OWNER.chat_id, OWNER.front)))
    assert await first.round() == 0
    first.journal.close()
    second = Pushes(path)
    await second.service.rebuild()
    assert second.service._scheduler._scheduler.get_job("status local 1") is not None, "the wish is a row"
    assert await second.round() == 0
    await second.service.known_chat(OWNER)
    assert await second.round() == 1
    second.journal.close()
