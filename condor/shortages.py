"""What this machine is short of: room for the records, file descriptors, memory. Looked at every so often, acted on, and said while it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from botcore.model.events import FactKind
from condor.descriptors import DescriptorReserve
from condor.home import Home
from condor.host import WallClock
from condor.manager import BotManager
from condor.memory import MemoryGuard, Sheddable, resident, soft_limit
from condor.store.guard import Gate, RecordsGuard
from condor.store.reserve import Reserve

Tell = Callable[[str, dict[str, Any]], None]
"""Publishes a fact: its kind and payload."""


class Shortages:
    """See the module.

    Parameters
    ----------
    gates : callable
        The risk gates of all runtimes.
    latched : callable
        Why a person has halted trading; None when nobody has.
    tell : callable
        Publishes a fact.
    on_change : callable
        Called when `texts` may have changed.
    """

    def __init__(
        self,
        home: Home,
        gates: Callable[[], Iterable[Gate]],
        latched: Callable[[], str | None],
        tell: Tell,
        on_change: Callable[[], None],
    ) -> None:
        self._tell = tell
        self._on_change = on_change
        self._no_new_bots: str | None = None
        self._memory: MemoryGuard | None = None
        self.reserve = Reserve(home.reserve)
        self.reserve.make()
        self.descriptors = DescriptorReserve(self._on_descriptors)
        self._guard = RecordsGuard(gates, self.reserve, latched, self._on_records)

    def watch_memory(self, soft_mb: int | None, wall: WallClock, manager: BotManager, caches: Callable[[], Sequence[Sheddable]]) -> None:
        """From now on caches are shed when memory is short; where that is not enough no new bot is started."""

        def changed(trouble: str | None) -> None:
            manager.no_new_bots = self._no_new_bots = trouble
            self._warn(trouble or "there is memory again")

        self._memory = MemoryGuard(soft_limit(soft_mb), resident, changed, caches, wall.monotonic_ns)

    @property
    def is_writing(self) -> bool:
        """Whether records can be written."""
        return self._guard.trouble is None

    @property
    def texts(self) -> list[str]:
        """What is short now, one sentence each."""
        return [text for text in (self._guard.trouble, self.descriptors.trouble, self._no_new_bots) if text]

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def look_at_disk(self) -> None:
        await asyncio.to_thread(self.reserve.make)
        self._guard.look()

    async def look(self) -> None:
        self.descriptors.look()
        if self._memory is not None:
            self._memory.look()

    # ---- what is found ---------------------------------------------------------------------------------------------
    def on_journal(self, text: str | None) -> None:
        """Records can't be written, or can again."""
        self._guard.on_journal(text)

    def _on_records(self, trouble: str | None) -> None:
        """No new risk while they can't."""
        if trouble is None:
            self._tell(FactKind.TRADING_RELEASED, {"by": "records are written again"})
        else:
            self._tell(FactKind.TRADING_HALTED, {"reason": trouble})
        self._on_change()

    def _on_descriptors(self, trouble: str | None) -> None:
        self._warn(trouble or "there are file descriptors again")

    def _warn(self, text: str) -> None:
        self._tell(FactKind.ACCOUNT_WARNED, {"title": "This machine", "text": text})
        self._on_change()
