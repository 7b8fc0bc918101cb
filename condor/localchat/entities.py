"""HTML parse mode: text with tags -> plain text and entities with UTF-16 offsets, with Telegram's own words for what is wrong.

Only HTML is understood: the project builds HTML and nothing else, so another parse mode is a mistake that should be seen at once.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from condor.localchat.errors import BotApiError, bad_request

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
# as Telegram reads them: the semicolon may be missing
_CHARACTER = re.compile(r"&(?:(lt|gt|amp|quot)(?![a-zA-Z])|#([0-9]{1,7})(?![0-9])|#x([0-9a-fA-F]{1,6})(?![0-9a-fA-F]));?")
_NAME = re.compile(r"[^\s>]*", re.ASCII)
_SPACE = re.compile(r"\s*", re.ASCII)
_KEY = re.compile(r"([^\s=>]*)\s*(=?)\s*", re.ASCII)
_VALUE = re.compile(r""""([^"]*)"|'([^']*)'|([a-zA-Z0-9.-]*)(?=[\s>]|\Z)""", re.ASCII)
_END = re.compile(r"</([^\s>]*)\s*>", re.ASCII)
_GONE = frozenset({13, 0x30A, 0x333, 0x33F, *range(0x2028, 0x202F)})
_CLEAN: dict[int, str | None] = {code: " " for code in range(32) if code != 10} | dict.fromkeys(_GONE)
_BLANKS = " \n"


def utf16_length(text: str) -> int:
    """Length as Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _units(text: str) -> list[int]:
    return list(memoryview(text.encode("utf-16")).cast("H"))[1:]


def is_unicode(text: str) -> bool:
    """Whether there is no half of a surrogate pair in it; such a text can neither be stored nor sent."""
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def clean(text: str) -> str:
    """Text as Telegram takes it in: control characters become blanks; carriage returns and marks that turn a line round or strike it out go."""
    return text.translate(_CLEAN)


@dataclass(slots=True)
class _Open:
    """A tag that waits for its end."""

    tag: str
    offset: int
    attributes: dict[str, str] = field(default_factory=dict)


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and entities of an HTML text.

    Raises
    ------
    BotApiError
        With the text and the byte offset that Telegram gives.
    """
    text: list[str] = []
    length = 0
    entities: list[dict[str, Any]] = []
    stack: list[_Open] = []
    position = 0
    while position < len(source):
        character = source[position]
        if character == "<":
            offset = len(source[:position].encode())
            if source.startswith("</", position):
                position = _close(source, position, stack, entities, length, offset)
            else:
                opened, position = _open(source, position, length, offset)
                stack.append(opened)
            continue
        found = _CHARACTER.match(source, position) if character == "&" else None
        if found:
            character = _decoded(found)
        text.append(character)
        length += utf16_length(character)
        position = found.end() if found else position + 1
    if stack:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    # what was closed last is outside
    return tidy("".join(text), entities[::-1])


def _decoded(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    if code == 0 or code >= 0x10FFFF:
        return found[0]
    if 0xD800 <= code <= 0xDFFF:
        raise _wrong("Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units")
    return chr(code)


def _at(pattern: re.Pattern[str], source: str, position: int) -> re.Match[str]:
    """What a pattern that matches anything finds."""
    found = pattern.match(source, position)
    assert found is not None
    return found


def _open(source: str, position: int, length: int, offset: int) -> tuple[_Open, int]:
    """A start tag and where it ends; its name is looked at before all else, as Telegram does, so that `1 < 2` is an unknown tag."""
    unclosed = _wrong(f"Unclosed start tag at byte offset {offset}")
    found = _at(_NAME, source, position + 1)
    opened = _Open(found[0].lower(), length)
    if found.end() == len(source):
        raise unclosed
    if opened.tag not in TAGS:
        raise _wrong(f'Unsupported start tag "{opened.tag}" at byte offset {offset}')
    position = _at(_SPACE, source, found.end()).end()
    while not source.startswith(">", position):
        key = _at(_KEY, source, position)
        position = key.end()
        if position == len(source):
            raise unclosed
        if not key[1]:
            raise _wrong(f'Empty attribute name in the tag "{opened.tag}" at byte offset {offset}')
        opened.attributes[key[1]] = ""
        if not key[2]:
            continue
        value = _VALUE.match(source, position)
        if value is None and source[position] in "\"'":
            raise unclosed
        if value is None:
            raise _wrong(f"Unexpected end of name token at byte offset {len(source[:position].encode())}")
        opened.attributes[key[1]] = _CHARACTER.sub(_decoded, value[1] or value[2] or (value[3] or "").lower())
        position = _at(_SPACE, source, value.end()).end()
    if opened.tag == "span" and opened.attributes.get("class") != "tg-spoiler":
        raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    return opened, position + 1


def _close(source: str, position: int, stack: list[_Open], entities: list[dict[str, Any]], length: int, offset: int) -> int:
    """Close the tag that was opened last; returns where the end tag ends."""
    if not stack:
        raise _wrong(f"Unexpected end tag at byte offset {offset}")
    found = _END.match(source, position)
    if found is None:
        raise _wrong(f"Unclosed end tag at byte offset {offset}")
    opened, name = stack.pop(), found[1].lower()
    if name and name != opened.tag:
        raise _wrong(f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{name}>"')
    if length > opened.offset:
        _add(opened, length - opened.offset, entities)
    return found.end()


def _add(opened: _Open, length: int, entities: list[dict[str, Any]]) -> None:
    entity: dict[str, Any] = {"type": TAGS[opened.tag], "offset": opened.offset, "length": length}
    if opened.tag == "a":
        entity["url"] = opened.attributes.get("href", "")
        if not entity["url"]:
            return
    elif opened.tag == "blockquote" and "expandable" in opened.attributes:
        entity["type"] = "expandable_blockquote"
    elif opened.tag == "code":
        style = opened.attributes.get("class", "")
        entity["language"] = style.removeprefix("language-") if style.startswith("language-") else ""
    elif opened.tag == "pre":
        while entities and entities[-1]["type"] == "code" and entities[-1]["offset"] >= opened.offset:
            code = entities.pop()
            if code["length"] == length and code["language"]:
                entity["language"] = code["language"]
    entities.append(entity)


def tidy(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """As Telegram stores it: cleaned, without blanks at both ends and in front within entities; outer entities first."""
    gone = [index for index, unit in enumerate(_units(text)) if unit in _GONE]
    text = clean(text)
    units = _units(text)
    last = utf16_length(text.rstrip(_BLANKS))
    front = len(text) - len(text.lstrip(_BLANKS))
    kept = []
    for entity in entities:
        begin, end = (mark - bisect_left(gone, mark) for mark in (entity["offset"], entity["offset"] + entity["length"]))
        end = min(end, last)
        while begin < end and chr(units[begin]) in _BLANKS:
            begin += 1
        if begin < end:
            kept.append({**entity, "offset": begin - front, "length": end - begin})
    return text.strip(_BLANKS), sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def check_entities(text: str, entities: Any) -> list[dict[str, Any]]:
    """Entities that came beside a text; 400 when they don't lie within it or cut a character in two."""
    found = entities or []
    if not isinstance(found, list) or not all(isinstance(entity, dict) for entity in found):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    units = _units(text)
    for entity in found:
        offset, size = entity.get("offset"), entity.get("length")
        if not (isinstance(entity.get("type"), str) and type(offset) is int and type(size) is int and offset >= 0 and size >= 0):
            raise bad_request("can't parse MessageEntity: expected a type, an offset and a length")
        if size == 0:
            continue
        if offset > len(units):
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
        if offset + size > len(units):
            raise bad_request(f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {offset + size}")
        for mark in (offset, offset + size):
            if 0xDC00 <= (units[mark] if mark < len(units) else 0) <= 0xDFFF:
                raise bad_request(f"entity beginning at UTF-16 offset {offset} begins or ends in a middle of a UTF-16 symbol")
    return found


def _wrong(text: str) -> BotApiError:
    return bad_request(f"can't parse entities: {text}")
