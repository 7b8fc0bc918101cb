"""Trades by hand: a quote on each side, taken back and sent again every few seconds; counts what it is told."""

import logging
import os
from decimal import Decimal

from pydantic import Field

from hummingbot.client.config.config_data_types import ClientFieldData
from hummingbot.connector.connector_base import ConnectorBase
from hummingbot.core.data_type.common import OrderType, PriceType, TradeType
from hummingbot.core.data_type.order_candidate import OrderCandidate
from hummingbot.core.event.events import OrderFilledEvent
from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase


class TwoQuotesConfig(StrategyV2ConfigBase):
    script_file_name: str = Field(default_factory=lambda: os.path.basename(__file__))
    exchange: str = Field("binance", client_data=ClientFieldData(prompt_on_new=True, prompt=lambda mi: "Where?"))
    trading_pair: str = Field("ETH-USDT", client_data=ClientFieldData(prompt_on_new=True, prompt=lambda mi: "What?"))
    order_amount: Decimal = Field(0.01, client_data=ClientFieldData(prompt_on_new=True, prompt=lambda mi: "How much?"))
    spread: Decimal = Decimal("0.001")
    refresh_s: int = 5


class TwoQuotes(StrategyV2Base):
    next_quote = 0

    @classmethod
    def init_markets(cls, config: TwoQuotesConfig):
        cls.markets = {config.exchange: {config.trading_pair}}

    def __init__(self, connectors: dict[str, ConnectorBase], config: TwoQuotesConfig):
        super().__init__(connectors)
        self.config = config
        self.told = []

    def on_tick(self):
        if self.next_quote > self.current_timestamp:
            return
        for order in self.get_active_orders(connector_name=self.config.exchange):
            self.cancel(self.config.exchange, order.trading_pair, order.client_order_id)
        connector = self.connectors[self.config.exchange]
        price = connector.get_price_by_type(self.config.trading_pair, PriceType.MidPrice)
        wanted = [
            OrderCandidate(
                trading_pair=self.config.trading_pair,
                is_maker=True,
                order_type=OrderType.LIMIT,
                order_side=side,
                amount=Decimal(self.config.order_amount),
                price=price * (1 + sign * self.config.spread),
            )
            for side, sign in ((TradeType.BUY, -1), (TradeType.SELL, 1))
        ]
        for order in connector.budget_checker.adjust_candidates(wanted, all_or_none=True):
            if order.amount:
                send = self.sell if order.order_side == TradeType.SELL else self.buy
                send(self.config.exchange, order.trading_pair, order.amount, order.order_type, order.price)
        self.next_quote = self.current_timestamp + self.config.refresh_s

    def did_create_buy_order(self, event):
        self.told.append(("created", event.order_id))

    def did_fill_order(self, event: OrderFilledEvent):
        is_active = any(order.client_order_id == event.order_id for order in self.get_active_orders(self.config.exchange))
        self.told.append(("filled", event.order_id, event.trade_type, event.amount, event.price, is_active))
        self.log_with_clock(logging.INFO, f"{event.trade_type.name} {event.amount}")
        self.notify_hb_app_with_timestamp("filled")

    def did_complete_buy_order(self, event):
        self.told.append(("completed", event.order_id, event.base_asset_amount))

    def did_cancel_order(self, event):
        self.told.append(("cancelled", event.order_id))
