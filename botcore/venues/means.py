"""What a session with a venue works with: its parts, given from outside, so that a simulation can give others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from botcore.model.records import Forgotten
from botcore.venues.backoff import ConnectionBudget
from botcore.venues.caller import Caller
from botcore.venues.dialect import Credentials
from botcore.venues.limiter import Limiter
from botcore.venues.memory import VenueMemory
from botcore.venues.offset import VenueOffset
from botcore.venues.port import Port


class RulesCache(Protocol):
    """Where a venue's rules are kept between two starts: a start must not depend on the venue's answer."""

    def get(self, connector_name: str) -> bytes | None: ...

    def put(self, connector_name: str, body: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a session works with.

    Parameters
    ----------
    pairs : callable
        Pairs in which we may have traded: their executions are asked for at every sync.
    since_ms : callable
        Pair -> wall time from which executions may concern us, where nothing is remembered.
    forgotten : Forgotten, optional
        The hole in the records, if there was one.
    """

    caller: Caller
    limiter: Limiter
    offset: VenueOffset
    port: Port
    budget: ConnectionBudget
    memory: VenueMemory
    rules: RulesCache
    credentials: Credentials
    now_ns: Callable[[], int]
    wall_ms: Callable[[], int]
    rng: Random
    pairs: Callable[[], set[str]]
    since_ms: Callable[[str], int]
    forgotten: Forgotten | None = None
    unread_ms: int | None = None
    """Where the records stop: a list is read from there on where nothing is remembered of how far it was read. None where they have nothing."""
