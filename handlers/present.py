"""From a view to a message: sends, edits in place, and knows what a card shows already."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest

from condor.errors import UserError
from condor.services.panels import PanelService, digest_of
from condor.store.panels import ButtonSpec, Expectation, Panel
from condor.store.people import Manners
from condor.users import Actor
from handlers.hidden import hidden, hidden_view
from handlers.html import MAX_CAPTION, MAX_TEXT, Safe, visible_length
from handlers.pasted import delete_for_sure
from handlers.photos import Photos, blank
from handlers.processor import PREFIX, URGENT_PREFIX, is_urgent_button
from handlers.view import View

log = logging.getLogger(__name__)


MannersOf = Callable[[int], Awaitable[Manners]]


async def plain_manners(chat_id: int) -> Manners:
    """Those of a private chat."""
    return Manners()


class Presenter:
    """Puts cards into chats and remembers where they are.

    Parameters
    ----------
    bot : Bot
    panels : PanelService
    manners : callable
        How the bot speaks in a chat.
    """

    def __init__(self, bot: Bot, panels: PanelService, manners: MannersOf = plain_manners) -> None:
        self._bot = bot
        self._photos = Photos(bot)
        self._panels = panels
        self._manners = manners

    async def put(self, panel: Panel, view: View, actor: Actor, *, silent: bool = False, reply_to: int = 0) -> Panel:
        """Show a view on a panel's message: edits it when it is in the chat and can be edited, sends a new message otherwise.

        A text becomes a picture in place; a picture does not become a text again, so that card goes and comes back at the end of the chat. A card that waits for its
        picture keeps its place. `reply_to` is the message that a new one answers; 0 for none.
        """
        manners = await self._manners(panel.chat_id)
        view = hidden_view(view) if manners.hides_sums else view
        markup, content = await self._checked(panel, view, actor)
        if panel.message_id and digest_of(content) == panel.digest:
            return panel
        edit = await self._edit(panel, view, markup) if panel.message_id else _Edit.GONE
        if edit is _Edit.DONE:
            return await self._panels.shown(panel, panel.message_id, content)
        message_id = await self._send(actor, view, markup, manners, silent=silent, reply_to=reply_to)
        if edit is _Edit.IS_PICTURE:
            await self.remove(panel)
        return await self._panels.shown(panel, message_id, content)

    async def change(self, panel: Panel, view: View, actor: Actor) -> None:
        """Show a view on a card that is in the chat; nothing comes of it when the card is gone."""
        manners = await self._manners(panel.chat_id)
        view = hidden_view(view) if manners.hides_sums else view
        markup, content = await self._checked(panel, view, actor)
        if digest_of(content) == panel.digest:
            return
        edit = await self._edit(panel, view, markup)
        if edit is _Edit.IS_PICTURE:
            await self.remove(panel)
            await self._panels.shown(panel, await self._send(actor, view, markup, manners, silent=True), content)
        elif edit is _Edit.DONE:
            await self._panels.shown(panel, panel.message_id, content)

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

    async def erase(self, chat_id: int, message_id: int) -> bool:
        """Delete what a person has typed; whether it is gone for sure."""
        return await delete_for_sure(self._bot, chat_id, message_id)

    async def say(self, chat_id: int, text: Safe, reply_to: int | None = None) -> None:
        """A plain message."""
        manners = await self._manners(chat_id)
        shown = hidden(text) if manners.hides_sums else text
        await self._bot.send_message(chat_id, shown, reply_to_message_id=reply_to, protect_content=manners.is_protected or None)

    async def send_file(self, actor: Actor, name: str, content: bytes, caption: Safe) -> None:
        """A document, where the actor is.

        Raises
        ------
        UserError
            If no sums are to be seen there: a file is full of them.
        """
        manners = await self._manners(actor.chat_id)
        if manners.hides_sums:
            raise UserError("files have sums in them, and those are hidden in this group; ask for it in your private chat with the bot")
        options: dict[str, Any] = {"message_thread_id": actor.topic_id or None, "protect_content": manners.is_protected or None}
        await self._bot.send_document(actor.chat_id, content, filename=name, caption=caption, **options)

    # ---- parts -----------------------------------------------------------------------------------------------------
    async def _checked(self, panel: Panel, view: View, actor: Actor) -> tuple[InlineKeyboardMarkup | None, str]:
        """What `_keyboard` gives, of a view whose text fits."""
        limit = MAX_TEXT if view.picture is None and view.drawing is None else MAX_CAPTION
        if visible_length(view.text) > limit:
            raise ValueError(f"the card {panel.screen} has {visible_length(view.text)} characters, more than {limit}")
        return await self._keyboard(panel, view, actor)

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
        picture = None if view.picture is None else hashlib.sha256(view.picture).hexdigest()
        content = json.dumps([view.text, picture, [[(button.text, button.callback_data) for button in row] for row in rows]])
        return (InlineKeyboardMarkup(rows) if rows else None), content

    async def _send(self, actor: Actor, view: View, markup: InlineKeyboardMarkup | None, manners: Manners, *, silent: bool, reply_to: int = 0) -> int:
        """A new message where the actor is; returns its id."""
        topic_id = actor.topic_id or None
        if view.picture is not None:
            options: dict[str, Any] = {"silent": silent, "topic_id": topic_id, "is_protected": manners.is_protected}
            return await self._photos.send(actor.chat_id, view.picture, view.text, markup, **options)
        sent = await self._bot.send_message(
            actor.chat_id,
            view.text,
            reply_markup=markup,
            disable_notification=silent,
            message_thread_id=topic_id,
            reply_to_message_id=reply_to or None,
            protect_content=manners.is_protected or None,
        )
        return sent.message_id

    async def _edit(self, panel: Panel, view: View, markup: InlineKeyboardMarkup | None) -> _Edit:
        """Edit a card in place, if its message can be edited."""
        try:
            if view.picture is not None:
                await self._photos.edit(panel, view.picture, view.text, markup)
            else:
                await self._bot.edit_message_text(view.text, chat_id=panel.chat_id, message_id=panel.message_id, reply_markup=markup)
        except BadRequest as error:
            words = str(error).lower()
            if "not modified" in words:
                return _Edit.DONE
            if "no text in the message" in words:
                if view.drawing is None:
                    return _Edit.IS_PICTURE
                return await self._edit(panel, replace(view, picture=blank()), markup)
            if "to edit not found" in words or "can't be edited" in words:
                return _Edit.GONE
            raise
        return _Edit.DONE


class _Edit(Enum):
    """What became of an edit in place."""

    DONE = "done"
    GONE = "gone"
    """There is no message any more, or it is too old."""
    IS_PICTURE = "is a picture"
    """A text is wanted where a picture stands."""
