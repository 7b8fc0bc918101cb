"""`/panic` from this machine: the page's button over the loopback port, the command line over its socket, and SIGUSR1."""

from __future__ import annotations

from typing import Any

from condor.services.panic import PanicService
from condor.users import Actor, Role

NAMES = {"page": "the local page", "cli": "the command line", "signal": "SIGUSR1"}


class PanicDoor:
    """Whoever comes in here has shown that he may act on this machine: he is the owner."""

    def __init__(self, panic: PanicService) -> None:
        self._panic = panic

    async def press(self, *, flatten: bool, front: str) -> dict[str, Any]:
        """Stop everything; how far it is."""
        actor = Actor(0, NAMES.get(front, "a program"), Role.OWNER, front, 0)
        await self._panic.begin(actor, lambda connection: None, flatten=flatten)
        return self.look()

    def look(self) -> dict[str, Any]:
        """How far it is; `goal` is None while nothing is stopped."""
        return self._panic.payload()
