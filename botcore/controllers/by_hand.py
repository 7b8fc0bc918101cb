"""by_hand: one executor that a person has set up, in a bot of its own. It is started once; when it has ended, so has the bot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from botcore.controllers.base import ControllerBase
from botcore.controllers.catalog import ControllerSpec
from botcore.controllers.config import ControllerConfigBase
from botcore.core.config import PositionModeField, ask
from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.lp.config import LPExecutorConfig
from botcore.executors.pair.config import PairExecutorConfig
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import PositionMode
from botcore.model.instrument import Market

NAME: Final = "by_hand"
_AnyExecutor = (
    PositionExecutorConfig
    | OrderExecutorConfig
    | DCAExecutorConfig
    | TWAPExecutorConfig
    | GridExecutorConfig
    | ArbitrageExecutorConfig
    | XEMMExecutorConfig
    | PairExecutorConfig
    | LPExecutorConfig
)


def markets_of(value: Any) -> Iterator[tuple[Market, int]]:
    """(market, leverage) of an executor's config and of its parts."""
    connector_name, pair = getattr(value, "connector_name", None), getattr(value, "trading_pair", None)
    if connector_name and pair:
        yield Market(str(connector_name), str(pair)), int(getattr(value, "leverage", 1))
    for name in type(value).model_fields:
        part = getattr(value, name)
        if isinstance(part, BaseModel):
            yield from markets_of(part)


class ByHandConfig(ControllerConfigBase):
    """One executor.

    Parameters
    ----------
    executor : executor config
        Whole, with its `type`.
    """

    controller_name: Literal["by_hand"] = NAME
    controller_type: str = "generic"
    executor: Annotated[_AnyExecutor, Field(discriminator="type")]
    position_mode: Annotated[PositionModeField, Field(json_schema_extra=ask("Position mode?", new=False))] = PositionMode.ONEWAY

    def markets(self) -> set[Market]:
        return super().markets() | {market for market, _ in markets_of(self.executor)}

    def perpetual_settings(self) -> dict[Market, tuple[int, PositionMode]]:
        return {market: (leverage, self.position_mode) for market, leverage in markets_of(self.executor) if "_perpetual" in market.connector_name}


class ByHandController(ControllerBase):
    """See the module."""

    config: ByHandConfig

    def __init__(self, config: ByHandConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._has_asked = False

    @property
    def is_finished(self) -> bool:
        """Whether its executor has ended: nothing is left to be done, and the bot may end."""
        return bool(self.executors_info) and all(info.is_done for info in self.executors_info)

    def determine_executor_actions(self) -> list[ExecutorAction]:
        if self._has_asked or self.executors_info or not all(self._has_price(market) for market, _ in markets_of(self.config.executor)):
            return []
        self._has_asked = True
        executor = self.config.executor.model_copy(update={"timestamp": self.market_data_provider.time(), "controller_id": self.config.id})
        return [CreateExecutorAction(controller_id=self.config.id, executor_config=executor)]

    def _has_price(self, market: Market) -> bool:
        return not self.market_data_provider.get_price_by_type(market.connector_name, market.trading_pair).is_nan()


BY_HAND = ControllerSpec(NAME, "generic", ByHandConfig, ByHandController, "One executor, set up by hand")
"""Not among the shipped controllers: nobody picks it by name, `/x new` asks for its executor."""
