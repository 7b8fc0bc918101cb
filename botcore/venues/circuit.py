"""`Circuit`: stops asking a venue that does not answer like a venue, and tries it again from time to time."""

from __future__ import annotations

from botcore.venues.backoff import Backoff


class Circuit:
    """Opens after several failures in a row (403 of a firewall, server errors, no reply); then one question at a time finds out whether that is over.

    Parameters
    ----------
    pauses : Backoff
        Between two tries while it is open.
    threshold : int
        Failures in a row that open it.
    """

    def __init__(self, pauses: Backoff, threshold: int = 5) -> None:
        self._pauses = pauses
        self._threshold = threshold
        self._failures = 0
        self._try_at = 0.0
        self.reason = ""

    @property
    def is_open(self) -> bool:
        return self._failures >= self._threshold

    def lets(self, now: float) -> bool:
        """Whether a question may go now, loop time; while it is open a yes is given once per pause."""
        if not self.is_open:
            return True
        if now < self._try_at:
            return False
        self._wait(now)
        return True

    def worked(self) -> None:
        """The venue answered like a venue."""
        self._failures = 0
        self._pauses.failures = 0
        self.reason = ""

    def failed(self, now: float, reason: str) -> None:
        self._failures += 1
        self.reason = reason
        if self._failures == self._threshold:
            self._wait(now)

    def _wait(self, now: float) -> None:
        self._pauses.failed()
        self._try_at = now + self._pauses.next_s()
