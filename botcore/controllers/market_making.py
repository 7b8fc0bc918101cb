"""Base of market makers: levels on both sides of a reference price, each one a position executor.

A level is free when no executor works on it and none has just traded there (cooldown). Levels are refreshed when they have stood unfilled for too long. With an
inventory skew the quotes lean against what is held.
On spot, sells need inventory: a market order brings it in before anything is sold.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.controllers.market_making_config import Level, MarketMakingControllerConfigBase
from botcore.controllers.trading import TradingController
from botcore.executors.data_types import ExecutionStrategy, ExecutorConfigBase, OrderExecutorConfig
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, TradeType
from botcore.model.times import NEVER, SECOND_NS

# members of enums as names of this module: compiled code reads them without a lookup
STOP_LOSS: Final = CloseType.STOP_LOSS

__all__ = ["MarketMakingControllerBase", "MarketMakingControllerConfigBase"]

REBALANCE: Final = "position_rebalance"
REFUSAL_PAUSE_S: Final = 15


@mypyc_attr(allow_interpreted_subclasses=True)
class MarketMakingControllerBase(TradingController):
    """See the module; a subclass says which executor a level becomes (`get_executor_config`)."""

    def __init__(self, config: MarketMakingControllerConfigBase, market_data_provider: MarketDataProvider, *_unused: Any, **_ignored: Any) -> None:
        super().__init__(config, market_data_provider)
        self._levels_of: MarketMakingControllerConfigBase | None = None
        self._levels: dict[str, Level] = {}
        self._inventory_of: MarketMakingControllerConfigBase | None = None
        self._has_inventory = False

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

    def executors_to_early_stop(self) -> list[ExecutorAction]:
        """More executors that should end now, for reasons of a subclass."""
        return []

    # ---- decision --------------------------------------------------------------------------------------------------
    def determine_executor_actions(self) -> list[ExecutorAction]:
        if Decimal(self.processed_data["reference_price"]).is_nan():
            self._quiet_until_ns = 0
            return []
        rebalance = self.check_position_rebalance()
        if rebalance is not None:
            self._quiet_until_ns = 0
            return [CreateExecutorAction(controller_id=self.config.id, executor_config=rebalance)]
        return [*self._creations(), *self._refreshes(), *self.executors_to_early_stop()]

    def quiet_until_ns(self) -> int:
        return 0 if self._holds_inventory() else super().quiet_until_ns()

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
            until_ns = info.close_ns + self._pause_after(info) * SECOND_NS
            if now_ns < until_ns:
                taken.add(info.level_id)
                free_at_ns = min(free_at_ns, until_ns)
        return taken, free_at_ns

    def _pause_after(self, info: ExecutorInfo) -> int:
        """Seconds for which a level stays free after its executor: one that traded cools down however it ended, a refusal would only be repeated at once."""
        cooldown: int = self.config.cooldown_time
        close_type = info.close_type
        if info.has_fills or close_type is STOP_LOSS:
            return cooldown
        if close_type in (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE):
            return max(cooldown, REFUSAL_PAUSE_S)
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

    def get_level_id_from_side(self, side: TradeType, level: int) -> str:
        return f"{'buy' if side is TradeType.BUY else 'sell'}_{level}"

    def get_price_and_amount(self, level_id: str) -> tuple[Decimal, Decimal]:
        """Price of a level and its size in base."""
        level = self.levels[level_id]
        spread = level.spread * Decimal(self.processed_data["spread_multiplier"])
        price = self.skewed_price(Decimal(self.processed_data["reference_price"])) * (1 - level.side.sign * spread)
        return price, level.quote / price

    # ---- inventory skew --------------------------------------------------------------------------------------------
    def skewed_price(self, reference_price: Decimal) -> Decimal:
        """The reference price, moved against the inventory: by `inventory_skew` of itself when the whole budget is held too much (down) or too little (up)."""
        skew: Decimal = self.config.inventory_skew
        if not skew:
            return reference_price
        wanted = self.get_required_base_amount(reference_price) if self._holds_inventory() else Decimal(0)
        surplus: Decimal = self.get_current_base_position() + self._traded_base() - wanted
        share: Decimal = surplus * reference_price / self.config.total_amount_quote
        return reference_price * (1 - skew * max(Decimal(-1), min(Decimal(1), share)))

    def _traded_base(self) -> Decimal:
        """Base that running executors of this market hold, signed."""
        total = Decimal(0)
        for info in reversed(self.executors_info):
            if info.is_done:
                break
            if info.has_fills and info.trading_pair == self.config.trading_pair:
                total += info.custom_info.get("exposure_base", Decimal(0))
        return total

    def get_current_base_position(self) -> Decimal:
        """Base in the holds of this market, both sides netted."""
        here = (self.config.connector_name, self.config.trading_pair)
        held = (position.amount for position in self.positions_held if (position.connector_name, position.trading_pair) == here)
        return sum(held, Decimal(0))

    # ---- spot inventory --------------------------------------------------------------------------------------------
    def _holds_inventory(self) -> bool:
        """Whether sells need inventory; worked out once for each config."""
        config = self.config
        if self._inventory_of is not config:
            instrument = self.market_data_provider.instrument(config.connector_name, config.trading_pair)
            self._inventory_of, self._has_inventory = config, not config.skip_rebalance and not instrument.is_perpetual
        return self._has_inventory

    def get_required_base_amount(self, reference_price: Decimal) -> Decimal:
        """Base that the sell levels need."""
        return sum(self.config.level_quotes(TradeType.SELL), Decimal(0)) / reference_price

    def check_position_rebalance(self) -> ExecutorConfigBase | None:
        """A market order that brings the spot inventory to what the sell levels need; None when it is near enough or one is under way.

        What executors have bought or sold and not yet closed belongs to them and is not counted; holds are the inventory.
        """
        if not self._holds_inventory() or any(not info.is_done and info.level_id == REBALANCE for info in self.executors_info):
            return None
        config = self.config
        required = self.get_required_base_amount(Decimal(self.processed_data["reference_price"]))
        missing = required - self.get_current_base_position()
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
