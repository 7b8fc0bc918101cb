"""The host of live trading: accounts with real money, each with its session, one runtime in front of them, one recorder behind.

It starts whether or not a venue answers: bots come back with their barriers, and a venue that can't be reached now is waited for while nothing new is opened there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.limit import StepLimit
from botcore.core.steps import Stepper
from botcore.model.enums import ClockMode
from botcore.model.events import Fact, FactKind, PartFault
from botcore.model.instrument import Instrument, Market
from botcore.model.times import SECOND_NS
from botcore.orders.ids import IdSource
from botcore.recorder.forgotten import forgotten
from botcore.recorder.funding import SqlFundingRecords
from botcore.recorder.journal import Journal
from botcore.recorder.queries import last_ns
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.stray_records import SqlStrayRecords
from botcore.recorder.strays import traded_pairs, unread_since_ns
from botcore.recorder.tables import LIVE_ACCOUNT
from botcore.recorder.venue_memory import SqlVenueMemory, remembered
from botcore.strategies.accounts import LiveAccount, Surroundings, open_account
from botcore.strategies.funding import ControllersTold, FundingKeeper
from botcore.strategies.live import LiveRuntime
from botcore.venues.account_news import FundingPaid
from botcore.venues.means import RulesCache
from botcore.venues.port import Port
from condor.accounting import Positions
from condor.accounts import AccountPlan
from condor.host import WallClock
from condor.left_behind import exposures, left_behind
from condor.live_time import LiveTime
from condor.openings import Openings
from condor.settings import Settings
from condor.venue_watch import VenueWatch
from condor.waiting import LoopWaiter

log = logging.getLogger(__name__)

ACCOUNT = LIVE_ACCOUNT
LOOK_BACK_NS = 30 * 86_400 * SECOND_NS
"""Pairs that were traded before that are not asked for executions any more."""

STALL_NS = 5 * SECOND_NS
"""A process that has not turned its clock for so long trusts nothing that it knew before."""

READY_S = 15.0
"""How long a start waits for a venue's rules before it goes on with those that were read last time."""


class LiveHost:
    """See the module. Hears what happens to sessions (`SessionEars`).

    Parameters
    ----------
    ids : IdSource
        Shared with the paper runtime: an id is never given out twice.
    port : Port
        The network.
    limit : StepLimit, optional
        Of parts' steps.
    """

    def __init__(
        self,
        plans: Sequence[AccountPlan],
        settings: Settings,
        journal: Journal,
        wall: WallClock,
        on_facts: Callable[[], None],
        ids: IdSource,
        port: Callable[[Callable[[], int]], Port],
        rules: RulesCache,
        limit: StepLimit | None = None,
    ) -> None:
        self._wall = wall
        self._journal = journal
        self._time = LiveTime(wall)
        self._port = port(self._time.now_ns)
        self.bus = EventBus()
        recorded_ns = journal.read(lambda connection: last_ns(connection, ACCOUNT)).result()
        self._time.not_before(recorded_ns)
        self.clock = Clock(
            ClockMode.REALTIME,
            start_ns=self._time.now_ns(),
            tick_ns=int(settings.clock.tick_size * SECOND_NS),
            on_fault=self._part_fault,
            stepper=Stepper(limit),
        )
        self.recorder = MarketsRecorder(journal, self.bus, lambda: self.clock.now_ns, wall.wall_ms, on_facts, account=ACCOUNT)
        self.runtime = LiveRuntime(self.clock, self.bus, self.recorder, settings.risk, ids, SqlStrayRecords(journal, ACCOUNT), LoopWaiter())
        self._openings = Openings(self.bus, self.runtime.orchestrator_of)
        self.funding = FundingKeeper(
            self.bus,
            self.runtime.connectors,
            self.runtime.orchestrator_of,
            SqlFundingRecords(journal, ACCOUNT),
            self.runtime.rates.rate,
            self._now_ns,
        )
        # behind the recorder: a share is written down whatever a controller makes of it
        self._told = ControllersTold(self.bus, lambda: self.runtime.bots, self.clock.stepper, self._now_ns)
        self.part_faults: list[str] = []
        self.on_positions: Callable[[str, Positions], None] = lambda name, positions: None
        self.on_learned: Callable[[str], object] = lambda name: None
        self._has_started = False
        self._around = Surroundings(self.clock, self.bus, ids, self._port, Random(wall.wall_ms()), self._time.now_ns, wall.wall_ms, rules, self)
        self._watches: dict[str, VenueWatch] = {}
        self._poked: set[str] = set()
        self._stall_ns = max(STALL_NS, 5 * int(settings.clock.tick_size * SECOND_NS))
        self._awake_ns: int | None = None
        self._titles: dict[str, str] = {}
        self.accounts: dict[str, LiveAccount] = {}
        for plan in plans:
            self.add(plan)

    def _now_ns(self) -> int:
        return self.clock.now_ns

    def add(self, plan: AccountPlan) -> None:
        """Put an account together; it is one whose venue has not answered yet until its rules are learned (`learn`), and is connected by `start`."""
        name = plan.spec.name
        self._titles[name] = plan.spec.title or name
        self._watches[name] = VenueWatch()
        self.accounts[name] = self._open(plan)

    def _open(self, plan: AccountPlan) -> LiveAccount:
        name = plan.spec.name
        values = self._journal.read(lambda connection: remembered(connection, ACCOUNT, name)).result()
        since_ns = self.clock.now_ns - LOOK_BACK_NS
        before = set(self._journal.read(lambda connection: traded_pairs(connection, ACCOUNT, name, since_ns)).result())
        memory = SqlVenueMemory(self.recorder, name, values)
        unread = self._journal.read(lambda connection: unread_since_ns(connection, ACCOUNT, name, since_ns)).result()
        account = open_account(
            plan.spec,
            plan.credentials,
            plan.addresses,
            self._around,
            memory,
            lambda: self._pairs(name, before | unread.keys()),
            rate=self.runtime.rates.rate,
            unread_since_ns=unread,
            forgotten=self._journal.read(forgotten).result(),
        )
        self.runtime.add_account(account.connector, account.session)
        return account

    def _pairs(self, name: str, before: set[str]) -> set[str]:
        """Pairs in which an account has traded lately, or may trade now."""
        return before | {market.trading_pair for market in self.runtime.markets if market.connector_name == name}

    # ---- life ------------------------------------------------------------------------------------------------------
    async def learn(self) -> None:
        """Learn the venues' rules, all at the same time, and put the accounts on the clock."""
        await asyncio.gather(*(account.session.learn(READY_S) for account in self.accounts.values()))
        self.runtime.take_up()

    def start(self) -> None:
        """Connect and compare; bots that ran before are back by now, but for those whose venue has never answered: they come back when it does (`on_learned`)."""
        self._has_started = True
        for account in self.accounts.values():
            account.session.start()

    async def join(self, name: str) -> None:
        """Connect and compare an account that was added while others run.

        It goes the way of an account whose venue did not answer at the start: in the moment in which its rules are known it is put on the clock and its bots come back
        (`on_rules`), and only then its session begins to compare.
        """
        session = self.accounts[name].session
        await session.learn(READY_S)
        session.start()

    async def remove(self, name: str) -> None:
        """Close an account that no bot uses and know nothing of it any more; it may be added again."""
        account = self.accounts.pop(name)
        del self._watches[name]
        self.runtime.drop_account(name)
        # what its orders and fills were is read back from the disk, should it come back
        self.recorder.flush(None)
        await account.session.close()

    async def close(self) -> None:
        """End all connections; what is at the venues stays as it is."""
        self.recorder.flush(None)
        await asyncio.gather(*(account.session.close() for account in self.accounts.values()))
        await self._port.close()

    def tick(self) -> None:
        """One turn of the clock."""
        if not self.accounts:
            # time goes on; there is nothing that could have become old
            self._awake_ns = None
            self._time.check()
            self.clock.tick(max(self._time.now_ns(), self.clock.now_ns))
            return
        self._wake()
        jumped_s = self._time.check()
        if jumped_s:
            self._tell(FactKind.CLOCK_JUMPED, {"seconds": round(jumped_s, 1)})
            for account in self.accounts.values():
                account.session.renew("this machine's clock jumped")
        # first what orders and stops depend on
        self.clock.tick(max(self._time.now_ns(), self.clock.now_ns))
        for name, watch in self._watches.items():
            self._look(name, watch)

    def _wake(self) -> None:
        """Notice that this process stood still (stopped, swapped out, held up by a part): what waits in its sockets is old. There are no turns to catch up on."""
        now_ns = self._wall.monotonic_ns()
        before_ns, self._awake_ns = self._awake_ns, now_ns
        if before_ns is None or now_ns - before_ns < self._stall_ns:
            return
        seconds = round((now_ns - before_ns) / 1e9, 1)
        self._tell(FactKind.STOOD_STILL, {"seconds": seconds})
        for account in self.accounts.values():
            account.session.renew(f"this process stood still for {seconds:g} s")

    async def say_goodbye(self) -> bool:
        """Write down what is left behind, for people; False when there is nothing. Comes back when it is on the disk."""
        found = left_behind(self.accounts, self.runtime, self.title)
        if found:
            self._tell(FactKind.LEFT_BEHIND, {"accounts": found})
            durable = asyncio.Event()
            self.recorder.flush(durable.set)
            await durable.wait()
        return bool(found)

    def _look(self, name: str, watch: VenueWatch) -> None:
        """Tell of a venue that has been away for a while, is back, or wants quiet."""
        for kind, values in watch.look(self.accounts[name].session.standing(), self.clock.now_ns):
            self._tell(kind, {"connector_name": name, "title": self.title(name), "exposures": exposures(self.runtime, name), **values})

    def title(self, name: str) -> str:
        return self._titles.get(name, name)

    def account_names(self) -> list[str]:
        return list(self.accounts)

    def leverage(self, name: str, trading_pair: str) -> int | None:
        """Of an account in a pair; None while nobody knows."""
        return self.accounts[name].connector.account.leverage.get(trading_pair)

    def closed_reasons(self) -> dict[str, str | None]:
        """Account -> why nothing new may be opened there now; None while it may."""
        return {name: account.connector.closed_reason() for name, account in self.accounts.items()}

    def instrument(self, market: Market) -> Instrument:
        """The instrument of a pair that can be traded; ConfigError when it is not to be had."""
        return self.runtime.instrument(market)

    # ---- SessionEars -----------------------------------------------------------------------------------------------
    def on_news(self, connector_name: str) -> None:
        """Take private news right after the message that brought them, several of one moment together."""
        if connector_name not in self._poked:
            self._poked.add(connector_name)
            asyncio.get_running_loop().call_soon(self._poke, connector_name)

    def _poke(self, connector_name: str) -> None:
        self._poked.discard(connector_name)
        if connector_name not in self.accounts:
            return
        self._wake()
        self.runtime.poke(connector_name, self._time.now_ns())

    def on_rules(self, connector_name: str) -> None:
        if self._has_started:
            self.runtime.take_up()
            self.on_learned(connector_name)

    def without_rules(self) -> set[str]:
        """Accounts whose venues have never answered, now or before an earlier end: their pairs can't be told yet."""
        return {name for name, account in self.accounts.items() if not account.session.instruments}

    def on_compared(self, connector_name: str) -> None:
        account = self.accounts[connector_name]
        found: dict[Market, tuple[Instrument, int]] = {}
        for (pair, _), lots in account.connector.account.positions().items():
            instrument = account.session.instruments.get(pair)
            if instrument is not None:
                market = Market(connector_name, pair)
                found[market] = (instrument, found.get(market, (instrument, 0))[1] + lots)
        self.on_positions(connector_name, found)

    def on_funding(self, connector_name: str, paid: FundingPaid) -> None:
        self.funding.book(Market(connector_name, paid.trading_pair), paid.funding_id, paid.asset, paid.amount, paid.ts_ns)

    def on_warned(self, connector_name: str, text: str) -> None:
        log.warning("%s: %s", connector_name, text)
        self._tell(FactKind.ACCOUNT_WARNED, {"connector_name": connector_name, "title": self.title(connector_name), "text": text})

    def on_trouble(self, connector_name: str, text: str) -> None:
        log.warning("%s: %s", connector_name, text)
        self._tell(FactKind.VENUE_TROUBLE, {"connector_name": connector_name, "title": self.title(connector_name), "text": text})

    def on_fault(self, connector_name: str, what: str, error: BaseException) -> None:
        log.error("%s broke and was started again: %s", what, error, exc_info=error)
        self.on_trouble(connector_name, f"{what} broke ({type(error).__name__}: {error}) and was started again")

    # ---- what happens ----------------------------------------------------------------------------------------------
    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self.bus.publish(Fact(kind, self.clock.now_ns, payload=payload))

    def _part_fault(self, part: object, error: Exception) -> None:
        """A part of the clock raised and was taken off: say so, and take no new risk without it."""
        text = f"{part!r}: {type(error).__name__}: {error}"
        log.error("a part of the clock stopped: %s", text, exc_info=error)
        self.part_faults.append(text)
        self.runtime.gate.halt(f"a part of the runtime stopped ({type(error).__name__}: {error})")
        self.bus.publish(PartFault(FactKind.PART_FAULT, self.clock.now_ns, text))
