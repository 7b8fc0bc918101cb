"""Drafts, their files, and executors by hand as a person uses them, over the chat's HTTP interface; numbers are those of the chat's scenarios."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.instance import Instance, Person
from tests.support.transcript import labels
from tests.support.wizard import SLOW, begin, reviewed


# ---- drafts --------------------------------------------------------------------------------------------------------
def test_s17_two_wizards_keep_their_own_values_replies_reach_the_right_one_and_loose_text_asks_which(person: Person) -> None:
    first = begin(person, "pmm_simple")
    person.tap("Review", first)
    person.tap("Change", first)
    person.tap("stop loss", first)
    second = begin(person, "bollinger_v1")
    third = person.send("2.5%", "change", reply_to=first["message_id"])
    assert "stop loss: 2.5%" in labels(third)
    person.tap("take profit", third)
    asked = person.send("3%", "Which one does 3% answer?")
    offered = [text for text in labels(asked) if ":" in text]
    assert any("pmm_simple" in text and "take profit" in text for text in offered) and any("bollinger_v1" in text for text in offered)
    person.tap("pmm_simple", asked)
    assert re.search(r"take profit\s+3%", reviewed(person, asked)["text"])
    assert "On which venue?" in person.text(second)
    assert re.search(r"take profit\s+(?!3%)[\d.]+%", reviewed(person, second)["text"])


def test_s17_two_wizards_of_the_same_strategy_and_pair_are_told_apart(person: Person) -> None:
    first = begin(person, "grid_strike")
    person.send("/status", "Status")
    # so that one is older by more than what a second may round away
    person.until(lambda: time.time() - first["date"] > 2, "the first one to be older")
    begin(person, "grid_strike")
    asked = person.send("btc/usdt", "Which one does btc/usdt answer?")
    offered = [text for text in labels(asked) if "grid_strike" in text]
    assert len(set(offered)) == 2 and all(re.match(r"grid_strike BTC-USDT, \d+s ago: ", text) for text in offered), offered
    ages = [int(re.findall(r"(\d+)s ago", text)[0]) for text in offered]
    assert ages[0] < ages[1], "newest first"


def test_s18_a_killed_process_goes_on_where_the_old_card_stands(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "home", SLOW).start()
    try:
        person = instance.person()
        card = begin(person, "pmm_simple")
        for label in ("Next", "Next"):
            person.tap(label, card)
        card = person.send("777", "4 of")
        instance.kill()
        # as if it had died after the card was sent and before it was written down where
        with closing(sqlite3.connect(instance.home / "data" / "condor.db")) as records, records:
            records.execute("UPDATE panels SET message_id = 0, digest = '' WHERE message_id = ?", (card["message_id"],))
        instance.start()
        person = instance.person()
        person.tap("Next", card)
        assert "5 of" in person.text(card)
        assert re.search(r"total amount\s+777", reviewed(person, card)["text"])
        person.send("/new", "Which strategy?")
        assert re.search(r"continue pmm_simple BTC-USDT, \d+s ago", " ".join(labels(person.last())))
    finally:
        instance.kill()


def test_a_bot_is_duplicated_into_a_draft(person: Person) -> None:
    panel = person.start_bot(changes=(("stop loss", "4%"),))
    person.tap("More", panel)
    person.tap("Duplicate", panel)
    card = person.wait_text("a copy of pmm-btc")
    assert re.search(r"stop loss\s+4%", card["text"]) and "Start (paper)" in " ".join(labels(card))


# ---- files ---------------------------------------------------------------------------------------------------------
BROKEN = b"""controller_name: pmm_simple
connector_name: binance_perpetual
trading_pair: BTC-USDT
take_profit: -0.01
leverage: 500
stop_los: 0.02
"""


def test_s19_c2_c3_a_file_with_three_faults_lists_line_field_and_what_is_allowed_and_the_mended_one_is_reviewed(person: Person) -> None:
    card = person.upload("pmm.yml", BROKEN, "can't be used yet")
    text = card["text"]
    assert "3 faults" in text
    assert re.search(r"line 4 · take_profit: expected greater than 0, found -0.01 · allowed: above 0%, up to 1000%", text), text
    assert re.search(r"line 5 · leverage: .*125.* · allowed: from 1x, up to 125x", text), text
    assert re.search(r"line 6 · stop_los: unknown key, did you mean stop_loss\?", text), text
    mended = BROKEN.replace(b"-0.01", b"0.01").replace(b"500", b"5").replace(b"stop_los:", b"stop_loss:")
    card = person.upload("pmm.yml", mended, "review · 📄 paper")
    assert "Made from the file pmm.yml" in card["text"] and re.search(r"leverage\s+5x", card["text"])
    assert "Start (paper)" in " ".join(labels(card))


def test_s19_faults_stand_in_the_order_of_the_file_and_a_venue_that_there_is_not_is_one_of_them(person: Person) -> None:
    content = (
        b"total_amount_quote: -5\ncontroller_name: pmm_simple\nconnector_name: binanc_perpetual\ntrading_pair: BTC-USDT\n"
        b"buy_spreads: [0.01, x]\nposition_mode: HEDG\n"
    )
    text = person.upload("pmm.yml", content, "can't be used yet")["text"]
    assert "4 faults" in text
    assert re.findall(r"line (\d) · (\w+):", text) == [
        ("1", "total_amount_quote"),
        ("3", "connector_name"),
        ("5", "buy_spreads"),
        ("6", "position_mode"),
    ]
    assert re.search(r"unknown connector 'binanc_perpetual', did you mean binance_perpetual\? · allowed: .*binance_perpetual, ", text)
    assert "found 'HEDG' · allowed: HEDGE, ONEWAY" in text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"hello", "expected a controller's YAML file"),
        ("a.yml", b"a: [1", "not valid YAML"),
        ("b.yml", b"a: 1", "with the key controller_name"),
        ("c.yml", b"controller_name: pmm_simpel", "did you mean pmm_simple?"),
    ],
)
def test_s19_c1_c4_what_is_no_config_is_refused_in_a_sentence(person: Person, name: str, content: bytes, words: str) -> None:
    assert person.upload(name, content, words)


@pytest.mark.parametrize("begun", ["/new grid_strike", "/new dman_v3", "/x new grid"])
def test_s19_a_draft_is_sent_as_a_file_that_gives_the_same_draft_again(person: Person, begun: str) -> None:
    card = person.send(begun, "On which venue?")
    for text in ("venue=binance_perpetual", "pair=ETH-USDT", "sl=4.5%", "amount=600"):
        card = person.send(text, "Now:")
    review = reviewed(person, card)
    person.tap("YAML", review)
    sent = person.wait(lambda message: bool(message["media"]) and message["message_id"] > review["message_id"])
    again = person.upload("again.yml", person.file(sent["media"]["file_id"]), "review · 📄 paper")
    rows = [re.findall(r"<pre>(.*?)</pre>", part, re.DOTALL)[0] for part in (review["html"], again["html"])]
    assert rows[0] == rows[1] and "4.5%" in rows[0]


# ---- executors by hand ---------------------------------------------------------------------------------------------
def test_an_executor_is_set_up_by_hand_and_its_bot_ends_with_it(person: Person, shared: Instance) -> None:
    card = person.send("/x new", "An executor by hand")
    person.tap("twap", card)
    assert "On which venue?" in person.text(card)
    person.tap("binance_perpetual", card)
    card = person.send("eth", "Buy or sell first?")
    person.tap("BUY", card)
    assert "How much may it use?" in person.text(card) and "USDT free (paper)" in person.text(card)
    person.tap("10% · ", card)
    card = person.send("total_duration=20s order_interval=5s", "Now:")
    card = reviewed(person, card)
    assert re.search(r"positions at once\s+5\b", card["text"]), card["text"]
    person.tap("Start (paper)", card)
    person.until(lambda: "running · paper" in person.text(card), "the live panel", 5)
    query = "SELECT type, close_type FROM executors WHERE bot_id LIKE 'twap%'"
    person.until(lambda: bool(shared.rows(query + " AND close_type IS NOT NULL")), "the end of the executor", 30)
    person.until(lambda: shared.rows("SELECT state FROM bots WHERE bot_id LIKE 'twap%'") == [("stopped",)], "the end of its bot", 10)
    assert shared.rows(query) == [("twap_executor", "COMPLETED")]


@pytest.mark.parametrize("kind", ["position", "order", "dca", "grid", "arbitrage", "xemm", "pair"])
def test_every_executor_asks_its_questions_and_says_what_is_open(person: Person, kind: str) -> None:
    card = person.send(f"/x new {kind}", "➕")
    card = reviewed(person, card)
    assert "still to be answered" in card["text"] and "✏️" in " ".join(labels(card))


def test_an_executor_without_its_gateway_is_refused_in_a_sentence(person: Person) -> None:
    assert "CONDOR_GATEWAY_URL" in person.send("/x new lp", "Gateway")["text"]
