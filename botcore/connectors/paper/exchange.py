"""The paper exchange: one account at one simulated venue.

It behaves as a venue does: requests take time to arrive, are accepted or refused, rest, trade and end; its messages are read by a connector. It keeps
its own ledger and forgets nothing when the bot dies (`export` and `restore` are what a durable store writes and reads). No order ever trades on
the event that it was born in: it arrives at least a nanosecond later.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botcore.connectors.paper.ledger import PerpetualLedger, SpotLedger
from botcore.connectors.paper.matching import Execution, PaperMarket
from botcore.connectors.paper.models import ConstantLatency, FeeModel, LatencyModel, QueueModel, TouchQueue
from botcore.connectors.paper.order import PaperOrder
from botcore.markets.market_state import MarketState
from botcore.model.enums import InstrumentKind, OrderType, PositionAction, PositionMode
from botcore.model.instrument import Instrument
from botcore.model.market_events import MarketEvent, TradeTick
from botcore.model.order import Fill, OrderRequest, OrderState
from botcore.model.refusals import NOTHING_TO_REDUCE
from botcore.model.venue_updates import CancelRefused, OrderEnded, OrderTaken, OrderTraded, PositionLiquidated, VenueUpdate

# members of enums as names of this module: compiled code reads them without a lookup
MARKET: Final = OrderType.MARKET
LIMIT_MAKER: Final = OrderType.LIMIT_MAKER
STOP_MARKET: Final = OrderType.STOP_MARKET
CLOSE: Final = PositionAction.CLOSE
CANCELED: Final = OrderState.CANCELED
FILLED: Final = OrderState.FILLED
EXPIRED: Final = OrderState.EXPIRED
FAILED: Final = OrderState.FAILED

KEEP_ENDED: Final = 5_000


@dataclass(frozen=True, slots=True)
class PaperRules:
    """How this venue behaves; everything that is an assumption.

    Parameters
    ----------
    maintenance : Decimal
        Margin below which a perpetual account is liquidated, as a fraction of what the positions cost.
    """

    kind: InstrumentKind
    fees: FeeModel
    latency: LatencyModel = ConstantLatency()
    queue: QueueModel = TouchQueue()
    slippage: Decimal = Decimal(0)
    maintenance: Decimal = Decimal("0.005")


@dataclass(slots=True, init=False)
class _Arriving:
    at_ns: int
    client_order_id: str
    request: OrderRequest | None
    """None asks to cancel."""

    def __init__(self, at_ns: int, client_order_id: str, request: OrderRequest | None) -> None:
        self.at_ns = at_ns
        self.client_order_id = client_order_id
        self.request = request


class PaperExchange:
    """See the module.

    Parameters
    ----------
    name : str
        Connector name.
    wake_at : callable
        Told when a request will arrive, so that a replay ticks there.
    """

    def __init__(self, name: str, rules: PaperRules, wake_at: Callable[[int], None]) -> None:
        self.name = name
        self.rules = rules
        self.markets: dict[str, PaperMarket] = {}
        self.orders: dict[str, PaperOrder] = {}
        self.ended: OrderedDict[str, tuple[PaperOrder, OrderState, str]] = OrderedDict()
        self.fills: deque[Fill] = deque(maxlen=KEEP_ENDED)
        self.serial = 0
        self.trade_serial = 0
        self.deposits: dict[str, Decimal] = {}
        # what the books have not written yet; only gathered when somebody keeps books
        self.keeps_books = False
        self.changed = False
        self.touched: set[str] = set()
        self.new_fills: list[Fill] = []
        self._wake_at = wake_at
        self._arriving: deque[_Arriving] = deque()
        self._out: list[VenueUpdate] = []
        self.ledger: SpotLedger = (
            PerpetualLedger(rules.fees, self._mark, rules.maintenance) if rules.kind is InstrumentKind.LINEAR_PERPETUAL else SpotLedger(rules.fees)
        )

    # ---- markets ---------------------------------------------------------------------------------------------------
    def open_market(self, state: MarketState, *, watches: bool = False) -> PaperMarket:
        market = PaperMarket(state, self.rules.queue, self.rules.slippage, watches)
        self.markets[state.instrument.market.trading_pair] = market
        return market

    def _mark(self, pair: str) -> int | None:
        market = self.markets.get(pair)
        return market.state.mid_half_ticks() if market else None

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Put money into the account."""
        self.ledger.deposit(asset, amount)
        self.deposits[asset] = self.deposits.get(asset, Decimal(0)) + amount
        self.changed = True

    # ---- requests, as they leave the bot ---------------------------------------------------------------------------
    def create(self, request: OrderRequest, client_order_id: str, sent_ns: int) -> None:
        """Take an order on its way; what becomes of it is told later."""
        self._send(_Arriving(0, client_order_id, request), sent_ns)

    def cancel(self, client_order_id: str, sent_ns: int) -> None:
        self._send(_Arriving(0, client_order_id, None), sent_ns)

    def _send(self, message: _Arriving, sent_ns: int) -> None:
        at_ns = sent_ns + self.rules.latency.delay_ns()
        if self._arriving and at_ns < self._arriving[-1].at_ns:
            at_ns = self._arriving[-1].at_ns
        message.at_ns = at_ns
        self._arriving.append(message)
        self.changed = True
        self._wake_at(at_ns)

    def set_leverage(self, pair: str, leverage: int) -> None:
        if isinstance(self.ledger, PerpetualLedger):
            self.ledger.leverage[pair] = leverage
            self.changed = True

    def set_position_mode(self, mode: PositionMode) -> str | None:
        """Switch the mode; the reason as one sentence when open positions or orders forbid it."""
        ledger = self.ledger
        if not isinstance(ledger, PerpetualLedger) or ledger.mode is mode:
            return None
        if self.orders or any(position.lots for position in ledger.positions.values()):
            return f"{self.name} can't switch to {mode.name} while it has open positions or orders"
        ledger.mode = mode
        self.changed = True
        return None

    # ---- market time -----------------------------------------------------------------------------------------------
    def advance(self, now_ns: int) -> None:
        """Let the requests that have arrived by now act on the book as it stands."""
        arriving = self._arriving
        while arriving and arriving[0].at_ns <= now_ns:
            message = arriving.popleft()
            self.changed = True
            if message.request is None:
                self._cancel(message.client_order_id, message.at_ns)
            else:
                self._arrive(message.request, message.client_order_id, message.at_ns)

    def before(self, event: MarketEvent) -> None:
        """Called before the market moves: what arrived earlier meets the book as it was."""
        if self._arriving and self._arriving[0].at_ns <= event.ts_ns:
            self.advance(event.ts_ns)

    def after(self, event: MarketEvent) -> None:
        """Called when the market has moved: resting orders that it reached trade."""
        market = self.markets[event.market.trading_pair]
        if type(event) is TradeTick:
            executions = market.traded(event)
        else:
            executions = market.reached()
        for execution in executions:
            self._execute(market, execution, event.ts_ns)
        if type(self.ledger) is PerpetualLedger and self.ledger.positions:
            self._check_margin(market.state.instrument, event.ts_ns)

    @property
    def has_news(self) -> bool:
        return bool(self._out)

    def drain(self) -> list[VenueUpdate]:
        """Messages to the account's owner since the last call."""
        out = self._out
        if out:
            self._out = []
        return out

    # ---- an order's life -------------------------------------------------------------------------------------------
    def _arrive(self, request: OrderRequest, client_order_id: str, now_ns: int) -> None:
        self.serial += 1
        order = PaperOrder(request, client_order_id, f"{self.name}-{self.serial}", now_ns)
        if client_order_id in self.orders:
            self._refuse(order, f"client order id {client_order_id} is in use", now_ns)
            return
        market = self.markets.get(request.instrument.market.trading_pair)
        if market is None:
            self._refuse(order, f"{self.name} has no market {request.instrument.market.trading_pair}", now_ns)
            return
        refusal = self._refusal(market, order)
        if refusal is not None:
            self._refuse(order, refusal, now_ns)
            return
        self.orders[client_order_id] = order
        self._touch(order)
        self._out.append(OrderTaken(client_order_id, order.exchange_order_id, now_ns))
        if request.order_type is MARKET:
            self._take(market, order, None, now_ns)
            if client_order_id in self.orders:
                self._end(order, EXPIRED, "the book had no more depth", now_ns)
        else:
            if market.would_take(order):
                self._take(market, order, order.price_ticks, now_ns)
            if client_order_id in self.orders:
                market.rest(order)

    def _refusal(self, market: PaperMarket, order: PaperOrder) -> str | None:
        """Why this order is not taken; None when it is, and then its funds are bound."""
        request, ledger = order.request, self.ledger
        if request.order_type is STOP_MARKET:
            return f"{self.name} keeps no stop orders"
        if market.state.ended and request.purpose.adds_risk:
            return "the recorded market has ended"
        ticks = market.worst_touch(order.is_buy) if request.order_type is MARKET else order.price_ticks
        if ticks is None:
            return "nobody stands on the other side of the book"
        if isinstance(ledger, PerpetualLedger):
            order.position_side = ledger.position_side(request)
            if request.position_action is CLOSE:
                if not ledger.reducible(request):
                    return "reduce-only order, but there is no position to reduce"
                return None
        refusal = request.instrument.refusal(order.lots, ticks)
        if refusal is not None:
            return refusal
        if request.order_type is LIMIT_MAKER and market.would_take(order):
            return "post-only order would take"
        return ledger.hold(order, ticks)

    def _take(self, market: PaperMarket, order: PaperOrder, limit_ticks: int | None, now_ns: int) -> None:
        for execution in market.take(order, limit_ticks):
            self._execute(market, execution, now_ns)

    def _execute(self, market: PaperMarket, execution: Execution, now_ns: int) -> None:
        order, ticks, lots, is_maker = execution
        if order.client_order_id not in self.orders:
            return
        if order.is_reduce_only and isinstance(self.ledger, PerpetualLedger):
            lots = min(lots, self.ledger.reducible(order.request))
            if not lots:
                market.remove(order)
                self._end(order, EXPIRED, NOTHING_TO_REDUCE, now_ns)
                return
        instrument = order.request.instrument
        self.trade_serial += 1
        fee = self.rules.fees.fee(instrument, order.request.trade_type, ticks, lots, is_maker)
        fill = Fill(
            instrument, f"{self.name}-t{self.trade_serial}", order.client_order_id, order.request.trade_type, ticks, lots, fee, now_ns, is_maker
        )
        order.filled += lots
        self.ledger.book(order, fill)
        self.fills.append(fill)
        self._touch(order)
        if self.keeps_books:
            self.new_fills.append(fill)
        self._out.append(OrderTraded(fill))
        if not order.remaining:
            market.remove(order)
            self._forget(order, FILLED, "")
        elif lots < execution[2]:
            market.remove(order)
            self._end(order, EXPIRED, NOTHING_TO_REDUCE, now_ns)

    def _cancel(self, client_order_id: str, now_ns: int) -> None:
        order = self.orders.get(client_order_id)
        if order is None:
            self._out.append(CancelRefused(client_order_id, "the order is not open", now_ns))
            return
        self.markets[order.request.instrument.market.trading_pair].remove(order)
        self._end(order, CANCELED, "", now_ns)

    def _refuse(self, order: PaperOrder, reason: str, now_ns: int) -> None:
        self._out.append(OrderEnded(order.client_order_id, FAILED, reason, now_ns))
        self._remember(order, FAILED, reason)

    def _end(self, order: PaperOrder, state: OrderState, reason: str, now_ns: int) -> None:
        self._forget(order, state, reason)
        self._out.append(OrderEnded(order.client_order_id, state, reason, now_ns))

    def _forget(self, order: PaperOrder, state: OrderState, reason: str) -> None:
        del self.orders[order.client_order_id]
        self.ledger.release(order)
        self._remember(order, state, reason)

    def _touch(self, order: PaperOrder) -> None:
        self.changed = True
        if self.keeps_books:
            self.touched.add(order.client_order_id)

    def _remember(self, order: PaperOrder, state: OrderState, reason: str) -> None:
        self._touch(order)
        self.ended[order.client_order_id] = (order, state, reason)
        if len(self.ended) > KEEP_ENDED:
            self.ended.popitem(last=False)

    # ---- margin ----------------------------------------------------------------------------------------------------
    def _check_margin(self, instrument: Instrument, now_ns: int) -> None:
        ledger = self.ledger
        assert isinstance(ledger, PerpetualLedger)
        if ledger.is_near_bankruptcy(instrument.quote) and ledger.is_bankrupt(instrument.quote):
            self._liquidate(ledger, instrument.quote, now_ns)

    def _liquidate(self, ledger: PerpetualLedger, asset: str, now_ns: int) -> None:
        """Cancel everything margined in this asset and close every position at the touch, as a venue's engine does."""
        for order in [order for order in self.orders.values() if order.request.instrument.quote == asset]:
            self.markets[order.request.instrument.market.trading_pair].remove(order)
            self._end(order, CANCELED, "liquidation", now_ns)
        for position in ledger.positions.values():
            instrument = position.instrument
            market = self.markets[instrument.market.trading_pair]
            ticks = market.worst_touch(position.lots < 0)
            if not position.lots or instrument.quote != asset or ticks is None:
                continue
            fee = instrument.notional(ticks, abs(position.lots)) * self.rules.fees.taker
            realised = position.apply(-position.lots, ticks)
            left = ledger.total(asset) + realised - fee
            # the venue's insurance fund takes what a liquidation overshoots: an account never owes
            ledger.totals[asset] = max(left, Decimal(0))
            self._out.append(PositionLiquidated(instrument.market, ticks, now_ns))
        self.changed = True

    def reset(self) -> None:
        """Cancel everything, forget positions and balances: an empty account."""
        for order in list(self.orders.values()):
            self.markets[order.request.instrument.market.trading_pair].remove(order)
            self._end(order, CANCELED, "the paper account was reset", order.ts_ns)
        self._arriving.clear()
        self.ledger.totals.clear()
        self.ledger.reserved.clear()
        self.deposits.clear()
        if isinstance(self.ledger, PerpetualLedger):
            self.ledger.positions.clear()
        self.changed = True

    # ---- restart ---------------------------------------------------------------------------------------------------
    def arriving(self) -> list[tuple[int, str, OrderRequest | None]]:
        """Requests that are on their way: (arrival, client order id, request or None for a cancel)."""
        return [(message.at_ns, message.client_order_id, message.request) for message in self._arriving]

    def expect(self, at_ns: int, client_order_id: str, request: OrderRequest | None) -> None:
        """Take up a request that was on its way when the books were written."""
        self._arriving.append(_Arriving(at_ns, client_order_id, request))

    def take_up(self, order: PaperOrder) -> None:
        """Take up an order that stood when the books were written; its funds are bound again, its place in the queue is kept."""
        self.orders[order.client_order_id] = order
        self.ledger.hold(order, order.price_ticks)
        self.markets[order.request.instrument.market.trading_pair].rest_again(order)

    # ---- the account as its owner may query it ---------------------------------------------------------------------
    def equity(self) -> dict[str, Decimal]:
        """Asset -> total, unrealised PnL of perpetuals included."""
        totals = dict(self.ledger.totals)
        if isinstance(self.ledger, PerpetualLedger):
            for asset in totals:
                totals[asset] += self.ledger.unrealized(asset)
        return totals

    def report(self, client_order_id: str, now_ns: int) -> list[VenueUpdate]:
        """All that the venue knows of an order: acceptance, fills and end; an order that it never had is ended as failed.

        The answer of a paper exchange is definite: nothing is lost between it and the bot.
        """
        fills: list[VenueUpdate] = [OrderTraded(fill) for fill in self.fills if fill.client_order_id == client_order_id]
        order = self.orders.get(client_order_id)
        if order is not None:
            return [OrderTaken(client_order_id, order.exchange_order_id, order.ts_ns), *fills]
        if client_order_id in self.ended:
            ended, state, reason = self.ended[client_order_id]
            taken = [OrderTaken(client_order_id, ended.exchange_order_id, ended.ts_ns)] if state is not FAILED else []
            return [*taken, *fills, OrderEnded(client_order_id, state, reason, now_ns)]
        if any(message.client_order_id == client_order_id and message.request is not None for message in self._arriving):
            return fills
        return [*fills, OrderEnded(client_order_id, FAILED, "the order never reached the venue", now_ns)]
