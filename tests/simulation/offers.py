"""What a bot of the swarm may start besides single positions: an executor of every other kind, in the shape that chance gives it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import (
    ConnectorPair,
    ExecutionStrategy,
    LimitChaserConfig,
    OrderExecutorConfig,
    TrailingStop,
    TripleBarrierConfig,
)
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.pair.config import PairExecutorConfig, PairLeg
from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.enums import OrderType, TradeType
from botcore.model.instrument import Market

D = Decimal
BASIS_POINT = D("0.0001")
BUY, SELL = TradeType.BUY, TradeType.SELL
AMOUNTS = (300, 600, 900)
"""Quote of one executor; no venue of the swarm refuses the smallest of them for its size."""
SLICE = 160
"""Quote of one order of a grid or a plan: somewhat more than the smallest that the venues take."""


@dataclass(frozen=True)
class Site:
    """A market and how it stands."""

    market: Market
    state: Any

    @property
    def named(self) -> dict[str, str]:
        """As configs of one market name it."""
        return {"connector_name": self.market.connector_name, "trading_pair": self.market.trading_pair}

    @property
    def pair(self) -> ConnectorPair:
        return ConnectorPair(**self.named)

    def best(self, side: TradeType) -> Decimal:
        """Price at which somebody on this side would rest."""
        book = self.state.book
        return self.state.instrument.price(book.best_bid if side is BUY else book.best_ask)

    def price(self, side: TradeType, behind: Decimal) -> Decimal:
        """A price that lies behind the touch by this fraction, on the tick grid."""
        instrument = self.state.instrument
        return instrument.price(instrument.price_ticks(self.best(side) * (1 - side.sign * behind), side))

    def base(self, quote: int) -> Decimal:
        """Base for so much quote, in whole lots."""
        instrument = self.state.instrument
        return instrument.amount(instrument.lots(D(quote) / self.best(BUY)))


def points(chance: random.Random, low: int, high: int) -> Decimal:
    """A fraction between so many basis points."""
    return BASIS_POINT * chance.randint(low, high)


def _trail(chance: random.Random) -> TrailingStop | None:
    return TrailingStop(activation_price=D("0.003"), trailing_delta=D("0.001")) if chance.random() < 0.2 else None


# ---- of one market -----------------------------------------------------------------------------------------------------
def grid(chance: random.Random, site: Site) -> GridExecutorConfig:
    """A ladder around the market; sometimes it keeps what it holds."""
    side = chance.choice([BUY, SELL])
    wide = points(chance, 20, 80)
    start, end = site.price(BUY, wide), site.price(SELL, wide)
    beyond = site.price(side, wide * chance.randint(2, 3))
    return GridExecutorConfig(
        **site.named,
        side=side,
        start_price=start,
        end_price=end,
        limit_price=beyond,
        total_amount_quote=D(SLICE * chance.randint(2, 5)),
        min_order_amount_quote=D(SLICE - 20),
        min_spread_between_orders=D("0.0005"),
        max_open_orders=chance.randint(1, 4),
        max_orders_per_batch=chance.choice([None, 1, 2]),
        order_frequency=chance.choice([0, 0, 3]),
        activation_bounds=chance.choice([None, None, D("0.003")]),
        triple_barrier_config=TripleBarrierConfig(
            take_profit=points(chance, 5, 30),
            stop_loss=chance.choice([None, points(chance, 40, 120)]),
            time_limit=chance.randint(15, 90),
            trailing_stop=_trail(chance),
            open_order_type=chance.choice([OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET]),
            take_profit_order_type=chance.choice([OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET]),
        ),
        leverage=1,
        keep_position=chance.random() < 0.2,
    )


def dca(chance: random.Random, site: Site) -> DCAExecutorConfig:
    """Up to four levels, each farther from the market than the one before."""
    side = chance.choice([BUY, SELL])
    mode = chance.choice([DCAMode.MAKER, DCAMode.MAKER, DCAMode.TAKER])
    first, step, count = points(chance, -2, 10), points(chance, 3, 20), chance.randint(1, 4)
    bounds = chance.choice([None, None, [D("0.002")]]) if mode is DCAMode.MAKER else None
    return DCAExecutorConfig(
        **site.named,
        side=side,
        amounts_quote=[D(SLICE * chance.randint(1, 2)) for _ in range(count)],
        prices=[site.price(side, first + step * number) for number in range(count)],
        take_profit=points(chance, 20, 80),
        stop_loss=points(chance, 30, 120),
        trailing_stop=_trail(chance),
        time_limit=chance.randint(10, 90),
        mode=mode,
        activation_bounds=bounds,
    )


def twap(chance: random.Random, site: Site) -> TWAPExecutorConfig:
    """A few slices, at market or resting."""
    interval, count = chance.randint(2, 8), chance.randint(1, 6)
    rests: dict[str, Any] = {}
    if chance.random() < 0.5:
        rests = {"mode": TWAPMode.MAKER, "limit_order_buffer": points(chance, 1, 10), "order_resubmission_time": chance.choice([None, 3, 6])}
    return TWAPExecutorConfig(
        **site.named,
        side=chance.choice([BUY, SELL]),
        total_amount_quote=D(SLICE * count),
        total_duration=max(1, interval * (count - 1)),
        order_interval=interval,
        **rests,
    )


def chaser(chance: random.Random, site: Site) -> OrderExecutorConfig:
    """An order that follows the market."""
    return OrderExecutorConfig(
        **site.named,
        side=chance.choice([BUY, SELL]),
        amount=site.base(chance.choice(AMOUNTS)),
        execution_strategy=ExecutionStrategy.LIMIT_CHASER,
        chaser_config=LimitChaserConfig(distance=points(chance, 1, 10), refresh_threshold=points(chance, 2, 10)),
    )


# ---- of two markets ----------------------------------------------------------------------------------------------------
def arbitrage(chance: random.Random, one: Site, other: Site) -> ArbitrageExecutorConfig:
    """Mostly bought where it is cheaper; what it asks for is sometimes there at once, sometimes later, sometimes never."""
    buying, selling = sorted((one, other), key=lambda site: site.best(SELL))
    if chance.random() < 0.2:
        buying, selling = selling, buying
    return ArbitrageExecutorConfig(
        buying_market=buying.pair,
        selling_market=selling.pair,
        order_amount=buying.base(chance.choice(AMOUNTS)),
        min_profitability=points(chance, -30, 25),
    )


def xemm(chance: random.Random, one: Site, other: Site) -> XEMMExecutorConfig:
    """A quote on one market, hedged on the other."""
    target, around = points(chance, -10, 30), points(chance, 2, 15)
    return XEMMExecutorConfig(
        buying_market=one.pair,
        selling_market=other.pair,
        maker_side=chance.choice([BUY, SELL]),
        order_amount=one.base(chance.choice(AMOUNTS)),
        min_profitability=target - around,
        target_profitability=target,
        max_profitability=target + around,
    )


def pair(chance: random.Random, one: Site, other: Site) -> PairExecutorConfig:
    """Two positions that are one trade."""
    long, short = (PairLeg(**site.named, side=side, amount_quote=D(chance.choice(AMOUNTS))) for site, side in ((one, BUY), (other, SELL)))
    return PairExecutorConfig(
        long=long,
        short=short,
        take_profit=chance.choice([None, points(chance, 5, 40)]),
        stop_loss=points(chance, 10, 60),
        time_limit=chance.randint(5, 90),
        open_order_type=chance.choice([OrderType.MARKET, OrderType.LIMIT]),
    )


ONE_MARKET: dict[str, Callable[[random.Random, Site], Any]] = {"grid": grid, "dca": dca, "twap": twap, "chaser": chaser}
TWO_MARKETS: dict[str, Callable[[random.Random, Site, Site], Any]] = {"arbitrage": arbitrage, "xemm": xemm, "pair": pair}


def offer(chance: random.Random, kind: str, sites: Sequence[Site]) -> Any | None:
    """A config of this kind for some of the markets; None when it needs two and they do not go together."""
    if kind in ONE_MARKET:
        return ONE_MARKET[kind](chance, chance.choice(sites))
    if len(sites) < 2:
        return None
    one, other = chance.sample(sites, 2)
    if kind != "pair" and one.market.trading_pair != other.market.trading_pair:
        return None
    return TWO_MARKETS[kind](chance, one, other)
