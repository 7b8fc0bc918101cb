"""Creates that are refused again and again: tried less often, and not written down one by one.

A controller may ask for the same thing with every tick while it can't be had: no money, an amount below the venue's smallest. The first refusals are ordinary executors.
Then what asks for the same is refused without a try, until the next is due (1, 2, 4 ... 30 s); the controller sees a refused executor as before, the records do not.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from botcore.model.enums import CloseType, PositionAction
from botcore.model.times import SECOND_NS

FREE: Final = 3
"""Refusals in a row that are nobody's business."""
MAX_WAIT_NS: Final = 30 * SECOND_NS
KEPT: Final = 256
"""Different creates that are remembered for one controller."""

CLOSE: Final = PositionAction.CLOSE
REFUSED: Final = (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE, CloseType.EXPIRED)


class Refusal:
    """What is known of one create that was refused.

    Attributes
    ----------
    last_id : str
        The executor that stands for the last create that was not even tried.
    """

    __slots__ = ("at_once", "close_type", "count", "last_id", "next_ns", "reason")

    def __init__(self) -> None:
        self.count = 0
        self.next_ns = 0
        self.reason = ""
        self.close_type = CloseType.FAILED
        self.at_once = False
        self.last_id = ""


class Refusals:
    """See the module; of one controller."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Hashable, Refusal] = {}

    def waiting(self, config: Any, now_ns: int) -> Refusal | None:
        """The refusal that stands for another one now; None when the create is to be tried."""
        if not self._known or getattr(config, "position_action", None) is CLOSE:
            # what gets out of a position is tried each time that it is asked for
            return None
        known = self._known.get(_what(config))
        return known if known is not None and now_ns < known.next_ns else None

    def ended(self, info: Any, now_ns: int, *, at_once: bool) -> None:
        """An executor has ended: whether it was refused, or whatever was refused before may be had now."""
        if info.has_fills:
            # what it held, or had blocked, is free again
            self._known.clear()
            return
        what = _what(info.config)
        if info.close_type not in REFUSED:
            self._known.pop(what, None)
            return
        known = self._known.get(what)
        if known is None:
            if len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            known = self._known[what] = Refusal()
        known.count += 1
        known.close_type, known.reason, known.at_once = info.close_type, info.reason, at_once
        if known.count >= FREE:
            known.next_ns = now_ns + min(SECOND_NS << min(known.count - FREE, 5), MAX_WAIT_NS)

    def started(self, config: Any) -> None:
        """A create went through: unless its refusals come later, from the venue, they are over."""
        if not self._known:
            return
        what = _what(config)
        known = self._known.get(what)
        if known is not None and known.at_once:
            del self._known[what]


def _what(config: Any) -> Hashable:
    """What a create asks for; prices and amounts move with the market, so they are no part of it."""
    side = getattr(config, "side", None)
    pair = getattr(config, "trading_pair", None)
    if pair:
        return config.type, config.connector_name, pair, side, config.level_id
    parts = [part for part in vars(config).values() if getattr(part, "trading_pair", None)]
    return config.type, tuple((part.connector_name, part.trading_pair) for part in parts), side, config.level_id
