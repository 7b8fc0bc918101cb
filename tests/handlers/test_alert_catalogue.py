"""The list of alerts that people were promised: each is a kind of fact with a grade, an event that can be switched, and words of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from condor.alerts.events import DONE_BY_HAND, EVENTS, FOR_OWNERS, MERGED, OWN_SEVERITY, RESOLVES, SEVERITY, Level, Own, event_of, severity_of
from condor.alerts.expand import is_told, subject_of
from condor.alerts.rules import ANY, Rule, Wishes, decide
from condor.settings import AlertSettings
from condor.views import FactKind, Notice
from handlers.alert_cards import buttons_of
from handlers.alerts import text_of
from tests.support.alert_bench import CLOSED, ENTRY

ENTERED = {**ENTRY, "filled": "0.4", "wanted": "1", "level_id": None}
OVER = {**CLOSED, "net_pnl_quote": "4.21"}
VENUE = {"connector_name": "binance", "title": "Binance"}
REFUSED = {**ENTRY, "amount": "0.1", "reason": "Filter failure: NOTIONAL"}
DROP = {"drawdown_quote": "21", "peak_quote": "30", "limit_quote": "20"}
LOW = {"asset": "USDT", "total": "87.2", "floor": "100"}
BY = {"by": "Olga", "front": "telegram", "chat_id": 5}
NEAR = {
    "connector_name": "binance_perpetual",
    "trading_pair": "BTC-USDT",
    "amount": "0.5",
    "price": "100",
    "liquidation_price": "96",
    "distance": "0.04",
}
MOVED = {**ENTRY, "cause": "config", "before": {"stop_loss": "0.02"}, "after": {"stop_loss": "0.01", "time_limit": 3600}}
TRAILING = {**ENTRY, "before": {}, "after": {"trailing_stop": {"activation_price": "0.02", "trailing_delta": "0.005"}}}

# what was promised -> kind, what it tells of, grade, event, words
PROMISED: list[tuple[str, str, dict[str, Any], str, str, str]] = [
    ("executor opened", FactKind.POSITION_OPENED, ENTERED, "trade", "opened", "My bot opened · BUY 0.4 of 1 BTC-USDT at 100"),
    ("executor partly filled", FactKind.POSITION_FILLED, {**ENTERED, "filled": "1"}, "info", "filled", "My bot entry filled · BUY 1 BTC-USDT at 100"),
    ("executor closed", FactKind.EXECUTOR_CLOSED, {**OVER, "close_type": "TAKE_PROFIT"}, "trade", "closed", "TAKE_PROFIT · +$4.21"),
    ("executor closed at a loss", FactKind.EXECUTOR_CLOSED, {**OVER, "close_type": "STOP_LOSS", "net_pnl_quote": "-3"}, "trade", "closed", "STOP_LOSS · -$3.00"),
    ("order rejected", FactKind.ORDER_REFUSED, REFUSED, "warning", "rejected", "Make the amount larger"),
    ("order rejected at once", FactKind.EXECUTOR_CLOSED, {**OVER, "close_type": "FAILED", "volume_quote": "0", "reason": "x"}, "warning", "rejected", "order rejected"),
    ("barrier moved", FactKind.BARRIER_MOVED, MOVED, "info", "barrier", "stop loss 2.00 % → 1.00 %, time limit off → 1h"),
    ("trailing stop moved", FactKind.BARRIER_MOVED, TRAILING, "info", "barrier", "trailing stop off → 2.00 %/0.50 %"),
    ("trailing stop armed", FactKind.BARRIER_MOVED, {**ENTRY, "cause": "armed", "trigger_pct": "0.025"}, "info", "barrier", "closes below +2.50 %"),
    ("trailing stop stepped", FactKind.BARRIER_MOVED, {**ENTRY, "cause": "trailed", "before_pct": "0.01", "trigger_pct": "0.0153"}, "info", "barrier", "closes below +1.53 % (was +1.00 %)"),
    ("balance low", FactKind.BALANCE_LOW, {**VENUE, **LOW, "is_over": False}, "warning", "balance", "Balance low: 87.2 USDT at Binance, you asked for 100"),
    ("balance up again", FactKind.BALANCE_LOW, {**VENUE, **LOW, "total": "120", "is_over": True}, "warning", "balance", "Balance of Binance is up again: 120 USDT"),
    ("funding", FactKind.FUNDING_PAID, {**VENUE, "asset": "USDT", "amount": "-0.05", "trading_pair": "BTC-USDT"}, "info", "funding", "Funding paid: 0.05 USDT"),
    ("drawdown latch of a bot", FactKind.DRAWDOWN_REACHED, DROP, "critical", "risk", "The bot is being stopped"),
    ("daily-loss latch of a bot", FactKind.DRAWDOWN_REACHED, {**DROP, "is_day": True}, "critical", "risk", "has lost 21 since its day began (00:00 UTC); 20 is its limit"),
    ("drawdown latch of a controller", FactKind.DRAWDOWN_REACHED, {**DROP, "controller_id": "c"}, "critical", "risk", "Its kill switch is on"),
    ("daily-loss latch", FactKind.DAY_LOSS_REACHED, {**VENUE, "text": "lost 21 USDT, the cap is 20"}, "critical", "risk", "Binance: the day's loss has reached its cap"),
    ("daily-loss latch released", FactKind.DAY_LOSS_RELEASED, {**BY, "target": "binance", "after": "checked"}, "warning", "risk", "allowed again at binance"),
    ("pause", FactKind.BOT_PAUSED, {**BY, "target": "bot-1", "action": "pause"}, "info", "bots", "My bot paused by Olga in Telegram"),
    ("resume", FactKind.BOT_RESUMED, {**BY, "target": "bot-1", "action": "resume"}, "info", "bots", "My bot resumed by Olga in Telegram"),
    ("pause by the runtime", FactKind.TRADING_HALTED, {"reason": "records can't be written"}, "critical", "risk", "No new positions: records can't be written"),
    ("resume by the runtime", FactKind.TRADING_RELEASED, {"by": "records are written again"}, "warning", "risk", "allowed again"),
    ("venue down", FactKind.VENUE_DOWN, {**VENUE, "reason": "no route"}, "critical", "venue", "Binance can't be trusted now: no route"),
    ("venue up", FactKind.VENUE_UP, {**VENUE, "after_s": 60}, "warning", "venue", "Binance is back after 1m"),
    ("venue ban", FactKind.VENUE_BANNED, {**VENUE, "until_ms": 0, "reason": "418"}, "critical", "venue", "wants quiet until"),
    ("venue clock", FactKind.CLOCK_SKEWED, {**VENUE, "offset_ms": 2500}, "warning", "venue", "2.5 s behind Binance"),
    ("balance low", FactKind.BALANCE_SHORT, {**VENUE, "asset": "BTC", "missing": "0.6", "there": "0.4", "held": "1"}, "critical", "balance", "0.6 BTC is missing on binance"),
    ("balance too low for an entry", FactKind.ORDER_REFUSED, {**REFUSED, "reason": "insufficient balance"}, "warning", "rejected", "Add funds"),
    ("unmanaged position", FactKind.POSITION_HELD, {**ENTRY, "amount": "1"}, "critical", "position", "no executor watches it"),
    ("unmanaged position, of nobody", FactKind.POSITION_UNACCOUNTED, {**ENTRY, "amount": "1"}, "critical", "position", "Nobody's position: 1 BTC-USDT"),
    ("liquidation distance", FactKind.LIQUIDATION_NEAR, NEAR, "critical", "position", "It is 4.00 % away: the price is 100, the position is liquidated at 96."),
    ("liquidation distance over", FactKind.LIQUIDATION_NEAR, {**NEAR, "is_over": True}, "warning", "position", "further away again"),
    ("liquidation", FactKind.LIQUIDATED, NEAR, "critical", "position", "Liquidated: BTC-USDT"),
    ("crash loop", FactKind.RECOVERED, {"bots": ["bot-1"], "restarts": 3}, "critical", "system", "Crash loop: It was started 3 times"),
    ("price alert", Own.PRICE, {**VENUE, "trading_pair": "BTC-USDT", "side": "above", "price": "100", "now": "101"}, "warning", "price", "BTC-USDT is above 100"),
    ("keys added", FactKind.KEYS_ADDED, {**BY, "target": "binance", "after": "…wxyz"}, "warning", "access", "Keys of binance stored by Olga in Telegram"),
    ("keys removed", FactKind.KEYS_REMOVED, {**BY, "target": "binance"}, "warning", "access", "Keys of binance removed by Olga"),
    ("probe of keys failed", FactKind.KEYS_REFUSED, {**BY, "target": "binance", "reason": "may withdraw"}, "warning", "access", "Why: may withdraw"),
    ("key typed into a chat", FactKind.KEY_PASTED, {**BY, "target": "group", "after": "deleted"}, "warning", "access", "A key was typed into a group"),
    ("authenticator set or removed", FactKind.CODES_CHANGED, {**BY, "after": "off"}, "warning", "access", "The authenticator was taken away"),
    ("wrong codes", FactKind.CODES_LOCKED, BY, "warning", "access", "Five wrong codes by Olga"),
    ("caps changed", FactKind.CAPS_CHANGED, {**BY, "target": "binance max_day_loss", "before": "null", "after": '"50"'}, "warning", "risk", "none → 50"),
    ("access", FactKind.ACCESS_CHANGED, {**BY, "action": "set_role", "target": "user 9", "before": "VIEWER", "after": "TRADER"}, "warning", "access", "is trader now"),
    ("message refused for good", Own.REFUSED, {"chat_id": 7, "kind": "executor_closed", "event_id": 3, "reason": "can't parse"}, "warning", "system", "refuses it for good: can't parse"),
    ("daily digest", Own.DIGEST, {"results": [{"mode": "paper", "sums": {"USDT": "3.1"}, "closed": 2}], "zone": "UTC"}, "info", "system", "Digest of the day: +$3.10"),
    ("report by itself", Own.REPORT, {"every": "weekly", "period": "7d", "mode": "paper"}, "info", "system", "Weekly report · 7d · paper"),
    ("weekly digest", Own.DIGEST, {"results": [], "is_weekly": True, "zone": "UTC"}, "info", "system", "Digest of the week"),
]  # fmt: skip


def notice(kind: str, payload: dict[str, Any]) -> Notice:
    # what is about an account, or a person, is no bot's
    bot_id = "" if {"title", "target"} & payload.keys() - {"action"} and kind not in DONE_BY_HAND else "bot-1"
    if kind == FactKind.CAPS_CHANGED:
        bot_id = ""
    return Notice(1, kind, bot_id, "My bot" if bot_id else "", "x-1" if "side" in payload else "", "paper", 0, payload)


@pytest.mark.parametrize(("what", "kind", "payload", "severity", "event", "words"), PROMISED, ids=[row[0] for row in PROMISED])
def test_what_was_promised_is_graded_switched_and_worded(
    what: str, kind: str, payload: dict[str, Any], severity: str, event: str, words: str
) -> None:
    told = notice(kind, payload)
    assert (severity_of(kind, payload), event_of(kind, payload)) == (severity, event), what
    text = re.sub(r"<[^>]+>", "", str(text_of([told]))).replace("&gt;", ">")
    assert words in text, text
    assert "None" not in text and "?" not in text.replace("Was that not you?", "")
    if kind in SEVERITY:
        assert is_told(kind, payload, AlertSettings())
    for level in Level:
        rule = Rule(event, ANY, ANY, level)
        found = decide(subject_of(told), Wishes(rules=[rule]), 0)
        assert found is (Level.ON if severity == "critical" else level), "what is critical can't be switched off"
    assert all(len(button.text) <= 22 for row in buttons_of([told], 1) for button in row)


def test_every_kind_belongs_to_an_event_that_can_be_switched() -> None:
    for kind in (*SEVERITY, *OWN_SEVERITY):
        assert event_of(kind, {}) in EVENTS, kind
    named = {event_of(kind, {}) for kind in (*SEVERITY, *OWN_SEVERITY)}
    assert named == set(EVENTS), "no switch without something behind it"
    assert FOR_OWNERS in EVENTS and set(MERGED) | set(DONE_BY_HAND) | set(RESOLVES) <= set(SEVERITY)


def test_only_the_program_itself_is_left_under_that_name() -> None:
    own = {kind for kind in (*SEVERITY, *OWN_SEVERITY) if event_of(kind, {}) == "system"}
    assert own == {
        FactKind.CONTROLLER_FAULT,
        FactKind.EXECUTOR_FAULT,
        FactKind.PART_FAULT,
        FactKind.RECOVERED,
        FactKind.STOOD_STILL,
        FactKind.CHAT_TROUBLE,
        Own.DIGEST,
        Own.REPORT,
        Own.REPEAT,
        Own.TOPIC_GONE,
        Own.REFUSED,
    }


# ---- buttons -----------------------------------------------------------------------------------------------------------
def labels(kind: str, payload: dict[str, Any], count: int = 1, executor: str = "x-1") -> list[str]:
    told = [Notice(number, kind, "bot-1", "My bot", executor, "paper", 0, payload) for number in range(1, count + 1)]
    return [button.text for row in buttons_of(told, 1) for button in row]


@pytest.mark.parametrize("kind", [FactKind.POSITION_OPENED, FactKind.POSITION_FILLED, FactKind.BARRIER_MOVED])
def test_an_alert_of_something_held_can_be_muted_put_into_the_digest_looked_at_and_closed(kind: str) -> None:
    found = labels(kind, ENTERED)
    assert {"🔎 Details", "🔕 1h", "📅 This bot: digest", "✖ Close position …"} <= set(found)


def test_closing_leads_to_the_card_that_asks_and_closes_nothing_itself() -> None:
    (button,) = [each for row in buttons_of([notice(FactKind.POSITION_OPENED, ENTERED)], 1) for each in row if each.text.startswith("✖")]
    assert (button.action, dict(button.args), button.confirm, button.once) == ("open", {"screen": "close", "args": {"id": "x-1"}}, False, False)


def test_what_holds_nothing_any_more_has_no_such_button() -> None:
    assert not any(text.startswith("✖") for text in labels(FactKind.POSITION_OPENED, {**ENTERED, "ended": OVER}))
    assert not any(text.startswith("✖") for text in labels(FactKind.POSITION_OPENED, ENTERED, count=2))
    assert not any(text.startswith("✖") for text in labels(FactKind.EXECUTOR_CLOSED, {**OVER, "close_type": "TAKE_PROFIT"}))
    held = labels(FactKind.EXECUTOR_CLOSED, {**OVER, "close_type": "POSITION_HOLD"})
    assert "📌 Positions" in held and [text for text in held if text.startswith("✖")] == ["✖ Close position …"], (
        "its executor has ended, it is still held"
    )
    several = labels(FactKind.EXECUTOR_CLOSED, {**OVER, "close_type": "POSITION_HOLD"}, count=2)
    assert not any(text.startswith("✖") for text in several)
