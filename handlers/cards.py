"""The cards of a chat: opened, turned, drawn again. One place knows what belongs to that: what it asks is written down, its question is armed, its picture follows."""

from __future__ import annotations

import logging
from dataclasses import replace

from condor.errors import CondorError
from condor.services.bots import Claim
from condor.services.facade import Services
from condor.store.panels import EXPECT_TTL_MS, Panel
from condor.users import Actor, Role
from handlers.calls import Calls
from handlers.confirm import Confirming, Place
from handlers.html import Safe, italic, join
from handlers.late import LatePictures
from handlers.live import LiveCards
from handlers.looks import Looks
from handlers.present import Presenter
from handlers.registry import Registry
from handlers.view import Send, SendLater, Show, View, show

log = logging.getLogger(__name__)

PAUSED = "⏸ paused, tap 🔄 Refresh to resume"
"""What a live card says that nobody has touched for a while."""


class Cards:
    """See the module; of one front end."""

    def __init__(
        self,
        registry: Registry,
        services: Services,
        presenter: Presenter,
        live: LiveCards,
        pictures: LatePictures,
        looks: Looks,
        calls: Calls,
        confirming: Confirming,
    ) -> None:
        self._registry = registry
        self._services = services
        self._presenter = presenter
        self._live = live
        self._pictures = pictures
        self._looks = looks
        self._calls = calls
        self._confirming = confirming

    async def open(self, actor: Actor, shown: Show, claim: Claim) -> None:
        """A new card at the end of the chat."""
        await self._put(self._services.panels.fresh(actor, shown.screen, dict(shown.args)), shown, actor, claim)

    async def refuse(self, actor: Actor, text: Safe, reply_to: int) -> None:
        """Why a typed line was not carried out, below it and with a way back; a card that waits for a line goes on waiting."""
        label, screen = ("◀ Home", "home") if actor.role > Role.ALERT_ONLY else ("❔ Help", "help")
        panel = self._services.panels.fresh(actor, screen, {})
        try:
            await self._presenter.put(panel, View(text, ((show(label, screen),),)), actor, reply_to=reply_to)
        except CondorError as error:
            # its button can't be written down: the words are worth more than the way back
            log.warning("a refusal goes without a way back: %s", error)
            await self._presenter.say(actor.chat_id, text, reply_to)

    async def turn(self, panel: Panel, shown: Show, actor: Actor, claim: Claim, place: Place | None = None) -> Panel:
        """Turn a card to a screen; returns it as it stands then. `place` is where the tapped button was."""
        return await self._put(replace(panel, screen=shown.screen, args=dict(shown.args)), shown, actor, claim, place)

    async def _put(self, panel: Panel, shown: Show, actor: Actor, claim: Claim, place: Place | None = None) -> Panel:
        self._looks.look(panel)
        view = _awaiting(await self._confirming.written(panel, await self._calls.render(shown, actor, claim), actor, place))
        is_there = bool(panel.message_id)
        if is_there:
            # before its question can be read: the tap may be of the urgent lane, and the answer then does not wait for it
            await self._presenter.arm(panel, view, actor)
        panel = await self._pictures.put(panel, view, actor)
        if not is_there:
            await self._presenter.arm(panel, view, actor)
        if view.is_live:
            self._live.watch(panel, actor)
        else:
            self._live.forget(panel)
        return panel

    async def deliver(self, outcome: Send | SendLater, actor: Actor) -> None:
        """Send a file, now or when it is made."""
        if isinstance(outcome, Send):
            await self._presenter.send_file(actor, outcome.name, outcome.content, outcome.caption)
        else:
            self._pictures.send(actor, outcome.make)

    # ---- what the front end sends by itself ------------------------------------------------------------------------
    async def redraw(self, panel: Panel, actor: Actor, is_last: bool = False) -> Panel | None:
        """Draw a live card again, the last time with a word about that; None when it is not live any more, or not for this person."""
        if actor.user_id:
            # what they may is looked up anew: a role may have been taken since
            actor = await self._services.access.actor(actor.front, actor.user_id, actor.name, actor.chat_id, actor.topic_id)
            if actor.role < self._registry.screens[panel.screen].role:
                return None
        view = await self._calls.render(Show(panel.screen, panel.args), actor)
        if is_last and view.is_live:
            view = replace(view, text=join([view.text, italic(PAUSED)], "\n"))
        panel = await self._presenter.put(panel, view, actor)
        return panel if view.is_live else None

    async def send(self, actor: Actor, shown: Show, *, silent: bool = False) -> Panel:
        """A card that nobody asked for just now, such as a status push."""
        view = await self._calls.render(shown, actor)
        panel = self._services.panels.fresh(actor, shown.screen, dict(shown.args))
        return await self._pictures.put(panel, view, actor, silent=silent)


def _awaiting(view: View) -> View:
    """A card that is armed says so, and for how long."""
    if view.expects is None or not view.expects.what:
        return view
    told = italic(f"⌨ waiting for {view.expects.what} ({EXPECT_TTL_MS // 60_000} min)")
    return replace(view, text=join([view.text, told], "\n"))


def step_up(panel: Panel) -> Show:
    """The card asks for a code, and turns back afterwards."""
    return Show("step_up", {"screen": panel.screen, "args": dict(panel.args)} if panel.screen != "step_up" else panel.args)
