"""What a chat has asked for decides how it is told, over HTTP. The numbers of scenarios are those of `telegram.md`, section 7."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from condor.alerts.events import Level
from condor.store.bots import BotRow, add_bot
from condor.users import Actor, Forbidden, Role
from condor.views import FactKind
from tests.fakes.telegram import Message
from tests.support.alert_bench import ENTRY, OWNER, AlertBench, alert_bench

GROUP = -1001


async def told(bench: AlertBench, chat: int = OWNER) -> Message:
    await bench.turn(2)
    return bench.told(chat)[-1]


async def test_s44_quiet_hours_on_the_night_on_which_clocks_are_turned(tmp_path: Path) -> None:
    """Europe/Berlin, 28 March 2027: 02:00 becomes 03:00. Then 31 October, when 03:00 becomes 02:00 again."""
    async with alert_bench(tmp_path) as bench:
        await bench.says("/settings zone berlin", "Europe/Berlin")
        await bench.says("/settings quiet 23-07", "23:00-07:00, silent")
        for moment, is_silent in (
            ((2027, 3, 27, 22, 59), False),
            ((2027, 3, 27, 23, 0), True),
            ((2027, 3, 28, 1, 59), True),
            ((2027, 3, 28, 3, 1), True),
            ((2027, 3, 28, 6, 59), True),
            ((2027, 3, 28, 7, 0), False),
            ((2027, 10, 30, 23, 0), True),
            ((2027, 10, 31, 6, 59), True),
            ((2027, 10, 31, 7, 0), False),
        ):
            bench.set_local("Europe/Berlin", *moment)
            await bench.closed(f"x-{moment}")
            await bench.settle()
            assert bench.told()[-1].silent is is_silent, moment
            bench.at_s += 5
        # what is critical is always heard. Half past two comes twice in the night of autumn; each is one of the quiet hours
        bench.set_local("Europe/Berlin", 2028, 3, 26, 3, 30)
        await bench.critical("in the night")
        await bench.settle()
        assert "in the night" in bench.texts()[-1] and not bench.told()[-1].silent
        for fold in (0, 1):
            bench.at_s = datetime(2028, 10, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold).timestamp()
            await bench.closed(f"x-fold-{fold}")
            await bench.settle()
            assert bench.told()[-1].silent, fold
            bench.at_s += 5
            await bench.critical(f"half past two, {fold}")
            await bench.settle()
            assert f"half past two, {fold}" in bench.texts()[-1] and not bench.told()[-1].silent


async def test_s44_what_is_kept_for_the_digest_in_quiet_hours_comes_with_it(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.says("/settings zone UTC", "UTC")
        await bench.says("/settings quiet 23-07 digest", "23:00-07:00, digest")
        bench.set_local("UTC", 2027, 3, 27, 23, 30)
        await bench.turn(1)
        seen = len(bench.told())
        await bench.closed("x-1", pnl="2.50")
        await bench.fact(FactKind.VENUE_UP, connector_name="binance")
        await bench.turn(3)
        assert len(bench.told()) == seen
        bench.set_local("UTC", 2027, 3, 28, 9, 0)
        await bench.turn(5)
        (digest,) = bench.texts()[seen:]
        assert "+$2.50" in digest and "1 executor closed" in digest and "1 venue up alert" in digest


async def test_s45_a_mute_of_one_hour_silences_that_bot_is_shown_and_runs_out_by_itself(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.closed("x-1")
        alert = await told(bench)
        assert not alert.silent
        assert "silent for an hour" in await bench.owner.tap(alert, "🔕 1h")
        assert "silent for now" in alert.text and any("Unmute" in button["text"] for row in alert.buttons for button in row), (
            "the card stays an alert"
        )
        await bench.closed("x-2")
        assert (await told(bench)).silent
        await bench.closed("x-3", bot="bot-2")
        assert not (await told(bench)).silent, "another bot's"
        await bench.fact(FactKind.CONTROLLER_FAULT, "bot-1", error="x")
        assert not (await told(bench)).silent, "what is critical is told aloud"
        card = await bench.says("/alerts", "bot-1</b> is silent for 59m")
        bench.at_s += 3600
        await bench.closed("x-4")
        await bench.settle()
        assert not bench.told()[-1].silent
        card = await bench.says("/alerts", "Alerts of this chat")
        assert "is silent for" not in card.text


async def test_s45_the_mute_can_be_ended_from_the_alert_and_is_in_the_audit(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.closed("x-1")
        alert = await told(bench)
        await bench.owner.tap(alert, "🔕 1h")
        await bench.owner.tap(alert, "🔔 Unmute")
        await bench.closed("x-2")
        assert not (await told(bench)).silent
        assert bench.rows("SELECT action, target, after FROM audit ORDER BY audit_id") == [
            ("alert_mute", "bot-1", "3600"),
            ("alert_mute", "bot-1", "0"),
        ]


async def test_what_an_alert_tells_goes_to_the_digest_with_what_its_bot_trades(tmp_path: Path) -> None:
    moved = {**ENTRY, "cause": "armed", "trigger_pct": "0.02"}
    async with alert_bench(tmp_path) as bench:
        await bench.fact(FactKind.BARRIER_MOVED, executor="x-1", **moved)
        alert = await told(bench)
        await bench.owner.tap(alert, "📅 This bot: digest")
        await bench.fact(FactKind.BARRIER_MOVED, executor="x-1", **moved)
        await bench.opened("x-2")
        await bench.fact(FactKind.BARRIER_MOVED, bot="bot-2", executor="x-3", **moved)
        await bench.turn(4)
        states = bench.rows("SELECT bot_id, state FROM outbox ORDER BY message_key")
        assert states == [("bot-1", "sent"), ("bot-1", "digest"), ("bot-1", "digest"), ("bot-2", "sent")]


async def test_s46_levels_by_close_type_and_the_smallest_result_hold(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.says("/alerts exit:stop_loss on", "Executor closed")
        await bench.says("/alerts exit:take_profit silent", "Executor closed")
        await bench.says("/alerts min $1", "Results below 1.00 are not told")
        seen = len(bench.told())
        for name, pnl, close_type in (
            ("x-1", "-5", "STOP_LOSS"),
            ("x-2", "5", "TAKE_PROFIT"),
            ("x-3", "0.99", "TAKE_PROFIT"),
            ("x-4", "-0.99", "STOP_LOSS"),
            ("x-5", "-1", "TIME_LIMIT"),
            ("x-6", "0", "POSITION_HOLD"),
        ):
            await bench.closed(name, pnl=pnl, close_type=close_type)
            await bench.turn(2)
        found = [(message.text.partition(" ·")[2][:20], message.silent) for message in bench.told()[seen:]]
        assert [silent for _, silent in found] == [False, True, False, False]
        assert ["STOP_LOSS" in text or "TAKE_PROFIT" in text for text, _ in found] == [True, True, False, False]
        assert "POSITION_HOLD" in bench.texts()[-1] and "position is still open" in bench.texts()[-1]


async def test_s46_a_rule_for_one_bot_goes_before_one_for_all_and_buttons_set_the_same(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.says("/alerts closed off", "Executor closed")
        card = await bench.says("/alerts closed loud-bot on", "loud-bot")
        await bench.closed("x-1")
        await bench.closed("x-2", bot="loud-bot")
        await bench.turn(4)
        assert [message for message in bench.told() if "bot-1" in message.text] == []
        assert "loud-bot" in bench.texts()[-1]
        await bench.owner.tap(card, "silent")
        assert "told: <b>🔕 silent</b>" in card.text
        await bench.closed("x-3", bot="loud-bot")
        assert (await told(bench)).silent
        await bench.owner.tap(card, "default")
        seen = len(bench.told())
        await bench.closed("x-4", bot="loud-bot")
        await bench.turn(3)
        assert len(bench.told()) == seen, "what holds for all bots holds again"


async def test_s46_levels_are_those_of_the_chat_and_a_group_is_changed_by_who_may(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        await bench.says("/alerts closed off", "Executor closed", chat=GROUP)
        await bench.closed("x-1")
        await bench.turn(3)
        assert any("closed ·" in text for text in bench.texts())
        assert not any("closed ·" in text for text in bench.texts(GROUP))


async def test_who_may_only_look_changes_nothing_of_a_group(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        viewer = Actor(9, "V", Role.VIEWER, "telegram", GROUP)
        for change in (
            bench.alerts.mute(viewer, "*", 3600, _nothing),
            bench.alerts.set_level(viewer, "closed", "*", "*", Level.OFF, _nothing),
            bench.alerts.set_topic(viewer, "*", "*", 5, _nothing),
        ):
            with pytest.raises(Forbidden, match="needs the role operator"):
                await change
        await bench.alerts.mute(replace(viewer, chat_id=9), "*", 3600, _nothing)
        assert bench.rows("SELECT chat_id FROM alert_mutes") == [(9,)]


def _nothing(connection: object) -> None:
    return


async def test_a_bot_is_called_by_its_title_also_before_anything_was_said_of_it(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        row = BotRow("pmm-1", "My *market* maker", "paper", "paper", "running", False, OWNER, 0, None)
        await asyncio.wrap_future(bench.journal.run(lambda connection: add_bot(connection, row, [])))
        card = await bench.says("/alerts closed pmm-1 default", "Executor closed")
        assert "My *market* maker" in card.text
        # its word is that of the least that should be there, too
        await bench.says("/alerts balance pmm-1 off", "My *market* maker")
        card = await bench.says("/alerts topic 5 trade pmm-1", "Alerts of this chat", chat=GROUP)
        assert "Topics: trade of My *market* maker in topic 5" in card.text
        card = await bench.says("/alerts topic 6", "topic 6", chat=GROUP)
        assert "all of all bots in topic 6" in card.text


async def test_bad_input_gets_one_clear_sentence(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        for typed, words in (
            ("/alerts clsed off", "there is no alert 'clsed', did you mean closed"),
            ("/alerts closed loud", "expected on, silent, digest, off or default, found 'loud'"),
            ("/alerts closed:STOP_LOS off", "expected a close type such as STOP_LOSS"),
            ("/alerts opened:STOP_LOSS off", "only what closes has a close type"),
            ("/alerts mute forever", "expected a time such as 30s"),
            ("/alerts mute 900d", "expected a time of up to 30d"),
            ("/alerts min -1", "expected an amount of 0 or more"),
            ("/alerts topic 5", "a private chat has no topics"),
            ("/settings zone Berlinn", "expected a time zone such as Europe/Berlin"),
            ("/settings quiet 25-7", "expected a time of the day"),
            ("/settings weekly someday", "expected a day of the week"),
        ):
            await bench.says(typed, words)
        assert bench.rows("SELECT count(*) FROM audit") == [(0,)]


async def test_settings_are_changed_by_buttons_and_by_a_typed_answer(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        card = await bench.says("/settings", "Settings of this chat")
        await bench.owner.tap(card, "Time zone")
        card = await bench.says("kathmandu", "Asia/Kathmandu")
        await bench.owner.tap(card, "Daily digest")
        await bench.owner.tap(card, "18:00")
        assert "18:00" in card.text and "Asia/Kathmandu" in card.text
        (row,) = bench.rows("SELECT zone, daily_at, daily_next_ms FROM alert_prefs")
        assert row[:2] == ("Asia/Kathmandu", 18 * 60) and row[2] > bench.at_s * 1000
