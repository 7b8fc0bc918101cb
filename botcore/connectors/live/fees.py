"""What a fee is worth in quote at the moment of its fill. A fee whose rate nobody knows stays unpriced; it is never taken for 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from botcore.model.order import Fill

Rate = Callable[[str, str], Decimal | None]
"""(asset, quote) -> quote per unit of the asset now; None when it is not known."""


def no_rate(_asset: str, _quote: str) -> Decimal | None:
    return None


def with_priced_fee(fill: Fill, rate: Rate) -> Fill:
    """The fill with its fee in quote, where the venue did not say it and it can be known: quote and base need no rate, nor does a fee of 0."""
    fee, instrument = fill.fee, fill.instrument
    if fee.in_quote is not None:
        return fill
    if not fee.amount or fee.asset == instrument.quote:
        in_quote: Decimal | None = fee.amount
    elif fee.asset == instrument.base:
        in_quote = fee.amount * fill.price
    else:
        price = rate(fee.asset, instrument.quote)
        in_quote = None if price is None else fee.amount * price
    return fill if in_quote is None else replace(fill, fee=replace(fee, in_quote=in_quote))
