"""I9: alerts over a death at any commit of theirs. What was to be told is told; what was under way may be told twice, once for each death."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from botcore.recorder import tables as records
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write
from condor.alerts.posting import Post
from condor.host import WallClock
from condor.notifications import Notifications
from condor.settings import AlertSettings
from condor.store.common import put_chat
from condor.views import FactKind, Notice
from tests.support.records import fresh_records

TOLD = ("x-1 opened", "x-1 closed", "x-2 closed", "fault")


class Chat:
    """What people have seen: it outlives every process. Every message is another one; an edit changes one that is there."""

    def __init__(self) -> None:
        self.messages: list[list[str]] = []
        self.edited: set[int] = set()
        self.replies: list[int] = []

    async def send(self, post: Post) -> int:
        self.messages.append([_name(notice) for notice in post.notices])
        self.replies.append(post.reply_to)
        return len(self.messages)

    async def edit(self, chat_id: int, message_id: int, notice: Notice) -> None:
        self.edited.add(message_id)


def _name(notice: Notice) -> str:
    what = {FactKind.POSITION_OPENED: "opened", FactKind.EXECUTOR_CLOSED: "closed"}.get(notice.kind)
    return "fault" if what is None else f"{notice.executor_id} {what}"


class Mortal(Journal):
    """Dies with its `left`-th transaction, before or after it is durable: from then on nobody gets an answer any more."""

    def __init__(self, path: Path, left: int, *, is_kept: bool) -> None:
        super().__init__(path, asyncio.get_running_loop().call_soon_threadsafe)
        self.left, self.is_kept = left, is_kept

    def run(self, work: Any) -> Any:
        self.left -= 1
        if self.left > 0:
            return super().run(work)
        if self.left == 0 and self.is_kept:
            super().run(work)
        return Future()


def add_facts(path: Path) -> None:
    """What was durable before: facts that nobody has been told of."""
    journal = Journal(path, lambda call: None)
    facts = [
        (FactKind.POSITION_OPENED, "x-1", {"filled": "1", "wanted": "1"}),
        (FactKind.EXECUTOR_CLOSED, "x-1", {"net_pnl_quote": "1", "volume_quote": "5", "close_type": "TAKE_PROFIT"}),
        (FactKind.EXECUTOR_CLOSED, "x-2", {"net_pnl_quote": "-2", "volume_quote": "5", "close_type": "STOP_LOSS"}),
        (FactKind.CONTROLLER_FAULT, "", {"error": "x"}),
    ]
    for kind, executor_id, payload in facts:
        values = {"kind": kind, "bot_id": "b", "controller_id": "c", "executor_id": executor_id, "ts_ns": 1, "wall_ms": 1}
        journal.commit([Write(records.facts, {**values, "payload": json.dumps(payload)}, Op.ADD)])
    journal.run(lambda c: put_chat(c, 7, "local", 7)).result()
    journal.close()


async def life(journal: Journal, chat: Chat, now_s: list[float]) -> None:
    """A process: it sends until it has nothing to do, or is dead."""
    alerts = Notifications(journal, AlertSettings(), WallClock(lambda: 1, lambda: 1), lambda: now_s[0])
    alerts.add_notifier("local", chat)
    alerts.start()
    for _ in range(1000):
        is_dead = getattr(journal, "left", 1) <= 0
        if is_dead or not await asyncio.wrap_future(journal.read(_is_left)):
            break
        await asyncio.sleep(0.005)
        now_s[0] += 0.5
        alerts.look()
    await asyncio.sleep(0.003)
    await alerts.close()
    journal.close()


def _is_left(connection: Any) -> bool:
    """Whether something waits: a fact, a message or a change of one."""
    left = "SELECT (SELECT count(*) FROM outbox WHERE state = 'queued') + (SELECT count(*) FROM alert_threads WHERE is_dirty)"
    facts = "SELECT count(*) FROM facts WHERE event_id > (SELECT coalesce(max(event_id), 0) FROM outbox)"
    return any(connection.exec_driver_sql(query).scalar_one() for query in (left, facts))


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("moment", range(1, 8))
async def test_i9_a_death_at_any_commit_loses_no_alert_and_repeats_at_most_one(tmp_path: Path, moment: int, is_kept: bool) -> None:
    path, chat, now_s = tmp_path / "condor.db", Chat(), [0.0]
    path.write_bytes(fresh_records())
    add_facts(path)
    await life(Mortal(path, moment, is_kept=is_kept), chat, now_s)
    await life(Journal(path, asyncio.get_running_loop().call_soon_threadsafe), chat, now_s)
    told = [name for message in chat.messages for name in message]
    # an opening that is told of together with its end has no message of its own
    assert set(TOLD) - {"x-1 opened"} <= set(told) <= set(TOLD)
    assert len(told) - len(set(told)) <= 1
    if "x-1 opened" in told:
        assert chat.edited, "its message has the outcome"
    journal = Journal(path, lambda call: None)
    assert journal.read(lambda c: c.exec_driver_sql("SELECT DISTINCT state FROM outbox").fetchall()).result() == [("sent",)]
    assert journal.read(lambda c: c.exec_driver_sql("SELECT event_id FROM alert_repeats").fetchall()).result() == [(4,)]
    journal.close()
