"""What the venue says that an account holds against what our own fills make it: positions that somebody else has changed.

A liquidation, a deleveraging, a corrected trade, a hand in the venue's own interface: the position is smaller than our books say and no execution of ours
explains it. When that has lasted, and every order of ours has been asked after, the difference is booked as an execution of somebody else: executors that
are flat by it end as EXTERNAL, holds shrink, and it is told. Where the venue tells the execution that did it (liquidation, deleveraging, settlement: see
`ForcedBook`), nothing is waited for: that execution is booked, at its price and with its fee, as soon as the position confirms it. A position that is larger
than ours is somebody else's: it is told and never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botcore.connectors.base import ConnectorBase, OrderOwner
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.executors.base import ExecutorBase
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.errors import ConfigError
from botcore.model.events import Fact, FactKind, ForcedFill, OrderEvent, OrderFilled, PartFault
from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest, Purpose
from botcore.model.times import SECOND_NS
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orders.own import OwnBook
from botcore.strategies.forced import Forced, ForcedBook
from botcore.venues.off_grid import on_grid

OwnerShare = tuple[OrderOwner, int, tuple[str, str, str]]
"""(who takes an execution, signed lots that he holds, (bot, controller, executor) of the order that is booked for it)."""

ASK_NS = 5 * SECOND_NS
"""A difference that has lasted for so long has all open orders asked after."""

TELL_NS = 30 * SECOND_NS
"""So long a position that is not ours must stand unchanged before it is told: executions may be on their way."""

LOOK_BACK_NS = 3600 * SECOND_NS
"""So far back executions are read for one of the venue's own orders that no stream has told."""

CALM_NS = 2 * SECOND_NS
"""The venue's word on a position and its executions come by different ways: so long they may contradict each other."""


@dataclass(slots=True)
class _Loss:
    """Lots that our books have and the venue does not.

    Parameters
    ----------
    least : int
        The smallest number of them since it began: so many are really gone.
    asked : int
        How often all orders were asked after. Once at first, to find an execution that was lost; and once when no answer can be older than the difference.
    asked_ns : int
        When they were asked after last: the venue's word on the position must be younger.
    is_told : bool
        It was told and could not be booked on anybody: nothing more is done until the two agree again.
    calm_ns : int
        Since when the two agree again; 0 while they don't.
    has_looked : bool
        Executions were asked for: it may be an order of the venue itself.
    own : int
        Signed lots by our books when they were compared last.
    moved_ns : int
        When our books moved last: a word of the venue that is older may lack the execution that moved them.
    """

    since_ns: int
    least: int
    own: int
    moved_ns: int
    asked: int = 0
    asked_ns: int = 0
    is_told: bool = False
    calm_ns: int = 0
    has_looked: bool = False


@dataclass(slots=True)
class _Surplus:
    """Lots that the venue has and our books don't."""

    lots: int
    since_ns: int
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class _HoldOwner:
    """Passes an execution of somebody else to the hold that it shrinks."""

    orchestrator: ExecutorOrchestrator
    bus: EventBus
    controller_id: str
    side: TradeType

    def on_order(self, event: OrderEvent) -> None:
        if type(event) is OrderFilled:
            self.orchestrator.hold_keeper.hold(event.fill, self.controller_id, self.side)

    def on_fault(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.bus.publish(PartFault(FactKind.PART_FAULT, 0, text, self.orchestrator.bot_id, self.controller_id))


@dataclass(slots=True, eq=False)
class PositionKeeper:
    """See the module; a part of the clock, stepped after the connectors.

    Parameters
    ----------
    connectors : mapping of str to ConnectorBase
        Live mapping; those that don't say what the venue holds are left out.
    orchestrators : callable
        Those of all running bots.
    others : callable
        (instrument, side) -> holds of bots that do not run here, and nobody's.
    """

    bus: EventBus
    clock: Clock
    connectors: Mapping[str, ConnectorBase]
    market_data: MarketDataProvider
    orchestrators: Callable[[], Sequence[ExecutorOrchestrator]]
    others: Callable[[Instrument, str], Sequence[OwnerShare]] = lambda instrument, side: ()
    _losses: dict[tuple[str, str, str], _Loss] = field(default_factory=dict)
    _surplus: dict[tuple[str, str, str], _Surplus] = field(default_factory=dict)
    _forced: ForcedBook = field(default_factory=ForcedBook)

    def __post_init__(self) -> None:
        self.bus.subscribe(ForcedFill, self._on_forced)

    def _on_forced(self, event: ForcedFill) -> None:
        connector = self.connectors.get(event.fill.instrument.market.connector_name)
        if connector is not None:
            # the venue may have changed its ticks and lots since our books were opened
            fill = on_grid(event.fill, connector.own.of(event.fill.instrument).instrument)
            self._forced.add(fill, event.cause, hedge=connector.position_mode() is PositionMode.HEDGE)

    def forget(self, connector_name: str) -> None:
        """This account is gone: when it comes back, it is compared as at a start."""
        self._losses = {key: loss for key, loss in self._losses.items() if key[0] != connector_name}
        self._surplus = {key: surplus for key, surplus in self._surplus.items() if key[0] != connector_name}
        self._forced.drop(connector_name)

    def on_tick(self, now_ns: int) -> None:
        for connector in self.connectors.values():
            for book in connector.own.books():
                if not book.instrument.is_perpetual:
                    continue
                for side in ("long", "short") if connector.position_mode() is PositionMode.HEDGE else ("net",):
                    self._compare(connector, book.instrument, side, book.lots(side), now_ns)

    def _compare(self, connector: ConnectorBase, instrument: Instrument, side: str, own: int, now_ns: int) -> None:
        key = (connector.name, instrument.market.trading_pair, side)
        venue = connector.venue_lots(instrument, side)
        if venue is None:
            return
        sign = -1 if own < 0 else 1
        gone = max(0, min(abs(own), (own - venue) * sign))
        for forced in self._forced.closing(key, sign) if gone else ():
            gone -= self._book_forced(connector, instrument, side, sign, forced, gone, now_ns)
            own = connector.own.of(instrument).lots(side)
        if not gone:
            self._forced.forget(key, connector.venue_lots_ns(instrument, side))
        loss = self._losses.get(key)
        if loss is not None and (loss.own < 0) != (own < 0):
            # of a position that is not there any more
            del self._losses[key]
            loss = None
        if gone:
            if loss is None:
                loss = self._losses[key] = _Loss(now_ns, gone, own, now_ns)
            if loss.calm_ns:
                # the two have agreed meanwhile: only what is asked when no answer can be older than now tells whether this is still the same loss
                loss.calm_ns, loss.asked_ns = 0, max(loss.asked_ns, now_ns + connector.read_lag_ns())
            if own != loss.own:
                loss.own, loss.moved_ns = own, now_ns
            loss.least = min(loss.least, gone)
            if not loss.has_looked and now_ns >= loss.since_ns + CALM_NS:
                loss.has_looked = True
                connector.look_at_trades(instrument, now_ns - LOOK_BACK_NS)
            if self._is_proven(connector, loss, connector.venue_lots_ns(instrument, side), now_ns):
                loss.is_told = not self._book(connector, instrument, side, sign * loss.least, now_ns)
                if not loss.is_told:
                    del self._losses[key]
        elif loss is not None:
            loss.calm_ns = loss.calm_ns or now_ns
            if own != loss.own or now_ns >= loss.calm_ns + CALM_NS:
                # where our books have moved, an execution of ours explains it
                del self._losses[key]
        self._see_surplus(connector, key, instrument, venue - (own - sign * gone), now_ns)

    def _is_proven(self, connector: ConnectorBase, loss: _Loss, told_ns: int, now_ns: int) -> bool:
        """Whether no execution of ours can explain it any more; asks for what is needed.

        The venue must have said so after all was asked for the last time, and after our books moved last: what it said before may lack an execution of ours.
        """
        if loss.is_told:
            return False
        if loss.asked < 2:
            if now_ns >= loss.since_ns + ASK_NS + loss.asked * connector.read_lag_ns():
                loss.asked += 1
                self._ask(connector, loss, now_ns)
            return False
        if now_ns < loss.asked_ns + ASK_NS:
            return False
        if told_ns < max(loss.asked_ns, loss.moved_ns):
            connector.look_at_account()
            return False
        return connector.is_settled()

    @staticmethod
    def _ask(connector: ConnectorBase, loss: _Loss, now_ns: int) -> None:
        loss.asked_ns = now_ns
        connector.reconcile(now_ns)
        connector.look_at_account()

    def _see_surplus(self, connector: ConnectorBase, key: tuple[str, str, str], instrument: Instrument, lots: int, now_ns: int) -> None:
        """Tell of a position that is not ours, once for every size that lasts and that the venue has named again meanwhile: the message of our own exit's effect
        on it may be lost."""
        seen = self._surplus.get(key)
        if not lots:
            if seen is not None and not seen.is_told:
                del self._surplus[key]
            return
        if seen is None or seen.lots != lots:
            seen = self._surplus[key] = _Surplus(lots, now_ns)
        again_ns = seen.since_ns + ASK_NS
        if not seen.is_told and now_ns >= again_ns and connector.venue_lots_ns(instrument, key[2]) < again_ns:
            connector.look_at_account()
        elif not seen.is_told and now_ns >= seen.since_ns + TELL_NS:
            seen.is_told = True
            self._tell(FactKind.POSITION_UNACCOUNTED, instrument, now_ns, amount=format(instrument.amount(lots), "f"))

    # ---- what is believed ------------------------------------------------------------------------------------------
    def _book(self, connector: ConnectorBase, instrument: Instrument, side: str, gone: int, now_ns: int) -> bool:
        """Somebody else traded these lots (signed like the position) away; False when they are nobody's of ours to give up."""
        ticks = self._closing_ticks(connector.own.of(instrument), is_long=gone > 0)
        if ticks is None:
            return True
        own, venue = connector.own.of(instrument).lots(side), connector.venue_lots(instrument, side)
        there = instrument.amount(venue or 0) if instrument.is_perpetual else connector.total(instrument.base)
        amounts = {"venue_amount": format(there, "f"), "booked_amount": format(instrument.amount(own), "f")}
        self._tell(FactKind.POSITION_ADJUSTED, instrument, now_ns, price=format(instrument.price(ticks), "f"), **amounts)
        shares = self._shares(instrument, side, 1 if gone > 0 else -1, abs(gone))
        for owner, request in shares:
            connector.book_external(request, owner, ticks)
        return sum(request.lots for _, request in shares) == abs(gone)

    def is_priced(self, connector: ConnectorBase, instrument: Instrument) -> bool:
        """Whether there is a price now at which a long position could be booked as sold."""
        return self._closing_ticks(connector.own.of(instrument), is_long=True) is not None

    def give_up(self, connector: ConnectorBase, instrument: Instrument, lots: int, now_ns: int) -> int:
        """Book on a person's word that somebody else has sold these lots of a spot pair, at the present price; returns how many somebody here had to give up."""
        before = connector.own.of(instrument).net
        self._book(connector, instrument, "net", lots, now_ns)
        return before - connector.own.of(instrument).net

    def _book_forced(self, connector: ConnectorBase, instrument: Instrument, side: str, sign: int, forced: Forced, gone: int, now_ns: int) -> int:
        """An execution of the venue's own order explains lots that are gone: book as many as it has; returns how many."""
        lots = min(gone, forced.lots)
        shares = self._shares(instrument, side, sign, lots)
        if not shares:
            return 0
        own, venue = connector.own.of(instrument).lots(side), connector.venue_lots(instrument, side)
        amounts = {"venue_amount": format(instrument.amount(venue or 0), "f"), "booked_amount": format(instrument.amount(own), "f")}
        price = format(forced.fill.price, "f")
        self._tell(FactKind.POSITION_ADJUSTED, instrument, now_ns, price=price, cause=forced.cause, trade_id=forced.fill.trade_id, **amounts)
        for owner, request in shares:
            part = forced.take(request.lots)
            connector.book_external(request, owner, part.price_ticks, part, is_part=part.lots != forced.fill.lots)
        return sum(request.lots for _, request in shares)

    def _closing_ticks(self, own: OwnBook, *, is_long: bool) -> int | None:
        """What it would have been closed at; None while that can't be known. On a market that no bot has open, what it was bought at."""
        try:
            book = self.market_data.state(*own.instrument.market).book
        except ConfigError:
            return own.last_ticks or None
        ticks = book.best_bid if is_long else book.best_ask
        return None if ticks in (NO_BID, NO_ASK) else ticks

    def _shares(self, instrument: Instrument, side: str, sign: int, gone: int) -> list[tuple[OrderOwner, OrderRequest]]:
        """Whose position went: holds first, for nothing depends on them, also those of bots that do not run; then executors, the newest first."""
        shares: list[tuple[OrderOwner, OrderRequest]] = []
        direction = TradeType.BUY if sign > 0 else TradeType.SELL

        def take(owner: OrderOwner, lots: int, whose: tuple[str, str, str]) -> None:
            nonlocal gone
            lots = min(gone, lots)
            if lots > 0:
                gone -= lots
                request = OrderRequest(instrument, direction.opposite, OrderType.MARKET, lots, None, PositionAction.CLOSE, Purpose.EXTERNAL, *whose)
                shares.append((owner, request))

        for bot in self.orchestrators():
            for hold in bot.holds.of():
                if hold.instrument.market == instrument.market and hold.bucket == side:
                    lots = instrument.lots(hold.net_amount_base) * sign
                    take(_HoldOwner(bot, self.bus, hold.controller_id, direction), lots, (bot.bot_id, hold.controller_id, ""))
        for other, lots, whose in self.others(instrument, side):
            take(other, lots * sign, whose)
        executors = [(bot, executor) for bot in self.orchestrators() for executor in bot.running]
        for bot, executor in sorted(executors, key=lambda pair: pair[1].created_ns, reverse=True):
            lots = self._lots(executor, instrument) * sign
            take(executor, lots, (bot.bot_id, executor.controller_id, executor.id))
        return shares

    def _lots(self, executor: ExecutorBase[Any], instrument: Instrument) -> int:
        """Signed lots that an executor holds on this market."""
        return sum(instrument.lots(exposure.base) for exposure in executor.exposures() if exposure.market == instrument.market)

    def _tell(self, kind: str, instrument: Instrument, now_ns: int, **values: object) -> None:
        market = instrument.market
        payload = {"connector_name": market.connector_name, "trading_pair": market.trading_pair, **values}
        self.bus.publish(Fact(kind, now_ns, payload=payload))
