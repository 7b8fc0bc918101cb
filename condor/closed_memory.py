"""What is in this process's memory stays there: keys are in it while accounts are open, so it leaves no core file, and other programs of the same user can't read it.

A core dump of a crashed process, or a debugger that is attached to a running one, would show what the vault keeps sealed.
"""

from __future__ import annotations

import ctypes
import logging
import resource
import sys

log = logging.getLogger(__name__)

PR_SET_DUMPABLE = 4
"""Of Linux: 0 means that no core is dumped, and that only root may attach to the process or read its memory."""


def close_memory() -> None:
    """Let nothing of this process's memory out, as far as this system can be told so. Programs that it starts are not bound by it on Linux."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl was refused")
    except (OSError, ValueError) as error:
        log.warning("a crash may leave a core file with keys in it: this system does not let us rule that out (%s)", error)
