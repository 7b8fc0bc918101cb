"""Cards with a picture: which call of the Bot API shows them, and pictures that Telegram has already are not sent again."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import OrderedDict
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, InputMediaPhoto, Message
from telegram.error import BadRequest

from condor.store.panels import Panel
from handlers.html import Safe

KEPT = 128
"""Pictures whose file id is remembered."""

NAME = "chart.png"


class Photos:
    """Sends pictures, and puts them into cards that are in the chat."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._ids: OrderedDict[str, str] = OrderedDict()

    async def send(
        self,
        chat_id: int,
        picture: bytes,
        caption: Safe,
        markup: InlineKeyboardMarkup | None,
        *,
        silent: bool,
        topic_id: int | None = None,
        is_protected: bool = False,
    ) -> int:
        """A new message with a picture; returns its id."""
        options: dict[str, Any] = {
            "caption": caption,
            "reply_markup": markup,
            "disable_notification": silent,
            "message_thread_id": topic_id,
            "protect_content": is_protected or None,
        }
        known = self._known(picture)
        if known is not None:
            try:
                return self._sent(picture, await self._bot.send_photo(chat_id, known, **options))
            except BadRequest as error:
                self._forget(picture, error)
        return self._sent(picture, await self._bot.send_photo(chat_id, picture, filename=NAME, **options))

    async def edit(self, panel: Panel, picture: bytes, caption: Safe, markup: InlineKeyboardMarkup | None) -> None:
        """Give a card that is in the chat this picture, whether it had one or only text; raises BadRequest as the Bot API does."""
        known = self._known(picture)
        if known is not None:
            try:
                await self._put(panel, picture, InputMediaPhoto(known, caption=caption), markup)
                return
            except BadRequest as error:
                self._forget(picture, error)
        await self._put(panel, picture, InputMediaPhoto(picture, caption=caption, filename=NAME), markup)

    async def _put(self, panel: Panel, picture: bytes, media: InputMediaPhoto, markup: InlineKeyboardMarkup | None) -> None:
        edited = await self._bot.edit_message_media(media, chat_id=panel.chat_id, message_id=panel.message_id, reply_markup=markup)
        if isinstance(edited, Message):
            self._sent(picture, edited)

    # ---- what Telegram has already ---------------------------------------------------------------------------------
    def _known(self, picture: bytes) -> str | None:
        return self._ids.get(_key(picture))

    def _sent(self, picture: bytes, message: Message) -> int:
        if message.photo:
            self._ids[_key(picture)] = message.photo[-1].file_id
            while len(self._ids) > KEPT:
                self._ids.popitem(last=False)
        return message.message_id

    def _forget(self, picture: bytes, error: BadRequest) -> None:
        """An id that is not taken any more is forgotten, and the picture sent again; every other refusal is not about the id."""
        words = str(error).lower()
        if "file" not in words or ("identifier" not in words and "file_id" not in words):
            raise error
        self._ids.pop(_key(picture), None)


def _key(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


def blank(width: int = 64, height: int = 34, colour: tuple[int, int, int] = (23, 33, 43)) -> bytes:
    """A picture of one colour: it stands where a chart will be, so that nothing of another state is seen meanwhile."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(colour) * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
