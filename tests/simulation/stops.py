"""What an executor's stop loss says, whatever kind it is: for the judge of O5."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botcore.executors.dca.config import DCAMode
from botcore.markets.market_state import MarketState
from botcore.model.enums import TradeType
from botcore.model.instrument import Market


def stop_of(executor: Any) -> Decimal | None:
    """Stop loss of an executor as a fraction, wherever its config has it."""
    barriers = getattr(executor.config, "triple_barrier_config", executor.config)
    return getattr(barriers, "stop_loss", None)


def markets_of(executor: Any) -> list[Market]:
    """Markets that its stop loss looks at."""
    config = executor.config
    places = (config.long, config.short) if executor.config.type == "pair_executor" else (config,)
    return [Market(place.connector_name, place.trading_pair) for place in places]


def loss_of(executor: Any, markets: Mapping[Market, MarketState]) -> Decimal:
    """Fraction that has been lost of what the stop loss counts by: a grid's is of what it holds now, a ladder's that takes is of the whole ladder."""
    config = executor.config
    if config.type == "grid_executor":
        held, book = executor.inventory.open, markets[markets_of(executor)[0]].book
        pnl = held.net_pnl(book.best_bid if config.side is TradeType.BUY else book.best_ask)
        return -pnl / held.opened_quote if pnl is not None and held.opened_quote else Decimal(0)
    if config.type == "dca_executor" and config.mode is DCAMode.TAKER:
        return -executor.net_pnl_quote() / config.max_amount_quote
    return Decimal(-executor.net_pnl_pct())
