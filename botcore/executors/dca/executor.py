"""`DCAExecutor`: enter in steps, at better and better prices, and leave the whole at once.

The levels are sent in their order, one a tick; each counts what is live and filled of it, so that it never buys more than its amount, whatever is refused, canceled or
filled late. The position that they make together has one triple barrier, from the first fill on; the way out is `HoldingExecutor`'s: it does not end while
any level is live at the venue.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.executors.barriers import Barriers
from botcore.executors.base import RUNNING
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.executors.dca.ladder import DONE, PLACED, WAITING, Level, LevelEvent, LevelState, levels_of
from botcore.executors.desk import Surroundings
from botcore.executors.guarded import GuardedExecutor
from botcore.executors.requests import SideRequests
from botcore.model.enums import CloseType, OrderType
from botcore.model.order import Fill, OrderState
from botcore.model.times import NEVER
from botcore.orders.tracker import Order

# members of enums as names of this module: compiled code reads them without a lookup
LIMIT: Final = OrderType.LIMIT
MARKET: Final = OrderType.MARKET
FILLED: Final = OrderState.FILLED
TIME_LIMIT: Final = CloseType.TIME_LIMIT


@mypyc_attr(allow_interpreted_subclasses=True)
class DCAExecutor(GuardedExecutor[DCAExecutorConfig]):
    """See the module; fields are those of `DCAExecutorConfig`."""

    def __init__(self, config: DCAExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        market = around.market_data.state(config.connector_name, config.trading_pair)
        requests = SideRequests(market, config.side, (around.desk.bot_id, controller_id, executor_id))
        super().__init__(config, around, executor_id, controller_id, created_ns, requests, config.barriers)
        self._order_type = LIMIT if config.mode is DCAMode.MAKER else MARKET
        self._max_loss: Decimal | None = None
        self._has_barriers = False
        self._levels = levels_of(config, self._instrument)
        self._level_of: dict[str, Level] = {}
        self._ladder_info: dict[str, Any] = {
            "target_position_average_price": config.target_average_price,
            "max_amount_quote": config.max_amount_quote,
            "min_price": min(config.prices),
            "max_price": max(config.prices),
            "n_levels": len(self._levels),
        }
        self._read_barriers(config)
        self._level_key = f"{executor_id}/level"
        around.listener.wake_at(self._deadline_ns)

    def _read_barriers(self, config: DCAExecutorConfig) -> None:
        """Take from a config what the ladder needs to know of its barriers."""
        self._max_loss = config.max_loss_quote if config.stop_loss is not None and config.mode is DCAMode.TAKER else None
        self._has_barriers = config.stop_loss is not None or config.take_profit is not None or config.trailing_stop is not None
        self._ladder_info["max_loss_quote"] = config.max_loss_quote

    def _new_barriers(self) -> Barriers:
        return Barriers(self._triple, self.config.side.sign, profit_is_strict=True, max_loss_quote=self._max_loss)

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        expiry = self._expiry(now_ns)
        if expiry is not None:
            return expiry
        lots = cost = 0
        for level in self._levels:
            refusal = self._instrument.refusal(level.lots, level.ticks)
            if refusal is not None:
                return CloseType.FAILED, f"level {level.number} of {len(self._levels)}: {refusal}"
            lots += level.lots
            cost += level.lots * level.ticks
        # the whole ladder at its average price, rounded up: a ladder without its last steps is not what was asked for
        ticks = -(-cost // lots)
        if not self._desk.can_pay(self._requests.open_request(self._order_type, lots, ticks), ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for all levels: {self.config.max_amount_quote} {self._instrument.quote}"
        return None

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        if self._may_be_stranded and self._next_level() is None and self._end_if_stranded(now_ns):
            return
        barriers = self._barriers
        if barriers is not None:
            if self._control_barriers(barriers, now_ns):
                return
            if self._venue_stop is not None:
                self._keep_stop(self._venue_stop, barriers, now_ns)
        if now_ns >= self._deadline_ns:
            self._exit(now_ns, TIME_LIMIT)
            return
        waiting = self._next_level() if self._wants_entry else None
        if waiting is not None and now_ns >= self._retry_at_ns:
            self._control_level(waiting, now_ns)
        if self.status is RUNNING and (barriers is None or not self._has_barriers):
            self.wake_ns = min(self._deadline_ns, self._wake_for_level(now_ns))

    def _control_level(self, level: Level, now_ns: int) -> None:
        """Send the level whose turn it is, when the market is near enough."""
        if level.allows(self._market.mid_half_ticks()):
            self._place(level, now_ns)
        elif level.is_bounded:
            self._watch.set(self._level_key, *level.watched())

    def _wake_for_level(self, now_ns: int) -> int:
        """When the next level may go: 0 asks for every event, for its bounds or its turn."""
        if not self._wants_entry or self._next_level() is None:
            return NEVER
        return self._retry_at_ns if self._retry_at_ns > now_ns else 0

    def _next_level(self) -> Level | None:
        """First level of which something is still to be sent."""
        for level in self._levels:
            if level.state is WAITING:
                return level
        return None

    def _place(self, level: Level, now_ns: int) -> None:
        """Send what is left of a level; nothing more of it is wanted when the venue does not trade that little."""
        if level.filled_lots and self._instrument.refusal(level.left_lots, level.ticks) is not None:
            level.move(LevelEvent.LEFT)
            self._listener.executor_changed(self)
            return
        order = self._send(self._requests.open_request(self._order_type, level.left_lots, level.ticks))
        level.order_ids.append(order.client_order_id)
        self._level_of[order.client_order_id] = level
        if order.is_open:
            level.order = order
            level.move(LevelEvent.SENT)
            self._watch.clear(self._level_key)
        else:
            self._rejected(order.reason, now_ns, order.request.purpose)

    # ---- other barriers while it runs ------------------------------------------------------------------------------
    def set_barriers(self, triple: TripleBarrierConfig, now_ns: int) -> bool:
        """Stop loss, take profit, time limit (from its creation) and trailing stop follow at once; the ladder stays what it is, and closes at market as before."""
        if self.status is not RUNNING:
            return False
        names = ("stop_loss", "take_profit", "time_limit", "trailing_stop", "stop_on_venue")
        config = self._changed_config(**{name: getattr(triple, name) for name in names})
        if config is None:
            return False
        self.config = self.info.config = config
        self._read_barriers(config)
        self._guard_anew(config.barriers)
        self._listener.executor_changed(self)
        return True

    # ---- what happens to its orders --------------------------------------------------------------------------------
    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        level = self._level_of.get(order.client_order_id)
        if level is None:
            return
        level.filled_lots += fill.lots
        if level.order is None:
            # its order had ended: the venue told of this fill late
            if level.state is WAITING and not level.left_lots:
                level.move(LevelEvent.FILLED)
        elif level.order is not order and level.order.remaining_lots > level.left_lots:
            # the same, and what was sent in its place is too much now: it is taken back and sent again, smaller
            self._cancel(level.order)

    def _let_go(self, order: Order) -> None:
        level = self._level_of.get(order.client_order_id)
        if level is None or level.order is not order:
            return
        level.order = None
        if order.state is FILLED or not level.left_lots:
            level.move(LevelEvent.FILLED)
        else:
            level.move(LevelEvent.ENDED if self.status is RUNNING else LevelEvent.LEFT)

    def _order_ended(self, order: Order, now_ns: int) -> None:
        self._may_be_stranded = True
        super()._order_ended(order, now_ns)

    def _stop_watching(self) -> None:
        super()._stop_watching()
        self._watch.clear(self._level_key)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def custom_info(self) -> dict[str, Any]:
        info = super().custom_info()
        exposure = self._exposure
        ticks = self._requests.close_ticks()
        return (
            info
            | self._ladder_info
            | {
                "filled_amount": self._instrument.amount(exposure.opened_lots + exposure.closed_lots),
                "filled_amount_quote": exposure.volume_quote,
                "current_market_price": None if ticks is None else self._instrument.price(ticks),
                "levels_by_state": self._counts(),
                "total_executed_amount_backup": self._instrument.amount(exposure.opened_lots),
            }
        )

    def _counts(self) -> dict[str, int]:
        counts = {state.name: 0 for state in LevelState}
        for level in self._levels:
            counts[level.state.name] += 1
        return counts

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"levels": [{"state": level.state.name, "order_ids": list(level.order_ids)} for level in self._levels]}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        for level, saved in zip(self._levels, state["levels"], strict=True):
            level.order_ids = list(saved["order_ids"])
            level.state = DONE if saved["state"] == DONE.name else WAITING
            for client_order_id in level.order_ids:
                self._level_of[client_order_id] = level
        for fill in fills:
            of_fill = self._level_of.get(fill.client_order_id)
            if of_fill is not None:
                of_fill.filled_lots += fill.lots
        super().restore(state, orders, fills)
        for level in self._levels:
            if level.state is WAITING and not level.left_lots:
                level.state = DONE

    def _take_up(self, order: Order) -> None:
        level = self._level_of.get(order.client_order_id)
        if level is not None:
            level.order = order
            level.state = PLACED
