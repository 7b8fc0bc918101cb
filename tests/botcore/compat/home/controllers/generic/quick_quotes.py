"""Quotes both sides with position executors close to the mid, replaces them quickly, and tells what it sees of itself."""

from decimal import Decimal
from typing import List

import pandas as pd
from pydantic import Field, field_validator

from hummingbot.client.ui.interface_utils import format_df_for_printout
from hummingbot.core.data_type.common import MarketDict, OrderType, PositionMode, PriceType, TradeType
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.strategy_v2.controllers.controller_base import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.data_types import ConnectorPair
from hummingbot.strategy_v2.executors.position_executor.data_types import PositionExecutorConfig, TripleBarrierConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from hummingbot.strategy_v2.utils.common import parse_comma_separated_list


class QuickQuotesConfig(ControllerConfigBase):
    controller_type: str = "generic"
    controller_name: str = "quick_quotes"
    candles_config: List[CandlesConfig] = []
    connector_name: str = Field(default="binance_perpetual", json_schema_extra={"prompt": "Where?", "prompt_on_new": True})
    trading_pair: str = Field(default="ETH-USDT", json_schema_extra={"prompt": "What?", "prompt_on_new": True})
    amount_quote: Decimal = Field(default=Decimal("200"), json_schema_extra={"prompt": "How much a quote?", "prompt_on_new": True, "is_updatable": True})
    spreads: List[float] = Field(default="0.0002,0.0005", json_schema_extra={"is_updatable": True})
    refresh_s: float = 2
    leverage: int = 5
    position_mode: PositionMode = PositionMode.HEDGE

    @field_validator("spreads", mode="before")
    @classmethod
    def read_spreads(cls, v):
        return parse_comma_separated_list(v)

    @property
    def barriers(self) -> TripleBarrierConfig:
        return TripleBarrierConfig(
            take_profit=Decimal("0.0003"), stop_loss=Decimal("0.001"), time_limit=6, open_order_type=OrderType.LIMIT, take_profit_order_type=OrderType.LIMIT
        )

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class QuickQuotes(ControllerBase):
    def __init__(self, config: QuickQuotesConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.market_data_provider.initialize_rate_sources([ConnectorPair(connector_name=config.connector_name, trading_pair=config.trading_pair)])
        connector = self.market_data_provider.get_connector(config.connector_name)
        if "_perpetual" in config.connector_name:
            connector.set_position_mode(config.position_mode)
            connector.set_leverage(config.leverage, config.trading_pair)

    async def update_processed_data(self):
        active = self.filter_executors(executors=self.executors_info, filter_func=lambda e: e.is_active)
        self.processed_data.update(
            mid=self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair, PriceType.MidPrice),
            levels={e.custom_info["level_id"]: e for e in active},
        )

    def determine_executor_actions(self) -> List[ExecutorAction]:
        now, mid, levels = self.market_data_provider.time(), self.processed_data["mid"], self.processed_data["levels"]
        actions: List[ExecutorAction] = []
        for number, spread in enumerate(self.config.spreads):
            for side, sign in ((TradeType.BUY, -1), (TradeType.SELL, 1)):
                name = f"{side.name.lower()}_{number}"
                executor = levels.get(name)
                if executor is None:
                    config = PositionExecutorConfig(
                        timestamp=now,
                        level_id=name,
                        connector_name=self.config.connector_name,
                        trading_pair=self.config.trading_pair,
                        entry_price=mid * (1 + sign * Decimal(str(spread))),
                        amount=self.config.amount_quote / mid,
                        triple_barrier_config=self.config.barriers,
                        leverage=self.config.leverage,
                        side=side,
                    )
                    actions.append(CreateExecutorAction(controller_id=self.config.id, executor_config=config))
                elif not executor.is_trading and now - executor.timestamp > self.config.refresh_s:
                    actions.append(StopExecutorAction(controller_id=self.config.id, executor_id=executor.id))
        return actions

    def to_format_status(self) -> List[str]:
        rows = [{"level": e.custom_info["level_id"], "status": e.status.name, "pnl": e.net_pnl_quote, "side": e.config.side.name} for e in self.executors_info]
        return [format_df_for_printout(pd.DataFrame(rows), table_format="psql")]
