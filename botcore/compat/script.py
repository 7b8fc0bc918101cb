"""`StrategyV2Base` for scripts: a script that runs controllers says which ones in its config; the runtime's own bot carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botcore.compat.base import RunnableBase
from botcore.compat.markets import MarketDict
from botcore.model.actions import ExecutorAction


class StrategyV2Base(RunnableBase):
    """Base of scripts.

    A script that only starts controllers (as the usual one with `controllers_config`) needs nothing beyond its config: its controllers, their drawdown limits and
    their switches are the runtime's. What a script decides by itself (`create_actions_proposal`, `stop_actions_proposal`) is decided by a controller in its place.
    """

    markets: dict[str, set[str]] = {}

    def __init__(self, connectors: Any = None, config: Any = None) -> None:
        self.connectors = connectors or {}
        self.config = config

    @classmethod
    def init_markets(cls, config: Any) -> None:
        cls.markets = dict(config.update_markets(MarketDict()))

    @staticmethod
    def is_perpetual(connector: str) -> bool:
        return "perpetual" in connector

    def create_actions_proposal(self) -> Sequence[ExecutorAction]:
        return []

    def stop_actions_proposal(self) -> Sequence[ExecutorAction]:
        return []

    def store_actions_proposal(self) -> Sequence[ExecutorAction]:
        return []

    def on_tick(self) -> None: ...

    def format_status(self) -> str:
        return ""
