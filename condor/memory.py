"""A soft limit of memory: past it garbage is collected at once, people are told, and no new bot is started until there is room again. What trades goes on."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

MB = 1024 * 1024
SHARE = 0.8
"""Of what the machine's control group allows; beyond all of it the kernel kills."""

BACK = 0.95
"""Below this share of the limit the shortage is over."""

CGROUP = Path("/sys/fs/cgroup/memory.max")


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
    """

    def __init__(self, limit: int, used: Callable[[], int], on_change: Callable[[str | None], None]) -> None:
        self._limit = limit
        self._used = used
        self._on_change = on_change
        self.trouble: str | None = None

    def look(self) -> None:
        """Look once."""
        if not self._limit:
            return
        used = self._used()
        if used > self._limit and self.trouble is None:
            gc.collect()
            used = self._used()
        if used > self._limit and self.trouble is None:
            self.trouble = f"memory is short ({used // MB} MB used, the soft limit is {self._limit // MB} MB): no new bots until there is room"
            log.critical("%s", self.trouble)
            self._on_change(self.trouble)
        elif self.trouble is not None and used < self._limit * BACK:
            self.trouble = None
            self._on_change(None)


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
