"""Which running executors follow when the barriers of a controller's config change."""

from __future__ import annotations

from typing import Any

from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.info import ExecutorInfo

EXITS = ("stop_loss", "take_profit", "time_limit", "trailing_stop")


def barrier_changes(was: TripleBarrierConfig, now: TripleBarrierConfig, running: list[ExecutorInfo]) -> list[tuple[str, TripleBarrierConfig]]:
    """The new barriers for every executor that had the old ones as they stood in the config; scaled ones are left alone."""
    if was == now:
        return []
    return [(info.id, now) for info in running if info.is_active and _had(info.config, was)]


def _had(config: Any, was: TripleBarrierConfig) -> bool:
    """Whether an executor was made with these barriers; a ladder has no order types of its own."""
    own = getattr(config, "triple_barrier_config", None)
    if own is not None:
        return bool(own == was)
    ladder = getattr(config, "barriers", None)
    return ladder is not None and all(getattr(ladder, name) == getattr(was, name) for name in EXITS)
