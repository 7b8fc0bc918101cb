"""xemm_multiple_levels: ladders of quotes on one venue, each fill of which is hedged on another.

Every level is an executor of its own, known by its name (`buy_0`, `sell_1`): a level is quoted again when its own executor has ended, whatever the others do.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.two_markets import is_known, is_resting, quote_of
from botcore.core.config import ask
from botcore.executors.data_types import ConnectorPair
from botcore.executors.info import ExecutorInfo
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import PriceType, TradeType
from botcore.model.instrument import Market
from botcore.model.times import SECOND_NS


def read_levels(raw: Any) -> Any:
    """`target,amount-target,amount` as text, or a list of such pairs."""
    if not isinstance(raw, str):
        return raw
    try:
        levels = [[Decimal(number.strip()) for number in level.split(",")] for level in raw.split("-") if level.strip()]
    except InvalidOperation:
        levels = [[]]
    if any(len(level) != 2 for level in levels):
        raise ValueError(f"expected target,amount for each level (for example 0.003,10-0.006,20), found {raw!r}")
    return levels


Positive = Annotated[Decimal, Field(gt=0)]
Levels = Annotated[list[tuple[Positive, Positive]], BeforeValidator(read_levels)]


def _default_levels() -> list[tuple[Decimal, Decimal]]:
    return [(Decimal("0.003"), Decimal(10)), (Decimal("0.006"), Decimal(20)), (Decimal("0.009"), Decimal(30))]


class XEMMMultipleLevelsConfig(ControllerConfigBase):
    """Quotes on the maker's market, hedges on the taker's.

    Parameters
    ----------
    buy_levels_targets_amount, sell_levels_targets_amount : list of (Decimal, Decimal)
        Target profit (fraction, after fees) and amount (quote) of each level.
    min_profitability, max_profitability : Decimal
        Fractions: a quote that would earn less or more is moved. Every target lies between them.
    max_executors_imbalance : int
        So many more filled levels on one side than on the other.
    """

    controller_name: Literal["xemm_multiple_levels"] = "xemm_multiple_levels"
    maker_connector: Annotated[str, Field(json_schema_extra=ask("Quote on which venue?", unit="connector"))] = "kucoin"
    maker_trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair there?", unit="pair"))] = "LBR-USDT"
    taker_connector: Annotated[str, Field(json_schema_extra=ask("Hedge on which venue?", unit="connector"))] = "okx"
    taker_trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair there?", unit="pair"))] = "LBR-USDT"
    buy_levels_targets_amount: Annotated[
        Levels, Field(json_schema_extra=ask("Buy levels (target,amount-target,amount)?", updatable=True, suggest=("0.003,10-0.006,20-0.009,30",)))
    ] = Field(default_factory=_default_levels)
    sell_levels_targets_amount: Annotated[
        Levels, Field(json_schema_extra=ask("Sell levels (target,amount-target,amount)?", updatable=True, suggest=("0.003,10-0.006,20-0.009,30",)))
    ] = Field(default_factory=_default_levels)
    min_profitability: Annotated[
        Decimal, Field(json_schema_extra=ask("Move a quote that earns less than?", updatable=True, unit="ratio", suggest=("0.1%", "0.2%")))
    ] = Decimal("0.002")
    max_profitability: Annotated[
        Decimal, Field(json_schema_extra=ask("Move a quote that earns more than?", updatable=True, unit="ratio", suggest=("1%", "2%")))
    ] = Decimal("0.01")
    max_executors_imbalance: Annotated[
        int, Field(gt=0, json_schema_extra=ask("Filled levels one way, at most?", updatable=True, suggest=("1", "2", "5")))
    ] = 1

    @model_validator(mode="after")
    def _fits(self) -> XEMMMultipleLevelsConfig:
        if (self.maker_connector, self.maker_trading_pair) == (self.taker_connector, self.taker_trading_pair):
            raise ValueError(f"expected two different markets, found {self.maker_connector} {self.maker_trading_pair} twice")
        for target, _ in (*self.buy_levels_targets_amount, *self.sell_levels_targets_amount):
            if not self.min_profitability <= target <= self.max_profitability:
                raise ValueError(
                    f"expected every target between min_profitability {self.min_profitability} and max_profitability {self.max_profitability}, found {target}"
                )
        return self

    @property
    def maker(self) -> ConnectorPair:
        return ConnectorPair(connector_name=self.maker_connector, trading_pair=self.maker_trading_pair)

    @property
    def taker(self) -> ConnectorPair:
        return ConnectorPair(connector_name=self.taker_connector, trading_pair=self.taker_trading_pair)

    def markets(self) -> set[Market]:
        own = {Market(self.maker_connector, self.maker_trading_pair), Market(self.taker_connector, self.taker_trading_pair)}
        return super().markets() | own


class XEMMMultipleLevels(ControllerBase):
    """See the module."""

    config: XEMMMultipleLevelsConfig

    def __init__(self, config: XEMMMultipleLevelsConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        quotes = quote_of(config.taker), quote_of(config.maker)
        if quotes[0] != quotes[1]:
            source = ConnectorPair(connector_name=config.maker_connector, trading_pair="-".join(quotes))
            self.market_data_provider.initialize_rate_sources([source])

    def _of(self, side: TradeType) -> list[ExecutorInfo]:
        return self.filter_executors(filter_func=lambda info: getattr(info.config, "maker_side", None) is side)

    def update_processed_data(self) -> Any:
        bought, sold = (sum(info.is_done and info.has_fills for info in self._of(side)) for side in (TradeType.BUY, TradeType.SELL))
        self.processed_data = {"imbalance": bought - sold, "filled_buys": bought, "filled_sells": sold}

    def determine_executor_actions(self) -> list[ExecutorAction]:
        config = self.config
        mid = self.market_data_provider.get_price_by_type(config.maker_connector, config.maker_trading_pair, PriceType.MidPrice)
        if not is_known(mid):
            return []
        actions: list[ExecutorAction] = []
        for side, levels in ((TradeType.BUY, config.buy_levels_targets_amount), (TradeType.SELL, config.sell_levels_targets_amount)):
            if side.sign * self.processed_data["imbalance"] >= config.max_executors_imbalance:
                continue
            for index, (target, quote) in enumerate(levels):
                name = f"{side.name.lower()}_{index}"
                own = self.filter_executors(filter_func=lambda info, name=name: info.level_id == name)  # type: ignore[misc]
                if all(info.is_done for info in own) and not self._waits(own):
                    actions.append(self._quote(name, side, target, quote / mid))
        return actions

    def _waits(self, own: list[ExecutorInfo]) -> bool:
        """Whether a level ended a moment ago: what has just been taken must be there again before it is quoted on."""
        now_ns = self.market_data_provider.now_ns
        return is_resting(own, now_ns) or any(info.is_done and now_ns < info.close_ns + SECOND_NS for info in own)

    def _quote(self, name: str, side: TradeType, target: Decimal, amount: Decimal) -> ExecutorAction:
        config = self.config
        is_buy = side is TradeType.BUY
        executor = XEMMExecutorConfig(
            timestamp=self.market_data_provider.time(),
            controller_id=config.id,
            level_id=name,
            buying_market=config.maker if is_buy else config.taker,
            selling_market=config.taker if is_buy else config.maker,
            maker_side=side,
            order_amount=amount,
            min_profitability=config.min_profitability,
            target_profitability=target,
            max_profitability=config.max_profitability,
        )
        return CreateExecutorAction(controller_id=config.id, executor_config=executor)
