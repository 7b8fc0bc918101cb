"""What the venue says that an account holds against what our own fills make it: positions that somebody else has changed.

A liquidation, a deleveraging, a corrected trade, a hand in the venue's own interface: the position is smaller than our books say and no execution of ours
explains it. When that has lasted, and every order of ours has been asked after, the difference is booked as an execution of somebody else: executors that
are flat by it end as EXTERNAL, holds shrink, and it is told. A position that is larger than ours is somebody else's: it is told and never touched.
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
from botcore.model.events import Fact, FactKind, OrderEvent, OrderFilled, PartFault
from botcore.model.instrument import Instrument
from botcore.model.order import OrderRequest, Purpose
from botcore.model.times import SECOND_NS
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

ASK_NS = 5 * SECOND_NS
"""A difference that has lasted for so long has all open orders asked after."""

BELIEVE_NS = 20 * SECOND_NS
"""A difference that has lasted for so long, with every order answered for, is believed."""


@dataclass(slots=True)
class _Difference:
    venue: int
    own: int
    since_ns: int
    has_asked: bool = False
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
            self.orchestrator.hold(event.fill, self.controller_id, self.side)

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
    """

    bus: EventBus
    clock: Clock
    connectors: Mapping[str, ConnectorBase]
    market_data: MarketDataProvider
    orchestrators: Callable[[], Sequence[ExecutorOrchestrator]]
    _differences: dict[tuple[str, str, str], _Difference] = field(default_factory=dict)

    def on_tick(self, now_ns: int) -> None:
        for connector in self.connectors.values():
            for book in connector.own.books():
                if not book.instrument.is_perpetual:
                    continue
                if connector.position_mode() is PositionMode.HEDGE:
                    self._compare(connector, book.instrument, "long", book.long, now_ns)
                    self._compare(connector, book.instrument, "short", -book.short, now_ns)
                else:
                    self._compare(connector, book.instrument, "net", book.net, now_ns)

    def _compare(self, connector: ConnectorBase, instrument: Instrument, side: str, own: int, now_ns: int) -> None:
        key = (connector.name, instrument.market.trading_pair, side)
        venue = connector.venue_lots(instrument, side)
        if venue is None or venue == own:
            self._differences.pop(key, None)
            return
        seen = self._differences.get(key)
        if seen is None or (seen.venue, seen.own) != (venue, own):
            seen = self._differences[key] = _Difference(venue, own, now_ns)
        if not seen.has_asked and now_ns >= seen.since_ns + ASK_NS:
            seen.has_asked = True
            connector.reconcile(now_ns)
        elif not seen.is_told and now_ns >= seen.since_ns + BELIEVE_NS and connector.is_settled():
            self._believe(connector, instrument, side, seen, now_ns)

    # ---- what is believed ------------------------------------------------------------------------------------------
    def _believe(self, connector: ConnectorBase, instrument: Instrument, side: str, seen: _Difference, now_ns: int) -> None:
        sign = 1 if seen.own > 0 else -1
        gone = min(abs(seen.own), max(0, (seen.own - seen.venue) * sign)) if seen.own else 0
        if not gone:
            seen.is_told = True
            self._tell(FactKind.POSITION_UNACCOUNTED, instrument, now_ns, amount=format(instrument.amount(seen.venue - seen.own), "f"))
            return
        ticks = self._closing_ticks(instrument, is_long=sign > 0)
        if ticks is None:
            return
        seen.is_told = True
        amounts = {"venue_amount": format(instrument.amount(seen.venue), "f"), "booked_amount": format(instrument.amount(seen.own), "f")}
        self._tell(FactKind.POSITION_ADJUSTED, instrument, now_ns, price=format(instrument.price(ticks), "f"), **amounts)
        for owner, request in self._shares(instrument, side, sign, gone):
            connector.book_external(request, owner, ticks)

    def _closing_ticks(self, instrument: Instrument, *, is_long: bool) -> int | None:
        book = self.market_data.state(*instrument.market).book
        ticks = book.best_bid if is_long else book.best_ask
        return None if ticks in (NO_BID, NO_ASK) else ticks

    def _shares(self, instrument: Instrument, side: str, sign: int, gone: int) -> list[tuple[OrderOwner, OrderRequest]]:
        """Whose position went: holds first, for nothing depends on them, then executors, the newest first."""
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
        executors = [(bot, executor) for bot in self.orchestrators() for executor in bot.running]
        for bot, executor in sorted(executors, key=lambda pair: pair[1].created_ns, reverse=True):
            lots = self._lots(executor, instrument) * sign
            take(executor, lots, (bot.bot_id, executor.controller_id, executor.id))
        return shares

    def _lots(self, executor: ExecutorBase[Any], instrument: Instrument) -> int:
        """Signed lots that an executor holds on this market."""
        config = executor.config
        if (getattr(config, "connector_name", None), getattr(config, "trading_pair", None)) != tuple(instrument.market):
            return 0
        return instrument.lots(executor.custom_info()["exposure_base"])

    def _tell(self, kind: str, instrument: Instrument, now_ns: int, **values: object) -> None:
        market = instrument.market
        payload = {"connector_name": market.connector_name, "trading_pair": market.trading_pair, **values}
        self.bus.publish(Fact(kind, now_ns, payload=payload))
