"""Somebody who owns orders in a test."""

from __future__ import annotations

from typing import Any


class Owner:
    """Somebody who sends orders and writes down what he is told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def on_order(self, event: Any) -> None:
        self.events.append(event)

    def on_fault(self, error: Exception) -> None:
        raise error
