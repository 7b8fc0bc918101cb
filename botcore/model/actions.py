"""What a controller decides, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorAction:
    """Base of the actions."""

    controller_id: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExecutorAction(ExecutorAction):
    """Start an executor; `executor_config` is one of the executor configs."""

    executor_config: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StopExecutorAction(ExecutorAction):
    """End an executor early; with `keep_position` what it holds goes to a position hold instead of being closed."""

    executor_id: str
    keep_position: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreExecutorAction(ExecutorAction):
    """Let go of a closed executor; it stays in the records."""

    executor_id: str
