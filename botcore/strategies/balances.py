"""What a spot account has of an asset against what our records say that bots hold of it: coins that somebody has sold or withdrawn (O13, O18).

On spot a surplus is the person's own and never ours, so only a shortage says something; and whose coins went can't be told, so nothing is booked on anybody by itself.
It is told once, with the names of those that hold the asset; until the coins are back, or a person gives them up (`LiveRuntime.give_up`), entries into it wait and
exits take what there is.

A balance may be older than our fills, and an order that works may have traded without a word (R21). So a shortage is believed only when everything was asked after twice,
nothing is open between the venue and us, what our working orders may have sold does not explain it, and a complete list that surely counts our last fill shows it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from botcore.connectors.base import ConnectorBase
from botcore.core.bus import EventBus
from botcore.model.enums import TradeType
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Instrument
from botcore.model.times import SECOND_NS
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orders.own import OwnBook
from botcore.orders.shortages import ZERO, Holder, Shortage, plain
from botcore.orders.tracker import Order
from botcore.strategies.positions import OwnerShare

ASK_NS = 5 * SECOND_NS
"""A shortage that has lasted for so long has all open orders asked after."""

CALM_NS, ALERT_NS = 5 * SECOND_NS, SECOND_NS
"""Between two comparisons of an account: when all is well, and when something is missing."""

OTHERS_NS = 60 * SECOND_NS
"""So long the holds of bots that do not run are not read again, for they hardly change."""

LISTED = 8


@dataclass(slots=True)
class _Doubt:
    """A shortage that is being looked after, or was told.

    Parameters
    ----------
    held : Decimal
        By the records, when they were compared last.
    moved_ns : int
        When that changed last.
    asked : int
        How often all orders were asked after, the last time at `asked_ns`.
    seen_ns : int
        When it was seen last.
    told : Decimal
        How much was missing when it was told; 0 before.
    """

    since_ns: int
    held: Decimal
    moved_ns: int
    asked: int = 0
    asked_ns: int = 0
    seen_ns: int = 0
    told: Decimal = ZERO


@dataclass(slots=True)
class _Others:
    """Holds of bots that do not run, as they were read last."""

    bots: tuple[str, ...]
    read_ns: int
    holders: dict[str, list[Holder]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class BalanceKeeper:
    """See the module; a part of the clock, stepped after the connectors.

    Parameters
    ----------
    connectors : sequence of ConnectorBase
        The real accounts, a live list.
    orchestrators : callable
        Those of all running bots.
    others : callable
        (instrument, side) -> holds of bots that do not run here, and nobody's.
    """

    bus: EventBus
    connectors: Sequence[ConnectorBase]
    orchestrators: Callable[[], Sequence[ExecutorOrchestrator]]
    others: Callable[[Instrument, str], Sequence[OwnerShare]] = lambda instrument, side: ()
    _doubts: dict[tuple[str, str], _Doubt] = field(default_factory=dict)
    _agreed: set[tuple[str, str]] = field(default_factory=set)
    _others: dict[str, _Others] = field(default_factory=dict)
    _next_ns: dict[str, int] = field(default_factory=dict)

    def forget(self, connector_name: str) -> None:
        """This account is gone: when it comes back, it is compared as at a start."""
        self._doubts = {key: doubt for key, doubt in self._doubts.items() if key[0] != connector_name}
        self._agreed = {key for key in self._agreed if key[0] != connector_name}
        self._others.pop(connector_name, None)
        self._next_ns.pop(connector_name, None)

    def on_tick(self, now_ns: int) -> None:
        for connector in self.connectors:
            if now_ns >= self._next_ns.get(connector.name, 0) and connector.balances_ns():
                books = [book for book in connector.own.books() if not book.instrument.is_perpetual]
                for asset, of_asset in _by_base(books).items():
                    self._compare(connector, asset, of_asset, books, now_ns)
                is_well = not connector.shortages and not any(name == connector.name for name, _ in self._doubts)
                self._next_ns[connector.name] = now_ns + (CALM_NS if is_well else ALERT_NS)

    # ---- the comparison --------------------------------------------------------------------------------------------
    def _compare(self, connector: ConnectorBase, asset: str, of_asset: list[OwnBook], books: list[OwnBook], now_ns: int) -> None:
        key = (connector.name, asset)
        there = connector.total(asset)
        holders = self._holders(connector, of_asset, now_ns)
        held = _sum(holders)
        if there < held and key not in self._doubts:
            # what was read a while ago may have changed
            self._others.pop(connector.name, None)
            holders = self._holders(connector, of_asset, now_ns)
            held = _sum(holders)
        # what our bots have paid with these coins is not missing: what is proven, told and given up is one number
        found = Shortage(asset, max(ZERO, held - _spent(asset, books)), there, tuple(sorted(holders, key=lambda holder: -holder[3])))
        gone = found.missing
        doubt = self._doubts.get(key)
        if gone > ZERO and (doubt is None or not doubt.told):
            gone -= _may_have_left(asset, connector.tracker.open_orders())
        if _is_dust(gone, of_asset):
            self._see_covered(connector, key, found, now_ns)
            return
        if doubt is None:
            doubt = self._doubts[key] = _Doubt(now_ns, found.held, now_ns)
        self._see_missing(connector, doubt, found, now_ns)
        if doubt.told and _is_dust(gone - doubt.told, of_asset):
            return
        if self._is_proven(connector, doubt, now_ns):
            doubt.told, doubt.asked, doubt.since_ns = gone, 0, now_ns
            connector.shortages.doubted.pop(asset, None)
            connector.shortages.proven[asset] = found
            self._tell(FactKind.BALANCE_SHORT, connector, found, now_ns)

    def _see_missing(self, connector: ConnectorBase, doubt: _Doubt, found: Shortage, now_ns: int) -> None:
        doubt.seen_ns = now_ns
        if doubt.held != found.held:
            doubt.held, doubt.moved_ns = found.held, now_ns
        shortages = connector.shortages
        if doubt.told:
            shortages.proven[found.asset] = found
        elif (connector.name, found.asset) not in self._agreed or doubt.asked:
            # at a start the two have never agreed: nothing is opened before it is known why
            shortages.doubted[found.asset] = f"{found}: it is being looked after"

    def _is_proven(self, connector: ConnectorBase, doubt: _Doubt, now_ns: int) -> bool:
        """Whether nothing of ours can explain it any more; asks for what is needed."""
        lag_ns = connector.read_lag_ns()
        if doubt.asked < 2:
            if now_ns >= doubt.since_ns + ASK_NS + doubt.asked * lag_ns:
                doubt.asked += 1
                doubt.asked_ns = now_ns
                connector.reconcile(now_ns)
                connector.look_at_account()
            return False
        if now_ns < doubt.asked_ns + ASK_NS:
            return False
        if connector.balances_ns() < max(doubt.asked_ns, doubt.moved_ns + lag_ns):
            connector.look_at_account()
            return False
        return connector.is_settled()

    def _see_covered(self, connector: ConnectorBase, key: tuple[str, str], found: Shortage, now_ns: int) -> None:
        doubt = self._doubts.get(key)
        self._agreed.add(key)
        free = connector.balance(found.asset)[1] + _may_have_left(found.asset, connector.tracker.open_orders())
        if free >= found.held:
            connector.shortages.allow(found.asset, connector.balances_ns() - connector.read_lag_ns())
        if doubt is None or not doubt.told:
            self._doubts.pop(key, None)
            if connector.shortages:
                connector.shortages.settle(found.asset)
        elif connector.balances_ns() < doubt.seen_ns + connector.read_lag_ns():
            # this may still be a word from before
            connector.look_at_account()
        else:
            del self._doubts[key]
            connector.shortages.settle(found.asset)
            self._tell(FactKind.BALANCE_COVERED, connector, found, now_ns)

    # ---- what the records hold ---------------------------------------------------------------------------------------
    def _holders(self, connector: ConnectorBase, of_asset: list[OwnBook], now_ns: int) -> list[Holder]:
        """Who holds how much of an asset, fees in it taken off; what was sold short counts below nothing."""
        markets = {book.instrument.market for book in of_asset}
        found: list[Holder] = []
        for bot in self.orchestrators():
            for hold in bot.holds.of():
                if hold.instrument.market in markets:
                    found.append((bot.bot_id, hold.controller_id, "", hold.net_amount_base))
            for executor in bot.running:
                base = sum((exposure.base for exposure in executor.exposures() if exposure.market in markets), ZERO)
                found.append((bot.bot_id, executor.controller_id, executor.id, base))
        others = self._read_others(connector, now_ns)
        return [holder for holder in [*found, *others.get(of_asset[0].instrument.base, ())] if holder[3]]

    def _read_others(self, connector: ConnectorBase, now_ns: int) -> dict[str, list[Holder]]:
        bots = tuple(bot.bot_id for bot in self.orchestrators())
        known = self._others.get(connector.name)
        if known is None or known.bots != bots or now_ns >= known.read_ns + OTHERS_NS:
            known = self._others[connector.name] = _Others(bots, now_ns)
            for book in connector.own.books():
                if not book.instrument.is_perpetual:
                    for _, lots, (bot_id, controller_id, _executor) in self.others(book.instrument, "net"):
                        holder = (bot_id, controller_id, "", book.instrument.amount(lots))
                        known.holders.setdefault(book.instrument.base, []).append(holder)
        return known.holders

    # ---- telling -----------------------------------------------------------------------------------------------------
    def _tell(self, kind: str, connector: ConnectorBase, found: Shortage, now_ns: int) -> None:
        holders = [
            {"bot_id": bot_id, "controller_id": controller_id, "executor_id": executor_id, "amount": plain(amount)}
            for bot_id, controller_id, executor_id, amount in found.holders[:LISTED]
        ]
        payload = {"connector_name": connector.name, "asset": found.asset, "held": plain(found.held), "there": plain(found.there)}
        missing = {"missing": plain(max(ZERO, found.missing)), "holders": holders, "more": max(0, len(found.holders) - LISTED)}
        self.bus.publish(Fact(kind, now_ns, payload=payload | missing))


def _by_base(books: Iterable[OwnBook]) -> dict[str, list[OwnBook]]:
    found: dict[str, list[OwnBook]] = {}
    for book in books:
        found.setdefault(book.instrument.base, []).append(book)
    return found


def _sum(holders: Iterable[Holder]) -> Decimal:
    return sum((holder[3] for holder in holders), ZERO)


def _spent(asset: str, books: Iterable[OwnBook]) -> Decimal:
    """What our bots have paid of an asset for others that are quoted in it, and still hold."""
    return sum((book.instrument.notional(book.last_ticks, book.net) for book in books if book.instrument.quote == asset and book.net > 0), ZERO)


def _may_have_left(asset: str, orders: Iterable[Order]) -> Decimal:
    """What orders of ours that work or are in doubt may have given away without a word."""
    found = ZERO
    for order in orders:
        request, instrument = order.request, order.instrument
        if instrument.is_perpetual:
            continue
        if request.trade_type is TradeType.SELL and instrument.base == asset:
            found += instrument.amount(order.remaining_lots)
        elif request.trade_type is TradeType.BUY and instrument.quote == asset and request.price_ticks is not None:
            found += instrument.notional(request.price_ticks, order.remaining_lots)
    return found


def _is_dust(gone: Decimal, of_asset: Iterable[OwnBook]) -> bool:
    """Whether nobody could have traded as little as that: no more than a lot, or less than an order must have, wherever the asset is traded."""
    for book in of_asset:
        instrument = book.instrument
        if gone > instrument.lot_size and instrument.refusal(instrument.lots(gone), book.last_ticks or None) is None:
            return False
    return True
