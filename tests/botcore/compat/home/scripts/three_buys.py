# in the dialect of the oldest scripts: no config, a market of the class that is for paper, rates from the oracle
from hummingbot.client.hummingbot_application import HummingbotApplication
from hummingbot.core.event.events import BuyOrderCreatedEvent
from hummingbot.core.rate_oracle.rate_oracle import RateOracle
from hummingbot.strategy.script_strategy_base import Decimal, OrderType, ScriptStrategyBase
from hummingbot.strategy.strategy_py_base import OrderFilledEvent


class ThreeBuys(ScriptStrategyBase):
    base, quote = "ETH", "USDT"
    created = 0
    markets = {"binance_paper_trade": {f"{base}-{quote}"}}

    def on_tick(self):
        if self.created < 3:
            amount = Decimal(100) / RateOracle.get_instance().get_pair_rate("ETH-USDT")
            price = self.connectors["binance_paper_trade"].get_mid_price("ETH-USDT") * Decimal(0.99)
            self.buy(connector_name="binance_paper_trade", trading_pair="ETH-USDT", amount=amount, order_type=OrderType.LIMIT, price=price)

    def did_create_buy_order(self, event: BuyOrderCreatedEvent):
        self.created += 1
        if self.created == 3:
            HummingbotApplication.main_application().stop()

    def did_fill_order(self, event: OrderFilledEvent):
        self.logger().info(event.order_id)
