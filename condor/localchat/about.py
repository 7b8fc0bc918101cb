"""Bot API methods about the bot, its menu, its chat and its files, and the answer to a tap."""

from __future__ import annotations

import re
from typing import Any

from condor.localchat.entities import utf16_length
from condor.localchat.errors import bad_request
from condor.localchat.files import MAX_DOWNLOAD
from condor.localchat.parts import Files, Params
from condor.localchat.state import ChatState

MAX_ALERT = 200
MAX_COMMANDS = 100
MAX_DESCRIPTION = 256
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


def answer_callback_query(state: ChatState, params: Params, files: Files) -> Any:
    text = str(params.get("text", ""))
    if utf16_length(text) > MAX_ALERT:
        raise bad_request("MESSAGE_TOO_LONG")
    state.answer(str(params.get("callback_query_id", "")), text, is_alert=bool(params.get("show_alert")))
    return True


# ---- the menu ------------------------------------------------------------------------------------------------------
def _scope(state: ChatState, params: Params) -> str:
    scope = params.get("scope") or {"type": "default"}
    if scope.get("type") == "chat":
        state.check_chat(scope.get("chat_id"))
        return f"chat:{scope['chat_id']}"
    return str(scope.get("type", "default"))


def set_my_commands(state: ChatState, params: Params, files: Files) -> Any:
    commands = params.get("commands") or []
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    cleaned = []
    for command in commands:
        name = str(command.get("command", "")).strip().removeprefix("/")
        description = str(command.get("description", "")).strip()
        if not _COMMAND.fullmatch(name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= MAX_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        cleaned.append({"command": name, "description": description})
    state.set_commands(_scope(state, params), cleaned)
    return True


def get_my_commands(state: ChatState, params: Params, files: Files) -> Any:
    return state.commands.get(_scope(state, params), [])


def delete_my_commands(state: ChatState, params: Params, files: Files) -> Any:
    state.set_commands(_scope(state, params), [])
    return True


def accepted(state: ChatState, params: Params, files: Files) -> Any:
    """Methods that change nothing that can be seen here."""
    return True


# ---- what there is -------------------------------------------------------------------------------------------------
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
    full = {**state.chat, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": limits}
    if state.pinned:
        full["pinned_message"] = state.outward(state.messages[max(state.pinned)])
    return full


def get_file(state: ChatState, params: Params, files: Files) -> Any:
    file_id = str(params.get("file_id", ""))
    _, _, content = state.file(file_id, "invalid file_id")
    if len(content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {"file_id": file_id, "file_unique_id": file_id[-16:], "file_size": len(content), "file_path": f"files/{file_id}"}


def get_webhook_info(state: ChatState, params: Params, files: Files) -> Any:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": len(state.updates)}


def delete_webhook(state: ChatState, params: Params, files: Files) -> Any:
    if params.get("drop_pending_updates"):
        state.drop_updates()
    return True
