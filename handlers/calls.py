"""What the registry names, done for one person: whether they may, and with which context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from condor.services.bots import Claim
from condor.services.confirms import Choice
from condor.services.facade import Services
from condor.store import Connection
from condor.store.panels import Panel
from condor.users import Actor, require
from handlers.args import Given, Outdated
from handlers.context import Context
from handlers.registry import Command, Danger, Registry
from handlers.view import Outcome, Send, SendLater, Show, View

EMERGENCIES = frozenset({"panic", "panic_freeze", "panic_flatten", "panic_seen"})
"""Screens, actions and commands that only make things safer: no frozen front end refuses them."""


def nothing(connection: Connection) -> None:
    """The claim of what changes nothing."""


class Calls:
    """See the module."""

    def __init__(self, registry: Registry, services: Services, now_ms: Callable[[], int]) -> None:
        self._registry = registry
        self._services = services
        self._now_ms = now_ms

    async def render(self, shown: Show, actor: Actor, claim: Claim = nothing) -> View:
        """Draw a screen; one that there is no more is home."""
        screen = self._registry.screens.get(shown.screen)
        if screen is None:
            return await self._registry.screens["home"].render(self._context(actor, claim), {})
        require(actor, screen.role, "this", is_emergency=screen.name in EMERGENCIES)
        return await screen.render(self._context(actor, claim), Given(shown.args))

    async def act(self, name: str, args: Mapping[str, Any], actor: Actor, claim: Claim, panel: Panel, *, is_confirmed: bool = False) -> Outcome:
        """Carry out an action."""
        action = self._registry.actions[name]
        require(actor, action.role, "this", is_emergency=name in EMERGENCIES)
        if action.danger is Danger.CONFIRM and not is_confirmed:
            # a button of an older version, from before this asked
            raise Outdated
        return await action.act(self._context(actor, claim, panel), Given(args))

    async def confirmed(self, choice: Choice, actor: Actor, claim: Claim) -> Outcome:
        """Carry out what a card asked about."""
        nowhere = self._services.panels.fresh(actor, "home", {})
        return await self.act(choice.action, choice.args, actor, claim, nowhere, is_confirmed=True)

    async def run(self, command: Command, arguments: list[str], actor: Actor, claim: Claim, asking: Panel | None = None) -> Show | Send | SendLater:
        """Carry out a command; the card that waits for a line, `asking`, stops waiting."""
        require(actor, command.role, f"/{command.name}", is_emergency=command.name in EMERGENCIES)
        await self._services.panels.expect(actor, None)
        return await command.run(self._context(actor, claim, asking), arguments)

    def _context(self, actor: Actor, claim: Claim, panel: Panel | None = None) -> Context:
        return Context(self._services, self._registry, actor, claim, self._now_ms, panel)
