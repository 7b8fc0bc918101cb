"""HTML parse mode: text with tags -> plain text and entities with UTF-16 offsets, with Telegram's own words for what is wrong; and back to safe HTML.

Only HTML is understood: the project builds HTML and nothing else, so another parse mode is a mistake that should be seen at once.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from condor.localchat.errors import bad_request

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
_CHARACTER = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));")
_ATTRIBUTE = re.compile(r"""\s*([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


def utf16_length(text: str) -> int:
    """Length as Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


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
        if character == "&":
            found = _CHARACTER.match(source, position)
            if found:
                decoded = _decoded(found)
                text.append(decoded)
                length += utf16_length(decoded)
                position = found.end()
                continue
        if character != "<":
            text.append(character)
            length += 2 if ord(character) > 0xFFFF else 1
            position += 1
            continue
        end = source.find(">", position)
        offset = len(source[:position].encode())
        if source.startswith("</", position):
            if not stack:
                raise _wrong(f"Unexpected end tag at byte offset {offset}")
            if end < 0:
                raise _wrong(f"Unclosed end tag at byte offset {offset}")
            _close(source[position + 2 : end].strip().lower(), stack, entities, length, offset)
        else:
            if end < 0:
                raise _wrong(f"Unclosed start tag at byte offset {offset}")
            stack.append(_opened(source[position + 1 : end], length, offset))
        position = end + 1
    if stack:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return _trimmed("".join(text), entities)


def _decoded(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return found[0]
    return chr(code)


def _opened(inside: str, length: int, offset: int) -> _Open:
    name = re.split(r"[\s/]", inside, maxsplit=1)[0].lower()
    if name not in TAGS:
        raise _wrong(f'Unsupported start tag "{name}" at byte offset {offset}')
    attributes = {found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "") for found in _ATTRIBUTE.finditer(inside[len(name) :])}
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    return _Open(name, length, attributes)


def _close(name: str, stack: list[_Open], entities: list[dict[str, Any]], length: int, offset: int) -> None:
    opened = stack.pop()
    if name and name != opened.tag:
        raise _wrong(f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{name}>"')
    if length == opened.offset:
        return
    entity: dict[str, Any] = {"type": TAGS[opened.tag], "offset": opened.offset, "length": length - opened.offset}
    if opened.tag == "a":
        link = opened.attributes.get("href", "")
        if not link:
            return
        entity["url"] = link
    elif opened.tag == "blockquote" and "expandable" in opened.attributes:
        entity["type"] = "expandable_blockquote"
    elif opened.tag == "code":
        language = opened.attributes.get("class", "")
        if stack and stack[-1].tag == "pre" and stack[-1].offset == opened.offset:
            stack[-1].attributes.setdefault("language", language.removeprefix("language-"))
            return
    elif opened.tag == "pre" and opened.attributes.get("language"):
        entity["language"] = opened.attributes["language"]
    entities.append(entity)


def _trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Without blanks at the end, as Telegram stores it; outer entities first."""
    text = text.rstrip()
    length = utf16_length(text)
    kept = []
    for entity in entities:
        entity["length"] = min(entity["length"], length - entity["offset"])
        if entity["length"] > 0:
            kept.append(entity)
    return text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _wrong(text: str) -> Exception:
    return bad_request(f"can't parse entities: {text}")


# ---- back to HTML for the page -------------------------------------------------------------------------------------
_HTML = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "spoiler": ('<span class="spoiler" tabindex="0" role="button">', "</span>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ('<blockquote class="expandable" tabindex="0" role="button">', "</blockquote>"),
}


def to_html(text: str, entities: list[dict[str, Any]]) -> str:
    """Safe HTML of a text with entities; everything that is not an entity is escaped."""
    units = text.encode("utf-16-le")
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for entity in entities:
        begin, end = _tags_of(entity)
        opens.setdefault(entity["offset"], []).append(begin)
        closes.setdefault(entity["offset"] + entity["length"], []).insert(0, end)
    marks = sorted({0, len(units) // 2, *opens, *closes})
    parts: list[str] = []
    for index, mark in enumerate(marks):
        ends_block = any(tag in ("</pre>", "</blockquote>") for tag in closes.get(mark, ()))
        parts.extend(closes.get(mark, []))
        parts.extend(opens.get(mark, []))
        if index + 1 < len(marks):
            piece = units[mark * 2 : marks[index + 1] * 2].decode("utf-16-le", errors="replace")
            # a block ends its line itself: the line break behind it would be an empty line
            parts.append(html.escape(piece.removeprefix("\n") if ends_block else piece, quote=False))
    return "".join(parts)


def _tags_of(entity: dict[str, Any]) -> tuple[str, str]:
    if entity["type"] == "text_link":
        url = str(entity.get("url", ""))
        if not re.match(r"^(https?|tg|mailto):", url):
            return "", ""
        return f'<a href="{html.escape(url)}" target="_blank" rel="noopener noreferrer">', "</a>"
    return _HTML.get(entity["type"], ("", ""))
