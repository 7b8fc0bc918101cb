"""The wizard's questions and its review as a person uses them, over the chat's HTTP interface; numbers are those of the chat's scenarios."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.instance import Instance, Person
from tests.support.transcript import labels
from tests.support.wizard import begin, changed, leave_no_draft, reviewed


# ---- answers -------------------------------------------------------------------------------------------------------
def test_s10_pairs_are_normalised_typos_get_suggestions_and_back_keeps_what_was_answered(person: Person) -> None:
    # the only strategy that begins with this word; `/new` lists the rest
    card = person.send("/new grid", "grid_strike", "On which venue?")
    person.tap("bybit_perpetual", card)
    assert "Which pair?" in person.text(card)
    card = person.send("eth/usdt", "Buy or sell first?")
    person.tap("Back", card)
    assert "Which pair?" in person.text(card) and "Now: ETH-USDT" in person.text(card)
    card = person.send("BTC-UDST", "did you mean")
    offered = labels(card)[0]
    assert offered == "BTC-USDT" and "there is no pair 'BTC-UDST'" in card["text"]
    near = [text for text in labels(card)[:3] if "-" in text]
    assert len(near) == 3, labels(card)
    # straight from the typo back to the venue (condor's button was dead here)
    person.tap("Back", card)
    assert "On which venue?" in person.text(card) and "Now: bybit_perpetual" in person.text(card)
    person.tap("Next", card)
    assert "Now: ETH-USDT" in person.text(card)
    card = person.send("BTC-UDST", "did you mean")
    person.tap("BTC-USDT", card)
    assert "Buy or sell first?" in person.text(card)
    person.tap("Back", card)
    person.tap("Back", card)
    text = person.text(card)
    assert "On which venue?" in text and "Now: bybit_perpetual" in text and "●○" in text


def test_s11_percentages_are_read_by_their_sign_and_what_does_not_hold_stays_on_the_card_with_its_range(person: Person) -> None:
    card = begin(person, "pmm_simple")
    person.tap("All fields", card)
    person.tap("take profit", card)
    assert "Take profit?" in person.text(card)
    card = person.send("0.1%", "change")
    assert "take profit: 0.1%" in labels(card)
    person.tap("take profit", card)
    card = person.send("0.1", "which one?")
    assert labels(card)[:2] == ["0.1%", "10%"] and "Now: 0.1%" in card["text"]
    for text in ("abc", "-1", "nan", "1e9"):
        card = person.send(text, "Take profit?", f"'{text}'")
        assert "above 0%, up to 1000%" in card["text"], card["text"]
        assert "Now: 0.1%" in card["text"]
    typed = [message["text"] for message in person.seen.values() if message["from"] == "user"]
    assert {"abc", "-1", "nan", "1e9"} <= set(typed), "what was typed is not taken away"
    card = person.send("0.2", "which one?")
    person.tap("20%", card)
    assert "take profit: 20%" in person.labels(card)


def test_s11_several_answers_in_one_line_at_any_step_and_all_or_none_of_them(person: Person) -> None:
    card = begin(person, "pmm_simple")
    card = person.send("tp=0.4% sl=1% lev=3", "On which venue?")
    card = person.send("tp=2% sl=nonsense", "expected a percentage")
    card = person.send("profit=3%", "there is no field 'profit'")
    card = reviewed(person, card)
    assert (
        re.search(r"take profit\s+0\.4%", card["text"]) and re.search(r"stop loss\s+1%", card["text"]) and re.search(r"leverage\s+3x", card["text"])
    )


def test_s11_what_a_name_says_is_asked_about_with_its_name_and_never_answers_the_question_of_the_card(person: Person) -> None:
    card = begin(person, "pmm_simple")
    person.tap("All fields", card)
    person.tap("stop loss", card)
    assert "Stop loss?" in person.text(card) and "Now: 1%" in person.text(card)
    card = person.send("tp=0.3 lev=3", "which one?")
    assert labels(card)[:2] == ["tp=0.3%", "tp=30%"] and "Now: 1%" in card["text"], "a bare 0.3% would be the stop loss here"
    person.tap("tp=0.3%", card)
    assert "Noted: take profit 0.3%, leverage 3x" in person.text(card)
    assert {"take profit: 0.3%", "stop loss: 1%", "leverage: 3x"} <= set(person.labels(card))
    card = person.send("tp=0.4 sl=0.5", "which one?")
    assert labels(card)[:2] == ["tp=0.4% sl=0.5%", "tp=40% sl=50%"]
    person.tap("tp=0.4% sl=0.5%", card)
    card = person.now(card)
    assert re.search(r"take profit\s+0\.4%", card["text"]) and re.search(r"stop loss\s+0\.5%", card["text"]), "back at the review"
    leave_no_draft(person)
    # a name that is close is offered with its field, too, and what else does not hold is said first
    card = begin(person, "pmm_simple")
    card = person.send("pair=BTC-UDST", "did you mean")
    assert labels(card)[0] == "pair=BTC-USDT"
    person.tap("pair=BTC-USDT", card)
    assert "On which venue?" in person.text(card) and "Noted: trading pair BTC-USDT" in person.text(card)
    assert "expected a percentage" in person.send("tp=0.3 sl=nonsense", "⚠️")["text"]


def test_s11_what_a_skip_would_give_is_what_the_market_proposes(person: Person) -> None:
    card = begin(person, "grid_strike")
    card = person.send("pair=eth", "Now:")
    card = person.send("start=3000", "Noted: start price 3000")
    for _ in range(5):
        person.tap("Next", card)
    assert "Lowest price of the grid?" in person.text(card) and "Now: 3000" in person.text(card)
    skip = next(label for label in person.labels(card) if "Skip" in label)
    person.tap("Skip", card)
    person.tap("Back", card)
    now = re.search(r"Now: ([\d.]+) \(-[\d.]+ % of [\d.]+ because the 24 h range is", person.text(card))
    assert now is not None, person.text(card)
    # the market goes on meanwhile: near what the button said, and far from the price of the example, which is one of BTC
    assert abs(float(skip.rpartition(" ")[2]) / float(now[1]) - 1) < 0.2 and float(now[1]) < 10_000
    assert not [label for label in person.labels(card) if "Skip" in label and label != f"⏭ Skip: default {now[1]}"]


def test_s11_fields_can_be_searched_and_a_default_taken_back(person: Person) -> None:
    card = begin(person, "pmm_simple")
    person.tap("All fields", card)
    card = person.send("order type", "Fields with")
    assert [text for text in labels(card) if ":" in text] == ["take profit order type: LIMIT"]
    card = person.send("xyzzy", "No field has")
    person.tap("All fields", card)
    person.tap("stop loss", card)
    card = person.send("7%", "change")
    person.tap("stop loss: 7%", card)
    person.tap("Skip: default 1%", card)
    assert "stop loss: 1%" in person.labels(card)


# ---- review --------------------------------------------------------------------------------------------------------
def test_s12_a_band_the_wrong_way_round_names_the_rule_and_is_swapped_in_one_tap(person: Person) -> None:
    card = changed(person, "start=70000 end=60000 limit=55000")
    assert "expected start_price below end_price, found 70000 and 60000" in card["text"]
    assert not [text for text in labels(card) if "Start" in text and "Swap" not in text]
    person.tap("Swap start and end", card)
    card = person.now(card)
    assert re.search(r"at worst ends at\s+its limit, 55000", card["text"])
    card = person.send("limit=58000 sl=1%", "review")
    assert re.search(r"at worst ends at\s+its stop loss, 1 %", card["text"]), "answers by name hold at the review too"
    assert re.search(r"start price\s+60000", card["text"]) and "Start (paper)" in " ".join(labels(card))


def test_s12_a_limit_within_the_band_is_put_beyond_it_for_both_sides(person: Person) -> None:
    card = changed(person, "start=60000 end=70000 limit=65000")
    assert "a BUY grid needs limit_price below start_price 60000" in card["text"]
    person.tap("Limit to 59400", card)
    assert "Start (paper)" in " ".join(person.labels(card))
    card = changed(person, "side=sell start=70000 end=60000 limit=65000")
    person.tap("Swap start and end, limit to 70700", card)
    assert "Start (paper)" in " ".join(person.labels(card))


def test_s13_levels_below_the_smallest_order_say_how_many_fit_and_one_tap_takes_them(person: Person) -> None:
    card = changed(person, "amount=25 buy_spreads=0.1%,0.2%,0.3% sell_spreads=0.1%,0.2%,0.3%", controller="pmm_simple")
    found = re.search(r"below the smallest order of (\d+).*at most (\d+) fit", card["text"])
    assert found, card["text"]
    most = int(found[2])
    assert 25 / most >= int(found[1]) > 25 / (most + 1)
    person.tap(f"Use {most} levels", card)
    card = person.now(card)
    assert re.search(rf"positions at once\s+{most}\b", card["text"]) and "Start (paper)" in " ".join(labels(card))


def test_s14_balance_leverage_and_pair_each_have_their_own_message_and_the_draft_is_kept(person: Person) -> None:
    card = changed(person, "amount=50000 lev=1", controller="pmm_simple")
    assert "the balance is too small" in card["text"] and "50000.00 USDT" in card["text"]
    assert not [text for text in labels(card) if "Start" in text]
    fix = next(text for text in labels(card) if text.startswith("🔧 Use"))
    person.tap(fix, card)
    assert "Start (paper)" in " ".join(person.labels(card))
    card = begin(person, "pmm_simple")
    card = person.send("lev=500", "up to 125x")
    card = person.send("pair=NOPE-USDT", "there is no pair 'NOPE-USDT'")
    assert "On which venue?" in card["text"]
    assert "Start (paper)" in " ".join(labels(reviewed(person, card)))


def test_s14_a_market_that_has_ended_is_said_and_the_draft_is_kept(tmp_path: Path) -> None:
    rows = "\n".join(f"{1_700_000_000_000 + n * 60_000},100,101,99,100,5" for n in range(40))
    home = tmp_path / "home"
    home.mkdir()
    (home / "short.csv").write_text(f"ts_ms,open,high,low,close,volume\n{rows}\n")
    market = "{connector: binance_perpetual, pair: BTC-USDT, files: [short.csv], warmup: 5}"
    instance = Instance(home, f"clock: {{tick_size: 0.25}}\nmarket: {{source: replay, speed: 10000, replay: [{market}]}}\n").start()
    try:
        person = instance.person()
        person.wait_text("recording", timeout_s=20)
        card = begin(person, "pmm_simple")
        card = reviewed(person, card)
        assert "has come to its end" in card["text"] and not [text for text in labels(card) if "Start" in text]
        person.send("/new", "Which strategy?")
        assert "continue pmm_simple BTC-USDT" in " ".join(labels(person.last()))
    finally:
        instance.kill()


def test_s20_review_says_worst_case_orders_fees_and_paper_and_start_turns_the_card_into_the_live_panel(person: Person) -> None:
    card = begin(person, "grid_strike")
    card = reviewed(person, card)
    text = card["text"]
    assert "review · 📄 paper" in text and re.search(r"all levels filled\s+[\d.]+ BTC", text)
    assert re.search(r"max loss\s+-\d+\.\d % = -[\d.]+ USDT", text), text
    assert "fees of one round trip" in text and re.search(r"levels\s+\d+ of", text) and "24 h range is" in text
    assert re.search(r"balance\s+[\d,.]+ USDT free", text)
    person.tap("Start (paper)", card)
    person.until(lambda: "running · paper" in person.text(card), "the live panel", 5)


def test_s21_real_money_without_keys_explains_and_starts_nothing(person: Person, shared: Instance) -> None:
    before = shared.rows("SELECT count(*) FROM bots")
    card = reviewed(person, begin(person, "pmm_simple"))
    person.tap("Start LIVE", card)
    text = person.text(card)
    assert "no keys of Binance" in text and "Nothing was started. The draft is kept." in text
    assert not [label for label in person.labels(card) if "for real" in label]
    person.tap("Back", card)
    assert "Start (paper)" in " ".join(person.labels(card))
    assert shared.rows("SELECT count(*) FROM bots") == before


def test_s22_two_taps_and_a_second_card_of_the_same_draft_start_one_bot(person: Person, shared: Instance) -> None:
    before = shared.rows("SELECT count(*) FROM bots")[0][0]
    card = reviewed(person, begin(person, "pmm_simple"))
    person.send("/new", "Which strategy?")
    person.tap("continue pmm_simple BTC-USDT")
    other = person.last()
    assert other["message_id"] != card["message_id"] and "Start (paper)" in " ".join(labels(other))
    target, row, column = person.button("Start (paper)", card)
    for _ in range(2):
        person.call("/chat/tap", {"message_id": target["message_id"], "row": row, "column": column})
    person.until(lambda: "running · paper" in person.text(card), "the live panel", 5)
    person.until(lambda: any("already starting" in str(answer) for answer in person.answers), "the second tap's answer", 5)
    assert "already" in str(person.tap("Start (paper)", other))
    assert shared.rows("SELECT count(*) FROM bots")[0][0] == before + 1


def test_s20_a_draft_is_tried_on_the_last_seven_days_while_the_chat_goes_on(person: Person) -> None:
    # wide levels that seldom trade: the run is short
    card = changed(person, "buy_spreads=2% sell_spreads=2% executor_refresh_time=4h tl=1d tp=1% sl=3%", controller="pmm_simple")
    person.tap("Backtest 7d", card)
    assert "is running" in person.text(card)
    person.send("/status", "Status")
    # longer than the program itself waits for it: then the card says so
    person.until(lambda: "is running" not in person.text(card), "the end of the backtest", 200)
    text = person.text(card)
    assert "Net result" in text, text
    assert "candles over 7.0 days; synthetic market" in text and re.search(r"Trades\s+[1-9]", text) and "Fees" in text
    person.tap("Review", card)
    assert "Start (paper)" in " ".join(person.labels(card))


def test_s15_the_chart_of_a_draft_turns_to_another_interval_in_the_same_message(person: Person) -> None:
    card = reviewed(person, begin(person, "grid_strike"))
    person.tap("📈 Chart", card)
    person.until(lambda: bool(person.now(card)["media"]), "the chart", 20)
    first = person.file(person.now(card)["media"]["file_id"])
    assert first.startswith(b"\x89PNG") and "● 15m" in person.labels(card)
    person.tap("1h", card)
    person.until(lambda: "chart · 1h" in person.text(card) and "being drawn" not in person.text(card), "the other interval", 5)
    second = person.file(person.now(card)["media"]["file_id"])
    assert second.startswith(b"\x89PNG") and second != first
    person.tap("◀ Review", card)
    assert "Start (paper)" in " ".join(labels(person.wait_text("review · 📄 paper")))
