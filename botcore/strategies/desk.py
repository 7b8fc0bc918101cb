"""The desk of one bot: risk gate first, then the connector of the market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from botcore.connectors.base import ConnectorBase
from botcore.core.clock import Clock
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import PositionAction, PositionMode, TradeType
from botcore.model.order import OrderRequest, Purpose
from botcore.model.refusals import NOTHING_LEFT, PAUSED, WAITS, WAITS_FOR_BALANCE
from botcore.orders.tracker import Order
from botcore.risk.gate import RiskGate
from botcore.risk.self_trade import passage

# members of enums as names of this module: compiled code reads them without a lookup
CLOSE: Final = PositionAction.CLOSE
BUY: Final = TradeType.BUY
SELL: Final = TradeType.SELL
TO_CLOSE: Final = Purpose.CLOSE


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the desk would do with an order.

    Parameters
    ----------
    request : OrderRequest
        As it would leave: perhaps at another price, behind an order of ours.
    reasons : tuple of str
        Why it would not leave, what is said first first.
    cancel : tuple of Order
        Orders of ours that would be canceled before it.
    """

    request: OrderRequest
    reasons: tuple[str, ...]
    cancel: tuple[Order, ...]


class Desk:
    """Implements `OrderDesk` for all executors of one bot.

    Parameters
    ----------
    connectors : mapping of str to ConnectorBase
        Live mapping by connector name.
    """

    def __init__(self, bot_id: str, connectors: Mapping[str, ConnectorBase], gate: RiskGate, clock: Clock) -> None:
        self.bot_id = bot_id
        self._connectors = connectors
        self._gate = gate
        self._clock = clock
        self.paused = ""

    def submit(self, request: OrderRequest, owner: Any) -> Order:
        # an order is sent whole or not at all, whatever becomes of the step that sends it
        stepper = self._clock.stepper
        stepper.shield()
        try:
            return self._submit(request, owner)
        finally:
            stepper.unshield()

    def _submit(self, request: OrderRequest, owner: Any) -> Order:
        connector = self._connectors[request.instrument.market.connector_name]
        refusal = self._closed(request, connector) if request.purpose.adds_risk else None
        shortages = connector.shortages
        own = connector.own
        book = own.of(request.instrument)
        if book.best(sells=request.trade_type is BUY) is not None:
            way = passage(request, book, self._gate.book(request.instrument.market))
            request, refusal = way.request, refusal or way.refusal
            for order in way.cancel:
                connector.cancel(order.client_order_id)
        if refusal is None:
            refusal = self._gate.refusal(request, self._clock.now_ns, own)
        if refusal is not None:
            return connector.refuse(request, owner, refusal)
        if request.position_action is CLOSE:
            asked, request = request, self._closing(request, connector)
            if request.lots < asked.lots and request.lots < request.instrument.min_lots:
                return connector.refuse(asked, owner, f"{NOTHING_LEFT}: exits of other executors have closed that side of the account")
            if not connector.is_netted(asked):
                if connector.reducible_lots(asked) < asked.lots:
                    # what is known of the account does not agree with this exit: the next attempt must know better
                    connector.look_at_account()
            elif request.purpose is Purpose.CLOSE and request.price_ticks is None and connector.position_mode() is PositionMode.HEDGE:
                self._make_room(request, connector)
        if shortages and request.purpose is TO_CLOSE and shortages.cuts(request.instrument.base):
            asked, request = request, self._what_is_there(request, connector)
            if request.lots < request.instrument.min_lots and request.lots < asked.lots:
                return connector.refuse(asked, owner, f"{NOTHING_LEFT}: {shortages.refusal(request.instrument.base)}")
        return connector.submit(request, owner, self._expected_ticks(request))

    def _closed(self, request: OrderRequest, connector: ConnectorBase) -> str | None:
        """Why nothing may be opened there now, whatever it is."""
        refusal = connector.closed_reason()
        if refusal is not None:
            return f"{WAITS}: {refusal}" if connector.is_waiting() else refusal
        if self.paused:
            return f"{PAUSED}: {self.paused}"
        short = connector.shortages.refusal(request.instrument.base) if connector.shortages else None
        return None if short is None else f"{WAITS_FOR_BALANCE}: {short}"

    def look(self, request: OrderRequest, leverage: int | None = None) -> Outlook:
        """What would become of an order if it was submitted now, with this leverage if it would change; nothing is sent, counted or canceled."""
        connector = self._connectors[request.instrument.market.connector_name]
        closed = self._closed(request, connector) if request.purpose.adds_risk else None
        way = passage(request, connector.own.of(request.instrument), self._gate.book(request.instrument.market))
        said = (closed, way.refusal, *self._gate.look(way.request, self._clock.now_ns, connector.own, leverage))
        return Outlook(way.request, tuple([reason for reason in said if reason is not None]), way.cancel)

    def resting_entries(self) -> list[Order]:
        return [
            order
            for connector in self._connectors.values()
            for order in connector.tracker.open_orders()
            if order.request.purpose.adds_risk and not order.cancel_asked
        ]

    def takeable(self, request: OrderRequest) -> int:
        return self._gate.takeable(request, self._clock.now_ns)

    def _expected_ticks(self, request: OrderRequest) -> int | None:
        if request.price_ticks is not None:
            return None
        book = self._gate.book(request.instrument.market)
        ticks = book.best_ask if request.trade_type is BUY else book.best_bid
        return None if ticks in (NO_ASK, NO_BID) else ticks

    def cancel(self, order: Order) -> bool:
        stepper = self._clock.stepper
        stepper.shield()
        try:
            return self._connectors[order.instrument.market.connector_name].cancel(order.client_order_id)
        finally:
            stepper.unshield()

    def refusal(self, request: OrderRequest, ticks: int | None) -> str | None:
        instrument = request.instrument
        if request.position_action is CLOSE:
            connector = self._connectors[instrument.market.connector_name]
            if self._closing(request, connector).position_action is CLOSE:
                # a reduce-only order has no smallest value
                return None if request.lots >= instrument.min_lots else instrument.refusal(request.lots, None)
        return instrument.refusal(request.lots, ticks)

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        return self._connectors[request.instrument.market.connector_name].can_pay(request, ticks)

    def fee_rate(self, connector_name: str, trading_pair: str, *, is_maker: bool) -> Decimal | None:
        return self._connectors[connector_name].fee_rate(trading_pair, is_maker)

    def keeps_stops(self, connector_name: str) -> bool:
        return self._connectors[connector_name].keeps_stops()

    def position_mode(self, connector_name: str) -> PositionMode:
        return self._connectors[connector_name].position_mode()

    def _closing(self, request: OrderRequest, connector: ConnectorBase) -> OrderRequest:
        """How an exit goes out: reduce-only, except where the account is known to hold less than the executor does.

        On a ONEWAY account that several bots share they net each other: a reduce-only order would be cut or refused, and the executor's own exposure is the truth
        that its exit is sized from. In HEDGE mode nobody nets anybody; there is less because an exit of another executor ran late and has closed what this one
        holds. A close at market then takes what there is (none of its lots, if there is none), for the venue refuses more as a whole.

        A venue that counts resting orders which only reduce against the position refuses an exit beside another executor's take profit, as if less were there. It goes
        out as if netted, and the venue ends what is left without a position.

        Where the venue's position is not what our own fills make it, somebody else has changed it, or its word is old: an exit that is not reduce-only could turn
        it around, and goes as it is.
        """
        if request.purpose is Purpose.STOP:
            return request
        there = connector.reducible_lots(request)
        is_one_way = connector.position_mode() is PositionMode.ONEWAY
        free = there - connector.crowded_lots(request) if is_one_way else there
        if free >= request.lots or not connector.is_netted(request):
            return request
        if is_one_way:
            return replace(request, position_action=PositionAction.OPEN)
        return replace(request, lots=there) if request.purpose is Purpose.CLOSE else request

    def _what_is_there(self, request: OrderRequest, connector: ConnectorBase) -> OrderRequest:
        """A spot exit at market, cut to what the account has of an asset that is missing.

        As long as that is not proven the balance may be older than our last fill: an exit that would be cut to nothing goes as it is then, and the venue judges.
        """
        instrument = request.instrument
        if instrument.is_perpetual or request.trade_type is not SELL or request.price_ticks is not None:
            return request
        there = max(0, instrument.lots(max(Decimal(0), connector.balance(instrument.base)[1])))
        if there >= request.lots:
            return request
        if instrument.base not in connector.shortages.proven and instrument.refusal(there, self._expected_ticks(request)) is not None:
            return request
        return replace(request, lots=there)

    def _make_room(self, request: OrderRequest, connector: ConnectorBase) -> None:
        """Cancel what stands in the way of an exit at market: a venue counts closing orders that rest against the side that they close, and refuses those that exceed it.

        All that rests fits, unless an exit that ran late has closed what others hold. Those furthest from the market go first; whose they are puts them back as far as
        they fit then.
        """
        book, is_buy = connector.own.of(request.instrument), request.trade_type is BUY
        resting = [order for order in book.resting(sells=not is_buy) if order.request.position_action is CLOSE]
        missing = request.lots + sum([order.remaining_lots for order in resting]) - connector.reducible_lots(request)
        if missing <= 0:
            return
        for order in sorted(resting, key=lambda order: order.request.price_ticks or 0, reverse=not is_buy):
            if missing > 0:
                connector.cancel(order.client_order_id)
                missing -= order.remaining_lots
