"""`OrderExecutor`: work one order to its size and hand the fills to the position ledger.

At most one order of it is live, and what is live and filled together is never more than what is wanted: an order that is to stand elsewhere has to have ended before the
next one is sent. Its own PnL is always 0: what it filled is held, and earned or lost there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from botcore.executors.base import RUNNING
from botcore.executors.chaser import Chaser
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig
from botcore.executors.desk import Surroundings
from botcore.executors.one_side import OneSideExecutor
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.order import Fill, OrderRequest
from botcore.model.times import NEVER
from botcore.orders.tracker import Order

ZERO = Decimal(0)
ORDER_TYPES = {
    ExecutionStrategy.MARKET: OrderType.MARKET,
    ExecutionStrategy.LIMIT: OrderType.LIMIT,
    ExecutionStrategy.LIMIT_MAKER: OrderType.LIMIT_MAKER,
    ExecutionStrategy.LIMIT_CHASER: OrderType.LIMIT_MAKER,
}

# members of enums as names of this module: compiled code reads them without a lookup
MARKET: Final = OrderType.MARKET
LIMIT_MAKER: Final = OrderType.LIMIT_MAKER
BUY: Final = TradeType.BUY
FAILED: Final = CloseType.FAILED
POSITION_HOLD: Final = CloseType.POSITION_HOLD


class OrderExecutor(OneSideExecutor[OrderExecutorConfig]):
    """See the module; fields are those of `OrderExecutorConfig`."""

    def __init__(self, config: OrderExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        self._is_buy = config.side is BUY
        self._order_type = ORDER_TYPES[config.execution_strategy]
        self._wanted_lots = self._instrument.lots(config.amount)
        self._latest: Order | None = None
        self._chaser: Chaser | None = None
        if config.execution_strategy is ExecutionStrategy.LIMIT_CHASER and config.chaser_config is not None:
            self._chaser = Chaser(config.chaser_config, self._instrument, config.side)

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        ticks = self._expected(self._ticks())
        return self._refusal_of(self._request(self._wanted_lots, ticks), ticks)

    # ---- while it runs ---------------------------------------------------------------------------------------------
    @property
    def _left_lots(self) -> int:
        return max(0, self._wanted_lots - self._exposure.opened_lots)

    def _run(self, now_ns: int) -> None:
        order = self._order
        if not self._wants_entry:
            # it was refused at once, for good
            self._exit(now_ns, POSITION_HOLD)
        elif order is not None:
            self._follow(order)
        elif now_ns < self._retry_at_ns:
            self.wake_ns = self._retry_at_ns
        else:
            self._work(now_ns)

    def _work(self, now_ns: int) -> None:
        """Send what is still wanted; hand over what is filled when the venue does not trade that little."""
        ticks = self._ticks()
        if ticks is None and self._chaser is not None:
            # nobody stands there: it waits for a price to rest behind
            return
        lots = self._left_lots
        refusal = self._desk.refusal(self._request(lots, ticks), self._expected(ticks))
        if refusal is not None:
            if not self.has_fills:
                self.info.reason = refusal
            self._exit(now_ns, POSITION_HOLD if self.has_fills else FAILED)
            return
        touch = self._touch()
        order = self._order = self._submit(self._request(lots, ticks), now_ns)
        self._latest = order or self._latest
        if order is not None and self._chaser is not None and touch is not None:
            self._chaser.anchor(touch)
            self._watch.set(self.id, *self._chaser.watched())
            self._listener.executor_changed(self)

    def _follow(self, order: Order) -> None:
        """An order is live: a chaser's follows the market, any other needs nothing until something happens to it."""
        chaser = self._chaser
        if chaser is None:
            self.wake_ns = NEVER
            return
        touch = self._touch()
        if touch is not None and not order.cancel_asked and chaser.has_to_move(touch):
            self._cancel(order)

    # ---- what happens to its orders --------------------------------------------------------------------------------
    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        live = self._order
        if live is not None and live is not order and live.remaining_lots > self._left_lots:
            # the venue told late of a fill: what was sent in its place is too much now, it is taken back and sent again, smaller
            self._cancel(live)

    def _let_go(self, order: Order) -> None:
        if order is not self._order:
            return
        self._order = None
        self._watch.clear(self.id)
        if order.cancel_asked:
            # it stood until we moved it: rejections are counted in a row
            self.retries = 0

    def _order_ended(self, order: Order, now_ns: int) -> None:
        if self._wants_entry and self._order is None and not self._left_lots:
            self._exit(now_ns, POSITION_HOLD)
        else:
            super()._order_ended(order, now_ns)

    def _stop_watching(self) -> None:
        self._watch.clear(self.id)

    # ---- prices ----------------------------------------------------------------------------------------------------
    def _touch(self) -> int | None:
        """Best price of our own side, in ticks; None while nobody stands there, or the book is torn."""
        ticks = self._book.best_bid if self._is_buy else self._book.best_ask
        return None if ticks in (NO_BID, NO_ASK) or self._market.is_torn else ticks

    def _facing(self) -> int | None:
        """Best price of the other side: what a market order would get."""
        ticks = self._book.best_ask if self._is_buy else self._book.best_bid
        return None if ticks in (NO_ASK, NO_BID) or self._market.is_torn else ticks

    def _expected(self, ticks: int | None) -> int | None:
        """Price that an order with this limit is checked at: the limit, also one of 0, or what it would take without one."""
        return self._facing() if ticks is None else ticks

    def _ticks(self) -> int | None:
        """Limit price; one that must rest is held back to our side's touch. None for a market order, and for a chaser that has nothing to follow."""
        if self._chaser is not None:
            touch = self._touch()
            return None if touch is None else self._chaser.quote_ticks(touch)
        config = self.config
        if self._order_type is MARKET or config.price is None:
            return None
        return self._requests.resting(self._instrument.price_ticks(config.price, config.side), config.side, self._order_type)

    def _request(self, lots: int, ticks: int | None) -> OrderRequest:
        return self._entry(self._order_type, lots, None if self._order_type is MARKET else ticks)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def custom_info(self) -> dict[str, Any]:
        order = self._latest
        return super().custom_info() | {
            "order_id": self._order_ids[-1] if self._order_ids else None,
            "order_last_update": order.updated_ns / 1e9 if order is not None else None,
            "held_position_orders": sorted({fill.client_order_id for fill in self._fills}) if self.is_closed else [],
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        anchor = None if self._chaser is None else self._chaser.anchor_ticks
        return super().state() | {"anchor_price": None if anchor is None else str(self._instrument.price(anchor))}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        anchor = state.get("anchor_price")
        if self._chaser is not None and anchor is not None:
            self._chaser.anchor(self._instrument.price_ticks(Decimal(anchor), self.config.side))
        # records of the first version do not say more than this
        super().restore({"wants_entry": True, "keeps": True} | state, orders, fills)
        for order in orders:
            if self._latest is None or order.created_ns >= self._latest.created_ns:
                self._latest = order

    def _take_up(self, order: Order) -> None:
        super()._take_up(order)
        if self._chaser is not None and self.status is RUNNING:
            self._watch.set(self.id, *self._chaser.watched())
