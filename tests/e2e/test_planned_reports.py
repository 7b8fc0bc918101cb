"""Reports that come by themselves, over HTTP: at their hour, once when they were missed, and only when something has ended where that was asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from botcore.model.errors import UserError
from condor.store.common import put_chat, put_user
from condor.users import Actor, Role
from tests.support.alert_bench import OWNER, AlertBench, alert_bench

PLANNED = "Reports that come by themselves"


def files(bench: AlertBench, chat: int = OWNER) -> list[str]:
    """Names of the files that stand in a chat."""
    return [message.document[0] for message in bench.told(chat) if message.document[0]]


async def test_a_daily_report_comes_at_its_hour_of_the_chats_zone(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("Europe/Berlin", 2026, 11, 26, 12, 0)
        await bench.says("/report daily 07:30 html", PLANNED, "daily</b> at 07:30 UTC: HTML of paper")
        card = await bench.says("/settings zone Europe/Berlin", "Europe/Berlin")
        assert "📄 Planned reports" in card.labels
        await bench.says("/report daily 07:30 html", "07:30 Europe/Berlin", "next Fri 27 Nov 07:30")
        bench.set_local("Europe/Berlin", 2026, 11, 27, 7, 29, 50)
        await bench.turn(5, 5)
        assert files(bench) == []
        await bench.turn(10, 5)
        assert files(bench) == ["condor-paper-1d.html"] and bench.reports.asked == [(str(OWNER), "paper", "1d", "html")]
        assert bench.told()[-1].text == "📄 <b>Daily report</b> · 1d · paper" and bench.told()[-1].document[1] == b"a report"
        await bench.turn(20 * 3600, 7200)
        assert len(files(bench)) == 1, "once a day"


async def test_one_that_was_missed_comes_once_late_and_has_all_of_the_time(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("UTC", 2026, 11, 25, 12, 0)
        await bench.says("/report daily", PLANNED, "daily</b> at 09:00 UTC: CSV of paper")
        await bench.notifications.close()
        bench.set_local("UTC", 2026, 11, 28, 13, 0)
        bench.notifications.start()
        await bench.turn(15, 5)
        assert files(bench) == ["condor-paper-77h.csv"], "from the morning before it was due, in whole hours"
        assert "late: it was due at Thu 26 Nov 09:00" in bench.texts()[-1]
        bench.set_local("UTC", 2026, 11, 29, 9, 0, 1)
        await bench.turn(10, 5)
        assert files(bench)[1:] == ["condor-paper-1d.csv"]


async def test_only_when_something_has_ended(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("UTC", 2026, 11, 26, 12, 0)
        card = await bench.says("/report daily csv", PLANNED)
        assert "only when something has ended" not in card.text
        await bench.says("/settings daily off", "off")
        await bench.owner.tap(card, "if changed")
        await bench.telegram.until(lambda: "only when something has ended" in card.text, "the card to say so")
        for day, ends in ((27, False), (28, True), (29, False)):
            if ends:
                await bench.closed("x-1")
            bench.set_local("UTC", 2026, 11, day, 9, 0, 1)
            await bench.turn(10, 5)
            assert len(files(bench)) == (0 if day == 27 else 1), day


async def test_the_week_comes_on_its_day_and_both_can_be_ended(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("UTC", 2026, 11, 27, 12, 0)
        await bench.says(
            "/report weekly tuesday 08:15 changes", PLANNED, "weekly</b> on Tue at 08:15 UTC: CSV of paper, only when something has ended"
        )
        await bench.says("/report daily html", "daily", "weekly")
        await bench.closed("x-1")
        bench.set_local("UTC", 2026, 12, 1, 8, 15, 1)
        await bench.turn(20, 5)
        assert "condor-paper-7d.csv" in files(bench)
        card = await bench.says("/report daily off", PLANNED)
        assert "• <b>weekly" in card.text and "• <b>daily" not in card.text
        card = await bench.says("/report off", "None.")
        assert bench.rows("SELECT * FROM report_plans") == []
        planned = bench.rows("SELECT before, after FROM audit WHERE action = 'plan_report' ORDER BY audit_id")
        assert planned[0] == ("", "weekly Tue 08:15, CSV of paper, only when something has ended") and planned[-1] == ("all", "off")


async def test_another_form_is_of_the_same_money_unless_the_card_was_asked_for_another(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.services.data.results.modes = lambda: ("live", "paper")  # type: ignore[method-assign]
        card = await bench.says("/report daily paper html", PLANNED, "HTML of paper")
        await bench.owner.tap(card, "daily CSV")
        await bench.telegram.until(lambda: "CSV of" in card.text, "the card to say so")
        assert "CSV of paper" in card.text and "● daily CSV" in card.labels
        card = await bench.says("/report live", "📄 Report</b>", "real money")
        await bench.owner.tap(card, "Planned")
        await bench.telegram.until(lambda: PLANNED in card.text, "the plans")
        await bench.owner.tap(card, "daily CSV")
        await bench.telegram.until(lambda: "CSV of 💵 real money" in card.text, "the card to say so")


async def test_bad_words_get_one_clear_sentence(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        for typed, words in (
            ("/report daily 25:00", "expected a time of the day such as 09:00 or 23, found '25:00'"),
            ("/report daily pdf", "expected a time of the day"),
            ("/report weekly off now", "expected a time of the day"),
            ("/report off", "no such report comes by itself here"),
        ):
            await bench.says(typed, words)
        assert bench.rows("SELECT * FROM report_plans") == []


async def test_what_can_t_be_made_is_said_and_what_can_t_be_delivered_waits(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("UTC", 2026, 11, 26, 12, 0)
        await bench.says("/report daily", PLANNED)
        bench.reports.trouble = "no account with real money is connected"
        bench.set_local("UTC", 2026, 11, 27, 9, 0, 1)
        await bench.turn(10, 5)
        assert "It could not be made: no account with real money is connected." in bench.texts()[-1]
        bench.reports.trouble = ""
        bench.telegram.faults.offline = True
        bench.set_local("UTC", 2026, 11, 28, 9, 0, 1)
        await bench.turn(10, 5)
        await bench.closed("x-1")
        await bench.closed("x-2")
        await bench.turn(1200, 60)
        assert files(bench) == []
        bench.telegram.faults.offline = False
        await bench.turn(120, 30)
        assert files(bench) == ["condor-paper-1d.csv"], "a file is no line of a digest of what was missed"


async def test_who_may_not_look_any_more_is_sent_nothing(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, -77) as bench:
        bench.set_local("UTC", 2026, 11, 26, 12, 0)
        await bench.says("/report daily", PLANNED)
        bench.journal.run(lambda c: c.exec_driver_sql("UPDATE users SET role = 'ALERT_ONLY'")).result()
        bench.set_local("UTC", 2026, 11, 27, 9, 0, 1)
        await bench.turn(10, 5)
        assert files(bench) == [] and bench.reports.asked == [] and bench.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


async def test_who_may_not_look_any_more_plans_nothing(tmp_path: Path) -> None:
    """Their plans end with their role, in the same transaction; those of others stay."""
    async with alert_bench(tmp_path) as bench:
        owner = Actor(OWNER, "Olga", Role.OWNER, "telegram", OWNER)

        def people(connection: Any) -> None:
            for user_id in (6, 7):
                put_user(connection, user_id, "Vera", Role.VIEWER, 0)
                put_chat(connection, user_id, "telegram", user_id)

        await asyncio.wrap_future(bench.journal.run(people))
        for user_id in (OWNER, 6, 7):
            actor = Actor(user_id, "x", Role.VIEWER, "telegram", user_id)
            await bench.services.data.plans.plan(actor, "daily", "csv", "paper", 540, lambda connection: None)
        asked = lambda: [row[0] for row in bench.rows("SELECT user_id FROM report_plans ORDER BY user_id")]  # noqa: E731
        assert asked() == [OWNER, 6, 7]
        await bench.services.members.set_role(owner, 6, Role.ALERT_ONLY, lambda connection: None)
        assert asked() == [OWNER, 7]
        await bench.services.members.set_role(owner, 7, Role.OPERATOR, lambda connection: None)
        assert asked() == [OWNER, 7], "who may still look keeps them"
        await bench.services.members.remove(owner, 7, lambda connection: None, block=False)
        assert asked() == [OWNER]


async def test_a_report_is_of_paper_or_of_real_money(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        owner = Actor(OWNER, "Olga", Role.OWNER, "telegram", OWNER)
        with pytest.raises(UserError, match="expected paper or live, found 'both'"):
            await bench.services.data.plans.plan(owner, "daily", "csv", "both", 540, lambda connection: None)
        assert bench.rows("SELECT * FROM report_plans") == []
