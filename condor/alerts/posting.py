"""Between the sender and a front end: one message as a value, and how it can fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from condor.alerts.batches import Shape
from condor.views import Notice


class Unreachable(Exception):
    """A message did not get through.

    Parameters
    ----------
    retry_after_s : float, optional
        When to try again; None for the sender's own rhythm.
    is_dead : bool
        The chat takes no messages any more, until its user comes back.
    may_have_arrived : bool
        It left and no answer came.
    is_moved : bool
        The chat has another id now, and all that belongs to it went along.
    is_topic_gone : bool
        The chat is there, the topic is not.
    is_refused : bool
        It was understood and refused, and would be again.
    """

    def __init__(
        self,
        text: str,
        retry_after_s: float | None = None,
        *,
        is_dead: bool = False,
        may_have_arrived: bool = False,
        is_moved: bool = False,
        is_topic_gone: bool = False,
        is_refused: bool = False,
    ) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        self.is_dead = is_dead
        self.may_have_arrived = may_have_arrived
        self.is_moved = is_moved
        self.is_topic_gone = is_topic_gone
        self.is_refused = is_refused


@dataclass(frozen=True, slots=True)
class Post:
    """One message to be sent.

    Parameters
    ----------
    key : int
        Of the first notice in the outbox: what the message shows is found again by it.
    notices : sequence of Notice
        What it tells.
    doubtful : sequence of Notice
        What was sent before and may not have arrived.
    reply_to : int
        Message that it answers; 0 for none.
    thread_id : int
        Topic of a group; 0 for none.
    is_again : bool
        It may have been told already.
    is_late : bool
        It happened a while ago.
    """

    chat_id: int
    key: int
    notices: Sequence[Notice]
    shape: Shape = Shape.PLAIN
    is_silent: bool = False
    doubtful: Sequence[Notice] = ()
    reply_to: int = 0
    thread_id: int = 0
    is_again: bool = False
    is_late: bool = False


class Notifier(Protocol):
    """A front end's way to push: words a post as one message and returns its id, or raises Unreachable."""

    async def send(self, post: Post) -> int: ...

    async def edit(self, chat_id: int, message_id: int, notice: Notice) -> None:
        """Have the message of an opening say what it is to say now; one that can't be changed any more stays as it is."""
