"""What is known of an account at a venue: balances, positions, mode; and what orders bind that the venue does not count yet.

The venue's numbers lag behind our own orders. So what is available is the smaller of two views: the venue's free balance less everything that is on its way or
in doubt, and what our own orders and fills have left of what was there before (see `Funds`; R21, I14).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from botcore.connectors.live.funds import Funds
from botcore.model.enums import PositionAction, PositionMode, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill, OrderRequest, OrderState
from botcore.model.times import SECOND_NS
from botcore.orders.tracker import Order

ZERO = Decimal(0)

STREAM_LAG_NS = 2 * SECOND_NS
"""A message of the account's stream counts what happened so long before it came."""


class Account:
    """Passive; the session writes what the venue says, the connector reads.

    Parameters
    ----------
    taker_fee : Decimal
        Rate that is set aside with every order, as a fraction of its notional.
    maker_fee : Decimal, optional
        Rate of an order that rests; the taker's when it is left out.
    fee_from_received : bool
        The venue takes the fee from what one receives: a spot buy binds no more than its notional.
    fixed_fee : tuple of (str, Decimal), optional
        Asset and amount that every order costs besides.
    lag_ns : int
        How old an answer of the venue may be.

    Attributes
    ----------
    open_orders : callable
        Orders of ours that may bind something; set by the connector.
    is_known : bool
        Whether balances were read since the connection was made.
    listed_ns : int
        When the last complete list of balances was asked for; 0 before the first.
    """

    def __init__(
        self,
        taker_fee: Decimal,
        *,
        maker_fee: Decimal | None = None,
        fee_from_received: bool = False,
        fixed_fee: tuple[str, Decimal] | None = None,
        lag_ns: int = 0,
    ) -> None:
        self.is_known = False
        self.mode = PositionMode.ONEWAY
        self.leverage: dict[str, int] = {}
        self._taker_fee = taker_fee
        self._maker_fee = taker_fee if maker_fee is None else maker_fee
        self._fee_from_received = fee_from_received
        self._fixed_fee = fixed_fee
        self.open_orders: Callable[[], Iterable[Order]] = tuple
        self._lag_ns = lag_ns
        self._totals: dict[str, Decimal] = {}
        self._funds = Funds(2 * lag_ns)
        self._lots: dict[tuple[str, str], int] = {}
        self._told_ns: dict[tuple[str, str], int] = {}
        self._changed_ns: dict[tuple[str, str], int] = {}
        self._all_told_ns: int | None = None
        self._liquidations: dict[tuple[str, str], Decimal] = {}
        self._liquidations_ns: int | None = None
        self.listed_ns = 0

    # ---- what the venue says -----------------------------------------------------------------------------------------
    def set_balances(self, totals: dict[str, tuple[Decimal, Decimal]], *, complete: bool, free_known: bool = True, ts_ns: int = 0) -> None:
        """Asset -> (total, free).

        Parameters
        ----------
        complete : bool
            An answer to a question: it may lag, and assets that it does not name are empty. An update of the stream otherwise.
        free_known : bool
            Whether `free` is the venue's word; what is free stays as it was otherwise.
        ts_ns : int
            When it was asked for, or when the stream brought it, by our clock.
        """
        if complete:
            self._totals.clear()
            self._funds.forget(totals)
            self.is_known = True
            self.listed_ns = max(self.listed_ns, ts_ns)
        orders = [(order, *self._demand(order)) for order in self.open_orders()]
        seen_ns = ts_ns - (self._lag_ns if complete else STREAM_LAG_NS)
        for asset, (total, free) in totals.items():
            self._totals[asset] = total
            if free_known:
                self._funds.told(asset, free, seen_ns, [(order.created_ns, amount) for order, kind, amount in orders if kind == asset and amount])

    def set_position(self, trading_pair: str, side: str, lots: int, told_ns: int = 0) -> None:
        """Signed lots of one side: `net`, or `long` and `short` in HEDGE mode; true at `told_ns`. What is older than what is known changes nothing."""
        key = (trading_pair, side)
        if told_ns >= self._told_ns.get(key, 0):
            if lots != self._lots.get(key, 0):
                self._changed_ns[key] = told_ns
            self._lots[key], self._told_ns[key] = lots, told_ns

    def set_positions(self, lots: dict[tuple[str, str], int], told_ns: int = 0) -> None:
        """All positions by (pair, side), asked for at `told_ns`; what is not named is flat, but for what was told since."""
        for key in [*self._lots, *lots]:
            self.set_position(*key, lots.get(key, 0), told_ns)
        self._all_told_ns = max(self._all_told_ns or 0, told_ns)

    def set_liquidations(self, prices: dict[tuple[str, str], Decimal], told_ns: int = 0) -> None:
        """Where the venue would liquidate which position, by (pair, side), as it said with its last complete list, asked for at `told_ns`."""
        self._liquidations = dict(prices)
        self._liquidations_ns = told_ns

    def forget(self) -> None:
        """The connection is gone: what was known is old."""
        self.is_known = False

    def totals(self) -> dict[str, Decimal]:
        """Asset -> total, as the venue said last."""
        return dict(self._totals)

    def positions(self) -> dict[tuple[str, str], int]:
        """(pair, side) -> signed lots, as the venue said last."""
        return dict(self._lots)

    def liquidations(self) -> dict[tuple[str, str], Decimal]:
        """(pair, side) -> price at which the venue would liquidate what stands there; those without one are left out."""
        return {key: price for key, price in self._liquidations.items() if self._lots.get(key)}

    def is_beyond_liquidation(self, trading_pair: str, side: str) -> bool:
        """Whether the venue has said that no price liquidates what stands there; a list from before it became what it is says nothing of it."""
        key = (trading_pair, side)
        if self._liquidations_ns is None or not self._lots.get(key) or key in self._liquidations:
            return False
        return self._liquidations_ns >= self._changed_ns[key]

    # ---- what may be used --------------------------------------------------------------------------------------------
    def total(self, asset: str) -> Decimal:
        return self._totals.get(asset, ZERO)

    def available(self, asset: str, orders: Iterable[Order]) -> Decimal:
        """Free at the venue, less what orders bind that it may not count yet."""
        pending = bound = ZERO
        for order in orders:
            kind, amount = self._demand(order)
            if kind == asset:
                bound += amount
                if order.state in (OrderState.PENDING_CREATE, OrderState.UNKNOWN):
                    pending += amount
        return self._funds.available(asset, pending, bound)

    def _demand(self, order: Order) -> tuple[str, Decimal]:
        return self.demand(order.request, order.request.price_ticks, order.lots - order.filled_lots)

    def filled(self, request: OrderRequest, fill: Fill, now_ns: int) -> None:
        """An execution of ours moved money: until the venue's numbers count it, ours do."""
        instrument, is_buy = fill.instrument, fill.trade_type is TradeType.BUY
        if instrument.is_perpetual:
            margin = fill.notional / self.leverage.get(instrument.market.trading_pair, 1)
            self._funds.spend(instrument.quote, -margin if request.position_action is PositionAction.CLOSE else margin, now_ns)
        else:
            self._funds.spend(instrument.quote, fill.notional if is_buy else -fill.notional, now_ns)
            self._funds.spend(instrument.base, -fill.amount if is_buy else fill.amount, now_ns)
        if fill.fee.amount:
            self._funds.spend(fill.fee.asset, fill.fee.amount, now_ns)

    def fee_rate(self, is_maker: bool) -> Decimal:
        """Fee of an execution as a fraction of its notional."""
        return self._maker_fee if is_maker else self._taker_fee

    def demand(self, request: OrderRequest, ticks: int | None, lots: int) -> tuple[str, Decimal]:
        """Asset and amount that an order binds; a market order whose price nobody knows binds nothing here (the venue refuses it if it must)."""
        instrument = request.instrument
        if request.position_action is PositionAction.CLOSE:
            return instrument.quote, ZERO
        if not instrument.is_perpetual and request.trade_type is TradeType.SELL:
            return instrument.base, instrument.amount(lots)
        if ticks is None or lots <= 0:
            return instrument.quote, ZERO
        notional = instrument.notional(ticks, lots)
        if instrument.is_perpetual:
            return instrument.quote, notional / self.leverage.get(instrument.market.trading_pair, 1) + notional * self._taker_fee
        return instrument.quote, notional if self._fee_from_received else notional * (1 + self._taker_fee)

    def can_pay(self, request: OrderRequest, ticks: int | None, orders: Iterable[Order]) -> bool:
        """Whether the account has what an order binds, and what it costs besides."""
        orders = list(orders)
        asset, needed = self.demand(request, ticks, request.lots)
        if self._fixed_fee is not None and request.purpose.adds_risk:
            fee_asset, fee = self._fixed_fee
            needed += fee if fee_asset == asset else ZERO
            if fee_asset != asset and fee > self.available(fee_asset, orders):
                return False
        return not needed or needed <= self.available(asset, orders)

    # ---- positions ---------------------------------------------------------------------------------------------------
    def told_lots(self, trading_pair: str, side: str) -> int | None:
        """Signed lots; None while the venue has said nothing of this side. A complete list leaves out what is flat."""
        return self._lots.get((trading_pair, side), None if self._all_told_ns is None else 0)

    def told_ns(self, trading_pair: str, side: str) -> int:
        """Since when that is true at the latest; 0 while nothing was said."""
        return max(self._told_ns.get((trading_pair, side), 0), self._all_told_ns or 0)

    def lots(self, instrument: Instrument, side: str) -> int:
        return self._lots.get((instrument.market.trading_pair, side), 0)

    def side(self, request: OrderRequest) -> str:
        """The position that an order works on: `net`, or in HEDGE mode the side that it opens or closes."""
        if self.mode is not PositionMode.HEDGE:
            return "net"
        opens_long = (request.trade_type is TradeType.BUY) == (request.position_action is not PositionAction.CLOSE)
        return "long" if opens_long else "short"

    def reducible(self, request: OrderRequest) -> int:
        """Lots by which this order could reduce what stands, whatever its size."""
        held = self.lots(request.instrument, self.side(request))
        return abs(held) if held and (held > 0) != (request.trade_type is TradeType.BUY) else 0
