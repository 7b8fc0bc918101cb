"""An order as people type it: which words mean what, and what is said of words that mean nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.executors.single.executor import NEVER_SENT
from condor.answers import PairUnknown
from condor.errors import UserError
from condor.manual_views import Stage, stage_after
from condor.tickets import Ticket, new_ticket, read_amount, read_kind, read_leverage, read_price, read_side, read_ticket

PAPER = {"binance_perpetual": ["BTC-USDT", "ETH-USDT"], "binance": ["BTC-USDT", "ETH-USDT", "ETH-BTC"]}
PAIRS = {"paper": PAPER, "live": {"binance": ["ETH-USDT", "PEPE-USDT"]}}


def read(line: str) -> dict[str, str]:
    found = read_ticket(line.split(), PAIRS).values()
    del found["ticket_id"]
    return found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("buy 0.1 BTC-USDT", {"mode": "paper", "venue": "binance_perpetual", "pair": "BTC-USDT", "side": "BUY", "asked": "0.1", "kind": "MARKET"}),
        (
            "sell $50 ETH-USDT at 1,950",
            {
                "mode": "paper",
                "venue": "binance_perpetual",
                "pair": "ETH-USDT",
                "side": "SELL",
                "asked": "$50",
                "kind": "LIMIT",
                "asked_price": "1950",
            },
        ),
        (
            "buy 0.01 btc/usdt at -1% on binance",
            {"mode": "paper", "venue": "binance", "pair": "BTC-USDT", "side": "BUY", "asked": "0.01", "kind": "LIMIT", "asked_price": "-1%"},
        ),
        ("live pepe sell 25%", {"mode": "live", "venue": "binance", "pair": "PEPE-USDT", "side": "SELL", "asked": "25%", "kind": "MARKET"}),
        (
            "buy 0.1 eth binance:eth-btc @0.05 limit maker",
            {"mode": "paper", "venue": "binance", "pair": "ETH-BTC", "side": "BUY", "asked": "0.1", "kind": "LIMIT_MAKER", "asked_price": "0.05"},
        ),
        (
            "buy 50 usdt btc usdt",
            {"mode": "paper", "venue": "binance_perpetual", "pair": "BTC-USDT", "side": "BUY", "asked": "$50", "kind": "MARKET"},
        ),
        ("buy 0.1 btc", {"mode": "paper", "venue": "binance_perpetual", "pair": "BTC-USDT", "side": "BUY", "asked": "0.1", "kind": "MARKET"}),
        ("buy 2k usdt eth", {"mode": "paper", "venue": "binance_perpetual", "pair": "ETH-USDT", "side": "BUY", "asked": "$2000", "kind": "MARKET"}),
        ("sell 0.1 eth eth-btc", {"mode": "paper", "venue": "binance", "pair": "ETH-BTC", "side": "SELL", "asked": "0.1", "kind": "MARKET"}),
        (
            "sell 0.05 btc eth-btc",
            {"mode": "paper", "venue": "binance", "pair": "ETH-BTC", "side": "SELL", "asked": "$0.05", "kind": "MARKET"},
        ),
        ("sell btc-usdt", {"mode": "paper", "venue": "binance_perpetual", "pair": "BTC-USDT", "side": "SELL"}),
        ("buy limit 1 eth-usdt", {"mode": "paper", "venue": "binance_perpetual", "pair": "ETH-USDT", "side": "BUY", "asked": "1", "kind": "LIMIT"}),
    ],
)
def test_a_line_says_what_it_says(line: str, found: dict[str, str]) -> None:
    assert read(line) == found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("buy sell 1 btc", "say it once"),
        ("buy 1 btc-udst", "did you mean BTC-USDT"),
        ("buy 1 btc at", "expected a price behind 'at', found nothing"),
        ("buy 1 btc on nowhere", "nothing can be traded at 'nowhere'"),
        ("buy 1 btc on binanse", "did you mean binance?"),
        ("buy 1 btc market at 5", "a market order has no price"),
        ("buy 1 btc at 0", "expected a price above 0"),
        ("buy 0 btc", "expected an amount above 0"),
        ("buy $5 btc btc-usdt", "expected an amount in BTC or USDT, found $5 btc"),
        ("buy 1 doge btc-usdt", "expected an amount in BTC or USDT, found 1 doge"),
        ("buy 25% usdt btc-usdt", "expected an amount in BTC or USDT, found 25% usdt"),
        ("buy 50usdt eth-btc", "ETH-BTC is priced in BTC, not in dollars"),
        ("buy $50 eth-btc", "say how much ETH"),
        ("buy 200% btc", "up to 100%"),
        ("quickly buy btc-usdt", "expected an amount, a pair and a side"),
        ("buy 1 btc-usdt live", "there is no pair 'btc-usdt' here"),
    ],
)
def test_what_means_nothing_is_refused_with_what_was_expected(line: str, words: str) -> None:
    with pytest.raises(UserError, match=None) as told:
        read(line)
    assert words in str(told.value)


def test_real_money_without_an_account_is_no_paper_order() -> None:
    with pytest.raises(UserError, match="no account with real money is connected"):
        read_ticket(["buy", "1", "btc", "live"], {"paper": PAPER})


def test_an_unknown_pair_names_those_that_look_like_it() -> None:
    with pytest.raises(PairUnknown) as told:
        read("buy 1 BTC-UDST")
    assert "BTC-USDT" in told.value.close


@pytest.mark.parametrize("text", ["", "nan", "-1", "1e99", "abc", "$", "%", "inf", "1e400%", "0%", "9" * 40])
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(UserError):
        read_amount(text)


@pytest.mark.parametrize("text", ["", "x", "0x", "126x", "-5", "1.5x", "00000512345x", "9" * 5000])
def test_leverages_that_are_none(text: str) -> None:
    with pytest.raises(UserError):
        read_leverage(text)


@pytest.mark.parametrize("text", ["", "nan", "-5", "abc", "0", "150%", "-100%", "--1%", "9" * 40])
def test_prices_that_are_none(text: str) -> None:
    with pytest.raises(UserError):
        read_price(text)


def test_sides_and_kinds_are_named() -> None:
    assert (read_side(" Long "), read_kind("limit maker"), read_kind("post")) == ("BUY", "LIMIT_MAKER", "LIMIT_MAKER")
    for reader, words in ((read_side, "buy or sell"), (read_kind, "market, limit or maker")):
        with pytest.raises(UserError, match=words):
            reader("sideways")


def test_what_a_button_carries_is_the_ticket() -> None:
    ticket = new_ticket("live").with_answer(venue="binance", pair="ETH-USDT", side="BUY", asked="$5", kind="LIMIT")
    assert Ticket.of(ticket.values()) == ticket
    assert ticket.missing == "asked_price"
    assert new_ticket().ticket_id != new_ticket().ticket_id
    assert Ticket.of({**ticket.values(), "of_a_later_version": 1}) == ticket


def test_dollars_that_were_said_before_the_pair_are_no_bitcoins() -> None:
    asked = new_ticket().with_answer(venue="binance", side="BUY", asked="$50")
    assert asked.with_pair("ETH-USDT").asked == asked.with_pair("BTC-FDUSD").asked == "$50"
    assert asked.with_pair("ETH-BTC").missing == "asked"
    assert asked.with_answer(asked="25%").with_pair("ETH-BTC").asked == "25%"


@given(
    st.lists(
        st.sampled_from(["buy", "sell", "1", "$5", "25%", "btc", "eth-usdt", "at", "@", "on", "binance", "live", "limit", "maker", ":", "-1%", "💥"]),
        max_size=8,
    )
)
def test_any_words_are_a_ticket_or_a_sentence(words: list[str]) -> None:
    try:
        found = read_ticket(words, PAIRS)
    except UserError:
        return
    assert found.pair == "" or found.pair in PAIRS[found.mode][found.venue]


def test_an_order_that_the_end_of_the_program_kept_back_was_not_placed_and_nobody_refused_it() -> None:
    assert stage_after("FAILED", NEVER_SENT, Decimal(0), Decimal(1)) is Stage.NOT_PLACED
    assert stage_after("FAILED", "the price is wrong", Decimal(0), Decimal(1)) is Stage.REFUSED
