"""Defects that other programs have (a to i of the reliability specification, section 1.4), one by one, as small as they can be.

h and i belong to swaps through a gateway, which this program does not have yet. Their essence is tried where it can occur: h, a request whose answer is missing is
sent again; i, an answer is joined to an order by its place in a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from botcore.connectors.live.copies import ENDS
from botcore.connectors.live.doubts import DoubtBook
from botcore.connectors.live.endings import EndingBook
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.executors.arbitrage.executor import ArbitrageExecutor
from botcore.executors.dca.executor import DCAExecutor
from botcore.executors.grid.executor import GridExecutor
from botcore.executors.leg import Leg
from botcore.executors.pair.executor import PairExecutor
from botcore.executors.position import PositionExecutor
from botcore.executors.twap.executor import TWAPExecutor
from botcore.executors.xemm.executor import XEMMExecutor
from botcore.model.enums import CloseType
from botcore.model.events import OrderAccepted
from botcore.model.order import Fill, OrderState
from botcore.model.venue_updates import OrderEnded
from botcore.orders.tracker import Order, OrderTracker
from botcore.strategies.funding import NOBODY, FundingKeeper, Holder, shares
from botcore.venues.line import Created


class LooseTracker:
    """c: a state that arrives late is believed, also after the end."""

    def __init__(self) -> None:
        self._inner = OrderTracker()
        self._again: dict[str, OrderTracker] = {}
        self._fills: dict[str, list[tuple[str, int, int, int]]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __len__(self) -> int:
        return len(self._inner)

    def _of(self, client_order_id: str) -> OrderTracker:
        return self._again.get(client_order_id, self._inner)

    def get(self, client_order_id: str) -> Order | None:
        return self._of(client_order_id).get(client_order_id)

    def open_orders(self) -> list[Order]:
        return [order for tracker in (self._inner, *self._again.values()) for order in tracker.open_orders()]

    def apply_state(self, client_order_id: str, state: int, ts_ns: int, exchange_order_id: str | None = None, reason: str = "") -> bool:
        order = self.get(client_order_id)
        if order is not None and order.state is OrderState.CANCELED and state == OrderState.OPEN:
            tracker = self._again[client_order_id] = OrderTracker()
            tracker.adopt(order.request, client_order_id, order.owner, order.created_ns, OrderState.OPEN, order.exchange_order_id, [])
            for trade_id, ticks, lots, fill_ns in self._fills.get(client_order_id, []):
                tracker.apply_fill(client_order_id, trade_id, ticks, lots, fill_ns)
            return True
        return self._of(client_order_id).apply_state(client_order_id, state, ts_ns, exchange_order_id, reason)

    def apply_fill(self, client_order_id: str, trade_id: str, price_ticks: int, lots: int, ts_ns: int) -> int:
        self._fills.setdefault(client_order_id, []).append((trade_id, price_ticks, lots, ts_ns))
        return self._of(client_order_id).apply_fill(client_order_id, trade_id, price_ticks, lots, ts_ns)


class ProtectsFullEntriesOnly(PositionExecutor):
    """e: barriers begin with the complete entry."""

    def _control_barriers(self, barriers: Any, now_ns: int) -> bool:
        return self._exposure.opened_lots >= self._wanted_lots and bool(super()._control_barriers(barriers, now_ns))


class ForgetsPartialEntries(PositionExecutor):
    """f: the fills of an entry that ended early are forgotten and the full size is ordered again."""

    def _control_entry(self, now_ns: int) -> None:
        if self._entry is None and now_ns >= self._retry_at_ns and self._wanted_lots > self._exposure.opened_lots:
            self._entry = self._submit(self._pricing.entry_request(self._wanted_lots, self._pricing.entry_ticks()), now_ns)


class GivesUpWithExposure(PositionExecutor):
    """g: when its retries are used up it is done, whatever it holds."""

    def held_fills(self) -> list[Fill]:
        return [] if self.close_type is CloseType.POSITION_HOLD and self.retries else super().held_fills()


class GridForgetsParts(GridExecutor):
    """f, of a grid: what an entry traded before it ended is forgotten, and its level opens in full again."""

    def _let_go(self, order: Order) -> None:
        level = self._level_book.of(order)
        if level is not None and order is level.open_order and order.filled_lots < order.lots:
            level.base = Decimal(0)
        super()._let_go(order)


class LadderForgetsParts(DCAExecutor):
    """f, of a ladder: a level counts what its last order traded in full only."""

    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        if not order.remaining_lots:
            super()._filled(order, fill, now_ns)
            self._level_of[order.client_order_id].filled_lots = order.lots


class PlanForgetsParts(TWAPExecutor):
    """f, of a plan: a slot counts the fill that completes its order only."""

    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        if not order.remaining_lots:
            super()._filled(order, fill, now_ns)


class OneLegIsEnough(ArbitrageExecutor):
    """g, of two legs: done when one of them has traded."""

    def _missing_lots(self, leg: Leg) -> int:
        return 0 if self.has_fills else super()._missing_lots(leg)


class HedgesWhenComplete(XEMMExecutor):
    """e, of a quote: parts are not hedged, and nobody minds at the end."""

    def _match(self, leg: Leg, now_ns: int) -> None:
        if self._maker.exposure.opened_lots >= self._wanted_lots:
            super()._match(leg, now_ns)

    def _is_out(self) -> bool:
        return True


class PairClosesOneLeg(PairExecutor):
    """g, of a pair: out when either leg is."""

    def _is_out(self) -> bool:
        return self._keeps or any(leg.is_flat() for leg in self.legs)


def a_unanswered_is_failed(patch: Any) -> None:
    def failed(self: ExchangeConnector, order: Any, sent_ns: int, reason: str, now_ns: int) -> None:
        self.apply(OrderEnded(order.client_order_id, OrderState.FAILED, reason, now_ns))

    patch.setattr(ExchangeConnector, "_doubt", failed)


def b_some_silence_is_proof(patch: Any) -> None:
    def impatient(self: DoubtBook, client_order_id: str, kind: Any, asked_ns: int) -> bool:
        doubt = self._doubts[client_order_id]
        doubt.silent[kind] = doubt.silent.get(kind, 0) + 1
        return sum(doubt.silent.values()) >= 4

    patch.setattr(DoubtBook, "silent", impatient)


def c_end_is_not_the_end(patch: Any) -> None:
    begin, apply = ExchangeConnector.__init__, ExchangeConnector.apply

    def loose(self: ExchangeConnector, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.tracker = LooseTracker()  # type: ignore[assignment]

    def believing(self: ExchangeConnector, update: Any) -> None:
        client_order_id = getattr(update, "client_order_id", "")
        before = self.tracker.get(client_order_id)
        apply(self, update)
        after = self.tracker.get(client_order_id)
        if before is not None and after is not before:
            self._deliver(after, OrderAccepted(after, update.ts_ns))

    patch.setattr(ExchangeConnector, "__init__", loose)
    patch.setattr(ExchangeConnector, "apply", believing)


def d_end_before_executions(patch: Any) -> None:
    report = ExchangeConnector._report

    def hasty(self: ExchangeConnector, told: Any, now_ns: int) -> None:
        report(self, told, now_ns)
        order = self.tracker.get(told.client_order_id)
        if order is not None and order.is_open and told.state in (*ENDS, OrderState.FILLED):
            self.endings.forget(told.client_order_id)
            self.apply(OrderEnded(told.client_order_id, OrderState.CANCELED, "", told.ts_ns))

    patch.setattr(ExchangeConnector, "_report", hasty)
    patch.setattr(EndingBook, "wait", lambda self, told, now_ns: None)


def h_unanswered_is_sent_again(patch: Any) -> None:
    created = ExchangeConnector._created

    def again(self: ExchangeConnector, news: Created, now_ns: int) -> None:
        order = self.tracker.get(news.client_order_id)
        created(self, news, now_ns)
        if order is not None and order.state is OrderState.UNKNOWN:
            self._line.create(order)

    patch.setattr(ExchangeConnector, "_created", again)


def i_joined_by_place(patch: Any) -> None:
    trade = ExchangeConnector._trade

    def first(self: ExchangeConnector, fill: Fill) -> None:
        waiting = [order for order in self.tracker.open_orders() if order.request.trade_type is fill.trade_type]
        trade(self, replace(fill, client_order_id=waiting[0].client_order_id) if waiting else fill)

    patch.setattr(ExchangeConnector, "_trade", first)


def funding_is_overheard(patch: Any) -> None:
    """Payments that the stream tells are not looked up."""
    patch.setattr(FundingKeeper, "book", lambda *_args, **_values: False)


def funding_is_one_bots(patch: Any) -> None:
    """Whoever held most gets all of it."""

    def all_of_it(amount: Decimal, held: Mapping[Holder, Decimal], position: Decimal) -> dict[Holder, Decimal]:
        return {max(held, key=lambda holder: abs(held[holder]), default=NOBODY): amount}

    patch.setattr("botcore.strategies.funding.shares", all_of_it)


def funding_is_written_and_not_counted(patch: Any) -> None:
    """It is in the records and in no result."""
    book = FundingKeeper.book

    def for_nobody_here(keeper: FundingKeeper, *args: Any) -> bool:
        keeper._orchestrator_of = lambda _bot_id: None
        return book(keeper, *args)

    patch.setattr(FundingKeeper, "book", for_nobody_here)


def funding_is_counted_twice(patch: Any) -> None:
    """What is written of a payment is twice as much."""
    patch.setattr("botcore.strategies.funding.shares", lambda amount, held, position: shares(2 * amount, held, position))
