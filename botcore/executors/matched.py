"""`MatchedExecutor`: what is bought on one market is sold on another; what only one of them has done is naked, and must not stay.

The missing side is sent again as long as its budget lasts. Then what is too much is traded back where it came from, and if that does not come through
either it goes to a position hold and a person is told. Both legs stay where they were traded: they are handed to position holds together with their fills.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeVar

from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.leg import Leg
from botcore.executors.legged import NAN, LeggedExecutor
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.order import Purpose
from botcore.model.refusals import RefusalKind, kind_of

C = TypeVar("C", bound=ExecutorConfigBase)

ZERO: Final = Decimal(0)
MARKET: Final = OrderType.MARKET
COMPLETED: Final = CloseType.COMPLETED
FAILED: Final = CloseType.FAILED

STABLES: Final = "USD"
WRAPPED: Final = ("W", "U")


def is_same_asset(one: str, other: str) -> bool:
    """Whether two assets may stand for each other: equal, wrapped (WETH), bridged (USDC.E), or both dollars.

    Two dollars need not be worth the same: prices are converted by their rate all the same.
    """
    if one == other or {one, other} == {"USDC", "USDC.E"}:
        return True
    if any(longer == prefix + shorter for prefix in WRAPPED for longer, shorter in ((one, other), (other, one))):
        return True
    return STABLES in one and STABLES in other


class MatchedExecutor(LeggedExecutor[C]):
    """See the module."""

    _unwinds = False
    """The missing side could not be had: what is too much is traded back."""

    # ---- what is matched -------------------------------------------------------------------------------------------
    def _leg_on(self, side: TradeType) -> Leg:
        return next(leg for leg in self.legs if leg.exposure.side is side)

    def naked(self) -> Decimal:
        """Signed base that one side has traded and the other has not: positive when more was bought."""
        return sum((leg.exposure.base for leg in self.legs), ZERO)

    def _naked_lots(self, leg: Leg) -> int:
        """Lots by which a leg has traded more than the other, in its own lots."""
        return max(0, leg.instrument.lots(leg.exposure.side.sign * self.naked()))

    def _missing_lots(self, leg: Leg) -> int:
        """Lots that a leg still has to trade to match the other, less what is on its way."""
        return max(0, leg.instrument.lots(-leg.exposure.side.sign * self.naked()) - leg.opening_lots())

    def _match(self, leg: Leg, now_ns: int) -> None:
        """Send what this leg lacks, at market."""
        lots = self._missing_lots(leg)
        if lots < 1 or now_ns < leg.retry_at_ns:
            return
        request = leg.requests.open_request(MARKET, lots, None)
        takeable = self._desk.takeable(request)
        if takeable < lots:
            # a thin book is not swept: a slice now, the rest when somebody stands there again
            request = leg.requests.open_request(MARKET, max(1, takeable), None)
        if not leg.is_small(request.lots):
            leg.submit(request, now_ns)

    def _trade_back(self, leg: Leg, now_ns: int) -> None:
        """Reduce a leg to what the other has, at market."""
        lots = self._naked_lots(leg) - leg.reducing_lots(now_ns)
        if lots >= 1 and now_ns >= leg.retry_at_ns and not leg.is_dust(leg.requests.close_request(lots)):
            leg.submit(leg.requests.close_request(lots), now_ns)

    def _refused(self, leg: Leg, reason: str, now_ns: int, purpose: Purpose) -> None:
        """A cap of ours does not give way to what is naked: trying on and on would only leave it so. The budget of the leg that lacks it is used up at once."""
        if purpose.adds_risk and kind_of(reason) is RefusalKind.LIMIT and leg.exposure.side.sign * self.naked() < 0:
            leg.retries = self.max_retries
        super()._refused(leg, reason, now_ns, purpose)

    # ---- prices ----------------------------------------------------------------------------------------------------
    def _taker_price(self, leg: Leg, lots: int) -> Decimal | None:
        """Average price of taking this many lots on the leg's side, in its quote; None while the depth is not there, or the book is not to be trusted."""
        state = self._market_data.state(*leg.instrument.market)
        if lots < 1 or not state.is_usable(self._market_data.now_ns):
            return None
        cost, found = state.book.cost_for_lots(leg.exposure.side is TradeType.BUY, lots)
        if found < lots:
            return None
        return Decimal(cost) / lots * leg.instrument.tick_size

    def _fees(self, maker: Leg | None = None) -> Decimal | None:
        """Sum of both legs' fee rates, fractions of the notional; None while one is not known."""
        total = ZERO
        for leg in self.legs:
            market = leg.instrument.market
            rate = self._desk.fee_rate(market.connector_name, market.trading_pair, is_maker=leg is maker)
            if rate is None:
                return None
            total += rate
        return total

    # ---- the way out -----------------------------------------------------------------------------------------------
    def _way_out(self, now_ns: int) -> None:
        for leg in self.legs:
            for order in list(leg.live.values()):
                if order.request.order_type is not MARKET and order.is_open and not order.cancel_asked:
                    leg.cancel(order)
        if self._keeps:
            return
        for leg in self.legs:
            if self._unwinds:
                self._trade_back(leg, now_ns)
            else:
                self._match(leg, now_ns)

    def _is_out(self) -> bool:
        if self._keeps:
            return True
        if self._unwinds:
            return all(leg.is_dust(leg.requests.close_request(self._naked_lots(leg))) for leg in self.legs)
        return all(leg.is_small(self._missing_lots(leg)) for leg in self.legs)

    def _give_up(self) -> None:
        """First what is too much is traded back; when that fails too it is held."""
        if not self._unwinds and any(self._naked_lots(leg) for leg in self.legs):
            self._unwinds = True
            for leg in self.legs:
                leg.retries = 0
            self._listener.executor_changed(self)
            return
        super()._give_up()

    def _finish(self, now_ns: int) -> None:
        matched = min(abs(leg.exposure.base) for leg in self.legs)
        reason = ""
        if self._keeps and self.naked():
            self.close_type = CloseType.POSITION_HOLD
        elif matched and not self._unwinds and self.close_type is not CloseType.EARLY_STOP:
            self.close_type = COMPLETED
        elif self._unwinds:
            self.close_type, reason = FAILED, f"one side could not be traded ({self.info.reason}); the other was traded back"
        elif self.close_type is CloseType.POSITION_HOLD and not any(leg.exposure.base for leg in self.legs):
            # it was to keep what it had, and had nothing
            self.close_type = CloseType.EARLY_STOP
        if self.close_type is FAILED and any(leg.exposure.base for leg in self.legs):
            # what is left on the legs is held and told as such
            self.close_type = CloseType.POSITION_HOLD
        self._end(now_ns, self.close_type or FAILED, reason)

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def _leg_values(self) -> list[Decimal | None]:
        """What selling brought, or buying cost, less fees; what is naked at the price at which it would be closed."""
        cash: list[Decimal | None] = []
        naked = self.naked()
        for leg in self.legs:
            exposure, sign = leg.exposure, leg.exposure.side.sign
            value: Decimal | None = sign * (exposure.closed_cost - exposure.opened_cost) * leg.instrument.unit - exposure.other_fees
            if naked and (naked > 0) == (sign > 0):
                ticks = leg.requests.close_ticks()
                value = None if ticks is None or value is None else value + naked * leg.instrument.price(ticks)
            cash.append(value)
        return cash

    def net_pnl_pct(self) -> Decimal:
        """Of what buying cost."""
        leg = self._leg_on(TradeType.BUY)
        rate = self._rate(leg)
        if not leg.exposure.opened_quote:
            return ZERO
        return NAN if rate is None else self.net_pnl_quote() / (leg.exposure.opened_quote * rate)

    def _is_unwanted(self, left: list[Leg]) -> bool:
        return False

    # ---- restart ---------------------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        return super().state() | {"unwinds": self._unwinds}

    def restore(self, state: dict[str, Any], orders: list[Any], fills: list[Any]) -> None:
        self._unwinds = state["unwinds"]
        super().restore(state, orders, fills)

    def _spent(self, leg: Leg, purpose: Purpose, now_ns: int) -> None:
        self._exit(now_ns, FAILED)
