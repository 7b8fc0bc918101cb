"""Position holds: what executors left behind instead of closing it, netted by average cost.

Amounts are what is really owned: a fee that the venue took in base is missing from the amount and so raises the break-even, every other fee
is subtracted in the PnL. Both stay exact in Decimal. A mark that is not known gives an unrealised PnL that is not known, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from botcore.model.enums import PositionMode, TradeType
from botcore.model.instrument import Instrument, Market, quote_of
from botcore.model.order import Fill
from botcore.model.records import HoldRecord

ZERO: Final = Decimal(0)
HoldKey = tuple[str, Market, str]
"""(controller id, market, "net" | "long" | "short")"""


@dataclass(frozen=True, slots=True)
class PositionSummary:
    """One hold as controllers and people see it; money in quote, `amount` signed base."""

    connector_name: str
    trading_pair: str
    side: TradeType | None
    amount: Decimal
    breakeven_price: Decimal
    volume_traded_quote: Decimal
    cum_fees_quote: Decimal
    realized_pnl_quote: Decimal
    unrealized_pnl_quote: Decimal | None
    controller_id: str = ""
    unpriced_fees: bool = False
    """A fee had no rate: the PnL is known only up to it."""

    @property
    def quote_asset(self) -> str:
        """What its money is in."""
        return quote_of(self.trading_pair)

    @property
    def global_pnl_quote(self) -> Decimal | None:
        """Realised plus unrealised, fees inside; None while the mark is not known."""
        return None if self.unrealized_pnl_quote is None else self.realized_pnl_quote + self.unrealized_pnl_quote


@dataclass(slots=True)
class PositionHold:
    """Netted inventory of one controller on one market.

    Attributes
    ----------
    net_amount_base : Decimal
        Signed.
    cost_quote : Decimal
        What the net amount cost (or brought, when short); `breakeven_price` is cost over amount.
    fees_in_pnl : Decimal
        Fees that were not taken in base.
    """

    instrument: Instrument
    bucket: str = "net"
    controller_id: str = ""
    net_amount_base: Decimal = ZERO
    cost_quote: Decimal = ZERO
    realized_gross: Decimal = ZERO
    fees_in_pnl: Decimal = ZERO
    cum_fees_quote: Decimal = ZERO
    volume_traded_quote: Decimal = ZERO
    unpriced: bool = False
    fill_ids: set[str] = field(default_factory=set)

    @property
    def key(self) -> HoldKey:
        return self.controller_id, self.instrument.market, self.bucket

    @property
    def breakeven_price(self) -> Decimal:
        return abs(self.cost_quote / self.net_amount_base) if self.net_amount_base else ZERO

    @property
    def realized_pnl_quote(self) -> Decimal:
        return self.realized_gross - self.fees_in_pnl

    def add(self, fill: Fill) -> bool:
        """Net one fill; False when this trade id is in already."""
        if fill.trade_id in self.fill_ids:
            return False
        self.fill_ids.add(fill.trade_id)
        amount = fill.trade_type.sign * fill.amount
        fee = fill.fee
        if fee.asset == self.instrument.base:
            amount -= fee.amount
        elif fee.in_quote is not None:
            self.fees_in_pnl += fee.in_quote
        if fee.in_quote is None:
            self.unpriced = True
        else:
            self.cum_fees_quote += fee.in_quote
        self.volume_traded_quote += fill.notional
        self._net(amount, fill.trade_type.sign * fill.notional)
        return True

    def _net(self, amount: Decimal, cost: Decimal) -> None:
        held = self.net_amount_base
        if held == 0 or (held > 0) == (amount > 0):
            self.net_amount_base += amount
            self.cost_quote += cost
            return
        if abs(amount) <= abs(held):
            # multiplied first: a third of 300 is 100, and not 99.99...
            cost_out = self.cost_quote if abs(amount) == abs(held) else self.cost_quote * -amount / held
            self.realized_gross += -cost - cost_out
            self.cost_quote -= cost_out
            self.net_amount_base += amount
            return
        closing = cost * -held / amount
        self.realized_gross += -closing - self.cost_quote
        self.net_amount_base += amount
        self.cost_quote = cost - closing

    def add_position(self, amount: Decimal, cost: Decimal) -> None:
        """Net a position at its cost; no trade, so no volume and no fee."""
        self._net(amount, cost)

    def close_at(self, price: Decimal) -> None:
        """The venue closed what is held at this price: all of it is realised."""
        if self.net_amount_base:
            self._net(-self.net_amount_base, -self.net_amount_base * price)

    def unrealized(self, mark: Decimal | None) -> Decimal | None:
        """Quote value over cost at this mark; None when the mark is not known."""
        if not self.net_amount_base:
            return ZERO
        if mark is None or mark.is_nan():
            return None
        return self.net_amount_base * mark - self.cost_quote

    def record(self) -> HoldRecord:
        market = self.instrument.market
        return HoldRecord(
            self.controller_id,
            market.connector_name,
            market.trading_pair,
            self.bucket,
            self.net_amount_base,
            self.cost_quote,
            self.breakeven_price,
            self.realized_gross,
            self.fees_in_pnl,
            self.cum_fees_quote,
            self.volume_traded_quote,
            self.unpriced,
        )

    @classmethod
    def from_record(cls, record: HoldRecord, instrument: Instrument) -> PositionHold:
        return cls(
            instrument,
            record.bucket,
            record.controller_id,
            record.net_amount_base,
            record.cost_quote,
            record.realized_gross,
            record.fees_in_pnl,
            record.cum_fees_quote,
            record.volume_quote,
            record.unpriced,
        )

    def summary(self, mark: Decimal | None) -> PositionSummary:
        market, amount = self.instrument.market, self.net_amount_base
        return PositionSummary(
            market.connector_name,
            market.trading_pair,
            None if not amount else TradeType.BUY if amount > 0 else TradeType.SELL,
            amount,
            self.breakeven_price,
            self.volume_traded_quote,
            self.cum_fees_quote,
            self.realized_pnl_quote,
            self.unrealized(mark),
            self.controller_id,
            self.unpriced,
        )


class HoldBook:
    """All holds of one bot."""

    def __init__(self) -> None:
        self._holds: dict[HoldKey, PositionHold] = {}

    def add(self, fill: Fill, controller_id: str, mode: PositionMode, side: TradeType) -> PositionHold | None:
        """Put a fill into its bucket.

        Parameters
        ----------
        mode : PositionMode
            HEDGE keeps a long and a short hold; otherwise there is one net hold a pair.
        side : TradeType
            Side of the executor that made the fill: in HEDGE mode its bucket.

        Returns
        -------
        PositionHold, optional
            The hold that changed; None when the fill was in already.
        """
        bucket = self.bucket_of(fill, mode, side)
        key = (controller_id, fill.instrument.market, bucket)
        hold = self._holds.get(key)
        if hold is None:
            hold = self._holds[key] = PositionHold(fill.instrument, bucket, controller_id)
        return hold if hold.add(fill) else None

    @staticmethod
    def bucket_of(fill: Fill, mode: PositionMode, side: TradeType) -> str:
        """Which hold of a market a fill belongs to; see `add`. The venue's word comes first: after a restart fills may be read before the account's mode."""
        return fill.position_side or HoldBook.bucket(fill.instrument, mode, side)

    @staticmethod
    def bucket(instrument: Instrument, mode: PositionMode, side: TradeType) -> str:
        """Which hold of a market a position of this side belongs to."""
        if mode is PositionMode.HEDGE and instrument.is_perpetual:
            return "long" if side is TradeType.BUY else "short"
        return "net"

    def put(self, hold: PositionHold) -> None:
        """Take up a hold of an earlier process."""
        self._holds[hold.key] = hold

    def begin(self, hold: PositionHold) -> None:
        """Add a position that somebody brought along, at its cost, to what is there."""
        there = self._holds.get(hold.key)
        if there is None:
            self._holds[hold.key] = hold
        else:
            there.add_position(hold.net_amount_base, hold.cost_quote)

    def drop(self, key: HoldKey) -> None:
        """Forget a hold."""
        self._holds.pop(key, None)

    def of(self, controller_id: str | None = None) -> list[PositionHold]:
        """Holds of one controller, or all."""
        return [hold for hold in self._holds.values() if controller_id is None or hold.controller_id == controller_id]
