"""Creates that are refused again and again: tried less often, and not written down one by one.

A controller may ask for the same thing with every tick while it can't be had: no money, an amount below the venue's smallest. The first refusals are ordinary executors.
Then what asks for the same is refused without a try, until the next is due (1, 2, 4 ... 30 s); the controller sees a refused executor as before, the records do not.

The same is what has the same level. A controller may give every create a level of its own, though: then each is the first of its kind, and only what they are all about
(kind, market, side) and why they were refused tells that they are one wish. Levels that were never asked for before are therefore counted together, those of one tick
once: a ladder that is laid out is one try, however many levels it has.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, TypeVar

from botcore.model.enums import CloseType, PositionAction
from botcore.model.refusals import PAUSED
from botcore.model.times import SECOND_NS

FREE: Final = 3
"""Refusals in a row that are nobody's business."""
MAX_WAIT_NS: Final = 30 * SECOND_NS
KEPT: Final = 256
"""Different creates that are remembered for one controller."""

CLOSE: Final = PositionAction.CLOSE
REASONS: Final = 8
"""Reasons that are told apart."""
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

    def tell(self, info: Any, at_once: bool) -> None:
        """What is said of those that are not tried."""
        self.close_type, self.reason, self.at_once = info.close_type, info.reason, at_once

    def wait(self, now_ns: int) -> None:
        """When the next is due."""
        if self.count >= FREE:
            self.next_ns = now_ns + min(SECOND_NS << min(self.count - FREE, 5), MAX_WAIT_NS)


class NewLevels(Refusal):
    """What is known of creates that differ in their level only, each of them new.

    Attributes
    ----------
    round_ns : int
        When the latest of them that was refused was asked for.
    rounds : dict
        Ticks whose creates were refused, by reason.
    """

    __slots__ = ("round_ns", "rounds")

    def __init__(self) -> None:
        super().__init__()
        self.round_ns = -1
        self.rounds: dict[str, int] = {}

    def refused(self, info: Any, now_ns: int) -> None:
        """One more of them was refused; those of one tick, or of an earlier one, are one try."""
        if info.created_ns <= self.round_ns:
            return
        self.round_ns = info.created_ns
        reason = _plain(info)
        if reason not in self.rounds and len(self.rounds) >= REASONS:
            reason = ""
        self.rounds[reason] = self.count = self.rounds.get(reason, 0) + 1
        self.wait(now_ns)


R = TypeVar("R", bound=Refusal)


class Refusals:
    """See the module; of one controller."""

    __slots__ = ("_known", "_levels", "_new", "_pause")

    def __init__(self) -> None:
        self._pause: Refusal | None = None
        self._known: dict[Hashable, Refusal] = {}
        self._new: dict[Hashable, NewLevels] = {}
        # levels that could be had once: whatever happens to new ones, they are asked for on their own account
        self._levels: dict[Hashable, None] = {}

    def waiting(self, config: Any, now_ns: int) -> Refusal | None:
        """The refusal that stands for another one now; None when the create is to be tried."""
        if not self._known or _is_out(config):
            return None
        what = _what(config)
        known = self._known.get(what)
        if known is not None:
            return known if now_ns < known.next_ns else None
        new = self._new.get(_wish(what)) if self._is_new(what) else None
        # what is asked for beside one that was tried in this tick is part of the same try
        return new if new is not None and now_ns < new.next_ns and now_ns != new.round_ns else None

    def paused(self, config: Any, reason: str) -> Refusal | None:
        """What stands for a create while its bot is paused; None while it is not (then there is no reason), and for what gets out of a position."""
        if not reason or _is_out(config):
            return None
        if self._pause is None:
            self._pause = Refusal()
            self._pause.reason = f"{PAUSED}: {reason}"
        return self._pause

    def forget_pause(self) -> None:
        """A pause begins, or ends: what was refused before was so for another reason."""
        self._pause = None

    def _is_new(self, what: tuple[Hashable, ...]) -> bool:
        """Whether this level was never asked for before, as far as is remembered; what has no level is always the same."""
        return what[-1] is not None and what not in self._known and what not in self._levels

    def ended(self, info: Any, now_ns: int, *, at_once: bool) -> None:
        """An executor has ended: whether it was refused, or whatever was refused before may be had now."""
        what = _what(info.config)
        if info.has_fills:
            # what it held, or had blocked, is free again
            self._known.clear()
            self._new.clear()
            self._could_be_had(what)
            return
        if info.close_type not in REFUSED:
            if self._is_new(what):
                self._new.pop(_wish(what), None)
            self._known.pop(what, None)
            self._could_be_had(what)
            return
        if self._is_new(what) and not _is_out(info.config):
            new = _kept(self._new, _wish(what), NewLevels)
            new.tell(info, at_once)
            new.refused(info, now_ns)
        known = _kept(self._known, what, Refusal)
        known.tell(info, at_once)
        known.count += 1
        known.wait(now_ns)

    def _could_be_had(self, what: tuple[Hashable, ...]) -> None:
        if what[-1] is not None and what not in self._levels:
            if len(self._levels) >= KEPT:
                del self._levels[next(iter(self._levels))]
            self._levels[what] = None

    def started(self, config: Any) -> None:
        """A create went through: unless its refusals come later, from the venue, they are over."""
        if not self._known:
            return
        what = _what(config)
        if self._is_new(what):
            new = self._new.get(_wish(what))
            if new is not None and new.at_once:
                del self._new[_wish(what)]
        known = self._known.get(what)
        if known is not None and known.at_once:
            del self._known[what]


def _kept(found: dict[Hashable, R], key: Hashable, make: type[R]) -> R:
    """What is remembered under a key, from now on; the oldest makes room for it."""
    known = found.get(key)
    if known is None:
        if len(found) >= KEPT:
            del found[next(iter(found))]
        known = found[key] = make()
    return known


def _is_out(config: Any) -> bool:
    """What gets out of a position is tried each time that it is asked for."""
    return getattr(config, "position_action", None) is CLOSE


def _plain(info: Any) -> str:
    """Why an executor was refused, without the numbers, which move with the market."""
    return f"{info.close_type.name} {''.join(char for char in info.reason if not char.isdigit())}"


def _wish(what: tuple[Hashable, ...]) -> Hashable:
    """What creates of different levels have in common."""
    return what[:-1]


def _what(config: Any) -> tuple[Hashable, ...]:
    """What a create asks for; prices and amounts move with the market, so they are no part of it."""
    side = getattr(config, "side", None)
    pair = getattr(config, "trading_pair", None)
    if pair:
        return config.type, config.connector_name, pair, side, config.level_id
    parts = [part for part in vars(config).values() if getattr(part, "trading_pair", None)]
    return config.type, tuple((part.connector_name, part.trading_pair) for part in parts), side, config.level_id
