"""Checksums: how numbers are written for them, and examples that venues give in their manuals."""

from __future__ import annotations

import json
from decimal import Decimal
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.markets.book_scanner import BookScanner
from botcore.markets.checksums import Form, KrakenChecksum, OkxChecksum
from botcore.markets.order_book import OrderBook
from tests.support.books import KRAKEN_KEYS, OKX_KEYS

D = Decimal
STEPS = st.sampled_from(["1", "0.1", "0.5", "0.25", "5", "100", "0.00001", "1E+3", "0.01000"]).map(D)


@pytest.mark.parametrize(
    ("step", "steps", "shortest"),
    [
        ("0.1", 302388, "30238.8"),
        ("0.1", 302390, "30239"),
        ("0.001", 5150, "5.15"),
        ("0.5", 1, "0.5"),
        ("5", 12, "60"),
        ("1E+3", 7, "7000"),
        ("0.00001", 1, "0.00001"),
    ],
)
def test_the_shortest_form_has_no_zeros_at_its_end(step: str, steps: int, shortest: str) -> None:
    assert Form.of(D(step)).shortest(steps) == shortest


@given(step=STEPS, steps=st.integers(1, 10**15))
def test_forms_are_the_number(step: Decimal, steps: int) -> None:
    form = Form.of(step)
    text = form.shortest(steps)
    assert D(text) == step * steps and (not text.endswith("0") or "." not in text)
    for more in range(3):
        places = form.places + more
        assert form.digits(steps, places) == f"{step * steps:.{places}f}".replace(".", "").lstrip("0")


def test_okx_takes_bids_and_asks_by_turns_and_then_what_is_left() -> None:
    scanner = BookScanner(OKX_KEYS, D("0.1"), D("1"))
    book = OrderBook()
    levels = {"bids": [["3366.1", "7", "0", "3"]], "asks": [["3366.8", "9", "10", "3"], ["3368", "8", "3", "4"]]}
    scanner.apply_snapshot(book, json.dumps({"data": [levels]}).encode(), 1)
    value = crc32(b"3366.1:7:3366.8:9:3368:8")
    assert OkxChecksum(D("0.1"), D("1"))(book, scanner) == (value - 2**32 if value >= 2**31 else value)


def test_kraken_takes_the_ten_best_asks_and_then_the_ten_best_bids() -> None:
    """Only ten of each; digits as the venue writes them, though its steps have fewer decimals."""
    scanner = BookScanner(KRAKEN_KEYS, D("0.01"), D("0.0001"))
    book = OrderBook()
    asks = [[f"{price}.10000", "0.00500000", "1"] for price in range(101, 113)]
    bids = [[f"{price}.20000", "12.00000000", "1"] for price in range(100, 88, -1)]
    scanner.apply_snapshot(book, json.dumps([0, {"as": asks, "bs": bids}, "book", "X"]).encode(), 1)
    text = "".join(f"{price}10000" + "500000" for price in range(101, 111)) + "".join(f"{price}20000" + "1200000000" for price in range(100, 90, -1))
    assert KrakenChecksum(D("0.01"), D("0.0001"))(book, scanner) == crc32(text.encode())
