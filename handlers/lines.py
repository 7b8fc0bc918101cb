"""A typed line: a command, the answer to a card that asked, a file, or a key that should not be here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegram import Message, Update

from condor.errors import UserError
from condor.services.bots import Claim
from condor.services.facade import Services
from condor.services.step_up import StepUpNeeded
from condor.store import Connection
from condor.store.panels import EXPECT_TTL_MS, Panel
from condor.users import Actor, Forbidden
from handlers.calls import Calls
from handlers.cards import Cards, step_up
from handlers.faults import Faults, Watched
from handlers.gate import ChatContext
from handlers.html import line
from handlers.pasted import looks_like_key
from handlers.present import Presenter
from handlers.refusals import Refusals
from handlers.registry import Registry
from handlers.uploads import fetched
from handlers.view import Show
from handlers.words import ago

LATE_S = 60
"""A line that changes something and is older is not carried out: it may have waited for hours while nobody was listening."""


class Lines:
    """See the module; of one front end."""

    def __init__(
        self,
        registry: Registry,
        services: Services,
        presenter: Presenter,
        calls: Calls,
        cards: Cards,
        refusals: Refusals,
        faults: Faults,
        now_ms: Callable[[], int],
    ) -> None:
        self._registry = registry
        self._services = services
        self._presenter = presenter
        self._calls = calls
        self._cards = cards
        self._refusals = refusals
        self._faults = faults
        self._now_ms = now_ms

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
                outcome = await self._calls.act(
                    "upload", {"name": name, "content": content}, actor, self._in_time(message, claim), panels.fresh(actor, "new", {})
                )
                await self._cards.open(actor, outcome if isinstance(outcome, Show) else Show("new"), claim)
            elif text.startswith("/"):
                await self._command(message, text, actor, claim)
            else:
                await self._answered(message, text, actor, claim)
        except UserError as error:
            word = (message.text or "").partition(" ")[0]
            await self._refusals.note(actor, word if word.startswith("/") else "line", {}, error)
            await self._cards.refuse(actor, line("⚠️ ", str(error)), message.message_id)
        except Exception as error:  # noqa: BLE001 - the door of a chat update
            where = (message.text or "a file").split(maxsplit=1)[0] if (message.text or "").startswith("/") else "a message"
            told = await self._faults.report(actor.front, where, error, had_effect=await claim.had_effect())
            await self._cards.refuse(actor, line("⚠️ ", told), message.message_id)

    async def _pasted(self, message: Message, actor: Actor, claim: Claim) -> None:
        """Somebody has typed a key: it goes, and is not used."""
        is_gone = await self._presenter.erase(actor.chat_id, message.message_id)
        is_group = message.chat.type != "private"
        await self._services.keys.note_pasted(actor, is_gone=is_gone, is_group=is_group)
        await self._cards.open(actor, Show("key_pasted", {"is_gone": is_gone, "is_group": is_group}), claim)

    def _in_time(self, message: Message, claim: Claim) -> Claim:
        """The claim of what a line changes: refused for one that was sent a while ago. It was written for another moment, by somebody who saw nothing come of it;
        what only looks needs no claim and is answered."""

        def effect(connection: Connection) -> None:
            age_s = self._now_ms() / 1000 - message.date.timestamp()
            if age_s > LATE_S:
                raise UserError(f"this was sent {ago(age_s)} ago and was not carried out: send it again if you still want it")
            claim(connection)

        return effect

    async def _command(self, message: Message, text: str, actor: Actor, claim: Claim) -> None:
        word, *arguments = text[1:].split()
        found = self._registry.command(word.partition("@")[0].lower())
        outcome = await self._calls.run(found, arguments, actor, self._in_time(message, claim), await self._asking(message, actor))
        if isinstance(outcome, Show):
            await self._cards.open(actor, outcome, claim)
        else:
            await self._cards.deliver(outcome, actor)

    async def _asking(self, message: Message, actor: Actor) -> Panel | None:
        """The card that a command replies to, or else the one that waits for a line now; only one's own."""
        panels, replied = self._services.panels, message.reply_to_message
        if replied is not None:
            panel = await panels.at(actor, replied.message_id)
        else:
            expected = await panels.expected(actor)
            panel = await panels.by_id(expected.panel_id) if expected is not None else None
        return panel if panel is not None and await panels.owner(panel) in (actor.user_id, 0) else None

    # ---- answers ---------------------------------------------------------------------------------------------------
    async def _answered(self, message: Message, text: str, actor: Actor, claim: Claim) -> None:
        """A line that is no command: the answer to the card that it replies to, or else to the last card that asked."""
        if not text:
            raise UserError("this can't be read here; /help lists what can be done")
        found = await self._asked(message, actor, claim)
        if found is None:
            if self._services.step_up.is_asked(actor) and text.strip().isdigit():
                # a code for a card that has stopped waiting
                await self._presenter.erase(actor.chat_id, message.message_id)
            if await self._services.panels.has_lapsed(actor):
                minutes = EXPECT_TTL_MS // 60_000
                raise UserError(
                    f"nothing here waits for an answer any more: a card waits {minutes} minutes. Reply to it to answer it now, or tap it again"
                )
            raise UserError("nothing here waits for an answer; /help lists what can be done")
        panel, action, args = found
        if action == "step_up":
            # a code is for nobody's eyes, right or wrong
            await self._presenter.erase(actor.chat_id, message.message_id)
        try:
            outcome = await self._calls.act(
                action, {**args, "text": text, "is_loose": message.reply_to_message is None}, actor, self._in_time(message, claim), panel
            )
            turned = outcome if isinstance(outcome, Show) else Show(panel.screen, panel.args)
        except StepUpNeeded:
            turned = step_up(panel)
        if not turned.is_new:
            # the answered card goes and comes back below the answer, so that the conversation reads downwards
            await self._presenter.remove(panel)
        await self._cards.open(actor, turned, claim)

    async def _asked(self, message: Message, actor: Actor, claim: Claim) -> tuple[Panel, str, dict[str, Any]] | None:
        """(card, action, its arguments) that a line answers; None where nothing waits for one."""
        panels, replied = self._services.panels, message.reply_to_message
        panel = await panels.at(actor, replied.message_id) if replied is not None else None
        if panel is not None:
            owner = await panels.owner(panel)
            if owner not in (actor.user_id, 0):
                raise Forbidden(f"only {await self._services.access.name_of(owner)} can answer this card; open your own with /start")
            expects = (await self._calls.render(Show(panel.screen, panel.args), actor, claim)).expects
            return None if expects is None else (panel, expects.action, dict(expects.args))
        expected = await panels.expected(actor)
        panel = await panels.by_id(expected.panel_id) if expected is not None else None
        return None if panel is None or expected is None else (panel, expected.action, expected.args)
