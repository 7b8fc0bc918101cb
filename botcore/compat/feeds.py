"""Sources and services that Strategy V2 files make by themselves: candle feeds are bound to the runtime's; what a home of ours does not have can be made, and says that
nothing comes."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import BaseModel

from botcore.markets.candles_config import CandlesConfig
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


class AmmGatewayDataFeed:
    """Prices of swaps at a Gateway; never ready, as there is none."""

    def __init__(self, connector_chain_network: str, trading_pairs: set[str], order_amount_in_base: Any, update_interval: float = 1.0) -> None:
        self.connector_chain_network = connector_chain_network
        self.trading_pairs = trading_pairs
        self.order_amount_in_base = order_amount_in_base
        self.price_dict: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return f"AmmDataFeed[{self.connector_chain_network}]"

    def start(self) -> None:
        log.warning("no Gateway is configured: the prices of %s stay unknown", self.connector_chain_network)

    def stop(self) -> None: ...

    def is_ready(self) -> bool:
        return False


class ExternalTopicFactory:
    """Listeners to a message broker; there is none."""

    @classmethod
    def create_async(cls, topic: str, *_unused: Any, **_ignored: Any) -> Any:
        raise UserError(f"no message broker is configured: nobody can listen to {topic}")

    create_queue = create_async


# ---- candles -----------------------------------------------------------------------------------------------------------
class LooseFeed:
    """A candle feed that a file made by itself; the runtime binds it to its own when the file's script is built."""

    def __init__(self, config: CandlesConfig) -> None:
        self.config = config
        self.max_records = config.max_records
        self.interval = config.interval
        self._bound: Any = None

    def bind(self, provider: Any) -> None:
        """Read from this market data from now on."""
        self._bound = provider.get_candles_feed(self.config)

    @property
    def name(self) -> str:
        return f"{self.config.connector}_{self.config.trading_pair}"

    @property
    def ready(self) -> bool:
        """Whether all its records are there."""
        return self._bound is not None and bool(self._bound.ready)

    @property
    def candles_df(self) -> Any:
        """Its closed candles; an empty frame before it is bound."""
        import pandas as pd

        return pd.DataFrame() if self._bound is None else self._bound.candles_df

    def start(self) -> None:
        """Nothing to do: candles come as long as their market is open."""

    def stop(self) -> None:
        """Nothing to do."""


class CandlesFactory:
    """Makes such feeds."""

    @classmethod
    def get_candle(cls, candles_config: CandlesConfig) -> LooseFeed:
        return LooseFeed(candles_config)


# ---- the application ---------------------------------------------------------------------------------------------------
class ScriptDone(Exception):
    """A script asked its application to stop: it is asked no more, and what it has goes on."""


class HummingbotApplication:
    """The application, as far as scripts ask for it."""

    _mqtt = None

    @classmethod
    def main_application(cls) -> HummingbotApplication:
        return cls()

    def stop(self, *_unused: Any, **_ignored: Any) -> None:
        """End the script that calls this."""
        raise ScriptDone("the script has ended itself; its bot is stopped with /stop")

    def notify(self, msg: str) -> None:
        log.info("%s", msg)


class ETopicPublisher:
    """A topic of a message broker; there is none, what is published goes nowhere."""

    def __init__(self, topic: str, *_unused: Any, **_ignored: Any) -> None:
        self.topic = topic

    def __call__(self, *_unused: Any, **_ignored: Any) -> None: ...
