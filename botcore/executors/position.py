"""`PositionExecutor`: open one position and manage it with a triple barrier.

What must stay true: exposure is the sum of the fills of every order that it ever sent; barriers protect from the first fill; an exit is sized from
exposure minus live reducing orders, so nothing is ever sold twice; it ends only when no order of its own is live, and then either flat or with
every fill handed to a position hold.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.executors.barriers import Barriers
from botcore.executors.base import NOT_STARTED, RUNNING, SHUTTING_DOWN, TERMINATED, ExecutorBase, Trigger
from botcore.executors.data_types import PositionExecutorConfig
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Exposure
from botcore.executors.pricing import PositionPricing
from botcore.executors.venue_stop import VenueStop
from botcore.model.enums import CloseType, TradeType
from botcore.model.events import FactKind, OrderAccepted, OrderClosed, OrderEvent, OrderFilled
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.model.times import MINUTE_NS, NEVER, SECOND_NS
from botcore.orders.tracker import Order

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY
EARLY_STOP: Final = CloseType.EARLY_STOP
POSITION_HOLD: Final = CloseType.POSITION_HOLD
CANCELED: Final = OrderState.CANCELED
FILLED: Final = OrderState.FILLED
EXIT: Final = Trigger.EXIT

STOP_GRACE_NS: Final = 2 * SECOND_NS
"""So long an exit waits for the stop at the venue to be canceled."""

RESTORED_GRACE_NS: Final = 15 * SECOND_NS
"""So long after a restart an exit waits to hear of the stop that stood before: it may have fired meanwhile, and what is sent beside it would close too much. The
stop itself protects the position until then."""

REMIND_NS: Final = 5 * MINUTE_NS
"""Pause between two reminders of an exit that does not come through."""

BALANCE_TRIES: Final = 3

ZERO: Final = Decimal(0)
NAN: Final = Decimal("NaN")


@mypyc_attr(allow_interpreted_subclasses=True)
class PositionExecutor(ExecutorBase[PositionExecutorConfig]):
    """See the module; fields and barriers are those of `PositionExecutorConfig`."""

    def __init__(self, config: PositionExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        market = around.market_data.state(config.connector_name, config.trading_pair)
        barriers = config.triple_barrier_config
        self._watch = market.watch
        self._book = market.book
        self._instrument = market.instrument
        self._pricing = PositionPricing(config, market, (around.desk.bot_id, controller_id, executor_id))
        self._is_long = config.side is BUY
        self._deadline_ns = NEVER if barriers.time_limit is None else created_ns + barriers.time_limit * 1_000_000_000
        self._is_bounded = config.activation_bounds is not None
        if self._is_bounded:
            around.listener.wake_at(self._deadline_ns)
        self._takes_profit_by_limit = barriers.take_profit is not None and barriers.take_profit_order_type.is_limit
        self._wanted_lots = self._instrument.lots(config.amount)
        self._wants_entry = True
        self._keeps = False
        self._first_request: OrderRequest | None = None
        self._entry: Order | None = None
        self._profit: Order | None = None
        self._close: Order | None = None
        self._venue_stop: VenueStop | None = None
        if (
            barriers.stop_loss is not None
            and barriers.stop_on_venue
            and self._instrument.is_perpetual
            and around.desk.keeps_stops(config.connector_name)
        ):
            self._venue_stop = VenueStop(around.desk, self._pricing.stop_request, self._send, self._stop_refused)
        self._exit_ns = 0
        self._grace_ns = 0
        self._reminded_ns = 0
        self._exposure = Exposure(self._instrument, config.side)
        self._barriers: Barriers | None = None
        self._fills: list[Fill] = []
        self._order_ids: list[str] = []

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        if self._deadline_ns <= now_ns:
            return CloseType.EXPIRED, "the time limit had passed before it could start"
        if self._pricing.entry_price is None:
            return CloseType.FAILED, f"the price of {self._instrument} is not known"
        ticks = self._pricing.entry_ticks()
        refusal = self._instrument.refusal(self._wanted_lots, ticks)
        if refusal is not None:
            return CloseType.FAILED, refusal
        self._first_request = self._pricing.entry_request(self._wanted_lots, ticks)
        if not self._desk.can_pay(self._first_request, ticks):
            return CloseType.INSUFFICIENT_BALANCE, f"the account can't pay for {self.config.amount} {self._instrument.base}"
        return None

    # ---- the tick --------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        if self.status is RUNNING:
            if self._entry is None:
                if self._wants_entry:
                    self._control_entry(now_ns)
            elif self._is_bounded and not self._pricing.entry_allowed():
                self._desk.cancel(self._entry)
            if self._barriers is not None:
                if self._control_barriers(self._barriers, now_ns):
                    return
                if self._venue_stop is not None:
                    self._keep_stop(self._venue_stop, self._barriers, now_ns)
            if now_ns >= self._deadline_ns and self.status is RUNNING:
                self._exit(now_ns, CloseType.TIME_LIMIT)
            elif self._barriers is None and not self._is_bounded:
                # a resting entry needs nothing until it is filled, ends, or runs out of time
                self.wake_ns = self._deadline_ns if self._entry is not None else min(self._deadline_ns, self._retry_at_ns)
        elif self.status is SHUTTING_DOWN:
            self._control_exit(now_ns)

    def _control_entry(self, now_ns: int) -> None:
        """Send what is still wanted of the entry, when bounds and backoff allow."""
        if now_ns < self._retry_at_ns or now_ns >= self._deadline_ns or not self._pricing.entry_allowed():
            return
        lots = self._wanted_lots - self._exposure.opened_lots
        if lots < 1 or (self.has_fills and self._instrument.refusal(lots, self._pricing.entry_ticks()) is not None):
            self._wants_entry = False
            return
        request, self._first_request = self._first_request, None
        if request is None or now_ns != self.created_ns:
            request = self._pricing.entry_request(lots, self._pricing.entry_ticks())
        self._entry = self._submit(request, now_ns)

    def _control_barriers(self, barriers: Barriers, now_ns: int) -> bool:
        """Check the barriers against the price at which the position would close; True when one was hit."""
        if not barriers.is_active:
            return False
        close_ticks = self._book.best_bid if self._is_long else self._book.best_ask
        if not barriers.low < close_ticks < barriers.high and self._pricing.close_ticks() is not None:
            close_type = barriers.check(close_ticks)
            if close_type is not None:
                self._exit(now_ns, close_type)
                return True
            self._watch.set(self.id, *barriers.watched())
            self._listener.executor_changed(self)
        if self._takes_profit_by_limit:
            self._control_take_profit(now_ns)
        return False

    def _control_take_profit(self, now_ns: int) -> None:
        """Keep one resting order over exactly what is held."""
        order, lots = self._profit, self._exposure.lots
        if order is not None:
            if order.remaining_lots != lots or (self._is_bounded and not self._pricing.profit_allowed(self._exposure)):
                self._desk.cancel(order)
            return
        if lots < 1 or not self._retry_at_ns <= now_ns < self._deadline_ns or not self._pricing.profit_allowed(self._exposure):
            return
        request = self._pricing.profit_request(lots, self._exposure)
        if not self._is_dust(request, request.price_ticks):
            self._profit = self._submit(request, now_ns)

    def _keep_stop(self, stop: VenueStop, barriers: Barriers, now_ns: int) -> None:
        """Keep one stop at the venue over exactly what is held."""
        ticks = barriers.stop_ticks()
        stop.keep(self._exposure.lots, None if ticks is None else self._pricing.stop_ticks(ticks), now_ns)

    def _stop_refused(self, reason: str) -> None:
        self._listener.executor_told(self, FactKind.STOP_REFUSED, reason=reason)

    # ---- exit ------------------------------------------------------------------------------------------------------
    def _exit(self, now_ns: int, close_type: CloseType) -> None:
        """Begin to end: no more entries, cancel what rests, close what is held (or keep it). The exit has a retry budget of its own."""
        self.close_type = close_type
        self.wake_ns = 0
        self._wants_entry = False
        self._retry_at_ns = 0
        self.retries = 0
        self._exit_ns = now_ns
        self._grace_ns = max(self._grace_ns, now_ns + STOP_GRACE_NS)
        self._watch.clear(self.id)
        self._move(EXIT)
        self._control_exit(now_ns)

    def _cancel_all(self) -> None:
        """Ask for what is still resting; asked orders are not asked again unless the venue refused."""
        for order in (self._entry, self._profit):
            if order is not None and order.is_open and not order.cancel_asked:
                self._desk.cancel(order)
        if self._venue_stop is not None:
            self._venue_stop.take_off()

    def _control_exit(self, now_ns: int) -> None:
        self._cancel_all()
        if not self._keeps and self.info.has_fills:
            self._close_rest(now_ns)
        is_idle = self._entry is None and self._profit is None and self._close is None
        if is_idle and (self._venue_stop is None or self._venue_stop.order is None) and (self._keeps or self._is_flat()):
            self._finish(now_ns)
        elif now_ns >= max(self._exit_ns, self._reminded_ns) + REMIND_NS and self._exposure.lots:
            self._remind(now_ns)

    def _close_rest(self, now_ns: int) -> None:
        """Send one market order for what no live order of ours already reduces."""
        if self._close is not None or now_ns < self._retry_at_ns:
            return
        if self._exposure.excess_lots:
            self._take_back(now_ns)
            return
        lots = self._exposure.lots - (self._profit.remaining_lots if self._profit is not None else 0)
        if self._venue_stop is not None and now_ns < self._grace_ns:
            # in a moment it is gone or has done its work; a line that does not answer must not hold up the exit, and both only reduce
            lots -= self._venue_stop.lots
        if lots < 1:
            return
        request = self._pricing.close_request(lots)
        takeable = self._desk.takeable(request)
        if takeable < lots:
            # a thin book is not swept: a slice now, the rest when somebody stands there again
            request = self._pricing.close_request(max(1, takeable))
        if not self._is_dust(request, self._pricing.close_ticks()):
            self._close = self._submit(request, now_ns)

    def _take_back(self, now_ns: int) -> None:
        """Two exits have met and closed more than there was: trade the excess back."""
        if self._profit is not None or (self._venue_stop is not None and self._venue_stop.order is not None):
            return
        request = self._excess_request()
        if not self._is_dust(request, self._pricing.close_ticks()):
            self._listener.executor_told(self, FactKind.OVER_CLOSED, amount=format(self._instrument.amount(request.lots), "f"))
            self._close = self._submit(request, now_ns)

    def _excess_request(self) -> OrderRequest:
        mode = self._desk.position_mode(self._instrument.market.connector_name)
        return self._pricing.reopen_request(self._exposure.excess_lots, mode)

    def _remind(self, now_ns: int) -> None:
        """An exit that does not come through is told again and again: somebody has to look."""
        self._reminded_ns = now_ns
        self._listener.executor_told(
            self,
            FactKind.EXIT_STUCK,
            exposure_base=format(self._exposure.base, "f"),
            duration_s=(now_ns - self._exit_ns) / 1e9,
            reason=self.info.reason,
        )

    def _is_flat(self) -> bool:
        """True when nothing is left that the venue would let us close."""
        if not self.info.has_fills:
            return True
        if self._exposure.excess_lots:
            return self._is_dust(self._excess_request(), self._pricing.close_ticks())
        return self._is_dust(self._pricing.close_request(self._exposure.lots), self._pricing.close_ticks())

    def _is_dust(self, request: OrderRequest, ticks: int | None) -> bool:
        """Whether an exit is too small for the venue."""
        return request.lots < 1 or self._desk.refusal(request, ticks) is not None

    def _finish(self, now_ns: int) -> None:
        close_type = self.close_type
        if self._keeps and self._exposure.lots:
            close_type = POSITION_HOLD
        elif close_type is POSITION_HOLD:
            close_type = EARLY_STOP
        reason = ""
        if self._exposure.base and not self._keeps:
            reason = f"dust: {abs(self._exposure.base):f} {self._instrument.base} is less than the venue trades; it is held"
        self._end(now_ns, close_type, reason)

    def _give_up(self, now_ns: int) -> None:
        """The retry budget is used up: without exposure it failed; with exposure barriers go on, or, when the exit failed, it is handed over."""
        if self.status is RUNNING:
            self._wants_entry = False
            if not self._exposure.lots:
                self._exit(now_ns, CloseType.FAILED)
            return
        if not self._keeps and self._exposure.lots:
            self._listener.executor_told(self, FactKind.EXIT_FAILED, exposure_base=format(self._exposure.base, "f"), reason=self.info.reason)
        self._keeps = True

    # ---- orders ----------------------------------------------------------------------------------------------------
    def _send(self, request: OrderRequest) -> Order:
        order = self._desk.submit(request, self)
        self._order_ids.append(order.client_order_id)
        self._listener.executor_changed(self)
        return order

    def _submit(self, request: OrderRequest, now_ns: int) -> Order | None:
        """Send an order; None when it was refused at once, which counts as a rejection."""
        order = self._send(request)
        if order.is_open:
            return order
        self._rejected(order.reason, now_ns, request.purpose)
        return None

    def on_order(self, event: OrderEvent) -> None:
        if type(event) is OrderAccepted and self.status is RUNNING:
            return
        now_ns = self._market_data.now_ns
        self.wake_ns = 0
        if type(event) is OrderFilled:
            if self.status is TERMINATED:
                self._fills.append(event.fill)
                self._listener.late_fill(self, event.fill)
                return
            self._book_fill(event.fill)
            if self.status is RUNNING:
                self._after_fill(event.order.request.purpose, now_ns)
        elif type(event) is OrderClosed:
            self._forget(event.order)
            if event.order.request.purpose is Purpose.STOP:
                if self._venue_stop is not None:
                    self._venue_stop.ended(event, now_ns)
            elif event.state is CANCELED and not event.order.cancel_asked and not event.reason and event.order.request.purpose is Purpose.OPEN:
                self._entry_taken_off(now_ns)
            elif event.state is not FILLED and not (event.state is CANCELED and event.order.cancel_asked):
                self._rejected(event.reason or f"the venue ended the order ({event.state.name})", now_ns, event.order.request.purpose)
            if self.status is RUNNING and self._exposure.closed_lots and self._is_flat():
                # the resting take profit has sold all that can be sold; what is left of the entry is not wanted any more
                self._exit(now_ns, CloseType.TAKE_PROFIT)
        if self.status is SHUTTING_DOWN:
            self._control_exit(now_ns)

    def _book_fill(self, fill: Fill) -> None:
        self._exposure.apply(fill)
        self._fills.append(fill)
        self.info.has_fills = True
        if self._barriers is None:
            self._barriers = Barriers(self.config.triple_barrier_config, self.config.side.sign)
            # from now on it wants every market event; its time limit needs a tick of its own
            self._listener.wake_at(self._deadline_ns)
        self._barriers.rebase(self._exposure)
        if self.status is RUNNING:
            self._watch.set(self.id, *self._barriers.watched())
        self._listener.executor_changed(self)

    def _after_fill(self, purpose: Purpose, now_ns: int) -> None:
        """Fills that end it: of the stop at the venue, of somebody else, or of one exit too many."""
        if purpose is Purpose.STOP:
            self._exit(now_ns, CloseType.STOP_LOSS)
        elif purpose is Purpose.EXTERNAL and not self._exposure.lots:
            self._exit(now_ns, CloseType.EXTERNAL)
        elif self._exposure.excess_lots:
            self._exit(now_ns, CloseType.TAKE_PROFIT)

    def _entry_taken_off(self, now_ns: int) -> None:
        """Somebody canceled the entry at the venue: what is filled is managed, and nothing is sent in its place."""
        if self.status is RUNNING:
            self._wants_entry = False
            self.info.reason = "the entry was canceled at the venue"
            if not self.has_fills:
                self._exit(now_ns, CloseType.EXTERNAL)

    def _forget(self, order: Order) -> None:
        """Let go of an order that has ended."""
        if order is self._entry:
            self._entry = None
            self._wants_entry = self._wants_entry and order.filled_lots < order.lots
        elif order is self._profit:
            self._profit = None
        elif order is self._close:
            self._close = None

    def _rejected(self, reason: str, now_ns: int, purpose: Purpose) -> None:
        """An order was refused, expired, or canceled by the venue."""
        if self.status is TERMINATED or (purpose.adds_risk and self.status is not RUNNING):
            return
        kind = kind_of(reason)
        if purpose.adds_risk and kind is RefusalKind.BALANCE:
            # the money is not there: what is filled is managed, nothing more is tried
            self.info.reason = reason
            self._wants_entry = False
            if not self.has_fills:
                self._exit(now_ns, CloseType.INSUFFICIENT_BALANCE)
        elif kind is RefusalKind.WAITING or (not purpose.adds_risk and kind is RefusalKind.UNREACHABLE):
            # an exit is owed for as long as there is something to close; an entry waits for its venue as long as it is wanted
            self._wait(now_ns, reason)
        elif not self._count_retry(now_ns, reason) or (kind is RefusalKind.BALANCE and self.retries >= BALANCE_TRIES):
            self._give_up(now_ns)

    # ---- ends from outside -----------------------------------------------------------------------------------------
    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        if self.status is NOT_STARTED:
            self._end(now_ns, EARLY_STOP)
        elif self.status is RUNNING:
            self._keeps = keep_position
            self._exit(now_ns, POSITION_HOLD if keep_position else EARLY_STOP)

    def abandon(self, now_ns: int, reason: str, close_type: CloseType | None = None) -> None:
        if self.status is TERMINATED:
            return
        self._watch.clear(self.id)
        for order in (self._entry, self._profit, self._close):
            if order is not None and order.is_open:
                self._desk.cancel(order)
        if self._venue_stop is not None:
            self._venue_stop.take_off()
        if self.status is RUNNING:
            self._move(EXIT)
        self._end(now_ns, close_type or (POSITION_HOLD if self._exposure.lots else CloseType.FAILED), reason)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def held_fills(self) -> list[Fill]:
        """All fills when a position or a remainder below the venue's smallest order is left; else none."""
        return list(self._fills) if self._exposure.base else []

    def net_pnl_quote(self) -> Decimal:
        if not self.has_fills:
            return ZERO
        pnl = self._exposure.net_pnl(self._pricing.close_ticks())
        return NAN if pnl is None else pnl

    def net_pnl_pct(self) -> Decimal:
        opened = self._exposure.opened_quote
        return self.net_pnl_quote() / opened if opened else ZERO

    def cum_fees_quote(self) -> Decimal:
        return self._exposure.fees_quote

    def filled_amount_quote(self) -> Decimal:
        return self._exposure.volume_quote

    def custom_info(self) -> dict[str, Any]:
        exposure = self._exposure
        trigger = self._barriers.trailing_trigger() if self._barriers is not None else None
        close_price = exposure.exit_price
        if close_price is None:
            ticks = self._pricing.close_ticks()
            close_price = self._instrument.price(ticks) if ticks is not None else None
        return {
            "level_id": self.config.level_id,
            "side": self.config.side,
            "current_position_average_price": exposure.entry_price if exposure.opened_lots else self._pricing.entry_price,
            "close_price": close_price,
            "current_retries": self.retries,
            "max_retries": self.max_retries,
            "open_order_last_update": self._entry.updated_ns / 1e9 if self._entry is not None else None,
            "order_ids": list(self._order_ids),
            "held_position_orders": sorted({fill.client_order_id for fill in self._fills}) if self.is_closed and exposure.base else [],
            "exposure_base": exposure.base,
            "trailing_stop_trigger_pct": None if trigger is None else Decimal(trigger.numerator) / trigger.denominator,
            "unpriced_fees": exposure.unpriced,
            "reason": self.info.reason,
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        trigger = self._barriers.trailing_trigger() if self._barriers is not None else None
        return super().state() | {
            "entry_price": None if self._pricing.entry_price is None else str(self._pricing.entry_price),
            "wants_entry": self._wants_entry,
            "keeps": self._keeps,
            "trail": None if trigger is None else str(trigger),
            "order_ids": list(self._order_ids),
            "exit_ns": self._exit_ns,
        }

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        super().restore(state, orders, fills)
        self._pricing.entry_price = None if state["entry_price"] is None else Decimal(state["entry_price"])
        self._wants_entry = state["wants_entry"]
        self._keeps = state["keeps"]
        self._order_ids = list(state["order_ids"])
        self._exit_ns = state.get("exit_ns", 0)
        for fill in fills:
            self._exposure.apply(fill)
            self._fills.append(fill)
        if fills:
            self._barriers = Barriers(self.config.triple_barrier_config, self.config.side.sign)
            if state["trail"] is not None:
                self._barriers.restore_trail(Fraction(state["trail"]))
            self._barriers.rebase(self._exposure)
        for order in orders:
            if order.is_open:
                self._take_up(order)
        if self.status is RUNNING and self._barriers is not None:
            self._watch.set(self.id, *self._barriers.watched())

    def _take_up(self, order: Order) -> None:
        """Hold on to a live order of an earlier process."""
        purpose = order.request.purpose
        if purpose is Purpose.OPEN:
            self._entry = order
        elif purpose is Purpose.TAKE_PROFIT:
            self._profit = order
        elif purpose is Purpose.STOP:
            if self._venue_stop is None:
                self._desk.cancel(order)
            else:
                self._venue_stop.order = order
                self._grace_ns = self._market_data.now_ns + RESTORED_GRACE_NS
        else:
            self._close = order
