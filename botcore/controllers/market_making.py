"""Base of market makers: levels on both sides of a reference price, each one a position executor.

A level is free when no executor works on it and none has just been stopped out there. Levels are refreshed when they have stood unfilled for too long.
On spot, sells need inventory: a market order brings it in before anything is sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from botcore.controllers.barrier_fields import Numbers, TradingController, TradingControllerConfig, read_numbers
from botcore.core.config import ask
from botcore.executors.data_types import ExecutionStrategy, ExecutorConfigBase, OrderExecutorConfig
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, TradeType

SECOND_NS = 1_000_000_000
NEVER = 2**63 - 1
REBALANCE = "position_rebalance"
REFUSAL_PAUSE_S = 15
OptionalNumbers = Annotated[
    list[Annotated[Decimal, Field(gt=0)]] | None, BeforeValidator(lambda raw: None if raw in ("", None) else read_numbers(raw))
]


@dataclass(frozen=True, slots=True)
class Level:
    """One quote of a market maker: its side, its distance from the reference price (fraction) and its size in quote."""

    side: TradeType
    spread: Decimal
    quote: Decimal


class MarketMakingControllerConfigBase(TradingControllerConfig):
    """Spreads are fractions of the reference price; amounts are weights (any positive numbers), equal when left out."""

    controller_type: str = "market_making"
    buy_spreads: Annotated[
        Numbers,
        Field(json_schema_extra=ask("Buy spreads?", updatable=True, unit="ratios", suggest=("0.1%, 0.2%", "0.5%, 1%", "1%, 2%"), group="levels")),
    ] = [Decimal("0.01"), Decimal("0.02")]
    sell_spreads: Annotated[
        Numbers,
        Field(json_schema_extra=ask("Sell spreads?", updatable=True, unit="ratios", suggest=("0.1%, 0.2%", "0.5%, 1%", "1%, 2%"), group="levels")),
    ] = [Decimal("0.01"), Decimal("0.02")]
    buy_amounts_pct: Annotated[OptionalNumbers, Field(json_schema_extra=ask("Weights of the buy levels?", new=False, updatable=True))] = None
    sell_amounts_pct: Annotated[OptionalNumbers, Field(json_schema_extra=ask("Weights of the sell levels?", new=False, updatable=True))] = None
    executor_refresh_time: Annotated[
        int,
        Field(
            gt=0, json_schema_extra=ask("Replace unfilled orders after?", updatable=True, unit="seconds", suggest=("30s", "1m", "5m"), group="levels")
        ),
    ] = 300
    cooldown_time: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait after a stop?", new=False, updatable=True, unit="seconds", suggest=("15s", "1m")))
    ] = 15
    position_rebalance_threshold_pct: Annotated[
        Decimal, Field(ge=0, json_schema_extra=ask("Rebalance inventory beyond?", new=False, unit="ratio"))
    ] = Decimal("0.05")
    skip_rebalance: Annotated[bool, Field(json_schema_extra=ask("Skip the spot rebalance?", new=False))] = False

    @model_validator(mode="after")
    def _weights_fit(self) -> MarketMakingControllerConfigBase:
        if not self.buy_spreads and not self.sell_spreads:
            raise ValueError("expected at least one buy or sell spread, found none")
        for side in ("buy", "sell"):
            spreads, weights = getattr(self, f"{side}_spreads"), getattr(self, f"{side}_amounts_pct")
            if weights is not None and len(weights) != len(spreads):
                raise ValueError(f"expected {len(spreads)} {side}_amounts_pct (one for each spread), found {len(weights)}")
        return self

    def spreads(self, side: TradeType) -> list[Decimal]:
        return self.buy_spreads if side is TradeType.BUY else self.sell_spreads

    def level_quotes(self, side: TradeType) -> list[Decimal]:
        """Quote amount of each level: the budget, shared by weight over both sides."""
        buys = self.buy_amounts_pct or [Decimal(1)] * len(self.buy_spreads)
        sells = self.sell_amounts_pct or [Decimal(1)] * len(self.sell_spreads)
        total = sum(buys, Decimal(0)) + sum(sells, Decimal(0))
        return [self.total_amount_quote * weight / total for weight in (buys if side is TradeType.BUY else sells)]

    def levels(self) -> dict[str, Level]:
        """Level id (`buy_0`, `sell_1`) -> level, best price first on each side."""
        return {
            f"{prefix}_{index}": Level(side, spread, quote)
            for side, prefix in ((TradeType.BUY, "buy"), (TradeType.SELL, "sell"))
            for index, (spread, quote) in enumerate(zip(self.spreads(side), self.level_quotes(side), strict=True))
        }


class MarketMakingControllerBase(TradingController):
    """See the module; a subclass says which executor a level becomes (`get_executor_config`)."""

    config: MarketMakingControllerConfigBase

    def __init__(self, config: MarketMakingControllerConfigBase, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._quiet_until_ns = 0
        self._levels_of: MarketMakingControllerConfigBase | None = None
        self._levels: dict[str, Level] = {}

    @property
    def levels(self) -> dict[str, Level]:
        """Levels of the present config; worked out once for each config."""
        if self._levels_of is not self.config:
            self._levels_of, self._levels = self.config, self.config.levels()
        return self._levels

    # ---- what a subclass may change --------------------------------------------------------------------------------
    def update_processed_data(self) -> Any:
        """Reference price (mid) and a spread multiplier of 1."""
        config = self.config
        self.processed_data = {
            "reference_price": self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair),
            "spread_multiplier": Decimal(1),
        }

    def get_executor_config(self, level_id: str, price: Decimal, amount: Decimal) -> ExecutorConfigBase | None:
        """The executor of a level; None leaves the level out for now."""
        raise NotImplementedError(f"{type(self).__name__} does not say what a level becomes: it needs get_executor_config")

    # ---- decision --------------------------------------------------------------------------------------------------
    def determine_executor_actions(self) -> list[ExecutorAction]:
        if Decimal(self.processed_data["reference_price"]).is_nan():
            self._quiet_until_ns = 0
            return []
        rebalance = self._rebalance()
        if rebalance is not None:
            self._quiet_until_ns = 0
            return [CreateExecutorAction(controller_id=self.config.id, executor_config=rebalance)]
        return [*self._creations(), *self._refreshes()]

    def rest(self) -> None:
        self._quiet_until_ns = 0

    def quiet_until_ns(self) -> int:
        return 0 if self._holds_inventory() else self._quiet_until_ns

    def _creations(self) -> list[ExecutorAction]:
        """An executor for every free level."""
        taken, self._quiet_until_ns = self._taken_levels()
        actions: list[ExecutorAction] = []
        for level_id in self.levels:
            if level_id in taken:
                continue
            config = self.get_executor_config(level_id, *self.get_price_and_amount(level_id))
            if config is None:
                self._quiet_until_ns = 0
            else:
                actions.append(CreateExecutorAction(controller_id=self.config.id, executor_config=config))
        if actions:
            refresh_ns = self.market_data_provider.now_ns + self.config.executor_refresh_time * SECOND_NS
            self._quiet_until_ns = min(self._quiet_until_ns, refresh_ns)
        return actions

    def _taken_levels(self) -> tuple[set[str | None], int]:
        """Levels with a live executor or in cooldown, and when the first cooldown ends."""
        now_ns = self.market_data_provider.now_ns
        longest_ns = max(self.config.cooldown_time, REFUSAL_PAUSE_S) * SECOND_NS
        taken: set[str | None] = set()
        free_at_ns = NEVER
        # the live ones stand last, the closed ones before them, the newest behind the older
        for info in reversed(self.executors_info):
            if not info.is_done:
                taken.add(info.level_id)
                continue
            if now_ns - info.close_ns >= longest_ns:
                break
            until_ns = info.close_ns + self._pause_after(info.close_type) * SECOND_NS
            if now_ns < until_ns:
                taken.add(info.level_id)
                free_at_ns = min(free_at_ns, until_ns)
        return taken, free_at_ns

    def _pause_after(self, close_type: CloseType | None) -> int:
        """Seconds for which a level stays free after its executor ended so: a stop cools down, a refusal would only be repeated at once."""
        if close_type is CloseType.STOP_LOSS:
            return self.config.cooldown_time
        if close_type in (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE):
            return max(self.config.cooldown_time, REFUSAL_PAUSE_S)
        return 0

    def _refreshes(self) -> list[ExecutorAction]:
        """Stop what has stood unfilled for the refresh time."""
        now_ns = self.market_data_provider.now_ns
        refresh_ns = self.config.executor_refresh_time * SECOND_NS
        actions: list[ExecutorAction] = []
        for info in reversed(self.executors_info):
            if info.is_done:
                break
            if not info.is_active or info.is_trading or info.level_id == REBALANCE:
                continue
            due_ns = info.created_ns + refresh_ns
            if now_ns >= due_ns:
                actions.append(StopExecutorAction(controller_id=self.config.id, executor_id=info.id))
            elif due_ns < self._quiet_until_ns:
                self._quiet_until_ns = due_ns
        return actions

    # ---- levels ----------------------------------------------------------------------------------------------------
    def get_trade_type_from_level_id(self, level_id: str) -> TradeType:
        return self.levels[level_id].side

    def get_level_from_level_id(self, level_id: str) -> int:
        return int(level_id.rpartition("_")[2])

    def get_price_and_amount(self, level_id: str) -> tuple[Decimal, Decimal]:
        """Price of a level and its size in base."""
        level = self.levels[level_id]
        spread = level.spread * Decimal(self.processed_data["spread_multiplier"])
        price = Decimal(self.processed_data["reference_price"]) * (1 - level.side.sign * spread)
        return price, level.quote / price

    # ---- spot inventory --------------------------------------------------------------------------------------------
    def _holds_inventory(self) -> bool:
        config = self.config
        return not config.skip_rebalance and not self.market_data_provider.instrument(config.connector_name, config.trading_pair).is_perpetual

    def get_required_base_amount(self, reference_price: Decimal) -> Decimal:
        """Base that the sell levels need."""
        return sum(self.config.level_quotes(TradeType.SELL), Decimal(0)) / reference_price

    def _rebalance(self) -> ExecutorConfigBase | None:
        """A market order that brings the spot inventory to what the sell levels need; None when it is near enough or one is under way.

        What executors have bought or sold and not yet closed belongs to them and is not counted; holds are the inventory.
        """
        if not self._holds_inventory() or any(not info.is_done and info.level_id == REBALANCE for info in self.executors_info):
            return None
        config = self.config
        required = self.get_required_base_amount(Decimal(self.processed_data["reference_price"]))
        held = sum((position.amount for position in self.positions_held if position.trading_pair == config.trading_pair), Decimal(0))
        missing = required - held
        instrument = self.market_data_provider.instrument(config.connector_name, config.trading_pair)
        lots = instrument.lots(abs(missing))
        ticks = instrument.floor_ticks(Decimal(self.processed_data["reference_price"]))
        if abs(missing) <= config.position_rebalance_threshold_pct * required or instrument.refusal(lots, ticks) is not None:
            return None
        if self._was_refused():
            return None
        return OrderExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=TradeType.BUY if missing > 0 else TradeType.SELL,
            amount=abs(missing),
            execution_strategy=ExecutionStrategy.MARKET,
            level_id=REBALANCE,
        )

    def _was_refused(self) -> bool:
        """Whether the last rebalance was refused a moment ago."""
        since_ns = self.market_data_provider.now_ns - REFUSAL_PAUSE_S * SECOND_NS
        refused = (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE)
        return any(info.level_id == REBALANCE and info.close_type in refused and info.close_ns > since_ns for info in self.executors_info)
