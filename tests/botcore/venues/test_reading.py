"""Fields of what a venue sent: right, or an error that names the field (R10, R11)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.venues import reading
from botcore.venues.dialect import Unreadable


@pytest.mark.parametrize("body", [b'{"a":1,"a":1}', b'{"x":[{"a":1,"b":2,"a":3}]}'])
def test_r10_a_key_that_stands_twice(body: bytes) -> None:
    with pytest.raises(Unreadable, match="'a' stands twice"):
        reading.strict(body)


@pytest.mark.parametrize("body", [b"NaN", b"[Infinity]", b'{"a":-Infinity}'])
def test_r10_what_is_no_number_in_json(body: bytes) -> None:
    with pytest.raises(Unreadable, match="is no number"):
        reading.strict(body)


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"[1,]", b"{'a':1}", b"\xef\xbb\xbf{}", b"\xff\xfe{}", b"[" * 100_000, b"{}x", b"<html>", b'"\x00"', b"1" * 5000]
)
def test_r10_what_is_no_json(body: bytes) -> None:
    for parse in (reading.strict, reading.quick):
        if parse is reading.quick and body == b"1" * 5000:
            continue
        with pytest.raises(Unreadable, match="not JSON"):
            parse(body)


def test_numbers_of_strict_are_exact() -> None:
    found = reading.strict(b'{"a":0.1234567890123456789,"b":12345678901234567890123}')
    assert found == {"a": Decimal("0.1234567890123456789"), "b": 12345678901234567890123}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("0.10", Decimal("0.1")),
        ("-5", Decimal(-5)),
        ("1e-7", Decimal("0.0000001")),
        (7, Decimal(7)),
        (0.1, Decimal("0.1")),
        (Decimal("2.5"), Decimal("2.5")),
    ],
)
def test_numbers(found: Any, expected: Decimal) -> None:
    assert reading.number({"n": found}, "n") == expected


@pytest.mark.parametrize(
    "found",
    [
        None,
        True,
        "",
        " ",
        "1 ",
        "+1",
        "1_0",
        "NaN",
        "inf",
        "1e400",
        "1e99",
        "-1e40",
        1e40,
        float("nan"),
        float("inf"),
        "٣",
        ".5",
        "5.",
        "1,5",
        [],
        {},
        "1" * 29,
        Decimal("1e-50"),
    ],
)
def test_r10_what_is_no_number(found: Any) -> None:
    with pytest.raises(Unreadable, match="n: "):
        reading.number({"n": found}, "n")


@given(found=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=8))
def test_every_number_that_a_venue_writes_is_read_exactly(found: Decimal) -> None:
    assert reading.as_number(format(found, "f"), "n") == found


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (reading.text, [None, "", 1, True, [], {}]),
        (reading.any_text, [None, 1, True]),
        (reading.whole, [None, "1", 1.0, True, 2**63, -(2**63), Decimal(1)]),
        (reading.ident, [None, "", -1, True, 1.5, 2**63]),
        (reading.flag, [None, 0, 1, "true", ""]),
        (reading.ms, [None, -1, 10**15, "1", 1.5]),
        (reading.positive, [0, "0", "-1", None]),
        (reading.not_negative, ["-0.1", -1, None]),
        (reading.inner, [None, [], "x", 1]),
        (reading.inners, [None, {}, "x", [1], [None]]),
    ],
)
def test_r11_a_field_that_is_not_what_it_should_be_is_named(read: Any, wrong: list[Any]) -> None:
    for found in wrong:
        with pytest.raises(Unreadable, match="field"):
            read({"field": found}, "field")
    with pytest.raises(Unreadable, match="field: missing"):
        read({"other": 1}, "field")


def test_fields() -> None:
    row = {"t": "x", "e": "", "w": -5, "i": 7, "s": "a7", "f": False, "m": 1499827319559, "o": {"k": 1}, "l": [{"k": 1}], "n": None}
    assert reading.text(row, "t") == "x" and reading.any_text(row, "e") == "" and reading.whole(row, "w") == -5
    assert reading.ident(row, "i") == "7" and reading.ident(row, "s") == "a7" and reading.flag(row, "f") is False
    assert reading.ms(row, "m") == 1499827319559 and reading.time_ns(row, "missing", "m") == 1499827319559 * 10**6
    assert reading.inner(row, "o") == {"k": 1} and reading.inners(row, "l") == [{"k": 1}]
    assert (
        reading.maybe_text(row, "t") == "x" and reading.maybe_text(row, "n") == reading.maybe_text(row, "w") == reading.maybe_text(row, "gone") == ""
    )
    with pytest.raises(Unreadable, match="gone: missing"):
        reading.time_ns(row, "gone", "also")


def test_what_is_shown_is_short_and_on_one_line() -> None:
    shown = reading.short(b"<html>\r\n<body>\x1b[31m" + b"x" * 1000)
    assert len(shown) <= 63 and shown.isprintable()
    assert reading.short(None) == "None" and len(reading.short({"a": "b" * 1000})) <= 63


@given(
    body=st.binary(max_size=120)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)).map(
        lambda found: json.dumps(found).encode()
    )
)
def test_r10_any_bytes_are_json_or_unreadable(body: bytes) -> None:
    for parse in (reading.strict, reading.quick):
        try:
            parse(body)
        except Unreadable as error:
            said = str(error)
            assert_line = len(said) < 250 and "\n" not in said
            if not assert_line:
                raise AssertionError(said) from None
