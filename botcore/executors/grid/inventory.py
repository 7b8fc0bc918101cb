"""What a grid holds, at average cost, and what it has earned on what it closed.

`Exposure` adds up all fills for ever; a grid trades the same levels again and again, and its barriers look at what is open now.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from botcore.executors.exposure import Exposure
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill

ZERO: Final = Decimal(0)


class Inventory:
    """Open part of a grid's position.

    Attributes
    ----------
    open : Exposure
        What is held now: lots, what they cost (ticks * lots), their fees. A new one whenever it has been flat.
    closed_open_cost, closed_cost : int
        Of what has been closed: what it had cost, and what closing it cost or brought; ticks * lots.
    closed_fees : Decimal
        Fees of both ways of the same, quote.
    """

    __slots__ = ("_instrument", "_side", "closed_cost", "closed_fees", "closed_open_cost", "open")

    def __init__(self, instrument: Instrument, side: TradeType) -> None:
        self._instrument = instrument
        self._side = side
        self.open = Exposure(instrument, side)
        self.closed_open_cost = 0
        self.closed_cost = 0
        self.closed_fees = ZERO

    def apply(self, fill: Fill) -> None:
        """Add one fill; what closes more than there is counts as closed and opens nothing."""
        if fill.trade_type is self._side:
            self.open.apply(fill)
            return
        held = self.open
        whole = held.base * self._side.sign
        if whole > 0:
            # a fee that was taken in base left with it: what it cost is spread over what can be sold
            share = min(Fraction(1), Fraction(fill.amount) / Fraction(whole))
            part, fees = int(held.opened_cost * share), held.other_fees * share.numerator / share.denominator
            self.closed_open_cost += part
            self.closed_cost += fill.price_ticks * fill.lots
            self.closed_fees += fees
            held.opened_cost -= part
            held.opened_lots -= min(fill.lots, held.opened_lots)
            held.other_fees -= fees
        if fill.fee.in_quote is not None:
            self.closed_fees += fill.fee.in_quote
        if held.lots < 1:
            # what is left can't be sold: its cost was the fee's
            self.closed_open_cost += held.opened_cost
            self.closed_fees += held.other_fees
            self.open = Exposure(self._instrument, self._side)

    # ---- quote values ----------------------------------------------------------------------------------------------
    @property
    def position_quote(self) -> Decimal:
        """What is held at what it cost."""
        return self.open.opened_quote

    @property
    def break_even(self) -> Decimal | None:
        """Price at which closing what is held would earn nothing after the fees paid so far; None when nothing is held."""
        held = self.open
        if not held.opened_lots:
            return None
        return (held.opened_quote + self._side.sign * held.other_fees) / abs(held.base)

    def position_pnl(self, close_ticks: int | None) -> Decimal | None:
        """Unrealised PnL of what is held after its fees; None while the price is not known."""
        return self.open.net_pnl(close_ticks) if self.open.opened_lots else ZERO

    @property
    def realized_buy_quote(self) -> Decimal:
        cost = self.closed_open_cost if self._side is TradeType.BUY else self.closed_cost
        return cost * self._instrument.unit

    @property
    def realized_sell_quote(self) -> Decimal:
        cost = self.closed_cost if self._side is TradeType.BUY else self.closed_open_cost
        return cost * self._instrument.unit

    @property
    def realized_pnl(self) -> Decimal:
        return self.realized_sell_quote - self.realized_buy_quote - self.closed_fees
