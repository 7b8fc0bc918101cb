"""The risk gate: every order passes it, whoever sends it.

Limits stand outside strategy code and count for all bots of the process together. Orders that reduce exposure always pass: a halted or misled
system must still be able to get out. The kill switch is a latch: once halted, nothing but `release` opens it again.
"""

from __future__ import annotations

from collections import deque

from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID, OrderBook
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest
from botcore.model.refusals import ABOVE_LIMIT, OUT_OF_BAND, THIN_BOOK, WAITS_FOR_MARKET, WAITS_ITS_TURN
from botcore.model.times import MINUTE_NS
from botcore.orders.own import OwnBooks
from botcore.risk.cap_gate import Caps
from botcore.risk.limits import RiskLimits


class RiskGate:
    """See the module.

    Parameters
    ----------
    limits : RiskLimits
    market_data : MarketDataProvider
        For the price band and for knowing whether a market can be trusted.
    """

    def __init__(self, limits: RiskLimits, market_data: MarketDataProvider) -> None:
        self._limits = limits
        self._market_data = market_data
        self._pairs = None if limits.pairs is None else frozenset(limits.pairs)
        self._sent: deque[int] = deque()
        self._states: dict[Market, MarketState] = {}
        self._caps: dict[int, int] = {}
        self.halt_reason: str | None = None
        self.caps: Caps | None = None
        """What the owners of accounts allow; set by whoever keeps it."""

    @property
    def is_halted(self) -> bool:
        return self.halt_reason is not None

    def halt(self, reason: str) -> None:
        """Latch: no new exposure until `release`. The first reason is kept."""
        if self.halt_reason is None:
            self.halt_reason = reason

    def release(self) -> None:
        self.halt_reason = None

    def forget(self) -> None:
        """Markets are gone, or are others under the same name: they are looked up anew."""
        self._states.clear()
        self._caps.clear()

    def refusal(self, request: OrderRequest, now_ns: int, own: OwnBooks | None = None) -> str | None:
        """Why this order may not leave, as one sentence; None lets it pass and counts it.

        Parameters
        ----------
        own : OwnBooks, optional
            What the account has open already.
        """
        if not request.purpose.adds_risk:
            return None
        if self.halt_reason is not None:
            return f"trading is halted: {self.halt_reason}"
        instrument = request.instrument
        market = instrument.market
        if self._pairs is not None and market.trading_pair not in self._pairs:
            return f"pair {market.trading_pair} is not among the allowed pairs {', '.join(sorted(self._pairs))}"
        state = self._state(market)
        if state.ended:
            return f"the market {market} can't be trusted any more: its recording is at its end"
        if not state.is_usable(now_ns):
            return f"{WAITS_FOR_MARKET}: {market} can't be trusted now (its book is missing, stale or crossed)"
        book = state.book
        ticks = request.price_ticks
        if ticks is None:
            ticks = book.best_ask if request.trade_type.sign > 0 else book.best_bid
            if self.takeable(request, now_ns) < request.lots:
                return (
                    f"{THIN_BOOK}: within {self._limits.max_slippage * 100:f} % of the touch there is less than {instrument.amount(request.lots):f}"
                )
        elif not self._in_band(ticks, book.best_bid, book.best_ask):
            return f"price {instrument.price(ticks)} {OUT_OF_BAND} {self._limits.price_band * 100:f} % from the market"
        if ticks * request.lots > self._cap(instrument):
            return f"order of {instrument.notional(ticks, request.lots):f} {instrument.quote} is {ABOVE_LIMIT} {self._limits.max_order_quote:f}"
        if own is not None and (self._limits.max_open_quote is not None or self._limits.max_position_quote is not None):
            refusal = self._open_refusal(request, ticks, own)
            if refusal is not None:
                return refusal
        if self.caps is None:
            return self._count(now_ns)
        refusal = self.caps.refusal(request, ticks, book.best_bid, book.best_ask, now_ns) or self._count(now_ns)
        if refusal is None:
            self.caps.passed(request, ticks, now_ns)
        return refusal

    def _open_refusal(self, request: OrderRequest, ticks: int, own: OwnBooks) -> str | None:
        """Caps on what is open at once, this order included."""
        instrument, limits = request.instrument, self._limits
        value = instrument.notional(ticks, request.lots)
        for name, cap, open_value in (
            ("the account", limits.max_open_quote, own.open_quote(instrument.quote)),
            (instrument.market.trading_pair, limits.max_position_quote, own.of(instrument).open_value),
        ):
            if cap is not None and open_value + value > cap:
                return f"with this order of {value:f} {instrument.quote}, {name} would have {open_value + value:f} open, {ABOVE_LIMIT} {cap:f}"
        return None

    def book(self, market: Market) -> OrderBook:
        """The market's book, whether it can be trusted or not."""
        return self._state(market).book

    def _state(self, market: Market) -> MarketState:
        state = self._states.get(market)
        if state is None:
            state = self._states[market] = self._market_data.state(*market)
        return state

    def takeable(self, request: OrderRequest, now_ns: int) -> int:
        """Lots of this market order that stand within the slippage limit now; all of them while the book can't be trusted, for then it says nothing."""
        state = self._state(request.instrument.market)
        if not state.is_usable(now_ns):
            return request.lots
        is_buy = request.trade_type.sign > 0
        book = state.book
        touch = book.best_ask if is_buy else book.best_bid
        far = int(touch * self._limits.max_slippage)
        bound = touch + far if is_buy else touch - far
        depth, left = 8, request.lots
        while True:
            left, levels = request.lots, book.levels(not is_buy, depth)
            for ticks, lots in levels:
                if ticks > bound if is_buy else ticks < bound:
                    return request.lots - left
                left -= lots
                if left <= 0:
                    return request.lots
            if len(levels) < depth:
                return request.lots - left
            depth *= 4

    def _in_band(self, ticks: int, bid: int, ask: int) -> bool:
        if bid == NO_BID or ask == NO_ASK:
            return False
        mid_half = bid + ask
        return abs(2 * ticks - mid_half) <= self._limits.price_band * mid_half

    def _cap(self, instrument: Instrument) -> int:
        """The notional limit in ticks times lots; computed once per instrument."""
        cap = self._caps.get(id(instrument))
        if cap is None:
            cap = self._caps[id(instrument)] = int(self._limits.max_order_quote / instrument.unit)
        return cap

    def _count(self, now_ns: int) -> str | None:
        sent = self._sent
        while sent and sent[0] <= now_ns - MINUTE_NS:
            sent.popleft()
        if len(sent) >= self._limits.max_orders_per_minute:
            return f"{WAITS_ITS_TURN}: more than {self._limits.max_orders_per_minute} orders within a minute"
        sent.append(now_ns)
        return None
