"""The router: what a chat sends goes to the taps or to the lines, and both work on the same cards."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from condor.services.facade import Services
from condor.store.panels import Panel
from condor.users import Actor
from handlers.calls import Calls
from handlers.cards import Cards
from handlers.confirm import Confirming
from handlers.faults import Faults
from handlers.gate import ChatContext
from handlers.late import LatePictures
from handlers.lines import Lines
from handlers.live import LiveCards
from handlers.looks import Looks
from handlers.present import Presenter
from handlers.refusals import Refusals
from handlers.registry import Registry
from handlers.taps import Taps
from handlers.view import Show


class Router:
    """See the module; of one front end."""

    def __init__(
        self, registry: Registry, services: Services, presenter: Presenter, live: LiveCards, now_ms: Callable[[], int], pictures: LatePictures
    ) -> None:
        self._presenter = presenter
        self._looks = Looks(now_ms)
        calls = Calls(registry, services, now_ms)
        confirming = Confirming(services.confirms, lambda name: registry.actions[name].ttl_s, calls.render, calls.confirmed)
        faults, refusals = Faults(services.access, presenter, services.redact, now_ms), Refusals(services.audit, confirming)
        self._cards = Cards(registry, services, presenter, live, pictures, self._looks, calls, confirming)
        self._taps = Taps(registry, services, presenter, self._looks, calls, confirming, self._cards, refusals, faults)
        self._lines = Lines(registry, services, presenter, calls, self._cards, refusals, faults, now_ms)

    async def on_tap(self, update: Update, context: ChatContext) -> None:
        """A button was tapped."""
        await self._taps.on_tap(update, context)

    async def on_line(self, update: Update, context: ChatContext) -> None:
        """A line was typed."""
        await self._lines.on_line(update, context)

    async def redraw(self, panel: Panel, actor: Actor, is_last: bool = False) -> Panel | None:
        """Draw a live card again, `is_last` before it stands still; None when it is not live any more, or not for this person."""
        return await self._cards.redraw(panel, actor, is_last)

    async def send(self, actor: Actor, shown: Show, *, silent: bool = False) -> Panel:
        """A card that nobody asked for just now, such as a status push."""
        return await self._cards.send(actor, shown, silent=silent)
