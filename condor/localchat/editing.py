"""Bot API methods that change what is in the chat: edits, deletions, pins, reactions."""

from __future__ import annotations

from typing import Any

from condor.localchat.errors import bad_request
from condor.localchat.markup import check_markup
from condor.localchat.parts import Files, Params, caption_part, media_part, text_part
from condor.localchat.state import ChatState

DELETABLE_S = 48 * 3600


# ---- edits ---------------------------------------------------------------------------------------------------------
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
    return _edit(state, message, params, text_part(params, "MESSAGE_TOO_LONG"))


def edit_message_caption(state: ChatState, params: Params, files: Files) -> Any:
    message = _editable(state, params)
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    return _edit(state, message, params, caption_part(params))


def edit_message_reply_markup(state: ChatState, params: Params, files: Files) -> Any:
    return _edit(state, _editable(state, params), params, {})


def edit_message_media(state: ChatState, params: Params, files: Files) -> Any:
    message = _editable(state, params)
    item = params.get("media")
    media = media_part(state, item.get("type"), item.get("media"), files) if isinstance(item, dict) else None
    if media is None:
        raise bad_request("can't parse InputMedia: media not found")
    nothing = {"text": None, "entities": None, "photo": None, "document": None}
    return _edit(state, message, params, {**nothing, **media, **caption_part(item or {})})


# ---- deletions -----------------------------------------------------------------------------------------------------
def _check_age(state: ChatState, message: dict[str, Any]) -> None:
    """Telegram lets a bot delete what is younger than two days."""
    if state.date() - int(message["date"]) > DELETABLE_S:
        raise bad_request("message can't be deleted for everyone")


def delete_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    message = state.message(params.get("message_id"), "message to delete not found")
    _check_age(state, message)
    state.delete_message(message["message_id"])
    return True


def delete_messages(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    found = {int(message_id) for message_id in params.get("message_ids") or [] if state.known(message_id)}
    # one that is too old refuses them all
    for message_id in found:
        _check_age(state, state.messages[message_id])
    for message_id in sorted(found):
        state.delete_message(message_id)
    return True


# ---- marks ---------------------------------------------------------------------------------------------------------
def pin_chat_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    message = state.message(params.get("message_id"), "message to pin not found")
    state.pin(message["message_id"], is_pinned=True)
    return True


def unpin_chat_message(state: ChatState, params: Params, files: Files) -> Any:
    state.check_chat(params.get("chat_id"))
    message_id: Any = params.get("message_id", max(state.pinned, default=0))
    if not state.known(message_id) or int(message_id) not in state.pinned:
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
