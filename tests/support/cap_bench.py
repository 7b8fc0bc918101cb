"""A bench of one account whose owner has set caps, and a count of what was sent that knows nothing of how the caps count."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.markets.depth import depth_within
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.events import OrderClosed, OrderFilled, OrderSubmitted
from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest, OrderState, Purpose
from botcore.orders.tracker import Order
from botcore.risk.cap_gate import AccountSides, Caps
from botcore.risk.caps import DEPTH_WITHIN, AccountCaps
from tests.support.bench import D, lots_of, ticks_of
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
DAY_S = 86_400


class Keeper:
    """Takes events of orders that nobody else is interested in."""

    def on_order(self, event: Any) -> None:
        """Nothing to do."""


class CapBench(VenueBench):
    """See the module."""

    def __init__(self, caps: AccountCaps | None = None, *instruments: Instrument, **options: Any) -> None:
        super().__init__(*instruments, **options)
        self.rates: dict[tuple[str, str], Decimal] = {}
        self.leverage: int | None = 1
        self.name = self.instrument.market.connector_name
        self.told: list[str] = []
        self.days: list[tuple[int, dict[str, Any], str]] = []
        self.caps = Caps(self._rate)
        self.ledger = self.caps.watch(self.name, AccountSides(self._held, self._mid, lambda pair: self.leverage, self._depth))
        self.caps.set(self.name, caps or AccountCaps())
        self.caps.on_latch = lambda name, reason: self.told.append(reason)
        self.caps.on_day = lambda name, day, base, latched: self.days.append((day, base, latched))
        self.gate.caps = self.caps
        self.bus.subscribe(OrderSubmitted, lambda event: self.ledger.submitted(event.order))
        self.bus.subscribe(OrderFilled, lambda event: self.ledger.filled(event.fill, is_entry=event.order.request.purpose.adds_risk))
        self.bus.subscribe(OrderClosed, lambda event: self.ledger.closed(event.order.client_order_id))
        self.clock.add(self.caps)
        self.caps.on_tick(self.clock.now_ns)

    def _rate(self, asset: str, quote: str) -> Decimal | None:
        return D(1) if asset == quote else self.rates.get((asset, quote))

    def _held(self) -> list[tuple[str, Decimal]]:
        return [(book.instrument.market.trading_pair, book.instrument.amount(book.net)) for book in self.venue.own.books()]

    def _mid(self, pair: str) -> Decimal | None:
        half = next((state.mid_half_ticks() for market, state in self.states.items() if market.trading_pair == pair), None)
        of = next(of for of in self.instruments if of.market.trading_pair == pair)
        return None if half is None else half * of.tick_size / 2

    def _depth(self, pair: str) -> Decimal | None:
        return next((depth_within(state, DEPTH_WITHIN) for market, state in self.states.items() if market.trading_pair == pair), None)

    def send_order(
        self, amount: Any = 1, price: Any = None, side: TradeType = BUY, purpose: Purpose = Purpose.OPEN, of: Instrument | None = None
    ) -> Order:
        """What an executor does; the order comes back failed when the gate has refused it."""
        of = of or self.instrument
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        action = PositionAction.OPEN if purpose is Purpose.OPEN else PositionAction.CLOSE
        request = OrderRequest(of, side, kind, lots_of(of, amount), None if price is None else ticks_of(of, price), action, purpose)
        return self.desk.submit(request, Keeper())

    def refused(self, *args: Any, **kwargs: Any) -> str:
        """Send, and say why it was refused; empty when it was not."""
        order = self.send_order(*args, **kwargs)
        return order.reason if order.state is OrderState.FAILED else ""
