"""The chart of a draft: the last candles of its market, with the prices at which it would open and end."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np

from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.markets.intervals import interval_seconds
from botcore.model.enums import TradeType
from botcore.model.errors import UserError
from botcore.model.instrument import Instrument, Market
from condor.hosts import PAPER, Hosts
from condor.pictures.drawings import CandleChart, Level
from condor.services.charts import MOST_CANDLES, Candle, resampled
from condor.services.past_candles import DAY_S, PastCandles
from condor.services.purse import Purse
from condor.services.sizes import grid_of, ladder_of, stop_of

INTERVALS = ("5m", "15m", "1h")


class DraftPictures:
    """See the module. Looking keeps no series of candles and opens no market."""

    def __init__(self, hosts: Hosts, purse: Purse, past: PastCandles) -> None:
        self._hosts = hosts
        self._purse = purse
        self._past = past

    async def picture(self, config: Any, market: Market, interval: str) -> CandleChart:
        """What is to be drawn of a config on its main market; UserError where there are no candles that come to this interval."""
        candles = await self._candles(market, interval_seconds(interval))
        if not candles:
            raise UserError(f"there are no candles of {market.trading_pair} for {interval} here")
        mid = self._purse.mid(market)
        levels = (*_levels(config, self._hosts.of(PAPER).instrument(market), mid), *_barriers(config, mid))
        return CandleChart(f"{market.trading_pair} · {self._purse.title(market.connector_name)} · {interval}", candles, (), levels)

    async def _candles(self, market: Market, step_s: int) -> tuple[Candle, ...]:
        rows = await self._past.rows(market, -(-MOST_CANDLES * step_s // DAY_S))
        if len(rows) < 2 or step_s % int(np.median(np.diff(rows[:, 0]))):
            return ()
        return resampled(rows, step_s)[-MOST_CANDLES:]


def _levels(config: Any, instrument: Instrument, mid: Decimal | None) -> Iterator[Level]:
    """Prices at which it would open."""
    ladder = ladder_of(config, instrument, mid)
    if ladder is not None:
        for level in ladder.levels:
            yield Level(float(level.price), "grid")
    executor = getattr(config, "executor", None)
    if isinstance(executor, DCAExecutorConfig):
        for price in executor.prices:
            yield Level(float(price), "grid")
    if (
        isinstance(config, MarketMakingControllerConfigBase)
        and mid is not None
        and all(spread < 1 for spread in (*config.buy_spreads, *config.sell_spreads))
    ):
        for spread in config.buy_spreads:
            yield Level(float(mid * (1 - spread)), "grid")
        for spread in config.sell_spreads:
            yield Level(float(mid * (1 + spread)), "grid")


def _barriers(config: Any, mid: Decimal | None) -> Iterator[Level]:
    """Prices at which it would end; of a controller that opens at the market they count from the price now."""
    grid = grid_of(config)
    if grid is not None:
        yield Level(float(grid.start_price), "bound", "start")
        yield Level(float(grid.end_price), "bound", "end")
        yield Level(float(grid.limit_price), "loss", "limit")
    if mid is None:
        return
    yield Level(float(mid), "entry", "now")
    stop = stop_of(config)
    side = getattr(getattr(config, "executor", config), "side", None)
    if stop is not None and grid is None and side in (TradeType.BUY, TradeType.SELL):
        yield Level(float(mid * (1 - stop if side is TradeType.BUY else 1 + stop)), "loss", "stop loss")
