"""What the benches of tests are made of: instruments, quotes, fills and backtest jobs, written as a person would write them.

`tests.support.venue_bench` and `tests.support.paper_bench` are the benches themselves: everything of the trading core is real there, only the world around it is in
the test's hands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from botcore.backtesting.engine import BacktestJob
from botcore.backtesting.source import RecordedMarket
from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import FeeModel
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.data.candle_csv import CandleTable, read_candles
from botcore.model.enums import InstrumentKind, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import UNKNOWN_DEPTH, QuoteTick
from botcore.model.order import Fee, Fill
from tests.support.data import recorded

D = Decimal
SECOND_NS = 1_000_000_000
T0_S = 1_234_567_890
"""Market time at which a bench begins: that of the numeric scenarios."""
T0_NS = T0_S * SECOND_NS

PERP, SPOT = "venue_perpetual", "venue"
Money = Decimal | str | int


def instrument(
    pair: str = "ETH-USDT",
    connector: str = PERP,
    *,
    tick: str = "0.01",
    lot: str = "0.001",
    min_amount: str = "0",
    min_notional: str = "0",
) -> Instrument:
    """An instrument; a connector whose name ends in `_perpetual` trades perpetuals."""
    kind = InstrumentKind.LINEAR_PERPETUAL if connector.endswith("_perpetual") else InstrumentKind.SPOT
    return Instrument(Market(connector, pair), kind, D(tick), D(lot), D(min_amount), D(min_notional))


def ticks_of(of: Instrument, price: Money) -> int:
    scaled = D(price) / of.tick_size
    assert scaled == int(scaled), f"{price} is not on the tick grid of {of}"
    return int(scaled)


def lots_of(of: Instrument, amount: Money) -> int:
    scaled = D(amount) / of.lot_size
    assert scaled == int(scaled), f"{amount} is not on the lot grid of {of}"
    return int(scaled)


def quote_event(
    of: Instrument, ts_ns: int, bid: Money, ask: Money | None = None, bid_size: Money | None = None, ask_size: Money | None = None
) -> QuoteTick:
    """A quote; depth is unlimited where no size is given."""
    return QuoteTick(
        of.market,
        ts_ns,
        ticks_of(of, bid),
        ticks_of(of, bid if ask is None else ask),
        UNKNOWN_DEPTH if bid_size is None else lots_of(of, bid_size),
        UNKNOWN_DEPTH if ask_size is None else lots_of(of, ask_size),
    )


def make_fill(
    of: Instrument,
    side: TradeType,
    price: Money,
    amount: Money,
    *,
    trade_id: str,
    order_id: str = "o-1",
    fee: Money = 0,
    fee_asset: str | None = None,
    fee_in_quote: Money | None = "same",
    ts_ns: int = T0_NS,
) -> Fill:
    """A fill; its fee is in quote unless an asset is given, `fee_in_quote=None` makes it unpriced."""
    fee = D(fee)
    in_quote = fee if fee_in_quote == "same" else None if fee_in_quote is None else D(fee_in_quote)
    return Fill(
        of, trade_id, order_id, side, ticks_of(of, price), lots_of(of, amount), Fee(fee, fee_asset or of.quote, in_quote), ts_ns, is_maker=False
    )


def spec_of(controller_class: type[ControllerBase], config_class: type[ControllerConfigBase] = ControllerConfigBase) -> ControllerSpec:
    """A controller of the test as the catalog would know it."""
    return ControllerSpec("of_test", "generic", config_class, controller_class, "a controller of a test")


# ---- backtests -----------------------------------------------------------------------------------------------------
def table_of(bars: Sequence[Sequence[float]], interval_s: int = 60, volume: float = 1.0) -> CandleTable:
    """Candles from (time in s, open, high, low, close)."""
    block = np.array(bars, dtype=float)
    open_ms = (block[:, 0] * 1000).astype(np.int64) + T0_S // 86_400 * 86_400_000
    columns = [block[:, column].copy() for column in range(1, 5)]
    return CandleTable(open_ms, *columns, np.full(len(block), volume), interval_s, 0, D("0.01"), D("0.001"))


def recorded_table(relpath: str, rows: slice = slice(None)) -> CandleTable:
    """Rows of a recording."""
    table = read_candles(recorded(relpath))
    columns = {name: getattr(table, name)[rows] for name in ("open_ms", "open", "high", "low", "close", "volume")}
    return dataclasses.replace(table, **columns)


def backtest_job(
    controllers: Sequence[tuple[ControllerSpec, ControllerConfigBase]],
    table: CandleTable,
    of: Instrument | None = None,
    *,
    maker: str = "0.0002",
    taker: str = "0.0002",
    opening: Mapping[str, Decimal] | None = None,
    **rules: Any,
) -> BacktestJob:
    """A job on one market; 2 basis points a side unless said otherwise."""
    of = of or instrument()
    paper = PaperRules(of.kind, FeeModel(D(maker), D(taker), rules.pop("from_received", False)), **rules)
    market = of.market
    return BacktestJob(controllers, {market: RecordedMarket(of, table, "test")}, {market.connector_name: paper}, opening or {of.quote: D(100_000)})
