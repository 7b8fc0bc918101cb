"""Random runs of orders by hand, caps and planned reports, with market time that goes on and a whole program that dies: the paper venue is what knows what was placed."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from decimal import Decimal
from typing import ClassVar

from condor.manual_views import Stage
from tests.chatfuzz.lives import Lives
from tests.chatfuzz.world import ACTOR, FAULT, Died, Plans, World
from tests.support.programs import no_claim

BUY, REST, SELL = "/trade buy 0.01 BTC-USDT", "/trade buy 0.5 ETH-USDT at -20% maker", "/trade sell 0.02 ETH-USDT at 0.02%"
PLANS: Plans = (
    (BUY, "Confirm buy", "Refresh"),
    (REST, "Confirm buy", "Cancel …", "Cancel BUY"),
    (SELL, "Confirm sell", "/cancel", "✖ "),
    (REST, "Confirm buy", REST, "Confirm buy", "/cancel all", "✖ Cancel"),
    (BUY, "Confirm buy", "Again", "Confirm buy"),
    ("/trade", "BTC-USDT", "Buy", "0.02", "Market", "Confirm buy"),
    ("/trade", "ETH-USDT", "Sell", "10%", "Limit", "+0.1%", "Confirm sell", "Fresh numbers", "Confirm sell"),
    (BUY, "Confirm buy", "/trade sell 0.01 BTC-USDT", "Confirm sell"),
    (REST, "Confirm buy", "/stop", "Stop, keep"),
    (REST, "/pause all", "Pause all now", "Confirm buy", "/resume all", "Resume all now", REST, "Confirm buy"),
    ("/new pmm_simple", "Review", "Start (paper)", BUY, "Confirm buy", "/stop all", "Stop and close"),
    ("/caps paper:binance_perpetual", "One order", ">500", "One order: 500", BUY, "Confirm buy"),
    ("/report daily 09:00 html", "weekly CSV", "if changed", "No daily", "/report off"),
    ("/codes", "Ask everybody", "/caps", "/report weekly mon changes"),
)
LINES = (
    BUY,
    REST,
    SELL,
    "/trade",
    "/cancel",
    "/cancel all",
    "/orders",
    "/positions",
    "/pnl",
    "/stop all",
    "/report",
    "/caps",
    "0.01",
    "$50",
    "25%",
    "-1%",
    "abc",
    "/start",
)
SETTLED_TICKS = 120
"""So many quarters of a second of market time is the longest that anything may be left in doubt."""

ONCE = {
    "a ticket is one intent": "SELECT executor_id FROM intents WHERE executor_id IN (SELECT executor_id FROM executors WHERE type = 'single_order_executor') "
    "GROUP BY executor_id HAVING count(*) > 1",
    "a ticket is confirmed once": "SELECT target FROM audit WHERE action = 'trade' GROUP BY target HAVING count(*) > 1",
    "an order was asked for": "SELECT executor_id FROM executors WHERE type = 'single_order_executor' AND bot_id || '/' || executor_id NOT IN "
    "(SELECT target FROM audit WHERE action = 'trade')",
    "an order is cancelled once for each answer": "SELECT target FROM audit WHERE action = 'cancel_order' GROUP BY target HAVING count(*) > "
    "(SELECT count(*) FROM confirms WHERE screen IN ('cancel', 'cancel_which') AND state IN ('executing', 'done', 'unknown') "
    "AND instr(confirms.target, substr(audit.target, instr(audit.target, '/') + 1)))",
    "what was cancelled has ended": "SELECT executor_id FROM executors WHERE status <> 'TERMINATED' AND bot_id || '/' || executor_id IN "
    "(SELECT target FROM audit WHERE action = 'cancel_order')",
}  # fmt: skip
"""What is so -> rows that say where it is not."""

TOGETHER = {"trade": ("trade",), "change_caps": ("caps_ask",)}
"""Action in the audit -> screens whose answers it comes from."""


class OrderWorld(World):
    """One home of its own for each run; a death is the end of the whole program."""

    openings: ClassVar[Plans] = PLANS[:4]
    plans: ClassVar[Plans] = PLANS
    lines: ClassVar[tuple[str, ...]] = LINES

    def __init__(self, lives: Lives) -> None:
        self.lives = lives
        self._placed: defaultdict[str, set[str]] = defaultdict(set)
        super().__init__(lives.program)
        # this one dies in its own way
        self.flow.close()
        self.flow = lives  # type: ignore[assignment]

    async def restart(self) -> None:
        self._look_at_venue()
        await self.lives.again()
        self.program = self.lives.program
        self._live()
        self._look_at_venue()

    # ---- time ------------------------------------------------------------------------------------------------------
    async def _go_on(self, rng: random.Random) -> None:
        if rng.random() < 0.15:
            self.lives.countdown, self.lives.after_commit = rng.randint(1, 4), rng.random() < 0.5
        try:
            await self._turn(rng.randint(0, 6))
        except Died:
            await self._begin_again()
        self.lives.countdown = 0

    async def _turn(self, ticks: int) -> None:
        """Market time goes on; what became durable is told in between."""
        host = self.program._host
        for _ in range(ticks):
            host.clock.tick(host.clock.now_ns + host.clock.tick_ns)
            # the journal's answer comes through the loop: only then requests leave
            await self._written()
            self._look_at_venue()

    async def _written(self) -> None:
        await asyncio.wrap_future(self.lives._run(lambda connection: None))

    def _look_at_venue(self) -> None:
        """Orders that the venue has ever had of each ticket, by their ids."""
        for exchange in self.program._host.runtime.exchanges.values():
            for order in (*exchange.orders.values(), *(ended for ended, _, _ in exchange.ended.values())):
                self._placed[order.request.executor_id].add(order.client_order_id)

    # ---- what must hold --------------------------------------------------------------------------------------------
    def _counts(self) -> dict[str, int]:
        query = {
            "orders": "SELECT count(*) FROM audit WHERE action = 'trade'",
            "intents": "SELECT count(*) FROM intents",
            "fills": "SELECT count(*) FROM fills",
            "cancels": "SELECT count(*) FROM audit WHERE action = 'cancel_order'",
            "caps": "SELECT count(*) FROM audit WHERE action = 'change_caps'",
            "plans": "SELECT count(*) FROM audit WHERE action = 'plan_report'",
        }
        return {name: self._read(text)[0][0] for name, text in query.items()}

    async def _check(self, before: dict[str, int]) -> None:
        self.totals.update({name: count - before[name] for name, count in self._counts().items()})
        assert not [text for text in self.chat.told if FAULT in text], self.chat.told
        await self._turn(SETTLED_TICKS // 4)
        await self._recover_panels()
        await self._turn(SETTLED_TICKS)
        for what, text in ONCE.items():
            assert self._read(text) == [], what
        for action, screens in TOGETHER.items():
            self._check_answers(action, screens)
        tickets = [row[0].partition("/")[2] for row in self._read("SELECT target FROM audit WHERE action = 'trade'")]
        for ticket in tickets:
            assert len(self._placed[ticket]) <= 1, f"{ticket} is several orders at the venue: {self._placed[ticket]}"
            order = await self.program.services.manual.order(ACTOR, ticket)
            assert order is None or order.stage.is_over or order.stage is Stage.WORKING, f"{ticket} is still {order.stage.value}"
            self.totals[order.stage.value if order is not None else "never made"] += 1
        self._check_caps_and_plans()
        await self._take_back()

    def _check_answers(self, action: str, screens: tuple[str, ...]) -> None:
        """What was done was answered, and an answer that counts as carried out was; of one that the end of the process broke off, its card says to look."""
        names = ", ".join(f"'{name}'" for name in screens)
        audits = self._read(f"SELECT count(*) FROM audit WHERE action = '{action}'")[0][0]
        states = dict(self._read(f"SELECT state, count(*) FROM confirms WHERE screen IN ({names}) GROUP BY state"))
        taken = states.get("executing", 0) + states.get("done", 0) + states.get("unknown", 0)
        assert states.get("done", 0) <= audits <= taken, (action, audits, states)

    def _check_caps_and_plans(self) -> None:
        """What holds now is what was last written down that it should."""
        last = dict(self._read("SELECT target, after FROM audit WHERE action = 'change_caps' ORDER BY audit_id"))
        for target, value in last.items():
            account, _, field = target.partition(" ")
            now = self.program.services.caps.one(ACTOR, account).caps[field]
            assert Decimal(json.loads(value) or 0) == (now or 0) if field == "max_order_quote" else json.loads(value) == now, (target, value, now)
        plans = self._read("SELECT every FROM report_plans")
        words: dict[str, bool] = {}
        for said, after in self._read("SELECT before, after FROM audit WHERE action = 'plan_report' ORDER BY audit_id"):
            for every in ("daily", "weekly"):
                if after.startswith(every) or (after == "off" and said in (every, "all")):
                    words[every] = after != "off"
        assert sorted(row[0] for row in plans) == sorted(every for every, is_on in words.items() if is_on), (plans, words)

    async def _take_back(self) -> None:
        """Whatever is left can be cancelled; then the venue holds no order, and what it says is held is what was written down."""
        services = self.program.services
        left = [order.order_id for order in services.manual.at_work(ACTOR)]
        if left:
            await services.manual.cancel(ACTOR, left, no_claim)
        for view in services.bots.running():
            if view.state == "running":
                await services.bots.stop(ACTOR, view.bot_id, no_claim, keep_position=True)
        await self._turn(SETTLED_TICKS // 4)
        assert not services.manual.at_work(ACTOR)
        booked: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for name, pair, side, amount in self._read("SELECT connector_name, trading_pair, trade_type, amount FROM fills"):
            booked[name, pair] += Decimal(amount) if side == "BUY" else -Decimal(amount)
        for exchange in self.program._host.runtime.exchanges.values():
            assert not exchange.orders, f"orders that nobody follows: {list(exchange.orders)}"
            # of a spot account the balances say it, in which fees are too
            for (pair, _), held in getattr(exchange.ledger, "positions", {}).items():
                amount = held.instrument.amount(abs(held.lots)) * (1 if held.lots > 0 else -1)
                assert amount == booked[exchange.name, pair], (pair, amount, booked)
