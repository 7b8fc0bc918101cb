"""What a venue tells of our orders, whatever its dialect: the connector turns these into tracker updates and order events."""

from __future__ import annotations

from dataclasses import dataclass

from botcore.model.instrument import Market
from botcore.model.order import Fill, OrderState


@dataclass(slots=True, init=False)
class OrderTaken:
    """The venue has the order."""

    client_order_id: str
    exchange_order_id: str
    ts_ns: int

    def __init__(self, client_order_id: str, exchange_order_id: str, ts_ns: int) -> None:
        self.client_order_id = client_order_id
        self.exchange_order_id = exchange_order_id
        self.ts_ns = ts_ns


@dataclass(slots=True)
class OrderTraded:
    """An execution of the order."""

    fill: Fill


@dataclass(slots=True, init=False)
class OrderEnded:
    """The order is canceled, refused or expired; a complete fill needs no such message."""

    client_order_id: str
    state: OrderState
    reason: str
    ts_ns: int

    def __init__(self, client_order_id: str, state: OrderState, reason: str, ts_ns: int) -> None:
        self.client_order_id = client_order_id
        self.state = state
        self.reason = reason
        self.ts_ns = ts_ns


@dataclass(slots=True)
class CancelRefused:
    """The venue did not cancel: the order was done, or unknown."""

    client_order_id: str
    reason: str
    ts_ns: int


@dataclass(slots=True)
class PositionLiquidated:
    """The venue closed what stood on this market because the margin ran out."""

    market: Market
    price_ticks: int
    ts_ns: int


VenueUpdate = OrderTaken | OrderTraded | OrderEnded | CancelRefused | PositionLiquidated
