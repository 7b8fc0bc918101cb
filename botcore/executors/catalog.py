"""Which executor a config's `type` stands for."""

from __future__ import annotations

from typing import Any

from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.arbitrage.executor import ArbitrageExecutor
from botcore.executors.base import ExecutorBase
from botcore.executors.data_types import ExecutorConfigBase, OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.dca.executor import DCAExecutor
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.executor import GridExecutor
from botcore.executors.lp.config import LPExecutorConfig
from botcore.executors.lp.executor import LPExecutor
from botcore.executors.order import OrderExecutor
from botcore.executors.pair.config import PairExecutorConfig
from botcore.executors.pair.executor import PairExecutor
from botcore.executors.position import PositionExecutor
from botcore.executors.single.config import KIND as SINGLE
from botcore.executors.single.config import SingleOrderConfig
from botcore.executors.single.executor import SingleOrderExecutor
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.executors.twap.executor import TWAPExecutor
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.executors.xemm.executor import XEMMExecutor

_KINDS: tuple[tuple[str, type[ExecutorConfigBase], type[ExecutorBase[Any]]], ...] = (
    ("position_executor", PositionExecutorConfig, PositionExecutor),
    ("order_executor", OrderExecutorConfig, OrderExecutor),
    ("dca_executor", DCAExecutorConfig, DCAExecutor),
    ("twap_executor", TWAPExecutorConfig, TWAPExecutor),
    ("grid_executor", GridExecutorConfig, GridExecutor),
    ("arbitrage_executor", ArbitrageExecutorConfig, ArbitrageExecutor),
    ("xemm_executor", XEMMExecutorConfig, XEMMExecutor),
    ("pair_executor", PairExecutorConfig, PairExecutor),
    ("lp_executor", LPExecutorConfig, LPExecutor),
    (SINGLE, SingleOrderConfig, SingleOrderExecutor),
)


def executor_factories() -> dict[str, type[ExecutorBase[Any]]]:
    """Executor type -> class."""
    return {name: executor for name, _, executor in _KINDS}


def executor_configs() -> dict[str, type[ExecutorConfigBase]]:
    """Executor type -> config model, to read stored configs back."""
    return {name: config for name, config, _ in _KINDS}
