"""A chat that misbehaves changes no decision: the same market and the same bot, once without any chat and once with a Bot API that does its worst."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from condor.home import find_home
from condor.host import WallClock
from condor.settings import Environment, Settings
from condor.store.common import put_chat, put_user
from condor.users import Actor, Role
from condor.wiring import Program
from tests.fakes.telegram import TOKEN, Telegram
from tests.support.alert_bench import OWNER

ACTOR = Actor(OWNER, "Olga", Role.OWNER, "telegram", OWNER)
TICKS = 40
STEP_S = 0.75
LATER = 4_000_000_000_000
"""Wall time at which no timer of this machine's present fires by itself: the test turns everything."""

DECISIONS = {
    "orders": "SELECT i.trading_pair, i.trade_type, i.order_type, i.price, i.amount, i.purpose, o.state, o.filled_amount, i.created_ns "
    "FROM v_orders o JOIN v_intents i USING (intent_id) ORDER BY i.created_ns, i.trade_type, i.price, i.amount, o.state",
    "fills": "SELECT trading_pair, trade_type, price, amount, fee_amount, ts_ns FROM v_fills ORDER BY ts_ns, price, amount, trade_type",
    "openings": "SELECT (SELECT count(DISTINCT executor_id) FROM facts WHERE kind = 'position_opened'), "
    "(SELECT count(*) FROM facts WHERE kind = 'position_opened'), (SELECT count(*) FROM executors WHERE volume_quote NOT IN ('0', '0.00'))",
    "executors": "SELECT type, side, status, close_type, net_pnl_quote, created_ns, close_ns FROM v_executors ORDER BY created_ns, side, close_ns, net_pnl_quote",
}


class Chatless(Program):
    """No local chat, no Telegram, no port."""

    async def _open_doors(self, secret: str) -> None:
        return

    async def _open_socket(self) -> None:
        return


class Turned:
    """Time that a test turns."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.wall = WallClock(lambda: LATER + int(self.passed_s * 1000), lambda: int(self.passed_s * 1e9))


async def run(program: Program, time: Turned, each: Any = lambda tick: None) -> dict[str, list[Any]]:
    """Trade for a while, tick by tick; everything durable before the next one."""
    journal = program._journal
    draft = await program.services.drafts.begin(ACTOR, "pmm_simple")
    await program.services.bots.start(ACTOR, draft.controller_name, draft.answers, lambda connection: None)
    for tick in range(TICKS):
        each(tick)
        time.passed_s += STEP_S
        await program._tick()
        await asyncio.wrap_future(journal.run(lambda connection: None))
        # what has become durable calls back through the loop
        await asyncio.sleep(0)
    found = {}
    for name, query in DECISIONS.items():
        found[name] = [tuple(row) for row in journal.read(lambda c, query=query: c.exec_driver_sql(query).fetchall()).result()]
    return found


async def test_telegram_at_its_worst_changes_no_decision(tmp_path: Path) -> None:
    settings = Settings.model_validate({"market": {"speed": 20}, "clock": {"tick_size": 60}, "runtime": {"step_budget": 0}})
    time = Turned()
    quiet = Chatless(find_home(tmp_path / "quiet"), settings, Environment(http="127.0.0.1:0"), time.wall)
    try:
        await quiet.start()
        expected = await run(quiet, time)
    finally:
        await quiet.close()
    assert len(expected["fills"]) > 3 and any(row[3] for row in expected["executors"]), "something was traded and closed"

    ((openings, told, opened),) = expected["openings"]
    assert openings == told == opened > 0, "each opening is told of once"

    async with Telegram().served() as telegram:
        time = Turned()
        environment = Environment(http="127.0.0.1:0", chat="telegram", telegram_token=TOKEN, telegram_api=telegram.root)  # type: ignore[arg-type]
        hostile = Program(find_home(tmp_path / "hostile"), settings, environment, time.wall)

        def spoil(tick: int) -> None:
            faults, phase = telegram.faults, tick // 8 % 5
            faults.offline = phase in (0, 3)
            faults.flood = {OWNER: 30} if phase == 1 else {}
            faults.swallow = 5 if phase == 2 else 0
            faults.blocked = {OWNER} if phase == 4 else set()

        try:
            await hostile.start()

            def known(connection: Any) -> None:
                put_user(connection, OWNER, "Olga", Role.OWNER, 0)
                put_chat(connection, OWNER, "telegram", OWNER)

            await asyncio.wrap_future(hostile._journal.run(known))
            found = await run(hostile, time, spoil)
            tried = telegram.calls_of("sendMessage")
            waiting = hostile._journal.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()).result()
        finally:
            await hostile.close()
    assert tried and waiting, "the chat was spoken to all the time"
    for name in DECISIONS:
        assert found[name] == expected[name], name
