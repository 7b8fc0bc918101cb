"""`GridExecutor`: a ladder of levels that open and close again and again, under barriers of the whole.

Each level is a small machine (`levels.MOVES`): open order, held, close order at its own profit, and round again. What its orders really traded decides where it
stands, so a partly filled order that ends is held and closed, and never sent in full again. Stop loss, limit price, time limit, trailing stop and "beyond the
end" are of the whole grid and close it by the way out that all executors share.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.executors.barriers import NO_HIGH, NO_LOW
from botcore.executors.base import RUNNING
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Exposure
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.inventory import Inventory
from botcore.executors.grid.level_book import LevelBook
from botcore.executors.grid.levels import (
    COMPLETE,
    NOT_ACTIVE,
    OPEN_ORDER_FILLED,
    GridLevel,
    LevelEvent,
    lay_out,
    profit_of,
)
from botcore.executors.grid.requests import GridRequests
from botcore.executors.grid.view import grid_info
from botcore.executors.guarded import GuardedExecutor
from botcore.executors.holding import CANCELED, FILLED, POSITION_HOLD
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.order import Fill, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.model.times import MINUTE_NS, SECOND_NS
from botcore.orders.tracker import Order

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY
MARKET: Final = OrderType.MARKET
STOP_LOSS: Final = CloseType.STOP_LOSS
TRAILING_STOP: Final = CloseType.TRAILING_STOP
OPEN: Final = Purpose.OPEN
TAKE_PROFIT: Final = Purpose.TAKE_PROFIT

KEPT_ENDS: Final = 20
"""Orders that failed, and that were canceled, that a grid can name: the latest."""

FORGIVEN_NS: Final = 10 * MINUTE_NS
"""A grid lives for weeks: only rejections that follow each other within this time use up its budget of retries."""

LOOK_AGAIN_NS: Final = MINUTE_NS
"""After how long a level outside the price band is tried again, unless the mid has come nearer before."""


@mypyc_attr(allow_interpreted_subclasses=True)
class GridExecutor(GuardedExecutor[GridExecutorConfig]):
    """See the module; fields are those of `GridExecutorConfig`."""

    def __init__(self, config: GridExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        market = around.market_data.state(config.connector_name, config.trading_pair)
        self._orders = GridRequests(market, config, (around.desk.bot_id, controller_id, executor_id))
        barriers = config.triple_barrier_config
        whole = barriers.model_copy(update={"take_profit": None})
        super().__init__(config, around, executor_id, controller_id, created_ns, self._orders, whole)
        tick = Fraction(self._instrument.tick_size)
        around.listener.wake_at(self._deadline_ns)
        # the mid is counted in half ticks; a limit is met at it, the end must be passed
        bound = floor if self._is_long else ceil
        self._limit_half = bound(2 * Fraction(config.limit_price) / tick)
        self._end_half = bound(2 * Fraction(config.end_price if self._is_long else config.start_price) / tick)
        self._level_book = LevelBook(config.side, self._instrument)
        self._residual = Decimal(0)
        self._inventory = Inventory(self._instrument, config.side)
        self._opened_ns = 0
        self._rejected_ns = 0
        # half ticks from the mid beyond which levels are outside the price band, as far as is known, and until when that is believed
        self._reach_half, self._reach_ns = NO_HIGH, 0
        self._is_news = True
        self._seen = (0, 0)
        self._looked_ns = 0
        self._failed: deque[str] = deque(maxlen=KEPT_ENDS)
        self._canceled: deque[str] = deque(maxlen=KEPT_ENDS)

    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        mid = self._requests.mid()
        if mid is None:
            return CloseType.FAILED, f"the price of {self._instrument} is not known"
        ladder = lay_out(self.config, self._instrument, mid)
        if isinstance(ladder, str):
            return CloseType.FAILED, ladder
        self._level_book.levels, self._residual = ladder.levels, ladder.residual_quote
        ticks = self._instrument.price_ticks(mid, self.config.side)
        whole = self._requests.open_request(self._open_type, self._instrument.lots(self.config.total_amount_quote / mid), ticks)
        if not self._desk.can_pay(whole, ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for {self.config.total_amount_quote:f} {self._instrument.quote}"
        return None

    # ---- while it runs ---------------------------------------------------------------------------------------------
    @property
    def _open_type(self) -> OrderType:
        return self.config.triple_barrier_config.open_order_type

    def _run(self, now_ns: int) -> None:
        mid_half = self._market.mid_half_ticks()
        close_type = self._barrier(mid_half, now_ns)
        if close_type is not None:
            self._keeps = self._keeps or close_type is POSITION_HOLD
            self._exit(now_ns, close_type)
            return
        if mid_half is None:
            return
        if self._venue_stop is not None and self._barriers is not None:
            self._keep_stop(self._venue_stop, self._barriers, now_ns)
        touch = (self._book.best_bid, self._book.best_ask)
        if not self._is_news and touch == self._seen and self._looked_ns >= self._retry_at_ns and not self.config.order_frequency:
            return
        self._is_news, self._seen, self._looked_ns = False, touch, now_ns
        self._cancel_far(mid_half)
        self._close_levels(mid_half, now_ns)
        if self._wants_entry:
            self._open_levels(mid_half, now_ns)
        elif not self._live and self._is_flat():
            self._exit(now_ns, self._ends_as)

    def _barrier(self, mid_half: int | None, now_ns: int) -> CloseType | None:
        """The barrier of the whole grid that is hit, in the order stop loss, limit price, time limit, trailing stop, end."""
        hit: CloseType | None = None
        barriers = self._barriers
        if barriers is not None and barriers.is_active and mid_half is not None:
            close_ticks = self._book.best_bid if self._is_long else self._book.best_ask
            if not barriers.low < close_ticks < barriers.high and self._requests.close_ticks() is not None:
                hit = barriers.check(close_ticks)
                if hit is None:
                    self._tell_trail(barriers)
                    self._watch_prices()
                    self._listener.executor_changed(self)
        if hit is STOP_LOSS:
            return hit
        if mid_half is not None and (mid_half <= self._limit_half if self._is_long else mid_half >= self._limit_half):
            return POSITION_HOLD if self.config.keep_position else STOP_LOSS
        if now_ns >= self._deadline_ns:
            return CloseType.TIME_LIMIT
        if hit is not None:
            return hit
        if mid_half is not None and (mid_half > self._end_half if self._is_long else mid_half < self._end_half):
            return CloseType.TAKE_PROFIT
        return None

    def _cancel_far(self, mid_half: int) -> None:
        """Take back what left the activation bounds, and the rest of an open order whose level could take its profit already."""
        is_bounded = self.config.activation_bounds is not None
        for level in self._level_book.levels:
            order: Order | None
            for order in (level.open_order, level.close_order) if is_bounded else ():
                ticks = None if order is None else order.request.price_ticks
                if order is None or ticks is None or order.cancel_asked:
                    continue
                if self._orders.is_far(ticks, mid_half, order.request.trade_type):
                    self._cancel(order)
            order = level.open_order
            if order is not None and order.filled_lots and not order.cancel_asked and self._orders.is_past(level.close_ticks):
                self._cancel(order)

    # ---- other barriers while it runs ------------------------------------------------------------------------------
    def set_barriers(self, triple: TripleBarrierConfig, now_ns: int) -> bool:
        """Barriers of the whole and the profit of each level follow at once: profits that rest at another price are taken back and sent again; order types are those of
        the next orders. Where the levels stand does not change."""
        if self.status is not RUNNING:
            return False
        config = self._changed_config(triple_barrier_config=triple)
        if config is None or triple.take_profit is None:
            return False
        has_other_orders = triple.take_profit_order_type is not self.config.triple_barrier_config.take_profit_order_type
        self.config = self.info.config = config
        self._orders.reconfigure(config)
        profit = profit_of(config, len(self._level_book.levels))
        for level in self._level_book.levels:
            before_ticks, order = level.close_ticks, level.close_order
            level.retarget(profit, config.side, self._instrument)
            if order is not None and not order.cancel_asked and (has_other_orders or level.close_ticks != before_ticks):
                self._cancel(order)
        self._is_news = True
        self._guard_anew(triple.model_copy(update={"take_profit": None}))
        self._watch_prices()
        self._listener.executor_changed(self)
        return True

    # ---- closing levels --------------------------------------------------------------------------------------------
    def _close_levels(self, mid_half: int, now_ns: int) -> None:
        """Send the take profit of each level that holds something."""
        if now_ns < self._retry_at_ns:
            return
        free = self._exposure.lots - self._reducing_lots(now_ns)
        for level in self._level_book.levels:
            if level.state is not OPEN_ORDER_FILLED or self._orders.is_far(level.close_ticks, mid_half, self.config.side.opposite):
                continue
            request = self._orders.level_close(level, min(free, self._instrument.lots(level.base)))
            if request is None:
                continue
            if request.lots < 1 or self._desk.refusal(request, level.close_ticks) is not None:
                level.move(LevelEvent.ENDED_EMPTY)
                continue
            order = self._submit(request, now_ns)
            if order is None:
                return
            self._level_book.bind(order, level)
            free -= request.lots

    # ---- opening levels --------------------------------------------------------------------------------------------
    def _open_levels(self, mid_half: int, now_ns: int) -> None:
        """Send open orders for the levels nearest to the mid, as many as may be out."""
        if now_ns < self._retry_at_ns or (self._opened_ns and now_ns < self._opened_ns + self.config.order_frequency * SECOND_NS):
            return
        room = self.config.max_open_orders - sum(order.request.purpose is OPEN for order in self._live.values())
        room = min(room, self.config.max_orders_per_batch or room)
        if room < 1:
            return
        for level in self._level_book.levels:
            if level.state is COMPLETE:
                level.move(LevelEvent.RECYCLED)
        idle = [level for level in self._level_book.levels if level.state is NOT_ACTIVE]
        if self.config.activation_bounds is not None:
            side = self.config.side
            idle = [level for level in idle if not self._orders.is_far(level.open_ticks, mid_half, side)]
        idle.sort(key=lambda level: (abs(2 * level.open_ticks - mid_half), level.index))
        mid = mid_half * self._instrument.tick_size / 2
        for level in idle:
            distance = abs(2 * level.open_ticks - mid_half)
            if now_ns < self._reach_ns and distance >= self._reach_half:
                return
            request = self._orders.level_open(level, mid)
            if request is None or isinstance(request, str):
                self.info.reason = request or self.info.reason
                continue
            order = self._submit(request, now_ns)
            if order is None:
                if kind_of(self.info.reason) is RefusalKind.FAR:
                    self._reach_half, self._reach_ns = distance, now_ns + LOOK_AGAIN_NS
                return
            self._level_book.bind(order, level)
            self._opened_ns = now_ns
            # the next cycle may send more of them
            self._is_news = True
            room -= 1
            if room < 1:
                return

    # ---- what happens to its orders --------------------------------------------------------------------------------
    def _booked(self, order: Order, fill: Fill) -> None:
        self._is_news = True
        self.retries = 0 if self.status is RUNNING else self.retries
        self._take_stock(fill)
        self._level_book.booked(order, fill)

    def _take_stock(self, fill: Fill) -> None:
        """Inventory and barriers after a fill; a grid that was flat starts with a trailing stop that is not armed."""
        self._inventory.apply(fill)
        if not self._inventory.open.opened_lots:
            self._barriers = self._told_trail = None
        else:
            if self._barriers is None:
                self._barriers = self._new_barriers()
            self._barriers.rebase(self._inventory.open)
        self._watch_prices()

    def _guarded(self) -> Exposure:
        return self._inventory.open

    def _let_go(self, order: Order) -> None:
        self._is_news = True
        if order.state is CANCELED:
            self._canceled.append(order.client_order_id)
        elif order.state is not FILLED:
            self._failed.append(order.client_order_id)
        self._level_book.ended(order, self._live)

    def _rejected(self, reason: str, now_ns: int, purpose: Purpose) -> None:
        if self.status is RUNNING and purpose is OPEN and kind_of(reason) is RefusalKind.FAR:
            # its turn comes when the market does: the others go on, and nothing of them waits for that
            self.info.reason = reason
            return
        if self.status is RUNNING and now_ns > self._rejected_ns + FORGIVEN_NS:
            self.retries = 0
        self._rejected_ns = now_ns
        self._is_news = True
        super()._rejected(reason, now_ns, purpose)

    # ---- prices that matter ----------------------------------------------------------------------------------------
    def _watch_prices(self) -> None:
        """Have a market's walk stop where the grid would end."""
        if self.status is not RUNNING:
            return
        low, high = (NO_LOW, NO_HIGH) if self._barriers is None else self._barriers.watched()
        if self._is_long:
            low, high = max(low, self._limit_half // 2), min(high, self._end_half // 2 + 1)
        else:
            low, high = max(low, -(-self._end_half // 2) - 1), min(high, -(-self._limit_half // 2))
        self._watch.set(self.id, low, high)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    @property
    def levels(self) -> tuple[GridLevel, ...]:
        return tuple(self._level_book.levels)

    @property
    def inventory(self) -> Inventory:
        return self._inventory

    def custom_info(self) -> dict[str, Any]:
        info = super().custom_info()
        info |= {"residual_quote": self._residual, "failed_orders": list(self._failed), "canceled_orders": list(self._canceled)}
        return info | grid_info(self.config, self._level_book.levels, self._inventory, self._requests.close_ticks(), self._fills)

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {
            **self._level_book.state(),
            "residual_quote": str(self._residual),
            "opened_ns": self._opened_ns,
            "rejected_ns": self._rejected_ns,
            "failed_orders": list(self._failed),
            "canceled_orders": list(self._canceled),
        }

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        self._level_book.restore(state)
        self._residual = Decimal(state["residual_quote"])
        self._opened_ns, self._rejected_ns = state["opened_ns"], state["rejected_ns"]
        # records of older versions do not name them
        self._failed.extend(state.get("failed_orders", ()))
        self._canceled.extend(state.get("canceled_orders", ()))
        for fill in fills:
            self._inventory.apply(fill)
        super().restore(state, orders, fills)
        if not self._inventory.open.opened_lots:
            self._barriers = self._told_trail = None
        self._level_book.drop_lost()
        self._watch_prices()

    def _take_up(self, order: Order) -> None:
        if not self._level_book.take_up(order) and order.request.purpose is not Purpose.CLOSE and order.request.purpose is not Purpose.STOP:
            self._cancel(order)
