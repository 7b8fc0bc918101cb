"""What a connection to a venue must remember over a restart: how far executions were read, until when it is banned, which id to go on with."""

from __future__ import annotations

from typing import Protocol


class VenueMemory(Protocol):
    """Small texts by key, of one account. What is put is durable with the next commit of the records, in the same order."""

    def get(self, key: str) -> str | None: ...

    def put(self, key: str, value: str) -> None: ...


class NoMemory:
    """Forgets with the process; for tests and for keyless use."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self._values.get(key)

    def put(self, key: str, value: str) -> None:
        self._values[key] = value
