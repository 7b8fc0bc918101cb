"""`DayLedger`: what an account has done since 00:00 UTC. Entries that were sent, and what the day has earned or lost.

An entry counts with its whole value from the moment that the gate lets it pass, and gives back what it can't fill any more when it ends: news that come late make the
count too large and never too small. At midnight what still works is counted for the new day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botcore.model.instrument import quote_of
from botcore.model.order import Fill, OrderRequest
from botcore.orders.tracker import Order

ZERO = Decimal(0)

Price = Callable[[str], Decimal | None]
"""Pair -> middle of its book; None while there is none."""


@dataclass(slots=True)
class Working:
    """An entry that may still fill: its value in its quote asset, and how much of it has."""

    quote: str
    value: Decimal
    amount: Decimal
    filled: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.value * max(ZERO, self.amount - self.filled) / self.amount if self.amount else ZERO


@dataclass(slots=True)
class PairDay:
    """One pair since the day began (or since the loss was released).

    Attributes
    ----------
    start_amount, start_price : Decimal
        Signed base held then, and what it was worth; the price is None until one is known.
    moved, cash : Decimal
        Base and quote that fills, fees and funding have moved since.
    """

    start_amount: Decimal = ZERO
    start_price: Decimal | None = None
    moved: Decimal = ZERO
    cash: Decimal = ZERO

    def gained(self, price: Decimal | None) -> Decimal | None:
        """In the quote asset; None while something is held and nobody knows its price."""
        now = self.start_amount + self.moved
        if not now and not self.start_amount:
            return self.cash
        if price is None or (self.start_amount and self.start_price is None):
            return None
        return self.cash + now * price - self.start_amount * (self.start_price or ZERO)


@dataclass(slots=True)
class DayLedger:
    """See the module; of one account.

    Attributes
    ----------
    since_ns : int
        From when on gains and losses count.
    latched : str
        Why no entry is taken until the owner says so; empty while they are.
    """

    day: int = -1
    since_ns: int = 0
    is_based: bool = False
    latched: str = ""
    sent: dict[str, Decimal] = field(default_factory=dict)
    pairs: dict[str, PairDay] = field(default_factory=dict)
    _passed: list[tuple[OrderRequest, Decimal]] = field(default_factory=list)
    _working: dict[str, Working] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    # ---- entries ---------------------------------------------------------------------------------------------------
    def passed(self, request: OrderRequest, value: Decimal) -> None:
        """The gate has let an entry pass."""
        self._add(request.instrument.quote, value)
        self._passed.append((request, value))

    def submitted(self, order: Order) -> None:
        """An order is tracked: one that has just passed, whole or cut to what there is to close."""
        if order.is_done:
            # it was refused, so it has not passed
            return
        for place, (request, value) in enumerate(self._passed):
            if request is order.request or _is_part(order.request, request):
                del self._passed[place]
                self._working[order.client_order_id] = Working(request.instrument.quote, value, request.instrument.amount(request.lots))
                return

    def restored(self, client_order_id: str, working: Working) -> None:
        """An entry of before this process still works: all of it counts."""
        self._working[client_order_id] = working
        self._add(working.quote, working.value)

    def spent(self, quote: str, value: Decimal) -> None:
        """An entry of today that has ended before this process has traded this much."""
        self._add(quote, value)

    def closed(self, client_order_id: str) -> None:
        """An order has ended: what it did not fill is free again."""
        working = self._working.pop(client_order_id, None)
        if working is not None:
            self._add(working.quote, -working.left)

    def _add(self, quote: str, value: Decimal) -> None:
        self.sent[quote] = self.sent.get(quote, ZERO) + value

    # ---- gains -----------------------------------------------------------------------------------------------------
    def filled(self, fill: Fill, *, is_entry: bool) -> None:
        """An execution; one of an entry that has given back its value already counts again."""
        pair = fill.instrument.market.trading_pair
        if is_entry and fill.client_order_id not in self._working and (pair, fill.trade_id) not in self._seen:
            self._add(fill.instrument.quote, fill.notional)
        fee = fill.fee.in_quote or ZERO
        sign = fill.trade_type.sign
        self.traded(
            pair,
            fill.trade_id,
            fill.client_order_id,
            fill.amount,
            fill.amount * sign,
            -fill.notional * sign - fee,
            fill.ts_ns,
        )

    def traded(self, pair: str, trade_id: str, client_order_id: str, amount: Decimal, base: Decimal, quote: Decimal, ts_ns: int) -> None:
        """The same as values, applied once; what is older than `since_ns` has gone into what the day began with."""
        if (pair, trade_id) in self._seen:
            return
        self._seen.add((pair, trade_id))
        working = self._working.get(client_order_id)
        if working is not None:
            working.filled += amount
        self.moved(pair, base, quote, ts_ns)

    def moved(self, pair: str, base: Decimal, quote: Decimal, ts_ns: int) -> None:
        """Base and quote that came or went."""
        if ts_ns >= self.since_ns:
            found = self.of(pair)
            found.moved += base
            found.cash += quote

    def of(self, pair: str) -> PairDay:
        return self.pairs.setdefault(pair, PairDay())

    def gains(self, price: Price) -> dict[str, Decimal]:
        """Quote asset -> what the day has earned in it; what has no price is left out."""
        found: dict[str, Decimal] = {}
        for pair, known in self.pairs.items():
            mark = price(pair)
            if known.start_price is None and mark is not None:
                known.start_price = mark
            gained = known.gained(mark)
            if gained is not None:
                found[quote_of(pair)] = found.get(quote_of(pair), ZERO) + gained
        return found

    # ---- days ------------------------------------------------------------------------------------------------------
    def begin(self, day: int, since_ns: int, held: Iterable[tuple[str, Decimal]], price: Price) -> None:
        """Gains count anew from what is held now; with a new day, entries too."""
        if day != self.day:
            self.sent = {}
            for working in self._working.values():
                # what it has filled before was counted then
                working.value, working.amount, working.filled = working.left, max(ZERO, working.amount - working.filled), ZERO
                self._add(working.quote, working.value)
            # what passes is tracked in the same step: nothing is on its way here
            self._passed.clear()
            self._seen.clear()
        self.day, self.since_ns, self.is_based = day, since_ns, True
        self.pairs = {pair: PairDay(amount, price(pair)) for pair, amount in held if amount}

    def based_on(self, day: int, values: Mapping[str, Any]) -> None:
        """Go on with what an earlier process has written down of this day; call before fills of today are counted."""
        self.day, self.since_ns, self.is_based = day, int(values["since_ns"]), True
        for pair, (amount, price) in values["pairs"].items():
            self.pairs[pair] = PairDay(Decimal(amount), None if price is None else Decimal(price))

    def base(self) -> dict[str, Any]:
        """What `based_on` takes."""
        pairs = {
            pair: [format(found.start_amount, "f"), None if found.start_price is None else format(found.start_price, "f")]
            for pair, found in self.pairs.items()
            if found.start_amount
        }
        return {"since_ns": self.since_ns, "pairs": pairs}


def _is_part(tracked: OrderRequest, passed: OrderRequest) -> bool:
    """Whether an order that is tracked is what became of one that has passed."""
    return (
        tracked.executor_id == passed.executor_id
        and tracked.instrument is passed.instrument
        and tracked.trade_type is passed.trade_type
        and tracked.lots <= passed.lots
    )
