"""`SimulatedConnector`: order entry to a paper exchange, for paper trading and backtests alike."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from mypy_extensions import mypyc_attr

from botcore.connectors.base import ConnectorBase, OrderOwner, OutgoingRequest
from botcore.connectors.paper.exchange import PaperExchange
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import PositionMode
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest
from botcore.model.times import NEVER
from botcore.model.venue_updates import OrderEnded, OrderTaken, VenueUpdate
from botcore.orders.ids import IdSource, is_condors
from botcore.orders.tracker import Order

ZERO: Final = Decimal(0)


@mypyc_attr(allow_interpreted_subclasses=True)
class SimulatedConnector(ConnectorBase):
    """The bot's side of one paper account.

    Parameters
    ----------
    exchange : PaperExchange
        The venue; it advances in market time on its own (see the tape).
    open_market : callable
        pair -> Instrument; opens the market at the exchange when it is not open yet, raises ConfigError when there is no such pair.
    """

    def __init__(self, exchange: PaperExchange, clock: Clock, bus: EventBus, ids: IdSource, open_market: Callable[[str], Instrument]) -> None:
        super().__init__(exchange.name, clock, bus, ids)
        self.exchange = exchange
        self._open_market = open_market
        self._under_way: dict[str, tuple[str, Decimal]] = {}
        self._asked: tuple[OrderRequest, int, tuple[str, Decimal]] | None = None

    # ---- requests --------------------------------------------------------------------------------------------------
    def submit(self, request: OrderRequest, owner: OrderOwner, expected_ticks: int | None = None) -> Order:
        order = super().submit(request, owner, expected_ticks)
        ticks = self._expected_ticks(request)
        if ticks is not None:
            self._under_way[order.client_order_id] = self._demand(request, ticks)
        return order

    def send(self, requests: list[OutgoingRequest]) -> None:
        for request in requests:
            order = request.order
            if request.is_cancel:
                self.exchange.cancel(order.client_order_id, request.asked_ns)
            else:
                self.exchange.create(order.request, order.client_order_id, request.asked_ns)

    def wish(self) -> tuple[int, bool]:
        """At once when the exchange has something to say; when a request arrives there, the exchange has asked for the tick itself."""
        return NEVER, self.exchange.has_news

    def on_tick(self, now_ns: int) -> None:
        """Read what the exchange has to say up to now."""
        exchange = self.exchange
        exchange.advance(now_ns)
        for update in exchange.drain():
            self.apply(update)

    def reconcile(self, now_ns: int) -> None:
        """Hold every order that is open here against the exchange; what it did meanwhile arrives as ordinary events."""
        for order in self.tracker.open_orders():
            for update in self.exchange.report(order.client_order_id, now_ns):
                self.apply(update)
        for client_order_id in [known for known in self.exchange.orders if self.tracker.get(known) is None]:
            self.on_foreign_order(client_order_id, now_ns)

    def on_foreign_order(self, client_order_id: str, now_ns: int) -> None:
        """An order with our prefix that no bot knows any more is taken off: nobody would watch what it buys."""
        order = self.exchange.orders.get(client_order_id)
        if order is None or not is_condors(client_order_id):
            return
        self.exchange.cancel(client_order_id, now_ns)
        request = order.request
        payload = {
            "connector_name": self.name,
            "trading_pair": request.instrument.market.trading_pair,
            "client_order_id": client_order_id,
            "side": request.trade_type.name,
            "amount": format(request.instrument.amount(order.remaining), "f"),
        }
        self._bus.publish(Fact(FactKind.ORDER_ADOPTED, now_ns, payload=payload))

    def apply(self, update: VenueUpdate) -> None:
        if type(update) is OrderTaken or type(update) is OrderEnded:
            self._under_way.pop(update.client_order_id, None)
        super().apply(update)

    # ---- the account -----------------------------------------------------------------------------------------------
    def instrument(self, trading_pair: str) -> Instrument:
        return self._open_market(trading_pair)

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        ledger = self.exchange.ledger
        return ledger.total(asset), ledger.available(asset) - self._bound_under_way(asset)

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        asset, needed = self._demand(request, ticks)
        return not needed or needed <= self.exchange.ledger.available(asset) - self._bound_under_way(asset)

    def reducible_lots(self, request: OrderRequest) -> int:
        """By how much the account's position could be reduced by an order of this kind; 0 on spot."""
        ledger = self.exchange.ledger
        return ledger.reducible(request) if isinstance(ledger, PerpetualLedger) else 0

    def fee_rate(self, trading_pair: str, is_maker: bool) -> Decimal | None:
        fees = self.exchange.rules.fees
        return fees.maker if is_maker else fees.taker

    def position_mode(self) -> PositionMode:
        """Mode of a perpetual account; spot behaves as ONEWAY."""
        ledger = self.exchange.ledger
        return ledger.mode if isinstance(ledger, PerpetualLedger) else PositionMode.ONEWAY

    def configure_perpetual(self, trading_pair: str, leverage: int, mode: PositionMode) -> None:
        ledger = self.exchange.ledger
        if not isinstance(ledger, PerpetualLedger):
            return
        refusal = self.exchange.set_position_mode(mode)
        if refusal is not None:
            raise UserError(f"{refusal}; stop the bots that trade on it first, or start this one in {ledger.mode.name} mode")
        self.exchange.set_leverage(trading_pair, leverage)

    def take_up_perpetual(self, trading_pair: str, leverage: int, mode: PositionMode) -> None:
        if self.exchange.set_position_mode(mode) is None:
            self.exchange.set_leverage(trading_pair, leverage)

    def _demand(self, request: OrderRequest, ticks: int) -> tuple[str, Decimal]:
        """Asset and amount that an order binds; remembered, for the order that was asked about is mostly sent next."""
        if self._asked is None or self._asked[0] is not request or self._asked[1] != ticks:
            self._asked = request, ticks, self.exchange.ledger.demand(request, ticks, request.lots)
        return self._asked[2]

    def _bound_under_way(self, asset: str) -> Decimal:
        bound = ZERO
        for kind, amount in self._under_way.values():
            if kind == asset:
                bound += amount
        return bound

    def _expected_ticks(self, request: OrderRequest) -> int | None:
        if request.price_ticks is not None:
            return request.price_ticks
        market = self.exchange.markets.get(request.instrument.market.trading_pair)
        return market.worst_touch(request.trade_type.sign > 0) if market else None
