"""Leverage and position mode of a perpetual account: what bots ask for, what may be set, and whether the account is still on its way there."""

from __future__ import annotations

from botcore.connectors.live.account import Account
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import PositionMode
from botcore.model.events import Fact, FactKind
from botcore.model.times import SECOND_NS
from botcore.orders.own import OwnBooks
from botcore.orders.tracker import OrderTracker
from botcore.venues.line import VenueLine

SETTLE_NS = 15 * SECOND_NS
"""How long nothing is opened while the account's mode is being set; a refusal is told by the line."""


class PerpetualSettings:
    """See the module; `name` is the connector's."""

    def __init__(self, name: str, clock: Clock, bus: EventBus, line: VenueLine, account: Account, own: OwnBooks, tracker: OrderTracker) -> None:
        self._name = name
        self._clock = clock
        self._bus = bus
        self._line = line
        self._account = account
        self._own = own
        self._tracker = tracker
        self._wanted: dict[str, tuple[int, PositionMode]] = {}
        self._settling: dict[str, tuple[PositionMode, int]] = {}

    def want(self, trading_pair: str, leverage: int, mode: PositionMode) -> None:
        """Set them as soon as the account is known: before that nobody can say whether a change of mode would pull the ground from under what is held."""
        self._wanted[trading_pair] = (leverage, mode)
        self.set_wanted(self._clock.now_ns)

    def set_wanted(self, now_ns: int) -> None:
        """Send what is asked for, once the account is known."""
        if not self._wanted or not self._account.is_known:
            return
        wanted, self._wanted = self._wanted, {}
        for trading_pair, (leverage, mode) in wanted.items():
            problem = self.problem(mode)
            if problem is not None:
                payload = {"connector_name": self._name, "title": self._name, "text": f"{problem}; it stays as it is"}
                self._bus.publish(Fact(FactKind.VENUE_TROUBLE, now_ns, payload=payload))
            self._line.configure(trading_pair, leverage, None if problem is not None else mode is PositionMode.HEDGE)
            if problem is None and mode is not self._account.mode:
                self._settling[trading_pair] = (mode, now_ns + SETTLE_NS)

    def problem(self, mode: PositionMode) -> str | None:
        """Why the account can't be put into this position mode now, as one sentence; None when it can, or is in it."""
        if mode is self._account.mode or not (self._holds_something() or self._tracker.open_count):
            return None
        wanted, found = ("hedge", "one-way") if mode is PositionMode.HEDGE else ("one-way", "hedge")
        return f"{self._name} is in {found} mode and bots hold positions or orders there: it can't be put into {wanted} mode before they are closed"

    def _holds_something(self) -> bool:
        return any(book.long or book.short for book in self._own.books() if book.instrument.is_perpetual)

    def is_settling(self) -> bool:
        """Whether the account is on its way into another mode: what would be opened now might stand in the one or in the other."""
        now_ns = self._clock.now_ns
        for trading_pair, (mode, until_ns) in list(self._settling.items()):
            if self._account.mode is mode or now_ns >= until_ns:
                del self._settling[trading_pair]
        return bool(self._settling or self._wanted)
