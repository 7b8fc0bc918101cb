"""What Telegram does with what a bot sends, beyond the plain case: the local chat must do the same, or a screen that works here fails there."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError

from tests.support.served_chat import Served, jpeg_head, png

ME = 1
TWO_DAYS_S = 48 * 3600


async def refusal(call: Any) -> str:
    """What the library tells of a refused call; it changes the case of the first letters, so all of it is lower here."""
    with pytest.raises(BadRequest) as caught:
        await call
    return caught.value.message.lower()


def picture(width: int, height: int) -> bytes:
    """A PNG that says it is so large, without being so."""
    small = png(1, 1)
    return small[:16] + struct.pack(">II", width, height) + small[24:]


# ---- text ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sent", "shown", "entities"),
    [
        ("  a\tb\r\nc\x07 \n", "a b\nc", []),
        ("one\u202etwo\u2028", "onetwo", []),
        (" <b> x </b> ", "x", [("bold", 0, 1)]),
        ("a<b> \nb</b>", "a \nb", [("bold", 3, 1)]),
        ("a<i> </i>b", "a b", []),
        ("\r<u>a\r\r</u>🚀<s>b</s>", "a🚀b", [("underline", 0, 1), ("strikethrough", 3, 1)]),
        ("&lt&gt&amp;&quot; &#128640 &#x41;&nbsp;&copy", '<>&" 🚀 A&nbsp;&copy', []),
        ("&ltd &amp1 &#0; &#x10ffff;", "&ltd &1 &#0; &#x10ffff;", []),
        ("<b><i>x</i></b>", "x", [("bold", 0, 1), ("italic", 0, 1)]),
        ("<i><b>x</b></i>", "x", [("italic", 0, 1), ("bold", 0, 1)]),
        ("<B>x</b >", "x", [("bold", 0, 1)]),
    ],
)
async def test_html_is_stored_as_telegram_stores_it(bot: Bot, sent: str, shown: str, entities: list[tuple[str, int, int]]) -> None:
    message = await bot.send_message(ME, sent, parse_mode="HTML")
    assert message.text == shown
    assert [(item.type, item.offset, item.length) for item in message.entities] == entities


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("1 < 2", 'unsupported start tag "" at byte offset 2'),
        ("a<b", "unclosed start tag at byte offset 1"),
        ("<br/>", 'unsupported start tag "br/" at byte offset 0'),
        ("<b/>", 'unsupported start tag "b/" at byte offset 0'),
        ('<a href="x>y</a>', "unclosed start tag at byte offset 0"),
        ("<a href=https://x.y>z</a>", "unexpected end of name token at byte offset 8"),
        ('<a ="x">y</a>', 'empty attribute name in the tag "a" at byte offset 0'),
        ("<b>é</b", "unclosed end tag at byte offset 5"),
        ("<b>x</b y>", "unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("&#xD83D;", "text contains invalid unicode characters after decoding html entities, check for unmatched surrogate code units"),
    ],
)
async def test_html_that_telegram_refuses_is_refused_with_its_words(bot: Bot, html: str, complaint: str) -> None:
    assert await refusal(bot.send_message(ME, html, parse_mode="HTML")) == f"can't parse entities: {complaint}"


async def test_links_keep_what_is_no_reference_and_may_hold_a_bracket(bot: Bot) -> None:
    message = await bot.send_message(ME, '<a href="https://x.y/?a=1&copy=2&amp;b=>">l</a>', parse_mode="HTML")
    assert message.entities[0].url == "https://x.y/?a=1&copy=2&b=>"


async def test_entities_may_come_beside_the_text(bot: Bot) -> None:
    given = [MessageEntity("bold", 0, 8), MessageEntity("italic", 6, 3), MessageEntity("code", 5, 0)]
    message = await bot.send_message(ME, " \ra\r🚀 b ", entities=given)
    assert (message.text, [(item.type, item.offset, item.length) for item in message.entities]) == ("a🚀 b", [("bold", 0, 5), ("italic", 4, 1)])
    caption = await bot.send_photo(ME, png(), caption="ab", caption_entities=[MessageEntity("bold", 1, 1)])
    assert caption.parse_caption_entities() == {caption.caption_entities[0]: "b"}


@pytest.mark.parametrize(
    ("offset", "length", "complaint"),
    [
        (4, 1, "entity begins after the end of the text at utf-16 offset 4"),
        (3, 1, "entity beginning at utf-16 offset 3 ends after the end of the text at utf-16 offset 4"),
        (0, 4, "entity beginning at utf-16 offset 0 ends after the end of the text at utf-16 offset 4"),
        (1, 1, "in a middle of a utf-16 symbol"),
        (0, 1, "in a middle of a utf-16 symbol"),
        (-1, 1, "can't parse messageentity"),
    ],
)
async def test_entities_lie_within_the_text(bot: Bot, offset: int, length: int, complaint: str) -> None:
    assert complaint in await refusal(bot.send_message(ME, "🚀b", entities=[MessageEntity("bold", offset, length)]))


async def test_a_text_may_be_missing_blank_or_too_long(bot: Bot) -> None:
    assert await refusal(bot.send_message(ME, "")) == "message text is empty"
    assert await refusal(bot.send_message(ME, " \n\t")) == "text must be non-empty"
    assert await refusal(bot.send_message(ME, "<b> </b>", parse_mode="HTML")) == "text must be non-empty"
    assert await refusal(bot.send_message(ME, "x" * 4097)) == "message is too long"
    message = await bot.send_message(ME, "x" * 4096 + " ")
    assert await refusal(bot.edit_message_text("x" * 4097, ME, message.message_id)) == "message_too_long"


# ---- where to and in answer to what --------------------------------------------------------------------------------
async def test_a_chat_must_be_named(bot: Bot) -> None:
    assert await refusal(bot.send_message("", "x")) == "chat_id is empty"


async def test_a_reply_to_nothing_is_refused_unless_that_is_allowed(bot: Bot) -> None:
    assert await refusal(bot.send_message(ME, "x", reply_parameters=ReplyParameters(77))) == "message to be replied not found"
    alone = await bot.send_message(ME, "x", reply_parameters=ReplyParameters(77, allow_sending_without_reply=True))
    assert alone.reply_to_message is None


@pytest.mark.parametrize("message_id", ["x", "1.0", "-1", "9" * 5_000, "²", "１"])
async def test_what_is_no_message_id_is_the_id_of_no_message(bot: Bot, message_id: str) -> None:
    await bot.send_message(ME, "the first")
    assert await refusal(bot._post("editMessageText", {"chat_id": ME, "message_id": message_id, "text": "y"})) == "message to edit not found"
    assert await refusal(bot._post("unpinChatMessage", {"chat_id": ME, "message_id": message_id})) == "message to unpin not found"
    assert await refusal(bot.send_message(ME, "x", reply_parameters=ReplyParameters(message_id))) == "message to be replied not found"  # type: ignore[arg-type]
    assert await bot._post("deleteMessages", {"chat_id": ME, "message_ids": [message_id]})


# ---- keyboards -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("style", ["link", "", "Danger"])
async def test_only_three_styles_of_buttons_are_known(bot: Bot, style: str) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b", "style": style}]]}
    assert "invalid button style specified" in await refusal(bot._post("sendMessage", {"chat_id": ME, "text": "x", "reply_markup": markup}))


@pytest.mark.parametrize("url", ["http://[x", "http://localhost", "ftp://example.com"])
async def test_addresses_that_lead_nowhere_are_refused(bot: Bot, url: str) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("a", url=url)]])
    assert "wrong http url" in await refusal(bot.send_message(ME, "x", reply_markup=markup))


# ---- files ---------------------------------------------------------------------------------------------------------
async def test_the_same_file_under_another_name_is_another_file(bot: Bot) -> None:
    sent = [await bot.send_document(ME, b"same", filename=name) for name in ("a.txt", "b.txt", "a.txt")]
    documents = [message.document for message in sent]
    ids = [document.file_id for document in documents if document]
    assert ids[0] == ids[2] != ids[1]
    again = await bot.send_document(ME, ids[1])
    assert again.document is not None
    assert again.document.file_name == "b.txt"


@pytest.mark.parametrize(("width", "height"), [(9_000, 1_001), (2_100, 100), (100, 2_100), (0, 5), (0, 0)])
async def test_photos_have_telegrams_dimensions(bot: Bot, width: int, height: int) -> None:
    assert await refusal(bot.send_photo(ME, picture(width, height))) == "photo_invalid_dimensions"


async def test_a_photo_may_be_as_large_as_telegram_allows_and_a_jpeg(bot: Bot) -> None:
    assert (await bot.send_photo(ME, picture(9_000, 1_000))).photo[0].width == 9_000
    assert (await bot.send_photo(ME, picture(100, 2_000))).photo[0].height == 2_000
    size = (await bot.send_photo(ME, jpeg_head(30, 20))).photo[0]
    assert (size.width, size.height) == (30, 20)


async def test_files_have_telegrams_sizes(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("condor.localchat.parts.MAX_PHOTO", 100)
    monkeypatch.setattr("condor.localchat.parts.MAX_FILE", 1_000)
    monkeypatch.setattr("condor.localchat.about.MAX_DOWNLOAD", 500)
    tall = "file of size 101 bytes is too big for a photo; the maximum size is 100 bytes"
    assert await refusal(bot.send_photo(ME, b"x" * 101)) == tall
    assert await refusal(bot.send_document(ME, b"")) == "file must be non-empty"
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(ME, b"x" * 1_001)
    sent = [(await bot.send_document(ME, b"x" * size)).document for size in (500, 501)]
    small, large = (document.file_id for document in sent if document)
    assert (await bot.get_file(small)).file_size == 500
    assert await refusal(bot.get_file(large)) == "file is too big"
    assert await refusal(bot.get_file("nonsense")) == "invalid file_id"
    assert await refusal(bot.send_document(ME, "nonsense")) == "wrong file identifier/http url specified"


async def test_a_request_that_is_too_large_is_no_breakdown(bot: Bot, served: Served) -> None:
    served.web._app._client_max_size = 2_000
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(ME, b"x" * 5_000)


async def test_albums_have_telegrams_rules(bot: Bot) -> None:
    photos = [InputMediaPhoto(png()) for _ in range(11)]
    assert await refusal(bot.send_media_group(ME, photos)) == "too many messages to send as an album"
    mixed = [InputMediaPhoto(png()), InputMediaDocument(b"x", filename="x.txt")]
    assert await refusal(bot.send_media_group(ME, mixed)) == "document can't be mixed with other media types"
    assert len(await bot.send_media_group(ME, photos[:10])) == 10


# ---- deletions and pins --------------------------------------------------------------------------------------------
async def test_what_is_older_than_two_days_stays(bot: Bot, served: Served) -> None:
    old = await bot.send_message(ME, "old")
    served.clock.at += 1
    young = await bot.send_message(ME, "young")
    served.clock.at += TWO_DAYS_S
    assert await refusal(bot.delete_message(ME, old.message_id)) == "message can't be deleted for everyone"
    assert await refusal(bot.delete_messages(ME, [young.message_id, old.message_id])) == "message can't be deleted for everyone"
    assert set(served.chat.messages) == {old.message_id, young.message_id}
    assert await bot.delete_messages(ME, [young.message_id, young.message_id, 999])
    assert set(served.chat.messages) == {old.message_id}


async def test_the_newest_pinned_message_is_the_chats(bot: Bot, served: Served) -> None:
    first, second, third = [await bot.send_message(ME, text) for text in ("first", "second", "third")]
    for message in (third, first, second):
        await bot.pin_chat_message(ME, message.message_id)

    async def pinned() -> str | None:
        found = (await bot.get_chat(ME)).pinned_message
        return found.text if isinstance(found, Message) else None

    assert await pinned() == "third"
    await bot.unpin_chat_message(ME)
    assert await pinned() == "second"
    await bot.delete_message(ME, second.message_id)
    assert await pinned() == "first"
    assert served.chat.pinned == [first.message_id]
    assert [event["message_ids"] for event in await served.events() if event["kind"] == "pinned"][-1] == [first.message_id]
    await bot.unpin_chat_message(ME)
    assert await pinned() is None
    assert await refusal(bot.unpin_chat_message(ME)) == "message to unpin not found"


# ---- what the bot does and how it is described ---------------------------------------------------------------------
async def test_only_actions_that_there_are_can_be_shown(bot: Bot, served: Served) -> None:
    for action in ChatAction:
        assert await bot.send_chat_action(ME, action)
    assert await refusal(bot.send_chat_action(ME, "dancing")) == "wrong parameter action in request"
    assert await refusal(bot._post("sendChatAction", {"chat_id": ME})) == "wrong parameter action in request"
    assert [event["action"] for event in await served.events()] == [action.value for action in ChatAction]


async def test_commands_are_stored_as_telegram_stores_them(bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("/start", " home "), BotCommand("a_1", "x")])
    assert [(command.command, command.description) for command in await bot.get_my_commands()] == [("start", "home"), ("a_1", "x")]


@pytest.mark.parametrize("name", ["Start", "st-art", "stärt", "²", "", "/", "x" * 33, "a b"])
async def test_names_of_commands_are_plain(bot: Bot, name: str) -> None:
    assert await refusal(bot._post("setMyCommands", {"commands": [{"command": name, "description": "x"}]})) == "bot_command_invalid"


@pytest.mark.parametrize("description", ["", "  ", "x" * 257])
async def test_commands_are_described(bot: Bot, description: str) -> None:
    complaint = await refusal(bot._post("setMyCommands", {"commands": [{"command": "x", "description": description}]}))
    assert complaint == "bot_command_description_invalid"


async def test_a_menu_belongs_to_a_chat_that_there_is(bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("mine", "x")], scope=BotCommandScopeChat(ME))
    assert (await bot.get_my_commands(scope=BotCommandScopeChat(ME)))[0].command == "mine"
    assert await bot.get_my_commands() == ()
    assert await refusal(bot.set_my_commands([BotCommand("x", "x")], scope=BotCommandScopeChat(2))) == "chat not found"


# ---- updates -------------------------------------------------------------------------------------------------------
async def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(bot: Bot, served: Served) -> None:
    assert await bot.get_updates(offset=-1) == ()
    for text in "abcd":
        await served.say(text)
    assert [update.message.text for update in await bot.get_updates(offset=-2) if update.message] == ["c", "d"]
    assert len(served.chat.updates) == 2
    assert len(await bot.get_updates(offset=-100)) == 2
