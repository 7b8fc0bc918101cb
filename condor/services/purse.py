"""What a draft's numbers are held against: free balances, prices, the last day's candles, and whether the venue is there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from botcore.markets.market_state import MarketState
from botcore.model.enums import PriceType
from botcore.model.instrument import Instrument, Market
from botcore.risk.caps import AccountCaps
from condor.configs import Configs
from condor.hand_limits import CURRENCY
from condor.hosts import LIVE, PAPER, Hosts

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class DayRange:
    """Highest and lowest price of the last day, or of as much of it as is known.

    Parameters
    ----------
    hours : int
        How much that is.
    """

    low: Decimal
    high: Decimal
    hours: int

    def width(self, mid: Decimal) -> Decimal:
        """As a fraction of a price."""
        return (self.high - self.low) / mid


class Purse:
    """See the module."""

    def __init__(self, hosts: Hosts, configs: Configs) -> None:
        self._hosts = hosts
        self._configs = configs

    def has_account(self, connector_name: str) -> bool:
        """Whether real money can be traded there."""
        return self._hosts.live is not None and connector_name in self._hosts.live.accounts

    def title(self, connector_name: str) -> str:
        """A venue's name for people."""
        venue = self._configs.venues.get(connector_name)
        return venue.title if venue is not None and venue.title else connector_name

    def free(self, mode: str, connector_name: str, asset: str, instrument: Instrument) -> Decimal | None:
        """What can be spent of an asset; None while that is not known. A paper account that nobody has used has its opening balance."""
        if mode == LIVE and not self.has_account(connector_name):
            return None
        connector = self._hosts.of(mode).runtime.connectors.get(connector_name)
        if connector is not None:
            free = connector.balance(asset)[1]
            return None if free.is_nan() else free
        return self._hosts.paper.source.balances(connector_name, instrument).get(asset, Decimal(0)) if mode == PAPER else None

    def caps(self, market: Market, mode: str) -> AccountCaps:
        """What the owner allows on the account of a market; none set where nothing is known of it."""
        gate = self._hosts.of(mode).runtime.gate.caps
        return (gate.of(market.connector_name) if gate is not None else None) or AccountCaps()

    def mid(self, market: Market, mode: str = PAPER) -> Decimal | None:
        """The price now; where the market is not open on paper, the one that it would begin with."""
        state = self._state(market, mode)
        if state is not None:
            mid = state.price(PriceType.MidPrice)
            return None if mid.is_nan() else mid
        venue = self._configs.venues.get(market.connector_name)
        spec = venue.instruments.get(market.trading_pair) if venue is not None else None
        return spec.paper_price if spec is not None and mode == PAPER and self._hosts.paper.source.is_synthetic else None

    def limit_rate(self, mode: str, asset: str) -> Decimal | None:
        """What one of an asset counts for against the limits of a role; None while nobody knows. Their own currency needs no account that is connected."""
        return Decimal(1) if asset == CURRENCY else self._hosts.of(mode).runtime.market_data.rates.rate(asset, CURRENCY)

    def day(self, market: Market) -> DayRange | None:
        """The last day's range; None where there are no candles."""
        state = self._state(market, PAPER) or self._state(market, LIVE)
        if state is None:
            return None
        base = state.candles.base
        rows = base.tail(DAY_S // base.interval_s)
        if not len(rows):
            return None
        low, high = Decimal(repr(float(rows[:, 3].min()))), Decimal(repr(float(rows[:, 2].max())))
        return DayRange(low, high, max(1, len(rows) * base.interval_s // 3600))

    def is_down(self, market: Market, mode: str) -> str | None:
        """Why nothing can be traded there now; None where it can, as far as is known."""
        title = self.title(market.connector_name)
        host = self._hosts.of(mode)
        if mode == LIVE:
            account = self._hosts.live.accounts.get(market.connector_name) if self._hosts.live is not None else None
            if account is None:
                return f"no account of {title} is connected: add its keys first"
            reason = account.connector.closed_reason() or account.session.view().trouble
            return None if reason is None else f"{title} is down: {reason}"
        state = host.runtime.markets.get(market)
        # a market that was opened a moment ago has no price yet, and is not down for that
        if state is None or not state.ts_ns or state.is_usable(host.clock.now_ns):
            return None
        if state.ended:
            return f"the recording of {market.trading_pair} at {title} has come to its end, so nothing more would be traded"
        age_s = (host.clock.now_ns - state.ts_ns) // 1_000_000_000
        return f"{title} is down: no price of {market.trading_pair} for {age_s} s"

    def _state(self, market: Market, mode: str) -> MarketState | None:
        if mode == LIVE and self._hosts.live is None:
            return None
        return self._hosts.of(mode).runtime.markets.get(market)
