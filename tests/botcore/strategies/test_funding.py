"""Shares of a funding payment: exact together, in proportion, nobody's where nobody held."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from botcore.strategies.funding import NOBODY, shares

D = Decimal
AMOUNTS = st.decimals(-10_000, 10_000, places=8)
HELD = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), st.decimals(-5, 5, places=3), max_size=6)


@given(AMOUNTS, HELD, st.decimals(-40, 40, places=3))
def test_i20_shares_are_the_payment(amount: Decimal, held: dict[tuple[str, str], Decimal], position: Decimal) -> None:
    found = shares(amount, held, position)
    assert sum(found.values()) == amount
    assert found.keys() <= {holder for holder, base in held.items() if base} | {NOBODY}


def test_i20_shares_follow_what_was_held() -> None:
    assert shares(D(-12), {("a", "x"): D(1), ("b", "x"): D(2)}, D(3)) == {("a", "x"): D(-4), ("b", "x"): D(-8)}
    # somebody else holds a half
    assert shares(D(-12), {("a", "x"): D(3)}, D(6)) == {("a", "x"): D(-6), NOBODY: D(-6)}
    # the venue nets a short of ours: it receives what the long pays for it
    assert shares(D(-2), {("a", "x"): D(3), ("b", "x"): D(-1)}, D(2)) == {("a", "x"): D(-3), ("b", "x"): D(1)}
    assert shares(D(-2), {}, D(2)) == shares(D(-2), {("a", "x"): D(1), ("b", "x"): D(-1)}, D(0)) == {NOBODY: D(-2)}
