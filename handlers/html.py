"""Telegram's HTML, built and never concatenated by hand: what is not marked as safe is escaped.

A card is made of blocks; when it would be too long whole blocks are left out with a word about it, markup is never cut.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence

MAX_TEXT = 4096
MAX_CAPTION = 1024
MARGIN = 96
WIDTH = 38
"""Columns of a table that fit a phone."""

FIRST = 8
"""Columns that the first column of a table keeps when the others are wide."""


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


def columns(text: str) -> int:
    """How many columns of a fixed-width font a line takes: two for each East Asian letter and emoji, none for a mark that stands on another letter."""
    return sum(0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def fit(text: str, width: int) -> str:
    """At most `width` columns, with an ellipsis where something is missing."""
    single = " ".join(text.split())
    if columns(single) <= width:
        return single
    used, kept = 1, ""
    for letter in single:
        used += columns(letter)
        if used > max(1, width):
            break
        kept += letter
    return kept + "…"


def _left(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _right(text: str, width: int) -> str:
    return " " * (width - columns(text)) + text


def pairs(rows: Sequence[tuple[str, str]], width: int = WIDTH) -> Safe:
    """A two-column table: names on the left, values on the right."""
    shown = []
    for name, value in rows:
        # a value is worth more than the end of its name
        value = fit(value, width - min(columns(name), 12) - 1)
        name = fit(name, width - columns(value) - 1)
        shown.append(_left(name, width - columns(value)) + value)
    return pre("\n".join(shown))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> Safe:
    """A table whose first column takes what the others leave; the others are right-aligned. What is too wide is cut where most can be spared."""
    cells = [[" ".join(str(cell).split()) for cell in row] for row in (header, *rows)]
    widths = [max(columns(cell) for cell in column) for column in zip(*cells, strict=True)]
    least = min(widths[0], FIRST)
    others = widths[1:]
    while others and least + sum(others) + len(others) > width:
        others[others.index(max(others))] -= 1
    first = max(least, min(widths[0], width - sum(others) - len(others)))
    lines = []
    for row in cells:
        rest = [_right(fit(cell, size), size) for cell, size in zip(row[1:], others, strict=True)]
        lines.append(" ".join([_left(fit(row[0], first), first), *rest]).rstrip())
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
