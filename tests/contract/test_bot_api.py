"""The Bot API of the local chat, held against python-telegram-bot's own client over real loopback HTTP.

If one of these fails after an update of the library, handlers would see on Telegram what they never saw here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    TelegramObject,
)
from telegram.error import BadRequest, InvalidToken
from telegram.request import HTTPXRequest

from tests.support.served_chat import Served, png

ME = 1
NOT_MODIFIED = "Message is not modified: specified new message content and reply markup are exactly the same"


def request() -> HTTPXRequest:
    return HTTPXRequest(httpx_kwargs={"trust_env": False})


def bot_of(served: Served, token: str = "") -> Bot:
    return Bot(
        token or served.web.bot_token,
        base_url=f"{served.root}/bot",
        base_file_url=f"{served.root}/file/bot",
        request=request(),
        get_updates_request=request(),
    )


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"tap:{label}") for label in labels]])


def leftovers(value: Any, path: str = "") -> list[str]:
    """Fields that the library did not know, anywhere within an object."""
    if isinstance(value, TelegramObject):
        found = [f"{path}.{type(value).__name__}.{name}" for name in value.api_kwargs]
        for name in value.__slots__ if not isinstance(value.__slots__, str) else ():
            if not name.startswith("_") and name != "api_kwargs":
                found += leftovers(getattr(value, name, None), f"{path}.{name}")
        for kind in type(value).__mro__:
            for name in getattr(kind, "__slots__", ()):
                if not name.startswith("_") and name not in ("api_kwargs", *value.__slots__):
                    found += leftovers(getattr(value, name, None), f"{path}.{name}")
        return found
    if isinstance(value, (list, tuple)):
        return [found for index, item in enumerate(value) for found in leftovers(item, f"{path}[{index}]")]
    return []


@pytest_asyncio.fixture
async def bot(served: Served) -> AsyncIterator[Bot]:
    async with bot_of(served) as made:
        yield made


async def refused(call: Any) -> str:
    """What the library tells of a refused call."""
    with pytest.raises(BadRequest) as caught:
        await call
    return caught.value.message


# ---- who is who ------------------------------------------------------------------------------------------------------
async def test_get_me_tells_the_bot(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.first_name, me.username) == (1000000001, True, "Condor", "condor_local_bot")
    assert leftovers(me) == []


async def test_an_unknown_method_is_not_found_and_logged_loudly(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InvalidToken):
        await bot._post("sendDice", {"chat_id": ME})
    assert "sendDice" in caplog.text and caplog.records[-1].levelname == "ERROR"


async def test_there_is_one_chat(bot: Bot) -> None:
    chat = await bot.get_chat(ME)
    assert (chat.id, chat.type, chat.first_name, chat.pinned_message) == (ME, "private", "You", None)
    assert leftovers(chat) == []
    assert await refused(bot.get_chat(2)) == "Chat not found"
    assert await refused(bot.send_message(-1001234, "x")) == "Chat not found"
    assert await refused(bot.send_message("@somebody", "x")) == "Chat not found"


# ---- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<b>x", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("é<x>y</x>", 'Can\'t parse entities: unsupported start tag "x" at byte offset 2'),
        ("<b>x</i>", 'Can\'t parse entities: unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Can't parse entities: unexpected end tag at byte offset 1"),
        ("x<", "Can't parse entities: unclosed start tag at byte offset 1"),
    ],
)
async def test_broken_html_gets_telegrams_complaint(bot: Bot, html: str, complaint: str) -> None:
    assert (await refused(bot.send_message(ME, html, parse_mode="HTML"))).lower() == complaint.lower()


# ---- replies and keyboards -------------------------------------------------------------------------------------------


async def test_every_kind_of_button_comes_back(bot: Bot) -> None:
    buttons = InlineKeyboardMarkup(
        [
            [InlineKeyboardButton("Stop", callback_data="x" * 64, style="danger")],
            [InlineKeyboardButton("Docs", url="https://example.com/docs")],
            [InlineKeyboardButton("Copy", copy_text=CopyTextButton("0.4 BTC"), style="primary")],
        ]
    )
    message = await bot.send_message(ME, "x", reply_markup=buttons)
    assert message.reply_markup == buttons and leftovers(message) == []
    assert message.reply_markup.inline_keyboard[0][0].style == "danger"


# ---- files -----------------------------------------------------------------------------------------------------------


async def test_an_album_is_a_group_of_messages(bot: Bot) -> None:
    first = await bot.send_photo(ME, png(8, 8))
    media = [
        InputMediaPhoto(png(10, 20), caption="<i>one</i>", parse_mode="HTML"),
        InputMediaPhoto(png(30, 20)),
        InputMediaPhoto(first.photo[0].file_id),
    ]
    messages = await bot.send_media_group(ME, media, reply_to_message_id=first.message_id, disable_notification=True)
    assert len({message.media_group_id for message in messages}) == 1 and messages[0].media_group_id
    assert [message.photo[0].width for message in messages] == [10, 30, 8]
    assert messages[0].caption_html == "<i>one</i>" and messages[1].caption is None
    assert all(message.reply_to_message.message_id == first.message_id for message in messages)
    assert leftovers(messages) == []
    papers = await bot.send_media_group(ME, [InputMediaDocument(b"a", filename="a.txt"), InputMediaDocument(b"b")])
    assert [message.document.file_size for message in papers] == [1, 1]


# ---- edits -----------------------------------------------------------------------------------------------------------
async def test_an_edit_changes_the_message_and_drops_the_keyboard(served: Served, bot: Bot) -> None:
    message = await bot.send_message(ME, "one", reply_markup=keyboard("A"))
    served.clock.at += 5
    kept = await bot.edit_message_text("<b>two</b>", ME, message.message_id, parse_mode="HTML", reply_markup=keyboard("B"))
    assert isinstance(kept, Message) and kept.text_html == "<b>two</b>" and kept.reply_markup == keyboard("B")
    assert kept.edit_date is not None and (kept.edit_date - kept.date).total_seconds() == 5
    dropped = await bot.edit_message_text("three", ME, message.message_id)
    assert isinstance(dropped, Message) and dropped.reply_markup is None and leftovers(dropped) == []


async def test_an_edit_without_change_is_refused(bot: Bot) -> None:
    message = await bot.send_message(ME, "same", reply_markup=keyboard("A"))
    same = bot.edit_message_text("same ", ME, message.message_id, reply_markup=keyboard("A"))
    assert (await refused(same)).startswith(NOT_MODIFIED)
    same_buttons = bot.edit_message_reply_markup(ME, message.message_id, reply_markup=keyboard("A"))
    assert (await refused(same_buttons)).startswith(NOT_MODIFIED)


async def test_captions_and_keyboards_are_edited(bot: Bot) -> None:
    photo = await bot.send_photo(ME, png(), caption="one")
    edited = await bot.edit_message_caption(ME, photo.message_id, caption="<u>two</u>", parse_mode="HTML")
    assert isinstance(edited, Message) and edited.caption_html == "<u>two</u>"
    buttons = await bot.edit_message_reply_markup(ME, photo.message_id, reply_markup=keyboard("A"))
    assert isinstance(buttons, Message) and buttons.reply_markup == keyboard("A") and buttons.caption == "two"
    bare = await bot.edit_message_reply_markup(ME, photo.message_id)
    assert isinstance(bare, Message) and bare.reply_markup is None


# ---- what describes the bot ------------------------------------------------------------------------------------------


async def served_commands(served: Served) -> list[str]:
    async with served.session() as session, session.get("/chat/commands") as response:
        return [command["command"] for command in (await response.json())["commands"]]


async def test_there_is_no_webhook(served: Served, bot: Bot) -> None:
    await served.say("one")
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("", 1) and leftovers(info) == []
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0


# ---- updates and queries ---------------------------------------------------------------------------------------------


# ---- a whole application ---------------------------------------------------------------------------------------------


async def upload(served: Served, body: bytes, name: str) -> dict[str, Any]:
    from aiohttp import FormData

    form = FormData()
    form.add_field("file", body, filename=name)
    async with served.session() as session, session.post("/chat/upload", data=form) as response:
        return dict(await response.json())


async def next_of(served: Served, seq: int, kind: str) -> dict[str, Any]:
    """Wait for the first event of a kind."""
    while True:
        for event in await served.events(seq, wait=30):
            seq = event["seq"]
            if event["kind"] == kind:
                return event
