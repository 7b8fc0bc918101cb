"""A tap: from a button to an action, and from its answer to the card. Every tap is answered exactly once.

What a button means stands in the database under its token, so a button of an earlier process works like one of this process, and one whose card has changed
since says so instead of acting on something else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from telegram import CallbackQuery, Update

from condor.errors import UserError
from condor.services.bots import Claim
from condor.services.facade import Services
from condor.services.step_up import StepUpNeeded
from condor.store.panels import AlreadyDone, Panel, Token
from condor.users import Actor, Forbidden, Role
from handlers.answering import TapAnswer
from handlers.args import Outdated
from handlers.calls import Calls, nothing
from handlers.cards import Cards, step_up
from handlers.confirm import CONFIRM, Confirming, Place, place_of
from handlers.faults import Faults, Watched
from handlers.gate import ChatContext
from handlers.looks import Looks
from handlers.present import Presenter
from handlers.processor import PREFIX, URGENT_PREFIX
from handlers.refusals import Refusals
from handlers.registry import Registry
from handlers.view import Outcome, Send, SendLater, Show, Toast

ALREADY = {"start_draft": "already starting", "start_live": "already starting"}
"""What a second tap is told, where there is more to say than that it was done."""
OUTDATED = "This card is outdated. Here is a fresh one."


class Taps:
    """See the module; of one front end."""

    def __init__(
        self,
        registry: Registry,
        services: Services,
        presenter: Presenter,
        looks: Looks,
        calls: Calls,
        confirming: Confirming,
        cards: Cards,
        refusals: Refusals,
        faults: Faults,
    ) -> None:
        self._registry = registry
        self._services = services
        self._presenter = presenter
        self._looks = looks
        self._calls = calls
        self._confirming = confirming
        self._cards = cards
        self._refusals = refusals
        self._faults = faults

    async def on_tap(self, update: Update, context: ChatContext) -> None:
        """A button was tapped."""
        query, actor = update.callback_query, context.actor
        if query is None or actor is None:
            return
        text, is_alert, token = "", False, None
        claim = self._watched(None)
        answer = TapAnswer(query, self._presenter)
        try:
            token = await self._services.panels.resolve((query.data or "").removeprefix(PREFIX).removeprefix(URGENT_PREFIX))
            claim = self._watched(token)
            text, is_alert = await self._tapped(query, token, actor, claim, answer)
        except UserError as error:
            text, is_alert = str(error), not isinstance(error, AlreadyDone)
        except Exception as error:  # noqa: BLE001 - the door of a chat update
            where = token.action if token is not None else "a button"
            asked = token is not None and token.action == CONFIRM and await self._confirming.may_have_acted(token.args)
            text, is_alert = await self._faults.report(actor.front, where, error, had_effect=asked or await claim.had_effect()), True
        await answer.give(text, is_alert=is_alert)

    def _watched(self, token: Token | None) -> Watched:
        """The claim of a tapped button."""
        if token is None:
            return Watched(nothing, _never)
        panels, name = self._services.panels, token.token
        return Watched(panels.claim_of_token(name), lambda: panels.was_used(name))

    # ---- what it means now -----------------------------------------------------------------------------------------
    async def _tapped(self, query: CallbackQuery, token: Token | None, actor: Actor, claim: Claim, answer: TapAnswer) -> tuple[str, bool]:
        try:
            return await self._meant(query, token, actor, claim, answer)
        except Outdated:
            await self._cards.open(actor, Show("home"), nothing)
            return OUTDATED, False

    async def _meant(self, query: CallbackQuery, token: Token | None, actor: Actor, claim: Claim, answer: TapAnswer) -> tuple[str, bool]:
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
            await self._cards.turn(panel, Show(panel.screen, panel.args), actor, nothing, place_of(query))
            return "This card has changed since; look again.", False
        return await self._act(token, panel, actor, claim, place_of(query), answer)

    async def _refuse_old(self, token: Token, actor: Actor) -> None:
        try:
            await self._confirming.refuse_old(token.args, actor)
        except Forbidden as error:
            await self._refusals.note(actor, token.action, token.args, error)
            raise

    async def _not_theirs(self, token: Token, actor: Actor) -> NoReturn:
        """A tap on somebody else's card: theirs stays as it is."""
        name, needed = await self._services.access.name_of(token.user_id), self._registry.actions[token.action].role
        what = "confirm this" if needed > Role.VIEWER else "use this card; open your own with /start"
        error = Forbidden(f"only {name} can {what}", needed)
        await self._refusals.note(actor, token.action, token.args, error)
        raise error

    # ---- doing it --------------------------------------------------------------------------------------------------
    async def _act(self, token: Token, panel: Panel, actor: Actor, claim: Claim, place: Place | None, answer: TapAnswer) -> tuple[str, bool]:
        """Carry out what a button means; whatever happens, the card shows how things are afterwards."""
        try:
            if token.used_ms is not None:
                raise AlreadyDone(ALREADY.get(token.action, "this was done already"))
            just_now = self._looks.lately(panel, token)
            if just_now is not None:
                return just_now, False
            outcome = await self._done(token, panel, actor, claim, answer)
            return await self._answer_with(outcome, token, panel, actor, claim, place)
        except Outdated:
            raise
        except StepUpNeeded as error:
            await self._cards.turn(panel, step_up(panel), actor, claim)
            return str(error), False
        except UserError as error:
            await self._refusals.note(actor, token.action, token.args, error)
            await self._cards.turn(panel, Show(panel.screen, panel.args), actor, claim, place)
            return str(error), not isinstance(error, AlreadyDone)

    async def _done(self, token: Token, panel: Panel, actor: Actor, claim: Claim, answer: TapAnswer) -> Outcome:
        """Carry it out, and let nobody whom it waits for hold up the answer."""
        if token.action == CONFIRM:
            name, _ = await self._confirming.meant(token.args)
            work = self._confirming.tapped(token.args, actor)
        else:
            name, work = token.action, self._calls.act(token.action, token.args, actor, claim, panel)
        action = self._registry.actions.get(name)
        return await answer.before(work, action.waits) if action is not None and action.waits else await work

    async def _answer_with(self, outcome: Outcome, token: Token, panel: Panel, actor: Actor, claim: Claim, place: Place | None) -> tuple[str, bool]:
        """Show what an action came to."""
        if isinstance(outcome, Toast):
            await self._cards.turn(panel, Show(panel.screen, panel.args), actor, claim, place)
            return outcome.text, outcome.is_alert
        if isinstance(outcome, Send | SendLater):
            await self._cards.deliver(outcome, actor)
            return outcome.toast, False
        if outcome.is_new:
            await self._cards.open(actor, outcome, claim)
            return outcome.toast, False
        turned = await self._cards.turn(panel, outcome, actor, claim, place)
        is_same = token.action == "show" and turned.digest == panel.digest
        return outcome.toast or (self._looks.up_to_date() if is_same else ""), False


async def _never() -> bool:
    return False
