"""Screens that only show, at the chat's own HTTP interface. Numbers in names are those of `telegram.md`, section 7."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert

from botcore.executors.exposure import MarketExposure
from botcore.recorder import tables
from condor.pictures.drawings import DayBars, Pie, decode
from condor.wiring import Program
from handlers import words
from tests.support.house import House
from tests.support.programs import OWNER
from tests.support.result_rows import ended
from tests.support.served_chat import png

D = Decimal
DAY_NS = 86_400 * 1_000_000_000
CENT = D("0.01")
pytestmark = pytest.mark.asyncio(loop_scope="module")
drawn: list[Any] = []


async def draw(drawing: bytes) -> bytes:
    """A picture at once: what it would show is kept instead."""
    drawn.append(decode(drawing))
    return png(40, 28, (len(drawn) % 255, 1, 1))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A bot that has traded for a while; then market time stands still, and some older results are written into its records."""
    async with House(tmp_path_factory.mktemp("data"), {"market": {"speed": 120}, "clock": {"tick_size": 0.25}}) as found:
        program = found.program
        program.services.data.pictures._artist.draw = draw  # type: ignore[method-assign]
        draft = await program.services.drafts.begin(OWNER, "pmm_simple")
        view = await program.services.bots.start(OWNER, draft.controller_name, draft.answers, lambda connection: None, "My <bot>")
        for _ in range(300):
            has_closed = (await program.services.history.page(OWNER)).total >= 4
            # from here to the halt nothing is awaited: what is held now is held then
            if has_closed and held(program):
                break
            await asyncio.sleep(0.05)
        found.freeze()
        now_ns = program._host.clock.now_ns
        older = [
            ("OLD-1", 3, "12.345", "TAKE_PROFIT", "DOGE-USDT"),
            ("OLD-2", 12, "-5.005", "STOP_LOSS", "DOGE-USDT"),
            ("OLD-3", 300, "7", "TIME_LIMIT", "DOGE-USDT"),
        ]
        rows = [ended(name, view.bot_id, now_ns - days * DAY_NS, result, how, pair) for name, days, result, how, pair in older]
        tally = {
            "bot_id": view.bot_id, "controller_id": "elder", "asset": "USDT", "realized_quote": "14.34", "volume_quote": "300", "fees_quote": "0.6",
            "closed": 3, "winning": 2, "close_types": "{}",
        }  # fmt: skip

        def write(connection: Any) -> None:
            connection.execute(insert(tables.executors), rows)
            connection.execute(insert(tables.tallies), [tally])

        await asyncio.wrap_future(program._journal.run(write))
        yield found


def held(program: Program) -> list[MarketExposure]:
    """What the executors of running bots hold."""
    running = [executor for bot in program._manager.running.values() for executor in bot.strategy.orchestrator.running]
    return [part for executor in running for part in executor.exposures() if part.base]


def value_of(text: str, name: str) -> Decimal:
    """The number behind a name of a card's table."""
    found = re.search(rf"^{re.escape(name)} +([-+0-9,.]+)", text, re.MULTILINE)
    assert found is not None, text
    return D(found.group(1).replace(",", ""))


async def document(chat: House, message: dict[str, Any]) -> str:
    return (await chat.file(message["media"]["file_id"])).decode()


# ---- results -------------------------------------------------------------------------------------------------------
async def test_s52_periods_edit_one_message_and_its_numbers_are_those_of_the_report_to_the_cent(chat: House) -> None:
    card = await chat.send("/pnl 1d text", "Result · 1d · paper")
    shown: dict[str, Decimal] = {}
    for period in ("7d", "30d", "all", "1d"):
        await chat.tap(period, card)
        text = chat.text(card)
        assert f"Result · {period} · paper" in text
        shown[period] = value_of(text, "Result")
        report = await chat.send(f"/report {period} csv", f"Results · {period}")
        assert report["media"]["name"].startswith(f"condor-paper-{period}-")
        rows = list(csv.DictReader(io.StringIO(await document(chat, report))))
        assert {row["asset"] for row in rows} == {"USDT"}
        total = sum((D(row["result"]) for row in rows), D(0))
        assert total.quantize(CENT, ROUND_HALF_EVEN) == shown[period]
        assert sum((D(row["fees"]) for row in rows), D(0)).quantize(CENT, ROUND_HALF_EVEN) == value_of(text, "Fees paid")
        assert len([row for row in rows if row["kind"] == "executor"]) == value_of(text, "Closed")
    assert shown["7d"] - shown["1d"] in (D("12.34"), D("12.35"))
    assert shown["30d"] - shown["7d"] in (D("-5.00"), D("-5.01"))
    assert shown["all"] - shown["30d"] == D(7)
    assert card["message_id"] == chat.now(card)["message_id"] and chat.now(card)["buttons"][0][0]["text"] == "● 1d"


async def test_s52_the_whole_is_what_the_bots_have_earned_and_a_deposit_is_none(chat: House) -> None:
    program = chat.program
    before = await program.services.data.results.of(OWNER, "paper", "all")
    bots = sum((bot.net_pnl or D(0) for bot in await program.services.bots.all(OWNER)), D(0))
    # the elder results are the only thing that the running bot does not know of
    assert before.result is not None and before.opened is not None
    assert before.result + before.opened - bots == D("14.34")
    (exchange,) = program._host.runtime.exchanges.values()
    equity = program.services.overview.portfolio(OWNER).equity
    exchange.deposit("USDT", D(5000))
    try:
        assert program.services.overview.portfolio(OWNER).equity == equity + 5000
        after = await program.services.data.results.of(OWNER, "paper", "all")
        assert (after.result, after.opened) == (before.result, before.opened)
    finally:
        exchange.deposit("USDT", D(-5000))


async def test_s52_the_curve_and_the_days_show_the_same_numbers(chat: House) -> None:
    card = await chat.send("/pnl all", "Result · all")
    assert chat.now(card)["media"]["type"] == "photo"
    result = float(value_of(card["text"], "Result"))
    assert drawn[-1].picture.values[0] == 0 and abs(drawn[-1].picture.values[-1] - result) < 0.006 and drawn[-1].theme == "dark"
    await chat.tap("Days", card)
    assert isinstance(drawn[-1].picture, DayBars) and len(drawn[-1].picture.days) == 31
    await chat.tap("Light", card)
    assert drawn[-1].theme == "light"
    assert chat.now(card)["media"]["type"] == "photo", "the same message, edited"


async def test_s53_refresh_of_a_picture_without_news_says_up_to_date(chat: House) -> None:
    card = await chat.send("/pnl 7d", "Result · 7d")
    looks = chat.program._fronts[0]._router._looks
    looks._last.clear()
    edits = len(chat.events)
    await chat.tap("Refresh", card)
    assert re.fullmatch(r"up to date \d\d:\d\d:\d\d", chat.answers[-1]["toast"])
    assert not [event for event in chat.events[edits:] if event["kind"] == "edited"]


async def test_the_report_to_read_stands_alone_and_names_are_escaped(chat: House) -> None:
    card = await chat.send("/report 30d", "a line for each result")
    await chat.tap("HTML", card)
    message = await chat.wait(lambda item: bool(item["media"]) and item["media"].get("name", "").endswith(".html"))
    page = await document(chat, message)
    assert page.startswith("<!doctype html>") and "<script" not in page and "http" not in page
    assert "data:image/png;base64," in page and "<bot>" not in page


@pytest.mark.parametrize(
    ("line", "words"),
    [("/pnl 3x", "expected a time such as"), ("/report csv tomorrow", "expected a time such as"), ("/portfolio mars", "expected paper, dark, light")],
)
async def test_arguments_that_are_none_are_refused_in_one_sentence(chat: House, line: str, words: str) -> None:
    assert words in (await chat.send(line, "⚠️"))["text"]


# ---- what is open --------------------------------------------------------------------------------------------------
async def test_positions_and_orders_are_those_of_the_runtime(chat: House) -> None:
    program = chat.program
    card = await chat.send("/positions", "📌 Positions")
    found = held(program)
    assert f"{len(found)} position" in card["text"] and found
    largest = max(found, key=lambda part: abs(part.base))
    assert f"{abs(largest.base).normalize():f}" in card["text"] and "watched by nobody" not in card["text"]
    await chat.tap("🔎", card)
    assert "My <bot>" in chat.text(card)
    await chat.tap("◀ Back", card)
    await chat.tap("🧾 Orders", card)
    (connector,) = program._host.runtime.connectors.values()
    assert f"{connector.tracker.open_count} order" in chat.text(card)


async def test_s33_looking_at_everything_changes_nothing(chat: House) -> None:
    program = chat.program
    serial = int(program._host.runtime.ids.executor_id().rpartition("-")[2])
    series = {market: len(state.candles._derived) for market, state in program._host.runtime.markets.items()}
    for line in ("/portfolio", "/pnl", "/positions", "/orders", "/history", "/logs", "/report 7d html"):
        await chat.send(line)
    assert int(program._host.runtime.ids.executor_id().rpartition("-")[2]) == serial + 1
    assert {market: len(state.candles._derived) for market, state in program._host.runtime.markets.items()} == series


# ---- history -------------------------------------------------------------------------------------------------------
async def test_s56_history_by_close_type_and_the_whole_life_of_an_executor(chat: House) -> None:
    program = chat.program
    ways = dict((await program.services.history.page(OWNER)).ways)
    card = await chat.send("/history stop loss", "📜 History")
    assert f"{ways['STOP_LOSS']} closed executor" in card["text"] and "take profit" not in card["text"]
    await chat.tap("take profit", card)
    assert f"{ways['TAKE_PROFIT']} closed executor" in chat.text(card) and "stop loss" not in chat.text(card)
    await chat.tap("all", card)
    newest = (await program.services.history.page(OWNER)).rows[0]
    await chat.tap("BTC-USDT", card)
    await chat.tap("Orders and fills", card)
    life = await program.services.data.lives.of(OWNER, newest.executor_id)
    assert life is not None and life.orders and life.fills
    text = chat.text(card)
    assert newest.executor_id in text and ("B open" in text or "S open" in text)
    assert f"Orders ({len(life.orders)})" in chat.now(card)["buttons"][0][0]["text"]
    await chat.tap("✅ Fills", card)
    paid = sum((fill.fee_amount for fill in life.fills), D(0))
    assert f"Fees: {words.amount(paid)} USDT" in chat.text(card)
    await chat.tap("🕯 Chart", card)
    picture = drawn[-1].picture
    assert {mark.kind for mark in picture.marks} == {"buy", "sell"} and len(picture.marks) == len(life.fills)
    assert {level.kind for level in picture.levels} >= {"entry", "exit", "profit", "loss"}
    assert chat.now(card)["media"]["type"] == "photo"


async def test_s54_a_chart_without_candles_is_a_text_card(chat: House) -> None:
    card = await chat.send("/history time limit", "📜 History")
    await chat.tap("DOGE-USDT", card)
    await chat.tap("🕯 Chart", card)
    assert not chat.answers[-1].get("alert")
    assert "No chart: there are no candles of DOGE-USDT from that time here." in chat.text(card) and chat.now(card)["media"] is None
    await chat.tap("◀ Executor", card)
    assert "OLD-3" in chat.text(card)


# ---- accounts ------------------------------------------------------------------------------------------------------
async def test_the_paper_portfolio_adds_up(chat: House) -> None:
    card = await chat.send("/portfolio", "💼 Accounts · paper")
    assert value_of(card["text"], "Total") == chat.program.services.overview.portfolio(OWNER).equity.quantize(CENT, ROUND_HALF_EVEN)
    (pie,) = {drawing.picture for drawing in drawn if isinstance(drawing.picture, Pie)}
    assert pie.slices[0][0] == "USDT" and chat.now(card)["media"]["type"] == "photo"
    assert value_of(card["text"], "Earned in 7d") - value_of(card["text"], "Earned in 1d") in (D("12.34"), D("12.35"))
