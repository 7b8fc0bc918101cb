"""Sources that Strategy V2 files may ask for and that a home of ours does not have: they can be made, and say that nothing comes."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import BaseModel

from botcore.model.errors import UserError

log = logging.getLogger(__name__)


class LiquidationsConfig(BaseModel):
    """Liquidations of some pairs at one venue, kept for some seconds."""

    connector: str = "binance"
    max_retention_seconds: int = 60
    trading_pairs: list[str] = []


class LiquidationsFeed:
    """Never ready: no venue tells liquidations here."""

    ready = False

    def __init__(self, config: LiquidationsConfig) -> None:
        self.config = config

    def start(self) -> None:
        log.warning("liquidations of %s are not to be had here: this feed stays empty", self.config.connector)

    def stop(self) -> None: ...

    def liquidations_df(self, trading_pair: str | None = None) -> Any:
        """An empty frame."""
        import pandas as pd

        return pd.DataFrame(columns=["timestamp", "trading_pair", "quantity", "price", "side"])


class LiquidationsFactory:
    """Makes such feeds."""

    @classmethod
    def get_liquidations_feed(cls, config: LiquidationsConfig) -> LiquidationsFeed:
        return LiquidationsFeed(config)


class ExternalTopicFactory:
    """Listeners to a message broker; there is none."""

    @classmethod
    def create_async(cls, topic: str, *_unused: Any, **_ignored: Any) -> Any:
        raise UserError(f"no message broker is configured: nobody can listen to {topic}")

    create_queue = create_async
