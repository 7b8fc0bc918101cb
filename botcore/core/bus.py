"""Events between parts: same thread, in order.

An event that is published while another is being delivered waits its turn, so every subscriber sees one sequence. Delivery is by exact
type. A subscriber's exception is not caught here: it belongs to the step in which the event was published.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")


class Subscription:
    """Handle of one subscription; `close` ends it."""

    __slots__ = ("_bus", "_handler", "_kind")

    def __init__(self, bus: EventBus, kind: type[Any], handler: Callable[[Any], None]) -> None:
        self._bus, self._kind, self._handler = bus, kind, handler

    def close(self) -> None:
        self._bus._unsubscribe(self._kind, self._handler)


class EventBus:
    """Publish and subscribe by type."""

    __slots__ = ("_busy", "_handlers", "_waiting")

    def __init__(self) -> None:
        self._handlers: dict[type[Any], tuple[Callable[[Any], None], ...]] = {}
        self._waiting: deque[Any] = deque()
        self._busy = False

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Subscription:
        self._handlers[kind] = (*self._handlers.get(kind, ()), handler)
        return Subscription(self, kind, handler)

    def has(self, kind: type[Any]) -> bool:
        """Whether anybody listens to this type: lets a publisher skip building what nobody reads."""
        return kind in self._handlers

    def publish(self, event: object) -> None:
        """Deliver to all subscribers of the event's type, after those that are under way.

        When a subscriber raises, the events behind it stay in line and are delivered with the next publish.
        """
        if type(event) not in self._handlers:
            return
        self._waiting.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                event = self._waiting.popleft()
                for handler in self._handlers.get(type(event), ()):
                    handler(event)
        finally:
            self._busy = False

    def _unsubscribe(self, kind: type[Any], handler: Callable[[Any], None]) -> None:
        left = tuple(other for other in self._handlers.get(kind, ()) if other != handler)
        if left:
            self._handlers[kind] = left
        else:
            self._handlers.pop(kind, None)
