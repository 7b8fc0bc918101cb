"""Market making base of Strategy V2 files: levels on both sides of a reference price; every step of the decision is a method that a file may replace."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from botcore.compat.base import ControllerBase
from botcore.compat.directional import BarrierConfigBase
from botcore.compat.executors import OrderExecutorConfig, TripleBarrierConfig
from botcore.compat.tools import parse_comma_separated_list
from botcore.core.config import ask
from botcore.executors.data_types import ConnectorPair, ExecutionStrategy
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, OrderType, PriceType, TradeType

REBALANCE = "position_rebalance"
REFUSAL_PAUSE_S = 15.0
LEVELS = "levels"


class MarketMakingControllerConfigBase(BarrierConfigBase):
    """Spreads are fractions of the reference price; amounts are weights, equal when they are left out."""

    controller_type: str = "market_making"
    buy_spreads: Annotated[list[float], Field(json_schema_extra=ask("Buy spreads?", updatable=True, unit="ratios", group=LEVELS))] = [0.01, 0.02]
    sell_spreads: Annotated[list[float], Field(json_schema_extra=ask("Sell spreads?", updatable=True, unit="ratios", group=LEVELS))] = [0.01, 0.02]
    buy_amounts_pct: Annotated[list[Decimal] | None, Field(json_schema_extra=ask("Weights of the buy levels?", new=False, updatable=True))] = None
    sell_amounts_pct: Annotated[list[Decimal] | None, Field(json_schema_extra=ask("Weights of the sell levels?", new=False, updatable=True))] = None
    executor_refresh_time: Annotated[
        int, Field(gt=0, json_schema_extra=ask("Replace unfilled orders after?", updatable=True, unit="seconds", group=LEVELS))
    ] = 300
    cooldown_time: Annotated[int, Field(ge=0, json_schema_extra=ask("Wait after a stop?", new=False, updatable=True, unit="seconds"))] = 15
    position_rebalance_threshold_pct: Annotated[
        Decimal, Field(ge=0, json_schema_extra=ask("Rebalance inventory beyond?", new=False, unit="ratio"))
    ] = Decimal("0.05")
    skip_rebalance: Annotated[bool, Field(json_schema_extra=ask("Skip the spot rebalance?", new=False))] = False

    @field_validator("buy_spreads", "sell_spreads", mode="before", check_fields=False)
    @classmethod
    def parse_spreads(cls, raw: Any) -> Any:
        return parse_comma_separated_list(raw)

    @field_validator("buy_amounts_pct", "sell_amounts_pct", mode="before", check_fields=False)
    @classmethod
    def parse_and_validate_amounts(cls, raw: Any, info: ValidationInfo) -> Any:
        """As many weights as spreads; equal ones when none are given."""
        spreads = info.data.get(str(info.field_name).replace("amounts_pct", "spreads"), [])
        if raw is None or raw == "":
            return [Decimal(1) for _ in spreads]
        weights = parse_comma_separated_list(raw)
        if isinstance(weights, list) and len(weights) != len(spreads):
            raise ValueError(f"expected {len(spreads)} {info.field_name} (one for each spread), found {len(weights)}")
        return weights

    @property
    def triple_barrier_config(self) -> TripleBarrierConfig:
        return self._barriers(OrderType.LIMIT)

    def get_spreads_and_amounts_in_quote(self, trade_type: TradeType) -> tuple[list[float], list[Decimal]]:
        """Spreads of one side and the quote amount of each of its levels: the budget, shared by weight over both sides."""
        sides = {TradeType.BUY: self.buy_amounts_pct or [], TradeType.SELL: self.sell_amounts_pct or []}
        total = sum((Decimal(str(weight)) for weights in sides.values() for weight in weights), Decimal(0))
        spreads = self.buy_spreads if trade_type is TradeType.BUY else self.sell_spreads
        return spreads, [self.total_amount_quote * Decimal(str(weight)) / total for weight in sides[trade_type]]

    def get_required_base_amount(self, reference_price: Decimal) -> Decimal:
        """Base that the sell levels need."""
        return sum(self.get_spreads_and_amounts_in_quote(TradeType.SELL)[1], Decimal(0)) / reference_price

    def update_parameters(self, trade_type: TradeType, new_spreads: Any, new_amounts_pct: Any = None) -> None:
        """Replace the levels of one side; equal weights when none are given."""
        side = "buy" if trade_type is TradeType.BUY else "sell"
        setattr(self, f"{side}_spreads", new_spreads)
        setattr(self, f"{side}_amounts_pct", new_amounts_pct)


class MarketMakingControllerBase(ControllerBase):
    """A file says which executor a level becomes (`get_executor_config`), and may move reference price and spreads."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        pair = ConnectorPair(connector_name=config.connector_name, trading_pair=config.trading_pair)
        self.market_data_provider.initialize_rate_sources([pair])

    async def update_processed_data(self) -> None:
        """Reference price (mid) and a spread multiplier of 1."""
        config = self.config
        price = self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair, PriceType.MidPrice)
        self.processed_data = {"reference_price": Decimal(price), "spread_multiplier": Decimal(1)}

    def determine_executor_actions(self) -> list[ExecutorAction]:
        return [*self.create_actions_proposal(), *self.stop_actions_proposal()]

    # ---- new executors ---------------------------------------------------------------------------------------------
    def create_actions_proposal(self) -> list[ExecutorAction]:
        if Decimal(self.processed_data["reference_price"]).is_nan():
            return []
        rebalance = self.check_position_rebalance()
        if rebalance is not None:
            return [rebalance]
        actions: list[ExecutorAction] = []
        for level_id in self.get_levels_to_execute():
            made = self.get_executor_config(level_id, *self.get_price_and_amount(level_id))
            if made is not None:
                actions.append(CreateExecutorAction(controller_id=self.id, executor_config=made))
        return actions

    def get_levels_to_execute(self) -> list[str]:
        """Levels on which nothing works and nothing has just been stopped out or refused."""
        return self.get_not_active_levels_ids([str(info.level_id) for info in self.filter_executors(filter_func=self._is_taken)])

    def _is_taken(self, info: Any) -> bool:
        if not info.is_done:
            return True
        pause = self.config.cooldown_time if info.close_type is CloseType.STOP_LOSS else 0
        if info.close_type in (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE):
            pause = max(self.config.cooldown_time, REFUSAL_PAUSE_S)
        return bool(self.market_data_provider.time() - info.close_timestamp < pause)

    def get_not_active_levels_ids(self, active_levels_ids: list[str]) -> list[str]:
        sides = ((TradeType.BUY, self.config.buy_spreads), (TradeType.SELL, self.config.sell_spreads))
        every = [self.get_level_id_from_side(side, level) for side, spreads in sides for level in range(len(spreads))]
        return [level_id for level_id in every if level_id not in active_levels_ids]

    def get_executor_config(self, level_id: str, price: Decimal, amount: Decimal) -> Any:
        """The executor of a level; None leaves it out for now."""
        raise NotImplementedError(f"{type(self).__name__} does not say what a level becomes: it needs get_executor_config")

    def get_price_and_amount(self, level_id: str) -> tuple[Decimal, Decimal]:
        """Price of a level and its size in base."""
        level, side = self.get_level_from_level_id(level_id), self.get_trade_type_from_level_id(level_id)
        spreads, amounts_quote = self.config.get_spreads_and_amounts_in_quote(side)
        spread = Decimal(str(spreads[level])) * Decimal(self.processed_data["spread_multiplier"])
        price = Decimal(self.processed_data["reference_price"]) * (1 - side.sign * spread)
        return price, Decimal(amounts_quote[level]) / price

    def get_level_id_from_side(self, trade_type: TradeType, level: int) -> str:
        return f"{trade_type.name.lower()}_{level}"

    def get_trade_type_from_level_id(self, level_id: str) -> TradeType:
        return TradeType.BUY if level_id.startswith("buy") else TradeType.SELL

    def get_level_from_level_id(self, level_id: str) -> int:
        return int(level_id.rpartition("_")[2])

    # ---- old executors ---------------------------------------------------------------------------------------------
    def stop_actions_proposal(self) -> list[ExecutorAction]:
        return [*self.executors_to_refresh(), *self.executors_to_early_stop()]

    def executors_to_refresh(self) -> list[ExecutorAction]:
        """Stop what has stood unfilled for the refresh time."""
        now, limit = self.market_data_provider.time(), self.config.executor_refresh_time
        stale = self.filter_executors(
            filter_func=lambda info: info.is_active and not info.is_trading and info.level_id != REBALANCE and now - info.timestamp > limit
        )
        return [StopExecutorAction(controller_id=self.id, executor_id=info.id) for info in stale]

    def executors_to_early_stop(self) -> list[ExecutorAction]:
        return []

    # ---- spot inventory --------------------------------------------------------------------------------------------
    def check_position_rebalance(self) -> ExecutorAction | None:
        """On spot: a market order that brings the inventory to what the sell levels need; None when it is near enough or one is under way."""
        config = self.config
        if "_perpetual" in config.connector_name or config.skip_rebalance or self._is_rebalancing():
            return None
        required = config.get_required_base_amount(Decimal(self.processed_data["reference_price"]))
        missing = required - self.get_current_base_position()
        amount = self.market_data_provider.quantize_order_amount(config.connector_name, config.trading_pair, abs(missing))
        rule = self.market_data_provider.get_trading_rules(config.connector_name, config.trading_pair)
        is_small = amount < rule.min_order_size or amount * Decimal(self.processed_data["reference_price"]) < rule.min_notional_size
        if not amount or is_small or abs(missing) <= config.position_rebalance_threshold_pct * required:
            return None
        return self.create_position_rebalance_order(TradeType.BUY if missing > 0 else TradeType.SELL, abs(missing))

    def _is_rebalancing(self) -> bool:
        return any(info.level_id == REBALANCE and self._is_taken(info) for info in self.executors_info)

    def get_current_base_position(self) -> Decimal:
        """Base that is held: holds of this market, shorts negative."""
        config = self.config
        held = [item for item in self.positions_held if (item.connector_name, item.trading_pair) == (config.connector_name, config.trading_pair)]
        return sum((item.amount * item.side.sign for item in held), Decimal(0))

    def create_position_rebalance_order(self, side: TradeType, amount: Decimal) -> ExecutorAction:
        made = OrderExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=self.config.connector_name,
            trading_pair=self.config.trading_pair,
            side=side,
            amount=amount,
            execution_strategy=ExecutionStrategy.MARKET,
            level_id=REBALANCE,
        )
        return CreateExecutorAction(controller_id=self.id, executor_config=made)
