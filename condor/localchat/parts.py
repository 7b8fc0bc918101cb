"""Parts that messages are made of, out of a request's parameters: text, caption, files, what is replied to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from condor.localchat.entities import check_entities, parse_html, tidy, utf16_length
from condor.localchat.errors import BotApiError, bad_request
from condor.localchat.files import MAX_FILE, MAX_PHOTO, MAX_SIDE_RATIO, MAX_SIDES, UploadedFile, document_part, photo_part
from condor.localchat.state import ChatState

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_ENTITIES = 100

Params = Mapping[str, Any]
Files = Mapping[str, UploadedFile]
Method = Callable[[ChatState, Params, Files], Any]


# ---- text ----------------------------------------------------------------------------------------------------------
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
    if not source and empty is not None:
        raise bad_request(empty)
    text, entities = parse_html(source) if mode else tidy(source, check_entities(source, given))
    if not text and empty is not None:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > limit:
        raise bad_request(too_long)
    return text, entities[:MAX_ENTITIES]


def text_part(params: Params, too_long: str = "message is too long") -> dict[str, Any]:
    text, entities = _formatted(params, "text", MAX_TEXT, too_long, "message text is empty")
    return {"text": text, "entities": entities or None}


def caption_part(params: Params) -> dict[str, Any]:
    text, entities = _formatted(params, "caption", MAX_CAPTION, "message caption is too long", None)
    return {"caption": text or None, "caption_entities": entities or None}


# ---- files ---------------------------------------------------------------------------------------------------------
def _upload(state: ChatState, value: Any, files: Files, part: str) -> tuple[str, UploadedFile]:
    """(file id, file) of a parameter: an upload, `attach://name`, or the id of a known file."""
    reference = str(value) if value is not None else ""
    file = files.get(part) if not reference else files.get(reference.removeprefix("attach://"))
    if file is None:
        name, _, content = state.file(reference)
        return reference, UploadedFile(name, content)
    if not file.content:
        raise bad_request("file must be non-empty")
    if len(file.content) > MAX_FILE:
        raise BotApiError(413, "Request Entity Too Large")
    return state.keep_file(file.name, file.mime, file.content), file


def _photo(state: ChatState, value: Any, files: Files) -> dict[str, Any]:
    file_id, file = _upload(state, value, files, "photo")
    size = len(file.content)
    if size > MAX_PHOTO:
        raise bad_request(f"file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes")
    part = photo_part(file_id, file.content)
    shorter, longer = sorted((part["photo"][0]["width"], part["photo"][0]["height"]))
    if not shorter or shorter + longer > MAX_SIDES or longer > MAX_SIDE_RATIO * shorter:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return part


def _document(state: ChatState, value: Any, files: Files) -> dict[str, Any]:
    return document_part(*_upload(state, value, files, "document"))


_MEDIA = {"photo": _photo, "document": _document}


def media_part(state: ChatState, kind: Any, value: Any, files: Files) -> dict[str, Any] | None:
    """The file of a message; None when media of this kind is not known here."""
    maker = _MEDIA.get(str(kind))
    return maker(state, value, files) if maker is not None else None


# ---- replies -------------------------------------------------------------------------------------------------------
def reply_to(state: ChatState, params: Params) -> int | None:
    """Id of the message that is replied to."""
    reply = params.get("reply_parameters") or {}
    message_id = reply.get("message_id", params.get("reply_to_message_id"))
    if message_id is None:
        return None
    if state.known(message_id):
        return int(message_id)
    if reply.get("allow_sending_without_reply", params.get("allow_sending_without_reply")):
        return None
    raise bad_request("message to be replied not found")
