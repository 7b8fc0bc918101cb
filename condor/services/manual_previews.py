"""An order by hand before it is sent: what it comes to, what it would pay by the book, what is left afterwards. Nothing is changed here."""

from __future__ import annotations

import math
from decimal import Decimal

from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import OrderType, PositionAction, PriceType, TradeType
from botcore.model.errors import ScaleOverflow
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest, Purpose
from botcore.strategies.desk import Outlook
from condor.errors import UserError
from condor.hand_limits import HandLimits
from condor.hosts import PAPER, Host, Hosts
from condor.manual_views import Change, Preview
from condor.services.manual_bots import Keeper
from condor.services.manual_problems import Case, ManualProblems, least, notes
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
    problems : ManualProblems
        What is against an order.
    """

    def __init__(self, hosts: Hosts, purse: Purse, problems: ManualProblems) -> None:
        self._hosts = hosts
        self._purse = purse
        self._problems = problems

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
            raise UserError(f"{ticket.asked_words}{at} of {ticket.pair} is more than can be counted: make it smaller") from None

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
            return None if not price else free * share * (int(ticket.leverage or 0) or keeper.leverage) / (price * (1 + fee))
        if asked.startswith("$"):
            return Decimal(asked[1:]) / price if price else None
        return Decimal(asked)

    def has_price(self, ticket: Ticket) -> bool:
        """Whether it is known at what price the order would trade."""
        state = self._state(ticket)
        return state is not None and _known(state.price(PriceType.MidPrice)) is not None and _touch(state, TradeType[ticket.side]) is not None

    # ---- what it would do ------------------------------------------------------------------------------------------
    def of(self, ticket: Ticket, keeper: Keeper, allowed: HandLimits) -> Preview:
        """A settled ticket against the market of this moment, for somebody who is allowed so much."""
        state = self._state(ticket)
        host = self._hosts.of(ticket.mode)
        instrument = state.instrument if state is not None else host.instrument(Market(ticket.venue, ticket.pair))
        side = TradeType[ticket.side]
        amount = Decimal(ticket.amount) if ticket.amount else None
        limit = Decimal(ticket.price) if ticket.price else None
        mid = None if state is None else _known(state.price(PriceType.MidPrice))
        touch = None if state is None else _touch(state, side)
        reduces = amount is not None and keeper.reduces(side, amount, instrument)
        # what only gives back is no reason to set another leverage
        leverage = int(ticket.leverage) if ticket.leverage and instrument.is_perpetual and not reduces else keeper.leverage
        request = None if amount is None else _request(instrument, ticket, side, amount, limit, reduces=reduces)
        outlook = None if request is None or state is None else host.runtime.look(request, None if leverage == keeper.leverage else leverage)
        stands = _moved(outlook, limit)
        is_taker = stands is None or (touch is not None and side.sign * (stands - touch) >= 0)
        average, reached = self._prices(ticket, host, side, amount, stands, is_taker=is_taker)
        rate = self._fee_rate(ticket, is_maker=not is_taker)
        value = None if average is None or amount is None else average * amount
        fee = None if rate is None or value is None else rate * value
        case = Case(ticket, host, keeper, allowed, state, request, outlook, touch, mid, average, leverage, fee, is_taker)
        return Preview(
            ticket,
            self._purse.title(ticket.venue),
            instrument.base,
            instrument.quote,
            leverage if instrument.is_perpetual else None,
            amount,
            limit,
            mid,
            average,
            None if mid is None or average is None or not mid else side.sign * (average - mid) / mid,
            None if reached is None or not touch or not is_taker else abs(reached - touch) / touch,
            fee,
            least(instrument, average or mid),
            is_taker,
            reduces,
            self._changes(ticket, instrument, side, amount, value, fee, leverage, reduces=reduces),
            tuple(self._problems.of(case)),
            tuple(notes(case, limit, stands)),
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
        leverage: int,
        *,
        reduces: bool,
    ) -> tuple[Change, ...]:
        """What is free of its assets, now and when it is filled."""
        quote = self._purse.free(ticket.mode, ticket.venue, instrument.quote, instrument)
        paid = None if value is None else value if not instrument.is_perpetual else (-value if reduces else value) / leverage
        sign = -1 if instrument.is_perpetual else -side.sign
        after = None if quote is None or paid is None else quote + sign * paid - (fee or ZERO)
        changes = [Change(instrument.quote, quote, after)]
        if not instrument.is_perpetual:
            base = self._purse.free(ticket.mode, ticket.venue, instrument.base, instrument)
            changes.append(Change(instrument.base, base, None if base is None or amount is None else base + side.sign * amount))
        return tuple(changes)

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


def _moved(outlook: Outlook | None, limit: Decimal | None) -> Decimal | None:
    """The limit at which it would go: behind an order of ours, where one stands in its way."""
    if outlook is None or limit is None or outlook.request.price_ticks is None:
        return limit
    return outlook.request.instrument.price(outlook.request.price_ticks)


def _known(price: Decimal) -> Decimal | None:
    return None if price.is_nan() else price
