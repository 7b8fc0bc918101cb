"""Executors as something that a person sets up: their names, and what a new one begins with."""

from __future__ import annotations

from typing import Any

from botcore.controllers.by_hand import NAME as BY_HAND_NAME
from botcore.executors.catalog import executor_configs
from botcore.executors.lp.config import NO_GATEWAY
from botcore.model.errors import UserError, nearest

PREFIX = "executors."
"""What stands before an executor's type where a controller's name stands."""

SUMMARIES = {
    "position_executor": "One position with stop loss, take profit and time limit",
    "order_executor": "One order; what it fills is held",
    "dca_executor": "Enter in steps, leave at once",
    "twap_executor": "An amount in equal slices over a time",
    "grid_executor": "A grid of levels, each closed at its own profit",
    "arbitrage_executor": "Buy on one market, sell on another",
    "xemm_executor": "Quote on one market, hedge on another",
    "pair_executor": "Two positions, opened and closed together",
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "position_executor": {"triple_barrier_config": {"stop_loss": "0.02", "take_profit": "0.01", "time_limit": 14400, "open_order_type": "MARKET"}},
    "grid_executor": {"leverage": 1, "min_spread_between_orders": "0.002", "triple_barrier_config": {"take_profit": "0.002"}},
    "dca_executor": {"take_profit": "0.01", "stop_loss": "0.05"},
    "twap_executor": {"total_duration": 3600, "order_interval": 60},
    "pair_executor": {"long": {"side": "BUY"}, "short": {"side": "SELL"}, "stop_loss": "0.03", "take_profit": "0.01"},
    "arbitrage_executor": {"min_profitability": "0.003"},
    "xemm_executor": {"min_profitability": "0.002", "target_profitability": "0.004", "max_profitability": "0.008"},
}


def is_executor(name: str) -> bool:
    """Whether this name, where a controller's stands, is that of an executor."""
    return name.startswith(PREFIX)


def executor_name(text: str) -> str:
    """The whole name of an executor that is called `grid`, `grid_executor` or `executors.grid_executor`; UserError for what there is not."""
    word = text.lower().removeprefix(PREFIX)
    kind = word if word.endswith("_executor") else f"{word}_executor"
    if kind == "lp_executor":
        raise UserError(NO_GATEWAY)
    if kind not in SUMMARIES:
        short = [name.removesuffix("_executor") for name in SUMMARIES]
        raise UserError(
            f"there is no executor {word.removesuffix('_executor')[:40]!r}{nearest(kind.removesuffix('_executor'), short)} (there are {', '.join(short)})"
        )
    return f"{PREFIX}{kind}"


def executor_model(name: str) -> Any:
    """The config model of an executor by its whole name."""
    return executor_configs()[name.removeprefix(PREFIX)]


def by_hand_values(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """An executor's config as that of the controller that runs it."""
    return {"controller_name": BY_HAND_NAME, "executor": {**values, "type": name.removeprefix(PREFIX)}}
