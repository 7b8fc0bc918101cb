"""How tests of one event loop wait for something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def until(holds: Callable[[], Any], what: str = "it to hold", patience_s: float = 60.0, tell: Callable[[], Any] = lambda: "") -> Any:
    """Wait; returns what `holds` gave when it was true at last.

    Parameters
    ----------
    tell : callable
        What else helps whoever reads that it did not come.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    while not (found := holds()):
        assert loop.time() < deadline, f"waited {patience_s:g} s for {what} {tell()}"
        await asyncio.sleep(0.02)
    return found
