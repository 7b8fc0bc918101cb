"""What files may import, name by name: each name of the modules that the dialect is made of is there, and what is not is refused with name and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcore.compat.loader import FileRefused
from botcore.model.errors import ConfigError
from tests.support.user_code import load, write

V2 = "hummingbot.strategy_v2"
CONTROLLERS = "ControllerBase ControllerConfigBase DirectionalTradingControllerBase DirectionalTradingControllerConfigBase"
ACTIONS = "CreateExecutorAction ExecutorAction ExecutorConfigType StopExecutorAction StoreExecutorAction"
MODULES = {
    f"{V2}.controllers": f"{CONTROLLERS} MarketMakingControllerBase MarketMakingControllerConfigBase",
    f"{V2}.controllers.controller_base": "ControllerBase ControllerConfigBase ExecutorFilter",
    f"{V2}.controllers.directional_trading_controller_base": "DirectionalTradingControllerBase DirectionalTradingControllerConfigBase",
    f"{V2}.controllers.market_making_controller_base": "MarketMakingControllerBase MarketMakingControllerConfigBase",
    f"{V2}.executors.data_types": "ConnectorPair ExecutorConfigBase PositionSummary",
    f"{V2}.executors.position_executor.data_types": "PositionExecutorConfig TrailingStop TripleBarrierConfig",
    f"{V2}.executors.order_executor.data_types": "ExecutionStrategy LimitChaserConfig OrderExecutorConfig",
    f"{V2}.executors.grid_executor.data_types": "GridExecutorConfig GridLevel GridLevelStates",
    f"{V2}.executors.dca_executor.data_types": "DCAExecutorConfig DCAMode",
    f"{V2}.executors.twap_executor.data_types": "TWAPExecutorConfig TWAPMode",
    f"{V2}.executors.xemm_executor.data_types": "XEMMExecutorConfig",
    f"{V2}.executors.arbitrage_executor.data_types": "ArbitrageExecutorConfig",
    f"{V2}.executors.lp_executor.data_types": "LPExecutorConfig LPExecutorStates",
    f"{V2}.executors.gateway_utils": "parse_provider",
    f"{V2}.executors.executor_orchestrator": "ExecutorOrchestrator",
    f"{V2}.models.base": "RunnableStatus",
    f"{V2}.models.executors": "CloseType TrackedOrder",
    f"{V2}.models.executors_info": "AnyExecutorConfig ExecutorInfo PerformanceReport",
    f"{V2}.models.executor_actions": ACTIONS,
    f"{V2}.models.position_config": "InitialPositionConfig",
    f"{V2}.runnable_base": "RunnableBase",
    f"{V2}.utils.common": "generate_unique_id parse_comma_separated_list parse_enum_value",
    f"{V2}.utils.distributions": "Distributions",
    f"{V2}.utils.order_level_builder": "OrderLevel OrderLevelBuilder",
    "hummingbot": "data_path prefix_path root_path",
    "hummingbot.client.config.config_data_types": "BaseClientModel ClientFieldData",
    "hummingbot.client.hummingbot_application": "HummingbotApplication",
    "hummingbot.client.settings": "CONF_DIR_PATH CONTROLLERS_CONF_DIR_PATH SCRIPT_STRATEGY_CONF_DIR_PATH",
    "hummingbot.client.ui.interface_utils": "format_df_for_printout",
    "hummingbot.connector.connector_base": "ConnectorBase OrderType TradeType",
    "hummingbot.connector.utils": "combine_to_hb_trading_pair split_hb_trading_pair",
    "hummingbot.core.clock": "Clock",
    "hummingbot.core.data_type.common": (
        "GroupedSetDict LPType LazyDict MarketDict OpenOrder OrderType PositionAction PositionMode PositionSide PriceType TradeType"
    ),
    "hummingbot.core.data_type.in_flight_order": "OrderState",
    "hummingbot.core.data_type.limit_order": "LimitOrder",
    "hummingbot.core.data_type.order_book": "OrderBook",
    "hummingbot.core.data_type.order_book_row": "OrderBookRow",
    "hummingbot.core.data_type.order_book_query_result": "OrderBookQueryResult",
    "hummingbot.core.data_type.order_candidate": "OrderCandidate PerpetualOrderCandidate",
    "hummingbot.core.data_type.trade_fee": "AddedToCostTradeFee DeductedFromReturnsTradeFee TokenAmount TradeFeeBase",
    "hummingbot.core.event.events": (
        "AccountEvent BalanceUpdateEvent BuyOrderCompletedEvent BuyOrderCreatedEvent ExecutorEvent FundingPaymentCompletedEvent LimitOrderStatus "
        "MarketEvent MarketOrderFailureEvent MarketTransactionFailureEvent OrderBookEvent OrderBookTradeEvent OrderCancelledEvent OrderExpiredEvent "
        "OrderFilledEvent PositionModeChangeEvent PositionUpdateEvent SellOrderCompletedEvent SellOrderCreatedEvent"
    ),
    "hummingbot.core.gateway.gateway_http_client": "GatewayHttpClient",
    "hummingbot.core.rate_oracle.rate_oracle": "RateOracle",
    "hummingbot.core.utils.async_utils": "safe_ensure_future safe_gather safe_wrapper wait_til",
    "hummingbot.data_feed.amm_gateway_data_feed": "AmmGatewayDataFeed",
    "hummingbot.data_feed.candles_feed.candles_factory": "CandlesConfig CandlesFactory",
    "hummingbot.data_feed.candles_feed.data_types": "CandlesConfig HistoricalCandlesConfig",
    "hummingbot.data_feed.market_data_provider": "MarketDataProvider",
    "hummingbot.logger": "HummingbotLogger NETWORK",
    "hummingbot.remote_iface.mqtt": "ETopicPublisher ExternalTopicFactory",
    "hummingbot.strategy.script_strategy_base": "ScriptStrategyBase",
    "hummingbot.strategy.strategy_v2_base": (
        f"{ACTIONS.replace('ExecutorConfigType ', '')} ControllerBase ExecutorInfo ExecutorOrchestrator StrategyV2Base StrategyV2ConfigBase"
    ),
    "pandas_ta": "bbands ema macd natr rsi supertrend",
    "talib": "BBANDS EMA MACD NATR RSI",
    "sklearn.linear_model": "LinearRegression",
}
TAIL = (
    "class MineConfig(ControllerConfigBase):\n    controller_name: str = 'mine'\n"
    "class Mine(ControllerBase):\n    def determine_executor_actions(self):\n        return []\n"
)
BASE = f"from {V2}.controllers import ControllerBase, ControllerConfigBase\n"


@pytest.mark.parametrize("module", MODULES)
def test_each_name_is_there_and_is_something(module: str, tmp_path: Path) -> None:
    names = MODULES[module].split()
    lines = [f"from {module} import {name} as it_{name}" for name in names]
    text = "\n".join([*lines, f"FOUND = [{', '.join('it_' + name for name in names)}]", ""])
    write(tmp_path, "generic/mine.py", text + BASE + TAIL.replace("'mine'\n", "'mine'\n    found: list = [str(item) for item in FOUND]\n"))
    found = load("mine", tmp_path, tmp_path).config_class.model_validate({"id": "m"}).found  # type: ignore[attr-defined]
    assert len(found) == len(names)
    assert "None" not in found


@pytest.mark.parametrize("old", [module for module in MODULES if module.startswith(V2)])
def test_older_files_find_the_same_under_the_older_name(old: str, tmp_path: Path) -> None:
    module = old.replace(V2, "hummingbot.smart_components")
    write(tmp_path, "generic/mine.py", f"from {module} import {', '.join(MODULES[old].split())}\n" + BASE + TAIL)
    assert load("mine", tmp_path, tmp_path).name == "mine"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (f"{V2}.executors.position_executor.position_executor", "PositionExecutor"),
        (f"{V2}.executors.executor_base", "ExecutorBase"),
        (f"{V2}.utils.config_encoder_decoder", "ConfigEncoderDecoder"),
        (f"{V2}.models.executors", "TrackedOrders"),
        ("hummingbot.core.data_type.in_flight_order", "InFlightOrder"),
        ("hummingbot.core.web_assistant.connections.data_types", "RESTMethod"),
        ("hummingbot.connector.exchange_base", "ExchangeBase"),
        ("hummingbot.core.data_type.order_book", "OrderBookMessage"),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_its_line(module: str, name: str, tmp_path: Path) -> None:
    write(tmp_path, "generic/mine.py", BASE + f"from {module} import {name}\n" + TAIL)
    with pytest.raises((ConfigError, FileRefused), match=rf"^controllers/generic/mine\.py:2, field {name}: imports {name} from {module}, "):
        load("mine", tmp_path, tmp_path)
