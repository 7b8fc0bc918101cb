"""The host of the runtime: everything that trades, in one process, with its records and the paper exchange's books.

It starts by recovering. The paper venue's books give market time, feeds and accounts, exactly as they were when last written; bots are put
together again from their records and held against that venue; only then does the clock go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from botcore.connectors.paper.books import PaperBooks, pairs_of, restore_account
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.limit import StepLimit
from botcore.core.steps import Stepper
from botcore.model.enums import ClockMode
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind, PartFault
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import FeedEnded
from botcore.model.times import SECOND_NS
from botcore.orders.ids import IdSource, serial_of
from botcore.recorder.journal import Journal
from botcore.recorder.paper_store import SqlPaperStore
from botcore.recorder.queries import last_ns, runtime_value
from botcore.recorder.recorder import MarketsRecorder
from botcore.strategies.runtime import TradingRuntime
from condor.configs import Configs
from condor.home import Home
from condor.markets import PaperMarkets
from condor.openings import Openings
from condor.settings import Settings
from condor.waiting import LoopWaiter

log = logging.getLogger(__name__)

MAX_SUBTICKS = 240
"""Steps that one wall tick may take; beyond it market time is stretched rather than the event loop blocked."""


@dataclass(slots=True)
class WallClock:
    """Wall and monotonic time, injected so that tests turn it."""

    wall_ms: Callable[[], int]
    monotonic_ns: Callable[[], int]


class TradingHost:
    """See the module.

    Parameters
    ----------
    journal : Journal
        Of the home's database.
    on_facts : callable
        Called when facts have become durable.
    epoch : int
        Of this life of the home (see `condor.store.epoch`).
    limit : StepLimit, optional
        Of parts' steps.
    homes : tuple of str
        Ids of the home (see `condor.store.home_id`).
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        configs: Configs,
        journal: Journal,
        wall: WallClock,
        on_facts: Callable[[], None],
        epoch: int = 1,
        limit: StepLimit | None = None,
        homes: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings
        self.store = SqlPaperStore(home.paper_database)
        self.bus = EventBus()
        self._wall = wall
        self._configs = configs
        self._journal = journal
        self.on_reset: Callable[[], None] = lambda: None
        self.source = PaperMarkets(home, configs, settings, self.store.feed_states(), lambda market: self.store.candles(str(market)))
        self._check_source()
        self.clock = Clock(
            ClockMode.REALTIME,
            start_ns=self._begin_ns(),
            tick_ns=int(settings.clock.tick_size * SECOND_NS),
            on_fault=self._part_fault,
            stepper=Stepper(limit),
        )
        self.recorder = MarketsRecorder(journal, self.bus, lambda: self.clock.now_ns, wall.wall_ms, on_facts)
        ids = IdSource(epoch, self._first_serial(), homes)
        self.runtime = TradingRuntime(
            self.clock, self.bus, self.source, self.recorder, settings.risk, ids, keeps_books=True, venue_serial=wall.wall_ms(), waiter=LoopWaiter()
        )
        self._openings = Openings(self.bus, self.runtime.orchestrator_of)
        checkpoint_ns = int(settings.market.speed * SECOND_NS)
        self._books = PaperBooks(self.store, self.runtime.exchanges, self.runtime.tape, self.runtime.markets, checkpoint_ns)
        self.clock.add(self._books, before=self.runtime.dispatch)
        self.runtime.tape.on_end = self._market_ended
        self.part_faults: list[str] = []
        self._anchor_market_ns = self.clock.now_ns
        self._anchor_mono_ns = wall.monotonic_ns()

    # ---- start -----------------------------------------------------------------------------------------------------
    def _check_source(self) -> None:
        """Books of another market can't go on in this one: prices would jump."""
        found, wanted = self.store.source, self.source.fingerprint
        if found is None:
            self.store.put_source(wanted)
        elif found != wanted:
            raise UserError(
                f"the paper accounts of this home belong to another market ({found}, now {wanted}): "
                "reset them with `condor reset-paper`, or set conf/condor.yml back"
            )

    def _begin_ns(self) -> int:
        """Market time to go on from: never before anything that was written down."""
        recorded = self._journal.read(last_ns).result()
        stored = max(self.store.now_ns, recorded)
        if stored:
            return stored
        return self._wall.wall_ms() * 1_000_000 if self.source.is_synthetic else self.source.begin_ns() - 1

    def _first_serial(self) -> int:
        """One more than any id that was ever given out, by our records or by the venue's."""
        recorded = self._journal.read(lambda connection: runtime_value(connection, "serial")).result()
        at_venue = [serial_of(order_id) for account in self.store.accounts().values() for order_id in account.orders]
        return max([recorded, *at_venue], default=0) + 1

    def open_markets(self) -> None:
        """Open what was open before and what the settings name, and put the accounts back."""
        market = self.settings.market
        wanted = [Market(entry.connector, entry.pair) for entry in market.replay] if market.source == "replay" else []
        wanted += [Market(market.connector, pair) for pair in market.pairs] if market.source == "synthetic" else []
        stored = self.store.accounts()
        wanted += [Market(*name.split(":", 1)) for name in self.store.feed_states()]
        wanted += [Market(name, pair) for name, account in stored.items() for pair in sorted(pairs_of(account))]
        for opened in wanted:
            self.runtime.open_market(opened)
        for name, account in stored.items():
            exchange = self.runtime.exchanges.get(name)
            if exchange is not None:
                instruments = {pair: paper.state.instrument for pair, paper in exchange.markets.items()}
                restore_account(exchange, account, instruments)
        self.runtime.tape.play(self.clock.now_ns)

    def reconcile(self) -> None:
        """Hold every restored order against its venue."""
        for connector in self.runtime.connectors.values():
            connector.reconcile(self.clock.now_ns)

    def go(self) -> None:
        """Let market time run from here."""
        self._anchor_market_ns = self.clock.now_ns
        self._anchor_mono_ns = self._wall.monotonic_ns()

    def close(self) -> None:
        """Write the books once more and let go of them."""
        self._books.write(self.clock.now_ns, [exchange for exchange in self.runtime.exchanges.values() if exchange.changed])
        self.store.close()

    # ---- time ------------------------------------------------------------------------------------------------------
    def tick(self) -> None:
        """One wall tick: market time moves on by as much as has passed, in steps of the tick size.

        After a stall (a busy machine, a suspended laptop) market time is not chased: it goes on from where it stands.
        """
        elapsed_ns = self._wall.monotonic_ns() - self._anchor_mono_ns
        target_ns = self._anchor_market_ns + int(elapsed_ns * self.settings.market.speed)
        step_ns = self.clock.tick_ns
        steps = (target_ns - self.clock.now_ns) // step_ns
        if steps < 1:
            self.clock.tick(max(target_ns, self.clock.now_ns))
            return
        if steps > MAX_SUBTICKS:
            furthest_ns = self.clock.now_ns + MAX_SUBTICKS * max(step_ns, int(step_ns * self.settings.market.speed) // MAX_SUBTICKS)
            if target_ns > furthest_ns:
                target_ns = furthest_ns
                self._anchor_market_ns, self._anchor_mono_ns = target_ns, self._wall.monotonic_ns()
            step_ns = (target_ns - self.clock.now_ns) // MAX_SUBTICKS
            steps = MAX_SUBTICKS
        for _ in range(steps - 1):
            self.clock.tick(self.clock.now_ns + step_ns)
        self.clock.tick(target_ns)

    # ---- what happens ----------------------------------------------------------------------------------------------
    def _part_fault(self, part: object, error: Exception) -> None:
        """A part of the clock raised and was taken off: say so, and take no new risk without it."""
        text = f"{part!r}: {type(error).__name__}: {error}"
        log.error("a part of the clock stopped: %s", text, exc_info=error)
        self.part_faults.append(text)
        self.runtime.gate.halt(f"a part of the runtime stopped ({type(error).__name__}: {error})")
        self.bus.publish(PartFault(FactKind.PART_FAULT, self.clock.now_ns, text))

    def _market_ended(self, event: FeedEnded) -> None:
        self.bus.publish(Fact(FactKind.MARKET_ENDED, event.ts_ns, payload={"market": str(event.market)}))

    def instrument(self, market: Market) -> Instrument:
        """The instrument of a market that a bot may trade; ConfigError when it is not to be had."""
        return self.source.plan(market).instrument

    # ---- the paper accounts ----------------------------------------------------------------------------------------
    def title(self, name: str) -> str:
        """A paper account as people call it."""
        return f"{self._configs.venue(name).title or name} (paper)" if name in self._configs.venues else f"{name} (paper)"

    def account_names(self) -> list[str]:
        return list(self.runtime.exchanges)

    def leverage(self, name: str, trading_pair: str) -> int | None:
        """Of an account in a pair."""
        ledger = self.runtime.exchanges[name].ledger
        return ledger.leverage.get(trading_pair, 1) if isinstance(ledger, PerpetualLedger) else 1

    def reset_paper(self) -> None:
        """Give every open paper account its opening balances again; the caller has made sure that no bot trades."""
        for exchange in self.runtime.exchanges.values():
            exchange.reset()
            instrument = next(iter(exchange.markets.values())).state.instrument
            for asset, amount in self.source.balances(exchange.name, instrument).items():
                exchange.deposit(asset, Decimal(amount))
        self._books.write(self.clock.now_ns, list(self.runtime.exchanges.values()))
        self.on_reset()
