"""What stands at an account while everything is being stopped: looked at, never guessed. An account that could not be verified is not at rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from botcore.connectors.base import ConnectorBase
from botcore.executors.base import ExecutorBase
from botcore.markets.order_book import NO_BID
from botcore.model.errors import ConfigError
from botcore.model.instrument import Instrument, Market
from botcore.orders.tracker import Order
from condor.hosts import ACCOUNT_OF, LIVE, Host, Hosts
from condor.live_host import LiveHost
from condor.manager import BotManager, waiting_words
from condor.panic.states import Goal, Sight
from condor.store.panic import HeldRow

MAX_LISTED = 12


@dataclass(frozen=True, slots=True)
class AccountSight:
    """One look at one account.

    Parameters
    ----------
    orders : tuple of str
        Orders of this home that are not known to have ended.
    positions : tuple of str
        What bots of this home hold and can close.
    left : tuple of str
        What stays whatever is done here, and why.
    why : str
        Why it is not verified; empty when it is.
    """

    mode: str
    name: str
    title: str
    sight: Sight
    orders: tuple[str, ...]
    positions: tuple[str, ...]
    left: tuple[str, ...]
    why: str


@dataclass(slots=True)
class AccountEyes:
    """Looks at all accounts; remembers since when each has had nothing open, for a list that is older proves nothing."""

    hosts: Hosts
    manager: BotManager
    _clean_ns: dict[tuple[str, str], int] = field(default_factory=dict)

    def forget(self) -> None:
        """Whatever was seen so far proves nothing any more."""
        self._clean_ns.clear()

    def look(self, goal: Goal, rows: Iterable[HeldRow]) -> list[AccountSight]:
        """Every account, paper first."""
        rows = list(rows)
        return [self._one(goal, mode, host, name, rows) for mode, host in self.hosts.by_mode() for name in _names(host)]

    def _one(self, goal: Goal, mode: str, host: Host, name: str, rows: list[HeldRow]) -> AccountSight:
        connector = host.runtime.connectors.get(name)
        orders = [] if connector is None else connector.tracker.open_orders()
        executors = [executor for bot in host.runtime.bots for executor in bot.orchestrator.running if _trades_on(executor, name)]
        positions, left = self._holds(mode, host, name, rows)
        positions = [*(text for executor in executors for text in _held_by(executor, name)), *positions]
        left += self._strangers(mode, name, connector)
        why = self._unverified(mode, host, name, connector, is_clean=not orders and not executors)
        if not why and connector is not None:
            left += _differences(connector)
        waits = bool(orders) or bool(why) or (goal is Goal.FREEZE and bool(executors))
        sight = Sight.ORDERS if waits else Sight.HELD if positions or executors else Sight.BARE
        shown = tuple(in_words(order) for order in orders)
        return AccountSight(mode, name, _title(host, name), sight, shown, tuple(positions), tuple(left), why)

    def closable(self, rows: Iterable[HeldRow]) -> list[HeldRow]:
        """Those that an order can close, as far as is known: a bot is not put on the clock for any other."""
        hosts = {ACCOUNT_OF[mode]: host for mode, host in self.hosts.by_mode()}
        return [row for row in rows if (host := hosts.get(row.account)) is not None and not self._row_problem(host, row, number(row.net_amount_base))]

    # ---- positions -------------------------------------------------------------------------------------------------
    def _holds(self, mode: str, host: Host, name: str, rows: list[HeldRow]) -> tuple[list[str], list[str]]:
        """What is in holds: of bots that run by their books, of the others by the records."""
        positions: list[str] = []
        left: list[str] = []
        running = {bot.bot_id: bot.orchestrator for bot in host.runtime.bots}
        for bot_id, orchestrator in running.items():
            for hold in orchestrator.holds.of():
                if hold.instrument.market.connector_name == name and hold.net_amount_base:
                    problem = hold_problem(host, hold.instrument, hold.net_amount_base)
                    _sort(positions, left, _hold_text(hold.net_amount_base, hold.instrument.market.trading_pair, bot_id), problem)
        for row in rows:
            if row.account != ACCOUNT_OF[mode] or row.connector_name != name or row.bot_id in running:
                continue
            amount = number(row.net_amount_base)
            if amount == 0:
                continue
            text = _hold_text(amount, row.trading_pair, row.bot_id)
            _sort(positions, left, text, self._row_problem(host, row, amount))
        return positions, left

    def _row_problem(self, host: Host, row: HeldRow, amount: Decimal | None) -> str:
        if amount is None:
            return "its amount can't be read"
        if row.bot_id in self.manager.broken:
            return f"its bot could not be put together: {self.manager.broken[row.bot_id]}"
        try:
            instrument = host.instrument(Market(row.connector_name, row.trading_pair))
        except ConfigError:
            # its venue has not answered yet: that is told with the account, and is tried again
            return ""
        if not row.bot_id and (not instrument.is_perpetual or host.runtime.strays is None):
            # what it has bought can't be told from what a person has there
            return "it belongs to no bot (its records were lost): close it at the venue"
        return hold_problem(host, instrument, amount)

    def _strangers(self, mode: str, name: str, connector: ConnectorBase | None) -> list[str]:
        """What is at the account and not ours to touch."""
        left = [
            f"{amount:f} {market.trading_pair}: no bot of this home knows of it, close it at the venue"
            for (of, market), amount in self.manager.unaccounted.amounts.items()
            if of == mode and market.connector_name == name
        ]
        homes = getattr(connector, "other_homes", ())
        return left + [f"orders of {f'the home {home}' if home else 'a Condor without a name'}: not ours, left alone" for home in homes]

    # ---- evidence --------------------------------------------------------------------------------------------------
    def _unverified(self, mode: str, host: Host, name: str, connector: ConnectorBase | None, *, is_clean: bool) -> str:
        """Why it is not proven that nothing of ours is open; empty when it is. Asks for what is missing."""
        if connector is None:
            return f"{name} has not answered yet"
        waiting = [f"{bot_id}: {waiting_words(names)}" for bot_id, names in self.manager.waiting.items() if mode == LIVE and name in names]
        if waiting:
            return "; ".join(waiting)
        now_ns = host.clock.now_ns
        if not is_clean:
            self._clean_ns.pop((mode, name), None)
            return connector.closed_reason() or ""
        clean_ns = self._clean_ns.setdefault((mode, name), now_ns)
        if not isinstance(host, LiveHost):
            # the paper exchange is in this process: its books are the tracker's
            return ""
        line = host.accounts[name].session.line
        if connector.is_settled() and line.looked_ns >= clean_ns and _positions_since(connector) >= clean_ns:
            return ""
        connector.look_at_account()
        return connector.closed_reason() or "its lists of orders and positions are being read once more"


def closable_lots(instrument: Instrument, amount: Decimal, connector: ConnectorBase | None) -> int:
    """By how many lots an order that only reduces can close a hold; 0 when it can't. On spot nobody can sell more than the account has."""
    if not instrument.is_perpetual and connector is not None:
        amount = max(Decimal(0), min(amount, connector.balance(instrument.base)[0]))
    lots = instrument.lots(abs(amount))
    return lots if lots >= instrument.min_lots else 0


def hold_problem(host: Host, instrument: Instrument, amount: Decimal) -> str:
    """Why a hold can't be closed by an order that only reduces; empty when it can."""
    connector = host.runtime.connectors.get(instrument.market.connector_name)
    if not instrument.is_perpetual and amount < 0:
        return "sold from what the account had: it is not bought back"
    if instrument.lots(abs(amount)) < instrument.min_lots:
        return "less than the smallest order"
    lots = closable_lots(instrument, amount, connector)
    if not lots:
        return f"the account has no {instrument.base} left to sell"
    # on spot the venue has a smallest value, too; a reduce-only order has none
    return "" if instrument.is_perpetual else instrument.refusal(lots, _bid(host, instrument.market)) or ""


def _bid(host: Host, market: Market) -> int | None:
    """Best bid in ticks; None while there is none."""
    state = host.runtime.markets.get(market)
    return None if state is None or state.book.best_bid == NO_BID else state.book.best_bid


def number(text: str) -> Decimal | None:
    """An amount of the records; None when it is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def in_words(order: Order) -> str:
    """`SELL 0.156 ETH-USDT (take profit)`, with its state where that is not plain."""
    request, instrument = order.request, order.instrument
    amount = format(instrument.amount(order.remaining_lots), "f")
    asked = ", cancel asked" if order.cancel_asked else ""
    purpose = request.purpose.value.replace("_", " ")
    return f"{request.trade_type.name} {amount} {instrument.market.trading_pair} ({purpose}, {order.state.name.lower()}{asked})"


def _names(host: Host) -> list[str]:
    """Accounts of a host, also those whose venue has never answered."""
    known: Mapping[str, object] = host.accounts if isinstance(host, LiveHost) else host.runtime.connectors
    return sorted(known)


def _title(host: Host, name: str) -> str:
    return host.title(name) if isinstance(host, LiveHost) else name


def _trades_on(executor: ExecutorBase, name: str) -> bool:  # type: ignore[type-arg]
    return any(exposure.market.connector_name == name for exposure in executor.exposures())


def _held_by(executor: ExecutorBase, name: str) -> list[str]:  # type: ignore[type-arg]
    return [
        f"{exposure.base:f} {exposure.market.trading_pair} (executor {executor.id}, {executor.status.name.lower().replace('_', ' ')})"
        for exposure in executor.exposures()
        if exposure.market.connector_name == name and exposure.base
    ]


def _hold_text(amount: Decimal | None, trading_pair: str, bot_id: str) -> str:
    return f"{'?' if amount is None else format(amount, 'f')} {trading_pair} (held{f' of {bot_id}' if bot_id else ''})"


def _sort(positions: list[str], left: list[str], text: str, problem: str) -> None:
    if problem:
        left.append(f"{text}: {problem}")
    else:
        positions.append(text)


def _differences(connector: ConnectorBase) -> list[str]:
    """Where the venue's position is not the one of our books: somebody else's part in it is not touched."""
    found = []
    for book in connector.own.books():
        for side in ("long", "short", "net") if book.instrument.is_perpetual else ():
            told = connector.venue_lots(book.instrument, side)
            own = book.lots(side)
            if told is not None and told != own:
                amounts = [format(book.instrument.amount(lots), "f") for lots in (told, own)]
                pair = book.instrument.market.trading_pair
                found.append(f"{pair} ({side}): the venue has {amounts[0]}, bots of this home {amounts[1]}; the rest is not ours to close")
    return found


def _positions_since(connector: ConnectorBase) -> int:
    """Since when the venue's word on every perpetual position that we had is not older."""
    times = [
        connector.venue_lots_ns(book.instrument, side)
        for book in connector.own.books()
        if book.instrument.is_perpetual
        for side in ("long", "short", "net")
        if connector.venue_lots(book.instrument, side) is not None
    ]
    return min(times, default=2**63 - 1)
