"""What a test sees of a rig (`LiveRig`): the venue's ledger, the records and what was told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.model.enums import PriceType
from botcore.model.events import Fact, FactKind
from botcore.orders.ids import IdSource

D = Decimal


class RigEyes:
    """The reading side of `LiveRig`, which has the parts that are looked at."""

    connector: Any
    ids: IdSource
    states: dict[str, Any]
    state: Any
    clock: Any
    bot: Any
    venue: Any
    wire: Any
    pairs: tuple[str, ...]
    manners: Any
    fills: list[Any]
    facts: list[Fact]

    def is_live(self) -> bool:
        return self.connector.closed_reason() is None and all(state.is_usable(self.clock.now_ns) for state in self.states.values())

    @property
    def running(self) -> tuple[Any, ...]:
        return self.bot.orchestrator.running

    def mid(self) -> Any:
        return self.state.price(PriceType.MidPrice)

    def orders(self) -> list[Any]:
        """Our orders in the venue's books, oldest first."""
        return [order for order in self.venue.orders() if self.ids.is_ours(order.client_id)]

    def booked(self) -> list[str]:
        """Trade ids that were booked, in order."""
        return [fill.trade_id for fill in self.fills]

    def venue_trades(self) -> list[str]:
        """Trade ids of the account in the venue's ledger."""
        return [str(execution.id) for execution in self.venue.executions()]

    def position(self) -> Decimal:
        return self.wire.positions().get(self.pairs[0], D(0))

    def kinds(self) -> list[str]:
        return [fact.kind for fact in self.facts]

    def told(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]

    @property
    def troubles(self) -> list[str]:
        return [fact.payload["text"] for fact in self.told(FactKind.VENUE_TROUBLE)]

    def requests(self, what: str, after_ns: int = 0) -> list[int]:
        """When requests whose `METHOD /path?query` holds this left."""
        return [when for when, asked in self.manners.asked if what in asked and when > after_ns]

    def unrest(self) -> list[str]:
        """What is under way at the account."""
        connector = self.connector
        found = [f"{order.client_order_id} is {order.state.name}" for order in connector.tracker.open_orders()]
        found += [
            f"{len(book)} {name}"
            for name, book in (("doubts", connector.doubts), ("cancels", connector.cancels), ("endings", connector.endings))
            if len(book)
        ]
        reason = connector.closed_reason()
        return found + ([reason] if reason is not None else [])
