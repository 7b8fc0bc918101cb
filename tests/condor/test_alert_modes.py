"""Paper and real money are told apart: whose an alert is, and no sum of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botcore.recorder import tables as records
from botcore.recorder.journal import Journal
from botcore.recorder.sqlite_file import Op, Write
from condor.alerts.batches import next_batch
from condor.alerts.digests import digest_round
from condor.alerts.expand import expand
from condor.alerts.posting import Post
from condor.alerts.rules import Prefs
from condor.settings import AlertSettings
from condor.store import Connection, outbox
from condor.store.alerts import put_prefs
from condor.store.common import put_chat
from condor.views import FactKind, Notice
from handlers.alert_cards import late_text
from handlers.alerts import text_of
from handlers.digest_cards import caption_of
from tests.support.alert_bench import CLOSED, fresh_records

CHAT = ("local", 7)
DAY_MS = 86_400_000


def told(folder: Path, facts: list[tuple[str, str, str, dict[str, Any]]], prefs: Prefs | None = None) -> list[outbox.QueuedNotice]:
    """What a chat is told of facts: (account, kind, bot, payload)."""
    path = folder / "condor.db"
    path.write_bytes(fresh_records())
    journal = Journal(path, lambda call: None)

    def write(connection: Connection) -> list[outbox.QueuedNotice]:
        expand(connection, AlertSettings(), 2 * DAY_MS)
        if prefs is not None:
            put_prefs(connection, CHAT, prefs)
            digest_round(connection, 2 * DAY_MS, [])
        return outbox.queued(connection, [CHAT[0]])

    try:
        journal.run(lambda connection: put_chat(connection, CHAT[1], CHAT[0], CHAT[1])).result()
        for number, (account, kind, bot_id, payload) in enumerate(facts):
            row = {"account": account, "kind": kind, "bot_id": bot_id, "controller_id": "", "executor_id": f"x-{number}", "ts_ns": 1}
            journal.commit([Write(records.facts, {**row, "wall_ms": 2 * DAY_MS - 1, "payload": json.dumps(payload)}, Op.ADD)])
        return journal.run(write).result()
    finally:
        journal.close()


def closed(pnl: str) -> dict[str, Any]:
    return {**CLOSED, "net_pnl_quote": pnl, "close_type": "TAKE_PROFIT"}


def test_what_happens_to_an_account_with_real_money_says_so(tmp_path: Path) -> None:
    """It belongs to no bot that could say which account it is."""
    payload = {"connector_name": "binance", "trading_pair": "BTC-USDT", "amount": "1.5"}
    facts = [(account, FactKind.POSITION_UNACCOUNTED, "", payload) for account in ("live", "paper")]
    real, paper = [str(text_of([item.outgoing.notice])).splitlines()[-1] for item in told(tmp_path, facts)]
    assert (real, paper) == ("💵 real money", "paper")


def test_a_digest_has_no_sum_of_paper_and_real_money(tmp_path: Path) -> None:
    facts = [
        ("paper", FactKind.EXECUTOR_CLOSED, "a", closed("500")),
        ("live", FactKind.EXECUTOR_CLOSED, "b", closed("-3.25")),
        ("live", FactKind.FUNDING_PAID, "", {"asset": "USDT", "amount": "0.10"}),
    ]
    *_, digest = told(tmp_path, facts, Prefs(daily_next_ms=2 * DAY_MS - 1))
    text = str(text_of([digest.outgoing.notice]))
    head, _, rest = text.partition("\n")
    assert head == "📅 <b>Digest of the day: -$3.25</b> · 💵 real money"
    real, _, paper = rest.partition("<b>+$500.00</b> · paper")
    assert "+$0.10" in real and "-$3.25 · 1 closed" in real
    assert "+$500.00 · 1 closed" in paper and "Funding" not in paper


def test_a_digest_of_many_bots_says_how_many_it_does_not_name(tmp_path: Path) -> None:
    facts = [("paper", FactKind.EXECUTOR_CLOSED, f"bot-{number:02d}", closed("1")) for number in range(15)]
    *_, digest = told(tmp_path, facts, Prefs(daily_next_ms=2 * DAY_MS - 1))
    post = Post(CHAT[1], 1, [digest.outgoing.notice])
    for text in (text_of(post.notices), caption_of(post)):
        assert (text.count("1 closed"), "… and 3 bots more: /pnl" in text) == (12, True)


def test_no_card_has_a_sum_of_paper_and_real_money(tmp_path: Path) -> None:
    facts = [(account, FactKind.EXECUTOR_CLOSED, "", closed(pnl)) for account, pnl in (("live", "-1"), ("paper", "100")) for _ in range(3)]
    waiting = told(tmp_path, facts)
    first = next_batch(waiting, 2 * DAY_MS)
    assert first is not None
    heads = [text_of([item.outgoing.notice for item in first.items])]
    second = next_batch([item for item in waiting if item not in first.items], 2 * DAY_MS)
    assert second is not None
    heads.append(text_of([item.outgoing.notice for item in second.items]))
    assert ["3 executors closed · -$3.00" in heads[0], "3 executors closed · +$300.00" in heads[1]] == [True, True]
    late = late_text([item.outgoing.notice for item in waiting])
    assert "3 executors closed · -$3.00</b> · 💵 real money" in late and "3 executors closed · +$300.00</b> · paper" in late


def test_what_is_counted_is_counted_in_words() -> None:
    kinds = (FactKind.BOT_STARTED, FactKind.RECOVERED, FactKind.EXECUTOR_CLOSED, FactKind.VENUE_UP)
    notices = [Notice(number, kind, "b", "B", "", "paper", 0, closed("1")) for number, kind in enumerate(kinds)]
    text = late_text(notices)
    for words in ("1 bot started", "1 start of Condor", "1 executor closed", "1 venue up alert"):
        assert words in text
