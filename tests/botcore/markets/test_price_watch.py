"""Watched prices of a market."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.markets.price_watch import NO_HIGH, NO_LOW, PriceWatch


def test_nothing_is_watched_at_first() -> None:
    watch = PriceWatch()
    assert watch.next_below(100) == NO_LOW and watch.next_above(100) == NO_HIGH


def test_the_nearest_watched_price_on_the_way() -> None:
    watch = PriceWatch()
    watch.set("stop", low=90)
    watch.set("entry", low=95)
    watch.set("profit", high=110)
    assert watch.next_below(100) == 95 and watch.next_below(95) == 90 and watch.next_below(90) == NO_LOW
    assert watch.next_above(100) == 110 and watch.next_above(110) == NO_HIGH


def test_a_key_watches_its_last_prices_only() -> None:
    watch = PriceWatch()
    watch.set("a", low=90, high=110)
    watch.set("a", low=80)
    assert watch.next_below(100) == 80 and watch.next_above(100) == NO_HIGH


def test_two_keys_may_watch_the_same_price() -> None:
    watch = PriceWatch()
    watch.set("a", low=90)
    watch.set("b", low=90)
    watch.clear("a")
    assert watch.next_below(100) == 90
    watch.clear("b")
    assert watch.next_below(100) == NO_LOW


def test_the_version_grows_with_changes_only() -> None:
    watch = PriceWatch()
    watch.set("a", low=90)
    version = watch.version
    watch.set("a", low=90)
    watch.clear("stranger")
    assert watch.version == version
    watch.clear("a")
    assert watch.version > version


KEYS = st.sampled_from("abcd")
PRICES = st.integers(1, 30)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(steps=st.lists(st.tuples(KEYS, st.none() | st.tuples(st.none() | PRICES, st.none() | PRICES)), max_size=40), at=PRICES)
def test_it_agrees_with_a_dict(steps: list[tuple[str, tuple[int | None, int | None] | None]], at: int) -> None:
    watch, known = PriceWatch(), {}
    for key, prices in steps:
        if prices is None:
            watch.clear(key)
            known.pop(key, None)
        else:
            low, high = prices
            watch.set(key, NO_LOW if low is None else low, NO_HIGH if high is None else high)
            known[key] = prices
        assert watch.next_below(at) == max((low for low, _ in known.values() if low is not None and low < at), default=NO_LOW)
        assert watch.next_above(at) == min((high for _, high in known.values() if high is not None and high > at), default=NO_HIGH)
