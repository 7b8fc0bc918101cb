"""hedge_asset: keep a short on a perpetual in a fixed ratio to what is owned on a spot account.

It trades the difference between the wanted and the present short, when that is worth more than `min_notional_size` and the last order is long enough ago. While an order
of its own is under way nothing else is sent: what it will fill is part of the hedge already.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.two_markets import is_known
from botcore.core.config import PositionModeField, ask
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import PositionAction, PositionMode, PriceType, TradeType
from botcore.model.instrument import Market, split_pair

ZERO = Decimal(0)


class HedgeAssetConfig(ControllerConfigBase):
    """What is owned, where it is hedged, and how much of it.

    Parameters
    ----------
    hedge_ratio : Decimal
        Part of the spot balance that is held short: 0 hedges nothing, 1 all of it.
    min_notional_size : Decimal
        Smallest difference that is traded, quote.
    cooldown_time : float
        Seconds between two orders.
    """

    controller_name: Literal["hedge_asset"] = "hedge_asset"
    total_amount_quote: Annotated[Decimal, Field(ge=0)] = ZERO
    spot_connector_name: Annotated[str, Field(json_schema_extra=ask("Where is the asset?", unit="connector"))] = "binance"
    spot_trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair there?", unit="pair"))] = "SOL-USDT"
    hedge_connector_name: Annotated[str, Field(json_schema_extra=ask("Hedge on which venue?", unit="connector"))] = "binance_perpetual"
    hedge_trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair there?", unit="pair"))] = "SOL-USDT"
    leverage: Annotated[int, Field(ge=1, le=125, json_schema_extra=ask("Leverage?", unit="times", suggest=("1", "2", "5")))] = 20
    position_mode: Annotated[PositionModeField, Field(json_schema_extra=ask("Position mode?", new=False))] = PositionMode.HEDGE
    hedge_ratio: Annotated[
        Decimal, Field(ge=0, le=1, json_schema_extra=ask("Hedge how much of it?", updatable=True, unit="ratio", suggest=("50%", "100%")))
    ] = ZERO
    min_notional_size: Annotated[
        Decimal, Field(ge=0, json_schema_extra=ask("Smallest difference to trade?", updatable=True, unit="quote", suggest=("10", "100")))
    ] = Decimal(10)
    cooldown_time: Annotated[
        float, Field(ge=0, json_schema_extra=ask("Wait between orders?", updatable=True, unit="seconds", suggest=("10s", "1m")))
    ] = 10.0

    def markets(self) -> set[Market]:
        own = {Market(self.spot_connector_name, self.spot_trading_pair), Market(self.hedge_connector_name, self.hedge_trading_pair)}
        return super().markets() | own

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        return {Market(self.hedge_connector_name, self.hedge_trading_pair): (self.leverage, self.position_mode)}


class HedgeAssetController(ControllerBase):
    """See the module."""

    config: HedgeAssetConfig

    def _short(self) -> Decimal:
        """Base that is held short on the hedging market."""
        where = (self.config.hedge_connector_name, self.config.hedge_trading_pair)
        return sum((-hold.amount for hold in self.positions_held if (hold.connector_name, hold.trading_pair) == where and hold.amount < 0), ZERO)

    def update_processed_data(self) -> Any:
        config, data = self.config, self.market_data_provider
        price = data.get_price_by_type(config.spot_connector_name, config.spot_trading_pair, PriceType.MidPrice)
        balance = data.get_balance(config.spot_connector_name, split_pair(config.spot_trading_pair)[0])
        short = self._short()
        is_readable = is_known(price) and balance.is_finite()
        gap = balance * config.hedge_ratio - short if is_readable else ZERO
        self.processed_data = {
            "current_price": price,
            "spot_balance": balance,
            "hedge_position_size": short,
            "hedge_position_gap": gap,
            "hedge_position_gap_quote": gap * price if is_readable else ZERO,
            "is_known": is_readable,
        }

    def determine_executor_actions(self) -> list[ExecutorAction]:
        config, data = self.config, self.processed_data
        if not data["is_known"] or any(not info.is_done for info in self.executors_info):
            return []
        newest_s = max((info.timestamp for info in self.executors_info), default=None)
        if newest_s is not None and self.market_data_provider.time() <= newest_s + config.cooldown_time:
            return []
        gap = data["hedge_position_gap"]
        amount = self.market_data_provider.quantize_order_amount(config.hedge_connector_name, config.hedge_trading_pair, abs(gap))
        if not is_known(amount) or abs(data["hedge_position_gap_quote"]) < config.min_notional_size:
            return []
        is_more = gap > 0
        executor = OrderExecutorConfig(
            timestamp=self.market_data_provider.time(),
            controller_id=config.id,
            connector_name=config.hedge_connector_name,
            trading_pair=config.hedge_trading_pair,
            side=TradeType.SELL if is_more else TradeType.BUY,
            amount=amount,
            leverage=config.leverage,
            position_action=PositionAction.OPEN if is_more else PositionAction.CLOSE,
            execution_strategy=ExecutionStrategy.MARKET,
        )
        return [CreateExecutorAction(controller_id=config.id, executor_config=executor)]
