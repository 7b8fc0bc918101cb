"""`AccountConnector`: what a connector says and asks of a real account: balances, positions, settings. Orders are the floors above: `evidence`, `answers`, `exchange`."""

from __future__ import annotations

from decimal import Decimal

from botcore.connectors.base import ConnectorBase
from botcore.connectors.live.crowding import Crowding
from botcore.connectors.live.perpetual_settings import PerpetualSettings
from botcore.connectors.live.venue_side import VenueSide
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import PositionMode
from botcore.model.errors import ConfigError, nearest
from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest
from botcore.orders.ids import IdSource


class AccountConnector(ConnectorBase):
    """See the module."""

    def __init__(self, name: str, clock: Clock, bus: EventBus, ids: IdSource, venue: VenueSide) -> None:
        super().__init__(name, clock, bus, ids)
        self.account = venue.account
        self.account.open_orders = self.tracker.open_orders
        self._line = venue.line
        self._lag_ns = venue.rules.lag_ns
        self._instruments = venue.instruments
        self._stops = venue.stops
        self._crowding = Crowding()
        self._settings = PerpetualSettings(name, clock, bus, venue.line, venue.account, self.own, self.tracker)

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        return self.account.total(asset), self.account.available(asset, self.tracker.open_orders())

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        return self.account.can_pay(request, ticks, self.tracker.open_orders())

    def instrument(self, trading_pair: str) -> Instrument:
        found = self._instruments.get(trading_pair)
        if found is None:
            raise ConfigError(f"{self.name} has no pair {trading_pair!r}{nearest(trading_pair, self._instruments)}", field="trading_pair")
        return found

    def fee_rate(self, trading_pair: str, is_maker: bool) -> Decimal | None:
        return self.account.fee_rate(is_maker)

    def keeps_stops(self) -> bool:
        return self._stops

    def position_mode(self) -> PositionMode:
        return self.account.mode

    def balances_ns(self) -> int:
        return self.account.listed_ns if self.account.is_known else 0

    def total(self, asset: str) -> Decimal:
        return self.account.total(asset)

    def venue_lots(self, instrument: Instrument, side: str) -> int | None:
        return self.account.told_lots(instrument.market.trading_pair, side)

    def venue_lots_ns(self, instrument: Instrument, side: str) -> int:
        return self.account.told_ns(instrument.market.trading_pair, side)

    def look_at_account(self) -> None:
        self._line.look()

    def look_at_trades(self, instrument: Instrument, since_ns: int) -> None:
        self._line.look_at_trades(instrument.market.trading_pair, since_ns // 1_000_000)

    def read_lag_ns(self) -> int:
        return self._lag_ns

    def reducible_lots(self, request: OrderRequest) -> int:
        return self.account.reducible(request)

    def crowded_lots(self, request: OrderRequest) -> int:
        if not request.instrument.is_perpetual:
            return 0
        told_ns = self.venue_lots_ns(request.instrument, self.account.side(request))
        if self._crowding.is_proven(request, self._clock.now_ns, told_ns - self._lag_ns):
            return self.account.reducible(request)
        return self._crowding.own_lots(request, self.own.of(request.instrument))

    def configure_perpetual(self, trading_pair: str, leverage: int, mode: PositionMode) -> None:
        if self.instrument(trading_pair).is_perpetual:
            self._settings.want(trading_pair, leverage, mode)

    def mode_problem(self, mode: PositionMode) -> str | None:
        """Why the account can't be put into this position mode now, as one sentence; None when it can, or is in it."""
        return self._settings.problem(mode)
