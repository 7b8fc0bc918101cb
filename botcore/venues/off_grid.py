"""Executions whose price or amount is not on the grid of ticks and lots that we know: a rule was changed, or the venue closed a position at a price of its own.

Nothing is rounded while reading: such a fill carries an instrument of its own with a tick or lot fine enough to hold it, so its price and amount are exact.
Whoever books it on an order's grid uses `on_grid`: exact where the order's grid holds it (an order keeps the rules under which it was sent), and otherwise
at the next tick against us with the difference given back through the fee, so that the money is exact all the same.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import gcd
from typing import Any

from botcore.model.enums import TradeType
from botcore.model.errors import CondorError
from botcore.model.instrument import Instrument
from botcore.model.order import Fee, Fill
from botcore.venues.dialect import Unreadable
from botcore.venues.wire import OrderReport


def _step(step: Decimal, value: Decimal) -> Decimal:
    """Largest step of which both `step` and `value` are whole multiples; exact."""
    ours: Any = step.as_tuple().exponent
    theirs: Any = value.as_tuple().exponent
    exponent: int = min(ours, theirs)
    one = Decimal(1).scaleb(-exponent)
    return Decimal(gcd(int(step * one), int(value * one))).scaleb(exponent)


def exact(instrument: Instrument, price: Decimal, amount: Decimal) -> tuple[Instrument, int, int]:
    """The instrument, as it is or finer, with the ticks and lots that are exactly this price and amount.

    Raises
    ------
    Unreadable
        If no grid of int64 holds them.
    """
    try:
        ticks, lots = instrument.floor_ticks(price), instrument.lots(amount)
        if instrument.price(ticks) == price and instrument.amount(lots) == amount:
            return instrument, ticks, lots
        finer = replace(instrument, tick_size=_step(instrument.tick_size, price), lot_size=_step(instrument.lot_size, amount))
        return finer, finer.floor_ticks(price), finer.lots(amount)
    except (CondorError, ArithmeticError) as error:
        raise Unreadable(f"price {price} or amount {amount} of {instrument}: {error}") from None


def exact_lots(instrument: Instrument, amount: Decimal, executed: Decimal) -> tuple[Instrument, int, int]:
    """The instrument, as it is or finer, with the lots that are exactly the size of an order and what of it was executed.

    Raises
    ------
    Unreadable
        If no grid of int64 holds them.
    """
    try:
        lots, done = instrument.lots(amount), instrument.lots(executed)
        if instrument.amount(lots) == amount and instrument.amount(done) == executed:
            return instrument, lots, done
        finer = replace(instrument, lot_size=_step(_step(instrument.lot_size, amount), executed))
        return finer, finer.lots(amount), finer.lots(executed)
    except (CondorError, ArithmeticError) as error:
        raise Unreadable(f"amount {amount} or {executed} of {instrument}: {error}") from None


def counted_in(report: OrderReport, instrument: Instrument) -> OrderReport:
    """The report in the lots of `instrument` (an order's); the same object where they are equal. What was executed is rounded up, so that it never seems less."""
    own = report.instrument
    if own is None or own.lot_size == instrument.lot_size:
        return report
    executed = own.amount(report.filled_lots)
    filled = instrument.lots(executed)
    if instrument.amount(filled) != executed:
        filled += 1
    return replace(report, lots=instrument.lots(own.amount(report.lots)), filled_lots=filled, instrument=instrument)


def on_grid(fill: Fill, instrument: Instrument) -> Fill:
    """The fill on the grid of `instrument` (an order's); the same object where the grids are equal. An amount below one lot is lost: compare `amount`."""
    own = fill.instrument
    if own is instrument or (own.tick_size == instrument.tick_size and own.lot_size == instrument.lot_size):
        return fill
    price, amount = fill.price, fill.amount
    ticks = instrument.ceil_ticks(price) if fill.trade_type is TradeType.BUY else instrument.floor_ticks(price)
    given = abs(instrument.price(ticks) - price) * amount
    fee = fill.fee
    if given and fee.in_quote is not None:
        taken = fee.amount - given if fee.asset == instrument.quote else fee.amount
        fee = Fee(taken, fee.asset, fee.in_quote - given)
    return replace(fill, instrument=instrument, price_ticks=ticks, lots=instrument.lots(amount), fee=fee)
