"""`Accounting`: what an ended executor leaves behind is accounted for, once: its fills in a hold, or its result in the tally; and the world is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.executors.base import ExecutorBase
from botcore.model.events import ExecutorEnded, Fact, FactKind, TallyChanged
from botcore.model.order import Fill
from botcore.orchestrator.facts import closed_payload, held_payload
from botcore.orchestrator.holding import HoldKeeper
from botcore.orchestrator.reporting import worth_of
from botcore.orchestrator.results import Results
from botcore.orchestrator.roster import Roster
from botcore.orchestrator.shelf import Shelves


class Accounting:
    """See the module.

    Parameters
    ----------
    publish : callable
        (kind, executor, payload): tells a fact about an executor.
    """

    def __init__(
        self,
        bot_id: str,
        roster: Roster,
        shelves: Shelves,
        results: Results,
        hold_keeper: HoldKeeper,
        clock: Clock,
        bus: EventBus,
        publish: Callable[[str, ExecutorBase[Any], dict[str, Any]], None],
    ) -> None:
        self._bot_id = bot_id
        self._roster = roster
        self._shelves = shelves
        self._results = results
        self._hold_keeper = hold_keeper
        self._clock = clock
        self._bus = bus
        self._publish = publish

    def close(self, executor: ExecutorBase[Any]) -> None:
        """An executor has ended."""
        held = executor.held_fills()
        for fill in held:
            self._hold(fill, executor)
        info, shelf = executor.info, self._shelves.of(executor.controller_id)
        earned = [] if held or not executor.has_fills else executor.earned()
        info.freeze()
        tallies = self._results.count(shelf, executor, earned, handed_over=bool(held))
        shelf.close(info)
        shelf.standing.ended(executor.id)
        # nothing of it has left: it was refused on the spot, not by the venue
        shelf.refusals.ended(info, self._clock.now_ns, at_once=info.close_ns == info.created_ns)
        self._roster.remove(executor)
        self._bus.publish(ExecutorEnded(self._bot_id, info))
        if self._bus.has(TallyChanged):
            for tally in tallies:
                self._bus.publish(TallyChanged(self._bot_id, tally))
        if self._bus.has(Fact):
            rates = self._results.rates()
            self._publish(FactKind.EXECUTOR_CLOSED, executor, closed_payload(executor, rates.asset, worth_of(earned, rates)))

    def late_fill(self, executor: ExecutorBase[Any], fill: Fill) -> None:
        """An order of an executor that has ended was filled all the same."""
        self._hold(fill, executor)
        self._publish(FactKind.POSITION_HELD, executor, held_payload(executor, fill))

    def _hold(self, fill: Fill, executor: ExecutorBase[Any]) -> None:
        self._hold_keeper.hold(fill, executor.controller_id, executor.side_of(fill))
