"""`GuardedExecutor`: a held position that barriers watch from its first fill on.

Our own barriers decide. Where the venue keeps stops, one rests there at the stop loss over exactly what is held, for the time when we are not there.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar

from mypy_extensions import mypyc_attr

from botcore.executors.barriers import Barriers
from botcore.executors.base import RUNNING
from botcore.executors.data_types import ExecutorConfigBase, TripleBarrierConfig
from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Exposure
from botcore.executors.holding import HoldingExecutor
from botcore.executors.requests import SideRequests
from botcore.executors.venue_stop import VenueStop
from botcore.model.enums import CloseType, TradeType
from botcore.model.events import FactKind
from botcore.model.order import Fill
from botcore.model.times import NEVER, SECOND_NS
from botcore.orders.tracker import Order

C = TypeVar("C", bound=ExecutorConfigBase)

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY

LEAST_STEP: Final = Fraction(1, 1000)
"""A trailing stop that hangs less than this behind is told of in such steps."""


@mypyc_attr(allow_interpreted_subclasses=True)
class GuardedExecutor(HoldingExecutor[C]):
    """See the module.

    Parameters
    ----------
    triple : TripleBarrierConfig
        Barriers of the position; the time limit counts from creation (see `_begun_ns`).
    """

    def __init__(
        self,
        config: C,
        around: Surroundings,
        executor_id: str,
        controller_id: str,
        created_ns: int,
        requests: SideRequests,
        triple: TripleBarrierConfig,
    ) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns, requests)
        of_market: Any = config
        self._is_long = of_market.side is BUY
        self._triple = triple
        self._deadline_ns = self._deadline()
        self._barriers: Barriers | None = None
        self._told_trail: Fraction | None = None
        self._may_be_stranded = True
        self._equip()

    def _deadline(self) -> int:
        limit_s = self._triple.time_limit
        return NEVER if limit_s is None else self._begun_ns() + limit_s * SECOND_NS

    # ---- what can't be sold ----------------------------------------------------------------------------------------
    def _end_if_stranded(self, now_ns: int) -> bool:
        """End it when all that it was to open is opened, and the venue would take no order that closes it: a lot less its fee in base is less than a lot. No barrier
        could ever do anything about that; the fills go to a hold, and it is told. Looked at once after each end of an order."""
        if not self._may_be_stranded or self._live or not self.info.has_fills:
            return False
        lots, present = self._exposure.lots, self._requests.close_ticks()
        if present is None and lots >= max(1, self._instrument.min_lots):
            return False
        self._may_be_stranded = False
        if self._exposure.excess_lots or not self._exposure.base or not self._is_too_small(lots, present):
            return False
        self._exit(now_ns, CloseType.COMPLETED)
        return True

    def _is_too_small(self, lots: int, present: int | None) -> bool:
        """Whether a close is too small now, and would be at the price of the take profit."""
        largest = self._instrument.max_amount
        if lots < 1:
            return True
        if largest is not None and self._instrument.amount(lots) > largest:
            # it goes in slices
            return False
        request = self._requests.close_request(lots)
        prices = [present, self._wanted_ticks()]
        return all(self._desk.refusal(request, ticks) is not None for ticks in prices if ticks is not None)

    def _wanted_ticks(self) -> int | None:
        """Where a take profit would close it."""
        entry, share = self._exposure.entry_price, self._triple.take_profit
        if entry is None or share is None:
            return None
        return self._instrument.floor_ticks(entry * (1 + share if self._is_long else 1 - share))

    def _begun_ns(self) -> int:
        """When its time began: at its creation, or at the `timestamp` of its config where that lies a second or more before."""
        stated_s: float | None = self.config.timestamp
        if not stated_s:
            return self.created_ns
        stated_ns = int(stated_s * SECOND_NS)
        return stated_ns if stated_ns + SECOND_NS <= self.created_ns else self.created_ns

    def _equip(self) -> None:
        """Have a stop at the venue where it is wanted and can be had."""
        of_market: Any = self.config
        triple = self._triple
        if (
            self._venue_stop is None
            and triple.stop_loss is not None
            and triple.stop_on_venue
            and self._instrument.is_perpetual
            and self._desk.keeps_stops(of_market.connector_name)
        ):
            self._venue_stop = VenueStop(self._desk, self._requests.stop_request, self._send, self._stop_refused)

    def _guard_anew(self, triple: TripleBarrierConfig) -> None:
        """Other barriers from now on: a trailing stop that is armed keeps its trigger (it never loosens), the stop at the venue follows with the next step."""
        trigger = self._barriers.trailing_trigger() if self._barriers is not None else None
        self._triple = triple
        self._deadline_ns = self._deadline()
        self._equip()
        self.wake_ns = 0
        self._listener.wake_at(self._deadline_ns)
        if self._barriers is None:
            return
        barriers = self._barriers = self._new_barriers()
        if trigger is not None and triple.trailing_stop is not None:
            barriers.restore_trail(trigger)
        else:
            # one that arms again is told again
            self._told_trail = None
        barriers.rebase(self._guarded())
        self._watch_prices()

    def _new_barriers(self) -> Barriers:
        return Barriers(self._triple, self._exposure.side.sign)

    def _expiry(self, now_ns: int) -> tuple[CloseType, str] | None:
        """Refusal of an executor that is started after its time."""
        return (CloseType.EXPIRED, "the time limit had passed before it could start") if self._deadline_ns <= now_ns else None

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _control_barriers(self, barriers: Barriers, now_ns: int) -> bool:
        """Check the barriers against the price at which the position would close; True when one was hit."""
        if not barriers.is_active:
            return False
        close_ticks = self._book.best_bid if self._is_long else self._book.best_ask
        if not barriers.low < close_ticks < barriers.high and self._requests.close_ticks() is not None:
            close_type = barriers.check(close_ticks)
            if close_type is not None:
                self._exit(now_ns, close_type)
                return True
            self._tell_trail(barriers)
            self._watch_prices()
            self._listener.executor_changed(self)
        return False

    def _tell_trail(self, barriers: Barriers) -> None:
        """Tell that the trailing stop follows the price from here on, and then each step by which it has followed as far as it hangs behind: not each tick."""
        trigger, trailing = barriers.trailing_trigger(), self._triple.trailing_stop
        if trigger is None or trailing is None:
            return
        told = self._told_trail
        if told is None:
            self._told_trail = trigger
            self._listener.executor_told(self, FactKind.BARRIER_MOVED, cause="armed", trigger_pct=_pct_text(trigger))
        elif trigger - told >= max(Fraction(trailing.trailing_delta), LEAST_STEP):
            self._told_trail = trigger
            self._listener.executor_told(self, FactKind.BARRIER_MOVED, cause="trailed", trigger_pct=_pct_text(trigger), before_pct=_pct_text(told))

    def _keep_stop(self, stop: VenueStop, barriers: Barriers, now_ns: int) -> None:
        """Keep one stop at the venue over exactly what is held."""
        ticks = barriers.stop_ticks()
        stop.keep(self._exposure.lots, None if ticks is None or ticks < 1 else self._requests.stop_ticks(ticks), now_ns)

    def _stop_refused(self, reason: str) -> None:
        self._listener.executor_told(self, FactKind.STOP_REFUSED, reason=reason)

    def _booked(self, order: Order, fill: Fill) -> None:
        barriers = self._barriers
        if barriers is None:
            barriers = self._barriers = self._new_barriers()
            # from now on it wants every market event; its time limit needs a tick of its own
            self._listener.wake_at(self._deadline_ns)
        barriers.rebase(self._guarded())
        self._watch_prices()

    def _guarded(self) -> Exposure:
        """What the barriers look at."""
        return self._exposure

    def _watch_prices(self) -> None:
        """Have a market's walk stop where it would be closed."""
        if self.status is RUNNING and self._barriers is not None:
            self._watch.set(self.id, *self._barriers.watched())

    def _stop_watching(self) -> None:
        self._watch.clear(self.id)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def custom_info(self) -> dict[str, Any]:
        trigger = self._barriers.trailing_trigger() if self._barriers is not None else None
        return super().custom_info() | {
            "trailing_stop_trigger_pct": None if trigger is None else Decimal(trigger.numerator) / trigger.denominator,
        }

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        trigger = self._barriers.trailing_trigger() if self._barriers is not None else None
        return super().state() | {"trail": None if trigger is None else str(trigger)}

    def restore(self, state: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
        super().restore(state, orders, fills)
        if not fills:
            return
        barriers = self._barriers = self._new_barriers()
        if state["trail"] is not None:
            # where it stood was told by the process before, or is not worth telling again
            self._told_trail = Fraction(state["trail"])
            barriers.restore_trail(self._told_trail)
        barriers.rebase(self._guarded())
        self._watch_prices()


def _pct_text(value: Fraction) -> str:
    """A PnL fraction as facts have it."""
    return format(Decimal(value.numerator) / value.denominator, "f")
