"""What an executor holds: the sum of the fills of every order that it ever sent, exact, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument, Market
from botcore.model.order import Fill

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class MarketExposure:
    """What an executor holds on one market, as records and accounts see it: `base` signed, positive long."""

    market: Market
    side: TradeType
    base: Decimal
    entry_price: Decimal | None


@dataclass(frozen=True, slots=True)
class PnlLine:
    """Net PnL as a line in the price at which a position would be closed: `cash + base * price`, quote."""

    market: Market
    is_long: bool
    base: Decimal
    cash: Decimal


@dataclass(frozen=True, slots=True)
class Traded:
    """What an executor has paid and moved in one quote asset, nothing converted."""

    asset: str
    fees: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Earned:
    """What an executor has come to in one quote asset, nothing converted; `net_pnl` is NaN while the price that it needs is not known."""

    asset: str
    net_pnl: Decimal
    fees: Decimal
    volume: Decimal


class Exposure:
    """Fills of one executor on one market.

    Attributes
    ----------
    opened_lots, closed_lots : int
        Filled on the executor's side, and against it.
    opened_cost, closed_cost : int
        Sums of ticks * lots of the same.
    base_fees : Decimal
        Fees that the venue took in base: they are missing from what can be sold.
    other_fees : Decimal
        All other fees, in quote at the rate of their fills.
    unpriced : bool
        True when a fee had no rate: the PnL is then known only up to that fee.
    """

    __slots__ = (
        "base_fees",
        "closed_cost",
        "closed_lots",
        "fees_quote",
        "instrument",
        "opened_cost",
        "opened_lots",
        "other_fees",
        "side",
        "unpriced",
    )

    def __init__(self, instrument: Instrument, side: TradeType) -> None:
        self.instrument = instrument
        self.side = side
        self.opened_lots = 0
        self.closed_lots = 0
        self.opened_cost = 0
        self.closed_cost = 0
        self.base_fees = ZERO
        self.other_fees = ZERO
        self.fees_quote = ZERO
        self.unpriced = False

    def apply(self, fill: Fill) -> None:
        """Add one fill; the caller makes sure that each comes once."""
        if fill.trade_type is self.side:
            self.opened_lots += fill.lots
            self.opened_cost += fill.price_ticks * fill.lots
        else:
            self.closed_lots += fill.lots
            self.closed_cost += fill.price_ticks * fill.lots
        fee = fill.fee
        if fee.asset == self.instrument.base:
            self.base_fees += fee.amount
        elif fee.in_quote is not None:
            self.other_fees += fee.in_quote
        if fee.in_quote is None:
            self.unpriced = True
        else:
            self.fees_quote += fee.in_quote

    @property
    def is_empty(self) -> bool:
        return self.opened_lots == 0 and self.closed_lots == 0

    @property
    def base(self) -> Decimal:
        """Signed base that the executor is exposed to: positive long, negative short."""
        return self.side.sign * (self.opened_lots - self.closed_lots) * self.instrument.lot_size - self.base_fees

    @property
    def lots(self) -> int:
        """Whole lots that an exit has to trade; a remainder below one lot is dust."""
        if not self.base_fees:
            return max(0, self.opened_lots - self.closed_lots)
        return max(0, self.instrument.lots(self.side.sign * self.base))

    @property
    def excess_lots(self) -> int:
        """Lots by which more was closed than opened: two exits have met."""
        return max(0, self.closed_lots - self.opened_lots)

    @property
    def entry_price(self) -> Decimal | None:
        """Average price of what was opened; None before the first fill."""
        if not self.opened_lots:
            return None
        return self.opened_cost * self.instrument.tick_size / self.opened_lots

    @property
    def exit_price(self) -> Decimal | None:
        if not self.closed_lots:
            return None
        return self.closed_cost * self.instrument.tick_size / self.closed_lots

    @property
    def opened_quote(self) -> Decimal:
        return self.opened_cost * self.instrument.unit

    @property
    def volume_quote(self) -> Decimal:
        """Quote value of all fills, both ways."""
        return (self.opened_cost + self.closed_cost) * self.instrument.unit

    def net_pnl(self, close_ticks: int | None) -> Decimal | None:
        """Realised plus unrealised PnL after fees, quote.

        Parameters
        ----------
        close_ticks : int, optional
            Price at which the rest would be closed; None (not known) gives None unless nothing is left.
        """
        return self.net_pnl_at(None if close_ticks is None else self.instrument.price(close_ticks))

    @property
    def cash(self) -> Decimal:
        """What its fills have brought less what they have cost, after fees, quote."""
        return self.side.sign * (self.closed_cost - self.opened_cost) * self.instrument.unit - self.other_fees

    def line(self) -> PnlLine:
        """Its net PnL as a line in the closing price."""
        return PnlLine(self.instrument.market, self.side is TradeType.BUY, self.base, self.cash)

    def net_pnl_at(self, price: Decimal | None) -> Decimal | None:
        """The same at a price that need not be on the tick grid, such as the mid."""
        cash = self.cash
        left = self.base
        if not left:
            return cash
        return None if price is None else cash + left * price
