"""`VenueLine`: what carries requests to a venue, seen from the connector, and the answers that it brings back.

The connector is synchronous and never waits. It hands a request to the line and hears of it later, in a tick, as an answer. A line always answers, at the
latest when its own time limit has passed; a request that was not processed for sure (rate limit, wrong clock) it repeats by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from botcore.model.order import Fill
from botcore.orders.tracker import Order
from botcore.venues.wire import NoReply, OrderReport, Outcome, Verdict


class Ask(Enum):
    """Where a venue can be asked about an order; different places of a venue lag differently."""

    QUERY = "query"
    """The order itself, by its client order id."""
    OPEN = "open orders"
    """The pair's list of open orders, complete."""
    TRADES = "trades"
    """The pair's executions since the order was sent, complete."""


class VenueLine(Protocol):
    """Carries requests. None of these calls waits; answers come through the `ExchangeConnector`'s inbox."""

    def create(self, order: Order) -> None: ...

    def cancel(self, order: Order) -> None: ...

    def ask(self, kind: Ask, order: Order) -> None:
        """Ask about one order; `OPEN` and `TRADES` may be answered by one list for several."""

    def configure(self, trading_pair: str, leverage: int, hedge: bool | None) -> None:
        """Set leverage and position mode; None leaves the mode as it is."""

    def look(self) -> None:
        """Read balances and positions again, soon."""

    def look_at_trades(self, trading_pair: str, since_ms: int) -> None:
        """Read a pair's executions again from a time on, soon."""

    def booked(self, read: TradesRead) -> None:
        """All executions of this list have been handed on: it need not be read again after a restart."""


@dataclass(frozen=True, slots=True)
class Created:
    """Answer to a create.

    Parameters
    ----------
    said : Outcome or NoReply
    report : OrderReport, optional
        How the order stands, when the answer told.
    """

    client_order_id: str
    said: Outcome | NoReply
    report: OrderReport | None = None


@dataclass(frozen=True, slots=True)
class Canceled:
    """Answer to a cancel; it says what the venue did with the request, not that the order is gone."""

    client_order_id: str
    said: Outcome | NoReply
    report: OrderReport | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Answer to a question about an order.

    Parameters
    ----------
    asked_ns : int
        When the question left: what it says is true of some moment after that, minus the venue's read lag.
    report : OrderReport, optional
        None when it was not found there.
    fills : tuple of Fill
        Executions of this order in a trades list.
    """

    client_order_id: str
    kind: Ask
    said: Outcome | NoReply
    asked_ns: int
    report: OrderReport | None = None
    fills: tuple[Fill, ...] = ()

    @property
    def is_negative(self) -> bool:
        """Whether this is a valid answer in which the order does not occur."""
        if isinstance(self.said, NoReply) or self.report is not None or self.fills:
            return False
        if self.kind is Ask.QUERY:
            return self.said.verdict is Verdict.NOT_FOUND
        return self.said.verdict is Verdict.ACCEPTED


@dataclass(frozen=True, slots=True)
class Reported:
    """An order's state that nobody asked for: from a stream, or from a list that was read for another reason."""

    report: OrderReport


@dataclass(frozen=True, slots=True)
class Traded:
    """An execution that nobody asked for.

    Parameters
    ----------
    forced : str
        Why the venue itself made its order (see `OrderReport`); '' when it did not.
    """

    fill: Fill
    forced: str = ""


@dataclass(frozen=True, slots=True)
class TradesRead:
    """Comes behind the executions of a complete list: the pair's executions up to this trade id are with the connector.

    It passes through the connector's inbox like news, so that the mark is written down after the fills that it stands for, never before.
    """

    trading_pair: str
    up_to: int


News = Created | Canceled | Told | Reported | Traded | TradesRead
