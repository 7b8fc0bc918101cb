"""`Caps`: holds the entries of each account against what its owner allows, and latches an account whose day has lost too much."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest
from botcore.model.refusals import ABOVE_LIMIT, OUT_OF_BAND, WAITS_FOR_MARKET, WAITS_ITS_TURN
from botcore.model.times import DAY_NS, MINUTE_NS, SECOND_NS
from botcore.risk.cap_ledger import ZERO, DayLedger, Price
from botcore.risk.caps import DEPTH_WITHIN, AccountCaps

Rate = Callable[[str, str], Decimal | None]
LOOK_NS = SECOND_NS


@dataclass(frozen=True, slots=True)
class AccountSides:
    """What caps must know of an account, from whoever can see it.

    Parameters
    ----------
    held : callable
        (pair, signed base) of what our own fills say that is held now.
    leverage : callable
        Pair -> the account's leverage there; None while nobody knows.
    depth : callable
        Pair -> quote value that rests within `DEPTH_WITHIN` of the middle of its book, on the side with less of it; None while nobody knows.
    """

    held: Callable[[], Iterable[tuple[str, Decimal]]]
    price: Price
    leverage: Callable[[str], int | None]
    depth: Price


@dataclass(frozen=True, slots=True)
class CapUse:
    """How much of an account's day is used, in the caps' currency; None where something has no rate."""

    sent: Decimal | None
    gained: Decimal | None
    latched: str


@dataclass(slots=True)
class _Account:
    sides: AccountSides
    ledger: DayLedger
    caps: AccountCaps = field(default_factory=AccountCaps)
    times: deque[int] = field(default_factory=deque)


class Caps:
    """See the module; one part of the clock, which looks at the day's losses.

    Parameters
    ----------
    rate : callable
        (asset, quote) -> units of quote for one of asset; None when nobody knows.

    Attributes
    ----------
    on_day : callable
        Told (account, day, base, latched) when a day begins, gains count anew, or an account is latched: to be written down.
    on_latch : callable
        Told (account, reason) when an account has lost too much.
    on_unknown : callable
        Told an account whose first entry comes before anybody has had it watched.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._accounts: dict[str, _Account] = {}
        self._looked_ns = 0
        self.on_day: Callable[[str, int, dict[str, Any], str], None] = lambda name, day, base, latched: None
        self.on_latch: Callable[[str, str], None] = lambda name, reason: None
        self.on_unknown: Callable[[str], object] = lambda name: None

    def watch(self, name: str, sides: AccountSides, ledger: DayLedger | None = None) -> DayLedger:
        """Keep the days of an account from now on."""
        found = self._accounts[name] = _Account(sides, ledger or DayLedger())
        return found.ledger

    def forget(self, name: str) -> None:
        """This account is gone."""
        self._accounts.pop(name, None)

    def set(self, name: str, caps: AccountCaps) -> None:
        """These caps from now on; the day goes on."""
        self._accounts[name].caps = caps

    def of(self, name: str) -> AccountCaps | None:
        found = self._accounts.get(name)
        return None if found is None else found.caps

    def names(self) -> list[str]:
        return sorted(self._accounts)

    # ---- orders ----------------------------------------------------------------------------------------------------
    def refusal(self, request: OrderRequest, ticks: int, bid: int, ask: int, now_ns: int, leverage: int | None = None) -> str | None:
        """Why an account's owner does not allow this entry, as one sentence; None when he does. A `leverage` is the account's by then, if it would change."""
        market = request.instrument.market
        if market.connector_name not in self._accounts:
            self.on_unknown(market.connector_name)
        account = self._accounts.get(market.connector_name)
        if account is None:
            return None
        self._turn(market.connector_name, account, now_ns)
        # in this order: what no other order could change first
        refusal = (
            self._loss_refusal(account, request)
            or self._market_refusal(account, request, leverage)
            or self._order_refusal(account, request, ticks, bid + ask, now_ns)
            or self._day_refusal(account, request, ticks)
        )
        if refusal is None or refusal.startswith((WAITS_FOR_MARKET, WAITS_ITS_TURN)):
            return refusal
        return f"cap of {market.connector_name}: {refusal}"

    def _loss_refusal(self, account: _Account, request: OrderRequest) -> str | None:
        caps, ledger = account.caps, account.ledger
        if ledger.latched:
            return f"no entries until the owner releases them ({ledger.latched})"
        if caps.max_day_loss is not None:
            gained = self._total(account, ledger.gains(account.sides.price))
            if gained is None:
                return f"{WAITS_FOR_MARKET}: what the day has lost is not known, there is no rate into {caps.currency}"
            if gained <= -caps.max_day_loss:
                self._latch(request.instrument.market.connector_name, account, gained)
                return f"no entries until the owner releases them ({ledger.latched})"
        return None

    def _day_refusal(self, account: _Account, request: OrderRequest, ticks: int) -> str | None:
        caps, ledger = account.caps, account.ledger
        if caps.max_day_quote is not None:
            sent, value = self._total(account, ledger.sent), self._value(account, request.instrument, ticks, request.lots)
            if sent is None or value is None:
                return f"{WAITS_FOR_MARKET}: there is no rate from {request.instrument.quote} into {caps.currency}, in which the cap is"
            if sent + value > caps.max_day_quote:
                return f"with this order of {value:.2f} {caps.currency} the day would have {sent + value:.2f}, {ABOVE_LIMIT} {caps.max_day_quote:f} a day"
        return None

    def _market_refusal(self, account: _Account, request: OrderRequest, leverage: int | None) -> str | None:
        caps, market = account.caps, request.instrument.market
        if caps.pairs is not None and market.trading_pair not in caps.pairs:
            return f"{market.trading_pair} is not among the allowed pairs {', '.join(caps.pairs)}"
        if caps.max_leverage is not None and request.instrument.is_perpetual:
            leverage = leverage or account.sides.leverage(market.trading_pair)
            if leverage is None:
                return f"{WAITS_FOR_MARKET}: the leverage of {market} is not known yet"
            if leverage > caps.max_leverage:
                return f"{market.trading_pair} has leverage {leverage}, {ABOVE_LIMIT} {caps.max_leverage}"
        return None if caps.min_depth_quote is None else self._depth_refusal(account, request.instrument, caps.min_depth_quote)

    def _depth_refusal(self, account: _Account, instrument: Instrument, least: Decimal) -> str | None:
        caps, pair = account.caps, instrument.market.trading_pair
        depth, rate = account.sides.depth(pair), self._rate(instrument.quote, caps.currency)
        if depth is None or rate is None:
            return f"{WAITS_FOR_MARKET}: how much rests in the book of {pair} is not known in {caps.currency}, in which the cap is"
        if depth * rate < least:
            near = f"within {DEPTH_WITHIN * 100:f} % of the market"
            return f"{WAITS_FOR_MARKET}: {depth * rate:.2f} {caps.currency} of {pair} rest {near}, the cap wants {least:f} at least"
        return None

    def _order_refusal(self, account: _Account, request: OrderRequest, ticks: int, mid_half: int, now_ns: int) -> str | None:
        caps, instrument = account.caps, request.instrument
        if caps.max_order_quote is not None:
            value = self._value(account, instrument, ticks, request.lots)
            if value is None:
                return f"{WAITS_FOR_MARKET}: there is no rate from {instrument.quote} into {caps.currency}, in which the cap is"
            if value > caps.max_order_quote:
                return f"an order of {value:.2f} {caps.currency} is {ABOVE_LIMIT} {caps.max_order_quote:f} an order"
        if caps.price_deviation is not None and abs(2 * ticks - mid_half) > caps.price_deviation * mid_half:
            return f"price {instrument.price(ticks):f} {OUT_OF_BAND} {caps.price_deviation * 100:f} % from the market"
        if caps.orders_per_minute is not None:
            times = account.times
            while times and times[0] <= now_ns - MINUTE_NS:
                times.popleft()
            if len(times) >= caps.orders_per_minute:
                return f"{WAITS_ITS_TURN}: more than {caps.orders_per_minute} entries at {instrument.market.connector_name} within a minute"
        return None

    def passed(self, request: OrderRequest, ticks: int, now_ns: int) -> None:
        """An entry leaves: it counts."""
        account = self._accounts.get(request.instrument.market.connector_name)
        if account is not None:
            account.ledger.passed(request, request.instrument.notional(ticks, request.lots))
            account.times.append(now_ns)
            if account.caps.orders_per_minute is None and len(account.times) > 10_000:
                account.times.popleft()

    def _value(self, account: _Account, instrument: Instrument, ticks: int, lots: int) -> Decimal | None:
        rate = self._rate(instrument.quote, account.caps.currency)
        return None if rate is None else instrument.notional(ticks, lots) * rate

    def _total(self, account: _Account, amounts: Mapping[str, Decimal]) -> Decimal | None:
        """Amounts of several quote assets in the caps' currency; None when one has no rate."""
        total = ZERO
        for quote, amount in amounts.items():
            if amount:
                rate = self._rate(quote, account.caps.currency)
                if rate is None:
                    return None
                total += amount * rate
        return total

    # ---- days ------------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        """Look at the days, once a second."""
        if now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        for name, account in self._accounts.items():
            self._turn(name, account, now_ns)
            if account.caps.max_day_loss is not None and not account.ledger.latched:
                gained = self._total(account, account.ledger.gains(account.sides.price))
                if gained is not None and gained <= -account.caps.max_day_loss:
                    self._latch(name, account, gained)

    def _turn(self, name: str, account: _Account, now_ns: int) -> None:
        """A new day has begun, or it is not known yet what this one began with."""
        ledger, day = account.ledger, now_ns // DAY_NS
        if ledger.is_based and ledger.day == day:
            return
        if not ledger.is_based and ledger.day == day:
            self._base(account)
        else:
            held = list(account.sides.held())
            ledger.begin(day, now_ns if ledger.is_based else day * DAY_NS, held, account.sides.price)
        self.on_day(name, day, ledger.base(), ledger.latched)

    def _base(self, account: _Account) -> None:
        """What the day began with, where nobody has written it down: what is held now without what it has moved; worth what it is worth now."""
        ledger = account.ledger
        for pair, amount in account.sides.held():
            found = ledger.of(pair)
            found.start_amount = amount - found.moved
            found.start_price = account.sides.price(pair)
        ledger.is_based = True

    def _latch(self, name: str, account: _Account, gained: Decimal) -> None:
        caps, ledger = account.caps, account.ledger
        ledger.latched = f"the day has lost {-gained:.2f} {caps.currency}, the cap is {caps.max_day_loss:f}"
        self.on_day(name, ledger.day, ledger.base(), ledger.latched)
        self.on_latch(name, ledger.latched)

    def release(self, name: str, now_ns: int) -> None:
        """Entries are taken again, and losses count from now on; what was sent today goes on counting."""
        self._accounts[name].ledger.latched = ""
        self.begin_anew(name, now_ns)

    def fresh_day(self, name: str, now_ns: int) -> tuple[int, dict[str, Any]]:
        """(day, what it began with) if gains and losses of an account counted from now on; changes nothing."""
        account, ledger = self._accounts[name], DayLedger()
        ledger.begin(max(account.ledger.day, now_ns // DAY_NS), now_ns, account.sides.held(), account.sides.price)
        return ledger.day, ledger.base()

    def begin_anew(self, name: str, now_ns: int, *, is_emptied: bool = False) -> None:
        """Gains and losses count from now on; what was sent today goes on counting, and a latch holds. Nothing is held where the account was emptied."""
        account = self._accounts[name]
        held = [] if is_emptied else list(account.sides.held())
        account.ledger.begin(max(account.ledger.day, now_ns // DAY_NS), now_ns, held, account.sides.price)
        self.on_day(name, account.ledger.day, account.ledger.base(), account.ledger.latched)

    def use(self, name: str) -> CapUse:
        """How far the day is."""
        account = self._accounts[name]
        ledger = account.ledger
        return CapUse(self._total(account, ledger.sent), self._total(account, ledger.gains(account.sides.price)), ledger.latched)
