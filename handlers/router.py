"""The router: from a tap or a line to an action, and from its answer to a card. Every tap is answered exactly once.

What a button means stands in the database under its token, so a button of an earlier process works like one of this process, and one whose card has changed
since says so instead of acting on something else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from telegram import CallbackQuery, Message, Update
from telegram.error import BadRequest

from condor.errors import UserError, nearest
from condor.services.bots import Claim
from condor.services.confirms import Choice
from condor.services.facade import Services
from condor.services.step_up import StepUpNeeded
from condor.store.panels import AlreadyDone, Panel, Token
from condor.users import Actor, Forbidden, Role, require
from handlers.args import Given, Outdated
from handlers.confirm import CONFIRM, Confirming, Place, place_of
from handlers.context import Context
from handlers.faults import Faults, Watched
from handlers.gate import ChatContext
from handlers.html import line
from handlers.late import LatePictures
from handlers.live import LiveCards
from handlers.looks import Looks, up_to_date
from handlers.pasted import looks_like_key
from handlers.present import Presenter
from handlers.processor import PREFIX, URGENT_PREFIX
from handlers.registry import Danger, Registry
from handlers.uploads import fetched
from handlers.view import Outcome, Send, SendLater, Show, Toast, View

log = logging.getLogger(__name__)

MAX_ALERT = 200
EMERGENCIES = frozenset({"panic", "panic_freeze", "panic_flatten", "panic_seen"})
"""Screens, actions and commands that only make things safer: no frozen front end refuses them."""

ALREADY = {"start_draft": "already starting", "start_live": "already starting"}
"""What a second tap is told, where there is more to say than that it was done."""
OUTDATED = "This card is outdated. Here is a fresh one."


class Router:
    """See the module."""

    def __init__(
        self, registry: Registry, services: Services, presenter: Presenter, live: LiveCards, now_ms: Callable[[], int], pictures: LatePictures
    ) -> None:
        self._registry = registry
        self._services = services
        self._presenter = presenter
        self._pictures = pictures
        self._looks = Looks(now_ms)
        self._live = live
        self._now_ms = now_ms
        self._faults = Faults(services.access, presenter, now_ms)
        draw = lambda shown, actor: self._render(shown, actor, _nothing)  # noqa: E731
        self._confirming = Confirming(services.confirms, lambda name: registry.actions[name].ttl_s, draw, self._confirmed)

    # ---- taps ------------------------------------------------------------------------------------------------------
    async def on_tap(self, update: Update, context: ChatContext) -> None:
        """A button was tapped."""
        query, actor = update.callback_query, context.actor
        if query is None or actor is None:
            return
        text, is_alert, token = "", False, None
        claim = self._watched(None)
        try:
            token = await self._services.panels.resolve((query.data or "").removeprefix(PREFIX).removeprefix(URGENT_PREFIX))
            claim = self._watched(token)
            text, is_alert = await self._tapped(query, token, actor, claim)
        except UserError as error:
            text, is_alert = str(error), not isinstance(error, AlreadyDone)
        except Exception as error:  # noqa: BLE001 - the door of a chat update
            where = token.action if token is not None else "a button"
            asked = token is not None and token.action == CONFIRM and await self._confirming.may_have_acted(token.args)
            text, is_alert = await self._faults.report(actor.front, where, error, had_effect=asked or await claim.had_effect()), True
        await _answer(query, text, is_alert=is_alert)

    def _watched(self, token: Token | None) -> Watched:
        """The claim of a tapped button."""
        if token is None:
            return Watched(_nothing, _never)
        panels, name = self._services.panels, token.token
        return Watched(panels.claim_of_token(name), lambda: panels.was_used(name))

    async def _tapped(self, query: CallbackQuery, token: Token | None, actor: Actor, claim: Claim) -> tuple[str, bool]:
        try:
            return await self._meant(query, token, actor, claim)
        except Outdated:
            await self._open(actor, Show("home"), _nothing)
            return OUTDATED, False

    async def _meant(self, query: CallbackQuery, token: Token | None, actor: Actor, claim: Claim) -> tuple[str, bool]:
        """What a button means now: nothing any more, a card that has changed, or an action."""
        panel = await self._services.panels.by_id(token.panel_id) if token is not None else None
        if token is None or panel is None or token.action not in (CONFIRM, *self._registry.actions):
            raise Outdated
        if not panel.message_id and query.message is not None:
            # the process that sent it ended before it heard where the card went
            panel = replace(panel, message_id=query.message.message_id)
        if token.action == CONFIRM:
            # before anything is drawn: a card that is somebody else's stays as it is
            await self._refuse_old(token, actor)
        if token.user_id not in (actor.user_id, 0):
            await self._not_theirs(token, actor)
        if token.is_stale and token.used_ms is None:
            await self._turn(panel, Show(panel.screen, panel.args), actor, _nothing)
            return "This card has changed since; look again.", False
        return await self._act(token, panel, actor, claim, place_of(query))

    async def _refuse_old(self, token: Token, actor: Actor) -> None:
        try:
            await self._confirming.refuse_old(token.args, actor)
        except Forbidden as error:
            await self._note_refusal(actor, token.action, token.args, error)
            raise

    async def _not_theirs(self, token: Token, actor: Actor) -> NoReturn:
        """A tap on somebody else's card: theirs stays as it is."""
        name, needed = await self._services.access.name_of(token.user_id), self._registry.actions[token.action].role
        what = "confirm this" if needed > Role.VIEWER else "use this card; open your own with /start"
        error = Forbidden(f"only {name} can {what}", needed)
        await self._note_refusal(actor, token.action, token.args, error)
        raise error

    async def _act(self, token: Token, panel: Panel, actor: Actor, claim: Claim, place: Place | None) -> tuple[str, bool]:
        """Carry out what a button means; whatever happens, the card shows how things are afterwards."""
        try:
            if token.used_ms is not None:
                raise AlreadyDone(ALREADY.get(token.action, "this was done already"))
            looked_ms = self._looks.lately(panel, token)
            if looked_ms is not None:
                return up_to_date(looked_ms), False
            if token.action == CONFIRM:
                outcome = await self._confirming.tapped(token.args, actor)
            else:
                outcome = await self._call(token.action, token.args, actor, claim, panel)
            return await self._answer_with(outcome, token, panel, actor, claim, place)
        except Outdated:
            raise
        except StepUpNeeded as error:
            await self._turn(panel, _step_up(panel), actor, claim)
            return str(error), False
        except UserError as error:
            await self._note_refusal(actor, token.action, token.args, error)
            await self._turn(panel, Show(panel.screen, panel.args), actor, claim, place)
            return str(error), not isinstance(error, AlreadyDone)

    async def _answer_with(self, outcome: Outcome, token: Token, panel: Panel, actor: Actor, claim: Claim, place: Place | None) -> tuple[str, bool]:
        """Show what an action came to."""
        if isinstance(outcome, Toast):
            await self._turn(panel, Show(panel.screen, panel.args), actor, claim, place)
            return outcome.text, outcome.is_alert
        if isinstance(outcome, Send):
            await self._presenter.send_file(actor, outcome.name, outcome.content, outcome.caption)
            return outcome.toast, False
        if isinstance(outcome, SendLater):
            self._pictures.send(actor, outcome.make)
            return outcome.toast, False
        if outcome.is_new:
            await self._open(actor, outcome, claim)
            return outcome.toast, False
        turned = await self._turn(panel, outcome, actor, claim, place)
        is_same = token.action == "show" and turned.digest == panel.digest
        return outcome.toast or (up_to_date(self._now_ms()) if is_same else ""), False

    async def _call(self, name: str, args: Mapping[str, Any], actor: Actor, claim: Claim, panel: Panel, *, is_confirmed: bool = False) -> Outcome:
        action = self._registry.actions[name]
        require(actor, action.role, "this", is_emergency=name in EMERGENCIES)
        if action.danger is Danger.CONFIRM and not is_confirmed:
            # a button of an older version, from before this asked
            raise Outdated
        return await action.act(self._context(actor, claim, panel), Given(args))

    async def _confirmed(self, choice: Choice, actor: Actor, claim: Claim) -> Outcome:
        nowhere = self._services.panels.fresh(actor, "home", {})
        return await self._call(choice.action, choice.args, actor, claim, nowhere, is_confirmed=True)

    # ---- lines -----------------------------------------------------------------------------------------------------
    async def on_line(self, update: Update, context: ChatContext) -> None:
        """A line was typed."""
        message, actor = update.message, context.actor
        if message is None or actor is None:
            return
        panels, front, number = self._services.panels, actor.front, update.update_id
        claim = Watched(panels.claim_of_update(front, number), lambda: panels.was_handled(front, number))
        try:
            await self._services.subscriptions.known_chat(actor)
            text = message.text or ""
            if looks_like_key(text):
                await self._pasted(message, actor, claim)
            elif message.document is not None or (not text and message.effective_attachment):
                name, content = await fetched(context.bot, message)
                outcome = await self._call("upload", {"name": name, "content": content}, actor, claim, self._services.panels.fresh(actor, "new", {}))
                await self._open(actor, outcome if isinstance(outcome, Show) else Show("new"), claim)
            elif text.startswith("/"):
                await self._command(text, actor, claim)
            else:
                await self._answered(message, text, actor, claim)
        except UserError as error:
            word = (message.text or "").partition(" ")[0]
            await self._note_refusal(actor, word if word.startswith("/") else "line", {}, error)
            await self._presenter.say(actor.chat_id, line("⚠️ ", str(error)), message.message_id)
        except Exception as error:  # noqa: BLE001 - the door of a chat update
            where = (message.text or "a file").split(maxsplit=1)[0] if (message.text or "").startswith("/") else "a message"
            told = await self._faults.report(actor.front, where, error, had_effect=await claim.had_effect())
            await self._presenter.say(actor.chat_id, line("⚠️ ", told), message.message_id)

    async def _command(self, text: str, actor: Actor, claim: Claim) -> None:
        word, *arguments = text[1:].split()
        name = word.partition("@")[0].lower()
        found = self._registry.command(name)
        if found is None:
            raise UserError(f"there is no command /{name[:32]}{nearest(name, self._registry.commands)}; /help lists them")
        require(actor, found.role, f"/{found.name}", is_emergency=found.name in EMERGENCIES)
        await self._services.panels.expect(actor, None)
        outcome = await found.run(self._context(actor, claim), arguments)
        if isinstance(outcome, Send):
            await self._presenter.send_file(actor, outcome.name, outcome.content, outcome.caption)
        elif isinstance(outcome, SendLater):
            self._pictures.send(actor, outcome.make)
        else:
            await self._open(actor, outcome, claim)

    async def _answered(self, message: Message, text: str, actor: Actor, claim: Claim) -> None:
        """A line that is no command: the answer to the card that it replies to, or else to the last card that asked."""
        panels = self._services.panels
        if not text:
            raise UserError("this can't be read here; /help lists what can be done")
        replied = message.reply_to_message
        panel = await panels.at(actor, replied.message_id) if replied is not None else None
        if panel is not None:
            owner = await panels.owner(panel)
            if owner not in (actor.user_id, 0):
                raise Forbidden(f"only {await self._services.access.name_of(owner)} can answer this card; open your own with /start")
            expects = (await self._render(Show(panel.screen, panel.args), actor, claim)).expects
            wanted = (expects.action, dict(expects.args)) if expects is not None else None
        else:
            expected = await panels.expected(actor)
            panel = await panels.by_id(expected.panel_id) if expected is not None else None
            wanted = (expected.action, expected.args) if expected is not None else None
        if panel is None or wanted is None:
            if self._services.step_up.is_on and text.strip().isdigit():
                # a code for a card that has stopped waiting
                await self._presenter.erase(actor.chat_id, message.message_id)
            raise UserError("nothing here waits for an answer; /help lists what can be done")
        if wanted[0] == "step_up":
            # a code is for nobody's eyes, right or wrong
            await self._presenter.erase(actor.chat_id, message.message_id)
        try:
            outcome = await self._call(wanted[0], {**wanted[1], "text": text, "is_loose": replied is None}, actor, claim, panel)
            turned = outcome if isinstance(outcome, Show) else Show(panel.screen, panel.args)
        except StepUpNeeded:
            turned = _step_up(panel)
        if turned.is_new:
            await self._open(actor, turned, claim)
            return
        # the answered card goes and comes back below the answer, so that the conversation reads downwards
        await self._presenter.remove(panel)
        fresh = panels.fresh(actor, turned.screen, dict(turned.args))
        await self._put(fresh, turned, actor, claim)

    async def _pasted(self, message: Message, actor: Actor, claim: Claim) -> None:
        """Somebody has typed a key: it goes, and is not used."""
        is_gone = await self._presenter.erase(actor.chat_id, message.message_id)
        is_group = message.chat.type != "private"
        await self._services.keys.note_pasted(actor, is_gone=is_gone, is_group=is_group)
        await self._open(actor, Show("key_pasted", {"is_gone": is_gone, "is_group": is_group}), claim)

    # ---- cards -----------------------------------------------------------------------------------------------------
    async def _open(self, actor: Actor, shown: Show, claim: Claim) -> None:
        """A new card at the end of the chat."""
        await self._put(self._services.panels.fresh(actor, shown.screen, dict(shown.args)), shown, actor, claim)

    async def _turn(self, panel: Panel, shown: Show, actor: Actor, claim: Claim, place: Place | None = None) -> Panel:
        """Turn a card to a screen; returns it as it stands then."""
        turned = Panel(panel.panel_id, panel.front, panel.chat_id, panel.message_id, shown.screen, dict(shown.args), panel.digest)
        return await self._put(turned, shown, actor, claim, place)

    async def _put(self, panel: Panel, shown: Show, actor: Actor, claim: Claim, place: Place | None = None) -> Panel:
        self._looks.look(panel)
        view = await self._confirming.written(panel, await self._render(shown, actor, claim), actor, place)
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

    async def _render(self, shown: Show, actor: Actor, claim: Claim) -> View:
        screen = self._registry.screens.get(shown.screen)
        if screen is None:
            return await self._registry.screens["home"].render(self._context(actor, claim), {})
        require(actor, screen.role, "this", is_emergency=screen.name in EMERGENCIES)
        return await screen.render(self._context(actor, claim), Given(shown.args))

    def _context(self, actor: Actor, claim: Claim, panel: Panel | None = None) -> Context:
        return Context(self._services, self._registry, actor, claim, self._now_ms, panel)

    # ---- what the front end sends by itself ------------------------------------------------------------------------
    async def redraw(self, panel: Panel, actor: Actor) -> Panel | None:
        """Draw a live card again; None when it is not live any more, or not for this person."""
        if actor.user_id:
            # what they may is looked up anew: a role may have been taken since
            actor = await self._services.access.actor(actor.front, actor.user_id, actor.name, actor.chat_id, actor.topic_id)
            if actor.role < self._registry.screens[panel.screen].role:
                return None
        view = await self._render(Show(panel.screen, panel.args), actor, _nothing)
        panel = await self._presenter.put(panel, view, actor)
        return panel if view.is_live else None

    async def send(self, actor: Actor, shown: Show, *, silent: bool = False) -> Panel:
        """A card that nobody asked for just now, such as a status push."""
        view = await self._render(shown, actor, _nothing)
        panel = self._services.panels.fresh(actor, shown.screen, dict(shown.args))
        return await self._pictures.put(panel, view, actor, silent=silent)

    async def _note_refusal(self, actor: Actor, action: str, args: Mapping[str, Any], error: UserError) -> None:
        """Keep in the audit that somebody tried to change what they may not."""
        if not isinstance(error, Forbidden) or error.role <= Role.VIEWER:
            return
        if action == CONFIRM:
            action, args = await self._confirming.meant(args)
        if action in ("show", "open"):
            action, args = f"open {args.get('screen')}", args.get("args") or {}
        target = ", ".join(str(args[name]) for name in ("bot", "draft", "id", "user", "chat", "controller") if args.get(name))
        await self._services.audit.refused(actor, action, target, str(error))


def _step_up(panel: Panel) -> Show:
    """The card asks for a code, and turns back afterwards."""
    return Show("step_up", {"screen": panel.screen, "args": dict(panel.args)} if panel.screen != "step_up" else panel.args)


def _nothing(connection: Any) -> None:
    """The claim of what changes nothing."""


async def _never() -> bool:
    return False


async def _answer(query: CallbackQuery, text: str, *, is_alert: bool) -> None:
    shown = text if len(text) <= MAX_ALERT else text[: MAX_ALERT - 1] + "…"
    try:
        await query.answer(shown or None, show_alert=is_alert and bool(shown))
    except BadRequest as error:
        if "too old" not in str(error).lower() and "query id is invalid" not in str(error).lower():
            raise
