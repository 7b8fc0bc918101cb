"""Kill -9 and restart: nothing forgotten, nothing doubled, and the market goes on from where it was."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.instance import FAST, Instance, condor
from tests.support.resumed import FAR, FILLS, LIVE, SLOW, assert_resumed

OPEN = "SELECT client_order_id, filled_amount FROM orders WHERE state IN ('OPEN', 'PARTIALLY_FILLED', 'PENDING_CREATE') ORDER BY client_order_id"


def test_ps_4_bots_executors_and_barriers_are_as_before(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        instance.person().start_bot(changes=FAR)
        instance.person().until(lambda: any(row[2] != "0" for row in instance.rows(LIVE)), "a position", 90)
        instance.kill()
        before, orders, fills = instance.rows(LIVE), instance.rows(OPEN), instance.rows(FILLS)
        (instance.home / "conf" / "condor.yml").write_text(SLOW)
        instance.start()
        person = instance.person()
        person.wait_text("Condor is back", "pmm-btc-1")
        assert_resumed(instance, before, fills)
        known = {row[0] for row in instance.rows("SELECT client_order_id FROM orders")}
        assert {row[0] for row in orders} <= known
        assert condor("verify", "--home", str(instance.home)).returncode == 0
    finally:
        instance.kill()


def test_market_goes_on_from_its_point_after_a_long_pause(tmp_path: Path) -> None:
    """No jump in price or market time closes an executor: the pause does not exist for the market."""
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        instance.person().start_bot()
        instance.person().until(lambda: len(instance.rows("SELECT 1 FROM fills")) > 3, "fills", 90)
        instance.kill()
        market_ns = int(instance.rows("SELECT value FROM meta WHERE key = 'now_ns'", database="paper.db")[0][0])
        time.sleep(4)
        (instance.home / "conf" / "condor.yml").write_text(SLOW)
        instance.start()
        person = instance.person()
        person.send("/status", "📊")
        instance.stop()
        resumed_ns = int(instance.rows("SELECT value FROM meta WHERE key = 'now_ns'", database="paper.db")[0][0])
        # 4 s at x20 would have been 80 s of market time
        assert 0 <= resumed_ns - market_ns < 30e9
    finally:
        instance.kill()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_instants_the_records_agree_with_the_venue(tmp_path: Path, seed: int) -> None:
    """The venue's own ledger is the oracle: after every kill each of its fills is known to us once, and nothing else is."""
    chance = random.Random(seed)
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        instance.person().start_bot()
        for _ in range(5):
            time.sleep(chance.uniform(0.3, 2.5))
            instance.kill()
            instance.start()
        time.sleep(1)
        instance.stop()
        # what the accounts hold is always somebody's
        assert instance.rows("SELECT payload FROM facts WHERE kind IN ('position_unaccounted', 'order_adopted')") == []
    finally:
        instance.kill()
    ours = instance.rows("SELECT trade_id FROM fills")
    theirs = [row[0] for row in instance.rows("SELECT trade_id FROM fills", database="paper.db")]
    assert len(theirs) > 3
    assert sorted(row[0] for row in ours) == sorted(theirs)
    assert exposure_of_executors(instance) == position_at_venue(instance)
    verified = condor("verify", "--home", str(instance.home))
    assert verified.returncode == 0, verified.stdout


def exposure_of_executors(instance: Instance) -> Decimal:
    live = instance.rows("SELECT exposure_base FROM executors WHERE status != 'TERMINATED'")
    held = instance.rows("SELECT net_amount_base FROM holds")
    return sum((Decimal(row[0]) for row in (*live, *held)), Decimal(0))


def position_at_venue(instance: Instance) -> Decimal:
    total = Decimal(0)
    for (values,) in instance.rows('SELECT "values" FROM fills', database="paper.db"):
        fill: dict[str, Any] = json.loads(values)
        total += Decimal(fill["amount"]) * (1 if fill["trade_type"] == "BUY" else -1)
    return total


def test_p4_second_instance_is_refused_and_names_the_holder(instance: Instance) -> None:
    second = condor("run", "--home", str(instance.home))
    assert second.returncode == 2
    assert f"process {instance.pid}" in second.stderr
    assert second.stderr.count("\n") == 1


def test_t5_double_tap_starts_one_bot(instance: Instance) -> None:
    person = instance.person()
    person.send("/new", "Which strategy?")
    person.tap("pmm_simple")
    person.tap("Review")
    message, row, column = person.button("Start (paper)")
    body = {"message_id": message["message_id"], "row": row, "column": column}
    before = len(person.answers)
    person.call("/chat/tap", body)
    person.call("/chat/tap", body)
    person.until(lambda: len(person.answers) >= before + 2, "both answers")
    assert instance.rows("SELECT count(*) FROM bots") == [(1,)]
    assert sum("already" in (answer.get("toast") or "") for answer in person.answers[before:]) == 1


def test_button_of_an_earlier_process_works(instance: Instance) -> None:
    person = instance.person()
    home = person.send("/start")
    person.send("/new", "Which strategy?")
    person.tap("bollinger_v1")
    person.tap("Next")
    instance.kill()
    instance.start()
    person = instance.person()
    draft = person.seen[max(person.seen)]
    person.tap("Next", draft)
    assert "●●●" in person.seen[draft["message_id"]]["text"]
    person.tap("Status", person.seen[home["message_id"]])
    assert "📊 Status" in person.seen[home["message_id"]]["text"]


def test_a_live_panel_moves_on_after_a_restart(instance: Instance) -> None:
    panel = instance.person().start_bot()
    instance.kill()
    instance.start()
    person = instance.person()
    before = person.seen[panel["message_id"]]["text"]
    person.until(lambda: person.seen[panel["message_id"]]["text"] != before, "the panel to move", 30)


def test_t4_button_that_is_too_old_says_so_and_opens_a_fresh_card(instance: Instance) -> None:
    person = instance.person()
    home = person.send("/start")
    instance.kill()
    connection = sqlite3.connect(instance.home / "data" / "condor.db")
    connection.execute("DELETE FROM tokens")
    connection.commit()
    connection.close()
    instance.start()
    person = instance.person()
    answer = person.tap("Status", person.seen[home["message_id"]])
    assert "outdated" in answer["toast"]
    fresh = person.wait(lambda message: message["message_id"] > home["message_id"] and "Condor" in message["text"])
    assert fresh["buttons"]


def test_status_pushes_survive_a_restart(instance: Instance) -> None:
    instance.person().send("/status every 1m", "Pushed here every 1m")
    instance.kill()
    connection = sqlite3.connect(instance.home / "data" / "condor.db")
    connection.execute("UPDATE chats SET status_next_ms = 0")
    connection.commit()
    connection.close()
    instance.start()
    person = instance.person()
    pushed = person.wait(lambda message: message["from"] == "bot" and message["silent"] and "📊 Status" in message["text"], 15)
    assert "Pushed here every 1m" in pushed["text"]


def test_ordered_end_exits_with_zero_and_bots_go_on_at_the_next_start(instance: Instance) -> None:
    instance.person().start_bot()
    assert instance.stop() == 0
    instance.start()
    assert "1" in instance.person().send("/bots", "running of 1")["text"]


def test_p8_records_that_are_gone_are_not_taken_for_empty_and_flat(tmp_path: Path) -> None:
    """condor.db is deleted while the venue holds a position and orders: orders are canceled, the position is named, and nothing else is pretended."""
    instance = Instance(tmp_path / "home", FAST).start()
    try:
        person = instance.person()
        # only buys are near the market, and no barrier is: what is bought stays
        far = [("sell spreads:", "40%, 41%"), ("take profit:", "50%"), ("stop loss:", "50%"), ("time limit:", "1d")]
        person.start_bot(changes=far)
        person.until(lambda: any(row[2] != "0" for row in instance.rows(LIVE)), "a position", 90)
        instance.kill()
        for path in (instance.home / "data").glob("condor.db*"):
            path.unlink()
        (account,) = instance.rows("SELECT account FROM accounts", database="paper.db")[0]
        (position,) = json.loads(account)["positions"]
        (instance.home / "conf" / "condor.yml").write_text(SLOW)
        instance.start()
        person = instance.person()
        told = person.wait_text("Nobody's position", position["pair"])
        assert position["amount"] in told["text"]
        assert "no stop loss protects it" in told["text"]
        person.wait_text("no bot know", "canceled")
        status = person.send("/status", "📊")["text"]
        assert f"{position['amount']} {position['pair']} on binance_perpetual (paper) is nobody's" in status
        assert "everything runs" not in status
        person.until(lambda: not instance.rows("SELECT 1 FROM orders WHERE is_open", database="paper.db"), "the venue to have no order of ours")
    finally:
        instance.kill()
