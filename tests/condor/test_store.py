"""Tokens, drafts, outbox and alerts: once, in order, over crashes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from botcore.recorder import tables as records
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write
from condor.alerts.batches import Batch, Shape
from condor.alerts.lanes import Lane
from condor.alerts.posting import Post, Unreachable
from condor.errors import UserError
from condor.home import InstanceLock, find_home
from condor.host import WallClock
from condor.notifications import Notifications, _is_waiting
from condor.services.access import AccessService
from condor.settings import AlertSettings
from condor.store import panels
from condor.store.common import put_chat
from condor.store.outbox import OutgoingNotice, QueuedNotice
from condor.store.panels import AlreadyDone, ButtonSpec
from condor.users import Actor, Forbidden, Role, require
from condor.views import FactKind, Notice
from tests.support.instance import CHECKOUT
from tests.support.waiting import until


# ---- tokens --------------------------------------------------------------------------------------------------------
def test_t4_t5_a_token_acts_once_and_gone_buttons_become_stale(journal: Journal) -> None:
    specs = [ButtonSpec("start_draft", {"draft": "a"}, once=True), ButtonSpec("show", {"screen": "home"})]
    first = journal.run(lambda c: panels.tokens_for(c, "panel", 1, specs, 1000)).result()
    assert journal.run(lambda c: panels.tokens_for(c, "panel", 1, specs, 2000)).result() == first
    journal.run(lambda c: panels.claim_token(c, first[0], 3000)).result()
    with pytest.raises(AlreadyDone):
        journal.run(lambda c: panels.claim_token(c, first[0], 3001)).result()
    journal.run(lambda c: panels.tokens_for(c, "panel", 1, specs[:1], 4000)).result()
    shown = journal.read(lambda c: panels.token_row(c, first[1])).result()
    assert shown is not None
    assert shown.is_stale
    assert all(len(("v1:" + token).encode()) <= 64 for token in first)


def test_tokens_are_forgotten_when_they_expire_or_their_button_is_long_gone(journal: Journal) -> None:
    day = 86_400_000
    keys = journal.run(lambda c: panels.tokens_for(c, "p", 1, [ButtonSpec("kept", {}), ButtonSpec("gone", {})], 0)).result()
    journal.run(lambda c: panels.tokens_for(c, "p", 1, [ButtonSpec("kept", {})], 1)).result()
    once = journal.run(lambda c: panels.tokens_for(c, "q", 1, [ButtonSpec("once", {}, once=True)], 0)).result()
    journal.run(lambda c: panels.prune(c, 2 * day)).result()
    found = [journal.read(lambda c, token=token: panels.token_row(c, token)).result() is not None for token in (*keys, *once)]
    assert found == [True, False, False]


def test_a_claim_that_fails_later_is_not_kept(journal: Journal) -> None:
    (token,) = journal.run(lambda c: panels.tokens_for(c, "panel", 1, [ButtonSpec("x", {}, once=True)], 1000)).result()

    def fails(connection: panels.Connection) -> None:
        panels.claim_token(connection, token, 2000)
        raise UserError("no")

    with pytest.raises(UserError):
        journal.run(fails).result()
    journal.run(lambda c: panels.claim_token(c, token, 3000)).result()


def test_t3_an_update_has_its_effect_once(journal: Journal) -> None:
    journal.run(lambda c: panels.claim_update(c, "telegram", 5, 1)).result()
    with pytest.raises(AlreadyDone):
        journal.run(lambda c: panels.claim_update(c, "telegram", 5, 2)).result()
    journal.run(lambda c: panels.claim_update(c, "local", 5, 2)).result()


# ---- alerts --------------------------------------------------------------------------------------------------------
class Inbox:
    """Takes what is sent; refuses as often as it is told to."""

    def __init__(self) -> None:
        self.got: list[list[Notice]] = []
        self.refusals: list[Unreachable] = []

    async def send(self, post: Post) -> int:
        if self.refusals:
            raise self.refusals.pop(0)
        self.got.append(list(post.notices))
        return len(self.got)

    async def edit(self, chat_id: int, message_id: int, notice: Notice) -> None:
        return


def fact(journal: Journal, kind: str, **payload: object) -> None:
    values = {"kind": kind, "bot_id": "b", "controller_id": "c", "executor_id": "x", "ts_ns": 1, "wall_ms": 1, "payload": json.dumps(payload)}
    done = asyncio.Event()
    journal.commit([Write(records.facts, values, Op.ADD)], done.set)


def closed(journal: Journal, pnl: str, volume: str = "100", close_type: str = "TAKE_PROFIT", kind: str = "position_executor") -> None:
    fact(journal, FactKind.EXECUTOR_CLOSED, net_pnl_quote=pnl, volume_quote=volume, close_type=close_type, type=kind)


async def alerts_of(journal: Journal, inbox: Inbox, settings: AlertSettings | None = None) -> Notifications:
    await asyncio.wrap_future(journal.run(lambda c: put_chat(c, 7, "local", 7)))
    alerts = Notifications(journal, settings or AlertSettings(), WallClock(lambda: 1, lambda: 1))
    alerts.add_notifier("local", inbox)
    alerts.start()
    return alerts


async def test_each_fact_is_told_once_even_when_its_expansion_is_repeated(journal: Journal) -> None:
    inbox = Inbox()
    alerts = await alerts_of(journal, inbox)
    closed(journal, "4.21")
    alerts.wake()
    await until(lambda: inbox.got)
    # what was sent and not yet noted as sent would be sent again, and rightly so
    await alerts.drain(8)
    await alerts.close()
    # a crash between the expansion and its cursor: the facts are read again
    await asyncio.wrap_future(journal.run(lambda c: c.exec_driver_sql("UPDATE cursors SET value = 0")))
    again = Inbox()
    alerts = await alerts_of(journal, again)
    closed(journal, "-1")
    alerts.wake()
    await until(lambda: again.got)
    await alerts.close()
    assert [notice.payload["net_pnl_quote"] for batch in [*inbox.got, *again.got] for notice in batch] == ["4.21", "-1"]


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_p3_an_end_waits_also_for_a_fact_that_is_just_becoming_an_alert(journal: Journal, moment: int) -> None:
    """Whether anything waits is asked in several statements, and the writer may come between any two of them."""
    journal.run(lambda c: put_chat(c, 7, "local", 7)).result()
    alerts = Notifications(journal, AlertSettings(), WallClock(lambda: 1, lambda: 1))
    fact(journal, FactKind.CONTROLLER_FAULT, error="x")
    journal.run(lambda connection: None).result(10)
    seen = []

    def look(connection: Connection) -> bool:
        def between(*_: object) -> None:
            seen.append(1)
            if len(seen) == moment:
                journal.run(alerts._expand).result(10)

        event.listen(connection, "after_cursor_execute", between)
        try:
            return _is_waiting(connection)
        finally:
            event.remove(connection, "after_cursor_execute", between)

    assert journal.read(look).result(20)


async def test_a_burst_is_one_message_and_something_critical_goes_first(journal: Journal) -> None:
    inbox = Inbox()
    fact(journal, FactKind.BOT_STARTED)
    for number in range(30):
        closed(journal, str(number))
    fact(journal, FactKind.CONTROLLER_FAULT, error="x")
    alerts = await alerts_of(journal, inbox)
    await until(lambda: len(inbox.got) >= 3)
    await alerts.close()
    assert [notice.kind for notice in inbox.got[0]] == [FactKind.CONTROLLER_FAULT]
    (burst,) = [batch for batch in inbox.got if batch[0].kind == FactKind.EXECUTOR_CLOSED]
    assert [notice.payload["net_pnl_quote"] for notice in burst] == [str(number) for number in range(30)]


async def test_an_unreachable_chat_loses_nothing_and_a_dead_one_is_left_alone(journal: Journal) -> None:
    inbox = Inbox()
    inbox.refusals = [Unreachable("flood", 0.1), Unreachable("timeout", 0.1)]
    alerts = await alerts_of(journal, inbox)
    closed(journal, "1")
    alerts.wake()
    await until(lambda: inbox.got)
    inbox.refusals = [Unreachable("blocked", is_dead=True)]
    closed(journal, "2")
    alerts.wake()
    await until(lambda: not inbox.refusals)
    await asyncio.sleep(0.1)
    await alerts.close()
    assert len(inbox.got) == 1
    assert journal.read(lambda c: c.exec_driver_sql("SELECT state FROM outbox ORDER BY message_key").fetchall()).result() == [("sent",), ("failed",)]


class FullDisk(Journal):
    """Takes commits, and refuses work while it is full."""

    is_full = False

    def run(self, work: Any) -> Any:
        if not self.is_full:
            return super().run(work)
        refused: Future[Any] = Future()
        refused.set_exception(OSError("database or disk is full"))
        return refused


async def test_i9_p5_while_nothing_can_be_noted_nobody_hears_the_same_thing_again(journal: Journal, tmp_path: Path) -> None:
    full = FullDisk(tmp_path / "condor.db", asyncio.get_running_loop().call_soon_threadsafe)

    class Filling(Inbox):
        async def send(self, post: Post) -> int:
            full.is_full = True
            return await super().send(post)

    inbox = Filling()
    alerts = await alerts_of(full, inbox)
    closed(full, "1")
    alerts.wake()
    await until(lambda: inbox.got)
    await asyncio.sleep(2.5)
    assert len(inbox.got) == 1, "it is tried every two seconds, without sending"
    full.is_full = False
    noted = "SELECT state, message_id FROM outbox"
    await until(lambda: full.read(lambda c: c.exec_driver_sql(noted).fetchall()).result() == [("sent", 1)])
    await alerts.close()
    assert len(inbox.got) == 1
    full.close()


async def test_a_message_that_is_refused_in_one_topic_leaves_those_of_another_apart(journal: Journal) -> None:
    """Each of a refused message goes by itself until it is known which one it was, whatever another topic of the same chat refuses meanwhile."""
    alerts = Notifications(journal, AlertSettings(), WallClock(lambda: 1, lambda: 1), lambda: 0.0)
    lane, batches = Lane(is_group=True), [Batch(tuple(queued(FactKind.ORDER_UNKNOWN, keys)), Shape.PLAIN) for keys in ((1, 2), (3, 4), (1,))]
    left = []
    for batch in batches:
        post = Post(-7, batch.all[0].message_key, [item.outgoing.notice for item in batch.items])
        await alerts._not_sent(("local", -7), lane, batch, post, Unreachable("can't parse entities", is_refused=True))
        left.append(set(lane.apart))
    assert left == [{1, 2}, {1, 2, 3, 4}, {2, 3, 4}]


def queued(kind: str, keys: tuple[int, ...]) -> list[QueuedNotice]:
    return [QueuedNotice(key, 0, OutgoingNotice("local", -7, "warning", False, Notice(key, kind, "bot", "Bot", "", "live", key, {}))) for key in keys]


async def test_a_chat_that_can_not_be_reached_never_holds_up_another(journal: Journal) -> None:
    offline, inbox = Inbox(), Inbox()
    offline.refusals = [Unreachable("offline", 30.0)] * 50
    await asyncio.wrap_future(journal.run(lambda c: put_chat(c, 9, "telegram", 9)))
    alerts = await alerts_of(journal, inbox)
    alerts.add_notifier("telegram", offline)
    for number in range(120):
        closed(journal, str(number))
    alerts.wake()
    await until(lambda: sum(len(batch) for batch in inbox.got) == 120)
    await alerts.close()
    assert offline.got == []


async def test_closing_ends_at_once_even_when_news_come_in_the_same_moment(journal: Journal) -> None:
    for turns in (0, 1, 2, 3, 4):
        inbox = Inbox()
        alerts = await alerts_of(journal, inbox)
        closed(journal, "1")
        alerts.wake()
        await until(lambda inbox=inbox: inbox.got)
        # it looks again after a second, unless there is news; the news come now
        await asyncio.sleep(0.05)
        alerts._queue_grew.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await alerts.close()


async def test_refreshed_quotes_and_small_results_are_not_told(journal: Journal) -> None:
    inbox = Inbox()
    closed(journal, "0", volume="0.00")
    closed(journal, "0.2")
    closed(journal, "5")
    # an order's fills are held, that is what it is for; of a position that was handed over people must hear
    closed(journal, "0", close_type="POSITION_HOLD", kind="order_executor")
    closed(journal, "0", close_type="POSITION_HOLD")
    alerts = await alerts_of(journal, inbox, AlertSettings(min_pnl_quote=Decimal(1)))
    await until(lambda: sum(len(batch) for batch in inbox.got) > 1)
    await alerts.close()
    told = [(notice.payload["net_pnl_quote"], notice.payload["type"]) for batch in inbox.got for notice in batch]
    assert told == [("5", "position_executor"), ("0", "position_executor")]


async def test_small_results_are_told_apart_by_their_worth_and_not_by_their_number(journal: Journal) -> None:
    """0.002 BTC are more than 1 USDT, 90 of some coin are less; where no rate was known it is told."""
    inbox = Inbox()
    for pnl, reported in (("0.002", "130"), ("90", "0.5"), ("0.0001", None), ("-0.00001", "-0.65"), ("-0.1", "-6500")):
        values = {"net_pnl_quote": pnl, "net_pnl_report": reported, "report_asset": "USDT", "volume_quote": "1", "close_type": "TAKE_PROFIT"}
        fact(journal, FactKind.EXECUTOR_CLOSED, type="position_executor", **values)
    alerts = await alerts_of(journal, inbox, AlertSettings(min_pnl_quote=Decimal(1)))
    await until(lambda: sum(len(batch) for batch in inbox.got) > 2)
    await alerts.close()
    assert [notice.payload["net_pnl_quote"] for batch in inbox.got for notice in batch] == ["0.002", "0.0001", "-0.1"]


# ---- people --------------------------------------------------------------------------------------------------------
async def test_first_owner_comes_in_by_code_and_the_door_locks_after_five_wrong_ones(journal: Journal) -> None:
    now = [0]
    access = AccessService(journal, WallClock(lambda: now[0], lambda: 0))
    stranger = await access.actor("telegram", 5, "Eve", 5)
    assert stranger.role is Role.NOBODY
    code = await access.claim_code()
    assert code is not None
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert not await access.claim(stranger, wrong)
    assert not await access.claim(stranger, code)
    now[0] += 16 * 60_000
    assert await access.claim(stranger, f"my code is {code}")
    assert (await access.actor("telegram", 5, "Eve", 5)).role is Role.OWNER
    assert await access.claim_code() is None
    assert not await access.claim(await access.actor("telegram", 6, "Mal", 6), code)


def test_roles_are_checked_by_the_services() -> None:
    viewer = Actor(1, "V", Role.VIEWER, "telegram", 1)
    require(viewer, Role.VIEWER, "looking")
    with pytest.raises(Forbidden, match="needs the role operator, yours is viewer"):
        require(viewer, Role.OPERATOR, "stopping a bot")


# ---- the home ------------------------------------------------------------------------------------------------------
def test_a_killed_holder_lets_go_of_the_home(tmp_path: Path) -> None:
    home = find_home(tmp_path)
    home.make()
    script = f"import sys, time; sys.path.insert(0, {str(CHECKOUT)!r}); from pathlib import Path; from condor.home import *; "
    script += f"h = find_home(Path({str(tmp_path)!r})); lock = InstanceLock(h); lock.acquire(); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=f"process {holder.pid}"):
            InstanceLock(home).acquire()
        holder.kill()
        holder.wait()
    lock = InstanceLock(home)
    lock.acquire()
    lock.release()
