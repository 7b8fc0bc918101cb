"""arbitrage_controller: watch two markets of the same asset and trade both when one is cheaper than the other by more than it costs.

One executor for each direction waits for its chance. Directions are kept in balance: after `max_executors_imbalance` more trades one way than the other, only
the way back is watched, for every trade moves inventory from one venue to the other.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.two_markets import MarketField, base_of, is_known, market_of, quote_of
from botcore.core.config import ask
from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import ConnectorPair
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.instrument import Market
from botcore.model.times import SECOND_NS


class ArbitrageControllerConfig(ControllerConfigBase):
    """Two markets of one asset.

    Parameters
    ----------
    min_profitability : Decimal
        Fraction after the fees of both legs.
    delay_between_executors : int
        Seconds between the end of one trade and the next executor.
    max_executors_imbalance : int
        So many more trades one way than the other.
    rate_connector : str
        Where a price is looked for when the two quote assets differ.
    quote_conversion_asset : str
        What `total_amount_quote` is counted in.
    """

    controller_name: Literal["arbitrage_controller"] = "arbitrage_controller"
    exchange_pair_1: Annotated[
        MarketField, Field(json_schema_extra=ask("First market (venue:pair)?", suggest=("binance:BTC-USDT", "binance:ETH-USDT")))
    ] = ConnectorPair(connector_name="binance", trading_pair="PENGU-USDT")
    exchange_pair_2: Annotated[
        MarketField, Field(json_schema_extra=ask("Second market (venue:pair)?", suggest=("bybit:BTC-USDT", "bybit:ETH-USDT")))
    ] = ConnectorPair(connector_name="solana_jupiter_mainnet-beta", trading_pair="PENGU-USDC")
    min_profitability: Annotated[
        Decimal, Field(json_schema_extra=ask("Trade from which profit?", updatable=True, unit="ratio", suggest=("0.1%", "0.3%", "1%")))
    ] = Decimal("0.01")
    delay_between_executors: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait between trades?", updatable=True, unit="seconds", suggest=("10s", "1m")))
    ] = 10
    max_executors_imbalance: Annotated[
        int, Field(gt=0, json_schema_extra=ask("Trades one way, at most?", updatable=True, suggest=("1", "2", "5")))
    ] = 1
    rate_connector: Annotated[str, Field(json_schema_extra=ask("Rates from?", new=False, unit="connector"))] = "binance"
    quote_conversion_asset: Annotated[str, Field(json_schema_extra=ask("The amount is in?", new=False))] = "USDT"

    @model_validator(mode="after")
    def _two_markets(self) -> ArbitrageControllerConfig:
        if market_of(self.exchange_pair_1) == market_of(self.exchange_pair_2):
            raise ValueError(f"expected two different markets, found {market_of(self.exchange_pair_1)} twice")
        return self

    def markets(self) -> set[Market]:
        return super().markets() | {market_of(self.exchange_pair_1), market_of(self.exchange_pair_2)}


class ArbitrageController(ControllerBase):
    """See the module."""

    config: ArbitrageControllerConfig

    def __init__(self, config: ArbitrageControllerConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        quotes = {quote_of(pair) for pair in (config.exchange_pair_1, config.exchange_pair_2)} - {config.quote_conversion_asset}
        sources = [ConnectorPair(connector_name=config.rate_connector, trading_pair=f"{quote}-{config.quote_conversion_asset}") for quote in quotes]
        self.market_data_provider.initialize_rate_sources(sources)

    def _towards(self, buying: ConnectorPair) -> list[ExecutorInfo]:
        return self.filter_executors(filter_func=lambda info: getattr(info.config, "buying_market", None) == buying)

    def update_processed_data(self) -> Any:
        """Trades one way less trades the other; what came to nothing is no trade."""
        first, second = (self._towards(pair) for pair in (self.config.exchange_pair_1, self.config.exchange_pair_2))
        bought, sold = (sum(info.is_done and info.has_fills for info in infos) for infos in (first, second))
        self.processed_data = {"imbalance": bought - sold, "bought_on_first": bought, "bought_on_second": sold}

    def determine_executor_actions(self) -> list[ExecutorAction]:
        config, now_ns = self.config, self.market_data_provider.now_ns
        ended_ns = max((info.close_ns for info in self.executors_info if info.is_done), default=None)
        if ended_ns is not None and now_ns < ended_ns + config.delay_between_executors * SECOND_NS:
            return []
        actions: list[ExecutorAction] = []
        pairs = (config.exchange_pair_1, config.exchange_pair_2)
        for buying, selling, sign in ((*pairs, 1), (*pairs[::-1], -1)):
            is_watched = any(not info.is_done for info in self._towards(buying))
            if not is_watched and sign * self.processed_data["imbalance"] < config.max_executors_imbalance:
                actions += self._watch(buying, selling)
        return actions

    def _watch(self, buying: ConnectorPair, selling: ConnectorPair) -> list[ExecutorAction]:
        """An executor of one direction; none while nothing says what the amount is worth."""
        config, data = self.config, self.market_data_provider
        rate = data.get_rate(f"{base_of(buying)}-{config.quote_conversion_asset}")
        if rate is None or not is_known(rate):
            return []
        amount = data.quantize_order_amount(buying.connector_name, buying.trading_pair, config.total_amount_quote / rate)
        if not is_known(amount):
            return []
        executor = ArbitrageExecutorConfig(
            timestamp=data.time(),
            controller_id=config.id,
            buying_market=buying,
            selling_market=selling,
            order_amount=amount,
            min_profitability=config.min_profitability,
        )
        return [CreateExecutorAction(controller_id=config.id, executor_config=executor)]
