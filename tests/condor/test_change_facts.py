"""What people change is told to others: one row of the audit, one fact, in one transaction."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from botcore.recorder import tables
from botcore.recorder.journal import Journal
from condor.alerts.expand import expand
from condor.settings import AlertSettings
from condor.store import Connection, outbox
from condor.store.alert_threads import begin_repeats, open_events
from condor.store.audit import write_audit
from condor.store.common import put_chat, put_user
from condor.users import Actor, Role
from condor.views import FactKind
from handlers.alerts import text_of
from tests.support.records import fresh_records

OLGA = Actor(5, "Olga", Role.OWNER, "telegram", 5)
GROUP, VIEWER, LOCAL = -100, 8, 1


class Records:
    """Fresh records with an owner (also at the local page), a viewer and a group."""

    def __init__(self, folder: Path) -> None:
        path = folder / "condor.db"
        path.write_bytes(fresh_records())
        self.journal = Journal(path, lambda call: None)
        self.journal.run(self._people).result()

    @staticmethod
    def _people(connection: Connection) -> None:
        put_user(connection, OLGA.user_id, "Olga", Role.OWNER, 0)
        put_user(connection, VIEWER, "Vera", Role.VIEWER, 0)
        for front, chat, user in (("telegram", 5, 5), ("telegram", VIEWER, VIEWER), ("telegram", GROUP, 5), ("local", LOCAL, LOCAL)):
            put_chat(connection, chat, front, user)
        expand(connection, AlertSettings(), 0)

    def done(self, action: str, target: str, actor: Actor = OLGA, **more: str) -> list[outbox.QueuedNotice]:
        """Somebody does this; returns what is told of it."""

        def write(connection: Connection) -> list[outbox.QueuedNotice]:
            write_audit(connection, 1_000, actor, action, target, **more)
            expand(connection, AlertSettings(), 2_000)
            return outbox.queued(connection, ["telegram", "local"])

        return self.journal.run(write).result()


@pytest.fixture
def records(tmp_path: Path) -> Any:
    made = Records(tmp_path)
    yield made
    made.journal.close()


def chats(told: list[outbox.QueuedNotice]) -> set[int]:
    return {item.outgoing.chat_id for item in told}


@pytest.mark.parametrize(
    ("action", "target", "more", "kind", "words"),
    [
        ("pause", "gs-btc", {"before": "on", "after": "paused"}, FactKind.BOT_PAUSED, ["gs-btc", "paused by Olga in Telegram", "No new entries"]),
        ("pause", "all bots", {}, FactKind.BOT_PAUSED, ["All bots", "paused by Olga"]),
        ("resume", "gs-btc", {"before": "paused by Tom"}, FactKind.BOT_RESUMED, ["gs-btc", "resumed by Olga in Telegram (it was paused by Tom)"]),
        (
            "update_config",
            "gs-btc/main",
            {"after": '{"manual_kill_switch": true}'},
            FactKind.BOT_PAUSED,
            ["main of gs-btc", "kill switch is on: its executors end"],
        ),
        ("update_config", "gs-btc/main", {"after": '{"manual_kill_switch": false}'}, FactKind.BOT_RESUMED, ["main of gs-btc", "resumed by Olga"]),
        (
            "change_caps",
            "binance max_day_loss",
            {"before": "null", "after": '"50"'},
            FactKind.CAPS_CHANGED,
            ["Caps of binance changed: max day loss", "none → 50"],
        ),
        (
            "set_limits",
            "gs-btc",
            {"before": '{"max_global_drawdown_quote": null}', "after": '{"max_global_drawdown_quote": "20"}'},
            FactKind.CAPS_CHANGED,
            ["Limits of gs-btc changed", "max global drawdown quote none → max global drawdown quote 20"],
        ),
        (
            "release_caps",
            "binance",
            {"after": "the venue was wrong"},
            FactKind.DAY_LOSS_RELEASED,
            ["allowed again at binance", "the venue was wrong"],
        ),
        ("add_keys", "binance", {"after": "…wxyz"}, FactKind.KEYS_ADDED, ["Keys of binance stored", "by Olga in Telegram: …wxyz", "not you"]),
        (
            "add_keys",
            "binance",
            {"result": "refused", "reason": "the key may withdraw"},
            FactKind.KEYS_REFUSED,
            ["Keys of binance refused", "the key may withdraw", "Nothing was stored"],
        ),
        ("remove_keys", "binance", {}, FactKind.KEYS_REMOVED, ["Keys of binance removed", "by Olga"]),
        ("key_pasted", "group", {"result": "refused", "after": "still there"}, FactKind.KEY_PASTED, ["typed into a group", "still there: delete it"]),
        ("authenticator", "codes", {"after": "on"}, FactKind.CODES_CHANGED, ["authenticator was set up"]),
        ("authenticator", "codes", {"after": "off"}, FactKind.CODES_CHANGED, ["authenticator was taken away", "Nothing asks for a code"]),
        ("step_up", "code", {"result": "locked"}, FactKind.CODES_LOCKED, ["Five wrong codes by Olga", "15 minutes"]),
        ("set_role", "user 9", {"before": "VIEWER", "after": "TRADER"}, FactKind.ACCESS_CHANGED, ["User 9 is trader now, was viewer", "by Olga"]),
        ("use_invite", "invite 3", {"before": "NOBODY", "after": "ALERT_ONLY"}, FactKind.ACCESS_CHANGED, ["Invite 3 was used: alert-only"]),
        (
            "change_role_limit",
            "trader max order",
            {"before": "500", "after": "none"},
            FactKind.ACCESS_CHANGED,
            ["Limit of a trader max order changed: 500 → none", "by Olga", "not you"],
        ),
        ("approve_code", "controllers/mine.py", {"after": "abc"}, FactKind.ACCESS_CHANGED, ["Controllers/mine.py may run"]),
    ],
)
def test_a_change_is_told_in_words(records: Records, action: str, target: str, more: dict[str, str], kind: str, words: list[str]) -> None:
    told = records.done(action, target, **more)
    notices = {item.outgoing.notice.event_id: item.outgoing.notice for item in told}
    (notice,) = notices.values()
    assert notice.kind == kind
    text = str(text_of([notice])).replace("<b>", "").replace("</b>", "")
    for each in words:
        assert each in text, (each, text)


def test_who_may_do_what_is_told_to_owners_alone(records: Records) -> None:
    assert chats(records.done("add_keys", "binance")) == {5, LOCAL}


def test_what_was_done_by_hand_is_told_everywhere_but_there(records: Records) -> None:
    assert chats(records.done("pause", "gs-btc")) == {VIEWER, GROUP, LOCAL}


def test_an_owner_who_can_t_be_reached_now_hears_of_it_when_he_is_back(records: Records) -> None:
    records.journal.run(lambda c: c.exec_driver_sql("UPDATE chats SET is_dead = 1 WHERE chat_id = 5")).result()
    records.done("remove_keys", "binance")
    found = records.journal.read(lambda c: c.exec_driver_sql("SELECT chat_id, state FROM outbox ORDER BY chat_id").fetchall()).result()
    assert [tuple(row) for row in found] == [(LOCAL, "queued"), (5, "failed")]


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("pause", {"result": "refused"}),
        ("step_up", {"result": "wrong"}),
        ("step_up", {}),
        ("update_config", {"after": '{"spread": "0.01"}'}),
        ("update_config", {"after": "…"}),
        ("rename", {}),
    ],
)
def test_what_is_no_change_of_this_sort_is_in_the_audit_only(records: Records, action: str, more: dict[str, str]) -> None:
    assert records.done(action, "gs-btc/main", **more) == []


def test_i9_a_change_and_its_fact_are_one_transaction(tmp_path: Path) -> None:
    records = Records(tmp_path)

    def write(connection: Connection) -> None:
        write_audit(connection, 1_000, OLGA, "pause", "gs-btc")
        raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError):
        records.journal.run(write).result()
    records.done("remove_keys", "binance")
    records.journal.close()
    with sqlite3.connect(tmp_path / "condor.db") as connection:
        audit = [row[0] for row in connection.execute("SELECT action FROM audit")]
        facts = [(kind, json.loads(payload)["by"]) for kind, payload in connection.execute("SELECT kind, payload FROM facts")]
    assert audit == ["remove_keys"] and facts == [(FactKind.KEYS_REMOVED, "Olga")]


def in_both_accounts(records: Records, kind: str, payload: dict[str, Any]) -> None:
    """The same critical fact of a venue's paper account and of the one with real money, told and not seen."""

    def write(connection: Connection) -> None:
        for event_id, account in ((1, "paper"), (2, "live")):
            note(connection, kind, account, payload, event_id=event_id)
        expand(connection, AlertSettings(), 2)
        for event_id in (1, 2):
            begin_repeats(connection, ("telegram", 5), event_id, 3, 4)

    records.journal.run(write).result()


def note(connection: Connection, kind: str, account: str, payload: dict[str, Any], **more: int) -> None:
    values = {"kind": kind, "account": account, "payload": json.dumps(payload), "bot_id": "", "controller_id": "", "executor_id": ""}
    connection.execute(insert(tables.facts).values(**values, ts_ns=1, wall_ms=1, **more))


def still_open(records: Records, kind: str) -> list[str]:
    """Of which accounts it is still said again."""
    return [notice.mode for notice in records.journal.read(lambda connection: open_events(connection, [kind])).result()]


@pytest.mark.parametrize(("released", "left"), [("binance", "paper"), ("paper:binance", "live")])
def test_a_release_ends_the_repeats_of_its_own_account_only(records: Records, released: str, left: str) -> None:
    """The paper account of a venue has caps of its own."""
    in_both_accounts(records, FactKind.DAY_LOSS_REACHED, {"connector_name": "binance", "title": "Binance", "text": "lost 21"})
    records.done("release_caps", released, after="checked")
    assert still_open(records, FactKind.DAY_LOSS_REACHED) == [left]


@pytest.mark.parametrize(("safe", "left"), [("paper", "live"), ("live", "paper")])
def test_a_liquidation_that_is_far_on_paper_is_still_near_with_real_money(records: Records, safe: str, left: str) -> None:
    payload = {"connector_name": "binance_perpetual", "trading_pair": "BTC-USDT", "side": "net", "is_over": False}
    in_both_accounts(records, FactKind.LIQUIDATION_NEAR, payload)

    def write(connection: Connection) -> None:
        note(connection, FactKind.LIQUIDATION_NEAR, safe, {**payload, "is_over": True})
        expand(connection, AlertSettings(), 2)

    records.journal.run(write).result()
    assert still_open(records, FactKind.LIQUIDATION_NEAR) == [left]
