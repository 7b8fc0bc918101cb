"""From the alert of an opening to the end of its position: the alert leads to the card that asks, and only the answer to that closes anything."""

from __future__ import annotations

from typing import Any

from tests.support.instance import Instance
from tests.support.resumed import FAR

RUNNING = "SELECT count(*) FROM executors WHERE executor_id = ? AND status <> 'TERMINATED'"
OPENED = "SELECT o.executor_id FROM outbox o WHERE o.message_id = ?"


def labels(card: dict[str, Any]) -> list[str]:
    return [button["text"] for row in card.get("buttons") or [] for button in row]


def test_an_opening_leads_to_closing_and_a_pause_is_a_fact(instance: Instance) -> None:
    person = instance.person()
    person.start_bot(changes=FAR)
    # several at once are one card, which has no position of its own
    alert = person.wait(lambda card: " opened · " in card.get("text", "") and "✖ Close position …" in labels(card), timeout_s=90)
    assert {"🔎 Details", "🔕 1h", "📅 This bot: digest"} <= set(labels(alert))
    person.until(lambda: bool(instance.rows(OPENED, alert["message_id"])), "it to be noted as sent")
    (executor,) = instance.rows(OPENED, alert["message_id"])[0]
    person.tap("✖ Close position", alert)
    card = person.wait_text("✖ Close ", "Orders to cancel", executor)
    assert card["message_id"] != alert["message_id"]
    assert instance.rows(RUNNING, executor) == [(1,)], "nobody has said yes yet"
    person.tap("at market", card)
    closed = person.wait_text(" closed · ", "EARLY_STOP", timeout_s=60)
    assert closed["reply_to"]["message_id"] == alert["message_id"]
    # the alert shows the outcome, and has nothing to close any more
    person.until(lambda: "EARLY_STOP" in person.seen[alert["message_id"]]["text"], "the outcome on the opening's message", 60)
    assert "✖ Close position …" not in labels(person.seen[alert["message_id"]])

    asks = person.send("/pause all")
    person.tap("⏸", asks)
    facts = "SELECT kind, json_extract(payload, '$.by'), json_extract(payload, '$.front') FROM facts WHERE kind = 'bot_paused'"
    person.until(lambda: bool(instance.rows(facts)), "the pause to be written down")
    ((kind, by, front),) = instance.rows(facts)
    assert (kind, front) == ("bot_paused", "local") and by
    told = "SELECT count(*) FROM outbox o JOIN facts f USING (event_id) WHERE f.kind = 'bot_paused'"
    assert instance.rows(told) == [(0,)], "the chat in which it was done knows"
