"""Money at the paper exchange: balances, reservations, margin and positions, exact.

Totals change only by fills, fees and deposits; reservations are what open orders have bound. A perpetual position's cost is an integer (ticks times
lots): what is not realised by a partial close stays in the remaining cost, so no rounding ever creates or loses money.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botcore.connectors.paper.models import FeeModel
from botcore.connectors.paper.order import PaperOrder
from botcore.model.enums import PositionAction, PositionMode, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill, OrderRequest

# members of enums as names of this module: compiled code reads them without a lookup
CLOSE: Final = PositionAction.CLOSE
ONEWAY: Final = PositionMode.ONEWAY
BUY: Final = TradeType.BUY
SELL: Final = TradeType.SELL

ZERO: Final = Decimal(0)
NET: Final = "net"
LONG: Final = "long"
SHORT: Final = "short"


@dataclass(slots=True)
class Position:
    """What stands on one side of one perpetual; `lots` is signed, `cost` is the sum of ticks * |lots| that opened it."""

    instrument: Instrument
    side: str
    lots: int = 0
    cost: int = 0

    @property
    def entry_price(self) -> Decimal:
        """Average entry, quote per base; only for display, money is computed from `cost`."""
        return Decimal(self.cost) / abs(self.lots) * self.instrument.tick_size if self.lots else ZERO

    def unrealized(self, half_ticks: int) -> Decimal:
        """Quote value of closing at the mid given in half ticks, before fees."""
        sign = 1 if self.lots > 0 else -1
        return sign * (abs(self.lots) * half_ticks - 2 * self.cost) * self.instrument.unit / 2

    def apply(self, signed_lots: int, ticks: int) -> Decimal:
        """Add a fill; returns the realised quote amount."""
        if self.lots == 0 or (self.lots > 0) == (signed_lots > 0):
            self.lots += signed_lots
            self.cost += abs(signed_lots) * ticks
            return ZERO
        held, closing = abs(self.lots), min(abs(self.lots), abs(signed_lots))
        cost_out = self.cost * closing // held
        sign = 1 if self.lots > 0 else -1
        realised = sign * (closing * ticks - cost_out) * self.instrument.unit
        self.cost -= cost_out
        self.lots -= sign * closing
        flipped = abs(signed_lots) - closing
        if flipped:
            self.lots = -sign * flipped
            self.cost = flipped * ticks
        return realised


class SpotLedger:
    """Balances of a spot account."""

    def __init__(self, fees: FeeModel) -> None:
        self._fees = fees
        self.totals: dict[str, Decimal] = {}
        self.reserved: dict[str, Decimal] = {}

    def deposit(self, asset: str, amount: Decimal) -> None:
        self.totals[asset] = self.totals.get(asset, ZERO) + amount

    def total(self, asset: str) -> Decimal:
        return self.totals.get(asset, ZERO)

    def available(self, asset: str) -> Decimal:
        return self.totals.get(asset, ZERO) - self.reserved.get(asset, ZERO)

    def demand(self, request: OrderRequest, ticks: int, lots: int) -> tuple[str, Decimal]:
        """Asset and amount that an order binds at this price, fees included."""
        instrument = request.instrument
        if request.trade_type is SELL:
            return instrument.base, instrument.amount(lots)
        fee = ZERO if self._fees.from_received else self._fees.taker
        return instrument.quote, instrument.notional(ticks, lots) * (1 + fee)

    def hold(self, order: PaperOrder, ticks: int) -> str | None:
        """Bind what the order needs; the reason as one sentence when there is not enough."""
        asset, needed = self.demand(order.request, ticks, order.remaining)
        free = self.available(asset)
        if needed > free:
            return f"insufficient balance: needs {needed:f} {asset}, available {free:f}"
        self._bind(order, asset, needed)
        return None

    def release(self, order: PaperOrder) -> None:
        self._bind(order, order.reserved_asset, ZERO)

    def book(self, order: PaperOrder, fill: Fill) -> None:
        """Move the money of one fill and free what it no longer binds."""
        instrument = fill.instrument
        sign = fill.trade_type.sign
        self._add(instrument.base, sign * fill.amount)
        self._add(instrument.quote, -sign * fill.notional)
        self._add(fill.fee.asset, -fill.fee.amount)
        left = order.remaining
        self._bind(order, order.reserved_asset, order.reserved * left / (left + fill.lots) if left else ZERO)

    def _add(self, asset: str, amount: Decimal) -> None:
        self.totals[asset] = self.totals.get(asset, ZERO) + amount

    def _bind(self, order: PaperOrder, asset: str, amount: Decimal) -> None:
        if asset:
            self.reserved[asset] = self.reserved.get(asset, ZERO) - order.reserved + amount
        order.reserved, order.reserved_asset = amount, asset


class PerpetualLedger(SpotLedger):
    """Wallet, margin and positions of a linear perpetual account (cross margin, one wallet per quote asset).

    Parameters
    ----------
    mark : callable
        Pair -> twice the mid in ticks, or None while it is unknown.
    """

    def __init__(self, fees: FeeModel, mark: Callable[[str], int | None], maintenance: Decimal) -> None:
        super().__init__(fees)
        self._mark = mark
        self.maintenance = maintenance
        self.mode = ONEWAY
        self.leverage: dict[str, int] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self._rates: dict[int, Decimal] = {}

    # ---- positions -------------------------------------------------------------------------------------------------
    def position_side(self, request: OrderRequest) -> str:
        """Which position an order works on: the net one, or in HEDGE mode the side that it opens or closes."""
        if self.mode is ONEWAY:
            return NET
        opens_long = (request.trade_type is BUY) == (request.position_action is not CLOSE)
        return LONG if opens_long else SHORT

    def lots(self, pair: str, side: str) -> int:
        position = self.positions.get((pair, side))
        return position.lots if position else 0

    def reducible(self, request: OrderRequest) -> int:
        """Lots by which this order could reduce what stands, whatever its size."""
        held = self.lots(request.instrument.market.trading_pair, self.position_side(request))
        return abs(held) if held and (held > 0) != (request.trade_type is BUY) else 0

    def unrealized(self, asset: str) -> Decimal:
        """Of all positions margined in this asset; a position without a mark counts at its entry."""
        result = ZERO
        for position in self.positions.values():
            if position.lots and position.instrument.quote == asset:
                half = self._mark(position.instrument.market.trading_pair)
                if half is not None:
                    result += position.unrealized(half)
        return result

    def position_margin(self, asset: str) -> Decimal:
        return sum(
            (
                position.cost * position.instrument.unit / self._leverage(position.instrument)
                for position in self.positions.values()
                if position.lots and position.instrument.quote == asset
            ),
            ZERO,
        )

    def is_near_bankruptcy(self, asset: str) -> bool:
        """A cheap look in floats, called with every market event: True when the equity is below four times the maintenance margin."""
        needed = equity = 0.0
        for position in self.positions.values():
            if position.lots and position.instrument.quote == asset:
                half = self._mark(position.instrument.market.trading_pair)
                unit = position.instrument.tick * position.instrument.lot
                needed += position.cost * unit
                if half is not None:
                    equity += (position.lots * half * 0.5 - (position.cost if position.lots > 0 else -position.cost)) * unit
        return needed > 0 and float(self.totals.get(asset, ZERO)) + equity < needed * float(self.maintenance) * 4

    def is_bankrupt(self, asset: str) -> bool:
        """True when the equity no longer covers the maintenance margin of what stands."""
        needed = sum(
            (
                position.cost * position.instrument.unit * self.maintenance
                for position in self.positions.values()
                if position.lots and position.instrument.quote == asset
            ),
            ZERO,
        )
        return bool(needed) and self.total(asset) + self.unrealized(asset) < needed

    def liquidation_price(self, pair: str) -> Decimal | None:
        """The mid of a pair below (long) or above (short) which `is_bankrupt` holds, as long as no other price moves; None where there is no such price, or no mark."""
        held = [position for (name, _), position in self.positions.items() if name == pair and position.lots]
        half = self._mark(pair)
        if not held or half is None:
            return None
        instrument = held[0].instrument
        lots = sum(position.lots for position in held)
        if not lots:
            return None
        standing = [position for position in self.positions.values() if position.lots and position.instrument.quote == instrument.quote]
        needed = sum((position.cost * position.instrument.unit * self.maintenance for position in standing), ZERO)
        cushion = self.total(instrument.quote) + self.unrealized(instrument.quote) - needed
        price = half * instrument.tick_size / 2 - cushion / (lots * instrument.lot_size)
        return price if price > 0 else None

    # ---- money -----------------------------------------------------------------------------------------------------
    def available(self, asset: str) -> Decimal:
        free = self.totals.get(asset, ZERO) - self.reserved.get(asset, ZERO)
        return free + self.unrealized(asset) - self.position_margin(asset) if self.has_positions() else free

    def has_positions(self) -> bool:
        return any(position.lots for position in self.positions.values())

    def demand(self, request: OrderRequest, ticks: int, lots: int) -> tuple[str, Decimal]:
        """Initial margin plus fee of the part that opens; what reduces binds nothing."""
        instrument = request.instrument
        if request.position_action is CLOSE:
            return instrument.quote, ZERO
        opening = lots - min(lots, self.reducible(request)) if self.positions else lots
        value = instrument.notional(ticks, opening)
        return instrument.quote, value * self._binding(instrument)

    def book(self, order: PaperOrder, fill: Fill) -> None:
        instrument = fill.instrument
        key = (instrument.market.trading_pair, order.position_side)
        position = self.positions.get(key)
        if position is None:
            position = self.positions[key] = Position(instrument, order.position_side)
        realised = position.apply(fill.trade_type.sign * fill.lots, fill.price_ticks)
        self._add(instrument.quote, realised - fill.fee.amount)
        left = order.remaining
        self._bind(order, order.reserved_asset, order.reserved * left / (left + fill.lots) if left else ZERO)

    def _leverage(self, instrument: Instrument) -> int:
        return self.leverage.get(instrument.market.trading_pair, 1)

    def _binding(self, instrument: Instrument) -> Decimal:
        """Initial margin plus fee, as a fraction of the notional."""
        leverage = self._leverage(instrument)
        rate = self._rates.get(leverage)
        if rate is None:
            rate = self._rates[leverage] = 1 / Decimal(leverage) + self._fees.taker
        return rate
