"""What a config means in money before it runs: how many positions, how large, what they cost and what they may lose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.controllers.bollingrid import BollinGridConfig
from botcore.controllers.grid_fields import GridFields
from botcore.executors.grid.levels import Ladder
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from condor.services.sizes import grid_of, ladder_of, leverage_of, quotes_of, stop_of
from condor.units import plain

Row = tuple[str, str]


def estimates(config: Any, instrument: Instrument, taker: Decimal, mid: Decimal | None = None) -> tuple[Row, ...]:
    """Number of orders, worst case and fees.

    Parameters
    ----------
    mid : Decimal, optional
        Price of its market now: with it a grid's levels are laid out.
    """
    ladder = ladder_of(config, instrument, mid)
    if ladder is not None:
        return _of_ladder(config, ladder, instrument, taker)
    quotes = quotes_of(config, mid)
    if not quotes:
        return (("size in quote", "not known: no price yet"),)
    total = sum(quotes, Decimal(0))
    each = f"{min(quotes):.2f}" if min(quotes) == max(quotes) else f"{min(quotes):.2f} to {max(quotes):.2f}"
    rows = [("positions at once", str(len(quotes))), ("each", f"{each} {instrument.quote}")]
    if mid:
        rows.append(("all filled", f"{base_text(total / mid)} {instrument.base}"))
    rows.append(_worst_case(config, total, taker, instrument.quote))
    return (*rows, *_costs(config, total, instrument, taker))


def base_text(amount: Decimal) -> str:
    """An amount of a base asset with four significant digits."""
    return plain(Decimal(f"{amount:.4g}"))


def _costs(config: Any, total: Decimal, instrument: Instrument, taker: Decimal) -> list[Row]:
    rows = [("fees of one round trip", f"up to {total * 2 * taker:.2f} {instrument.quote}")]
    leverage = leverage_of(config)
    if instrument.is_perpetual and leverage:
        rows.append(("margin at leverage", f"{total / leverage:.2f} {instrument.quote}"))
    return rows


def _of_ladder(config: Any, ladder: Ladder, instrument: Instrument, taker: Decimal) -> tuple[Row, ...]:
    """Of a grid whose levels are known: the worst case is that all are filled and the price goes on to the limit, or to the stop loss before."""
    grid = grid_of(config)
    assert grid is not None
    quotes = [level.amount_quote for level in ladder.levels]
    total = sum(quotes, Decimal(0))
    base = sum((level.amount_quote / level.price for level in ladder.levels), Decimal(0))
    at_limit = base * grid.limit_price
    loss = total - at_limit if grid.side is TradeType.BUY else at_limit - total
    stop = stop_of(config)
    where, share = f"its limit, {plain(grid.limit_price)}", loss / total
    if stop is not None and stop < share:
        where, share = f"its stop loss, {plain(stop * 100)} %", stop
    share += 2 * taker
    rows = [
        ("levels", f"{len(quotes)} of {quotes[0]:.2f} {instrument.quote}"),
        ("orders open at once", f"up to {grid.max_open_orders}"),
        ("all levels filled", f"{base_text(base)} {instrument.base}"),
        ("at worst ends at", where),
        ("max loss", f"-{share * 100:.1f} % = -{total * share:.2f} {instrument.quote}"),
    ]
    return (*rows, *_costs(config, total, instrument, taker))


def _worst_case(config: Any, total: Decimal, taker: Decimal, quote: str) -> Row:
    """Loss of one round in which everything is opened and ends at its stop, without slippage; or that there is no such figure."""
    stop = stop_of(config)
    if stop is None and (isinstance(config, GridFields | BollinGridConfig) or grid_of(config) is not None):
        return "if it goes wrong", "given up at its limit"
    if stop is None:
        return "no stop loss", "no limit to the loss"
    if getattr(config, "dynamic_target", False):
        return "stop loss", f"{stop:f} x half band"
    return "if all are stopped out", f"-{total * (stop + 2 * taker):.2f} {quote}"
