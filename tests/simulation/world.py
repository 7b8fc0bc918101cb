"""`World`: one seed from its plan to its verdict. The venues, the disk and the weather are the world's; the process is an `Instance` that may die and start again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import InstrumentKind
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import UNKNOWN_DEPTH, QuoteTick
from botcore.recorder import tables
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.simulation.chooser import Chooser, KindChooser
from tests.simulation.disk import DiskFaults, SimDisk
from tests.simulation.instance import Instance
from tests.simulation.ledger import Ledger
from tests.simulation.line_venue import LineLedger, LoopVenue
from tests.simulation.log import EventLog
from tests.simulation.loop import SimError, SimLoop, SimProcess
from tests.simulation.oracle import judge, judge_pnl
from tests.simulation.plan import BotPlan, Crash, MarketPlan, Plan
from tests.simulation.points import CrashPoints, Killed
from tests.simulation.sizes import judge_ends
from tests.simulation.watcher import Watcher
from tests.support.lossy_venue import Line

T0_NS = 1_234_567_890 * 1_000_000_000
START_TICKS = 10_000
BOUNDS = {"open orders": 200, "inbox": 500, "backlog": 100, "tasks": 50}


@dataclass(frozen=True)
class Verdict:
    """What came of a seed."""

    seed: int
    digest: str
    breaches: tuple[str, ...]
    tail: tuple[str, ...]
    events: int
    steps: int
    trades: int
    lives: int

    @property
    def is_sound(self) -> bool:
        return not self.breaches


class World:
    """See the module.

    Parameters
    ----------
    template : bytes
        Database file of a fresh home.
    factories : mapping, optional
        Executor types that replace the program's own: defects, to see whether they are found.
    """

    def __init__(self, plan: Plan, template: bytes, factories: Mapping[str, Any] | None = None, *, keep: int = 400) -> None:
        self.plan = plan
        self.factories = dict(factories or {})
        self.loop = SimLoop(plan.seed, start_ns=T0_NS)
        self.log = EventLog(lambda: self.loop.now_ns, keep)
        self.breaches: list[str] = []
        self.watcher = Watcher(self.breach)
        self.disk = SimDisk(plan.seed, self.log, template, plan.disk, self.watcher.rows)
        self.points = CrashPoints(self._die, self.log.add)
        self.venues: list[LoopVenue] = []
        self.ledgers: list[Ledger] = []
        self._build_venues()
        self.stopping: set[str] = set()
        self.epoch = 1
        self.lives = 0
        self.instance: Instance | None = None
        self._process: SimProcess | None = None
        self._down_s = 1.0
        self._is_healed = False
        self._boots = 0
        self._chance = random.Random(f"world {plan.seed}")
        self._ticks = {venue.name: START_TICKS for venue in self.venues}

    def _build_venues(self) -> None:
        self.venues = [self._venue(number, market) for number, market in enumerate(self.plan.markets)]
        self.ledgers = [LineLedger(venue) for venue in self.venues]

    def _venue(self, number: int, market: MarketPlan) -> LoopVenue:
        is_perpetual = market.connector_name.endswith("_perpetual")
        kind = InstrumentKind.LINEAR_PERPETUAL if is_perpetual else InstrumentKind.SPOT
        where = Market(market.connector_name, market.trading_pair)
        instrument = Instrument(where, kind, Decimal("0.01"), Decimal("0.001"), Decimal(0), Decimal(0))
        venue = LoopVenue(self.loop, self.log, instrument, self.plan.seed * 31 + number, Line(**market.faults), self.watcher.arrived)
        venue.stock = Decimal(market.stock)
        return venue

    def new_instance(self, process: SimProcess, life: int) -> Instance:
        """A process that starts."""
        return Instance(self, process, life)

    def driver(self, plan: BotPlan, bot: StrategyV2Base, market_data: MarketDataProvider, life: int) -> Any:
        """What makes a bot without a controller act."""
        chance = random.Random(f"{self.plan.seed}/{life}/{plan.bot_id}")
        return KindChooser(plan, bot, market_data, chance, most=3) if plan.kinds else Chooser(plan, bot, market_data, chance)

    # ---- life and death --------------------------------------------------------------------------------------------
    def boot(self) -> None:
        """A process starts, unless one runs."""
        if self._process is not None and self._process.alive:
            return
        self.lives += 1
        self.log.add("boot", self.lives)
        process = self._process = SimProcess(f"life {self.lives}")
        process.deaths.append(self._dead)
        self.loop.start(process, self._life(process, self.lives))

    async def _life(self, process: SimProcess, life: int) -> None:
        try:
            self.instance = self.new_instance(process, life)
            await self.instance.live()
        except (Killed, asyncio.CancelledError):
            raise
        except Exception as error:
            # nothing may end the process but a death that the plan asked for
            self.breach("fault", f"the process ended: {type(error).__name__}: {error}")
            if not isinstance(error, SimError):
                raise

    def _die(self) -> None:
        if self._process is not None:
            self.loop.kill(self._process)

    def _dead(self) -> None:
        """The process is gone; somebody starts it again after a while."""
        self.log.add("dead", self.lives)
        self.instance = None
        self._venues_see_death()
        self._check_disk()
        self.loop.call_later(self._down_s, self.boot, context=self.loop.world)

    def _venues_see_death(self) -> None:
        for venue in self.venues:
            venue.process_died()

    def _check_disk(self) -> None:
        """I18: what was durable is there."""
        watcher = self.watcher
        for name, known in (("intents", watcher.intents.keys() - watcher.lost), ("fills", watcher.fills), ("executors", watcher.executors)):
            table = tables.metadata.tables[name]
            count = len(self.disk.read(lambda connection, table=table: connection.execute(table.select()).all()))
            if count != len(known):
                self.breach("I18", f"{len(known)} {name} were durable, {count} are there")

    def _crash(self, crash: Crash) -> None:
        if self._is_healed:
            return
        self._down_s = crash.down_s
        if crash.label:
            self.points.target = (crash.label, self.points.passed[crash.label] + crash.passes)
        else:
            self.log.add("crash", "at a time")
            self._die()

    # ---- the run ---------------------------------------------------------------------------------------------------
    def run(self) -> Verdict:
        try:
            self.loop.run(self._main())
        except SimError as error:
            cause = error.__cause__
            self.breach("fault", f"{type(error).__name__}: {error}{f' ({type(cause).__name__}: {cause})' if cause else ''}")
        finally:
            self.disk.close()
        trades = sum(1 for ledger in self.ledgers for _ in ledger.trades())
        return Verdict(
            self.plan.seed, self.log.digest, tuple(self.breaches), tuple(self.log.lines), self.log.count, self.loop.steps, trades, self.lives
        )

    async def _main(self) -> None:
        plan, loop = self.plan, self.loop
        loop.in_world(self._market())
        for crash in plan.crashes:
            loop.call_later(crash.at_s, self._crash, crash, context=loop.world)
        if plan.stop_one_at_s is not None:
            loop.call_later(plan.stop_one_at_s, self.stop, plan.bots[0].bot_id, context=loop.world)
        self.boot()
        await asyncio.sleep(plan.seconds)
        self._heal()
        await self._calm(plan.heal_s, "after the faults", lambda: False)
        for bot in plan.bots:
            self.stop(bot.bot_id)
        await self._calm(plan.heal_s, "after the stop", self._is_over)
        # the last rows
        await asyncio.sleep(2)
        self._check_rest("after the stop")
        self._verdict()

    def _is_over(self) -> bool:
        """Whether everything has come to rest after the stop."""
        return self.instance is not None and not self.instance.executors and not self.instance.unrest()

    async def _calm(self, seconds: float, when: str, is_over: Callable[[], bool]) -> None:
        """I11: nothing stays under way for as long as that; what comes anew (a bot that trades) may."""
        since: dict[str, float] = {}
        for _ in range(int(seconds)):
            await asyncio.sleep(1)
            found = self.instance.unrest() if self.instance is not None else ["no process runs"]
            since = {text: since.get(text, self.loop.time()) for text in found}
            if is_over():
                return
        for text, begin in since.items():
            if self.loop.time() - begin > seconds - 15:
                self.breach("I11", f"{when} {text}, for {self.loop.time() - begin:.0f} s")

    def _heal(self) -> None:
        self.log.add("heal")
        self._is_healed = True
        self.points.target = None
        self.disk.faults = DiskFaults()
        self.disk.clear()
        for venue in self.venues:
            venue.heal()

    async def _market(self) -> None:
        """Prices walk; the process hears of them a little later."""
        while True:
            await asyncio.sleep(0.5)
            for venue, plan in zip(self.venues, self.plan.markets, strict=True):
                self.move(venue, max(9_000, self._ticks[venue.name] + self._chance.randint(-plan.walk, plan.walk)))

    def move(self, venue: LoopVenue, ticks: int) -> None:
        """A market goes to a price."""
        self._ticks[venue.name] = ticks
        venue.quote(ticks)
        market = venue.instrument.market
        event = QuoteTick(market, self.loop.now_ns, ticks, ticks, UNKNOWN_DEPTH, UNKNOWN_DEPTH)
        self.loop.call_later(self._chance.uniform(0.005, 0.1), self._quote, market, event, context=self.loop.world)

    def _quote(self, market: Market, event: QuoteTick) -> None:
        if self.instance is not None and self.instance.is_recovered:
            self.instance.quote(market, event)

    def stop(self, bot_id: str) -> None:
        """A person stops a bot; the command is durable (its row) before anybody says "done" (I18)."""
        self.stopping.add(bot_id)
        self.log.add("stop", bot_id)
        if self.instance is not None and self.instance.is_recovered:
            self.instance.stop(bot_id)

    # ---- what must hold ----------------------------------------------------------------------------------------------
    def breach(self, invariant: str, text: str) -> None:
        """Something that must hold does not."""
        line = f"{invariant} at {self.loop.time():.3f} s: {text}"
        self.log.add("BREACH", line)
        self.breaches.append(line)

    def _check_rest(self, when: str) -> None:
        """I11, I19: everything is known, nothing waits, nothing has grown."""
        instance = self.instance
        if instance is None:
            self.breach("I11", f"{when} no process runs")
            return
        for text in instance.unrest():
            self.breach("I11", f"{when} {text}")
        for executor in instance.executors:
            self.breach("I11", f"{when} {executor!r} is still there")
        for name, size in instance.sizes().items():
            if size > BOUNDS[name]:
                self.breach("I19", f"{when} there are {size} {name}")

    def marks(self) -> Mapping[tuple[str, str], Decimal]:
        """Connector and pair -> price by which what is held is valued."""
        return {(venue.name, venue.instrument.market.trading_pair): venue.instrument.price(self._ticks[venue.name]) for venue in self.venues}

    def _verdict(self) -> None:
        judge(self.watcher, self.ledgers, self.breach)
        if self.instance is None:
            return
        marks, instance = self.marks(), self.instance
        judge_ends(self.watcher, lambda *market: instance.least(Market(*market), marks[market]), self.breach)
        reports = [bot.orchestrator.report() for bot in self.instance.bots.values()]
        total = sum((report.realized_pnl_quote + _hold_worth(report, marks) for report in reports), Decimal(0))
        judge_pnl(self.watcher, marks, total, self.breach)


def _hold_worth(report: Any, marks: Mapping[tuple[str, str], Decimal]) -> Decimal:
    """What the holds of a report are worth over their cost at these marks."""
    worth = Decimal(0)
    for position in report.positions_summary:
        mark = marks[position.connector_name, position.trading_pair]
        worth += position.amount * mark - position.amount * position.breakeven_price if position.amount else 0
    return worth
