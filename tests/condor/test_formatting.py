"""HTML into text with entities and back: whatever comes in, what goes out is sound."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from condor.localchat.entities import TAGS, check_entities, clean, is_unicode, parse_html, tidy, utf16_length
from condor.localchat.errors import BotApiError
from condor.localchat.view import event_of, to_html

Entity = dict[str, Any]
KINDS = ("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "expandable_blockquote", "text_link", "bot_command")
SHOWN_TAGS = {"b", "i", "u", "s", "span", "code", "pre", "blockquote", "a"}

letters = st.text(st.sampled_from("ab é🚀\n\t\r<>&\"';=/\u202e\u00a0\x00"), max_size=6)
links = ('<a href="https://x.y">', "<a href='x>y'", "<a href=")
odd = ('<span class="tg-spoiler">', "<blockquote expandable>", '<code class="language-c">', "<b =", "<i a=b,", "</>", "<", ">")
references = ("&amp", "&lt;", "&#128640;", "&#55357;", "&#0;", "&")
tokens = st.sampled_from([*(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS), *links, *odd, *references])
sources = st.lists(tokens | letters | st.text(max_size=3), max_size=14).map("".join)


def ends(entity: Entity) -> int:
    return int(entity["offset"] + entity["length"])


def is_boundary(text: str, mark: int) -> bool:
    """Whether a place in UTF-16 units is not within a character."""
    try:
        text.encode("utf-16-le")[: mark * 2].decode("utf-16-le")
    except UnicodeDecodeError:
        return False
    return True


def check_sound(text: str, entities: list[Entity]) -> None:
    assert text == text.strip(" \n")
    assert clean(text) == text
    for entity in entities:
        assert entity["length"] > 0
        assert 0 <= entity["offset"] < ends(entity) <= utf16_length(text)
        assert is_boundary(text, entity["offset"]) and is_boundary(text, ends(entity))
        assert text.encode("utf-16-le")[entity["offset"] * 2 :][:2].decode("utf-16-le", "replace") not in (" ", "\n")
    assert [entity["offset"] for entity in entities] == sorted(entity["offset"] for entity in entities)


# ---- HTML in -------------------------------------------------------------------------------------------------------
@settings(max_examples=300, deadline=None)
@given(sources)
@example("<a href='")
@example('<b a="x')
@example("<b a=")
@example("<b a ")
@example("</")
@example("<pre><code>\n</code></pre>")
def test_any_html_is_read_or_refused_with_a_reason(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except BotApiError as error:
        reason = error
    else:
        reason = None
    if reason is not None:
        assert (reason.status, reason.description.partition(": ")[0]) == (400, "Bad Request")
        assert reason.description.count("can't parse entities: ") == 1
        return
    check_sound(text, entities)
    assert check_entities(text, entities) == entities
    for first, second in combinations(entities, 2):
        # sorted: the first begins no later, and what it holds it holds entirely
        assert ends(first) <= second["offset"] or ends(second) <= ends(first)
    assert tidy(text, entities) == (text, entities)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> tuple[str, str, int]:
    """(HTML, its text, how many of its tags hold a letter)"""
    source = plain = ""
    count = 0
    for _ in range(draw(st.integers(1, 3))):
        if depth and draw(st.booleans()):
            tag = draw(st.sampled_from(["b", "i", "u", "s", "tg-spoiler", "blockquote"]))
            inner, text, held = draw(trees(depth - 1))
            source, plain, count = f"{source}<{tag}>{inner}</{tag}>", plain + text, count + held + bool(text.strip(" \n"))
        else:
            text = draw(st.text(st.sampled_from("ab é🚀<>&\"'\n "), min_size=1, max_size=4))
            source, plain = source + html.escape(text), plain + text
    return source.replace("&#x27;", "&#39;"), plain, count


@settings(max_examples=150, deadline=None)
@given(trees())
def test_well_formed_html_loses_nothing(tree: tuple[str, str, int]) -> None:
    source, plain, count = tree
    text, entities = parse_html(source)
    assert text == plain.strip(" \n")
    assert len(entities) == count
    check_sound(text, entities)


@pytest.mark.parametrize(
    ("source", "entities"),
    [
        ('<pre><code class="language-python">x</code></pre>', [("pre", 0, 1, "python")]),
        ("<pre><code>x</code></pre>", [("pre", 0, 1, None)]),
        ('<pre><code class="language-c">x</code>y</pre>', [("pre", 0, 2, None)]),
        ('<pre><code class="red">x</code></pre>', [("pre", 0, 1, None)]),
        ('<pre language="c">x</pre>', [("pre", 0, 1, None)]),
        ('<code class="language-c">x</code>', [("code", 0, 1, None)]),
        ("<a>x</a><a href=''>y</a>", []),
        ("<blockquote expandable>x</blockquote>", [("expandable_blockquote", 0, 1, None)]),
    ],
)
def test_attributes_mean_what_they_mean_to_telegram(source: str, entities: list[tuple[str, int, int, str | None]]) -> None:
    assert [(entity["type"], entity["offset"], entity["length"], entity.get("language")) for entity in parse_html(source)[1]] == entities


def test_reading_takes_no_longer_than_it_should() -> None:
    """Patterns that go back over what they have read would take minutes."""
    for source in ("<b " + " " * 200_000, "<b " + '"' * 200_001, "<b a=" + "x" * 200_000, "&#" + "1" * 200_000, "<b " + "a " * 50_000):
        with pytest.raises(BotApiError):
            parse_html(source + "<")


# ---- tidying -------------------------------------------------------------------------------------------------------
@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[Entity]]:
    """A text with entities that lie anywhere, but cut no character."""
    text = draw(st.text(st.sampled_from("ab é🚀\n\r\t \u2028<&"), max_size=12))
    marks = [mark for mark in range(utf16_length(text) + 1) if is_boundary(text, mark)]
    entities = []
    for _ in range(draw(st.integers(0, 5))):
        begin, end = sorted((draw(st.sampled_from(marks)), draw(st.sampled_from(marks))))
        entity = {"type": draw(st.sampled_from(KINDS)), "offset": begin, "length": end - begin}
        if entity["type"] == "text_link":
            entity["url"] = draw(st.sampled_from(["https://x.y/?a=1&b=\"'<>", "javascript:alert(1)", "data:text/html,x", "", "tg://user?id=1"]))
        entities.append(entity)
    return text, entities


@settings(max_examples=200, deadline=None)
@given(marked())
def test_tidying_keeps_what_is_marked(case: tuple[str, list[Entity]]) -> None:
    text, entities = case
    before = [dict(entity) for entity in entities]
    assert check_entities(text, entities) == entities
    tidied, kept = tidy(text, entities)
    assert entities == before
    check_sound(tidied, kept)
    assert tidied == clean(text).strip(" \n")

    def held(source: str, marks: list[Entity]) -> list[tuple[str, str]]:
        units = source.encode("utf-16-le")
        pieces = ((mark["type"], units[mark["offset"] * 2 : ends(mark) * 2].decode("utf-16-le")) for mark in marks)
        return sorted((kind, clean(piece).strip(" \n")) for kind, piece in pieces if clean(piece).strip(" \n"))

    assert held(text, entities) == held(tidied, kept)


def test_half_a_character_is_no_unicode() -> None:
    assert is_unicode("a🚀")
    assert not is_unicode("a\ud83d")
    assert not is_unicode("\ude80")


# ---- HTML out ------------------------------------------------------------------------------------------------------
class Reader(HTMLParser):
    """Reads HTML as strictly as it was meant: every tag is known, closed, and in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text = ""
        self.stack: list[str] = []
        self.links: list[str] = []
        self.marked: list[tuple[tuple[str, ...], str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHOWN_TAGS
        assert {name for name, _ in attrs} <= {"class", "tabindex", "role", "href", "target", "rel"}
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked.append((tuple(self.stack), data))


@settings(max_examples=300, deadline=None)
@given(marked())
def test_what_is_shown_is_balanced_and_escaped(case: tuple[str, list[Entity]]) -> None:
    text, entities = case
    shown = to_html(text, entities)
    reader = Reader(shown)
    assert reader.stack == []
    assert all(link.startswith(("https:", "tg:")) for link in reader.links)
    if any(entity["type"] in ("pre", "blockquote", "expandable_blockquote") for entity in entities):
        # the line break behind a block is the block's own
        assert reader.text.replace("\n", "") == text.replace("\n", "")
    else:
        assert reader.text == text
    assert shown.count("<") == shown.count(">")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=12), st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-3, 20), st.integers(-3, 20)), max_size=5))
@example("a\ud83db", [("bold", 1, 2)])
def test_even_entities_that_make_no_sense_are_shown_safely(text: str, spans: list[tuple[str, int, int]]) -> None:
    entities = [{"type": kind, "offset": offset, "length": length, "url": "https://x.y"} for kind, offset, length in spans]
    assert Reader(to_html(text, entities)).stack == []


@settings(max_examples=150, deadline=None)
@given(marked())
def test_every_letter_is_shown_as_it_is_marked(case: tuple[str, list[Entity]]) -> None:
    text, entities = case
    tags = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "span", "code": "code"}
    entities = [entity for entity in entities if entity["type"] in tags]
    seen = [sorted(stack) for stack, data in Reader(to_html(text, entities)).marked for _ in range(utf16_length(data))]
    meant = [sorted(tags[entity["type"]] for entity in entities if entity["offset"] <= place < ends(entity)) for place in range(utf16_length(text))]
    assert seen == meant


@pytest.mark.parametrize(
    ("text", "spans", "shown"),
    [
        ("abc", [("bold", 0, 2), ("italic", 1, 2)], "<b>a<i>b</i></b><i>c</i>"),
        ("abc", [("italic", 0, 3), ("bold", 0, 3)], "<i><b>abc</b></i>"),
        ("🚀b", [("bold", 0, 2)], "<b>🚀</b>b"),
        ("a\nb\n\nc", [("pre", 0, 1), ("blockquote", 2, 1)], "<pre>a</pre><blockquote>b</blockquote>\nc"),
        ("a<b", [("bot_command", 0, 3)], "a&lt;b"),
        ("", [("bold", 0, 5)], ""),
        ("a", [("bold", 5, 5)], "a"),
    ],
)
def test_tags_stand_where_the_entities_are(text: str, spans: list[tuple[str, int, int]], shown: str) -> None:
    assert to_html(text, [{"type": kind, "offset": offset, "length": length} for kind, offset, length in spans]) == shown


def test_an_event_quotes_what_it_answers() -> None:
    sender = {"is_bot": True, "first_name": "Condor"}
    replied = {
        "message_id": 1,
        "date": 5,
        "from": {"is_bot": False, "id": 1, "first_name": "You"},
        "chat": {"id": 1},
        "document": {"file_id": "f", "file_name": "a.txt", "file_size": 3},
    }
    message = {"message_id": 2, "date": 6, "from": sender, "text": "x" * 200, "_reply_to": 1, "_silent": True}
    shown = event_of("message", message, replied)
    assert shown["reply_to"] == {"message_id": 1, "text": "file", "from": "user"}
    assert (shown["from"], shown["silent"], shown["media"]) == ("bot", True, None)
    assert event_of("sent", replied, None)["media"] == {"type": "document", "file_id": "f", "name": "a.txt", "size": 3}
    assert event_of("sent", replied, message)["reply_to"]["text"] == "x" * 120
    assert event_of("deleted", {"message_id": 2, "_gone": True}, replied) == {"kind": "deleted", "message_id": 2}
