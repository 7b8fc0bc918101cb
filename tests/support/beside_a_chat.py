"""A whole program whose time the test turns, a market maker in it, and what it decides: for holding a run with a chat that misbehaves against one without any."""

from __future__ import annotations

import asyncio
from typing import Any

from condor.host import WallClock
from condor.store.common import put_chat, put_user
from condor.users import Actor, Role
from condor.wiring import Program
from tests.support.alert_bench import OWNER

ACTOR = Actor(OWNER, "Olga", Role.OWNER, "telegram", OWNER)
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


async def begin(program: Program) -> str:
    """A market maker at work; returns its id."""
    draft = await program.services.drafts.begin(ACTOR, "pmm_simple")
    view = await program.services.bots.start(ACTOR, draft.controller_name, draft.answers, lambda connection: None)
    return view.bot_id


async def turn(program: Program, time: Turned, seconds: float) -> None:
    """Time goes on by one tick; everything is durable afterwards."""
    time.passed_s += seconds
    await program._tick()
    await asyncio.wrap_future(program._journal.run(lambda connection: None))
    # what has become durable calls back through the loop
    await asyncio.sleep(0)


async def make_known(program: Program) -> None:
    """The owner has a chat on Telegram."""

    def write(connection: Any) -> None:
        put_user(connection, OWNER, "Olga", Role.OWNER, 0)
        put_chat(connection, OWNER, "telegram", OWNER)

    await asyncio.wrap_future(program._journal.run(write))


def decisions(program: Program) -> dict[str, list[Any]]:
    """What was decided, in the order of market time and without names that chance gives."""

    def read(query: str) -> list[Any]:
        return [tuple(row) for row in program._journal.read(lambda connection: connection.exec_driver_sql(query).fetchall()).result()]

    return {name: read(query) for name, query in DECISIONS.items()}
