"""Candles of a controller: the fields that name them, and a window that is handed out once a candle.

Indicators are worked out over a window of fixed length, anew for each closed candle: what a controller says depends on the last candles only and not on when its
bot was started, so a restart changes no signal and a backtest says what a live bot says. The candle that is still open is never looked at.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field, field_validator

from botcore.controllers.base import ControllerBase
from botcore.controllers.config import ControllerConfigBase
from botcore.core.config import ask
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.intervals import interval_seconds
from botcore.markets.market_data import MarketDataProvider
from botcore.model.errors import ConfigError
from botcore.model.instrument import Market


class CandleFields(ControllerConfigBase):
    """Where the candles come from (the traded market when it is left empty) and how long each one is."""

    candles_connector: Annotated[str | None, Field(json_schema_extra=ask("Candles from another venue?", new=False, unit="connector"))] = None
    candles_trading_pair: Annotated[str | None, Field(json_schema_extra=ask("Candles of another pair?", new=False, unit="pair"))] = None
    interval: Annotated[str, Field(json_schema_extra=ask("Candle interval?", suggest=("1m", "3m", "5m", "15m", "1h"), group="levels"))] = "3m"

    @field_validator("interval")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            interval_seconds(value)
        except ConfigError as error:
            # pydantic gathers ValueErrors with file, line and field; any other error would cut the gathering short
            raise ValueError(error.problem) from None
        return value

    @field_validator("candles_connector", "candles_trading_pair", mode="before")
    @classmethod
    def _blank(cls, value: Any) -> Any:
        return value or None

    @property
    def records(self) -> int:
        """Closed candles that one look needs."""
        raise NotImplementedError(f"{type(self).__name__} does not say how many candles it needs: it needs records")

    def candles(self) -> CandlesConfig:
        return CandlesConfig(
            connector=self.candles_connector or str(getattr(self, "connector_name", "")),
            trading_pair=self.candles_trading_pair or str(getattr(self, "trading_pair", "")),
            interval=self.interval,
            max_records=self.records,
        )

    def markets(self) -> set[Market]:
        candles = self.candles()
        return super().markets() | {Market(candles.connector, candles.trading_pair)}


class CandleReader(ControllerBase):
    """A controller whose config names candles (`CandleFields`): they are asked for before the first decision, and looked at once each."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._window = CandleWindow(self.market_data_provider)
        self._wanted_of: Any = None
        self._wanted: list[CandlesConfig] = []

    def get_candles_config(self) -> list[CandlesConfig]:
        if self._wanted_of is not self.config:
            # it is asked with every tick
            self._wanted_of, self._wanted = self.config, [*super().get_candles_config(), self.config.candles()]
        return list(self._wanted)

    def update_processed_data(self) -> Any:
        rows = self._window.news(self.config)
        if rows is not None:
            self.processed_data = self.read(rows)

    def read(self, rows: np.ndarray) -> dict[str, Any]:
        """What the latest closed candles say (as `CandleWindow.news` gives them)."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its candles mean: it needs read")


class CandleWindow:
    """The latest closed candles, once for each that closes."""

    def __init__(self, provider: MarketDataProvider) -> None:
        self._provider = provider
        self._of: CandleFields | None = None
        self._candles = CandlesConfig(connector="", trading_pair="")
        self._seen_s = -1.0

    def news(self, config: CandleFields) -> np.ndarray | None:
        """float64 [records, 6] (open time in seconds, open, high, low, close, volume), oldest first; None while there is no other candle or config than before."""
        if self._of is not config:
            self._of, self._candles, self._seen_s = config, config.candles(), -1.0
        wanted = self._candles
        rows = self._provider.candles(wanted.connector, wanted.trading_pair, wanted.interval, wanted.max_records)
        if len(rows) < wanted.max_records or rows[-1, 0] == self._seen_s:
            return None
        self._seen_s = float(rows[-1, 0])
        return rows
