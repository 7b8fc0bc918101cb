"""`HoldingExecutor`: what every executor shares that holds a position on one market.

It ends only when no order of its own is live, and then either flat or with every fill handed to a position hold. A kind of executor says how it gets in and
what ends it (`_run`); the way out is here, on its one `Leg`, and the same for all.
"""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import Any, Final, TypeVar

from mypy_extensions import mypyc_attr

from botcore.executors.base import NOT_STARTED, RUNNING, SHUTTING_DOWN, TERMINATED, ExecutorBase, Trigger
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import MarketExposure
from botcore.executors.leg import STOP_GRACE_NS, Leg
from botcore.executors.requests import SideRequests
from botcore.executors.venue_stop import VenueStop
from botcore.model.enums import CloseType
from botcore.model.events import FactKind, OrderAccepted, OrderClosed, OrderEvent, OrderFilled
from botcore.model.order import Fill, OrderRequest, OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.model.times import MINUTE_NS
from botcore.orders.tracker import Order

C = TypeVar("C", bound=ExecutorConfigBase)

# members of enums as names of this module: compiled code reads them without a lookup
COMPLETED: Final = CloseType.COMPLETED
EARLY_STOP: Final = CloseType.EARLY_STOP
POSITION_HOLD: Final = CloseType.POSITION_HOLD
CANCELED: Final = OrderState.CANCELED
FILLED: Final = OrderState.FILLED
EXIT: Final = Trigger.EXIT
TO_OPEN: Final = Purpose.OPEN
TO_CLOSE: Final = Purpose.CLOSE
TO_STOP: Final = Purpose.STOP

REMIND_NS: Final = 5 * MINUTE_NS
"""Pause between two reminders of an exit that does not come through."""

FEW_TRIES: Final = 3
"""Tries where going on hardly helps: the money, or the position, is not there."""
FEW_TRIES_FOR: Final = (RefusalKind.BALANCE, RefusalKind.NOTHING_LEFT)

ZERO: Final = Decimal(0)
NAN: Final = Decimal("NaN")


@mypyc_attr(allow_interpreted_subclasses=True)
class HoldingExecutor(ExecutorBase[C]):
    """See the module.

    Parameters
    ----------
    requests : SideRequests
        How its orders look.
    """

    def __init__(self, config: C, around: Surroundings, executor_id: str, controller_id: str, created_ns: int, requests: SideRequests) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        of_market: Any = config
        market = around.market_data.state(of_market.connector_name, of_market.trading_pair)
        self._market = market
        self._watch = market.watch
        self._book = market.book
        self._instrument = market.instrument
        self._requests = requests
        self._keeps = False
        self._wants_entry = True
        self._ends_as = CloseType.FAILED
        self._exit_ns = 0
        self._reminded_ns = 0
        self._leg = Leg(self, around, market, of_market.side, requests, self._leg_refused)
        # parts of it as names of their own, for they are looked at with every tick
        self._exposure = self._leg.exposure
        self._fills = self._leg.fills
        self._live = self._leg.live

    def _leg_refused(self, leg: Leg, reason: str, now_ns: int, purpose: Purpose) -> None:
        self._rejected(reason, now_ns, purpose)

    @property
    def _venue_stop(self) -> VenueStop | None:
        return self._leg.venue_stop

    @_venue_stop.setter
    def _venue_stop(self, stop: VenueStop | None) -> None:
        self._leg.venue_stop = stop

    @property
    def _entry_purpose(self) -> Purpose:
        return self._leg.entry_purpose

    @_entry_purpose.setter
    def _entry_purpose(self, purpose: Purpose) -> None:
        self._leg.entry_purpose = purpose

    @property
    def _order_ids(self) -> list[str]:
        return self._leg.order_ids

    # ---- what a kind of executor defines ---------------------------------------------------------------------------
    @abstractmethod
    def _run(self, now_ns: int) -> None:
        """One step of market time while it runs."""

    def _filled(self, order: Order, fill: Fill, now_ns: int) -> None:
        """A fill is booked while it runs: what follows from it."""

    def _booked(self, order: Order, fill: Fill) -> None:
        """A fill is in the exposure, in whatever state before the end."""

    def _accepted(self, order: Order) -> None:
        """The venue has taken an order while it runs."""

    def _let_go(self, order: Order) -> None:
        """An order has ended; it is not among the live ones any more."""

    def _order_ended(self, order: Order, now_ns: int) -> None:
        """The same, after its end was judged, while it runs."""

    def _take_up(self, order: Order) -> None:
        """Hold on to a live order of an earlier process; it is among the live ones already."""

    def _stop_watching(self) -> None:
        """Take off what waits for prices."""

    # ---- the tick --------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        if self.status is RUNNING:
            self._run(now_ns)
        elif self.status is SHUTTING_DOWN:
            self._control_exit(now_ns)

    # ---- exit ------------------------------------------------------------------------------------------------------
    def _exit(self, now_ns: int, close_type: CloseType) -> None:
        """Begin to end: no more entries, cancel what rests, close what is held (or keep it). The exit has a retry budget of its own."""
        self.close_type = close_type
        self.wake_ns = 0
        self._wants_entry = False
        self._retry_at_ns = 0
        self.retries = 0
        self._exit_ns = now_ns
        self._leg.grace_ns = max(self._leg.grace_ns, now_ns + STOP_GRACE_NS)
        self._stop_watching()
        self._move(EXIT)
        self._control_exit(now_ns)

    def _control_exit(self, now_ns: int) -> None:
        self._leg.cancel_resting()
        if not self._keeps and self.info.has_fills and now_ns >= self._retry_at_ns:
            self._leg.close_rest(now_ns)
        if not self._live and (self._keeps or self._is_flat()):
            self._finish(now_ns)
        elif now_ns >= max(self._exit_ns, self._reminded_ns) + REMIND_NS and self._exposure.lots:
            self._remind(now_ns)

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

    def _cancel(self, order: Order) -> None:
        """Ask the venue for an order."""
        self._leg.cancel(order)

    def _reducing_lots(self, now_ns: int) -> int:
        return self._leg.reducing_lots(now_ns)

    def _is_flat(self) -> bool:
        """True when nothing is left that the venue would let us close."""
        return self._leg.is_flat()

    def _is_dust(self, request: OrderRequest) -> bool:
        """Whether an exit is too small for the venue."""
        return self._leg.is_dust(request)

    def _finish(self, now_ns: int) -> None:
        close_type = self.close_type
        if self._keeps and self._exposure.lots and close_type is not COMPLETED:
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
        return self._leg.send(request)

    def _submit(self, request: OrderRequest, now_ns: int) -> Order | None:
        """Send an order; None when it was refused at once, which counts as a rejection."""
        return self._leg.submit(request, now_ns)

    def on_order(self, event: OrderEvent) -> None:
        if type(event) is OrderAccepted and self.status is RUNNING:
            self._accepted(event.order)
            return
        now_ns = self._market_data.now_ns
        self.wake_ns = 0
        if type(event) is OrderFilled:
            self._on_fill(event.order, event.fill, now_ns)
        elif type(event) is OrderClosed:
            self._on_end(event, now_ns)
        if self.status is SHUTTING_DOWN:
            self._control_exit(now_ns)

    def _on_fill(self, order: Order, fill: Fill, now_ns: int) -> None:
        if self.status is TERMINATED:
            self._fills.append(fill)
            self._listener.late_fill(self, fill)
            return
        self._leg.book(fill)
        self.info.has_fills = True
        self._booked(order, fill)
        self._listener.executor_changed(self)
        if self.status is not RUNNING:
            return
        purpose = order.request.purpose
        if purpose is TO_STOP:
            self._exit(now_ns, CloseType.STOP_LOSS)
        elif purpose is Purpose.EXTERNAL and not self._exposure.lots:
            self._exit(now_ns, CloseType.EXTERNAL)
        elif self._exposure.excess_lots:
            self._exit(now_ns, CloseType.TAKE_PROFIT)
        else:
            self._filled(order, fill, now_ns)

    def _on_end(self, event: OrderClosed, now_ns: int) -> None:
        order = event.order
        purpose = order.request.purpose
        self._live.pop(order.client_order_id, None)
        self._let_go(order)
        self._listener.executor_changed(self)
        if purpose is TO_STOP:
            if self._venue_stop is not None:
                self._venue_stop.ended(event, now_ns)
        elif event.state is CANCELED and not order.cancel_asked and not event.reason and purpose is self._leg.entry_purpose:
            self._taken_off(now_ns)
        elif event.state is not FILLED and not (event.state is CANCELED and order.cancel_asked):
            self._rejected(event.reason or f"the venue ended the order ({event.state.name})", now_ns, purpose)
        if self.status is RUNNING:
            self._order_ended(order, now_ns)

    def _taken_off(self, now_ns: int) -> None:
        """Somebody canceled an entry at the venue: what is filled is managed, and nothing is sent in its place."""
        if self.status is RUNNING:
            self._wants_entry = False
            self._ends_as = CloseType.EXTERNAL
            self.info.reason = "the entry was canceled at the venue"
            if not self.has_fills:
                self._exit(now_ns, CloseType.EXTERNAL)

    def _rejected(self, reason: str, now_ns: int, purpose: Purpose) -> None:
        """An order was refused, expired, or canceled by the venue."""
        if self.status is TERMINATED or (purpose.adds_risk and self.status is not RUNNING):
            return
        kind = kind_of(reason)
        if purpose.adds_risk and kind is RefusalKind.BALANCE:
            # the money is not there: what is filled is managed, nothing more is tried
            self.info.reason = reason
            self._wants_entry = False
            self._ends_as = CloseType.INSUFFICIENT_BALANCE
            if not self.has_fills:
                self._exit(now_ns, CloseType.INSUFFICIENT_BALANCE)
        elif kind is RefusalKind.WAITING or (not purpose.adds_risk and kind is RefusalKind.UNREACHABLE):
            # an exit is owed for as long as there is something to close; an entry waits for its venue as long as it is wanted
            self._wait(now_ns, reason)
        elif kind is RefusalKind.FAR and purpose.adds_risk and (self._live or self.has_fills):
            # one step of several stands outside the price band: its turn comes when the market does, and nothing becomes of the others for that
            self._wait(now_ns, reason)
        elif not self._count_retry(now_ns, reason) or (kind in FEW_TRIES_FOR and self.retries >= FEW_TRIES):
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
        self._stop_watching()
        self._leg.cancel_all()
        if self.status is RUNNING:
            self._move(EXIT)
        self._end(now_ns, close_type or (POSITION_HOLD if self._exposure.lots else CloseType.FAILED), reason)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def exposures(self) -> list[MarketExposure]:
        exposure = self._exposure
        return [MarketExposure(self._instrument.market, exposure.side, exposure.base, exposure.entry_price)]

    def held_fills(self) -> list[Fill]:
        """All fills when a position or a remainder below the venue's smallest order is left; else none."""
        return self._leg.held_fills()

    def net_pnl_quote(self) -> Decimal:
        if not self.has_fills or self.is_handed_over():
            return ZERO
        pnl = self._leg.net_pnl()
        return NAN if pnl is None else pnl

    def net_pnl_pct(self) -> Decimal:
        opened = self._exposure.opened_quote
        return self.net_pnl_quote() / opened if opened else ZERO

    def cum_fees_quote(self) -> Decimal:
        return self._exposure.fees_quote

    def has_unpriced_fees(self) -> bool:
        return self._exposure.unpriced

    def filled_amount_quote(self) -> Decimal:
        return self._exposure.volume_quote

    def custom_info(self) -> dict[str, Any]:
        exposure = self._exposure
        of_market: Any = self.config
        return {
            "level_id": self.config.level_id,
            "side": of_market.side,
            "current_position_average_price": exposure.entry_price,
            "close_price": self._leg.close_price(),
            "current_retries": self.retries,
            "max_retries": self.max_retries,
            "order_ids": list(self._leg.order_ids),
            "held_position_orders": sorted({fill.client_order_id for fill in self._fills}) if self.is_closed and exposure.base else [],
            "exposure_base": exposure.base,
            "unpriced_fees": exposure.unpriced,
            "reason": self.info.reason,
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {
            "wants_entry": self._wants_entry,
            "ends_as": self._ends_as.name,
            "keeps": self._keeps,
            "order_ids": list(self._leg.order_ids),
            "exit_ns": self._exit_ns,
            "cancel_asked": self._leg.asked(),
        }

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        super().restore(state, orders, fills)
        self._wants_entry = state["wants_entry"]
        self._ends_as = CloseType[state.get("ends_as", "FAILED")]
        self._keeps = state["keeps"]
        self._leg.order_ids.extend(state["order_ids"])
        self._exit_ns = state.get("exit_ns", 0)
        for fill in fills:
            self._leg.book(fill)
        for order in orders:
            if order.is_open and self._leg.take_up(order, self._market_data.now_ns, state.get("cancel_asked", ())):
                self._take_up(order)
