"""`HoldKeeper`: whatever changes the position holds of one bot; the recorder and the shelves hear of it.

A hold grows by fills that no executor watches, begins with what a controller brought along (`InitialPositionConfig`), and ends where the venue liquidates its market.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from botcore.core.bus import EventBus
from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import PositionMode, PriceType, TradeType
from botcore.model.events import HoldChanged, PositionLost
from botcore.model.instrument import Market
from botcore.model.order import Fill
from botcore.orchestrator.holds import HoldBook, PositionHold
from botcore.orchestrator.shelf import Shelves


class HoldKeeper:
    """See the module.

    Parameters
    ----------
    mode_of : callable
        Connector name -> position mode of its account.
    """

    def __init__(
        self, bot_id: str, holds: HoldBook, shelves: Shelves, market_data: MarketDataProvider, bus: EventBus, mode_of: Callable[[str], PositionMode]
    ) -> None:
        self._bot_id = bot_id
        self._holds = holds
        self._shelves = shelves
        self._market_data = market_data
        self._bus = bus
        self._mode_of = mode_of
        self._beginning: list[str] = []
        self._begun: set[tuple[str, Market]] = set()

    def hold(self, fill: Fill, controller_id: str, side: TradeType) -> None:
        """Put a fill that no executor watches into the controller's hold; `side` is that of whoever sent the order."""
        hold = self._holds.add(fill, controller_id, self._mode_of(fill.instrument.market.connector_name), side)
        if hold is not None:
            self._changed(hold)

    def settle(self, event: PositionLost) -> None:
        """The venue closed everything on a market: what is held there ends at its price."""
        for hold in self._holds.of():
            if hold.instrument.market == event.market and hold.net_amount_base:
                hold.close_at(hold.instrument.price(event.price_ticks))
                self._changed(hold)

    def _changed(self, hold: PositionHold) -> None:
        self._shelves.of(hold.controller_id).version += 1
        self._bus.publish(HoldChanged(self._bot_id, hold))

    # ---- what a controller begins with -----------------------------------------------------------------------------
    def begin_with(self, controller_id: str, positions: Iterable[Any]) -> None:
        """Take up positions that were there before (`InitialPositionConfig`), with the first tick at which their mid is known, and in place of older records of them.
        A second call for a market of this controller that was taken up is a no-op."""
        shelf = self._shelves.of(controller_id)
        fresh = [position for position in positions if (controller_id, _market_of(position)) not in self._begun]
        if fresh and not shelf.initial:
            shelf.initial = fresh
            self._beginning.append(controller_id)

    def has_begun(self, controller_id: str, market: Market) -> None:
        """What this controller began with on a market is in its records already."""
        self._begun.add((controller_id, market))
        shelf = self._shelves.of(controller_id)
        shelf.initial = [position for position in shelf.initial if _market_of(position) != market]

    def on_tick(self) -> None:
        """Take up initial positions whose mid is known now."""
        if not self._beginning:
            return
        for controller_id in self._beginning:
            shelf = self._shelves.of(controller_id)
            waiting: dict[Market, list[Any]] = {}
            for position in shelf.initial:
                waiting.setdefault(_market_of(position), []).append(position)
            for market, positions in waiting.items():
                mid = self._market_data.get_price_by_type(market.connector_name, market.trading_pair, PriceType.MidPrice)
                if not mid.is_nan():
                    self._begin_on(controller_id, market, positions, mid)
        self._beginning = [controller_id for controller_id in self._beginning if self._shelves.of(controller_id).initial]

    def _begin_on(self, controller_id: str, market: Market, positions: list[Any], mid: Decimal) -> None:
        instrument, mode = self._market_data.instrument(market.connector_name, market.trading_pair), self._mode_of(market.connector_name)
        brought = [
            PositionHold(instrument, self._holds.bucket(instrument, mode, position.side), controller_id, amount, amount * mid)
            for position in positions
            for amount in (position.side.sign * position.amount,)
        ]
        for key in {hold.key for hold in brought}:
            self._holds.drop(key)
        for hold in brought:
            self._holds.begin(hold)
        for hold in self._holds.of(controller_id):
            if hold.instrument.market == market:
                self._bus.publish(HoldChanged(self._bot_id, hold))
        self.has_begun(controller_id, market)
        self._shelves.of(controller_id).version += 1


def _market_of(position: Any) -> Market:
    return Market(position.connector_name, position.trading_pair)
