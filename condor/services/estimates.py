"""What a config means in money before it runs: how many positions, how large, what they cost and what they may lose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.compat.directional import DirectionalTradingControllerConfigBase as UserDirectional
from botcore.compat.market_making import MarketMakingControllerConfigBase as UserMarketMaker
from botcore.controllers.bollingrid import BollinGridConfig
from botcore.controllers.directional import DirectionalTradingControllerConfigBase
from botcore.controllers.grid_fields import GridFields
from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument, Market


def main_market(config: Any) -> Market | None:
    """The market that its amounts are counted in; the first of its own where it does not name one, None where it trades nothing."""
    name, pair = getattr(config, "connector_name", None), getattr(config, "trading_pair", None)
    return Market(str(name), str(pair)) if name and pair else next(iter(sorted(config.markets())), None)


def quotes_of(config: Any) -> list[Decimal]:
    """Quote amount of every position that the config may open at once."""
    if isinstance(config, MarketMakingControllerConfigBase):
        return [*config.level_quotes(TradeType.BUY), *config.level_quotes(TradeType.SELL)]
    if isinstance(config, UserMarketMaker):
        return [quote for side in (TradeType.BUY, TradeType.SELL) for quote in config.get_spreads_and_amounts_in_quote(side)[1]]
    if isinstance(config, DirectionalTradingControllerConfigBase | UserDirectional):
        each = config.total_amount_quote / config.max_executors_per_side
        return [each] * config.max_executors_per_side
    return [config.total_amount_quote]


def too_small(config: Any, instrument: Instrument) -> list[str]:
    """A position below the venue's smallest order can never be opened."""
    smallest = min(quotes_of(config), default=Decimal(0))
    if instrument.min_notional and 0 < smallest < instrument.min_notional:
        count = len(quotes_of(config))
        needed = instrument.min_notional * count
        return [
            f"each of the {count} positions would be {smallest:.2f} {instrument.quote}, below the smallest order of {instrument.min_notional:f}: "
            f"raise the amount to {needed:.0f} or use fewer levels"
        ]
    return []


def estimates(config: Any, instrument: Instrument, taker: Decimal) -> tuple[tuple[str, str], ...]:
    """Number of orders, worst case and fees."""
    quotes = quotes_of(config) or [Decimal(0)]
    total = sum(quotes, Decimal(0))
    rows = [("positions at once", str(len(quotes))), ("each", f"{min(quotes):.2f} to {max(quotes):.2f} {instrument.quote}")]
    rows.append(_worst_case(config, total, taker, instrument.quote))
    rows.append(("fees of one round trip", f"up to {total * 2 * taker:.2f} {instrument.quote}"))
    leverage = getattr(config, "leverage", None)
    if instrument.is_perpetual and leverage:
        rows.append(("margin at leverage", f"{total / leverage:.2f} {instrument.quote}"))
    return tuple(rows)


def _worst_case(config: Any, total: Decimal, taker: Decimal, quote: str) -> tuple[str, str]:
    """Loss of one round in which everything is opened and ends at its stop, without slippage; or that there is no such figure."""
    stop = getattr(config, "stop_loss", getattr(config, "sl_global", None))
    if stop is None and isinstance(config, GridFields | BollinGridConfig):
        return "if it goes wrong", "given up at its limit"
    if stop is None:
        return "no stop loss", "no limit to the loss"
    if getattr(config, "dynamic_target", False):
        return "stop loss", f"{stop:f} x half band"
    return "if all are stopped out", f"-{total * (stop + 2 * taker):.2f} {quote}"
