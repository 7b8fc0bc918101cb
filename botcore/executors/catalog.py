"""Which executor a config's `type` stands for."""

from __future__ import annotations

from typing import Any

from botcore.executors.base import ExecutorBase
from botcore.executors.data_types import ExecutorConfigBase, OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.dca.executor import DCAExecutor
from botcore.executors.order import OrderExecutor
from botcore.executors.position import PositionExecutor
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.executors.twap.executor import TWAPExecutor


def executor_factories() -> dict[str, type[ExecutorBase[Any]]]:
    """Executor type -> class."""
    return {
        "position_executor": PositionExecutor,
        "order_executor": OrderExecutor,
        "dca_executor": DCAExecutor,
        "twap_executor": TWAPExecutor,
    }


def executor_configs() -> dict[str, type[ExecutorConfigBase]]:
    """Executor type -> config model, to read stored configs back."""
    return {
        "position_executor": PositionExecutorConfig,
        "order_executor": OrderExecutorConfig,
        "dca_executor": DCAExecutorConfig,
        "twap_executor": TWAPExecutorConfig,
    }
