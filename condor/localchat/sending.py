"""Bot API methods that bring something new into the chat: messages, albums, that the bot is typing."""

from __future__ import annotations

from typing import Any

from condor.localchat.errors import bad_request
from condor.localchat.markup import asks, check_markup, keyboard_of
from condor.localchat.parts import Files, Params, caption_part, media_part, reply_to, text_part
from condor.localchat.state import ChatState

MAX_ALBUM = 10
ACTIONS = frozenset(
    {
        "cancel",
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_document",
        "choose_sticker",
        "pick_up_location",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def _send(state: ChatState, params: Params, content: dict[str, Any]) -> dict[str, Any]:
    markup = params.get("reply_markup")
    content = {**content, "reply_markup": check_markup(markup)}
    if asks(markup):
        # what is wrong with it is said before anything is sent
        keyboard_of(markup, 0)
    present = {key: value for key, value in content.items() if value is not None}
    message = state.add_bot_message(present, reply_to=reply_to(state, params), silent=bool(params.get("disable_notification")))
    if asks(markup):
        state.ask(keyboard_of(markup, message["message_id"]))
    return state.outward(message)


def send_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    return _send(state, params, text_part(params))


def send_photo(state: ChatState, params: Params, files: Files) -> Any:
    return _send_media("photo", state, params, files)


def send_document(state: ChatState, params: Params, files: Files) -> Any:
    return _send_media("document", state, params, files)


def _send_media(kind: str, state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    caption = caption_part(params)
    return _send(state, params, {**(media_part(state, kind, params.get(kind), files) or {}), **caption})


def send_media_group(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    items = params.get("media") or []
    if not isinstance(items, list):
        raise bad_request("can't parse media JSON object")
    if not 2 <= len(items) <= MAX_ALBUM:
        raise bad_request("too many messages to send as an album" if len(items) > MAX_ALBUM else "expected between 2 and 10 media in an album")
    if len({str(item.get("type")) for item in items}) > 1:
        raise bad_request("document can't be mixed with other media types")
    contents = []
    for item in items:
        media = media_part(state, item.get("type"), item.get("media"), files)
        if media is None:
            raise bad_request(f"type of media {item.get('type')!r} is not supported here")
        contents.append({**media, **caption_part(item)})
    group = f"album-{state.seq}"
    return [_send(state, {**params, "reply_markup": None}, {**content, "media_group_id": group}) for content in contents]


def send_chat_action(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    action = str(params.get("action", ""))
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    state.act(action)
    return True
