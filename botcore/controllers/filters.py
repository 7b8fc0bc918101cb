"""`ExecutorFilter`: which executors are meant; every field that is given must hold, one that is left out holds for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType, RunnableStatus, TradeType


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorFilter:
    """See the module; names and meaning are those of Strategy V2.

    Parameters
    ----------
    executor_ids, connector_names, trading_pairs, executor_types, controller_ids : sequence of str, optional
        An empty one holds for nothing.
    min_pnl_pct, max_pnl_pct : Decimal, optional
        Fractions, both ends inside. A PnL that is not known holds for no bound.
    min_timestamp, max_timestamp, min_close_timestamp, max_close_timestamp : float, optional
        Seconds; an executor that has not ended holds for no bound on its end.
    """

    executor_ids: Sequence[str] | None = None
    connector_names: Sequence[str] | None = None
    trading_pairs: Sequence[str] | None = None
    executor_types: Sequence[str] | None = None
    statuses: Sequence[RunnableStatus] | None = None
    sides: Sequence[TradeType] | None = None
    is_active: bool | None = None
    is_trading: bool | None = None
    close_types: Sequence[CloseType] | None = None
    controller_ids: Sequence[str] | None = None
    min_pnl_pct: Decimal | None = None
    max_pnl_pct: Decimal | None = None
    min_pnl_quote: Decimal | None = None
    max_pnl_quote: Decimal | None = None
    min_timestamp: float | None = None
    max_timestamp: float | None = None
    min_close_timestamp: float | None = None
    max_close_timestamp: float | None = None

    def holds(self, info: ExecutorInfo) -> bool:
        """Whether an executor is meant."""
        return self._names_hold(info) and self._state_holds(info) and self._times_hold(info) and self._money_holds(info)

    def _names_hold(self, info: ExecutorInfo) -> bool:
        return (
            (self.executor_ids is None or info.id in self.executor_ids)
            and (self.connector_names is None or info.connector_name in self.connector_names)
            and (self.trading_pairs is None or info.trading_pair in self.trading_pairs)
            and (self.executor_types is None or info.type in self.executor_types)
            and (self.controller_ids is None or info.controller_id in self.controller_ids)
            and (self.sides is None or info.side in self.sides)
        )

    def _state_holds(self, info: ExecutorInfo) -> bool:
        return (
            (self.statuses is None or info.status in self.statuses)
            and (self.is_active is None or info.is_active == self.is_active)
            and (self.is_trading is None or info.is_trading == self.is_trading)
            and (self.close_types is None or info.close_type in self.close_types)
        )

    def _times_hold(self, info: ExecutorInfo) -> bool:
        return _between(info.timestamp, self.min_timestamp, self.max_timestamp) and _between(
            info.close_timestamp, self.min_close_timestamp, self.max_close_timestamp
        )

    def _money_holds(self, info: ExecutorInfo) -> bool:
        # what has to be worked out is asked for last, and only when somebody wants to know
        if (self.min_pnl_pct is not None or self.max_pnl_pct is not None) and not _amount_between(
            info.net_pnl_pct, self.min_pnl_pct, self.max_pnl_pct
        ):
            return False
        if self.min_pnl_quote is None and self.max_pnl_quote is None:
            return True
        return _amount_between(info.net_pnl_quote, self.min_pnl_quote, self.max_pnl_quote)


def _between(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _amount_between(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return not value.is_nan() and (low is None or value >= low) and (high is None or value <= high)
