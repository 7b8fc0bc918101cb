"""Which executor a config's `type` stands for."""

from __future__ import annotations

from typing import Any

from botcore.executors.base import ExecutorBase
from botcore.executors.data_types import ExecutorConfigBase, OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.executor import GridExecutor
from botcore.executors.order import OrderExecutor
from botcore.executors.position import PositionExecutor


def executor_factories() -> dict[str, type[ExecutorBase[Any]]]:
    """Executor type -> class."""
    return {"position_executor": PositionExecutor, "order_executor": OrderExecutor, "grid_executor": GridExecutor}


def executor_configs() -> dict[str, type[ExecutorConfigBase]]:
    """Executor type -> config model, to read stored configs back."""
    return {"position_executor": PositionExecutorConfig, "order_executor": OrderExecutorConfig, "grid_executor": GridExecutorConfig}
