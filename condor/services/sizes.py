"""How large the positions are that a config may open at once: of a controller, or of an executor that is set up by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.compat.directional import DirectionalTradingControllerConfigBase as UserDirectional
from botcore.compat.market_making import MarketMakingControllerConfigBase as UserMarketMaker
from botcore.controllers.by_hand import ByHandConfig, markets_of
from botcore.controllers.directional import DirectionalTradingControllerConfigBase
from botcore.controllers.grid_strike import GridStrikeConfig
from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.levels import Ladder, lay_out
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument, Market

ZERO = Decimal(0)
MOST_POSITIONS = 1_000
"""More positions at once than this are a slip of the finger, and would take long to be counted."""


def main_market(config: Any) -> Market | None:
    """The market that its amounts are counted in; the first of its own where it does not name one, None where it trades nothing."""
    if isinstance(config, ByHandConfig):
        return next((market for market, _ in markets_of(config.executor)), None)
    name, pair = getattr(config, "connector_name", None), getattr(config, "trading_pair", None)
    return Market(str(name), str(pair)) if name and pair else next(iter(sorted(config.markets())), None)


def leverage_of(config: Any) -> int | None:
    """Leverage of its main market; None where it has none."""
    if isinstance(config, ByHandConfig):
        return next((leverage for _, leverage in markets_of(config.executor)), None)
    found = getattr(config, "leverage", None)
    return None if found is None else int(found)


def grid_of(config: Any) -> GridExecutorConfig | None:
    """The grid that it would open; None where it opens none, or another one each time."""
    if isinstance(config, ByHandConfig):
        return config.executor if isinstance(config.executor, GridExecutorConfig) else None
    if isinstance(config, GridStrikeConfig):
        return config.grid(config.side, config.start_price, config.end_price, config.limit_price, config.total_amount_quote, None, 0.0)
    return None


def too_many(config: Any, instrument: Instrument, mid: Decimal | None) -> int | None:
    """How many positions or levels it would open where these are more than anybody means; None where they are not."""
    count = 0
    executor = config.executor if isinstance(config, ByHandConfig) else None
    grid = grid_of(config)
    if isinstance(config, DirectionalTradingControllerConfigBase | UserDirectional):
        count = config.max_executors_per_side
    elif isinstance(executor, TWAPExecutorConfig):
        count = executor.number_of_orders
    elif grid is not None and mid:
        width = (grid.end_price - grid.start_price) / grid.start_price
        step = max(grid.min_spread_between_orders, instrument.tick_size / mid)
        least = max(grid.min_order_amount_quote, instrument.min_notional)
        count = min(int(width / step), int(grid.total_amount_quote / least))
    return count if count > MOST_POSITIONS else None


def ladder_of(config: Any, instrument: Instrument, mid: Decimal | None) -> Ladder | None:
    """The levels of that grid at this price; None where there is no grid, no price, or no level."""
    grid = grid_of(config)
    if grid is None or mid is None or too_many(config, instrument, mid) is not None:
        return None
    found = lay_out(grid, instrument, mid)
    return found if isinstance(found, Ladder) else None


def quotes_of(config: Any, mid: Decimal | None = None) -> list[Decimal]:
    """Quote amount of every position that the config may open at once; empty where only a price could tell and there is none."""
    if isinstance(config, ByHandConfig):
        return _of_executor(config.executor, mid)
    if isinstance(config, MarketMakingControllerConfigBase):
        return [*config.level_quotes(TradeType.BUY), *config.level_quotes(TradeType.SELL)]
    if isinstance(config, UserMarketMaker):
        return [quote for side in (TradeType.BUY, TradeType.SELL) for quote in config.get_spreads_and_amounts_in_quote(side)[1]]
    if isinstance(config, DirectionalTradingControllerConfigBase | UserDirectional):
        each = config.total_amount_quote / config.max_executors_per_side
        return [each] * config.max_executors_per_side
    return [config.total_amount_quote]


def _of_executor(executor: Any, mid: Decimal | None) -> list[Decimal]:
    if isinstance(executor, DCAExecutorConfig):
        return list(executor.amounts_quote)
    if isinstance(executor, TWAPExecutorConfig):
        return [executor.order_amount_quote] * executor.number_of_orders
    if isinstance(executor, GridExecutorConfig):
        return [executor.total_amount_quote]
    if isinstance(executor, PositionExecutorConfig | OrderExecutorConfig):
        price = getattr(executor, "entry_price", None) or getattr(executor, "price", None) or mid
        return [] if price is None else [executor.amount * price]
    legs = [getattr(executor, name).amount_quote for name in ("long", "short") if hasattr(executor, name)]
    if legs:
        return legs
    amount = getattr(executor, "order_amount", None)
    return [] if amount is None or mid is None else [amount * mid]


def stop_of(config: Any) -> Decimal | None:
    """Loss at which its positions are closed, as a fraction; None where nothing closes them."""
    source = config.executor if isinstance(config, ByHandConfig) else config
    barriers = getattr(source, "triple_barrier_config", None) if isinstance(config, ByHandConfig) else None
    found = getattr(barriers or source, "stop_loss", getattr(source, "sl_global", None))
    return None if found is None else Decimal(str(found))
