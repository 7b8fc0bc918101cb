"""What the page and programs see of a message: plain values, and its text as safe HTML."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import Any

from condor.localchat.markup import buttons_of

_TAGS = {
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
_BLOCKS = ("</pre>", "</blockquote>")


def to_html(text: str, entities: list[dict[str, Any]]) -> str:
    """Safe HTML of a text with entities; everything that is not an entity is escaped, and tags are always nested."""
    units = text.encode("utf-16-le", errors="surrogatepass")
    length = len(units) // 2
    # (begin, end, start tag, end tag)
    spans = sorted(
        ((entity["offset"], entity["offset"] + entity["length"], *_tags_of(entity)) for entity in entities),
        key=lambda span: (span[0], -span[1]),
    )
    marks = sorted({0, length, *(mark for span in spans for mark in span[:2] if 0 < mark < length)})
    parts: list[str] = []
    stack: list[tuple[int, int, str, str]] = []
    for mark, following in pairwise(marks):
        depth = next((depth for depth, span in enumerate(stack) if span[1] <= mark), len(stack))
        ended = stack[depth:]
        # what goes on behind one that ends is closed with it and opened again
        begun = [span for span in ended if span[1] > mark] + [span for span in spans if span[0] == mark < span[1]]
        stack = stack[:depth] + begun
        parts += [span[3] for span in reversed(ended)] + [span[2] for span in begun]
        piece = units[mark * 2 : following * 2].decode("utf-16-le", errors="replace")
        if any(span[1] <= mark and span[3] in _BLOCKS for span in ended):
            # a block ends its line itself: the line break behind it would be an empty line
            piece = piece.removeprefix("\n")
        parts.append(html.escape(piece, quote=False))
    return "".join(parts + [span[3] for span in reversed(stack)])


def _tags_of(entity: dict[str, Any]) -> tuple[str, str]:
    if entity["type"] == "text_link":
        url = str(entity.get("url", ""))
        if not re.match(r"^(https?|tg|mailto):", url):
            return "", ""
        return f'<a href="{html.escape(url)}" target="_blank" rel="noopener noreferrer">', "</a>"
    return _TAGS.get(entity["type"], ("", ""))


def event_of(kind: str, message: dict[str, Any], replied: dict[str, Any] | None) -> dict[str, Any]:
    """An event of a message, which may quote another."""
    event: dict[str, Any] = {"kind": kind, "message_id": message["message_id"]}
    if message.get("_gone"):
        return event
    text = message.get("text", message.get("caption", ""))
    entities = message.get("entities", message.get("caption_entities", []))
    return event | {
        "from": _sender(message),
        "name": message["from"]["first_name"],
        "date": message["date"],
        "edited": message.get("edit_date"),
        "text": text,
        "html": to_html(text, entities),
        "buttons": buttons_of(message.get("reply_markup")),
        "media": _media_of(message),
        "album": message.get("media_group_id"),
        "reply_to": quote(replied) if replied is not None else None,
        "silent": bool(message.get("_silent")),
        "toast": None,
        "alert": None,
    }


def _sender(message: dict[str, Any]) -> str:
    if message["from"]["is_bot"]:
        return "bot"
    return "user" if message["from"]["id"] == message["chat"]["id"] else "second"


def quote(replied: dict[str, Any]) -> dict[str, Any]:
    """A message in short, as it stands above an answer to it."""
    text = replied.get("text", replied.get("caption", "")) or "file"
    return {"message_id": replied["message_id"], "text": text[:120], "from": _sender(replied)}


def _media_of(message: dict[str, Any]) -> dict[str, Any] | None:
    if "photo" in message:
        largest = message["photo"][-1]
        return {"type": "photo", "file_id": largest["file_id"], "width": largest["width"], "height": largest["height"]}
    if "document" in message:
        document = message["document"]
        return {"type": "document", "file_id": document["file_id"], "name": document.get("file_name", "file"), "size": document.get("file_size", 0)}
    return None
