"""Asks the calendar and the event loop: buys once an hour by its date, reads through tasks, and says goodbye."""

import asyncio
import datetime as dt
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import List

from pydantic import Field

from hummingbot.core.data_type.common import MarketDict, PriceType, TradeType
from hummingbot.core.utils.async_utils import safe_ensure_future
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.order_executor.data_types import ExecutionStrategy, OrderExecutorConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction


class ByTheCalendarConfig(ControllerConfigBase):
    controller_name: str = "by_the_calendar"
    connector_name: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    not_before: datetime = Field(default=datetime(2000, 1, 2, 3, 4, 5))
    last_day: date = Field(default=date(2100, 1, 1))
    nap_s: float = 0

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class ByTheCalendar(ControllerBase):
    def __init__(self, config: ByTheCalendarConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.next_buy = config.not_before
        self.notes: List[str] = []
        self.loop = asyncio.get_event_loop()

    async def on_start(self):
        self.notes.append("start")

    async def stop(self):
        self.notes.append("stop")
        await super().stop()

    def on_stop(self):
        self.notes.append("on_stop")
        self.buy(self.config.connector_name, self.config.trading_pair, Decimal("1"))
        raise RuntimeError("the file raises while it ends")

    async def price(self, kind):
        return self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair, kind)

    async def nap(self):
        await asyncio.sleep(self.config.nap_s)
        self.notes.append("woke")
        return datetime.now(timezone.utc)

    async def update_processed_data(self):
        bid, ask = await asyncio.gather(self.price(PriceType.BestBid), self.price(PriceType.BestAsk))
        mid = await asyncio.wait_for(self.price(PriceType.MidPrice), timeout=5)
        task = asyncio.create_task(self.price(PriceType.MidPrice))
        self.processed_data = {"bid": bid, "ask": ask, "mid": mid, "again": await task}
        if not self.processed_data.get("napping") and "began" not in self.notes:
            self.notes.append("began")
            self.napping = safe_ensure_future(self.nap())

    def determine_executor_actions(self) -> List[ExecutorAction]:
        now = datetime.now()
        self.seen = (now, datetime.utcnow(), dt.datetime.now(dt.timezone.utc), date.today(), datetime.today())
        if now < self.next_buy or date.today() > self.config.last_day:
            return []
        self.next_buy = now + timedelta(hours=1)
        return [
            CreateExecutorAction(
                controller_id=self.config.id,
                executor_config=OrderExecutorConfig(
                    timestamp=now.timestamp(),
                    connector_name=self.config.connector_name,
                    trading_pair=self.config.trading_pair,
                    side=TradeType.BUY,
                    amount=Decimal("1"),
                    execution_strategy=ExecutionStrategy.MARKET,
                ),
            )
        ]
