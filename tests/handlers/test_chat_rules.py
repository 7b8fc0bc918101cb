"""What holds for every card and every line, over HTTP as a person uses it. Numbers in names are those of telegram.md section 7."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from condor.localchat.entities import utf16_length
from condor.store import panels as panel_store
from condor.store.bots import BotRow, ConfigRow, add_bot
from condor.users import Actor
from handlers.aliases import aliases
from tests.support.house import House
from tests.support.people import NASTY
from tests.support.programs import OWNER

here = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def house(shared: House) -> House:
    return shared


async def quiet(house: House) -> None:
    """Nothing runs any more, and all of it has been told."""
    await house.stop_bots()
    await house.until(lambda: not house.rows("SELECT 1 FROM outbox WHERE state = 'queued'"), "all to be told")


async def stopped_bots(house: House, count: int) -> None:
    """Rows of bots that have ended, as years of use leave them."""
    services = house.program.services
    draft = await services.drafts.begin(OWNER, "pmm_simple")
    config = ConfigRow("main", 1, "pmm_simple", {**draft.answers, "id": "main"})
    names = ["مرحبا بالعالم", "日本語のボット", "🦅" * 60, "a", NASTY]

    def write(connection: Any) -> None:
        for number in range(count):
            title = f"{names[number % len(names)]} {number}"
            add_bot(
                connection,
                BotRow(f"old-{number}", title, "paper", "paper", "stopped", False, 1, 1_700_000_000_000 + number, 1_700_000_000_000),
                [config],
            )

    await asyncio.wrap_future(house.program._journal.run(write))


# ---- lists ---------------------------------------------------------------------------------------------------------
@here
async def test_s23_120_bots_are_pages_of_eight_with_totals_and_ticks_that_survive_paging(house: House) -> None:
    running = [await house.bot(f"mine {number}") for number in range(2)]
    await stopped_bots(house, 118)
    card = await house.send("/bots", "Bots")
    assert "2 running of 120" in house.text(card) and "Σ " in house.text(card)
    pages = 0
    while True:
        pages += 1
        rows = [row for row in house.seen[card["message_id"]]["buttons"] if len(row) == 1 and "Select" not in row[0]["text"]]
        assert len([row for row in rows if row[0]["text"][0] not in "◀O"]) <= 8
        assert utf16_length(house.text(card)) < 4096
        if not any("Older" in label for label in house.labels(card)):
            break
        await house.tap("Older", card)
    assert pages == 15
    card = await house.send("/bots", "Bots")
    await house.tap("Select", card)
    await house.tap("mine 0", card)
    await house.tap("Older", card)
    await house.tap("Newer", card)
    assert any(label == "☑ mine 0" for label in house.labels(card)), house.labels(card)
    await house.tap("mine 1", card)
    await house.tap("Stop 2 …", card)
    assert "Stop 2 bots" in house.text(card)
    assert await house.tap("Stop and close at market", card) == "2 bots stopping"
    await house.until(
        lambda: {state for (state,) in house.rows("SELECT state FROM bots WHERE bot_id IN (?, ?)", *running)} == {"stopped"}, "both to end"
    )
    tokens = house.rows("SELECT max(length(args)) FROM tokens WHERE action = 'pick'")
    assert tokens[0][0] < 1000, "what is ticked is known by the card, not by each of its buttons"


@here
async def test_s24_a_name_of_200_odd_characters_shows_and_its_buttons_work(house: House) -> None:
    bot_id = await house.bot(NASTY)
    card = await house.send(f"/bots {bot_id}", "running · paper")
    assert NASTY[:50].strip() in house.text(card)
    await house.tap("More", card)
    await house.tap("Rename", card)
    assert NASTY.strip() in house.text(card)
    renamed = await house.send("<b>Ann & Bob</b> عربي", "running")
    assert "<b>Ann & Bob</b>" in house.text(renamed)
    assert house.rows("SELECT title FROM bots WHERE bot_id = ?", bot_id) == [("<b>Ann & Bob</b> عربي",)]
    await house.tap("More", renamed)
    assert (await house.tap("Duplicate", renamed)).startswith("A copy")
    copy = await house.wait(lambda message: "pmm_simple · review" in message.get("text", ""))
    await house.tap("Start (paper)", copy)
    await house.until(lambda: "running · paper" in house.text(copy), "the copy to run")
    chooser = await house.send("/stop all", "Stop 2 bots")
    await house.tap("Stop and close at market", chooser)
    await house.until(lambda: not house.program._manager.running, "the end of both")


# ---- live edit -----------------------------------------------------------------------------------------------------
@here
async def test_s29_an_edit_shows_old_and_new_is_applied_once_and_what_does_not_hold_is_refused(house: House) -> None:
    bot_id = await house.bot("edited")
    controller = house.program._manager.running[bot_id].strategy.controllers[0]
    before = controller.config.stop_loss
    refused = await house.send(f"/edit {bot_id} trading_pair=ETH-USDT", "can't be changed while the bot runs")
    assert "⚠️" in house.text(refused)
    assert "expected a percentage" in house.text(await house.send(f"/edit {bot_id} stop_loss=abc", "⚠️"))
    assert "above 0%" in house.text(await house.send(f"/edit {bot_id} stop_loss=-1%", "⚠️"))
    assert "unknown key" in house.text(await house.send(f"/edit {bot_id} stop_los=1%", "⚠️"))
    card = await house.send(f"/edit {bot_id} stop_loss=2.5% take_profit=1%", "Change edited?")
    assert re.search(r"stop loss: .+ → 2\.5%", house.text(card)) and "take profit:" in house.text(card)
    assert controller.config.stop_loss == before, "looking changes nothing"
    assert (await house.tap("Apply 2 changes", card)).startswith("Applied: version 2")
    await house.until(lambda: str(controller.config.stop_loss) == "0.025", "the runtime to take it over")
    ((was, now),) = house.rows("SELECT before, after FROM audit WHERE action = 'update_config' AND target LIKE ?", f"{bot_id}/%")
    assert json.loads(now) == {"stop_loss": "0.025", "take_profit": "0.01"} and set(json.loads(was)) == {"stop_loss", "take_profit"}
    # by buttons: a bare number is asked about, a value that does not hold stays on the card with its reason
    card = await house.send(f"/edit {bot_id}", "Edit")
    await house.tap("take profit:", card)
    asked = await house.send("0.2", "which one?")
    assert "0.2%" in house.labels(asked) and "20%" in house.labels(asked)
    wrong = await house.send("-3%", "⚠️")
    await house.tap("Back", wrong)
    assert str(controller.config.take_profit) == "0.01"
    # short names, as in the wizard; a bare number among them is asked about, and the others are kept
    card = await house.send(f"/edit {bot_id} tp=0.2 sl=2.6%", "which one?")
    await house.tap("0.2%", card)
    assert re.search(r"take profit: .+ → 0\.2%", house.text(card)) and re.search(r"stop loss: .+ → 2\.6%", house.text(card))
    await house.tap("Discard", card)
    # two people edit: the second card was drawn before the first was applied
    first = await house.send(f"/edit {bot_id} stop_loss=3%", "Change edited?")
    second = await house.send(f"/edit {bot_id} stop_loss=4%", "Change edited?")
    await house.tap("Apply", first)
    await house.until(lambda: str(controller.config.stop_loss) == "0.03", "the first edit")
    assert "It has changed since it was shown" in await house.tap("Apply", second)
    assert "3%" in house.text(second) and str(controller.config.stop_loss) == "0.03"


# ---- words ---------------------------------------------------------------------------------------------------------
@here
async def test_s34_free_text_never_places_an_order_whatever_card_is_open(house: House) -> None:
    await quiet(house)
    orders, bots = house.rows("SELECT count(*) FROM intents"), house.rows("SELECT count(*) FROM bots")
    for opening in ("/start", "/new", "/panic"):
        await house.send(opening)
        for text in ("BTC-USDT buy 1", "stop_loss=1%", "yes"):
            said = await house.send(text)
            assert "nothing here waits for an answer" in house.text(said), (opening, text)
    draft = await house.program.services.drafts.begin(OWNER, "pmm_simple")
    await house.send("/new")
    await house.tap("↪", None)
    await house.send("BTC-USDT buy 1")
    assert (await house.program.services.drafts.draft(draft.draft_id)).state == "open"
    assert house.rows("SELECT count(*) FROM intents") == orders and house.rows("SELECT count(*) FROM bots") == bots


@here
async def test_every_command_has_a_short_name_and_a_typo_is_told_the_nearest(house: House) -> None:
    commands = house.program._fronts[0]._registry.commands
    short = aliases(commands)
    # `/x` alone is the list of executors, and is short enough itself
    assert set(short.values()) == set(commands) - {"x"}
    assert all(len(alias) <= 2 and alias not in commands for alias in short)
    assert aliases([*commands, "zoom"])["zo"] == "zoom", "one that nobody thought of has one, too"
    assert "Bots" in house.text(await house.send("/bo"))
    assert "Executors" in house.text(await house.send("/x", "at work"))
    assert "did you mean pause?" in house.text(await house.send("/puase"))
    assert "/pause (/pa)" in house.text(await house.send("/he"))


# ---- what is old, and what breaks ----------------------------------------------------------------------------------
@here
async def test_s57_a_button_of_an_older_version_says_so_and_opens_a_fresh_home(house: House) -> None:
    front = house.program._fronts[0]
    old = [
        ("action that is gone", "quick_stop", {"bot": "x"}),
        ("action that asks now", "stop_bot", {"bot": "x", "keep": False, "at": 1}),
        ("arguments of another form", "show", {"screen": "bot", "args": {"name": "x"}}),
        ("arguments that are gone", "show", {}),
        ("screen that is gone", "show", {"screen": "servers", "args": {"server": 1}}),
    ]
    for what, action, args in old:
        card = await house.send("/help", "Help")
        data = house.program._doors.state.message(card["message_id"], "gone")["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        token = data.partition(":")[2]
        table = panel_store.tables.tokens

        def write(connection: Any, token: str = token, action: str = action, args: dict[str, Any] = args, table: Any = table) -> None:
            connection.execute(table.update().where(table.c.token == token).values(action=action, args=json.dumps(args)))

        await asyncio.wrap_future(house.program._journal.run(write))
        told = await house.tap_at(card["message_id"], 0, 0)
        if what == "screen that is gone":
            assert "Condor" in house.text(card), "the card itself becomes the home"
            continue
        assert told == "This card is outdated. Here is a fresh one.", what
        home = await house.wait(lambda item, card=card: item["message_id"] > card["message_id"] and "Condor" in item["text"])
        assert house.labels(home)
    assert front.is_up


@here
async def test_s60_a_fault_is_told_shortly_the_owner_gets_one_trace_and_the_bot_keeps_serving(house: House) -> None:
    services = house.program.services
    status = services.overview.status

    def broken(actor: Actor) -> Any:
        raise ValueError("the sum of 1000000001:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1 does not add up")

    services.overview.status = broken  # type: ignore[method-assign]
    try:
        told = await house.send("/status", "Nothing was placed. Reference")
        assert "ValueError" not in house.text(told)
        trace = await house.wait_text("A fault of this program", "ValueError")
        assert "AAHdqTcvCH1" not in house.text(trace) and "test_chat_rules.py" in house.text(trace)
        count = len([text for text in house.texts() if "🛠" in text])
        for _ in range(3):
            await house.send("/status", "Nothing was placed. Reference")
        assert len([text for text in house.texts() if "🛠" in text]) == count, "once an hour"
    finally:
        services.overview.status = status  # type: ignore[method-assign]
    assert "Status" in house.text(await house.send("/status"))


@here
async def test_s60_nothing_was_placed_is_said_only_where_that_is_proven(house: House) -> None:
    bot_id = await house.bot("late")
    exits = house.program.services.exits
    stop = exits.stop

    async def before(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("before anything was written")

    async def after(*args: Any, **kwargs: Any) -> Any:
        await stop(*args, **kwargs)
        raise ValueError("after it was written")

    chooser = await house.send(f"/stop {bot_id}", "Stop late?")
    exits.stop = before  # type: ignore[method-assign]
    assert "Nothing was placed." in await house.tap("Stop and close at market", chooser)
    assert house.rows("SELECT state, result FROM confirms ORDER BY created_ms DESC LIMIT 1") == [("failed", "a fault of this program")]
    chooser = await house.send(f"/stop {bot_id}", "Stop late?")
    exits.stop = after  # type: ignore[method-assign]
    told = await house.tap("Stop and close at market", chooser)
    exits.stop = stop  # type: ignore[method-assign]
    assert "It may have been carried out" in told and "Nothing was placed" not in told
    assert house.rows("SELECT state FROM confirms ORDER BY created_ms DESC LIMIT 1") == [("unknown",)]
    assert (await house.tap("Stop and close at market", chooser)).startswith("nobody knows what came of it: it was tried")
