"""What a picture of a draft shows: the last candles with its levels and barriers drawn on them. Who draws it knows nothing of drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.markets.intervals import interval_seconds
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument, Market
from condor.hosts import PAPER, Hosts
from condor.services.purse import Purse
from condor.services.sizes import grid_of, ladder_of, stop_of

COUNT = 120


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """One price.

    Parameters
    ----------
    kind : str
        buy, sell, start, end, limit, stop_loss, take_profit or mid.
    """

    kind: str
    price: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class DraftPicture:
    """Candles with lines on them.

    Parameters
    ----------
    revision : str
        Of the draft that it belongs to: a picture that comes when the draft has changed is thrown away.
    candles : tuple of (time in s, open, high, low, close, volume)
        Oldest first; empty where there are none.
    """

    title: str
    interval: str
    revision: str
    candles: tuple[tuple[float, ...], ...]
    levels: tuple[DrawnLine, ...]
    barriers: tuple[DrawnLine, ...]


class DraftPictures:
    """See the module."""

    def __init__(self, hosts: Hosts, purse: Purse) -> None:
        self._hosts = hosts
        self._purse = purse

    def picture(self, config: Any, market: Market, interval: str, revision: str) -> DraftPicture:
        """What is to be drawn of a config on its main market."""
        instrument = self._hosts.of(PAPER).instrument(market)
        mid = self._purse.mid(market)
        levels = tuple(_levels(config, instrument, mid))
        barriers = tuple(_barriers(config, mid))
        return DraftPicture(
            f"{market.trading_pair} · {self._purse.title(market.connector_name)}",
            interval,
            revision,
            self._candles(market, interval),
            levels,
            barriers,
        )

    def _candles(self, market: Market, interval: str) -> tuple[tuple[float, ...], ...]:
        state = self._hosts.paper.runtime.markets.get(market)
        if state is None or interval_seconds(interval) % state.candles.base.interval_s:
            return ()
        rows = state.candles.series(interval_seconds(interval)).tail(COUNT)
        return tuple(tuple(float(value) for value in row) for row in rows)


def _levels(config: Any, instrument: Instrument, mid: Decimal | None) -> Iterator[DrawnLine]:
    """Prices at which it would open."""
    ladder = ladder_of(config, instrument, mid)
    if ladder is not None:
        grid = grid_of(config)
        kind = "buy" if grid is not None and grid.side is TradeType.BUY else "sell"
        for level in ladder.levels:
            yield DrawnLine(kind, float(level.price))
    executor = getattr(config, "executor", None)
    if isinstance(executor, DCAExecutorConfig):
        for price in executor.prices:
            yield DrawnLine("buy" if executor.side is TradeType.BUY else "sell", float(price))
    if (
        isinstance(config, MarketMakingControllerConfigBase)
        and mid is not None
        and all(spread < 1 for spread in (*config.buy_spreads, *config.sell_spreads))
    ):
        for spread in config.buy_spreads:
            yield DrawnLine("buy", float(mid * (1 - spread)))
        for spread in config.sell_spreads:
            yield DrawnLine("sell", float(mid * (1 + spread)))


def _barriers(config: Any, mid: Decimal | None) -> Iterator[DrawnLine]:
    """Prices at which it would end; of a controller that opens at the market they count from the price now."""
    grid = grid_of(config)
    if grid is not None:
        yield DrawnLine("start", float(grid.start_price), "start")
        yield DrawnLine("end", float(grid.end_price), "end")
        yield DrawnLine("limit", float(grid.limit_price), "limit")
    if mid is None:
        return
    yield DrawnLine("mid", float(mid), "now")
    stop = stop_of(config)
    side = getattr(getattr(config, "executor", config), "side", None)
    if stop is not None and grid is None and side in (TradeType.BUY, TradeType.SELL):
        yield DrawnLine("stop_loss", float(mid * (1 - stop if side is TradeType.BUY else 1 + stop)), "stop loss")
