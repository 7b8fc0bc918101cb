# a global take profit and stop loss over the position that the controller holds, closed in two phases; after a close it waits until its own data agree
from decimal import Decimal
from typing import List, Optional, Tuple

from pydantic import Field

from hummingbot.core.data_type.common import MarketDict, PositionAction, PositionMode, PriceType, TradeType
from hummingbot.strategy_v2.controllers.controller_base import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.order_executor.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction, StopExecutorAction

CLOSE = "global_close"
MAX_RETRIES = 3


class GlobalCloseConfig(ControllerConfigBase):
    controller_name: str = "global_close"
    connector_name: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    leverage: int = 1
    position_mode: PositionMode = PositionMode.ONEWAY
    amount: Decimal = Decimal("1")
    take_profit: Decimal = Field(default=Decimal("0.01"), json_schema_extra={"is_updatable": True})
    stop_loss: Decimal = Field(default=Decimal("0.05"), json_schema_extra={"is_updatable": True})

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class GlobalClose(ControllerBase):
    def __init__(self, config: GlobalCloseConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.phase: Optional[str] = None
        self.close_side: Optional[TradeType] = None
        self.retries = 0
        self.cooling_down = False
        self.entered = False

    async def update_processed_data(self):
        held = next((p for p in self.positions_held if p.trading_pair == self.config.trading_pair), None)
        value = held.amount * held.breakeven_price if held else Decimal(0)
        self.processed_data.update({
            "mid": self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair, PriceType.MidPrice),
            "position_amount": held.amount if held else Decimal(0),
            "pnl_pct": held.unrealized_pnl_quote / value if value else Decimal(0),
        })

    def exchange_position(self) -> Tuple[Decimal, Optional[TradeType]]:
        held = next((p for p in self.positions_held if p.trading_pair == self.config.trading_pair), None)
        return (held.amount, held.side) if held and held.amount else (Decimal(0), None)

    def determine_executor_actions(self) -> List[ExecutorAction]:
        if not self.entered:
            self.entered = True
            return [self.order(TradeType.BUY, self.config.amount, ExecutionStrategy.MARKET, PositionAction.OPEN, "entry")]
        return self.check()

    def check(self) -> List[ExecutorAction]:
        if self.cooling_down:
            amount, _ = (Decimal(0), None) if self.processed_data["position_amount"] == 0 else self.exchange_position()
            if self.processed_data["position_amount"] != 0 and amount == 0:
                return []
            self.cooling_down = False
        working = [e for e in self.executors_info if e.is_active]
        if self.phase == "stopping":
            if [e for e in working if e.custom_info.get("level_id") != CLOSE]:
                return []
            self.phase = "closing"
        if self.phase == "closing":
            return self.close(working)
        if self.processed_data["position_amount"] == 0 or -self.config.stop_loss < self.processed_data["pnl_pct"] < self.config.take_profit:
            return []
        self.phase, self.retries = "stopping", 0
        self.close_side = next((p.side for p in self.positions_held if p.trading_pair == self.config.trading_pair), None)
        return [StopExecutorAction(controller_id=self.config.id, executor_id=e.id, keep_position=True) for e in working]

    def close(self, working) -> List[ExecutorAction]:
        if [e for e in working if e.custom_info.get("level_id") == CLOSE]:
            return []
        if self.retries >= MAX_RETRIES:
            return self.end()
        amount, side = self.exchange_position()
        if amount == 0:
            self.cooling_down = True
            return self.end()
        if side != self.close_side:
            return self.end()
        if self.market_data_provider.quantize_order_amount(self.config.connector_name, self.config.trading_pair, amount) == 0:
            return self.end()
        self.retries += 1
        opposite = TradeType.SELL if side == TradeType.BUY else TradeType.BUY
        return [self.order(opposite, amount, ExecutionStrategy.LIMIT_CHASER, PositionAction.CLOSE, CLOSE)]

    def end(self) -> List[ExecutorAction]:
        self.phase, self.close_side, self.retries = None, None, 0
        return []

    def order(self, side, amount, strategy, action, level_id):
        chaser = LimitChaserConfig(distance=Decimal("0.0001"), refresh_threshold=Decimal("0.0005")) if strategy == ExecutionStrategy.LIMIT_CHASER else None
        return CreateExecutorAction(controller_id=self.config.id, executor_config=OrderExecutorConfig(
            timestamp=self.market_data_provider.time(), connector_name=self.config.connector_name, trading_pair=self.config.trading_pair,
            side=side, amount=amount, execution_strategy=strategy, position_action=action, chaser_config=chaser,
            leverage=self.config.leverage, level_id=level_id))
