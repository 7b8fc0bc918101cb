"""How often a file is asked: once per its `update_interval` of market time, however often its bot's clock ticks.

Files count on that: one whose order was refused orders again when it is asked again, and a clock may tick many times a second.
"""

from __future__ import annotations

from botcore.model.times import SECOND_NS


class Pace:
    """Turns of one controller, on a grid of its interval that begins with the first one.

    Ticks come a little early or late; a turn is due with the tick that is nearest to it, so that a clock of the same pace misses none.
    """

    def __init__(self) -> None:
        self._due_ns = 0
        self._early_ns = 0

    def take(self, now_ns: int, interval_s: float, tick_ns: int) -> bool:
        """Whether it is its turn now; if so, the next one comes an interval later."""
        interval_ns = max(0, int(interval_s * SECOND_NS))
        self._early_ns = min(tick_ns, interval_ns) // 2
        if now_ns < self.next_ns:
            return False
        due_ns = self._due_ns + interval_ns
        self._due_ns = due_ns if due_ns > now_ns else now_ns + interval_ns
        return True

    @property
    def next_ns(self) -> int:
        """Market time of the first tick that can be its turn."""
        return self._due_ns - self._early_ns
