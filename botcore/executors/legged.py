"""`LeggedExecutor`: what executors share that trade several markets at once.

Each market is a `Leg`. What one leg has and the other has not is exposure: the executor works to have both, or neither, and never ends with a leg that nobody
watches. A leg whose orders are refused waits by itself; the other is not held up.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, TypeVar

from botcore.executors.base import MAX_BACKOFF_NS, NOT_STARTED, RUNNING, SHUTTING_DOWN, TERMINATED, ExecutorBase, Trigger
from botcore.executors.data_types import ConnectorPair, ExecutorConfigBase
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Earned, MarketExposure, Traded
from botcore.executors.leg import Leg
from botcore.executors.requests import SideRequests
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.events import FactKind, OrderAccepted, OrderClosed, OrderEvent, OrderFilled
from botcore.model.order import Fill, OrderState, Purpose
from botcore.model.records import ExecutorRecord, LegRecord
from botcore.model.refusals import RefusalKind, kind_of
from botcore.model.times import MINUTE_NS, SECOND_NS
from botcore.orders.tracker import Order

C = TypeVar("C", bound=ExecutorConfigBase)

ZERO: Final = Decimal(0)
NAN: Final = Decimal("NaN")
REMIND_NS: Final = 5 * MINUTE_NS


class LeggedExecutor(ExecutorBase[C]):
    """See the module.

    Attributes
    ----------
    legs : tuple of Leg
        On different markets, so that an order's market names its leg.
    """

    def __init__(self, config: C, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        self._around = around
        self.legs: tuple[Leg, ...] = ()
        self._keeps = False
        self._exit_ns = 0
        self._reminded_ns = 0

    def _new_leg(self, pair: ConnectorPair, side: TradeType) -> Leg:
        market = self._around.market_data.state(pair.connector_name, pair.trading_pair)
        requests = SideRequests(market, side, (self._around.desk.bot_id, self.controller_id, self.id))
        return Leg(self, self._around, market, side, requests, self._refused)

    def _unfit(self, leg: Leg, lots: int) -> tuple[CloseType, str] | None:
        """Why an order of this size can't be sent on a leg at its start, as close type and sentence; None when it can."""
        instrument, ticks = leg.instrument, leg.requests.taker_ticks()
        name = instrument.market.connector_name
        if ticks is None:
            return CloseType.FAILED, f"the price of {instrument} is not known"
        problem = instrument.refusal(lots, ticks)
        if problem is not None:
            return CloseType.FAILED, f"{name}: {problem}"
        if not self._desk.can_pay(leg.requests.open_request(OrderType.MARKET, lots, None), ticks):
            asset = instrument.quote if leg.exposure.side is TradeType.BUY or instrument.is_perpetual else instrument.base
            return CloseType.INSUFFICIENT_BALANCE, f"the account at {name} has not enough {asset} for {instrument.amount(lots):f} {instrument.base}"
        return None

    def _is_one_moment(self) -> bool:
        """Whether the prices of all legs belong together: only then does their difference say anything."""
        return self._market_data.is_one_moment(leg.instrument.market for leg in self.legs)

    # ---- what a kind of executor defines ---------------------------------------------------------------------------
    @abstractmethod
    def _run(self, now_ns: int) -> None:
        """One step of market time while it runs."""

    def _filled(self, leg: Leg, order: Order, fill: Fill, now_ns: int) -> None:
        """A fill is booked, in whatever state before the end."""

    def _order_ended(self, leg: Leg, order: Order, now_ns: int) -> None:
        """An order has ended and was judged."""

    def _taken_off(self, leg: Leg, order: Order, now_ns: int) -> None:
        """Somebody canceled an order at the venue."""
        self._refused(leg, "the order was canceled at the venue", now_ns, order.request.purpose)

    def _spent(self, leg: Leg, purpose: Purpose, now_ns: int) -> None:
        """A leg's budget of retries is used up while it runs."""
        self._exit(now_ns, CloseType.FAILED)

    def _way_out(self, now_ns: int) -> None:
        """One step of the way out: by default every leg is closed for itself."""
        for leg in self.legs:
            leg.cancel_resting()
            if not self._keeps and now_ns >= leg.retry_at_ns:
                leg.close_rest(now_ns)

    def _is_out(self) -> bool:
        """Whether nothing is left to be done on the way out."""
        return self._keeps or all(leg.is_flat() for leg in self.legs)

    # ---- the tick --------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        if self.status is RUNNING:
            self._run(now_ns)
        elif self.status is SHUTTING_DOWN:
            self._control_exit(now_ns)

    def _exit(self, now_ns: int, close_type: CloseType) -> None:
        """Begin to end; the way out has budgets of its own."""
        if self.status is not RUNNING:
            return
        self.close_type = close_type
        self.wake_ns = 0
        for leg in self.legs:
            leg.retries = leg.retry_at_ns = 0
        self._exit_ns = now_ns
        self._move(Trigger.EXIT)
        self._control_exit(now_ns)

    def _control_exit(self, now_ns: int) -> None:
        self._way_out(now_ns)
        if not any(leg.live for leg in self.legs) and self._is_out():
            self._finish(now_ns)
        elif now_ns >= max(self._exit_ns, self._reminded_ns) + REMIND_NS and any(leg.exposure.lots for leg in self.legs):
            self._reminded_ns = now_ns
            self._listener.executor_told(self, FactKind.EXIT_STUCK, **self._stuck(), duration_s=(now_ns - self._exit_ns) / 1e9)

    def _finish(self, now_ns: int) -> None:
        close_type, reason = self.close_type, ""
        left = [leg for leg in self.legs if leg.exposure.base]
        if self._keeps and left:
            close_type = CloseType.POSITION_HOLD
        elif close_type is CloseType.POSITION_HOLD:
            close_type = CloseType.EARLY_STOP
        if left and not self._keeps and self._is_unwanted(left):
            dust = ", ".join(f"{abs(leg.exposure.base):f} {leg.instrument.base} at {leg.instrument.market.connector_name}" for leg in left)
            reason = f"dust: {dust} is less than the venue trades; it is held"
        if close_type is CloseType.FAILED and left:
            # what failed holds nothing: a remainder is held and told as such
            close_type = CloseType.POSITION_HOLD
        self._end(now_ns, close_type, reason)

    def _is_unwanted(self, left: list[Leg]) -> bool:
        """Whether what is left is dust; an executor whose legs are meant to stay says no."""
        return True

    def _stuck(self) -> dict[str, Any]:
        left = [leg for leg in self.legs if leg.exposure.lots]
        leg = left[0] if left else self.legs[0]
        market = leg.instrument.market
        return {
            "connector_name": market.connector_name,
            "trading_pair": market.trading_pair,
            "exposure_base": format(leg.exposure.base, "f"),
            "reason": self.info.reason,
        }

    # ---- orders ----------------------------------------------------------------------------------------------------
    def _leg_of(self, order: Order) -> Leg:
        market = order.instrument.market
        return next(leg for leg in self.legs if leg.instrument.market == market)

    def on_order(self, event: OrderEvent) -> None:
        now_ns = self._market_data.now_ns
        self.wake_ns = 0
        if type(event) is OrderAccepted:
            return
        leg = self._leg_of(event.order)
        if type(event) is OrderFilled:
            if self.status is TERMINATED:
                leg.fills.append(event.fill)
                self._listener.late_fill(self, event.fill)
                return
            leg.book(event.fill)
            self.info.has_fills = True
            self._listener.executor_changed(self)
            self._filled(leg, event.order, event.fill, now_ns)
        elif type(event) is OrderClosed:
            self._on_end(leg, event, now_ns)
        if self.status is SHUTTING_DOWN:
            self._control_exit(now_ns)

    def _on_end(self, leg: Leg, event: OrderClosed, now_ns: int) -> None:
        order = event.order
        leg.live.pop(order.client_order_id, None)
        if event.state is OrderState.CANCELED and not order.cancel_asked and not event.reason and order.request.purpose.adds_risk:
            self._taken_off(leg, order, now_ns)
        elif event.state is not OrderState.FILLED and not (event.state is OrderState.CANCELED and order.cancel_asked):
            self._refused(leg, event.reason or f"the venue ended the order ({event.state.name})", now_ns, order.request.purpose)
        if self.status is not TERMINATED:
            self._order_ended(leg, order, now_ns)

    # ---- refusals --------------------------------------------------------------------------------------------------
    def _refused(self, leg: Leg, reason: str, now_ns: int, purpose: Purpose) -> None:
        """An order was refused, expired or canceled by the venue: the leg waits 1, 2, 4 ... 30 s, as often as its budget allows."""
        if self.status is TERMINATED:
            return
        leg.retries += 1
        self.retries = max(each.retries for each in self.legs)
        self.info.reason = reason
        leg.retry_at_ns = now_ns + min(SECOND_NS << min(leg.retries - 1, 6), MAX_BACKOFF_NS)
        self._listener.executor_changed(self)
        kind = kind_of(reason)
        if kind is RefusalKind.WAITING or (kind is RefusalKind.UNREACHABLE and not purpose.adds_risk):
            # what is owed is owed for as long as it takes
            leg.retries -= 1
        elif leg.retries > self.max_retries or (kind is RefusalKind.BALANCE and purpose.adds_risk):
            if self.status is RUNNING:
                self._spent(leg, purpose, now_ns)
            else:
                self._give_up()

    def _give_up(self) -> None:
        """A way out that does not come through is handed over, and told."""
        if not self._keeps and any(leg.exposure.lots for leg in self.legs):
            self._listener.executor_told(self, FactKind.EXIT_FAILED, **self._stuck())
        self._keeps = True

    # ---- ends from outside -----------------------------------------------------------------------------------------
    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        if self.status is NOT_STARTED:
            self._end(now_ns, CloseType.EARLY_STOP)
        elif self.status is RUNNING:
            self._keeps = keep_position
            self._exit(now_ns, CloseType.POSITION_HOLD if keep_position else CloseType.EARLY_STOP)

    def abandon(self, now_ns: int, reason: str, close_type: CloseType | None = None) -> None:
        if self.status is TERMINATED:
            return
        for leg in self.legs:
            leg.cancel_all()
        if self.status is RUNNING:
            self._move(Trigger.EXIT)
        holds = any(leg.exposure.base for leg in self.legs)
        self._end(now_ns, close_type or (CloseType.POSITION_HOLD if holds else CloseType.FAILED), reason)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def exposures(self) -> list[MarketExposure]:
        return [MarketExposure(leg.instrument.market, leg.exposure.side, leg.exposure.base, leg.exposure.entry_price) for leg in self.legs]

    def record(self) -> ExecutorRecord:
        """How it stands; what it holds stands in its legs. As with every executor: what has failed holds nothing."""
        has_failed = self.status is TERMINATED and self.close_type is CloseType.FAILED
        legs = tuple(LegRecord(*each.market, each.side.name, ZERO if has_failed else each.base, each.entry_price) for each in self.exposures())
        return replace(super().record(), legs=legs)

    def side_of(self, fill: Fill) -> TradeType:
        market = fill.instrument.market
        return next(leg.exposure.side for leg in self.legs if leg.instrument.market == market)

    def held_fills(self) -> list[Fill]:
        """All fills when any leg has something left: legs that belong together are accounted for together."""
        if not any(leg.exposure.base for leg in self.legs):
            return []
        return [fill for leg in self.legs for fill in leg.fills]

    def _rate(self, leg: Leg) -> Decimal | None:
        """Units of the first leg's quote asset for one of this leg's; None when it is not known."""
        return self._conversion(leg.instrument.quote, self.legs[0].instrument.quote)

    def _conversion(self, asset: str, quote: str) -> Decimal | None:
        """Units of `quote` for one of `asset`; None when no fresh price says. A rate by way of what is traded would make every difference between the legs vanish."""
        if asset == quote:
            return Decimal(1)
        rate = self._market_data.get_rate(f"{asset}-{quote}", {leg.instrument.base for leg in self.legs})
        return None if rate is None or rate <= 0 else rate

    def _sum(self, values: list[Decimal | None]) -> Decimal:
        total = ZERO
        for leg, value in zip(self.legs, values, strict=True):
            rate = self._rate(leg)
            if value is None or rate is None:
                return NAN
            total += value * rate
        return total

    def _leg_values(self) -> list[Decimal | None]:
        """Net PnL of each leg, in its own quote asset; None while the price that it needs is not known."""
        return [leg.net_pnl() for leg in self.legs]

    def net_pnl_quote(self) -> Decimal:
        """Of all legs together, in the first leg's quote asset."""
        return self._sum(self._leg_values()) if self.has_fills and not self.is_handed_over() else ZERO

    def traded(self) -> list[Traded]:
        return [Traded(leg.instrument.quote, leg.exposure.fees_quote, leg.exposure.volume_quote) for leg in self.legs]

    def earned(self) -> list[Earned]:
        """Each leg in its own quote asset: that is exact, whatever is known of the rate between them."""
        values: list[Decimal | None] = [ZERO for _ in self.legs]
        if self.has_fills and not self.is_handed_over():
            values = self._leg_values()
        return [
            Earned(each.asset, NAN if value is None else value, each.fees, each.volume) for each, value in zip(self.traded(), values, strict=True)
        ]

    def cum_fees_quote(self) -> Decimal:
        return self._sum([leg.exposure.fees_quote for leg in self.legs])

    def filled_amount_quote(self) -> Decimal:
        return self._sum([leg.exposure.volume_quote for leg in self.legs])

    def net_pnl_pct(self) -> Decimal:
        opened = self._sum([leg.exposure.opened_quote for leg in self.legs])
        return self.net_pnl_quote() / opened if opened else ZERO

    def custom_info(self) -> dict[str, Any]:
        fills = [fill for leg in self.legs for fill in leg.fills]
        return {
            "level_id": self.config.level_id,
            "current_retries": self.retries,
            "max_retries": self.max_retries,
            "order_ids": [name for leg in self.legs for name in leg.order_ids],
            "held_position_orders": sorted({fill.client_order_id for fill in fills}) if self.is_closed and self.held_fills() else [],
            "unpriced_fees": any(leg.exposure.unpriced for leg in self.legs),
            "reason": self.info.reason,
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {
            "keeps": self._keeps,
            "exit_ns": self._exit_ns,
            "leg_retries": [leg.retries for leg in self.legs],
            "order_ids": [list(leg.order_ids) for leg in self.legs],
            "cancel_asked": [name for leg in self.legs for name in leg.asked()],
        }

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        super().restore(state, orders, fills)
        self._keeps = state["keeps"]
        self._exit_ns = state["exit_ns"]
        for leg, ids, retries in zip(self.legs, state["order_ids"], state["leg_retries"], strict=True):
            leg.order_ids.extend(ids)
            leg.retries = retries
        for fill in fills:
            next(leg for leg in self.legs if leg.instrument.market == fill.instrument.market).book(fill)
        for order in orders:
            if order.is_open:
                self._leg_of(order).take_up(order, self._market_data.now_ns, state["cancel_asked"])
