"""The words of alerts about orders whose fate is open."""

from __future__ import annotations

import re

import pytest

from condor.alerts.batches import next_batch
from condor.notifications import MERGED, SEVERITY
from condor.store.outbox import OutgoingNotice, QueuedNotice
from condor.views import FactKind, Notice
from handlers import alerts
from handlers.alerts import text_of
from handlers.alerts_orders import SEVERAL_ORDERS

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
        (
            FactKind.LATE_FILL,
            {"state": "CANCELED", "price": "99.5"},
            ["Late fill: BUY 0.010 BTC-USDT on binance_perpetual at 99.5", "ended (canceled)"],
        ),
        (FactKind.OVER_CLOSED, {"amount": "0.002"}, ["Closed too much: 0.002 BTC-USDT", "traded back"]),
        (FactKind.STOP_REFUSED, {"reason": "would trigger <now>"}, ["No stop at the venue: BTC-USDT", "would trigger &lt;now&gt;"]),
        (
            FactKind.EXIT_STUCK,
            {"exposure_base": "0.5", "duration_s": 300, "reason": "no route"},
            ["Exit not done for 5m", "0.5 BTC-USDT", "no route"],
        ),
        (FactKind.EXIT_FAILED, {"exposure_base": "0.5", "reason": "no"}, ["Exit refused for good: 0.5 BTC-USDT", "nobody watches it"]),
        (FactKind.EXIT_FAILED, {"exposure_base": "0.5", "reason": "no", "is_entry": True}, ["Given up half way: 0.5 BTC-USDT", "so far is held"]),
        (
            FactKind.POSITION_ADJUSTED,
            {"venue_amount": "0", "booked_amount": "1.5", "price": "100"},
            ["Position changed from outside: BTC-USDT", "holds 0, the bots had 1.5"],
        ),
        (
            FactKind.BALANCE_SHORT,
            {
                "asset": "BTC",
                "there": "0.4",
                "held": "1",
                "missing": "0.6",
                "holders": [{"bot_id": "bot-1", "executor_id": "x-1-6", "amount": "0.9"}, {"bot_id": "", "executor_id": "", "amount": "0.1"}],
                "more": 2,
            },
            ["0.6 BTC is missing on binance_perpetual", "has 0.4 BTC", "bots hold 1", "bot-1 x-1-6 0.9, nobody (held) 0.1 and 2 more", "Put it back"],
        ),
        (FactKind.BALANCE_COVERED, {"asset": "BTC"}, ["No BTC is missing on binance_perpetual any more"]),
        (FactKind.ACCOUNT_DENIED, {"reason": "Invalid API-key <b>"}, ["binance_perpetual denies the key", "Invalid API-key &lt;b&gt;"]),
    ],
)
def test_an_order_whose_fate_is_open_is_told_in_plain_words(kind: str, payload: dict[str, object], words: list[str]) -> None:
    text = said(kind, **payload)
    for piece in words:
        assert piece in text


def waiting(kind: str, number: int) -> QueuedNotice:
    notice = Notice(number, kind, "bot-1", "My bot", f"x-1-{number}", "live", 0, dict(ORDER))
    return QueuedNotice(number, 0, OutgoingNotice("local", 1, SEVERITY[kind], False, notice))


def test_a_burst_of_orders_without_answer_is_one_message_that_names_them() -> None:
    items = [waiting(FactKind.ORDER_UNKNOWN, number) for number in range(20)] + [waiting(FactKind.ORDER_FOUND, 21)]
    batch = next_batch(items, 0)
    assert batch is not None and len(batch.items) == 20
    text = re.sub(r"<[^>]+>", "", str(text_of([item.outgoing.notice for item in batch.items])))
    assert text.startswith("❔ 20 orders have no answer")
    assert text.count("• BUY 0.010 BTC-USDT on binance_perpetual") == 12
    assert "… and 8 more" in text
    assert "being looked for" in text


def test_what_is_critical_and_what_was_traded_goes_before_a_burst() -> None:
    items = [waiting(FactKind.ORDER_UNKNOWN, 1), waiting(FactKind.EXECUTOR_CLOSED, 2), waiting(FactKind.FILLS_MISSING, 3)]
    for waiting_now, first in ((items, 3), (items[:2], 2)):
        batch = next_batch(waiting_now, 0)
        assert batch is not None and [item.message_key for item in batch.items] == [first]


def test_every_merged_kind_has_words_for_several() -> None:
    assert set(SEVERAL_ORDERS) == MERGED


@pytest.mark.parametrize(
    ("close_type", "exposure", "told"),
    [("COMPLETED", "1.5", True), ("COMPLETED", "0", False), ("POSITION_HOLD", "1.5", True), ("TAKE_PROFIT", "0.0005", False)],
)
def test_a_plan_that_was_carried_out_leaves_a_position_and_says_so(close_type: str, exposure: str, told: bool) -> None:
    text = said(
        FactKind.EXECUTOR_CLOSED, close_type=close_type, exposure_base=exposure, net_pnl_quote="0", net_pnl_pct="0", fees_quote="0", duration_s=60
    )
    assert ("The position is still open and nobody watches it." in text) is told
    assert ("handed over" in text) is (close_type == "POSITION_HOLD"), "its result is the position's from now on"


LEGS = [
    {"connector_name": "binance", "trading_pair": "BTC-USDT", "side": "BUY", "entry_price": "17194"},
    {"connector_name": "bybit", "trading_pair": "BTC-USDT", "side": "SELL", "entry_price": None},
]
OF_TWO = {"connector_name": None, "trading_pair": None, "side": None, "legs": LEGS}


def test_the_end_of_an_executor_of_two_markets_names_both() -> None:
    text = said(FactKind.EXECUTOR_CLOSED, **OF_TWO, close_type="COMPLETED", net_pnl_quote="1", net_pnl_pct="0.001", fees_quote="0.2", duration_s=60)
    assert "BUY BTC-USDT on binance at 17,194" in text
    assert "SELL BTC-USDT on bybit · nothing traded" in text
    assert "None" not in text


def test_an_executor_of_two_markets_that_was_ended_by_force_names_both() -> None:
    text = said(FactKind.STOP_FORCED, **OF_TWO, reason="it did not end")
    assert "an executor on BTC-USDT on binance and BTC-USDT on bybit was ended by force" in text


def closing(pair: str, pnl: str) -> Notice:
    payload = {**ORDER, "trading_pair": pair, "close_type": "TAKE_PROFIT", "net_pnl_quote": pnl, "net_pnl_pct": "0.01", "fees_quote": "0.5"}
    return Notice(1, FactKind.EXECUTOR_CLOSED, "bot-1", "My bot", "x-1-6", "live", 0, payload)


def test_results_of_two_quote_assets_are_told_side_by_side() -> None:
    """No dollar sign for euros, and no sum of both."""
    text = str(text_of([closing("BTC-USDT", "5"), closing("BTC-EUR", "3"), closing("ETH-EUR", "-1")]))
    assert "3 executors closed · +2.00 EUR and +$5.00 USDT" in text
    assert "+$5.00" in text and "+3.00 EUR" in text and "$3.00" not in text
    assert "2 executors closed · +$8.00<" in str(text_of([closing("BTC-USDT", "5"), closing("ETH-USDT", "3")]))


def test_a_result_without_a_rate_is_not_known_and_names_the_asset() -> None:
    text = said(FactKind.BOT_STOPPED, net_pnl_quote=None, quote="USDT", unpriced=["EUR"])
    assert "stopped · $?" in text and "what EUR is worth in USDT is not known now" in text
    assert "-3.00 EUR" in said(FactKind.BOT_STOPPED, net_pnl_quote="-3", quote="EUR", unpriced=[])
