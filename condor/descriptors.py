"""File descriptors that are set aside for orders and records: given back when the process has none left, so that an exit can still be sent.

While there are none no stream is connected (whoever wants one tries again later, as after any refusal); requests and the journal go on.
"""

from __future__ import annotations

import errno
import logging
import os
import resource
from collections.abc import Callable

log = logging.getLogger(__name__)

COUNT = 32
"""Set aside: more than an account's requests have under way at once."""

MARGIN = 8
"""So many more must be free before the shortage counts as over."""


class DescriptorReserve:
    """See the module. For one thread.

    Parameters
    ----------
    on_change : callable
        Told one sentence when the shortage begins, None when it is over.
    count : int
    """

    def __init__(self, on_change: Callable[[str | None], None], count: int = COUNT) -> None:
        self._on_change = on_change
        self._count = count
        self._held: list[int] = []
        self.trouble: str | None = None

    def look(self) -> None:
        """Give the reserve back when the process has no descriptor left; set it aside again when there is room."""
        if self.trouble is not None or not self._held:
            self._take()
        elif not _is_one_left():
            self._begin()

    def _take(self) -> None:
        found = _open(self._count + MARGIN)
        if len(found) < self._count + MARGIN:
            _close(found)
            self._begin()
            return
        _close(found[self._count :])
        self._held = found[: self._count]
        if self.trouble is not None:
            log.warning("there are file descriptors again")
            self.trouble = None
            self._on_change(None)

    def _begin(self) -> None:
        _close(self._held)
        self._held = []
        if self.trouble is None:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            self.trouble = f"no file descriptors are left ({limit} are allowed): streams wait, orders and records go on; raise the limit (LimitNOFILE, ulimit -n)"
            log.critical("%s", self.trouble)
            self._on_change(self.trouble)

    def close(self) -> None:
        _close(self._held)
        self._held = []


def _open(count: int) -> list[int]:
    """As many descriptors as can be had, at most `count`."""
    found: list[int] = []
    try:
        while len(found) < count:
            found.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
    return found


def _is_one_left() -> bool:
    found = _open(1)
    _close(found)
    return bool(found)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
