"""What a request says, whatever its body: parameters as text, switches and structures, and files."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from condor.localchat.entities import is_unicode
from condor.localchat.errors import BotApiError, bad_request
from condor.localchat.files import UploadedFile, uploaded

BROKEN = (ValueError, LookupError, RuntimeError, HttpProcessingError)
"""What reading a body raises when it is not what its headers say it is, or nested too deep."""
JSON_PARAMS: dict[str, tuple[type, ...]] = {
    "reply_markup": (dict,),
    "reply_parameters": (dict,),
    "entities": (list,),
    "caption_entities": (list,),
    "link_preview_options": (dict,),
    "commands": (list,),
    "scope": (dict,),
    "media": (dict, list),
    "allowed_updates": (list,),
    "message_ids": (list,),
    "menu_button": (dict,),
    "reaction": (list,),
}
"""Parameters that are structures, and what they are."""
ARRAYS_OF_OBJECTS = frozenset({"entities", "caption_entities", "commands", "media", "reaction"})
TEXTS = frozenset({"text", "caption", "callback_query_id"})
BOOLEANS = {"true": True, "false": False, "True": True, "False": False}
WORDS = {"reply_markup": "reply keyboard markup", "message_ids": "message identifiers"}


async def read(request: web.Request) -> tuple[dict[str, Any], dict[str, UploadedFile]]:
    """Parameters and files of a request; what is null counts as not given.

    Raises
    ------
    BotApiError
        If the body can't be read.
    """
    params: dict[str, Any] = dict(request.query)
    files: dict[str, UploadedFile] = {}
    try:
        if request.content_type == "application/json":
            params |= await _json_object(request)
        elif request.method == "POST" and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            for name, value in (await request.post()).items():
                if isinstance(value, web.FileField):
                    files[name] = uploaded(value.filename or name, value.file.read())
                else:
                    params[name] = value if isinstance(value, str) else value.decode()
    except web.HTTPRequestEntityTooLarge:
        raise BotApiError(413, "Request Entity Too Large") from None
    except BROKEN:
        raise bad_request("can't parse the request's body") from None
    decoded = {name: _decoded(name, value) for name, value in params.items()}
    return {name: value for name, value in decoded.items() if value is not None}, files


async def _json_object(request: web.Request) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def _decoded(name: str, value: Any) -> Any:
    """Values travel as text; the structured ones are JSON."""
    if name in JSON_PARAMS:
        return _structure(name, value)
    if not isinstance(value, str):
        return value
    if not is_unicode(value):
        raise bad_request("strings must be encoded in UTF-8")
    return BOOLEANS.get(value, value) if name not in TEXTS else value


def _structure(name: str, value: Any) -> Any:
    """A structured parameter: its JSON, or what a JSON body already held."""
    if value is None or value == "":
        return None
    wrong = bad_request(f"can't parse {WORDS.get(name, name.replace('_', ' '))} JSON object")
    try:
        value = json.loads(value) if isinstance(value, str) else value
        # halves of characters hide behind escapes, anywhere within
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    except (ValueError, RecursionError):
        raise wrong from None
    if value is None:
        return None
    if not isinstance(value, JSON_PARAMS[name]):
        raise wrong
    if name in ARRAYS_OF_OBJECTS and isinstance(value, list) and not all(isinstance(item, dict) for item in value):
        raise wrong
    return value
