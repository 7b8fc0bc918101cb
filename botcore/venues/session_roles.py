"""Who stands around a session: the connector that it serves, those who are told, and how it looks to people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from botcore.orders.tracker import OrderTracker
from botcore.venues.account_news import FundingPaid
from botcore.venues.account_reader import AccountSink
from botcore.venues.line import News


class Stage(Enum):
    """How far a session has come."""

    STARTING = "learning the venue's clock and rules"
    CONNECTING = "connecting to the account's stream"
    SYNCING = "asking what happened meanwhile"
    LIVE = "live"
    CLOSED = "closed"


class ConnectorSide(Protocol):
    """What a session needs of the connector that it serves."""

    tracker: OrderTracker
    inbox: list[News]

    @property
    def account(self) -> AccountSink: ...

    @property
    def denied(self) -> str:
        """Why the venue does not take our key for orders; empty while it does."""

    def reconcile(self, now_ns: int) -> None: ...

    def allow(self) -> None:
        """A key that was denied is taken again."""


class SessionEars(Protocol):
    """Who is told what happens to a session."""

    def on_news(self, connector_name: str) -> None:
        """Private news are in the connector's inbox."""

    def on_rules(self, connector_name: str) -> None:
        """The venue's rules are known for the first time; what waited for them is put in place now, before orders and executions are asked for."""

    def on_compared(self, connector_name: str) -> None:
        """Balances and positions were read anew."""

    def on_funding(self, connector_name: str, paid: FundingPaid) -> None: ...

    def on_warned(self, connector_name: str, text: str) -> None:
        """The venue warns of something that people must know at once, as one sentence."""

    def on_trouble(self, connector_name: str, text: str) -> None:
        """Something that a person should know, as one sentence."""

    def on_fault(self, connector_name: str, what: str, error: BaseException) -> None:
        """A part of the session broke and was started again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is looked at every tick."""

    stage: Stage
    reason: str
    clock_offset_ms: float | None
    resting_until_ms: int
    resting_why: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """How a session stands, for people.

    Parameters
    ----------
    since_ns : int
        When it came to this stage.
    user_age_s : float, optional
        Age of the last message of the account's stream; None before the first.
    """

    connector_name: str
    stage: Stage
    reason: str
    since_ns: int
    user_age_s: float | None
    clock_offset_ms: float | None
    queued: int
    resting_until_ms: int
    resting_why: str
    books: tuple[tuple[str, str, float | None], ...]

    @property
    def trouble(self) -> str | None:
        """Why the account can't be relied on now; None when it can."""
        return None if self.stage is Stage.LIVE else f"{self.stage.value}{f' ({self.reason})' if self.reason else ''}"
