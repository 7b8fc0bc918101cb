"""One live account put together: dialect, limiter, clock, caller, session, connector. The same for `condor run` and for a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from botcore.connectors.live.account import Account
from botcore.connectors.live.doubts import BeliefRules
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.connectors.live.fees import Rate, no_rate
from botcore.connectors.live.venue_side import VenueSide
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.errors import ConfigError
from botcore.model.records import Forgotten
from botcore.model.times import SECOND_NS
from botcore.orders.ids import IdSource
from botcore.venues.backoff import ConnectionBudget
from botcore.venues.caller import Caller
from botcore.venues.catalog import dialect as dialect_of
from botcore.venues.dialect import Credentials
from botcore.venues.forgotten_pairs import DONE
from botcore.venues.limiter import Limiter
from botcore.venues.live_spec import BeliefSpec
from botcore.venues.means import Means, RulesCache
from botcore.venues.memory import VenueMemory
from botcore.venues.offset import VenueOffset
from botcore.venues.port import Port
from botcore.venues.session import VenueSession
from botcore.venues.session_roles import SessionEars
from botcore.venues.spec import VenueSpec
from botcore.venues.trade_reader import since_key


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """An account that trades."""

    spec: VenueSpec
    connector: ExchangeConnector
    session: VenueSession
    caller: Caller


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What accounts are put into.

    Parameters
    ----------
    now_ns : callable
        Time of messages, ns UTC; the clock of the core follows it.
    """

    clock: Clock
    bus: EventBus
    ids: IdSource
    port: Port
    rng: Random
    now_ns: Callable[[], int]
    wall_ms: Callable[[], int]
    rules: RulesCache
    ears: SessionEars


def open_account(
    spec: VenueSpec,
    credentials: Credentials,
    addresses: Mapping[str, str],
    around: Surroundings,
    memory: VenueMemory,
    pairs: Callable[[], set[str]],
    *,
    stops: bool = True,
    rate: Rate = no_rate,
    unread_since_ns: Mapping[str, int] | None = None,
    forgotten: Forgotten | None = None,
) -> LiveAccount:
    """Put an account together; nothing is sent before its session is started.

    Parameters
    ----------
    addresses : mapping
        `CONDOR_VENUE_<NAME>_REST` and `..._WS`, where they replace the spec's.
    pairs : callable
        Pairs in which this account may have traded.
    stops : bool
        Whether a stop rests at the venue for every position with a stop loss, where the venue can.
    rate : callable, optional
        What one unit of an asset is worth in another, for fees in a third asset; without it they stay unpriced.

    unread_since_ns : mapping of str to int, optional
        Pair -> time from which executions may be missing in the records; counts where nothing is remembered of how far they were read.
    forgotten : Forgotten, optional
        A hole in the records: executions since then are read in all pairs in which there may be some.

    Raises
    ------
    ConfigError
        If the venue can't be traded live.
    """
    live = spec.live
    if live is None:
        raise ConfigError(f"{spec.name} can be traded on paper only")
    name = spec.name
    dialect = dialect_of(spec, addresses)
    limiter = Limiter(live.limits, memory, around.wall_ms)
    offset = VenueOffset(around.wall_ms)
    caller = Caller(
        dialect,
        around.port,
        limiter,
        offset,
        credentials,
        around.now_ns,
        around.rng,
        timeouts=live.timeouts,
        on_denied=lambda outcome: connector.deny(outcome.text),
    )
    budget = ConnectionBudget(live.connections.attempts, live.connections.window_s)
    account = Account(spec.fees.taker, maker_fee=spec.fees.maker, lag_ns=belief(live.belief).lag_ns)
    started_ms, unread = around.wall_ms(), unread_since_ns or {}
    hole_ms = started_ms if forgotten is None or memory.get(DONE) == str(forgotten.mark) else forgotten.since_ms

    def since_ms(trading_pair: str) -> int:
        """From the oldest order that may still trade, from where the records stop, from where they have a hole, or from this start on."""
        times = [order.created_ns for order in connector.tracker.open_orders() if order.instrument.market.trading_pair == trading_pair]
        if memory.get(since_key(trading_pair)) is None and trading_pair in unread:
            times.append(unread[trading_pair])
        return min([started_ms, hole_ms, *(time_ns // 1_000_000 for time_ns in times)])

    means = Means(
        caller,
        limiter,
        offset,
        around.port,
        budget,
        memory,
        around.rules,
        credentials,
        around.now_ns,
        around.wall_ms,
        around.rng,
        pairs,
        since_ms,
        forgotten,
        unread_ms=min([hole_ms, *(time_ns // 1_000_000 for time_ns in unread.values())]) if unread or hole_ms < started_ms else None,
    )
    session = VenueSession(name, dialect, live, means, around.ears)
    side = VenueSide(session.line, belief(live.belief), session.instruments, account, live.lists_stop_orders and stops, rate)
    connector = ExchangeConnector(name, around.clock, around.bus, around.ids, side, session.closed_reason)
    session.serve(connector)
    return LiveAccount(spec, connector, session, caller)


def belief(spec: BeliefSpec) -> BeliefRules:
    """When "not found" is believed, in nanoseconds."""
    return BeliefRules(int(spec.window_s * SECOND_NS), int(spec.engine_s * SECOND_NS), int(spec.lag_s * SECOND_NS), spec.negatives)
