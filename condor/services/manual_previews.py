"""An order by hand before it is sent: what it comes to, what it would pay by the book, what is left afterwards, why it would be refused. Nothing is changed here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import OrderType, PositionAction, PriceType, TradeType
from botcore.model.errors import ScaleOverflow
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest, Purpose
from botcore.risk.limits import RiskLimits
from condor.errors import UserError
from condor.hosts import PAPER, Host, Hosts
from condor.manual_views import Change, Preview
from condor.services.manual_bots import Keeper
from condor.services.purse import Purse
from condor.tickets import Ticket
from condor.units import plain, ratio

ZERO = Decimal(0)


class NothingFree(UserError):
    """There is nothing that a share could be of."""


class ManualPreviews:
    """See the module.

    Parameters
    ----------
    limits : RiskLimits
        Of the gate that every order passes; asked here without being counted.
    """

    def __init__(self, hosts: Hosts, purse: Purse, limits: RiskLimits) -> None:
        self._hosts = hosts
        self._purse = purse
        self._limits = limits

    # ---- what it comes to ------------------------------------------------------------------------------------------
    def settled(self, ticket: Ticket, keeper: Keeper) -> Ticket:
        """The ticket with price and amount as the venue takes them, as far as prices and balances are known.

        Raises
        ------
        NothingFree
            If the balance that a share is of has nothing.
        UserError
            If the order is too large to be counted.
        """
        state = self._state(ticket)
        if state is None or ticket.missing:
            return ticket
        try:
            return self._settled(ticket, keeper, state)
        except ScaleOverflow:
            at = f" at {ticket.asked_price}" if ticket.asked_price else ""
            raise UserError(f"{ticket.asked}{at} of {ticket.pair} is more than can be counted: make it smaller") from None

    def _settled(self, ticket: Ticket, keeper: Keeper, state: MarketState) -> Ticket:
        instrument, side = state.instrument, TradeType[ticket.side]
        price = _limit(ticket, state)
        if ticket.asked_price and price is None:
            return ticket
        if price is not None:
            price = instrument.price(instrument.price_ticks(price, side))
        amount = self._amount(ticket, state, keeper, price if price is not None else _touch(state, side))
        if amount is None:
            return ticket
        shown = "" if price is None else plain(price)
        return Ticket.of({**ticket.values(), "price": shown, "amount": plain(instrument.amount(instrument.lots(amount)))})

    def _amount(self, ticket: Ticket, state: MarketState, keeper: Keeper, price: Decimal | None) -> Decimal | None:
        """In base; None where it depends on a price, or a balance, that nobody knows."""
        asked, instrument = ticket.asked, state.instrument
        if asked.endswith("%"):
            share, is_base = ratio(asked), not ticket.is_buy and not instrument.is_perpetual
            asset = instrument.base if is_base else instrument.quote
            free = self._purse.free(ticket.mode, ticket.venue, asset, instrument)
            if free is not None and free <= 0:
                raise NothingFree(
                    f"nothing of {asset} is free at {self._purse.title(ticket.venue)} ({ticket.mode}): there is no share of it to trade"
                )
            if free is None or is_base:
                return None if free is None else free * share
            fee = self._fee_rate(ticket, is_maker=False) or ZERO
            return None if not price else free * share * keeper.leverage / (price * (1 + fee))
        if asked.startswith("$"):
            return Decimal(asked[1:]) / price if price else None
        return Decimal(asked)

    def has_price(self, ticket: Ticket) -> bool:
        """Whether it is known at what price the order would trade."""
        state = self._state(ticket)
        return state is not None and _known(state.price(PriceType.MidPrice)) is not None and _touch(state, TradeType[ticket.side]) is not None

    # ---- what it would do ------------------------------------------------------------------------------------------
    def of(self, ticket: Ticket, keeper: Keeper) -> Preview:
        """A settled ticket against the market of this moment."""
        state = self._state(ticket)
        host = self._hosts.of(ticket.mode)
        instrument = state.instrument if state is not None else host.instrument(Market(ticket.venue, ticket.pair))
        side = TradeType[ticket.side]
        amount = Decimal(ticket.amount) if ticket.amount else None
        limit = Decimal(ticket.price) if ticket.price else None
        mid = None if state is None else _known(state.price(PriceType.MidPrice))
        touch = None if state is None else _touch(state, side)
        is_taker = limit is None or (touch is not None and side.sign * (limit - touch) >= 0)
        average, reached = self._prices(ticket, host, side, amount, limit, is_taker=is_taker)
        rate = self._fee_rate(ticket, is_maker=not is_taker)
        value = None if average is None or amount is None else average * amount
        fee = None if rate is None or value is None else rate * value
        reduces = amount is not None and keeper.reduces(side, amount, instrument)
        request = None if amount is None else _request(instrument, ticket, side, amount, limit, reduces=reduces)
        problems = tuple(self._problems(ticket, host, keeper, state, request, touch, mid, average, is_taker=is_taker))
        return Preview(
            ticket,
            self._purse.title(ticket.venue),
            instrument.base,
            instrument.quote,
            keeper.leverage if instrument.is_perpetual else None,
            amount,
            limit,
            mid,
            average,
            None if mid is None or average is None or not mid else side.sign * (average - mid) / mid,
            None if reached is None or not touch or not is_taker else abs(reached - touch) / touch,
            fee,
            _least(instrument, average or mid),
            is_taker,
            reduces,
            self._changes(ticket, instrument, side, amount, value, fee, keeper, reduces=reduces),
            problems,
            1.0 if ticket.mode != PAPER else max(1.0, float(self._hosts.paper.settings.market.speed)),
        )

    def _prices(
        self, ticket: Ticket, host: Host, side: TradeType, amount: Decimal | None, limit: Decimal | None, *, is_taker: bool
    ) -> tuple[Decimal | None, Decimal | None]:
        """(average, worst price) of taking it from the book now; an order that rests trades at its limit, and one that takes pays at most that."""
        if not is_taker:
            return limit, limit
        market = Market(ticket.venue, ticket.pair)
        if amount is None or market not in host.runtime.markets:
            return None, None
        data, is_buy = host.runtime.market_data, side is TradeType.BUY
        found = (query(*market, float(amount), is_buy).result_price for query in (data.get_vwap_for_volume, data.get_price_for_volume))
        average, reached = (None if math.isnan(price) else Decimal(repr(price)) for price in found)
        if limit is None:
            return average, reached
        bound = min if is_buy else max
        return (limit if average is None else bound(average, limit)), (limit if reached is None else bound(reached, limit))

    def _fee_rate(self, ticket: Ticket, *, is_maker: bool) -> Decimal | None:
        return self._hosts.of(ticket.mode).runtime.market_data.get_fee_rate(ticket.venue, ticket.pair, is_maker)

    def _changes(
        self,
        ticket: Ticket,
        instrument: Instrument,
        side: TradeType,
        amount: Decimal | None,
        value: Decimal | None,
        fee: Decimal | None,
        keeper: Keeper,
        *,
        reduces: bool,
    ) -> tuple[Change, ...]:
        """What is free of its assets, now and when it is filled."""
        quote = self._purse.free(ticket.mode, ticket.venue, instrument.quote, instrument)
        paid = None if value is None else value if not instrument.is_perpetual else (-value if reduces else value) / keeper.leverage
        sign = -1 if instrument.is_perpetual else -side.sign
        after = None if quote is None or paid is None else quote + sign * paid - (fee or ZERO)
        changes = [Change(instrument.quote, quote, after)]
        if not instrument.is_perpetual:
            base = self._purse.free(ticket.mode, ticket.venue, instrument.base, instrument)
            changes.append(Change(instrument.base, base, None if base is None or amount is None else base + side.sign * amount))
        return tuple(changes)

    # ---- what is against it ----------------------------------------------------------------------------------------
    def _problems(
        self,
        ticket: Ticket,
        host: Host,
        keeper: Keeper,
        state: MarketState | None,
        request: OrderRequest | None,
        touch: Decimal | None,
        mid: Decimal | None,
        average: Decimal | None,
        *,
        is_taker: bool,
    ) -> Iterator[str]:
        """Every reason, what no other answer could change first."""
        adds = request is None or request.purpose.adds_risk
        if keeper.problem:
            yield keeper.problem
        if adds and keeper.paused:
            yield f"{keeper.paused}: no new positions are taken until /resume"
        if adds and host.runtime.gate.halt_reason is not None:
            yield f"no new positions are taken: {host.runtime.gate.halt_reason}; /status allows them again"
        down = self._purse.is_down(Market(ticket.venue, ticket.pair), ticket.mode)
        if down is not None:
            yield f"{down}; nothing can be sent there now, try again when it is back"
            return
        if state is None or mid is None or touch is None or request is None:
            yield f"there is no price of {ticket.pair} at {self._purse.title(ticket.venue)} yet: tap Fresh numbers in a moment"
            return
        if adds and not state.is_usable(host.clock.now_ns):
            yield f"the book of {ticket.pair} can't be trusted now (it is missing, stale or crossed): tap Fresh numbers in a moment"
        instrument = state.instrument
        ticks = request.price_ticks if request.price_ticks is not None else instrument.floor_ticks(touch)
        small = instrument.refusal(request.lots, None if request.position_action is PositionAction.CLOSE else ticks)
        if small is not None:
            least = _least(instrument, average or mid)
            yield f"{small}" + (f"; the smallest order now is {plain(least)} {instrument.base}" if least is not None and "below" in small else "")
            return
        if ticket.kind == "LIMIT_MAKER" and is_taker:
            yield f"a maker order at {ticket.price} would trade at once (the other side stands at {plain(touch)}): take a limit order, or another price"
        if average is None:
            yield f"the book of {ticket.pair} does not hold {plain(instrument.amount(request.lots))} {instrument.base}: make it smaller, or take a limit order"
        poor = self._poor(ticket, host, request, instrument, ticks)
        if poor is not None:
            yield poor
        if adds:
            yield from self._capped(host, request, state, ticks, is_deep=average is not None)

    def _poor(self, ticket: Ticket, host: Host, request: OrderRequest, instrument: Instrument, ticks: int) -> str | None:
        connector = host.runtime.connectors[ticket.venue]
        if connector.can_pay(request, ticks):
            return None
        is_base = not ticket.is_buy and not instrument.is_perpetual
        asset = instrument.base if is_base else instrument.quote
        free = max(self._purse.free(ticket.mode, ticket.venue, asset, instrument) or ZERO, ZERO)
        what = plain(instrument.amount(request.lots)) if is_base else f"{instrument.notional(ticks, request.lots):.2f}"
        shown = plain(free.quantize(Decimal("1e-8"))) if is_base else f"{free:.2f}"
        margin = " with its margin" if instrument.is_perpetual else ""
        return (
            f"the balance is too small: it needs {what} {asset}{margin} and its fee, and {shown} are free "
            f"at {self._purse.title(ticket.venue)} ({ticket.mode}): make it smaller"
        )

    def _capped(self, host: Host, request: OrderRequest, state: MarketState, ticks: int, *, is_deep: bool) -> Iterator[str]:
        """What the gate would say; here it counts nothing. `is_deep` says that the book holds as much."""
        limits, instrument, gate = self._limits, state.instrument, host.runtime.gate
        pair = instrument.market.trading_pair
        if limits.pairs is not None and pair not in limits.pairs:
            yield f"{pair} is not among the allowed pairs ({', '.join(sorted(limits.pairs))}): the owner's settings say so"
        value = instrument.notional(ticks, request.lots)
        if value > limits.max_order_quote:
            yield f"an order of {value:.2f} {instrument.quote} is above the limit of {plain(limits.max_order_quote)} for one order: make it smaller"
        book = state.book
        if is_deep and request.price_ticks is None and gate.takeable(request, host.clock.now_ns) < request.lots:
            yield (
                f"the book is too thin: within {plain(limits.max_slippage * 100)} % of the best price there is less than "
                f"{plain(instrument.amount(request.lots))} {instrument.base}: make it smaller, or take a limit order"
            )
        if request.price_ticks is not None and abs(2 * ticks - book.best_bid - book.best_ask) > limits.price_band * (book.best_bid + book.best_ask):
            yield f"the price is further than {plain(limits.price_band * 100)} % from the market: take one that is nearer"
        refusal = None if gate.caps is None else gate.caps.refusal(request, ticks, book.best_bid, book.best_ask, host.clock.now_ns)
        if refusal is not None:
            yield f"{refusal} (/caps shows what the owner allows)"

    def _state(self, ticket: Ticket) -> MarketState | None:
        return self._hosts.of(ticket.mode).runtime.markets.get(Market(ticket.venue, ticket.pair))


def _limit(ticket: Ticket, state: MarketState) -> Decimal | None:
    """The limit in quote, whole or from the mid; None where it has none, or there is no mid."""
    if not ticket.asked_price:
        return None
    if not ticket.asked_price.endswith("%"):
        return Decimal(ticket.asked_price)
    mid = _known(state.price(PriceType.MidPrice))
    return None if mid is None else mid * (1 + ratio(ticket.asked_price))


def _touch(state: MarketState, side: TradeType) -> Decimal | None:
    """Best price of the other side: where a market order begins to trade."""
    ticks = state.book.best_ask if side is TradeType.BUY else state.book.best_bid
    return None if ticks in (NO_ASK, NO_BID) or state.is_torn else state.instrument.price(ticks)


def _request(instrument: Instrument, ticket: Ticket, side: TradeType, amount: Decimal, limit: Decimal | None, *, reduces: bool) -> OrderRequest:
    """The order that would be sent."""
    action = PositionAction.NIL if not instrument.is_perpetual else PositionAction.CLOSE if reduces else PositionAction.OPEN
    kind, ticks = OrderType[ticket.kind], None if limit is None else instrument.price_ticks(limit, side)
    return OrderRequest(instrument, side, kind, instrument.lots(amount), ticks, action, Purpose.CLOSE if reduces else Purpose.OPEN)


def _least(instrument: Instrument, price: Decimal | None) -> Decimal | None:
    """The smallest amount that the venue takes at this price."""
    lots = instrument.min_lots
    if instrument.min_notional:
        if not price:
            return None
        lots = max(lots, math.ceil(instrument.min_notional / price / instrument.lot_size))
    return instrument.amount(lots)


def _known(price: Decimal) -> Decimal | None:
    return None if price.is_nan() else price
