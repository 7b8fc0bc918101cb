"""A grid in each of its bands, while the price is inside and its asset is short of its share; its config has parts with parts."""

from decimal import Decimal
from enum import Enum
from typing import Dict, List, Optional, Tuple

from pydantic import BaseModel, Field, field_validator

from hummingbot.core.data_type.common import MarketDict, OrderType, PositionMode, PriceType, TradeType
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.data_types import ConnectorPair
from hummingbot.strategy_v2.executors.grid_executor.data_types import GridExecutorConfig
from hummingbot.strategy_v2.executors.position_executor.data_types import TripleBarrierConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction, StopExecutorAction


class Pull(Enum):
    GENTLE = 0.5
    FULL = 1.0


class Exit(BaseModel):
    order: OrderType = OrderType.LIMIT
    kinds: Tuple[TradeType, ...] = ()
    heard: Optional[str] = None

    @field_validator("heard", mode="before")
    @classmethod
    def as_written(cls, v):
        return f"heard {v}"


class Band(BaseModel):
    band_id: str
    start_price: Decimal = Field(json_schema_extra={"is_updatable": True})
    end_price: Decimal
    limit_price: Decimal
    side: TradeType
    share: Decimal
    enabled: bool = True
    pull: Optional[Pull] = None
    exits: Dict[TradeType, Exit] = {}


class BandsConfig(ControllerConfigBase):
    controller_name: str = "bands"
    candles_config: List[CandlesConfig] = Field(
        default_factory=lambda: [CandlesConfig(connector="binance_perpetual", trading_pair="ETH-USDT", interval="1m", max_records=5)],
        json_schema_extra={"prompt": "Candles (connector.pair.interval.records)?", "prompt_on_new": True},
    )
    market: ConnectorPair = ConnectorPair(connector_name="binance_perpetual", trading_pair="ETH-USDT")
    bands: List[Band] = Field(default_factory=list, json_schema_extra={"is_updatable": True})
    shares: Dict[str, Decimal] = Field(default={"ETH": Decimal("0.50")}, json_schema_extra={"is_updatable": True})
    bounds: Optional[List[Decimal]] = Field(default=None, json_schema_extra={"is_updatable": True})
    barriers: TripleBarrierConfig = TripleBarrierConfig(
        take_profit=Decimal("0.001"), open_order_type=OrderType.LIMIT_MAKER, take_profit_order_type=OrderType.LIMIT_MAKER
    )
    leverage: int = 2
    position_mode: PositionMode = PositionMode.HEDGE

    @field_validator("bounds", mode="before")
    @classmethod
    def read_bounds(cls, v):
        return [Decimal(item) for item in v.split(",")] if isinstance(v, str) else v

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.market.connector_name, self.market.trading_pair)


class Bands(ControllerBase):
    def __init__(self, config: BandsConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.of_band: Dict[str, str] = {}

    async def update_processed_data(self):
        for executor in self.filter_executors(executors=self.executors_info, filter_func=lambda e: e.is_active):
            self.of_band[executor.config.level_id] = executor.id

    def determine_executor_actions(self) -> List[ExecutorAction]:
        price = self.market_data_provider.get_price_by_type(self.config.market.connector_name, self.config.market.trading_pair, PriceType.MidPrice)
        wanted = {band.band_id: band for band in self.config.bands if band.enabled}
        actions: List[ExecutorAction] = []
        for gone in set(self.of_band) - set(wanted):
            actions.append(StopExecutorAction(controller_id=self.config.id, executor_id=self.of_band.pop(gone)))
        for name, band in wanted.items():
            if name in self.of_band or not band.start_price <= price <= band.end_price:
                continue
            actions.append(
                CreateExecutorAction(
                    controller_id=self.config.id,
                    executor_config=GridExecutorConfig(
                        timestamp=self.market_data_provider.time(),
                        connector_name=self.config.market.connector_name,
                        trading_pair=self.config.market.trading_pair,
                        start_price=band.start_price,
                        end_price=band.end_price,
                        limit_price=band.limit_price,
                        side=band.side,
                        total_amount_quote=self.config.total_amount_quote * band.share,
                        min_spread_between_orders=Decimal("0.01"),
                        triple_barrier_config=self.config.barriers,
                        leverage=self.config.leverage,
                        level_id=name,
                    ),
                )
            )
        return actions

    def to_format_status(self) -> List[str]:
        return [f"{e.config.level_id}: {len(e.custom_info.get('levels_by_state', {}).get('NOT_ACTIVE', []))} wait" for e in self.executors_info]
