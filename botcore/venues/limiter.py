"""`Limiter`: lets calls go when the venue's limits allow, the most urgent first, and keeps quiet when the venue asks for it.

It is shared by all that speaks to a venue from this address. Four rules:

* Order: cancels, creates, queries, market data; first come, first served within each. A call that has no room closes the limits that it lacks to all behind it.
* Reserve: of each limit a fraction is kept for the more urgent kinds. Cancels may use all of it, creates all but `reserve`, queries all but `reserve` of that, and so on.
* Rest: after `rest` nothing leaves before its end, whatever its kind. A rest is remembered in wall time, so that it holds over a restart.
* Nothing is dropped silently: a call that can't leave in time, or finds the queue full, is told so by `TurnedAway`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from botcore.venues.call_queue import CallQueue, Ticket, Waiter
from botcore.venues.live_spec import LimitSpec
from botcore.venues.memory import VenueMemory
from botcore.venues.port import Lane
from botcore.venues.windows import Window
from botcore.venues.wire import Call, Priority

REST_KEY = "rest"
"""Under which a rest is remembered."""

LONGEST_REST_S = 3 * 86400.0
"""Venues ban for three days at most; a longer one is a misread number."""

FIRST_QUIET_S, LONGEST_QUIET_S = 10.0, 120.0
"""Rest after a rate limit that does not say how long, doubled with each that follows."""

SLOTS: Mapping[Lane, int] = {Lane.ORDERS: 32, Lane.POLLS: 16}
"""Requests under way at once."""


class TurnedAway(Exception):
    """A call was not let through, and no byte of it left; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class LimiterStatus:
    """How a limiter stands.

    Parameters
    ----------
    used : dict
        Limit -> (in use, amount).
    rest_until_ms : int
        Wall time until which all traffic rests; 0 when it does not.
    """

    queued: dict[Priority, int]
    used: dict[str, tuple[int, int]]
    rest_until_ms: int = 0
    reason: str = ""

    @property
    def queue_length(self) -> int:
        return sum(self.queued.values())


class Limiter:
    """See the module.

    Parameters
    ----------
    limits : mapping of str to LimitSpec
        The venue's limits by the names that calls use in `weights`.
    memory : VenueMemory
        Where a rest is kept over a restart.
    wall_ms : callable
        Wall time, ms.
    share : float
        Fraction of the limits that this program may use (0 to 1), where several share an address.
    slots : mapping of Lane to int
        How many requests of a lane may be under way at once.
    queue_max : int
        Most calls that wait. A more urgent newcomer takes the place of the least urgent, which is turned away.
    """

    def __init__(
        self,
        limits: Mapping[str, LimitSpec],
        memory: VenueMemory,
        wall_ms: Callable[[], int],
        *,
        share: float = 1.0,
        slots: Mapping[Lane, int] = SLOTS,
        queue_max: int = 2000,
    ) -> None:
        self._memory = memory
        self._wall_ms = wall_ms
        self._queue_max = queue_max
        self._windows: dict[str, Window] = {}
        self._reserves: dict[str, float] = {}
        for name, limit in limits.items():
            self._windows[name] = Window(shared(limit.amount, share), limit.window_s)
            self._reserves[name] = limit.reserve
        for lane, slot_count in slots.items():
            self._windows[slot_name(lane)] = Window(slot_count, 0.0)
            self._reserves[slot_name(lane)] = 0.1
        self._queues: dict[Priority, CallQueue] = {priority: CallQueue() for priority in Priority}
        self._serial = 0
        self._timer: asyncio.TimerHandle | None = None
        self._rest_until: float | None = None
        self._rest_until_ms, self._reason = _recall(memory.get(REST_KEY))
        self._quiet_s = FIRST_QUIET_S

    # ---- for callers -----------------------------------------------------------------------------------------------
    async def acquire(self, call: Call, patience_s: float) -> Ticket:
        """Wait for the turn of a call, `patience_s` at most.

        Raises
        ------
        TurnedAway
            If it can't leave in time.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        costs = self._costs(call)
        if self.rest_left_s() > patience_s:
            raise TurnedAway(f"not sent: {self._reason or 'the venue asked for quiet'} ({self.rest_left_s():.0f} s more)")
        self._make_room(call)
        self._serial += 1
        waiter = Waiter(self._serial, call, costs, loop.create_future())
        self._queues[call.priority].add(waiter)
        self._pump()
        if not waiter.future.done():
            waiter.timer = loop.call_at(now + patience_s, self._give_up, waiter, patience_s)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                waiter.future.result().close(left=False)
            raise
        finally:
            if waiter.timer is not None:
                waiter.timer.cancel()
            self._queues[call.priority].remove(waiter)

    def adopt(self, used: Mapping[str, int]) -> None:
        """Take over what the venue says is used of its limits; names that are not limits of ours are passed over."""
        now = asyncio.get_running_loop().time()
        self._quiet_s = FIRST_QUIET_S
        for name, told in used.items():
            window = self._windows.get(name)
            if window is not None:
                window.adopt(told, now)

    def rest(self, seconds: float, reason: str) -> None:
        """Let nothing leave for so long; never shortens a rest. 0 means that the venue did not say: then it is our guess, longer each time."""
        if seconds <= 0:
            seconds, self._quiet_s = self._quiet_s, min(2 * self._quiet_s, LONGEST_QUIET_S)
        seconds = min(max(seconds, 1.0), LONGEST_REST_S)
        if seconds <= self.rest_left_s():
            return
        self._rest_until = asyncio.get_running_loop().time() + seconds
        self._rest_until_ms = self._wall_ms() + int(seconds * 1000) + 1
        self._reason = reason
        self._memory.put(REST_KEY, json.dumps({"until_ms": self._rest_until_ms, "reason": reason}))
        self._pump()

    def rest_left_s(self) -> float:
        """Seconds until the end of the rest; 0 when there is none."""
        now = asyncio.get_running_loop().time()
        if self._rest_until is None:
            left_s = min((self._rest_until_ms - self._wall_ms()) / 1000, LONGEST_REST_S) if self._rest_until_ms else 0.0
            self._rest_until = now + max(left_s, 0.0)
        return max(self._rest_until - now, 0.0)

    def quiet(self) -> tuple[int, str]:
        """(until which wall time nothing leaves, why); (0, '') when there is no rest."""
        return (self._rest_until_ms, self._reason) if self.rest_left_s() > 0 else (0, "")

    def status(self) -> LimiterStatus:
        now = asyncio.get_running_loop().time()
        until_ms, reason = self.quiet()
        return LimiterStatus(
            {priority: len(queue) for priority, queue in self._queues.items()},
            {name: (window.used(now), window.amount) for name, window in self._windows.items()},
            until_ms,
            reason,
        )

    def close(self) -> None:
        """Turn away all that wait."""
        if self._timer is not None:
            self._timer.cancel()
        for queue in self._queues.values():
            while queue:
                self._turn_away(queue.last(), "not sent: the connection to the venue is being closed")

    def _settle(self, costs: Iterable[tuple[str, int]], left: bool) -> None:
        """A call that was let through is done."""
        now = asyncio.get_running_loop().time()
        for name, weight in costs:
            if left:
                self._windows[name].arrived(weight, now)
            else:
                self._windows[name].unsent(weight)
        self._pump()

    # ---- room --------------------------------------------------------------------------------------------------------
    def _costs(self, call: Call) -> tuple[tuple[str, int], ...]:
        lane = slot_name(lane_of(call))
        costs = (*((name, weight) for name, weight in call.weights if weight > 0), *(((lane, 1),) if lane in self._windows else ()))
        for name, weight in costs:
            window = self._windows.get(name)
            if window is None:
                raise TurnedAway(f"not sent: {call.name} names a limit {name!r} that the venue's file does not have")
            if weight > window.amount:
                raise TurnedAway(f"not sent: {call.name} costs {weight} of a limit of {window.amount}")
        return costs

    def ceiling(self, name: str, priority: Priority) -> int:
        """How much of a limit calls of this kind may fill."""
        return shared(self._windows[name].amount, (1 - self._reserves[name]) ** int(priority))

    def _lacking(self, waiter: Waiter, now: float) -> list[tuple[str, int]]:
        """Limits without room for this call, each with the use at which there would be."""
        lacking = []
        for name, weight in waiter.costs:
            # a call that is larger than what its kind may fill goes when nothing else is in use
            below = max(self.ceiling(name, waiter.call.priority) - weight, 0)
            if self._windows[name].used(now) > below:
                lacking.append((name, below))
        return lacking

    # ---- the queue -------------------------------------------------------------------------------------------------
    def _pump(self) -> None:
        """Let go all that may go, and set the timer for the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not any(self._queues.values()):
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        rest_s = self.rest_left_s()
        wake = now + rest_s if rest_s > 0 else self._let_go(now)
        if wake is not None:
            self._timer = loop.call_at(wake, self._pump)

    def _let_go(self, now: float) -> float | None:
        """One walk through the queues; loop time at which the next walk makes sense."""
        closed: set[str] = set()
        wakes: list[float] = []
        for queue in self._queues.values():
            while (waiter := queue.first(closed)) is not None:
                lacking = self._lacking(waiter, now)
                if lacking:
                    closed.update(name for name, _ in lacking)
                    times = [self._windows[name].free_at(below, now) for name, below in lacking]
                    # where it depends on a reply, that reply starts the next walk
                    wakes.extend([max(time for time in times if time is not None)] if None not in times else [])
                    continue
                queue.remove(waiter)
                if not waiter.future.done():
                    for name, weight in waiter.costs:
                        self._windows[name].leave(weight)
                    waiter.future.set_result(Ticket(self._settle, waiter.costs))
        return min(wakes, default=None)

    def _make_room(self, call: Call) -> None:
        if sum(len(queue) for queue in self._queues.values()) < self._queue_max:
            return
        for priority in sorted(Priority, reverse=True):
            if priority > call.priority and self._queues[priority]:
                self._turn_away(self._queues[priority].last(), "not sent: the queue to the venue is full of more urgent calls")
                return
        raise TurnedAway(f"not sent: {self._queue_max} calls wait for the venue's rate limit already")

    def _give_up(self, waiter: Waiter, patience_s: float) -> None:
        self._turn_away(waiter, f"not sent: no room within the venue's rate limit for {patience_s:.0f} s")
        self._pump()

    def _turn_away(self, waiter: Waiter, reason: str) -> None:
        self._queues[waiter.call.priority].remove(waiter)
        if not waiter.future.done():
            waiter.future.set_exception(TurnedAway(reason))


def slot_name(lane: Lane) -> str:
    """Name of the limit on requests under way in a lane."""
    return f"{lane.value} under way"


def lane_of(call: Call) -> Lane:
    """Writes and cancels have connections of their own."""
    return Lane.ORDERS if call.is_write or call.priority <= Priority.CREATE else Lane.POLLS


def shared(amount: int, share: float) -> int:
    """Part of a limit, rounded down, at least 1."""
    return max(1, int(amount * share + 1e-9))


def _recall(text: str | None) -> tuple[int, str]:
    """What was remembered of a rest; nothing when it can't be read."""
    try:
        value = json.loads(text or "{}")
        return int(value.get("until_ms", 0)), str(value.get("reason", ""))
    except (ValueError, TypeError, AttributeError):
        return 0, ""
