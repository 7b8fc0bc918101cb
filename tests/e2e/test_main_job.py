"""The main job over HTTP, as a person does it: open the chat, start a bot from the wizard, watch it trade, be told when an executor closes."""

from __future__ import annotations

import re

from tests.support.instance import Instance

ALERT_MS = 2000


def test_a_person_starts_a_bot_watches_it_and_is_told_of_a_close(instance: Instance) -> None:
    person = instance.person()
    home = person.send("/start")
    assert "Paper trading: no real money" in home["text"]
    assert re.search(r"Equity +10,000\.00 USDT", home["text"])
    assert "synthetic market" in home["text"]

    panel = person.start_bot()
    assert "pmm_simple on binance_perpetual:BTC-USDT" in panel["text"]

    alert = person.wait_text(" closed · ", timeout_s=90)
    assert re.search(r"(TAKE_PROFIT|STOP_LOSS|TIME_LIMIT|EARLY_STOP|executors closed)", alert["text"])
    assert "fees $" in alert["text"]
    assert "paper" in alert["text"]
    # the card has become a live panel: it moves without a tap
    person.until(lambda: person.seen[panel["message_id"]]["text"] != panel["text"], "the live panel to move")


def test_alerts_reach_the_chat_within_two_seconds(instance: Instance) -> None:
    person = instance.person()
    person.start_bot()
    told = "SELECT f.wall_ms, o.sent_ms FROM outbox o JOIN facts f USING (event_id) WHERE o.state = 'sent' AND f.kind = 'executor_closed'"
    person.until(lambda: len(instance.rows(told)) >= 5, "five closed executors to be told", 120)
    late = [sent - happened for happened, sent in instance.rows(told) if sent - happened > ALERT_MS]
    assert late == []


def test_every_command_answers_with_a_card(instance: Instance) -> None:
    person = instance.person()
    expected = {
        "/start": "Condor",
        "/new": "Which strategy?",
        "/bots": "Bots",
        "/status": "Status",
        "/executors": "Executors",
        "/x": "Executors",
        "/history": "History",
        "/stop": "Nothing to stop",
        "/pause": "all bots",
        "/resume": "nothing is paused",
        "/close": "Executors",
        "/edit": "Bots",
        "/panic": "Stop everything?",
        "/alerts": "Alerts of this chat",
        "/price": "Prices",
        "/settings": "Settings of this chat",
        "/portfolio": "Accounts",
        "/pnl": "Result",
        "/positions": "Positions",
        "/orders": "Open orders",
        "/logs": "Log",
        "/users": "Users",
        "/whoami": "You",
        "/invite": "Invites",
        "/audit": "Audit",
        "/keys": "Keys",
        "/caps": "Caps",
        "/limits": "Limits",
        "/report": "Report",
        "/trade": "Order by hand",
        "/cancel": "Nothing was placed.",
        "/codes": "Codes",
        "/help": "/executors",
    }
    for command, words in expected.items():
        person.send(command, words)
    menu = {item["command"] for item in person.call("/chat/commands")["commands"]}
    assert menu == {command[1:] for command in expected}


def test_unknown_command_names_the_nearest_and_free_text_never_trades(instance: Instance) -> None:
    person = instance.person()
    assert "did you mean bots?" in person.send("/botz")["text"]
    assert "nothing here waits for an answer" in person.send("BTC-USDT buy 1")["text"]
    assert instance.rows("SELECT count(*) FROM orders") == [(0,)]


def test_stopping_closes_positions_and_the_account_is_flat(instance: Instance) -> None:
    person = instance.person()
    person.start_bot()
    person.until(lambda: bool(instance.rows("SELECT 1 FROM executors WHERE exposure_base != '0' AND status = 'RUNNING'")), "a position", 90)
    chooser = person.send("/stop", "Stop")
    assert "no stop loss, no take profit" in chooser["text"]
    person.tap("Stop and close at market", chooser)
    done = person.wait_text("⏹", "stopped ·", timeout_s=30)
    assert "all positions closed" in done["text"]
    assert instance.rows("SELECT executor_id FROM executors WHERE status != 'TERMINATED'") == []
    assert instance.rows("SELECT trading_pair FROM holds WHERE CAST(net_amount_base AS REAL) != 0") == []
    (account,) = instance.rows("SELECT account FROM accounts", database="paper.db")[0]
    assert '"positions":[]' in account.replace(" ", "") or '"positions":{}' in account.replace(" ", "")


def test_stop_and_keep_leaves_holds_and_says_so(instance: Instance) -> None:
    person = instance.person()
    # barriers so far away that the position is still there when the button is tapped, however slow the machine
    person.start_bot(changes=[("take profit:", "50%"), ("stop loss:", "50%"), ("time limit:", "1d")])
    person.until(lambda: bool(instance.rows("SELECT 1 FROM executors WHERE exposure_base != '0' AND status = 'RUNNING'")), "a position", 90)
    person.tap("Stop, keep positions", person.send("/stop", "Stop"))
    person.wait_text("⏹", "stopped ·", timeout_s=30)
    kept = instance.rows("SELECT executor_id FROM executors WHERE close_type = 'POSITION_HOLD'")
    held = instance.rows("SELECT net_amount_base FROM holds")
    assert kept
    assert held
    assert any("nobody watches" in text for text in person.texts())


def test_history_and_executor_details_show_what_happened(instance: Instance) -> None:
    person = instance.person()
    person.start_bot()
    person.wait_text(" closed · ", timeout_s=90)
    history = person.send("/history", "📜")
    assert "closed executor" in history["text"]
    person.tap("BTC-USDT", history)
    card = person.wait(lambda message: message["message_id"] == history["message_id"] and "fill" in message["text"])
    assert re.search(r"(BUY|SELL) +[\d.]+ +[\d,.]+", card["text"])


def test_status_push_is_set_by_command_and_ended_by_it(instance: Instance) -> None:
    person = instance.person()
    assert "Pushed here every 15m" in person.send("/status every 15m")["text"]
    assert instance.rows("SELECT status_every_s FROM chats") == [(900,)]
    assert "No status push" in person.send("/status off")["text"]
    assert "expected a time such as" in person.send("/status every soon")["text"]
    assert "between 1m and 7d" in person.send("/status every 5s")["text"]
    assert instance.rows("SELECT status_every_s FROM chats") == [(0,)]


def test_kill_switch_holds_until_it_is_released(instance: Instance) -> None:
    person = instance.person()
    person.send("/status", "📊")
    person.tap("No new positions")
    person.tap("Switch off now")
    person.wait_text("No new positions", "switched off")
    instance.kill()
    instance.start()
    person = instance.person()
    assert "switched off" in person.send("/status", "📊")["text"]
    person.start_bot()
    person.until(
        lambda: bool(instance.rows("SELECT 1 FROM executors WHERE close_type = 'FAILED' OR reason LIKE '%halted%'")), "a refusal by the halt", 60
    )
    assert instance.rows("SELECT count(*) FROM fills") == [(0,)]
    person.send("/status", "📊")
    person.tap("Allow new positions")
    person.tap("Allow them")
    person.until(lambda: instance.rows("SELECT count(*) FROM fills") != [(0,)], "fills after the release", 90)
