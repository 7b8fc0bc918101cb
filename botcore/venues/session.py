"""`VenueSession`: one account at one venue, from the first question about the time to the last message of a stream.

It owns the order of things. Before new exposure may be sent, the venue's clock is known, its rules are read, the account's stream is open, and
everything that may have happened while it was not has been asked for: balances, positions, open orders, executions by trade id. Each time the stream
comes back, all of that is asked again. While it is silent, the same questions are asked every few seconds instead. Exits and cancels never wait for any of this.
"""

from __future__ import annotations

import asyncio
import contextlib

from botcore.markets.market_state import MarketState
from botcore.model.enums import PositionMode
from botcore.model.order import TERMINAL
from botcore.model.times import SECOND_NS
from botcore.venues.account_care import AccountCare
from botcore.venues.account_news import AccountNews
from botcore.venues.account_reader import AccountReader
from botcore.venues.dialect import Dialect
from botcore.venues.forgotten_pairs import ForgottenPairs
from botcore.venues.funding_rates import EVERY_S, POLL, FundingRates
from botcore.venues.funding_reader import FundingReader
from botcore.venues.line import Created, News, Reported, Traded
from botcore.venues.live_markets import LiveBooks
from botcore.venues.live_spec import LiveSpec
from botcore.venues.means import Means
from botcore.venues.order_line import OrderLine
from botcore.venues.rules_keeper import RulesKeeper
from botcore.venues.session_roles import ConnectorSide, SessionEars, SessionView, Stage, Standing
from botcore.venues.tasks import Tasks
from botcore.venues.trade_reader import TradeReader
from botcore.venues.user_stream import UserStreamHooks, UserStreamKeeper

RETRY_S = 2.0
AUDIT_S = 60.0
PROBE_S = 20.0
FALLBACK_S = 5.0
LOOK_NS = 2 * SECOND_NS
LARGEST_UNCERTAINTY_MS = 1_000


class VenueSession:
    """See the module. Implements the runtime's `LiveMarkets`.

    Parameters
    ----------
    connector : ConnectorSide
        Takes the news; given by `serve`, for it is made with this session's line.
    """

    def __init__(self, name: str, dialect: Dialect, spec: LiveSpec, means: Means, ears: SessionEars) -> None:
        self.name = name
        self._rules = RulesKeeper(
            name, dialect, spec.codes, means, lambda found: self.markets.rules_changed(found), self._trouble, lambda: ears.on_rules(name)
        )
        self.instruments = self._rules.instruments
        self.stage = Stage.STARTING
        self.reason = ""
        self._dialect = dialect
        self._spec = spec
        self._means = means
        self._ears = ears
        self._since_ns = means.now_ns()
        self._heard_ns: int | None = None
        self._connector: ConnectorSide | None = None
        self._wake = asyncio.Event()
        self._is_old = True
        self._looked_ns = 0
        self._tasks = Tasks(self._on_fault)
        self._trades = TradeReader(
            dialect, means.caller, self._tasks, means.memory, self._client_order_id, means.since_ms, self._deliver, means.wall_ms, self._ahead_ms
        )
        self.account = AccountReader(dialect, means.caller, lambda: self._side.account)
        held = lambda: self._side.account.totals()  # noqa: E731
        self._forgotten = ForgottenPairs(dialect, means.caller, means.memory, self.instruments, held, means.forgotten, means.now_ns)
        self.line = OrderLine(
            dialect,
            means.caller,
            self._tasks,
            self._trades,
            self._deliver,
            self._mode,
            self.account.hear_settings,
            self._trouble,
            self._look,
            spec.timeouts.create_s,
        )
        self._funding = FundingReader(
            dialect, means.caller, self._tasks, means.memory, means.wall_ms, lambda paid: ears.on_funding(name, paid), self._trouble, means.unread_ms
        )
        self._care = AccountCare(name, dialect, self.account, self._tasks, ears, self._funding)
        self.markets = LiveBooks(name, dialect, spec, means, self._tasks, self._trouble)
        every_s, age_s = spec.polls_s.get(POLL, EVERY_S), spec.ages.funding
        self._rates = FundingRates(name, dialect, means.caller, self._tasks, means.now_ns, self._ahead_ms, self._trouble, every_s, age_s)
        self._user = UserStreamKeeper(
            dialect,
            means.caller,
            means.port,
            means.offset,
            means.credentials,
            means.budget,
            UserStreamHooks(self._on_user, self._on_open, self._on_down, self._resync, self._on_fault),
            means.now_ns,
            means.rng,
            name=f"{name} account",
            connections=spec.connections,
            timeouts=spec.timeouts,
            ages=spec.ages,
        )

    def _mode(self) -> PositionMode:
        return self._side.account.mode

    def _ahead_ms(self) -> int:
        """By how much the time of our orders is ahead of the venue's clock."""
        return self._means.now_ns() // 1_000_000 - self._means.offset.timestamp_ms()

    @property
    def _side(self) -> ConnectorSide:
        assert self._connector is not None, "serve() comes first"
        return self._connector

    def serve(self, connector: ConnectorSide) -> None:
        """Bring news to this connector from now on."""
        self._connector = connector

    # ---- life ------------------------------------------------------------------------------------------------------
    async def learn(self, patience_s: float) -> bool:
        """Find out the venue's rules, now or, when it does not answer in time, as they were read last; nothing else is asked or opened yet.

        False when no rules are known at all: pairs can't be told then.
        """
        self._tasks.keep(f"{self.name}: clock", self._means.caller.meter.keep)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._rules.read()
        if not self.instruments:
            self._rules.recall()
        return bool(self.instruments)

    def start(self) -> None:
        """Connect and compare. Everything that is remembered of orders must be with the connector by now: what it does not know is a stray."""
        self._tasks.keep(f"{self.name}: rules", self._rules.keep)
        self._tasks.keep(f"{self.name}: sync", self._keep_synced)
        self._user.start()

    async def close(self) -> None:
        """Let go of everything; requests under way are abandoned, as a crash would."""
        self._to(Stage.CLOSED, "the program ends")
        await self._user.close()
        await self.markets.close()
        await self._tasks.close()
        await self._means.caller.meter.close()

    def renew(self, reason: str) -> None:
        """What was known may be old (the machine slept): open streams anew and ask for everything."""
        self._means.offset.doubt()
        self._user.renew(reason)
        self.markets.renew(reason)
        self._resync(reason)

    # ---- the account's stream ----------------------------------------------------------------------------------------
    def _on_open(self) -> None:
        self._resync("the account's stream is open again")

    def _on_down(self, reason: str) -> None:
        self._to(Stage.CONNECTING, f"the account's stream is down ({reason})")
        self._wake.set()

    def _on_user(self, news: list[AccountNews], received_ns: int) -> None:
        self._heard_ns = received_ns
        for item in news:
            if isinstance(item, Reported | Traded):
                self._deliver(item)
                if isinstance(item, Reported) and item.report.state in TERMINAL:
                    self._care.money_moved()
            else:
                self._care.hear(item, received_ns)

    def _deliver(self, news: News) -> None:
        if isinstance(news, Created):
            self._rules.look_at(news)
        self._side.inbox.append(news)
        self._ears.on_news(self.name)

    def _client_order_id(self, trading_pair: str, exchange_order_id: str) -> str | None:
        order = self._side.tracker.by_exchange_id(exchange_order_id)
        if order is None or order.instrument.market.trading_pair != trading_pair:
            return None
        client_order_id: str = order.client_order_id
        return client_order_id

    # ---- sync ------------------------------------------------------------------------------------------------------
    def _resync(self, reason: str) -> None:
        self._side.account.forget()
        self._to(Stage.SYNCING if self._user.is_open else Stage.CONNECTING, reason)
        self._is_old = True
        self._wake.set()

    def _look(self) -> None:
        """Somebody needs the account's positions younger than they are."""
        if self._means.now_ns() >= self._looked_ns + LOOK_NS:
            self._wake.set()

    async def _keep_synced(self) -> None:
        """Compare the account whenever that is wanted, every minute anyway, and every few seconds while its stream is down."""
        while True:
            pause_s = PROBE_S if self._side.denied else AUDIT_S if self._user.is_open else FALLBACK_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(pause_s, self._forgotten.wait_s)):
                    await self._wake.wait()
            wanted = self._is_old or self.stage is not Stage.LIVE
            self._is_old = False
            self._wake.clear()
            self._looked_ns = self._means.now_ns()
            problem = await (self._sync() if wanted else self._audit())
            if problem is None and self._side.denied and await self._care.may_trade():
                self._side.allow()
            if problem is not None:
                self._to(Stage.SYNCING if self._user.is_open else Stage.CONNECTING, problem)
                await asyncio.sleep(RETRY_S)
                self._wake.set()
            elif self._user.is_open and not self._is_old:
                self._to(Stage.LIVE, "")

    async def _sync(self) -> str | None:
        """Ask for all that may have happened; why it could not be done, or None."""
        if not self.instruments:
            return "the venue's rules are not known yet"
        problem = await self.account.read()
        if problem is not None:
            return problem
        self._side.reconcile(self._means.now_ns())
        if not await self.line.look_through():
            return "the list of open orders could not be read"
        problem = await self._read_all()
        if problem is None:
            self._funding.missed()
            self._ears.on_compared(self.name)
        return problem

    async def _read_all(self) -> str | None:
        """Executions of all pairs that may concern us, those of a hole in the records too; why they could not be read, or None."""
        forgotten = await self._forgotten.read()
        if isinstance(forgotten, str):
            return forgotten
        for pair in sorted(self._means.pairs() | forgotten):
            self._trades.touch(pair)
            if not await self._trades.read(pair):
                return f"the executions in {pair} could not be read"
        self._forgotten.filled()
        return None

    async def _audit(self) -> str | None:
        """Look through what is cheap to look through; streams lose messages without a word."""
        problem = await self.account.read()
        if problem is None and not self._forgotten.wait_s:
            problem = await self._read_all()
        if problem is None:
            await self.line.look_through()
            await self._read_late()
            await self._funding.read_if_due()
            self._ears.on_compared(self.name)
        return problem

    async def _read_late(self) -> None:
        """Executions of pairs in which an order may have traded after its end, where the stream has lost the word of it and nobody asks after the order any more."""
        for pair in self._trades.lately():
            if not await self._trades.read(pair):
                # a venue that does not answer now is asked again at the next look
                return

    # ---- how it stands -----------------------------------------------------------------------------------------------
    def _to(self, stage: Stage, reason: str) -> None:
        if stage is not self.stage:
            self._since_ns = self._means.now_ns()
        self.stage, self.reason = stage, reason

    def closed_reason(self) -> str | None:
        """Why nothing new may be opened here now, as one sentence; None while it may."""
        until_ms, reason = self._means.limiter.quiet()
        if until_ms:
            return f"{self.name} wants quiet: {reason}"
        if self.stage is not Stage.LIVE:
            return f"{self.name}: {self.stage.value}{f' ({self.reason})' if self.reason else ''}"
        if not self._means.offset.is_known:
            return f"{self.name}: the venue's clock is not known well enough"
        return None

    def on_tick(self, now_ns: int) -> None:
        """The runtime's turn: books age even when nothing is heard."""
        self.markets.on_tick(now_ns)
        self._rates.on_tick(now_ns)

    @property
    def book_age_ns(self) -> int:
        return int(self._spec.ages.book * SECOND_NS)

    def watch(self, state: MarketState) -> None:
        self.markets.watch(state)
        self._rates.watch(state)

    def standing(self) -> Standing:
        """How it stands, in short."""
        until_ms, reason = self._means.limiter.quiet()
        offset = self._means.offset
        return Standing(self.stage, self.reason, offset.offset_ms if offset.is_known else None, until_ms, reason)

    def view(self) -> SessionView:
        """How it stands, for people."""
        now_ns, rest = self._means.now_ns(), self._means.limiter.status()
        offset = self._means.offset
        return SessionView(
            self.name,
            self.stage,
            self.reason,
            self._since_ns,
            None if self._heard_ns is None else max(0, now_ns - self._heard_ns) / 1e9,
            offset.offset_ms if offset.is_known else None,
            rest.queue_length,
            rest.rest_until_ms,
            rest.reason,
            self.markets.ages(now_ns),
        )

    def _trouble(self, text: str) -> None:
        self._ears.on_trouble(self.name, text)

    def _on_fault(self, what: str, error: BaseException) -> None:
        self._ears.on_fault(self.name, what, error)
