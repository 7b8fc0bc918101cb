"""Telegram's HTML, built and never concatenated by hand: what is not marked as safe is escaped.

A card is made of blocks; when it would be too long whole blocks are left out with a word about it, markup is never cut.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

MAX_TEXT = 4096
MAX_CAPTION = 1024
MARGIN = 96
WIDTH = 38
"""Columns of a table that fit a phone."""


class Safe(str):
    """Text that is HTML already."""

    __slots__ = ()


def esc(value: object) -> Safe:
    """A value as HTML."""
    return value if isinstance(value, Safe) else Safe(html.escape(str(value), quote=False))


def join(parts: Iterable[object], between: str = "") -> Safe:
    return Safe(esc(between).join(esc(part) for part in parts))


def line(*parts: object) -> Safe:
    """Parts side by side."""
    return join(parts)


def bold(value: object) -> Safe:
    return Safe(f"<b>{esc(value)}</b>")


def italic(value: object) -> Safe:
    return Safe(f"<i>{esc(value)}</i>")


def code(value: object) -> Safe:
    return Safe(f"<code>{esc(value)}</code>")


def pre(value: object) -> Safe:
    return Safe(f"<pre>{esc(value)}</pre>")


def quote(value: object, *, expandable: bool = False) -> Safe:
    return Safe(f"<blockquote{' expandable' if expandable else ''}>{esc(value)}</blockquote>")


def clip(text: str, width: int) -> str:
    """At most `width` characters, with an ellipsis where something is missing."""
    single = " ".join(text.split())
    return single if len(single) <= width else single[: max(1, width - 1)] + "…"


def pairs(rows: Sequence[tuple[str, str]], width: int = WIDTH) -> Safe:
    """A two-column table: names on the left, values on the right."""
    shown = []
    for name, value in rows:
        value = clip(value, width - 4)
        name = clip(name, max(3, width - len(value) - 1))
        shown.append(name + " " * max(1, width - len(name) - len(value)) + value)
    return pre("\n".join(shown))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> Safe:
    """A table whose first column takes what the others leave; the others are right-aligned."""
    columns = list(zip(header, *rows, strict=True)) if rows else [(item,) for item in header]
    widths = [max(len(str(cell)) for cell in column) for column in columns]
    first = max(6, min(widths[0], width - sum(widths[1:]) - len(widths) + 1))
    lines = []
    for row in (header, *rows):
        cells = [clip(str(row[0]), first).ljust(first), *(str(cell).rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True))]
        lines.append(" ".join(cells).rstrip())
    return pre("\n".join(lines))


def visible_length(text: str) -> int:
    """UTF-16 units that Telegram counts: after the tags are gone and characters are decoded."""
    plain = html.unescape(re.sub(r"<[^>]+>", "", text))
    return len(plain.encode("utf-16-le")) // 2


def card(blocks: Iterable[object], limit: int = MAX_TEXT) -> Safe:
    """Blocks below each other, as many as fit."""
    kept: list[Safe] = []
    used = 0
    for block in blocks:
        shown = esc(block)
        if not shown:
            continue
        length = visible_length(shown) + 1
        if used + length > limit - MARGIN:
            kept.append(italic("… there is more than fits one message"))
            break
        kept.append(shown)
        used += length
    return Safe("\n".join(kept))
