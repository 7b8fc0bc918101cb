"""What a `SupervisedStream` needs of a dialect, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from botcore.venues.dialect import Peek, Subscription


class Speech(Protocol):
    """The part of a `Dialect` that a stream needs."""

    def subscribe(self, request_id: int, wanted: Sequence[Subscription]) -> bytes: ...

    def unsubscribe(self, request_id: int, unwanted: Sequence[Subscription]) -> bytes: ...

    def peek(self, message: bytes) -> Peek: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """Where to connect, and what to say first; each message is answered by an acknowledgement with its place (1-based) as request id."""

    url: str
    messages: tuple[bytes, ...] = ()


class StreamRefused(Exception):
    """There is nothing to connect to now (no listen key, for example); the text says why. It counts as a failed attempt."""


def _nothing(*_args: object) -> None:
    """A hook that nobody listens to."""


@dataclass(frozen=True, slots=True)
class StreamHooks:
    """What a stream tells. All are plain functions, called in the loop's thread.

    Parameters
    ----------
    on_message : callable
        (message, received_ns, peek): every message but acknowledgements, from old and new socket alike while one takes over from the other.
    on_open : callable
        The stream is there again after it was down, opening messages acknowledged: reconcile now.
    on_renewed : callable
        Another socket is there while the old one still is: its turn to deliver comes without a hole, if the venue keeps its word.
    on_down : callable
        (reason): no socket is left; once per outage.
    on_subscribed : callable
        (subscriptions): these deliver from now on and did not before: what they say begins here, so take a snapshot.
    on_refused : callable
        (subscription, reason): the venue does not grant it; it is asked again from time to time.
    on_silent : callable
        (subscription or None for the whole socket, seconds): no data for longer than its age allows. The stream subscribes anew and then takes another socket.
    on_shed : callable
        (count): so many waiting market messages were thrown away because the consumer did not keep up: everything needs a snapshot.
    on_fault : callable
        (what, error): something of ours broke, the consumer included; it goes on.
    """

    on_message: Callable[[bytes, int, Peek], None]
    on_open: Callable[[], None] = _nothing
    on_renewed: Callable[[], None] = _nothing
    on_down: Callable[[str], None] = _nothing
    on_subscribed: Callable[[tuple[Subscription, ...]], None] = _nothing
    on_refused: Callable[[Subscription, str], None] = _nothing
    on_silent: Callable[[Subscription | None, float], None] = _nothing
    on_shed: Callable[[int], None] = _nothing
    on_fault: Callable[[str, BaseException], None] = _nothing


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How a stream stands; ages are seconds, `last_close` is the reason of the last socket's end."""

    name: str
    is_open: bool
    open_for_s: float
    data_age_s: float
    wanted: int
    actual: int
    attempts: int
    shed: int
    waiting: int
    last_close: str
