"""A soft limit of memory: past it caches are shed and garbage is collected; when that is not enough people are told, and no new bot is started until there is room again.

What trades goes on. A cache is something that can be had again (`Sheddable`); what recognises a doubled execution, a used nonce or an order that has ended is none.
"""

from __future__ import annotations

import ctypes
import gc
import linecache
import logging
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

MB = 1024 * 1024
SHARE = 0.8
"""Of what the machine's control group allows; beyond all of it the kernel kills."""

BACK = 0.95
"""Below this share of the limit the shortage is over."""

REST_NS = 60_000_000_000
"""So long after caches were shed they are not shed again: they would be empty."""

CGROUP = Path("/sys/fs/cgroup/memory.max")


class Sheddable(Protocol):
    """Keeps something in memory that can be had again."""

    def shed(self) -> int:
        """Let go of it; returns about how many bytes that were."""


class MemoryGuard:
    """See the module.

    Parameters
    ----------
    limit : int
        Bytes; 0 for none.
    used : callable
        Bytes that this process holds in memory.
    on_change : callable
        Told one sentence when the shortage begins, None when it is over.
    caches : callable
        What there is to shed, asked when it is needed.
    now_ns : callable
        Monotonic.
    """

    def __init__(
        self,
        limit: int,
        used: Callable[[], int],
        on_change: Callable[[str | None], None],
        caches: Callable[[], Sequence[Sheddable]] = tuple,
        now_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        self._limit = limit
        self._used = used
        self._on_change = on_change
        self._caches = caches
        self._now_ns = now_ns
        self._shed_ns: int | None = None
        self.trouble: str | None = None

    def look(self) -> None:
        """Look once."""
        if not self._limit:
            return
        used = self._used()
        if used > self._limit and self.trouble is None:
            self._begin(used)
        elif self.trouble is not None and used < self._limit * BACK:
            self.trouble = None
            self._on_change(None)

    def _begin(self, before: int) -> None:
        """Past the limit for the first time: tell, unless letting go of caches is enough."""
        now_ns = self._now_ns()
        if self._shed_ns is None or now_ns - self._shed_ns >= REST_NS:
            self._shed_ns = now_ns
            self._shed()
        used = self._used()
        figures = f"{used // MB} MB used, {before // MB} MB before caches were shed; the soft limit is {self._limit // MB} MB"
        if used <= self._limit:
            log.warning("memory was short: %s", figures)
            return
        self.trouble = f"memory is short ({figures}): no new bots until there is room"
        log.critical("%s", self.trouble)
        self._on_change(self.trouble)

    def _shed(self) -> None:
        found = 0
        for cache in self._caches():
            found += cache.shed()
        log.warning("caches of about %.1f MB were shed", found / MB)
        # the interpreter's own
        re.purge()
        linecache.clearcache()
        gc.collect()
        _give_back()


def soft_limit(wanted_mb: int | None, cgroup: Path = CGROUP) -> int:
    """Bytes: what was asked for, else a share of what the control group allows, else 0 for no limit."""
    if wanted_mb is not None:
        return wanted_mb * MB
    try:
        return int(int(cgroup.read_text()) * SHARE)
    except (OSError, ValueError):
        # no control group, or one without a limit ("max")
        return 0


def resident() -> int:
    """Bytes of this process that are in memory; 0 where that can't be known."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _give_back() -> None:
    """Free memory goes back to the machine, where the C library can do that."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return
