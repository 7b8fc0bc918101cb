"""The risk gate: every order passes it, whoever sends it.

Limits stand outside strategy code and count for all bots of the process together. Orders that reduce exposure always pass: a halted or misled
system must still be able to get out. The kill switch is a latch: once halted, nothing but `release` opens it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID, OrderBook
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest
from botcore.model.refusals import ABOVE_LIMIT, HALTED, OUT_OF_BAND, THIN_BOOK, WAITS_FOR_MARKET, WAITS_ITS_TURN
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
        refusal = next(self._refusals(request, now_ns, own), None)
        if refusal is not None:
            return refusal
        self._sent.append(now_ns)
        if self.caps is not None:
            self.caps.passed(request, self._ticks(request), now_ns)
        return None

    def look(self, request: OrderRequest, now_ns: int, own: OwnBooks | None = None, leverage: int | None = None) -> list[str]:
        """Everything that `refusal` would say against this order now, in the order in which it would; nothing is counted.

        Parameters
        ----------
        leverage : int, optional
            What the account's would be by then, where that is another one than now.
        """
        return list(self._refusals(request, now_ns, own, leverage)) if request.purpose.adds_risk else []

    def _refusals(self, request: OrderRequest, now_ns: int, own: OwnBooks | None, leverage: int | None = None) -> Iterator[str]:
        """The rules, one after the other. After one that no price could be asked for comes nothing."""
        instrument = request.instrument
        market = instrument.market
        if self.halt_reason is not None:
            yield f"{HALTED}: {self.halt_reason}"
        if self._pairs is not None and market.trading_pair not in self._pairs:
            yield f"pair {market.trading_pair} is not among the allowed pairs {', '.join(sorted(self._pairs))}"
        state = self._state(market)
        if state.ended:
            yield f"the market {market} can't be trusted any more: its recording is at its end"
            return
        if not state.is_usable(now_ns):
            yield f"{WAITS_FOR_MARKET}: {market} can't be trusted now (its book is missing, stale or crossed)"
            return
        book = state.book
        ticks = self._ticks(request)
        if request.price_ticks is None:
            if self.takeable(request, now_ns) < request.lots:
                amount = f"{_shown(instrument.amount(request.lots))} {instrument.base}"
                yield f"{THIN_BOOK}: within {_shown(self._limits.max_slippage * 100)} % of the touch there is less than {amount}"
        elif not self._in_band(ticks, book.best_bid, book.best_ask):
            yield f"price {instrument.price(ticks)} {OUT_OF_BAND} {_shown(self._limits.price_band * 100)} % from the market"
        if ticks * request.lots > self._cap(instrument):
            value = f"{_shown(instrument.notional(ticks, request.lots))} {instrument.quote}"
            yield f"an order of {value} is {ABOVE_LIMIT} {_shown(self._limits.max_order_quote)} for one order"
        if own is not None and (self._limits.max_open_quote is not None or self._limits.max_position_quote is not None):
            yield from self._open_refusals(request, ticks, own)
        if self.caps is not None:
            refusal = self.caps.refusal(request, ticks, book.best_bid, book.best_ask, now_ns, leverage)
            if refusal is not None:
                yield refusal
        if self._sent_within_a_minute(now_ns) >= self._limits.max_orders_per_minute:
            yield f"{WAITS_ITS_TURN}: more than {self._limits.max_orders_per_minute} orders within a minute"

    def _ticks(self, request: OrderRequest) -> int:
        """What an order is valued at: its limit, or the touch that one at market begins at."""
        if request.price_ticks is not None:
            return request.price_ticks
        book = self._state(request.instrument.market).book
        return book.best_ask if request.trade_type.sign > 0 else book.best_bid

    def _open_refusals(self, request: OrderRequest, ticks: int, own: OwnBooks) -> Iterator[str]:
        """Caps on what is open at once, this order included."""
        instrument, limits = request.instrument, self._limits
        value = instrument.notional(ticks, request.lots)
        for name, cap, open_value in (
            ("the account", limits.max_open_quote, own.open_quote(instrument.quote)),
            (instrument.market.trading_pair, limits.max_position_quote, own.of(instrument).open_value),
        ):
            if cap is not None and open_value + value > cap:
                open_then = _shown(open_value + value)
                yield f"with this order of {_shown(value)} {instrument.quote}, {name} would have {open_then} open, {ABOVE_LIMIT} {_shown(cap)}"

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

    def _sent_within_a_minute(self, now_ns: int) -> int:
        sent = self._sent
        while sent and sent[0] <= now_ns - MINUTE_NS:
            sent.popleft()
        return len(sent)


def _shown(value: Decimal) -> str:
    """As people write it."""
    return f"{value.normalize():f}"
