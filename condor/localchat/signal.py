"""Waking up whoever waits for a change of the chat."""

from __future__ import annotations

import asyncio


class ChangeSignal:
    """An event that can be waited for again and again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        """Wake up everybody who waits now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Until the next change, or at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
