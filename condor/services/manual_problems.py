"""What is against an order by hand, before it is sent: the bot that would own it, the venue, the rules of the pair, the balance, the owner's limits, and what the desk
would say. Each is a sentence with what to do; nothing is counted or changed by asking."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from botcore.markets.market_state import MarketState
from botcore.model.enums import PositionAction
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderRequest
from botcore.model.refusals import HALTED, OWN_ORDER, THIN_BOOK, WAITS, WAITS_FOR_BALANCE, WAITS_FOR_MARKET, WAITS_ITS_TURN, RefusalKind, kind_of
from botcore.strategies.desk import Outlook
from condor.hand_limits import HandLimits
from condor.hosts import Host
from condor.services.manual_bots import Keeper
from condor.services.purse import Purse
from condor.tickets import Ticket
from condor.units import plain

ZERO = Decimal(0)
SOON = "tap Fresh numbers in a moment"
HELP = {
    WAITS_FOR_MARKET: SOON,
    WAITS_FOR_BALANCE: "/missing shows what is known of it",
    WAITS_ITS_TURN: "wait a minute",
    WAITS: SOON,
}
"""How a refusal begins that passes by itself -> what to do. Those words are for executors, who wait; a person decides."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of an order that is looked at.

    Parameters
    ----------
    outlook : Outlook, optional
        What the desk would do with it.
    touch, mid, average : Decimal
        Best price of the other side, the middle, and what it would pay.
    leverage : int
        That it would be opened with.
    fee : Decimal
        What it would cost.
    is_taker : bool
        Whether it trades at once.
    """

    ticket: Ticket
    host: Host
    keeper: Keeper
    allowed: HandLimits
    state: MarketState | None
    request: OrderRequest | None
    outlook: Outlook | None
    touch: Decimal | None
    mid: Decimal | None
    average: Decimal | None
    leverage: int
    fee: Decimal | None
    is_taker: bool

    @property
    def market(self) -> Market:
        return Market(self.ticket.venue, self.ticket.pair)


class ManualProblems:
    """See the module."""

    def __init__(self, purse: Purse) -> None:
        self._purse = purse

    def of(self, case: Case) -> Iterator[str]:
        """Every reason, what no other answer could change first."""
        ticket, keeper, request, outlook = case.ticket, case.keeper, case.request, case.outlook
        adds = request is None or request.purpose.adds_risk
        if keeper.problem:
            yield keeper.problem
        if adds and keeper.paused:
            yield f"{keeper.paused}: no new positions are taken until /resume"
        down = self._purse.is_down(case.market, ticket.mode)
        if down is not None:
            yield f"{down}; nothing can be sent there now, try again when it is back"
            return
        if case.state is None or case.mid is None or case.touch is None or request is None or outlook is None:
            yield f"there is no price of {ticket.pair} at {self._purse.title(ticket.venue)} yet: {SOON}"
            return
        instrument = request.instrument
        ticks = request.price_ticks if request.price_ticks is not None else instrument.floor_ticks(case.touch)
        small = instrument.refusal(request.lots, None if request.position_action is PositionAction.CLOSE else ticks)
        if small is not None:
            smallest = least(instrument, case.average or case.mid)
            yield f"{small}" + (
                f"; the smallest order now is {plain(smallest)} {instrument.base}" if smallest is not None and "below" in small else ""
            )
            return
        if ticket.kind == "LIMIT_MAKER" and case.is_taker:
            yield (
                f"a maker order at {ticket.price} would trade at once (the other side stands at {plain(case.touch)}): take a limit order, or another price"
            )
        if case.average is None:
            yield f"the book of {ticket.pair} does not hold {plain(instrument.amount(request.lots))} {instrument.base}: make it smaller, or take a limit order"
        leverage = self._leverage(case, instrument)
        if leverage:
            yield leverage
        poor = self._poor(case, request, ticks)
        if poor is not None:
            yield poor
        if adds:
            yield from self._above_role(case, request, ticks)
        # that a book has less than that has been said
        yield from (_for_people(reason) for reason in outlook.reasons if case.average is not None or not reason.startswith(THIN_BOOK))

    def _leverage(self, case: Case, instrument: Instrument) -> str:
        ticket, keeper = case.ticket, case.keeper
        if not ticket.leverage:
            return ""
        if not instrument.is_perpetual:
            return f"{ticket.pair} at {self._purse.title(ticket.venue)} is spot and has no leverage: leave out {ticket.leverage}x, or take a perpetual venue"
        if keeper.shares_with and case.leverage != keeper.leverage:
            return (
                f"{keeper.shares_with} trades {ticket.pair} on this account with leverage {keeper.leverage}, and an account has one for each pair: "
                f"take {keeper.leverage}x, or stop that bot first"
            )
        return ""

    def _poor(self, case: Case, request: OrderRequest, ticks: int) -> str | None:
        """Why the account can't pay, in what it would pay with."""
        ticket, instrument = case.ticket, request.instrument
        is_base = not ticket.is_buy and not instrument.is_perpetual
        asset = instrument.base if is_base else instrument.quote
        free = max(self._purse.free(ticket.mode, ticket.venue, asset, instrument) or ZERO, ZERO)
        value = instrument.notional(ticks, request.lots)
        margin = value / case.leverage if instrument.is_perpetual else value
        if case.leverage == case.keeper.leverage or not instrument.is_perpetual or not request.purpose.adds_risk:
            can_pay = case.host.runtime.connectors[ticket.venue].can_pay(request, ticks)
        else:
            # the account does not know yet of the leverage that is asked for
            can_pay = margin + (case.fee or ZERO) <= free
        if can_pay:
            return None
        needed, shown = (_sum(value, asset) for value in (instrument.amount(request.lots) if is_base else margin, free))
        as_margin = f" as margin at {case.leverage}x" if instrument.is_perpetual else ""
        return (
            f"the balance is too small: it needs {needed} {asset}{as_margin} and its fee, and {shown} are free "
            f"at {self._purse.title(ticket.venue)} ({ticket.mode}): make it smaller"
        )

    def _above_role(self, case: Case, request: OrderRequest, ticks: int) -> Iterator[str]:
        """What the owner's limits of this person's role have against it."""
        instrument, allowed = request.instrument, case.allowed
        if allowed.is_none:
            return
        rate = self._purse.limit_rate(case.ticket.mode, instrument.quote)
        price = None if rate is None else instrument.price(ticks) * rate
        amount = instrument.amount(request.lots)
        with_it = case.keeper.size_with(request.trade_type, amount, instrument)
        refusals = (
            allowed.order_refusal(None if price is None else amount * price),
            allowed.position_refusal(None if price is None else with_it * price),
        )
        yield from filter(None, refusals)


def notes(case: Case, limit: Decimal | None, stands: Decimal | None) -> Iterator[str]:
    """What is no hindrance, and should be known."""
    outlook, ticket = case.outlook, case.ticket
    if outlook is None or case.request is None:
        return
    if not case.request.purpose.adds_risk:
        yield "It gives back what was traded by hand before: caps on new positions do not hold it up."
        if ticket.leverage and case.leverage != int(ticket.leverage):
            yield f"The leverage stays as it is: {ticket.leverage}x is for new positions."
    elif case.leverage != case.keeper.leverage:
        now = f" (now {case.keeper.leverage}x)" if case.keeper.is_running else ""
        yield f"The leverage of {ticket.pair} on this account{now} is set to {case.leverage}x first, and stays so."
    if stands is not None and limit is not None and stands != limit:
        yield f"An order of yours rests at that price: this one goes one step behind it, at {plain(stands)}."
    if outlook.cancel:
        count = len(outlook.cancel)
        yield f"{count} resting order{' of yours stands' if count == 1 else 's of yours stand'} in its way and {'is' if count == 1 else 'are'} cancelled first."


def least(instrument: Instrument, price: Decimal | None) -> Decimal | None:
    """The smallest amount that the venue takes at this price."""
    lots = instrument.min_lots
    if instrument.min_notional:
        if not price:
            return None
        lots = max(lots, math.ceil(instrument.min_notional / price / instrument.lot_size))
    return instrument.amount(lots)


def _sum(value: Decimal, asset: str) -> str:
    """Dollars in cents, coins to the last digit that is traded."""
    return f"{value:.2f}" if "USD" in asset else plain(value.quantize(Decimal("1e-8")))


def _for_people(reason: str) -> str:
    """A refusal of the desk with what a person can do about it."""
    if reason.startswith(HALTED):
        return f"no new positions are taken{reason.removeprefix(HALTED)}; /status allows them again"
    for beginning, help_ in HELP.items():
        if reason.startswith(f"{beginning}: "):
            return f"{reason.removeprefix(f'{beginning}: ')}: {help_}"
    if reason.startswith("cap of "):
        return f"{reason} (/caps shows what the owner allows)"
    if reason.startswith(OWN_ORDER):
        return f"it {reason}: cancel that one first (/orders), or take a limit that does not reach it"
    if reason.startswith(THIN_BOOK):
        return f"{reason}: make it smaller, or take a limit order"
    kind = kind_of(reason)
    if kind is RefusalKind.LIMIT:
        return f"{reason}: make it smaller"
    return f"{reason}: take one that is nearer" if kind is RefusalKind.FAR else reason
