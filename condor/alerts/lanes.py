"""The pace of each chat: one message a second, twenty a minute for a group, and longer pauses when it does not take them. Times are of the sender's clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from condor.alerts.batches import Gathering

PER_CHAT_S = 1.0
PER_GROUP, GROUP_S = 20, 60.0
RETRY_S = (1.0, 2.0, 5.0, 15.0, 60.0)


@dataclass(slots=True)
class Lane:
    """One chat.

    Attributes
    ----------
    after_trades : bool
        Whether the last message told of trades.
    is_busy : bool
        A message is on its way.
    apart : set of int
        Notices of a message that was refused: each is told by itself, so that what is refused holds up no other.
    """

    is_group: bool
    not_before_s: float = 0.0
    failures: int = 0
    after_trades: bool = False
    is_busy: bool = False
    gathering: Gathering = field(default_factory=Gathering)
    apart: set[int] = field(default_factory=set)
    _sent_s: deque[float] = field(default_factory=lambda: deque(maxlen=PER_GROUP))

    def wait_s(self, now_s: float) -> float:
        """How long until the next message may leave."""
        wait = self.not_before_s - now_s
        if self.is_group and len(self._sent_s) == PER_GROUP:
            wait = max(wait, self._sent_s[0] + GROUP_S - now_s)
        return max(0.0, wait)

    def leaves(self, now_s: float) -> None:
        """A message leaves now."""
        self.not_before_s = now_s + PER_CHAT_S
        self._sent_s.append(now_s)

    def arrived(self) -> None:
        self.failures = 0

    def failed(self, now_s: float, retry_after_s: float | None) -> float:
        """It did not get through; returns how long the chat is left alone now."""
        pause_s = retry_after_s if retry_after_s is not None else RETRY_S[min(self.failures, len(RETRY_S) - 1)]
        self.failures += 1
        self.not_before_s = max(self.not_before_s, now_s + pause_s)
        return pause_s
