"""The words of alerts about orders whose fate is open."""

from __future__ import annotations

import re

import pytest

from condor.notifications import SEVERITY
from condor.views import FactKind, Notice
from handlers import alerts
from handlers.alerts import text_of

ORDER = {"connector_name": "binance_perpetual", "trading_pair": "BTC-USDT", "side": "BUY", "amount": "0.010", "client_order_id": "cdr-1-7-1"}


def said(kind: str, **payload: object) -> str:
    notice = Notice(1, kind, "bot-1", "My bot", "x-1-6", "live", 0, {**ORDER, **payload})
    return re.sub(r"<[^>]+>", "", str(text_of([notice])))


def test_every_kind_that_is_announced_has_words_of_its_own() -> None:
    assert set(SEVERITY) <= set(alerts._ONE)


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        (
            FactKind.ORDER_UNKNOWN,
            {"reason": "timeout"},
            ["No answer to an order: BUY 0.010 BTC-USDT on binance_perpetual", "timeout", "being looked for"],
        ),
        (FactKind.ORDER_FOUND, {"state": "PARTIALLY_FILLED"}, ["Order found: BUY 0.010 BTC-USDT on binance_perpetual, partially filled"]),
        (FactKind.ORDER_ABSENT, {"reason": "never arrived at the venue"}, ["Order is not there", "never arrived at the venue"]),
        (FactKind.FILLS_MISSING, {"venue_amount": "0.010", "booked_amount": "0.004"}, ["Executions are missing", "0.010 as traded", "show 0.004"]),
        (FactKind.ACCOUNT_DENIED, {"reason": "Invalid API-key <b>"}, ["binance_perpetual denies the key", "Invalid API-key &lt;b&gt;"]),
    ],
)
def test_an_order_whose_fate_is_open_is_told_in_plain_words(kind: str, payload: dict[str, object], words: list[str]) -> None:
    text = said(kind, **payload)
    for piece in words:
        assert piece in text
