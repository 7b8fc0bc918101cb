"""What happened. Events are past tense and frozen; the order that they tell of rides along, already updated.

Order events go from a connector to the one executor that owns the order. Facts are what the outside is told: the recorder keeps them with the
change that they describe, and whoever shows them to people (a chat, a log) reads them from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botcore.model.instrument import Market
from botcore.model.order import Fill, OrderState
from botcore.model.records import ExecutorRecord, HoldRecord, Recordable, TallyRecord


@dataclass(slots=True)
class OrderEvent:
    """Base of the order events; `order` is the tracker's live record, read only for everybody else."""

    order: Any
    ts_ns: int


@dataclass(slots=True)
class OrderAccepted(OrderEvent):
    """The venue has the order."""


@dataclass(slots=True)
class OrderFilled(OrderEvent):
    """A fill was applied; it may come in any state of the order, terminal ones included."""

    fill: Fill


@dataclass(slots=True)
class OrderClosed(OrderEvent):
    """The order reached a terminal state: filled, canceled, failed (refused) or expired."""

    state: OrderState
    reason: str = ""


@dataclass(slots=True)
class OrderSubmitted(OrderEvent):
    """An order is tracked; its intent must be durable before the request may leave."""


@dataclass(slots=True)
class ExecutorChanged:
    """An executor must be written down."""

    bot_id: str
    executor: Recordable[ExecutorRecord]


@dataclass(slots=True)
class ExecutorEnded:
    """An executor has terminated; `info` holds its last values."""

    bot_id: str
    info: Any


@dataclass(slots=True)
class HoldChanged:
    """A position hold must be written down."""

    bot_id: str
    hold: Recordable[HoldRecord]


@dataclass(slots=True)
class TallyChanged:
    """A controller's sums must be written down."""

    bot_id: str
    tally: Recordable[TallyRecord]


@dataclass(frozen=True, slots=True)
class PositionLost:
    """A venue liquidated what stood on a market."""

    market: Market
    price_ticks: int
    ts_ns: int


@dataclass(frozen=True, slots=True)
class PartFault:
    """A part's own code raised and the part was stopped: a controller, an executor, or a part of the clock."""

    kind: str
    ts_ns: int
    error: str
    bot_id: str = ""
    controller_id: str = ""
    executor_id: str = ""


class FactKind:
    """Names of the facts; they are stored, so a name is never reused for another meaning."""

    EXECUTOR_OPENED = "executor_opened"
    EXECUTOR_CLOSED = "executor_closed"
    ORDER_REFUSED = "order_refused"
    POSITION_HELD = "position_held"
    CONTROLLER_FAULT = "controller_fault"
    EXECUTOR_FAULT = "executor_fault"
    PART_FAULT = "part_fault"
    BOT_STARTED = "bot_started"
    BOT_STOPPED = "bot_stopped"
    TRADING_HALTED = "trading_halted"
    TRADING_RELEASED = "trading_released"
    RECOVERED = "recovered"
    MARKET_ENDED = "market_ended"
    LIQUIDATED = "liquidated"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a person may want to be told.

    Parameters
    ----------
    kind : str
        One of `FactKind`.
    ts_ns : int
        Market time, ns UTC.
    payload : dict
        JSON-ready values; money as Decimal text.
    """

    kind: str
    ts_ns: int
    bot_id: str = ""
    controller_id: str = ""
    executor_id: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
