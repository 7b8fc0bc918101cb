"""The router: from a tap or a line to an action, and from its answer to a card. Every tap is answered exactly once.

What a button means stands in the database under its token, so a button of an earlier process works like one of this process, and one whose card has changed
since says so instead of acting on something else.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from telegram import CallbackQuery, Message, Update
from telegram.error import BadRequest

from condor.errors import CondorError, UserError, nearest
from condor.services.bots import Claim
from condor.services.facade import Services
from condor.store.panels import AlreadyDone, Panel, Token
from condor.users import Actor, Forbidden
from handlers.context import Context
from handlers.gate import ChatContext
from handlers.html import line
from handlers.live import LiveCards
from handlers.present import Presenter
from handlers.processor import PREFIX, URGENT_PREFIX
from handlers.registry import Registry
from handlers.uploads import fetched
from handlers.view import Outcome, SendFile, Show, Toast, View

log = logging.getLogger(__name__)

MAX_ALERT = 200
ALREADY = {"start_draft": "already starting", "start_live": "already starting"}
"""What a second tap is told, where there is more to say than that it was done."""
OUTDATED = "This card is outdated. Here is a fresh one."


class Router:
    """See the module."""

    def __init__(self, registry: Registry, services: Services, presenter: Presenter, live: LiveCards, now_ms: Callable[[], int]) -> None:
        self._registry = registry
        self._services = services
        self._presenter = presenter
        self._live = live
        self._now_ms = now_ms

    # ---- taps ------------------------------------------------------------------------------------------------------
    async def on_tap(self, update: Update, context: ChatContext) -> None:
        """A button was tapped."""
        query, actor = update.callback_query, context.actor
        if query is None or actor is None:
            return
        text, is_alert = "", False
        try:
            text, is_alert = await self._tapped(query, actor)
        except UserError as error:
            text, is_alert = str(error), not isinstance(error, AlreadyDone)
        except Exception as error:  # noqa: BLE001 - the door of a chat update
            text, is_alert = _reported(error), True
        await _answer(query, text, is_alert=is_alert)

    async def _tapped(self, query: CallbackQuery, actor: Actor) -> tuple[str, bool]:
        panels = self._services.panels
        token = await panels.resolve((query.data or "").removeprefix(PREFIX).removeprefix(URGENT_PREFIX))
        panel = await panels.by_id(token.panel_id) if token is not None else None
        if token is None or panel is None or token.action not in self._registry.actions:
            await self._open(actor, Show("home"), _nothing)
            return OUTDATED, False
        if query.message is not None and panel.message_id != query.message.message_id:
            # the process ended after the card was sent and before it was known where
            panel = replace(panel, message_id=query.message.message_id, digest="")
        if token.user_id not in (actor.user_id, 0):
            raise Forbidden("this card belongs to somebody else; open your own with /start")
        if token.is_stale and token.used_ms is None:
            await self._turn(panel, Show(panel.screen, panel.args), actor, _nothing)
            return "This card has changed since; look again.", False
        return await self._act(token, panel, actor)

    async def _act(self, token: Token, panel: Panel, actor: Actor) -> tuple[str, bool]:
        """Carry out what a button means; whatever happens, the card shows how things are afterwards."""
        claim = self._services.panels.claim_of_token(token.token)
        try:
            if token.used_ms is not None:
                raise AlreadyDone(ALREADY.get(token.action, "this was done already"))
            outcome = await self._call(token.action, token.args, actor, claim)
        except UserError as error:
            await self._turn(panel, Show(panel.screen, panel.args), actor, claim)
            return str(error), not isinstance(error, AlreadyDone)
        if isinstance(outcome, SendFile):
            await self._presenter.send_file(actor.chat_id, outcome)
            await self._turn(panel, Show(panel.screen, panel.args), actor, claim)
            return "", False
        if isinstance(outcome, Toast):
            await self._turn(panel, Show(panel.screen, panel.args), actor, claim)
            return outcome.text, outcome.is_alert
        if outcome.is_new:
            await self._open(actor, outcome, claim)
        else:
            await self._turn(panel, outcome, actor, claim)
        return outcome.toast, False

    async def _call(self, name: str, args: dict[str, Any], actor: Actor, claim: Claim) -> Outcome:
        action = self._registry.actions[name]
        if actor.role < action.role:
            raise Forbidden(f"this needs the role {action.role.name.lower()}, yours is {actor.role.name.lower()}")
        return await action.act(self._context(actor, claim), args)

    # ---- lines -----------------------------------------------------------------------------------------------------
    async def on_line(self, update: Update, context: ChatContext) -> None:
        """A line was typed."""
        message, actor = update.message, context.actor
        if message is None or actor is None:
            return
        claim = self._services.panels.claim_of_update(actor.front, update.update_id)
        try:
            await self._services.subscriptions.known_chat(actor)
            text = message.text or ""
            if message.document is not None or (not text and message.effective_attachment):
                name, content = await fetched(context.bot, message)
                outcome = await self._call("upload", {"name": name, "content": content}, actor, claim)
                await self._open(actor, outcome if isinstance(outcome, Show) else Show("new"), claim)
            elif text.startswith("/"):
                await self._command(text, actor, claim)
            else:
                await self._answered(message, text, actor, claim)
        except UserError as error:
            await self._presenter.say(actor.chat_id, line("⚠️ ", str(error)), message.message_id)
        except Exception as error:  # noqa: BLE001 - the door of a chat update
            await self._presenter.say(actor.chat_id, line("⚠️ ", _reported(error)), message.message_id)

    async def _command(self, text: str, actor: Actor, claim: Claim) -> None:
        word, *arguments = text[1:].split()
        name = word.partition("@")[0].lower()
        found = self._registry.commands.get(name)
        if found is None:
            raise UserError(f"there is no command /{name[:32]}{nearest(name, self._registry.commands)}; /help lists them")
        if actor.role < found.role:
            raise Forbidden(f"/{name} needs the role {found.role.name.lower()}, yours is {actor.role.name.lower()}")
        await self._services.panels.expect(actor, None)
        await self._open(actor, await found.run(self._context(actor, claim), arguments), claim)

    async def _answered(self, message: Message, text: str, actor: Actor, claim: Claim) -> None:
        """A line that is no command: the answer to the card that it replies to, or else to the last card that asked."""
        panels = self._services.panels
        if not text:
            raise UserError("this can't be read here; /help lists what can be done")
        replied = message.reply_to_message
        panel = await panels.at(actor, replied.message_id) if replied is not None else None
        if panel is not None:
            expects = (await self._render(Show(panel.screen, panel.args), actor, claim)).expects
            wanted = (expects.action, dict(expects.args)) if expects is not None else None
        else:
            expected = await panels.expected(actor)
            panel = await panels.by_id(expected.panel_id) if expected is not None else None
            wanted = (expected.action, expected.args) if expected is not None else None
        if panel is None or wanted is None:
            raise UserError("nothing here waits for an answer; /help lists what can be done")
        is_loose = replied is None
        outcome = await self._call(wanted[0], {**wanted[1], "text": text, "is_loose": is_loose}, actor, claim)
        turned = outcome if isinstance(outcome, Show) else Show(panel.screen, panel.args)
        if turned.is_new:
            await self._open(actor, turned, claim)
            return
        # the answered card goes and comes back below the answer, so that the conversation reads downwards
        await self._presenter.remove(panel)
        fresh = panels.fresh(actor, turned.screen, dict(turned.args))
        await self._put(fresh, turned, actor, claim)

    # ---- cards -----------------------------------------------------------------------------------------------------
    async def _open(self, actor: Actor, shown: Show, claim: Claim) -> None:
        """A new card at the end of the chat."""
        await self._put(self._services.panels.fresh(actor, shown.screen, dict(shown.args)), shown, actor, claim)

    async def _turn(self, panel: Panel, shown: Show, actor: Actor, claim: Claim) -> None:
        """Turn a card to a screen."""
        turned = Panel(panel.panel_id, panel.front, panel.chat_id, panel.message_id, shown.screen, dict(shown.args), panel.digest)
        await self._put(turned, shown, actor, claim)

    async def _put(self, panel: Panel, shown: Show, actor: Actor, claim: Claim) -> None:
        view = await self._render(shown, actor, claim)
        panel = await self._presenter.put(panel, view, actor)
        await self._presenter.arm(panel, view, actor)
        if view.is_live:
            self._live.watch(panel, actor)
        else:
            self._live.forget(panel)

    async def _render(self, shown: Show, actor: Actor, claim: Claim) -> View:
        screen = self._registry.screens.get(shown.screen)
        if screen is None:
            return await self._registry.screens["home"].render(self._context(actor, claim), {})
        if actor.role < screen.role:
            raise Forbidden(f"this needs the role {screen.role.name.lower()}, yours is {actor.role.name.lower()}")
        return await screen.render(self._context(actor, claim), shown.args)

    def _context(self, actor: Actor, claim: Claim) -> Context:
        return Context(self._services, self._registry, actor, claim, self._now_ms)

    # ---- what the front end sends by itself ------------------------------------------------------------------------
    async def redraw(self, panel: Panel, actor: Actor) -> Panel | None:
        """Draw a live card again; None when it is not live any more."""
        view = await self._render(Show(panel.screen, panel.args), actor, _nothing)
        panel = await self._presenter.put(panel, view, actor)
        return panel if view.is_live else None

    async def send(self, actor: Actor, shown: Show, *, silent: bool = False) -> None:
        """A card that nobody asked for just now, such as a status push."""
        view = await self._render(shown, actor, _nothing)
        panel = self._services.panels.fresh(actor, shown.screen, dict(shown.args))
        await self._presenter.put(panel, view, actor, silent=silent)


def _nothing(connection: Any) -> None:
    """The claim of what changes nothing."""


def _reported(error: Exception) -> str:
    """What a person is told of a fault of ours; the log has the rest under the same reference."""
    reference = secrets.token_hex(3).upper()
    log.error("a chat update failed, reference %s", reference, exc_info=error)
    what = f" ({error})" if isinstance(error, CondorError) else ""
    return f"That failed by a fault of this program{what}. Look at /status before you try again. Reference {reference}."


async def _answer(query: CallbackQuery, text: str, *, is_alert: bool) -> None:
    shown = text if len(text) <= MAX_ALERT else text[: MAX_ALERT - 1] + "…"
    try:
        await query.answer(shown or None, show_alert=is_alert and bool(shown))
    except BadRequest as error:
        if "too old" not in str(error).lower() and "query id is invalid" not in str(error).lower():
            raise
