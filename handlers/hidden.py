"""Sums taken out of what is shown in a group that is to see none: amounts, balances, prices and results become •••, percentages, times and small counts stay.

This stands at the door of the chat, after everything that words a card: what is not known to be harmless is taken out, so a new screen can't forget it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from handlers.html import Safe, italic, join
from handlers.view import Button, View

DOTS = "•••"
MAX_COUNT = 1000
"""Whole numbers below this are counts, unless something beside them says otherwise."""

KEPT = (
    r"\d{4}-\d\d-\d\d|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?|[+\-−]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?\s?%|\d+(?:\.\d+)?\s?(?:ms|min|bp|[smhdwx])(?![A-Za-z])"
)
"""Dates, times, percentages, durations and leverage."""

NUMBER = r"[+\-−]?[$€£]?[+\-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?[kKM]?(?![\d%])"
BEFORE = r"(?<![A-Za-z_#@\d.,])(?<![A-Za-z_][-/.])"
"""Not within a word or a name such as `pmm-btc-1`."""

WORDS = re.compile(rf"(?P<tag><[^>]*>)|(?P<kept>{BEFORE}(?:{KEPT}))|(?P<number>{BEFORE}{NUMBER})")
TAG = re.compile(r"<[^>]*>")
ASSET = re.compile(r"^\s*(?:[A-Z][A-Z0-9]{1,9})(?![a-z])")
ASSET_BEFORE = re.compile(r"(?<![A-Za-z0-9])(?!ID\b)[A-Z][A-Z0-9]{1,9}\s*$")
"""`USDT 512`; also `BUY 3`: which words in capitals are assets is not known here. Somebody's `ID 512` is no sum."""

ASSIGNED = re.compile(r"(?:[:=→≈]|\bof|\bto|\bfrom|\bis)\s*$")
THINGS = re.compile(r"^\s*(?:entry |open |exit )?(?:orders?|exits?|bots?|positions?|executors?|fills?|trades?|alerts?)\b")
"""What is counted, behind its number."""

COUNTED = re.compile(
    r"^\s*(?:running|executors?|bots?|orders?|entry orders?|exits?|positions?|fills?|trades?|wins?|levels?|closed|uses|cards?|page|open|active)\b",
    re.IGNORECASE,
)
"""Names in a table whose values are counts."""

PERSON = re.compile(r"^\s*(?:user|chat|topic)\b", re.IGNORECASE)


def hidden_view(view: View) -> View:
    """A card without sums; its picture, which has sums in it, is left out."""
    if view.is_public:
        return view
    text = hidden(view.text)
    if view.picture is not None or view.drawing is not None:
        text = join([text, italic("The picture shows sums: it is left out in this group.")], "\n")
    rows = tuple(tuple(replace(button, text=_label(button)) for button in row) for row in view.rows)
    return replace(view, text=text, rows=rows, picture=None, drawing=None)


def hidden(text: str) -> Safe:
    """HTML without sums; its tags stay as they are."""
    return Safe(WORDS.sub(lambda found: _shown(found, text), text))


def _label(button: Button) -> str:
    # a label is no HTML, and what looks like a tag in it is text
    return hidden(button.text.replace("<", "\u2039")).replace("\u2039", "<")


def _shown(found: re.Match[str], text: str) -> str:
    """A piece of a text as it is shown."""
    if found["number"] is None:
        return found[0]
    return found[0] if _is_harmless(found["number"], text[: found.start()], text[found.end() :]) else _dots(found["number"], text[: found.start()])


def _is_harmless(number: str, before: str, behind: str) -> bool:
    """Whether a number is no sum for sure: what counts things, or names a person or a chat."""
    ahead, next_ = TAG.sub("", before[-80:]), TAG.sub("", behind[:80])
    row = _row_of(before)
    if (ASSIGNED.search(ahead) or ASSET_BEFORE.search(ahead)) and not THINGS.match(next_):
        return False
    is_marked = before.endswith("<code>") and behind.startswith("</code>") and not ASSET.match(next_)
    if (is_marked or (row is not None and PERSON.match(row))) and re.fullmatch(r"-?\d+", number):
        return True
    if not number.isdecimal() or int(number) >= MAX_COUNT:
        return False
    if THINGS.match(next_):
        return True
    return not ASSET.match(next_) and (row is None or COUNTED.match(row) is not None)


def _row_of(before: str) -> str | None:
    """What stands before a number in its row of a table; None where there is no table."""
    opened = before.rfind("<pre>")
    if opened < 0 or before.rfind("</pre>") > opened:
        return None
    return before[max(opened + len("<pre>"), before.rfind("\n") + 1) :]


def _dots(number: str, before: str) -> str:
    """In a table as wide as the number where that is wider, aligned on the right: neither its end nor its length is seen."""
    return DOTS if _row_of(before) is None else DOTS.rjust(len(number))
