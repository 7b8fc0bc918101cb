"""`PairExecutor`: two positions that are one trade: opened together, judged by their common PnL, closed together.

What one leg has and the other lacks is a bet on the market that nobody asked for. So a leg that can't be had, or not in time, closes the other, and there is one way
out for all ends. The sizes are fixed at the start, in base: they are the hedge ratio.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from botcore.executors.base import RUNNING
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.desk import Surroundings
from botcore.executors.leg import Leg
from botcore.executors.legged import NAN, LeggedExecutor
from botcore.executors.pair.config import PairExecutorConfig, PairLeg
from botcore.model.enums import CloseType, OrderType
from botcore.model.order import Fill, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.model.times import MINUTE_NS, NEVER, SECOND_NS
from botcore.orders.tracker import Order

ZERO: Final = Decimal(0)
MARKET: Final = OrderType.MARKET
LIMIT: Final = OrderType.LIMIT
FAILED: Final = CloseType.FAILED

COMPLETE_WITHIN_NS: Final = MINUTE_NS
"""So long after the first fill both legs have to be complete: a leg that stands alone for longer is not a pair."""


class PairExecutor(LeggedExecutor[PairExecutorConfig]):
    """See the module; fields are those of `PairExecutorConfig`. The long leg is the first: money is in its quote asset."""

    def __init__(self, config: PairExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        self._configs = (config.long, config.short)
        self.legs = tuple(self._leg_of_config(leg) for leg in self._configs)
        self._wanted_lots = [0, 0]
        self._first_fill_ns = 0
        self._seen: tuple[int | None, ...] | None = None
        self._deadline_ns = self._deadline()
        if config.time_limit is not None:
            around.listener.wake_at(self._deadline_ns)

    def _deadline(self) -> int:
        limit_s = self.config.time_limit
        return NEVER if limit_s is None else self.created_ns + limit_s * SECOND_NS

    def _leg_of_config(self, config: PairLeg) -> Leg:
        from_config: Any = config
        return self._new_leg(from_config, config.side)

    # ---- start -----------------------------------------------------------------------------------------------------
    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        if now_ns >= self._deadline_ns:
            return CloseType.EXPIRED, "its time limit is over"
        for index, leg in enumerate(self.legs):
            instrument, ticks = leg.instrument, leg.requests.taker_ticks()
            if self._rate(leg) is None:
                return FAILED, f"no price says what {instrument.quote} is worth in {self.legs[0].instrument.quote}"
            if ticks is not None:
                self._wanted_lots[index] = instrument.lots(self._configs[index].amount_quote / instrument.price(ticks))
            unfit = self._unfit(leg, self._wanted_lots[index])
            if unfit is not None:
                return unfit
        return None

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        if now_ns >= self._deadline_ns:
            self._exit(now_ns, CloseType.TIME_LIMIT)
            return
        barrier = self._barrier_hit() if self.has_fills else None
        if barrier is not None:
            self._exit(now_ns, barrier)
        elif not self.is_complete():
            self._open(now_ns)
        elif self.config.stop_loss is None and self.config.take_profit is None:
            self.wake_ns = self._deadline_ns

    def _barrier_hit(self) -> CloseType | None:
        """The common barrier that the present prices hit, from the first fill on; None while a price is not known."""
        seen = tuple(leg.requests.close_ticks() for leg in self.legs)
        if seen == self._seen or not self._is_one_moment():
            return None
        pct = self.net_pnl_pct()
        if pct.is_nan():
            return None
        if self.legs[0].instrument.quote == self.legs[1].instrument.quote:
            # the same prices say the same again
            self._seen = seen
        if self.config.stop_loss is not None and pct <= -self.config.stop_loss:
            return CloseType.STOP_LOSS
        if self.config.take_profit is not None and pct >= self.config.take_profit:
            return CloseType.TAKE_PROFIT
        return None

    # ---- other barriers while it runs ------------------------------------------------------------------------------
    def set_barriers(self, triple: TripleBarrierConfig, now_ns: int) -> bool:
        """Stop loss, take profit and time limit (from its creation) of both legs together follow at once; a pair has no trailing stop, so one is refused."""
        if self.status is not RUNNING or triple.trailing_stop is not None:
            return False
        config = self._changed_config(stop_loss=triple.stop_loss, take_profit=triple.take_profit, time_limit=triple.time_limit)
        if config is None:
            return False
        self.config = self.info.config = config
        self._deadline_ns = self._deadline()
        self._listener.wake_at(self._deadline_ns)
        self._seen = None
        self.wake_ns = 0
        self._listener.executor_changed(self)
        return True

    # ---- both legs in ----------------------------------------------------------------------------------------------
    def _missing_lots(self, leg: Leg) -> int:
        """Lots that a leg still lacks; a remainder that the venue would not take is not missed."""
        lots = max(0, self._wanted_lots[self.legs.index(leg)] - leg.exposure.opened_lots)
        if leg.exposure.opened_lots and leg.is_small(lots):
            return 0
        return lots

    def is_complete(self) -> bool:
        return not any(self._missing_lots(leg) or leg.opening_lots() for leg in self.legs)

    def _open(self, now_ns: int) -> None:
        """Send what is missing of both legs: at their own side of the book while nothing is filled, if they may rest, else at market."""
        if self._first_fill_ns and now_ns >= self._first_fill_ns + COMPLETE_WITHIN_NS:
            self.info.reason = self.info.reason or "one leg could not be had in time"
            self._exit(now_ns, FAILED)
            return
        rests = self.config.open_order_type is LIMIT and not self.has_fills
        for leg in self.legs:
            if not rests:
                self._take_back_resting(leg)
            lots = self._missing_lots(leg) - leg.opening_lots()
            if lots >= 1 and now_ns >= leg.retry_at_ns:
                self._send(leg, lots, rests, now_ns)
            if self.status is not RUNNING:
                return

    def _send(self, leg: Leg, lots: int, rests: bool, now_ns: int) -> None:
        if rests:
            ticks = leg.requests.close_ticks()
            if ticks is not None:
                leg.submit(leg.requests.open_request(LIMIT, lots, ticks), now_ns)
            return
        request = leg.requests.open_request(MARKET, lots, None)
        takeable = self._desk.takeable(request)
        if takeable < lots:
            # a thin book is not swept: a slice now, the rest when somebody stands there again
            request = leg.requests.open_request(MARKET, max(1, takeable), None)
            if leg.is_small(request.lots):
                return
        leg.submit(request, now_ns)

    def _take_back_resting(self, leg: Leg) -> None:
        for order in list(leg.live.values()):
            if order.request.order_type is LIMIT and order.is_open and not order.cancel_asked:
                leg.cancel(order)

    # ---- what happens to its orders --------------------------------------------------------------------------------
    def _filled(self, leg: Leg, order: Order, fill: Fill, now_ns: int) -> None:
        self._seen = None
        if not self._first_fill_ns:
            self._first_fill_ns = now_ns
            self._listener.wake_at(now_ns + COMPLETE_WITHIN_NS)
            if self.status is RUNNING and self.config.open_order_type is LIMIT:
                self._open(now_ns)

    def _taken_off(self, leg: Leg, order: Order, now_ns: int) -> None:
        """Somebody took a leg off: the pair is not wanted any more."""
        self.info.reason = "a leg was canceled at the venue"
        self._exit(now_ns, CloseType.EXTERNAL)

    def _spent(self, leg: Leg, purpose: Purpose, now_ns: int) -> None:
        """A leg can't be had: the other is closed."""
        self._exit(now_ns, CloseType.INSUFFICIENT_BALANCE if kind_of(self.info.reason) is RefusalKind.BALANCE else FAILED)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def naked(self) -> Decimal:
        """What one leg has of its size and the other lacks, as a fraction: positive when more of the long leg is in."""
        held = [
            Decimal(leg.exposure.opened_lots - leg.exposure.closed_lots) / wanted if wanted else ZERO
            for leg, wanted in zip(self.legs, self._wanted_lots, strict=True)
        ]
        return held[0] - held[1]

    def hedge_ratio(self) -> Decimal | None:
        """Base of the short leg for one of the long leg, as it is wanted; None before the start."""
        long, short = (leg.instrument.amount(lots) for leg, lots in zip(self.legs, self._wanted_lots, strict=True))
        return short / long if long else None

    def custom_info(self) -> dict[str, Any]:
        info = super().custom_info()
        for name, leg, wanted in zip(("long", "short"), self.legs, self._wanted_lots, strict=True):
            pnl = leg.net_pnl()
            info |= {
                f"{name}_market": str(leg.instrument.market),
                f"{name}_wanted": leg.instrument.amount(wanted),
                f"{name}_exposure": leg.exposure.base,
                f"{name}_entry_price": leg.exposure.entry_price,
                f"{name}_close_price": leg.close_price(),
                f"{name}_net_pnl_quote": NAN if pnl is None else pnl,
            }
        return info | {"side": None, "hedge_ratio": self.hedge_ratio(), "naked_fraction": self.naked(), "net_pnl_pct": self.net_pnl_pct()}

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"wanted_lots": list(self._wanted_lots), "first_fill_ns": self._first_fill_ns}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        self._wanted_lots = list(state["wanted_lots"])
        self._first_fill_ns = state["first_fill_ns"]
        super().restore(state, orders, fills)
