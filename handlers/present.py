"""From a view to a message: sends, edits in place, and knows what a card shows already."""

from __future__ import annotations

import json
import logging

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest

from condor.services.panels import PanelService, digest_of
from condor.store.panels import ButtonSpec, Expectation, Panel
from condor.users import Actor
from handlers.html import MAX_TEXT, Safe, esc, visible_length
from handlers.processor import PREFIX, URGENT_PREFIX, is_urgent_button
from handlers.view import SendFile, View

log = logging.getLogger(__name__)


class Presenter:
    """Puts cards into chats and remembers where they are.

    Parameters
    ----------
    bot : Bot
    panels : PanelService
    """

    def __init__(self, bot: Bot, panels: PanelService) -> None:
        self._bot = bot
        self._panels = panels

    async def put(self, panel: Panel, view: View, actor: Actor, *, silent: bool = False) -> Panel:
        """Show a view on a panel's message: edits it when it is in the chat and can be edited, sends a new message otherwise."""
        if visible_length(view.text) > MAX_TEXT:
            raise ValueError(f"the card {panel.screen} has {visible_length(view.text)} characters, more than {MAX_TEXT}")
        markup, content = await self._keyboard(panel, view, actor)
        if panel.message_id and digest_of(content) == panel.digest:
            return panel
        message_id = panel.message_id
        if message_id and not await self._edit(panel, view.text, markup):
            message_id = 0
        if not message_id:
            sent = await self._bot.send_message(panel.chat_id, view.text, reply_markup=markup, disable_notification=silent)
            message_id = sent.message_id
        return await self._panels.shown(panel, message_id, content)

    async def arm(self, panel: Panel, view: View, actor: Actor) -> None:
        """Let the next typed line of this chat answer the card's question; a card that asks no more stops waiting."""
        expects = view.expects
        if expects is not None:
            await self._panels.expect(actor, Expectation(panel.panel_id, expects.action, dict(expects.args)))
            return
        waiting = await self._panels.expected(actor)
        if waiting is not None and waiting.panel_id == panel.panel_id:
            await self._panels.expect(actor, None)

    async def remove(self, panel: Panel) -> None:
        """Take a card out of the chat; one that can't be deleted stays and is outdated."""
        if not panel.message_id:
            return
        try:
            await self._bot.delete_message(panel.chat_id, panel.message_id)
        except BadRequest as error:
            log.debug("the card %s stays: %s", panel.message_id, error)
        await self._panels.removed(panel)

    async def say(self, chat_id: int, text: Safe, reply_to: int | None = None) -> None:
        """A plain message."""
        await self._bot.send_message(chat_id, text, reply_to_message_id=reply_to)

    async def send_file(self, chat_id: int, file: SendFile) -> None:
        """A file of its own."""
        await self._bot.send_document(chat_id, file.content, caption=esc(file.caption) or None, filename=file.name)

    # ---- parts -----------------------------------------------------------------------------------------------------
    async def _keyboard(self, panel: Panel, view: View, actor: Actor) -> tuple[InlineKeyboardMarkup | None, str]:
        """The keyboard with its tokens, and text that tells whether the card has changed."""
        buttons = [button for row in view.rows for button in row]
        tokens = iter(await self._panels.tokens(panel, actor, [ButtonSpec(button.action, dict(button.args), button.once) for button in buttons]))
        rows = [
            [
                InlineKeyboardButton(
                    button.text,
                    callback_data=(URGENT_PREFIX if is_urgent_button(panel.screen, button) else PREFIX) + next(tokens),
                    style=button.style or None,
                )
                for button in row
            ]
            for row in view.rows
        ]
        content = json.dumps([view.text, [[(button.text, button.callback_data) for button in row] for row in rows]])
        return (InlineKeyboardMarkup(rows) if rows else None), content

    async def _edit(self, panel: Panel, text: Safe, markup: InlineKeyboardMarkup | None) -> bool:
        """Edit a card in place; False when its message can't be edited any more."""
        try:
            await self._bot.edit_message_text(text, chat_id=panel.chat_id, message_id=panel.message_id, reply_markup=markup)
        except BadRequest as error:
            words = str(error).lower()
            if "not modified" in words:
                return True
            if "to edit not found" in words or "can't be edited" in words or "no text in the message" in words:
                return False
            raise
        return True
