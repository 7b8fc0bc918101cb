"""A paper exchange in the test's hands: one market, quoted by hand, and what the venue says of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.connectors.paper.exchange import PaperExchange, PaperRules
from botcore.connectors.paper.models import ConstantLatency, FeeModel, QueueModel, TouchQueue
from botcore.markets.market_state import MarketState
from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument
from botcore.model.market_events import BookSnapshot, MarketEvent, TradeTick
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.venue_updates import OrderEnded, OrderTraded
from tests.support.bench import PERP, SPOT, T0_NS, D, instrument, lots_of, quote_event, ticks_of

BUY, SELL = TradeType.BUY, TradeType.SELL
MARKET, LIMIT, MAKER = OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER
OPEN, CLOSE, NIL = PositionAction.OPEN, PositionAction.CLOSE, PositionAction.NIL
MS = 1_000_000


class Venue:
    """One paper exchange with one market, quoted 99 / 101 with 10 on each side at the start."""

    def __init__(
        self,
        of: Instrument | None = None,
        *,
        maker: str = "0",
        taker: str = "0",
        from_received: bool = False,
        latency_ns: int = 1,
        queue: QueueModel | None = None,
        slippage: str = "0",
        maintenance: str = "0.005",
        deposit: dict[str, str] | None = None,
    ) -> None:
        self.of = of or instrument(connector=SPOT)
        self.wakes: list[int] = []
        fees = FeeModel(D(maker), D(taker), from_received)
        rules = PaperRules(self.of.kind, fees, ConstantLatency(latency_ns), queue or TouchQueue(), D(slippage), D(maintenance))
        self.exchange = PaperExchange(self.of.market.connector_name, rules, self.wakes.append)
        self.state = MarketState(self.of)
        self.exchange.open_market(self.state)
        for asset, amount in (deposit or {"USDT": "10000", "ETH": "10"}).items():
            self.exchange.deposit(asset, D(amount))
        self.now_ns = T0_NS
        self.count = 0
        self.quote(99, 101, "10", "10")

    @property
    def ledger(self) -> Any:
        return self.exchange.ledger

    # ---- the market
    def play(self, event: MarketEvent) -> None:
        self.exchange.before(event)
        self.state.apply(event)
        self.exchange.after(event)

    def quote(self, bid: Any, ask: Any, bid_size: Any = None, ask_size: Any = None) -> None:
        self.now_ns += 1000
        self.play(quote_event(self.of, self.now_ns, bid, ask, bid_size, ask_size))

    def book(self, bids: list[tuple[Any, Any]], asks: list[tuple[Any, Any]]) -> None:
        self.now_ns += 1000
        levels = [[(ticks_of(self.of, price), lots_of(self.of, size)) for price, size in side] for side in (bids, asks)]
        self.play(BookSnapshot(self.of.market, self.now_ns, 1, *levels))

    def trade(self, price: Any, size: Any, *, buyer_is_maker: bool) -> None:
        self.now_ns += 1000
        self.play(TradeTick(self.of.market, self.now_ns, ticks_of(self.of, price), lots_of(self.of, size), buyer_is_maker))

    # ---- orders
    def send(
        self,
        side: TradeType,
        amount: Any,
        price: Any = None,
        order_type: OrderType | None = None,
        action: PositionAction | None = None,
        purpose: Purpose = Purpose.OPEN,
    ) -> str:
        self.count += 1
        name = f"o-{self.count}"
        kind = order_type or (MARKET if price is None else LIMIT)
        action = action or (OPEN if self.of.is_perpetual else NIL)
        request = OrderRequest(
            self.of, side, kind, lots_of(self.of, amount), None if price is None else ticks_of(self.of, price), action, purpose, "bot", "main", "x-1"
        )
        self.exchange.create(request, name, self.now_ns)
        return name

    def order(self, *args: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        """Send an order and let it arrive; returns its id and what the venue said."""
        name = self.send(*args, **kwargs)
        return name, self.arrive()

    def arrive(self) -> list[Any]:
        self.now_ns += 1000
        self.exchange.advance(self.now_ns)
        return self.said()

    def said(self) -> list[Any]:
        return self.exchange.drain()

    def cancel(self, name: str) -> list[Any]:
        self.exchange.cancel(name, self.now_ns)
        return self.arrive()


def fills(said: list[Any]) -> list[Fill]:
    return [update.fill for update in said if type(update) is OrderTraded]


def traded(said: list[Any]) -> list[tuple[Decimal, Decimal]]:
    return [(fill.price, fill.amount) for fill in fills(said)]


def ended(said: list[Any]) -> list[tuple[OrderState, str]]:
    return [(update.state, update.reason) for update in said if type(update) is OrderEnded]


def perpetual(**options: Any) -> Venue:
    return Venue(instrument(connector=PERP), **({"deposit": {"USDT": "1000"}} | options))
