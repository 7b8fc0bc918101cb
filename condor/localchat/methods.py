"""The Bot API's methods, one function each: parameters in, result out, or an error with Telegram's own words."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from condor.localchat.entities import parse_html, utf16_length
from condor.localchat.errors import bad_request
from condor.localchat.markup import check_markup
from condor.localchat.state import ChatState, image_size

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_ALERT = 200
MAX_FILE = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came with a request."""

    name: str
    content: bytes


Params = Mapping[str, Any]
Files = Mapping[str, UploadedFile]
Method = Callable[[ChatState, Params, Files], Any]


# ---- parts of a message --------------------------------------------------------------------------------------------
def _formatted(params: Params, key: str, limit: int, too_long: str, empty: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Text and entities of `text` or `caption`."""
    source = str(params.get(key, ""))
    mode = str(params.get("parse_mode", ""))
    given = params.get("entities" if key == "text" else "caption_entities")
    if mode and mode.lower() != "html":
        raise bad_request(
            "unsupported parse_mode"
            if mode.lower() not in ("markdown", "markdownv2")
            else f"can't parse entities: this chat reads HTML only, found {mode}"
        )
    text, entities = parse_html(source) if mode else (source.rstrip(), list(given or []))
    if not text and empty is not None:
        raise bad_request(empty)
    if utf16_length(text) > limit:
        raise bad_request(too_long)
    return text, entities[:100]


def _text_parts(params: Params) -> dict[str, Any]:
    text, entities = _formatted(params, "text", MAX_TEXT, "message is too long", "message text is empty")
    return {"text": text, "entities": entities or None}


def _caption_parts(params: Params) -> dict[str, Any]:
    text, entities = _formatted(params, "caption", MAX_CAPTION, "message caption is too long", None)
    return {"caption": text or None, "caption_entities": entities or None}


def _present(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value is not None}


def _reply_to(state: ChatState, params: Params) -> int | None:
    reply = params.get("reply_parameters") or {}
    message_id = reply.get("message_id", params.get("reply_to_message_id"))
    if message_id is None:
        return None
    if int(message_id) in state.messages:
        return int(message_id)
    if reply.get("allow_sending_without_reply", params.get("allow_sending_without_reply")):
        return None
    raise bad_request("message to be replied not found")


def _upload(state: ChatState, value: Any, files: Files, part: str) -> tuple[str, UploadedFile]:
    """(file id, file) of a parameter: an upload, `attach://name`, or the id of a known file."""
    reference = str(value) if value is not None else ""
    uploaded = files.get(part) if not reference else files.get(reference.removeprefix("attach://"))
    if uploaded is None:
        name, _, content = state.file(reference)
        return reference, UploadedFile(name, content)
    if not uploaded.content:
        raise bad_request("file must be non-empty")
    if len(uploaded.content) > MAX_FILE:
        raise bad_request("file is too big")
    mime = mimetypes.guess_type(uploaded.name)[0] or "application/octet-stream"
    return state.keep_file(uploaded.name, mime, uploaded.content), uploaded


def _photo(state: ChatState, value: Any, files: Files, part: str = "photo") -> dict[str, Any]:
    file_id, uploaded = _upload(state, value, files, part)
    if len(uploaded.content) > MAX_PHOTO:
        raise bad_request("file is too big")
    width, height = image_size(uploaded.content)
    size = {"file_id": file_id, "file_unique_id": file_id[-16:], "width": width, "height": height, "file_size": len(uploaded.content)}
    return {"photo": [size]}


def _document(state: ChatState, value: Any, files: Files, part: str = "document") -> dict[str, Any]:
    file_id, uploaded = _upload(state, value, files, part)
    mime = mimetypes.guess_type(uploaded.name)[0] or "application/octet-stream"
    document = {
        "file_id": file_id,
        "file_unique_id": file_id[-16:],
        "file_name": uploaded.name,
        "mime_type": mime,
        "file_size": len(uploaded.content),
    }
    return {"document": document}


def _send(state: ChatState, params: Params, content: dict[str, Any]) -> dict[str, Any]:
    markup = check_markup(params.get("reply_markup"))
    if markup is not None:
        content["reply_markup"] = markup
    reply_to = _reply_to(state, params)
    message = state.add_bot_message(_present(content), reply_to=reply_to, silent=bool(params.get("disable_notification")))
    return state.outward(message)


# ---- sending -------------------------------------------------------------------------------------------------------
def send_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    return _send(state, params, _text_parts(params))


def send_photo(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    caption = _caption_parts(params)
    return _send(state, params, {**_photo(state, params.get("photo"), files), **caption})


def send_document(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    caption = _caption_parts(params)
    return _send(state, params, {**_document(state, params.get("document"), files), **caption})


def send_media_group(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    items = params.get("media") or []
    if not 2 <= len(items) <= 10:
        raise bad_request("expected between 2 and 10 media in an album")
    contents = []
    for item in items:
        maker = {"photo": _photo, "document": _document}.get(item.get("type"))
        if maker is None:
            raise bad_request(f"type of media {item.get('type')!r} is not supported here")
        contents.append({**maker(state, item.get("media"), files), **_caption_parts(item)})
    group = f"album-{state.seq}"
    return [_send(state, {**params, "reply_markup": None}, {**content, "media_group_id": group}) for content in contents]


# ---- editing -------------------------------------------------------------------------------------------------------
def _editable(state: ChatState, params: Params) -> dict[str, Any]:
    state.check_chat(params.get("chat_id"))
    message = state.message(params.get("message_id"), "message to edit not found")
    if not message["from"]["is_bot"]:
        raise bad_request("message can't be edited")
    return message


def _edit(state: ChatState, message: dict[str, Any], params: Params, changes: dict[str, Any]) -> Any:
    changes["reply_markup"] = check_markup(params.get("reply_markup"))
    return state.outward(state.change_message(message, changes))


def edit_message_text(state: ChatState, params: Params, files: Files) -> Any:
    message = _editable(state, params)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _edit(state, message, params, _text_parts(params))


def edit_message_caption(state: ChatState, params: Params, files: Files) -> Any:
    message = _editable(state, params)
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    return _edit(state, message, params, _caption_parts(params))


def edit_message_reply_markup(state: ChatState, params: Params, files: Files) -> Any:
    return _edit(state, _editable(state, params), params, {})


def edit_message_media(state: ChatState, params: Params, files: Files) -> Any:
    message = _editable(state, params)
    item = params.get("media") or {}
    maker = {"photo": _photo, "document": _document}.get(str(item.get("type")))
    if maker is None:
        raise bad_request("can't parse InputMedia: media not found")
    nothing = {"text": None, "entities": None, "photo": None, "document": None}
    return _edit(state, message, params, {**nothing, **maker(state, item.get("media"), files), **_caption_parts(item)})


def delete_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    message = state.message(params.get("message_id"), "message to delete not found")
    state.delete_message(message["message_id"])
    return True


def delete_messages(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    for message_id in params.get("message_ids") or []:
        if int(message_id) in state.messages:
            state.delete_message(int(message_id))
    return True


# ---- the rest ------------------------------------------------------------------------------------------------------
def answer_callback_query(state: ChatState, params: Params, files: Files) -> Any:
    text = str(params.get("text", ""))
    if utf16_length(text) > MAX_ALERT:
        raise bad_request("MESSAGE_TOO_LONG")
    state.answer(str(params.get("callback_query_id", "")), text, is_alert=bool(params.get("show_alert")))
    return True


def send_chat_action(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    state.act(str(params.get("action", "typing")))
    return True


def pin_chat_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    message = state.message(params.get("message_id"), "message to pin not found")
    state.pin(message["message_id"], is_pinned=True)
    return True


def unpin_chat_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    message_id = params.get("message_id")
    if message_id is None and state.pinned:
        message_id = state.pinned[-1]
    if message_id is None or int(message_id) not in state.pinned:
        raise bad_request("message to unpin not found")
    state.pin(int(message_id), is_pinned=False)
    return True


def unpin_all_chat_messages(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    state.pin(None, is_pinned=False)
    return True


def set_message_reaction(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    state.message(params.get("message_id"), "message to react not found")
    return True


def _scope(params: Params) -> str:
    scope = params.get("scope") or {"type": "default"}
    return f"chat:{scope['chat_id']}" if scope.get("type") == "chat" else str(scope.get("type", "default"))


def set_my_commands(state: ChatState, params: Params, files: Files) -> Any:
    commands = params.get("commands") or []
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        name, description = str(command.get("command", "")), str(command.get("description", ""))
        if not 1 <= len(name) <= 32 or not name.replace("_", "a").isalnum() or name != name.lower():
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    state.set_commands(_scope(params), [{"command": str(item["command"]), "description": str(item["description"])} for item in commands])
    return True


def get_my_commands(state: ChatState, params: Params, files: Files) -> Any:
    return state.commands.get(_scope(params), [])


def delete_my_commands(state: ChatState, params: Params, files: Files) -> Any:
    state.set_commands(_scope(params), [])
    return True


def accepted(state: ChatState, params: Params, files: Files) -> Any:
    """Methods that change nothing that can be seen here."""
    return True


def get_me(state: ChatState, params: Params, files: Files) -> Any:
    rights = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return {**state.bot, **rights}


def get_chat(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    limits = {
        "unlimited_gifts": False,
        "limited_gifts": False,
        "unique_gifts": False,
        "premium_subscription": False,
        "gifts_from_channels": False,
    }
    return {**state.chat, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": limits}


def get_file(state: ChatState, params: Params, files: Files) -> Any:
    file_id = str(params.get("file_id", ""))
    _, _, content = state.file(file_id)
    return {"file_id": file_id, "file_unique_id": file_id[-16:], "file_size": len(content), "file_path": f"files/{file_id}"}


def get_webhook_info(state: ChatState, params: Params, files: Files) -> Any:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": len(state.updates)}


def delete_webhook(state: ChatState, params: Params, files: Files) -> Any:
    if params.get("drop_pending_updates"):
        state.drop_updates()
    return True


METHODS: dict[str, Method] = {
    "getme": get_me,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "sendmediagroup": send_media_group,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagereplymarkup": edit_message_reply_markup,
    "editmessagemedia": edit_message_media,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
    "pinchatmessage": pin_chat_message,
    "unpinchatmessage": unpin_chat_message,
    "unpinallchatmessages": unpin_all_chat_messages,
    "setmessagereaction": set_message_reaction,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "setchatmenubutton": accepted,
    "setmydescription": accepted,
    "setmyshortdescription": accepted,
    "logout": accepted,
    "close": accepted,
    "getchat": get_chat,
    "getfile": get_file,
    "getwebhookinfo": get_webhook_info,
    "deletewebhook": delete_webhook,
}
"""Lower-case method name -> function; getUpdates waits and so belongs to the server."""
