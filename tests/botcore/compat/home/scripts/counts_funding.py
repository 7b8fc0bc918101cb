"""Holds a position for its funding: counts what is paid, and says goodbye."""

from decimal import Decimal
from typing import Dict

from hummingbot.connector.connector_base import ConnectorBase
from hummingbot.core.data_type.common import MarketDict
from hummingbot.core.event.events import FundingPaymentCompletedEvent
from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase


class CountsFundingConfig(StrategyV2ConfigBase):
    script_file_name: str = "counts_funding.py"
    exchange: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.exchange, self.trading_pair)


class CountsFunding(StrategyV2Base):
    def __init__(self, connectors: Dict[str, ConnectorBase], config: CountsFundingConfig):
        super().__init__(connectors, config)
        self.config = config
        self.payments = []
        self.ends = 0

    def did_complete_funding_payment(self, funding_payment_completed_event: FundingPaymentCompletedEvent):
        self.payments.append(funding_payment_completed_event)

    def on_tick(self):
        super().on_tick()
        if not self.get_all_executors():
            self.buy(self.config.exchange, self.config.trading_pair, Decimal("1"))

    async def on_stop(self):
        self.ends += 1
        self.sell(self.config.exchange, self.config.trading_pair, Decimal("1"))
        await super().on_stop()
