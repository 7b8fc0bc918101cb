"""`ArbitrageExecutor`: buy on one market and sell on another at once, when that earns more than it costs.

It looks with every market event. When the profit is there both legs leave in the same step, each at market. A leg that is refused is sent again; when it can't be had
the other is traded back (see `MatchedExecutor`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.base import RUNNING, SHUTTING_DOWN, Trigger
from botcore.executors.desk import Surroundings
from botcore.executors.leg import Leg
from botcore.executors.matched import COMPLETED, FAILED, MARKET, MatchedExecutor, is_same_asset
from botcore.model.enums import CloseType, TradeType
from botcore.orders.tracker import Order

ZERO = Decimal(0)


class ArbitrageExecutor(MatchedExecutor[ArbitrageExecutorConfig]):
    """See the module; fields are those of `ArbitrageExecutorConfig`."""

    def __init__(self, config: ArbitrageExecutorConfig, around: Surroundings, executor_id: str, controller_id: str, created_ns: int) -> None:
        super().__init__(config, around, executor_id, controller_id, created_ns)
        self._buy = self._new_leg(config.buying_market, TradeType.BUY)
        self._sell = self._new_leg(config.selling_market, TradeType.SELL)
        self.legs = (self._buy, self._sell)
        self._is_sent = False
        amount = self._buy.instrument.amount(self._buy.instrument.lots(config.order_amount))
        self._sell_lots = self._sell.instrument.lots(amount)
        # the coarser of the two lots decides, so that both legs are of the same size
        self._buy_lots = self._buy.instrument.lots(self._sell.instrument.amount(self._sell_lots))

    def refusal(self, now_ns: int) -> tuple[CloseType, str] | None:
        buy, sell = self._buy.instrument, self._sell.instrument
        if buy.market == sell.market:
            return FAILED, f"expected two different markets, found {buy.market} twice"
        if not is_same_asset(buy.base, sell.base):
            return FAILED, f"{buy.base} bought at {buy.market.connector_name} can't be sold as {sell.base} at {sell.market.connector_name}"
        if not is_same_asset(buy.quote, sell.quote) and self._conversion(sell.quote, buy.quote) is None:
            return FAILED, f"no price says what {sell.quote} is worth in {buy.quote}"
        return self._unfit(self._buy, self._buy_lots) or self._unfit(self._sell, self._sell_lots)

    # ---- while it runs ---------------------------------------------------------------------------------------------
    def profitability(self) -> Decimal | None:
        """What a unit bought and sold now earns after both fees, as a fraction; None while a price, a depth, a rate or a fee is not known."""
        buy, sell = self._taker_price(self._buy, self._buy_lots), self._taker_price(self._sell, self._sell_lots)
        rate, fees = self._conversion(self._sell.instrument.quote, self._buy.instrument.quote), self._fees()
        if buy is None or sell is None or rate is None or fees is None:
            return None
        return (sell * rate - buy) / buy - fees

    def _run(self, now_ns: int) -> None:
        if not self._is_one_moment():
            return
        profit = self.profitability()
        if profit is None or profit <= self.config.min_profitability or now_ns < max(leg.retry_at_ns for leg in self.legs):
            return
        for leg, lots in ((self._buy, self._buy_lots), (self._sell, self._sell_lots)):
            if leg.submit(leg.requests.open_request(MARKET, lots, None), now_ns) is None:
                break
        if self.status is not RUNNING or not any(leg.live for leg in self.legs):
            # the first leg could not leave, and the other was spared: the chance may come again
            return
        self.close_type = COMPLETED
        self._exit_ns = now_ns
        self._is_sent = True
        self._move(Trigger.EXIT)
        self._control_exit(now_ns)

    # ---- both legs -------------------------------------------------------------------------------------------------
    def _missing_lots(self, leg: Leg) -> int:
        """Lots that a leg still has to trade: its whole size as long as the trade is on, else what the other has more."""
        if not self._is_sent or self._unwinds:
            return super()._missing_lots(leg)
        wanted = self._buy_lots if leg is self._buy else self._sell_lots
        return max(0, wanted - leg.exposure.opened_lots - leg.opening_lots())

    def _order_ended(self, leg: Leg, order: Order, now_ns: int) -> None:
        """Neither leg has traded anything, and the chance has gone: that is the end, not another attempt."""
        if self._is_sent and not self.has_fills and not any(each.live for each in self.legs):
            profit = self.profitability()
            if profit is None or profit <= self.config.min_profitability:
                self._is_sent = False
                self.close_type = FAILED

    def _give_up(self) -> None:
        if self._is_sent and not self.has_fills:
            self._is_sent = False
            self.close_type = FAILED
            return
        super()._give_up()

    def stop(self, now_ns: int, keep_position: bool = False) -> None:
        if self.status is SHUTTING_DOWN and self._is_sent and not self.has_fills:
            # nothing is traded yet: what still fills is matched, but nothing that did not is sent again
            self._is_sent = False
            self._keeps = keep_position
            self.close_type = CloseType.EARLY_STOP
            self._listener.executor_changed(self)
            self._control_exit(now_ns)
            return
        super().stop(now_ns, keep_position)

    # ---- numbers and restart ---------------------------------------------------------------------------------------
    def custom_info(self) -> dict[str, Any]:
        buy, sell = self._buy.exposure.entry_price, self._sell.exposure.entry_price
        bought, sold = self._buy.instrument.market, self._sell.instrument.market
        return super().custom_info() | {
            "side": None,
            "profitability": self.profitability(),
            "buy_connector": bought.connector_name,
            "sell_connector": sold.connector_name,
            "buy_pair": bought.trading_pair,
            "sell_pair": sold.trading_pair,
            "buy_price": buy,
            "sell_price": sell,
            "trade_pnl_pct": None if buy is None or sell is None else (sell - buy) / buy,
            "tx_cost_pct": self._fees(),
            "profit_pct": self.profitability(),
            "failures": self.retries,
            "buying_market": str(self._buy.instrument.market),
            "selling_market": str(self._sell.instrument.market),
            "average_buy_price": self._buy.exposure.entry_price,
            "average_sell_price": self._sell.exposure.entry_price,
            "filled_buy": self._buy.instrument.amount(self._buy.exposure.opened_lots),
            "filled_sell": self._sell.instrument.amount(self._sell.exposure.opened_lots),
            "naked_base": self.naked(),
        }

    def state(self) -> dict[str, Any]:
        return super().state() | {"is_sent": self._is_sent}

    def restore(self, state: dict[str, Any], orders: list[Any], fills: list[Any]) -> None:
        self._is_sent = state["is_sent"]
        super().restore(state, orders, fills)
