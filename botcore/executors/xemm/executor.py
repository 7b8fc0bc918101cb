"""`XEMMExecutor`: quote on one market at a price at which each fill can be hedged on another with profit.

The quote stands at the target profit and is moved when it would earn less than the smallest or more than the largest. It is moved by a cancel that is waited for: while
it is under way the order may fill, and every fill of every maker order is hedged at once, partial ones too, at market, for what was filled and not for what was quoted.
When the hedging market's price is not known, or stale, nothing is quoted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.desk import Surroundings
from botcore.executors.leg import Leg
from botcore.executors.matched import COMPLETED, FAILED, MatchedExecutor, is_same_asset
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.order import Fill, Purpose
from botcore.orders.tracker import Order


class XEMMExecutor(MatchedExecutor[XEMMExecutorConfig]):
    """See the module; fields are those of `XEMMExecutorConfig`."""

    def __init__(self, config: XEMMExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        self._maker = self._new_leg(config.maker, config.maker_side)
        self._taker = self._new_leg(config.taker, config.maker_side.opposite)
        self.legs = (self._maker, self._taker)
        self._is_buy = config.maker_side is TradeType.BUY
        self._wanted_lots = self._maker.instrument.lots(config.order_amount)

    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        maker, taker = self._maker.instrument, self._taker.instrument
        if maker.market == taker.market:
            return FAILED, f"expected two different markets, found {maker.market} twice"
        if not is_same_asset(maker.base, taker.base):
            return FAILED, f"{maker.base} at {maker.market.connector_name} can't be hedged with {taker.base} at {taker.market.connector_name}"
        if not is_same_asset(maker.quote, taker.quote) and self._conversion(taker.quote, maker.quote) is None:
            return FAILED, f"no price says what {taker.quote} is worth in {maker.quote}"
        return self._unfit(self._maker, self._wanted_lots) or self._unfit(self._taker, taker.lots(self.config.order_amount))

    # ---- prices ----------------------------------------------------------------------------------------------------
    def hedge_price(self) -> Decimal | None:
        """Average price of hedging what is still to be filled, in the maker's quote asset; None while it is not known."""
        maker = self._maker
        left = maker.instrument.amount(max(1, self._wanted_lots - maker.exposure.opened_lots))
        price = self._taker_price(self._taker, max(1, self._taker.instrument.lots(left)))
        rate = self._conversion(self._taker.instrument.quote, maker.instrument.quote)
        return None if price is None or rate is None else price * rate

    def maker_price(self) -> Decimal | None:
        """Where the quote should stand: T / (1 + target + costs) to buy, T / (1 - target - costs) to sell."""
        price, costs = self.hedge_price(), self._fees(self._maker)
        if price is None or costs is None:
            return None
        margin = self.config.target_profitability + costs
        return price / (1 + margin) if self._is_buy else price / (1 - margin)

    def profitability(self, ticks: int) -> Decimal | None:
        """What a fill at this price would earn after both fees, as a fraction of it."""
        hedge, costs = self.hedge_price(), self._fees(self._maker)
        if hedge is None or costs is None:
            return None
        price = self._maker.instrument.price(ticks)
        return (hedge - price if self._is_buy else price - hedge) / price - costs

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def _run(self, now_ns: int) -> None:
        self._match(self._taker, now_ns)
        quote = self._maker.live_of(Purpose.OPEN)
        if not self._is_one_moment():
            # where the hedge stands is not known well enough to quote against it; what fills is hedged all the same
            pass
        elif quote is not None:
            self._check(quote)
        elif self._maker.exposure.opened_lots < self._wanted_lots and now_ns >= self._maker.retry_at_ns:
            self._quote(now_ns)
        if not any(leg.live for leg in self.legs) and self._is_done():
            self._exit(now_ns, COMPLETED)

    def _is_done(self) -> bool:
        """Whether the maker's side is filled, but for what the venue would not take, and hedged."""
        left = self._wanted_lots - self._maker.exposure.opened_lots
        return self._maker.exposure.opened_lots > 0 and self._maker.is_small(left) and self._is_out()

    def _check(self, quote: Order) -> None:
        """Take the quote back when it earns too little or more than it needs to."""
        assert quote.request.price_ticks is not None
        profit = self.profitability(quote.request.price_ticks)
        if quote.cancel_asked or (profit is not None and self.config.min_profitability <= profit <= self.config.max_profitability):
            return
        self._maker.cancel(quote)

    def _quote(self, now_ns: int) -> None:
        price = self.maker_price()
        if price is None or price <= 0:
            return
        maker = self._maker
        ticks = max(1, maker.instrument.price_ticks(price, maker.exposure.side))
        lots = self._wanted_lots - maker.exposure.opened_lots
        problem = maker.instrument.refusal(lots, ticks)
        if problem is not None:
            self.info.reason = problem
            return
        maker.submit(maker.requests.open_request(OrderType.LIMIT, lots, ticks), now_ns)

    def _filled(self, leg: Leg, order: Order, fill: Fill, now_ns: int) -> None:
        """Hedge in the same step: what the maker has and the taker has not is naked."""
        if leg is self._maker and not self._keeps and not self._unwinds:
            self._match(self._taker, now_ns)

    def _taken_off(self, leg: Leg, order: Order, now_ns: int) -> None:
        """Somebody took the quote off: nothing is sent in its place, what was filled is hedged."""
        if leg is not self._maker:
            super()._taken_off(leg, order, now_ns)
            return
        self.info.reason = "the quote was canceled at the venue"
        self._exit(now_ns, CloseType.EXTERNAL)

    def _way_out(self, now_ns: int) -> None:
        """Only the taker hedges; the maker trades back what could not be hedged."""
        for order in list(self._maker.live.values()):
            if order.request.purpose is Purpose.OPEN and order.is_open and not order.cancel_asked:
                self._maker.cancel(order)
        if self._keeps:
            return
        if self._unwinds:
            for leg in self.legs:
                self._trade_back(leg, now_ns)
        else:
            self._match(self._taker, now_ns)

    def _is_out(self) -> bool:
        if self._keeps or self._unwinds:
            return super()._is_out()
        return self._taker.is_small(self._missing_lots(self._taker))

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def custom_info(self) -> dict[str, Any]:
        quote = self._maker.live_of(Purpose.OPEN)
        ticks = None if quote is None else quote.request.price_ticks
        profitability = None if ticks is None else self.profitability(ticks)
        return super().custom_info() | {
            "side": self.config.maker_side,
            "maker_connector": self._maker.instrument.market.connector_name,
            "maker_trading_pair": self._maker.instrument.market.trading_pair,
            "taker_connector": self._taker.instrument.market.connector_name,
            "taker_trading_pair": self._taker.instrument.market.trading_pair,
            "min_profitability": self.config.min_profitability,
            "target_profitability_pct": self.config.target_profitability,
            "max_profitability": self.config.max_profitability,
            "trade_profitability": profitability,
            "net_profitability": profitability,
            "order_amount": self.config.order_amount,
            "tx_cost_pct": self._fees(self._maker),
            "maker_order_id": None if quote is None else quote.client_order_id,
            "maker_target_price": self.maker_price(),
            "taker_price": self.hedge_price(),
            "maker_filled": self._maker.instrument.amount(self._maker.exposure.opened_lots),
            "taker_filled": self._taker.instrument.amount(self._taker.exposure.opened_lots),
            "naked_base": self.naked(),
        }
