"""`VenueSession`: one account at one venue, from the first question about the time to the last message of a stream.

It owns the order of things. Before new exposure may be sent, the venue's clock is known, its rules are read, the account's stream is open, and everything that may have
happened while it was not has been asked for: balances, positions, open orders, executions by trade id. Each time the stream comes back, all of that is asked again. While it
is silent, the same questions are asked every few seconds instead. Exits and cancels never wait for any of this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from botcore.markets.market_state import MarketState
from botcore.model.instrument import Instrument
from botcore.model.times import SECOND_NS
from botcore.orders.tracker import OrderTracker
from botcore.venues.account_news import AccountNews, BalancesTold, FundingPaid, PositionTold, SettingsTold, StreamExpired
from botcore.venues.account_reader import AccountReader, AccountSink
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.line import News, Reported, Traded
from botcore.venues.live_spec import LiveSpec
from botcore.venues.market_streams import MarketStreams
from botcore.venues.order_line import OrderLine
from botcore.venues.offset import ClockOffset
from botcore.venues.tasks import Tasks
from botcore.venues.trade_reader import TradeReader
from botcore.venues.user_stream import UserStreamKeeper
from botcore.venues.wire import Reply, Verdict

RETRY_S = 2.0
AUDIT_S = 60.0
RULES_S = 3600.0
FALLBACK_S = 5.0
LARGEST_UNCERTAINTY_MS = 1_000


class Stage(Enum):
    """How far a session has come."""

    STARTING = "learning the venue's clock and rules"
    CONNECTING = "connecting to the account's stream"
    SYNCING = "asking what happened meanwhile"
    LIVE = "live"
    CLOSED = "closed"


class ConnectorSide(Protocol):
    """What a session needs of the connector that it serves."""

    tracker: OrderTracker
    inbox: list[News]
    account: AccountSink

    def reconcile(self, now_ns: int) -> None: ...


class SessionEars(Protocol):
    """Who is told what happens to a session."""

    def on_news(self, connector_name: str) -> None:
        """Private news are in the connector's inbox."""

    def on_stage(self, connector_name: str, stage: Stage, reason: str) -> None: ...

    def on_funding(self, connector_name: str, paid: FundingPaid) -> None: ...

    def on_trouble(self, connector_name: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class SessionView:
    """How a session stands, for people.

    Parameters
    ----------
    since_ns : int
        When it came to this stage.
    user_age_s : float, optional
        Age of the last message of the account's stream; None before the first.
    """

    connector_name: str
    stage: Stage
    reason: str
    since_ns: int
    user_age_s: float | None
    clock_offset_ms: float | None
    queued: int
    resting_until_ms: int
    resting_why: str
    books: tuple[tuple[str, str, float | None], ...]


class VenueSession:
    """See the module. Implements the runtime's `LiveMarkets`.

    Parameters
    ----------
    since_ms : callable
        Pair -> wall time from which executions may concern us, where nothing is remembered.
    pairs : callable
        Pairs in which we may have traded: their executions are asked for at every sync.
    rules : RulesCache
        Where the venue's rules are kept between two starts.
    """

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        spec: LiveSpec,
        parts: SessionParts,
        ears: SessionEars,
        rules: RulesCache,
        pairs: Callable[[], set[str]],
        since_ms: Callable[[str], int],
    ) -> None:
        self.name = name
        self.instruments: dict[str, Instrument] = {}
        self.stage = Stage.STARTING
        self.reason = Stage.STARTING.value
        self._dialect = dialect
        self._spec = spec
        self._parts = parts
        self._ears = ears
        self._rules = rules
        self._pairs = pairs
        self._now_ns = parts.now_ns
        self._since_ns = parts.now_ns()
        self._user_heard_ns = 0
        self._connector: ConnectorSide | None = None
        self._is_user_open = False
        self._sync_wanted = asyncio.Event()
        self._tasks = Tasks(self._on_fault)
        trades = TradeReader(dialect, parts.caller, self._tasks, parts.memory, self._client_order_id, since_ms, self._deliver, parts.wall_ms)
        self._trades = trades
        self.account = AccountReader(dialect, parts.caller, lambda: self._side.account)
        self.line = OrderLine(dialect, parts.caller, self._tasks, trades, self._deliver, self.account.hear_settings, self._trouble)
        self.markets = MarketStreams(dialect, spec, parts, self._tasks, self._trouble)
        self._user = UserStreamKeeper(
            dialect, parts.caller, parts.port, spec, parts.user_hooks(self._on_user, self._on_user_open, self._on_user_down, self._on_fault)
        )

    @property
    def _side(self) -> ConnectorSide:
        assert self._connector is not None, "serve() comes first"
        return self._connector

    def serve(self, connector: ConnectorSide) -> None:
        """Bring news to this connector from now on."""
        self._connector = connector
