"""Every Bot API method that the local chat has, called by python-telegram-bot's own client over real loopback HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    MenuButtonCommands,
    Message,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter
from telegram.request import HTTPXRequest

from condor.localchat.methods import METHODS
from tests.support.served_chat import Served, png, served_chat

ME = 1
CALLED: set[str] = set()


class CountingRequest(HTTPXRequest):
    """Remembers which methods were called."""

    async def do_request(self, url: str, *args: Any, **options: Any) -> Any:
        CALLED.add(url.rpartition("/")[2].lower())
        return await super().do_request(url, *args, **options)


def bot_of(served: Served, token: str = "") -> Bot:
    options = {"trust_env": False}
    return Bot(
        token or served.web.bot_token,
        base_url=f"{served.root}/bot",
        base_file_url=f"{served.root}/file/bot",
        request=CountingRequest(httpx_kwargs=options),
        get_updates_request=CountingRequest(httpx_kwargs=options),
    )


@pytest.fixture
async def bot(served: Served) -> AsyncIterator[Bot]:
    async with bot_of(served) as made:
        yield made


def keys(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"v1:{label}") for label in labels]])


async def refusal(call: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        await call
    return caught.value.message.lower()


# ---- messages ------------------------------------------------------------------------------------------------------
async def test_html_becomes_text_with_entities_in_utf16(bot: Bot) -> None:
    message = await bot.send_message(ME, "🚀 <b>up</b> <code>a&lt;b</code> <pre>x</pre>", parse_mode=ParseMode.HTML)
    assert message.text == "🚀 up a<b x"
    assert [(item.type, item.offset, item.length) for item in message.entities] == [("bold", 3, 2), ("code", 6, 3), ("pre", 10, 1)]
    assert message.parse_entities() == {item: message.parse_entity(item) for item in message.entities}
    assert message.date.year >= 2026


async def test_broken_html_and_other_parse_modes_are_refused(bot: Bot) -> None:
    assert "can't parse entities" in await refusal(bot.send_message(ME, "<b>open", parse_mode=ParseMode.HTML))
    assert "can't parse entities" in await refusal(bot.send_message(ME, "<blink>x</blink>", parse_mode=ParseMode.HTML))
    assert await refusal(bot.send_message(ME, "*x*", parse_mode=ParseMode.MARKDOWN_V2))


async def test_text_limits_count_utf16_units_after_parsing(bot: Bot) -> None:
    await bot.send_message(ME, "<b>" + "x" * 4096 + "</b>", parse_mode=ParseMode.HTML)
    assert "too long" in await refusal(bot.send_message(ME, "🚀" * 2049))
    assert "empty" in await refusal(bot.send_message(ME, "<b> </b>", parse_mode=ParseMode.HTML))


async def test_keyboards_have_telegrams_limits(bot: Bot) -> None:
    await bot.send_message(ME, "x", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("a", callback_data="d" * 64, style="danger")]]))
    long = InlineKeyboardMarkup([[InlineKeyboardButton("a", callback_data="d" * 65)]])
    assert "button_data_invalid" in await refusal(bot.send_message(ME, "x", reply_markup=long))


async def test_edits_change_in_place_and_say_what_is_wrong(bot: Bot) -> None:
    message = await bot.send_message(ME, "one", reply_markup=keys("a"))
    edited = await bot.edit_message_text("two", ME, message.message_id)
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup, edited.edit_date is not None) == ("two", None, True)
    assert "message is not modified" in await refusal(bot.edit_message_text("two", ME, message.message_id))
    assert "message to edit not found" in await refusal(bot.edit_message_text("two", ME, 9999))
    marked = await bot.edit_message_reply_markup(ME, message.message_id, reply_markup=keys("b"))
    assert isinstance(marked, Message)
    assert marked.reply_markup == keys("b")


async def test_photos_documents_and_albums_go_up_and_come_down(bot: Bot) -> None:
    picture = png(20, 10)
    photo = await bot.send_photo(ME, picture, caption="<i>chart</i>", parse_mode=ParseMode.HTML, reply_markup=keys("a"))
    assert (photo.photo[-1].width, photo.photo[-1].height, photo.caption) == (20, 10, "chart")
    file = await bot.get_file(photo.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == picture
    assert "no text in the message" in await refusal(bot.edit_message_text("x", ME, photo.message_id))
    captioned = await bot.edit_message_caption(ME, photo.message_id, caption="new")
    assert isinstance(captioned, Message)
    assert captioned.caption == "new"
    document = await bot.send_document(ME, b"a,b\n1,2\n", filename="trades.csv")
    assert document.document is not None
    assert document.document.file_name == "trades.csv"
    album = await bot.send_media_group(ME, [InputMediaPhoto(png(2, 2)), InputMediaPhoto(png(3, 3))])
    assert len(album) == 2
    assert album[0].media_group_id == album[1].media_group_id
    text = await bot.send_message(ME, "soon a chart")
    turned = await bot.edit_message_media(InputMediaPhoto(png(5, 5)), ME, text.message_id)
    assert isinstance(turned, Message)
    assert turned.photo
    await bot.edit_message_media(InputMediaDocument(b"x", filename="x.txt"), ME, text.message_id)
    assert "caption is too long" in await refusal(bot.send_photo(ME, picture, caption="x" * 1025))


async def test_replies_deletes_pins_actions_and_reactions(bot: Bot, served: Served) -> None:
    first = await bot.send_message(ME, "first", disable_notification=True)
    reply = await bot.send_message(ME, "second", reply_to_message_id=first.message_id)
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == first.message_id
    assert "message to be replied not found" in await refusal(bot.send_message(ME, "x", reply_to_message_id=9999))
    assert await bot.pin_chat_message(ME, first.message_id)
    assert await bot.unpin_chat_message(ME, first.message_id)
    assert await bot.unpin_all_chat_messages(ME)
    assert await bot.send_chat_action(ME, "typing")
    assert await bot.set_message_reaction(ME, first.message_id, "👍")
    assert await bot.delete_message(ME, reply.message_id)
    assert "message to delete not found" in await refusal(bot.delete_message(ME, reply.message_id))
    assert await bot.delete_messages(ME, [first.message_id])
    kinds = [event["kind"] for event in await served.events()]
    assert kinds.count("deleted") == 2


# ---- the bot itself ------------------------------------------------------------------------------------------------
async def test_the_bot_its_chat_and_its_menu(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.is_bot, me.username) == (True, "condor_local_bot")
    assert (await bot.get_chat(ME)).type == "private"
    assert "chat not found" in await refusal(bot.send_message(77, "x"))
    commands = [BotCommand("start", "home"), BotCommand("help", "all commands")]
    assert await bot.set_my_commands(commands)
    assert await bot.get_my_commands() == tuple(commands)
    assert await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    assert "bot_command_invalid" in await refusal(bot.set_my_commands([BotCommand("Start!", "x")]))
    assert await bot.set_chat_menu_button(ME, MenuButtonCommands())
    assert await bot.set_my_description("x")
    assert await bot.set_my_short_description("x")
    assert (await bot.get_webhook_info()).url == ""
    assert await bot.delete_webhook()


async def test_wrong_token_and_unknown_method(served: Served, bot: Bot) -> None:
    with pytest.raises(InvalidToken):
        await bot_of(served, "1000000001:wrong").get_me()
    with pytest.raises(InvalidToken):
        await bot._post("sendDice", {"chat_id": ME})


# ---- updates -------------------------------------------------------------------------------------------------------
async def test_updates_are_long_polled_kept_until_confirmed_and_filtered(bot: Bot, served: Served) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=10, allowed_updates=["message", "callback_query"]))
    await asyncio.sleep(0.1)
    assert not poll.done()
    await served.say("/start")
    (update,) = await poll
    assert update.message is not None
    assert update.message.entities[0].type == "bot_command"
    assert [item.update_id for item in await bot.get_updates()] == [update.update_id]
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_a_second_poller_ends_the_first_with_a_conflict(bot: Bot, served: Served) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    await bot.get_updates(timeout=0)
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await first


async def test_taps_are_answered_with_toast_or_alert_and_only_in_time(bot: Bot, served: Served) -> None:
    message = await bot.send_message(ME, "card", reply_markup=keys("a", "b"))
    await served.tap(message.message_id, 0, 1)
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert (query.data, query.chat_instance != "", query.message is not None) == ("v1:b", True, True)
    assert await bot.answer_callback_query(query.id, "done", show_alert=False)
    answered = [event for event in await served.events() if event["kind"] == "answered"]
    assert (answered[-1].get("toast"), answered[-1].get("alert")) == ("done", None)
    await served.tap(message.message_id, 0, 0)
    late = (await bot.get_updates(offset=update.update_id + 1))[0].callback_query
    assert late is not None
    assert "message_too_long" in await refusal(bot.answer_callback_query(late.id, "x" * 201))
    served.clock.at += 120
    assert "query is too old" in await refusal(bot.answer_callback_query(late.id, "late"))


async def test_flood_control_names_the_seconds(tmp_path: Path) -> None:
    async with served_chat(tmp_path, flood_every=2) as served, bot_of(served) as bot:
        await bot.send_message(ME, "one")
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(ME, "two")
        assert caught.value._retry_after.total_seconds() == 1


async def test_nothing_that_we_send_is_unknown_to_the_library(bot: Bot, served: Served) -> None:
    message = await bot.send_photo(ME, png(), caption="x", reply_markup=keys("a"))
    await served.tap(message.message_id)
    await served.say("text", reply_to=message.message_id)
    for update in await bot.get_updates():
        parts = [update, update.effective_message, update.effective_user, update.effective_chat, update.callback_query]
        assert isinstance(update, Update)
        assert all(not part.api_kwargs for part in parts if part is not None)
    assert not message.api_kwargs


async def test_log_out_and_close(bot: Bot) -> None:
    assert await bot.log_out()
    assert await bot.close()


def test_every_method_was_called() -> None:
    """Stands last: the tests above have called every method that the server has."""
    assert set(METHODS) - CALLED == set()
