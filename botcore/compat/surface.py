"""Module paths and names that a file written for Strategy V2 may import, and what stands behind each."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from botcore.compat import (
    base,
    books,
    candidates,
    config,
    directional,
    events,
    executors,
    feeds,
    folders,
    gateway,
    market_making,
    markets,
    positions,
    script,
    script_host,
    script_orders,
    stepping,
    tools,
    values,
)
from botcore.compat.connectors import TradingConnectorView
from botcore.controllers.distributions import Distributions
from botcore.controllers.order_levels import OrderLevel, OrderLevelBuilder
from botcore.core.clock import Clock
from botcore.executors import data_types
from botcore.executors.dca.config import DCAMode
from botcore.executors.grid.levels import LevelState
from botcore.executors.info import ExecutorInfo
from botcore.executors.twap.config import TWAPMode
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.funding import FundingInfo
from botcore.markets.market_books import OrderBookQueryResult
from botcore.markets.market_data import MarketDataProvider
from botcore.model import actions, enums
from botcore.model.errors import ConfigError
from botcore.model.trading_rule import TradingRule

ROOT = "hummingbot"
V2 = "hummingbot.strategy_v2"
OLD_V2 = "hummingbot.smart_components"
"""Where the same modules stood in older files."""


def _names(*things: Any, **more: Any) -> dict[str, Any]:
    return {thing.__name__: thing for thing in things} | more


CONTROLLER = _names(base.ControllerBase, config.ControllerConfigBase, base.ExecutorFilter, CandlesConfig)
DIRECTIONAL = _names(directional.DirectionalTradingControllerBase, directional.DirectionalTradingControllerConfigBase)
MARKET_MAKING = _names(market_making.MarketMakingControllerBase, market_making.MarketMakingControllerConfigBase)
ACTIONS = _names(actions.ExecutorAction, actions.CreateExecutorAction, actions.StopExecutorAction, actions.StoreExecutorAction)
SCRIPTS = (
    _names(script.StrategyV2Base, config.StrategyV2ConfigBase, MarketDataProvider, ExecutorOrchestrator=script_host.Orchestrator)
    | _names(enums.PositionMode, ExecutorInfo, script_host.PerformanceReport, positions.PositionSummary, s_decimal_nan=Decimal("NaN"))
    | ACTIONS
    | CONTROLLER
)
EVENTS = _names(
    events.BuyOrderCompletedEvent,
    events.BuyOrderCreatedEvent,
    events.FundingPaymentCompletedEvent,
    events.MarketEvent,
    events.MarketOrderFailureEvent,
    events.OrderCancelledEvent,
    events.OrderExpiredEvent,
    events.OrderFilledEvent,
    events.PositionModeChangeEvent,
    events.SellOrderCompletedEvent,
    events.SellOrderCreatedEvent,
    values.AccountEvent,
    values.BalanceUpdateEvent,
    values.ExecutorEvent,
    values.LimitOrderStatus,
    values.MarketTransactionFailureEvent,
    values.OrderBookEvent,
    values.OrderBookTradeEvent,
    values.PositionUpdateEvent,
    enums.OrderType,
    enums.PositionAction,
    enums.PositionMode,
    enums.TradeType,
)
TRADING = _names(enums.OrderType, enums.PositionAction, enums.TradeType)
BARRIERS = _names(executors.TripleBarrierConfig, executors.TrailingStop)

_V2: Mapping[str, Mapping[str, Any]] = {
    "controllers": CONTROLLER | DIRECTIONAL | MARKET_MAKING,
    "controllers.controller_base": CONTROLLER | ACTIONS,
    "controllers.directional_trading_controller_base": DIRECTIONAL,
    "controllers.market_making_controller_base": MARKET_MAKING,
    "executors.executor_orchestrator": _names(ExecutorOrchestrator=script_host.Orchestrator),
    "executors.data_types": _names(data_types.ConnectorPair, data_types.ExecutorConfigBase, positions.PositionSummary),
    "executors.position_executor.data_types": _names(executors.PositionExecutorConfig) | BARRIERS,
    "executors.order_executor.data_types": _names(data_types.ExecutionStrategy, executors.LimitChaserConfig, executors.OrderExecutorConfig),
    "executors.grid_executor.data_types": _names(executors.GridExecutorConfig, values.GridLevel, GridLevelStates=LevelState) | BARRIERS,
    "executors.dca_executor.data_types": _names(executors.DCAExecutorConfig, DCAMode) | BARRIERS,
    "executors.twap_executor.data_types": _names(executors.TWAPExecutorConfig, TWAPMode),
    "executors.xemm_executor.data_types": _names(executors.XEMMExecutorConfig),
    "executors.arbitrage_executor.data_types": _names(executors.ArbitrageExecutorConfig),
    "executors.lp_executor.data_types": _names(executors.LPExecutorConfig, executors.LPExecutorStates),
    "executors.gateway_utils": _names(gateway.parse_provider),
    "models.base": _names(enums.RunnableStatus, SmartComponentStatus=enums.RunnableStatus),
    "models.executors": _names(enums.CloseType, values.TrackedOrder),
    "models.executors_info": _names(ExecutorInfo, script_host.PerformanceReport, AnyExecutorConfig=data_types.ExecutorConfigBase),
    "models.executor_actions": ACTIONS | {"ExecutorConfigType": data_types.ExecutorConfigBase},
    "models.position_config": _names(config.InitialPositionConfig),
    "runnable_base": _names(base.RunnableBase),
    "utils.distributions": _names(Distributions),
    "utils.order_level_builder": _names(OrderLevelBuilder, OrderLevel),
    "utils.common": _names(tools.parse_comma_separated_list, tools.parse_enum_value),
}

_OTHERS: Mapping[str, Mapping[str, Any]] = {
    "client.hummingbot_application": _names(feeds.HummingbotApplication),
    "client.config.config_data_types": _names(config.BaseClientModel, config.ClientFieldData),
    "client.ui.interface_utils": _names(tools.format_df_for_printout),
    "connector.connector_base": _names(ConnectorBase=TradingConnectorView) | TRADING,
    "connector.trading_rule": _names(TradingRule),
    "connector.utils": _names(markets.split_hb_trading_pair, markets.combine_to_hb_trading_pair),
    "core.clock": _names(Clock),
    "core.data_type.common": _names(
        enums.OrderType,
        enums.PositionAction,
        enums.PositionMode,
        enums.PriceType,
        enums.TradeType,
        markets.GroupedSetDict,
        markets.LazyDict,
        markets.LPType,
        markets.MarketDict,
        markets.PositionSide,
        values.OpenOrder,
    ),
    "core.data_type.in_flight_order": _names(values.OrderState),
    "core.data_type.funding_info": _names(FundingInfo),
    "core.data_type.order_book": _names(OrderBook=books.OrderBookView),
    "core.data_type.order_book_row": _names(books.OrderBookRow),
    "core.data_type.order_book_query_result": _names(OrderBookQueryResult),
    "core.data_type.limit_order": _names(script_orders.LimitOrder),
    "core.data_type.order_candidate": _names(candidates.OrderCandidate, candidates.PerpetualOrderCandidate),
    "core.data_type.trade_fee": _names(
        events.TokenAmount, TradeFeeBase=events.TradeFee, AddedToCostTradeFee=events.TradeFee, DeductedFromReturnsTradeFee=events.TradeFee
    ),
    "core.event.events": EVENTS,
    "core.gateway.gateway_http_client": _names(gateway.GatewayHttpClient),
    "core.utils.async_utils": _names(tools.safe_ensure_future, tools.safe_gather, tools.safe_wrapper, tools.wait_til),
    "data_feed.amm_gateway_data_feed": _names(feeds.AmmGatewayDataFeed),
    "data_feed.candles_feed.candles_factory": _names(CandlesConfig, feeds.CandlesFactory),
    "data_feed.candles_feed.data_types": _names(CandlesConfig, values.HistoricalCandlesConfig),
    "data_feed.liquidations_feed.liquidations_factory": _names(feeds.LiquidationsConfig, feeds.LiquidationsFactory),
    "data_feed.market_data_provider": _names(MarketDataProvider),
    "exceptions": _names(InvalidController=ConfigError),
    "logger": _names(tools.HummingbotLogger, NETWORK=tools.NETWORK),
    "logger.logger": _names(tools.HummingbotLogger),
    "remote_iface.mqtt": _names(feeds.ExternalTopicFactory, feeds.ETopicPublisher),
    "core.rate_oracle.rate_oracle": _names(stepping.RateOracle),
    "strategy.script_strategy_base": EVENTS | _names(Decimal, ScriptStrategyBase=script.StrategyV2Base),
    "strategy.strategy_py_base": EVENTS,
    "strategy.strategy_v2_base": SCRIPTS,
}


def surface_of(seed: str, root: str = "") -> dict[str, dict[str, Any]]:
    """Module path -> names of one file; `seed` tells the ids that it makes from those of other files, `root` is its home's folder."""
    numbers = count(1)

    def generate_unique_id() -> str:
        return tools.unique_id_of(seed, next(numbers))

    found = {f"{ROOT}.{path}": dict(names) for path, names in _OTHERS.items()}
    found[ROOT] = folders.home_names(root)
    found[f"{ROOT}.client.settings"] = folders.settings_names(root)
    for path, names in _V2.items():
        own = dict(names) | ({"generate_unique_id": generate_unique_id} if path == "utils.common" else {})
        found[f"{V2}.{path}"] = found[f"{OLD_V2}.{path}"] = own
    return found
