"""`LiveRuntime`: the same parts as paper and backtest, in front of real accounts.

Two things differ. Markets and connectors belong to a session with a venue, which fills books and inboxes when messages arrive. And private news do
not wait for the next tick: `poke` takes a connector's inbox at once, lets the owning executors answer, and sends what is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

import numpy as np

from botcore.connectors.base import ConnectorBase
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.connectors.paper.exchange import PaperRules
from botcore.controllers.waiting import Waiter
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.steps import TimeIterator
from botcore.data.feed import MarketFeed
from botcore.markets.market_state import MarketState
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.model.instrument import Instrument, Market
from botcore.orders.ids import IdSource
from botcore.orders.own import OwnBook
from botcore.orders.shortages import Shortage, plain
from botcore.risk.limits import RiskLimits
from botcore.strategies.runtime import MarketPlan, Recorder, TradingRuntime
from botcore.strategies.strays import StrayRecords

BASE_INTERVAL_S = 60


class LiveMarkets(TimeIterator, Protocol):
    """What a session with a venue gives the runtime."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """All pairs that can be traded there, by pair."""

    @property
    def book_age_ns(self) -> int:
        """Age of the book's last message beyond which the market counts as stale."""

    def watch(self, state: MarketState) -> None:
        """Keep the state of a market up to date from now on."""


class _NoSource:
    """Live markets come from sessions, never from a source."""

    def rules(self, connector_name: str) -> PaperRules:
        raise ConfigError(f"there is no account {connector_name} here")

    def balances(self, connector_name: str, instrument: Instrument) -> Mapping[str, Decimal]:
        return {}

    def plan(self, market: Market) -> MarketPlan:
        raise ConfigError(f"there is no account for {market} here")

    def feed(self, state: MarketState, bias: Callable[[], int], now_ns: int) -> MarketFeed:
        raise ConfigError("live markets have no feed")

    def history(self, market: Market, feed: MarketFeed) -> np.ndarray:
        return np.empty((0, 6))


class LiveRuntime(TradingRuntime):
    """See the module; accounts are added before the bots that use them."""

    def __init__(
        self, clock: Clock, bus: EventBus, recorder: Recorder, limits: RiskLimits, ids: IdSource, strays: StrayRecords, waiter: Waiter | None = None
    ) -> None:
        super().__init__(clock, bus, _NoSource(), recorder, limits, ids, stray_records=strays, waiter=waiter)
        self.rates = self.market_data.rates
        self._sessions: dict[str, LiveMarkets] = {}
        self._accounts: dict[str, ExchangeConnector] = {}

    def add_account(self, connector: ExchangeConnector, session: LiveMarkets) -> None:
        """Trade through this connector once the session knows its rules (`take_up`); the session's part comes before it on the clock."""
        self._sessions[connector.name] = session
        self._accounts[connector.name] = connector
        # before all that looks at connectors: also where others run already
        self.clock.add(session, before=self._held if self._live and self._held is not None else self.dispatch)

    def drop_account(self, connector_name: str) -> None:
        """Know nothing of an account any more, its markets neither; the caller has made sure that no bot uses it. It may be added again."""
        connector = self._accounts.pop(connector_name)
        self.clock.remove(self._sessions.pop(connector_name))
        self.clock.remove(connector)
        for market in [market for market in self.markets if market.connector_name == connector_name]:
            del self.markets[market]
        self.gate.forget()
        if self.connectors.pop(connector_name, None) is not None:
            self._live.remove(connector)
        for keeper in (self.positions, self.balances, *((self._held,) if self._held is not None else ())):
            keeper.forget(connector_name)
            if not self._live:
                # the next account puts them on again, behind it
                self.clock.remove(keeper)

    def take_up(self) -> None:
        """Put all accounts on the clock, with what is held there; call when their rules were asked for and before bots are restored.

        May be called again when more rules are known: then holds are counted that could not be before.
        """
        for name, connector in self._accounts.items():
            if name not in self.connectors:
                self.add_live(connector)
        if self._held is not None:
            self._held.count()

    def open_market(self, market: Market) -> MarketState:
        """The state of a market; it is usable as soon as its book is complete.

        Raises
        ------
        ConfigError
            If there is no such account, or its venue does not trade this pair.
        """
        state = self.markets.get(market)
        if state is not None:
            return state
        state = MarketState(self.instrument(market), self._sessions[market.connector_name].book_age_ns)
        state.watch.now_ns = self.clock.now_ns
        state.candles.set_base(BASE_INTERVAL_S)
        self.markets[market] = state
        self._sessions[market.connector_name].watch(state)
        return state

    def instrument(self, market: Market) -> Instrument:
        """The instrument of a pair; ConfigError when it is not to be had."""
        session = self._sessions.get(market.connector_name)
        if session is None:
            raise ConfigError(
                f"no live account is connected at {market.connector_name}{nearest(market.connector_name, self._sessions)}", field="connector_name"
            )
        if not session.instruments:
            raise ConfigError(
                f"{market.connector_name} could not be asked yet what it trades: nothing can be set up there before it was reached once",
                field="connector_name",
            )
        instrument = session.instruments.get(market.trading_pair)
        if instrument is None:
            raise ConfigError(
                f"{market.connector_name} does not trade {market.trading_pair!r}{nearest(market.trading_pair, session.instruments)}",
                field="trading_pair",
            )
        return instrument

    def give_up(self, connector_name: str, asset: str, amount: Decimal) -> Decimal:
        """Take what a spot account misses of an asset out of the records, on a person's word: it is booked as sold by somebody else at the present price, from holds
        first, then from the newest executors. Returns how much was booked.

        Raises
        ------
        UserError
            As `check_give_up`.
        """
        found = self.check_give_up(connector_name, asset, amount)
        connector, left = self.connectors[connector_name], found.missing
        for book in self._held_books(connector, asset):
            lots = min(book.net, book.instrument.lots(left))
            if lots:
                left -= book.instrument.amount(self.positions.give_up(connector, book.instrument, lots, self.clock.now_ns))
        # until the next comparison nobody can give up the same coins again; what is still missing is proven again then
        connector.shortages.settle(asset)
        self.clock.step(self.dispatch)
        return found.missing - left

    def check_give_up(self, connector_name: str, asset: str, amount: Decimal) -> Shortage:
        """What is missing of an asset: this amount, as the person has seen it.

        Raises
        ------
        UserError
            When nothing of it is missing for sure, or another amount, or it can't be booked now.
        """
        connector = self.connectors.get(connector_name)
        found = None if connector is None else connector.shortages.proven.get(asset)
        if connector is None or found is None:
            raise UserError(f"nothing of {asset} is missing at {connector_name} for sure: look at /status")
        if found.missing != amount:
            raise UserError(f"{plain(found.missing)} {asset} are missing at {connector_name} now, not {plain(amount)}: look again")
        if not any(book.instrument.lots(found.missing) for book in self._held_books(connector, asset)):
            raise UserError(f"there is no price of {asset} now to book it at, or less than a lot of it is missing: try again when its market is live")
        return found

    def _held_books(self, connector: ConnectorBase, asset: str) -> list[OwnBook]:
        """Spot pairs in which our bots hold an asset and a price is known, the largest first."""
        books = [book for book in connector.own.books() if book.instrument.base == asset and not book.instrument.is_perpetual and book.net > 0]
        return sorted((book for book in books if self.positions.is_priced(connector, book.instrument)), key=lambda book: -book.net)

    def poke(self, connector_name: str, now_ns: int) -> None:
        """Take what has arrived for one account, now."""
        self.clock.skip_to(now_ns)
        self.clock.step(self._accounts[connector_name])
        self.clock.step(self.dispatch)
