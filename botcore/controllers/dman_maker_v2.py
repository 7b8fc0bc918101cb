"""dman_maker_v2: a market maker of which each level is a ladder.

A level of pmm_simple is one order; here it is a DCA executor that goes on adding at better prices while the market runs against it, and leaves the whole at once.
It earns from moves that turn back and loses the stop loss of the whole ladder on those that don't.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from botcore.controllers.barrier_fields import blank_is_none
from botcore.controllers.ladder_fields import OptionalBounds, OptionalWeights, Spreads, shared_out, shares
from botcore.controllers.market_making import MarketMakingControllerBase, MarketMakingControllerConfigBase
from botcore.core.config import ask
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.executors.rounding import SETTLED
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.times import NEVER, SECOND_NS

FIRST_LEVELS = ("buy_0", "sell_0")


class DManMakerV2Config(MarketMakingControllerConfigBase):
    """Market maker with a DCA ladder at every level.

    Parameters
    ----------
    dca_spreads : list of Decimal
        Distance of the ladder's orders from the level's price, fractions.
    dca_amounts : list of Decimal, optional
        Weights of the ladder's orders in base; all alike when left out. The level's amount is shared among them.
    top_executor_refresh_time : float, optional
        Seconds after which an unfilled ladder at the level next to the market is replaced, where that is sooner than `executor_refresh_time`.
    executor_activation_bounds : list of Decimal, optional
        How near the mid has to be, as a fraction, for the next order of a ladder to be sent.
    """

    controller_name: Literal["dman_maker_v2"] = "dman_maker_v2"
    dca_spreads: Annotated[
        Spreads,
        Field(json_schema_extra=ask("Spreads within a ladder?", unit="ratios", suggest=("1%, 2%, 4%, 8%", "0.2%, 0.4%, 0.8%"), group="levels")),
    ] = [Decimal("0.01"), Decimal("0.02"), Decimal("0.04"), Decimal("0.08")]
    dca_amounts: Annotated[
        OptionalWeights, Field(json_schema_extra=ask("Weights within a ladder?", suggest=("0.1, 0.2, 0.4, 0.8", "1, 1, 1"), group="levels"))
    ] = [Decimal("0.1"), Decimal("0.2"), Decimal("0.4"), Decimal("0.8")]
    top_executor_refresh_time: Annotated[
        Annotated[float, Field(gt=0)] | None,
        BeforeValidator(blank_is_none),
        Field(json_schema_extra=ask("Replace the first level after?", new=False, updatable=True, unit="seconds")),
    ] = None
    executor_activation_bounds: Annotated[
        OptionalBounds, Field(json_schema_extra=ask("Send an order within how much of the mid?", new=False, updatable=True, unit="ratios"))
    ] = None

    @model_validator(mode="after")
    def _ladder_fits(self) -> Self:
        if self.dca_amounts is not None and len(self.dca_amounts) != len(self.dca_spreads):
            raise ValueError(f"expected {len(self.dca_spreads)} dca_amounts (one for each spread), found {len(self.dca_amounts)}")
        return self

    def ladder(self) -> list[tuple[Decimal, Decimal]]:
        """(spread, share of the level's base amount) of each order."""
        return list(zip(self.dca_spreads, shares(self.raw_weights()), strict=True))

    def raw_weights(self) -> list[Decimal]:
        return self.dca_amounts or [Decimal(1)] * len(self.dca_spreads)


class DManMakerV2Controller(MarketMakingControllerBase):
    """See the module."""

    config: DManMakerV2Config

    def __init__(self, config: DManMakerV2Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._top_due_ns = NEVER

    def get_executor_config(self, level_id: str, price: Decimal, amount: Decimal) -> ExecutorConfigBase | None:
        config = self.config
        side = self.get_trade_type_from_level_id(level_id)
        prices = [price * (1 - side.sign * spread) for spread, _ in config.ladder()]
        return DCAExecutorConfig(
            timestamp=self.market_data_provider.time(),
            level_id=level_id,
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=side,
            mode=DCAMode.MAKER,
            leverage=config.leverage,
            prices=prices,
            amounts_quote=[SETTLED.plus(part * at) for at, part in zip(prices, shared_out(amount, config.raw_weights()), strict=True)],
            stop_loss=config.stop_loss,
            take_profit=config.take_profit,
            trailing_stop=config.trailing_stop,
            time_limit=config.time_limit,
            activation_bounds=config.executor_activation_bounds,
        )

    # ---- the level next to the market ------------------------------------------------------------------------------
    def determine_executor_actions(self) -> list[ExecutorAction]:
        actions = super().determine_executor_actions()
        return [*actions, *self._top_refreshes(actions)]

    def quiet_until_ns(self) -> int:
        return min(super().quiet_until_ns(), self._top_due_ns)

    def _top_refreshes(self, decided: list[ExecutorAction]) -> list[ExecutorAction]:
        """Stop unfilled ladders of the first levels that are too old for it, and remember when the next one will be."""
        self._top_due_ns = NEVER
        after_s = self.config.top_executor_refresh_time
        if after_s is None or after_s >= self.config.executor_refresh_time:
            return []
        now_ns, after_ns = self.market_data_provider.now_ns, int(after_s * SECOND_NS)
        stopped = {action.executor_id for action in decided if isinstance(action, StopExecutorAction)}
        actions: list[ExecutorAction] = []
        for info in self.executors_info:
            if info.level_id not in FIRST_LEVELS or not info.is_active or info.is_trading or info.id in stopped:
                continue
            due_ns = info.created_ns + after_ns
            if now_ns >= due_ns:
                actions.append(StopExecutorAction(controller_id=self.config.id, executor_id=info.id))
            else:
                self._top_due_ns = min(self._top_due_ns, due_ns)
        if any(isinstance(action, CreateExecutorAction) and action.executor_config.level_id in FIRST_LEVELS for action in decided):
            self._top_due_ns = min(self._top_due_ns, now_ns + after_ns)
        return actions
