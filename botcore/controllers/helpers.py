"""`ControllerHelpers`: how a controller looks at its executors and holds, and trades by hand, under the names of Strategy V2.

A helper that trades makes an action: it is carried out with those of the same step, and its executor has its id at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from mypy_extensions import mypyc_attr

from botcore.controllers.filters import ExecutorFilter
from botcore.executors.data_types import (
    ExecutionStrategy,
    ExecutorConfigBase,
    LimitChaserConfig,
    OrderExecutorConfig,
    PositionExecutorConfig,
    TripleBarrierConfig,
)
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import PositionAction, PriceType, RunnableStatus, TradeType

Names = Sequence[str] | None


@mypyc_attr(allow_interpreted_subclasses=True)
class ControllerHelpers:
    """See the module; what it looks at is what the controller was handed with its last step."""

    def __init__(self, config: Any, market_data_provider: MarketDataProvider) -> None:
        self.config = config
        self.market_data_provider = market_data_provider
        self.executors_info: list[ExecutorInfo] = []
        self.positions_held: list[Any] = []
        self._queued: list[ExecutorAction] = []
        self._new_id: Callable[[], str] | None = None

    @property
    def id(self) -> str:
        return str(self.config.id)

    # ---- looking at executors --------------------------------------------------------------------------------------
    def filter_executors(
        self,
        executors: Iterable[ExecutorInfo] | None = None,
        executor_filter: ExecutorFilter | Callable[[ExecutorInfo], bool] | None = None,
        filter_func: Callable[[ExecutorInfo], bool] | None = None,
    ) -> list[ExecutorInfo]:
        """Executors that fulfil every condition that is given; all own ones are looked at when none are given (an empty list stays empty)."""
        found = list(self.executors_info if executors is None else executors)
        for condition in (executor_filter, filter_func):
            if condition is not None:
                holds = condition.holds if isinstance(condition, ExecutorFilter) else condition
                found = [info for info in found if holds(info)]
        return found

    def get_active_executors(self, connector_names: Names = None, trading_pairs: Names = None, executor_types: Names = None) -> list[ExecutorInfo]:
        return self._lookup(ExecutorFilter(is_active=True), connector_names, trading_pairs, executor_types)

    def get_completed_executors(self, connector_names: Names = None, trading_pairs: Names = None, executor_types: Names = None) -> list[ExecutorInfo]:
        return self._lookup(ExecutorFilter(statuses=[RunnableStatus.TERMINATED]), connector_names, trading_pairs, executor_types)

    def get_executors_by_type(self, executor_types: Sequence[str], connector_names: Names = None, trading_pairs: Names = None) -> list[ExecutorInfo]:
        return self._lookup(ExecutorFilter(), connector_names, trading_pairs, executor_types)

    def get_executors_by_side(self, sides: Sequence[TradeType], connector_names: Names = None, trading_pairs: Names = None) -> list[ExecutorInfo]:
        return self._lookup(ExecutorFilter(sides=sides), connector_names, trading_pairs, None)

    def _lookup(self, first: ExecutorFilter, connector_names: Names, trading_pairs: Names, executor_types: Names) -> list[ExecutorInfo]:
        where = ExecutorFilter(connector_names=connector_names, trading_pairs=trading_pairs, executor_types=executor_types)
        return self.filter_executors(self.filter_executors(executor_filter=first), executor_filter=where)

    # ---- trading by hand: an action each, carried out with those of the same step -----------------------------------
    def buy(
        self,
        connector_name: str,
        trading_pair: str,
        amount: Decimal,
        price: Decimal | None = None,
        execution_strategy: ExecutionStrategy = ExecutionStrategy.MARKET,
        chaser_config: LimitChaserConfig | None = None,
        triple_barrier_config: TripleBarrierConfig | None = None,
        leverage: int = 1,
        keep_position: bool = True,
        position_action: PositionAction = PositionAction.OPEN,
    ) -> str:
        """Buy `amount` of base: with barriers a position of its own that they end, else an order whose fills are held.

        Returns
        -------
        str
            Id of the executor, unique in the data folder.
        """
        return self._trade(
            TradeType.BUY,
            connector_name,
            trading_pair,
            amount,
            price,
            execution_strategy,
            chaser_config,
            triple_barrier_config,
            leverage,
            position_action,
        )

    def sell(
        self,
        connector_name: str,
        trading_pair: str,
        amount: Decimal,
        price: Decimal | None = None,
        execution_strategy: ExecutionStrategy = ExecutionStrategy.MARKET,
        chaser_config: LimitChaserConfig | None = None,
        triple_barrier_config: TripleBarrierConfig | None = None,
        leverage: int = 1,
        keep_position: bool = True,
        position_action: PositionAction = PositionAction.OPEN,
    ) -> str:
        """Sell; see `buy`."""
        return self._trade(
            TradeType.SELL,
            connector_name,
            trading_pair,
            amount,
            price,
            execution_strategy,
            chaser_config,
            triple_barrier_config,
            leverage,
            position_action,
        )

    def _trade(
        self,
        side: TradeType,
        connector_name: str,
        trading_pair: str,
        amount: Decimal,
        price: Decimal | None,
        strategy: ExecutionStrategy,
        chaser: LimitChaserConfig | None,
        barriers: TripleBarrierConfig | None,
        leverage: int,
        action: PositionAction,
    ) -> str:
        if self._new_id is None:
            raise RuntimeError(f"controller {self.id} belongs to no bot yet: it can't trade")
        common: dict[str, Any] = {
            "id": self._new_id(),
            "timestamp": self.market_data_provider.time(),
            "controller_id": self.id,
            "connector_name": connector_name,
            "trading_pair": trading_pair,
            "side": side,
            "amount": amount,
            "leverage": leverage,
        }
        config: ExecutorConfigBase
        if barriers is not None:
            config = PositionExecutorConfig(**common, entry_price=price, triple_barrier_config=barriers)
        else:
            config = OrderExecutorConfig(**common, price=price, execution_strategy=strategy, chaser_config=chaser, position_action=action)
        self._queued.append(CreateExecutorAction(controller_id=self.id, executor_config=config))
        return config.id

    def cancel(self, executor_id: str) -> bool:
        """End an executor early; False when it is not an active one of this controller. One that was asked for in this step is not started."""
        for number, action in enumerate(self._queued):
            if isinstance(action, CreateExecutorAction) and action.executor_config.id == executor_id:
                del self._queued[number]
                return True
        if not any(info.id == executor_id and info.is_active for info in self.executors_info):
            return False
        self._queued.append(StopExecutorAction(controller_id=self.id, executor_id=executor_id))
        return True

    def cancel_all(
        self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: ExecutorFilter | None = None
    ) -> list[str]:
        """End all active executors that are meant; returns their ids."""
        meant = [info.id for info in self._meant(connector_name, trading_pair, executor_filter)]
        return [executor_id for executor_id in meant if self.cancel(executor_id)]

    def _meant(self, connector_name: str | None, trading_pair: str | None, executor_filter: ExecutorFilter | None) -> list[ExecutorInfo]:
        market = ExecutorFilter(
            is_active=True,
            connector_names=None if connector_name is None else [connector_name],
            trading_pairs=None if trading_pair is None else [trading_pair],
        )
        return self.filter_executors(self.filter_executors(executor_filter=market), executor_filter=executor_filter)

    def open_orders(
        self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: ExecutorFilter | None = None
    ) -> list[dict[str, Any]]:
        """Active executors as plain values: those that wait for their fill and those that have one."""
        return [
            {
                "executor_id": info.id,
                "connector_name": info.connector_name,
                "trading_pair": info.trading_pair,
                "side": info.side,
                "amount": getattr(info.config, "amount", None),
                "filled_amount": info.filled_amount_quote,
                "price": getattr(info.config, "entry_price", None) or getattr(info.config, "price", None),
                "status": info.status.name,
                "type": info.type,
                "net_pnl_quote": info.net_pnl_quote,
                "is_trading": info.is_trading,
                "created_timestamp": info.timestamp,
            }
            for info in self._meant(connector_name, trading_pair, executor_filter)
        ]

    def open_positions(
        self, connector_name: str | None = None, trading_pair: str | None = None, executor_filter: ExecutorFilter | None = None
    ) -> list[dict[str, Any]]:
        """What is held, as plain values: by executors that trade (`executor_id` says which), and in holds. PnL in quote; None while it is not known."""
        trading = [info for info in self._meant(connector_name, trading_pair, executor_filter) if info.is_trading]
        found = [_position_of(info) for info in trading]
        if executor_filter is None:
            found += [
                _position_held(held)
                for held in self.positions_held
                if held.amount and connector_name in (None, held.connector_name) and trading_pair in (None, held.trading_pair)
            ]
        return found

    def get_current_price(self, connector_name: str, trading_pair: str, price_type: PriceType = PriceType.MidPrice) -> Decimal:
        """Present price; NaN while it is not known."""
        return self.market_data_provider.get_price_by_type(connector_name, trading_pair, price_type)

    @classmethod
    def logger(cls) -> logging.Logger:
        return logging.getLogger(cls.__name__)


def _position_of(info: ExecutorInfo) -> dict[str, Any]:
    custom, pnl, pct = info.custom_info, info.net_pnl_quote, info.net_pnl_pct
    return {
        "executor_id": info.id,
        "connector_name": info.connector_name,
        "trading_pair": info.trading_pair,
        "side": info.side,
        "amount": abs(custom.get("exposure_base", Decimal(0))),
        "entry_price": custom.get("current_position_average_price"),
        "unrealized_pnl": None if pnl.is_nan() else pnl,
        "pnl_pct": None if pct.is_nan() else pct,
        "realized_pnl": Decimal(0),
        "cum_fees": info.cum_fees_quote,
    }


def _position_held(held: Any) -> dict[str, Any]:
    return {
        "executor_id": None,
        "connector_name": held.connector_name,
        "trading_pair": held.trading_pair,
        "side": held.side,
        "amount": abs(held.amount),
        "entry_price": held.breakeven_price,
        "unrealized_pnl": held.unrealized_pnl_quote,
        "pnl_pct": None,
        "realized_pnl": held.realized_pnl_quote,
        "cum_fees": held.cum_fees_quote,
    }
