"""Alerts get to people whatever Telegram does, over HTTP. The numbers of scenarios are those of `telegram.md`, section 7; T1-T16 those of the fault catalogue."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from condor.notifications import Notifications
from condor.settings import AlertSettings
from condor.users import Actor, Role
from condor.views import FactKind
from tests.support.alert_bench import CLOSED, OWNER, alert_bench

GROUP = -1001


def closes(texts: list[str]) -> int:
    """How many ends of executors these messages tell of."""
    return sum(int(found[1]) if (found := re.search(r"(\d+) executors? closed", text)) else " closed" in text for text in texts)


async def test_s40_the_same_event_twice_is_one_message(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.closed("x-1")
        await bench.settle()
        # a death between the expansion and its cursor: the facts are read again
        await asyncio.wrap_future(bench.journal.run(lambda c: c.exec_driver_sql("UPDATE cursors SET value = 0 WHERE name = 'notifications'")))
        await bench.closed("x-2", pnl="-1")
        await bench.turn(5)
        assert [text.count("closed") for text in bench.texts()] == [1, 1]


async def test_s41_200_fills_in_10_s_are_three_messages_with_exact_sums_and_something_critical_comes_first(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        for second in range(10):
            await bench.all_closed([f"x-{second}-{number}" for number in range(20)], "0.17")
            if second == 5:
                await bench.critical("in the middle")
            await bench.turn(1)
        await bench.turn(15)
        texts = bench.texts()
        assert len(texts) <= 3
        (critical,) = [number for number, text in enumerate(texts) if "in the middle" in text]
        assert critical < len(texts) - 1, "it did not wait for the burst"
        assert critical == 0, "the hundred fills from before it were still being gathered"
        assert closes(texts) == 200
        # a single one shows its own sum: 0.17 * 200 in all
        sums = [
            float(found)
            for text in texts
            for found in re.findall(r"(?:closed · (?:<b>)?|TAKE_PROFIT</b> · <b>)\+\$([\d.]+)", text.partition("\n")[0])
        ]
        assert round(sum(sums), 2) == 34.00
        assert bench.telegram.calls_of("sendMessage") == len(texts), "nothing was tried twice"


async def test_s42_t1_a_flood_wait_holds_up_its_own_chat_only_and_loses_nothing(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        bench.telegram.faults.flood[GROUP] = 30
        for number in range(3):
            await bench.closed(f"x-{number}")
        await bench.turn(6)
        assert closes(bench.texts()) == 3, "the other chat waits for nothing"
        assert bench.texts(GROUP) == []
        assert bench.telegram.calls_of("sendMessage", GROUP) == 1, "nobody knocks while it is told to wait"
        # the same bot answers people in other chats meanwhile, with cards and with taps
        card = await bench.says("/alerts", "Alerts of this chat")
        await bench.owner.tap(card, "Position opened")
        await bench.telegram.until(lambda: "Position opened" in card.text and card.edits == 1, "the card that was tapped")
        assert bench.texts(GROUP) == [], "all of that while the group is still told to wait"
        await bench.turn(24, 8)
        await bench.turn(5)
        assert closes(bench.texts(GROUP)) == 3


async def test_s43_t2_after_20_minutes_offline_there_is_one_digest_and_what_is_critical_for_itself(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.offline = True
        await bench.all_closed([f"x-{number}" for number in range(30)], "0.10")
        await bench.critical("one")
        await bench.fact(FactKind.ORDER_UNKNOWN, connector_name="binance", trading_pair="BTC-USDT", side="BUY", amount="1", reason="timeout")
        await bench.turn(600, 60)
        await bench.critical("two")
        await bench.turn(600, 60)
        assert bench.texts() == []
        assert bench.telegram.calls_of("sendMessage") < 40, "about once a minute"
        bench.telegram.faults.offline = False
        await bench.turn(60, 20)
        await bench.turn(5)
        first, second, digest = bench.texts()
        assert "one" in first and "two" in second
        assert "🕓 Mon 21 Sep 14:13 UTC" in first and "🕓 Mon 21 Sep 14:23 UTC" in second, "when it happened"
        assert "While you could not be reached: 31 alerts" in digest
        assert "30 executors closed · +$3.00" in digest and "1 order unknown alert" in digest
        assert bench.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


async def test_s43_six_hours_offline_and_a_restart_in_between_lose_nothing(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.offline = True
        for hour in range(6):
            await bench.closed(f"x-{hour}", pnl="1")
            await bench.critical(f"critical {hour}")
            await bench.turn(3600, 1200)
            if hour == 2:
                await bench.notifications.close()
                bench.notifications = Notifications(bench.journal, AlertSettings(), bench.wall, lambda: bench.at_s)
                bench.notifications.add_notifier("telegram", bench.front.notifier)
                bench.notifications.start()
        bench.telegram.faults.offline = False
        await bench.turn(60, 20)
        await bench.turn(9)
        texts = bench.texts()
        assert [sum(f"critical {hour}" in text for text in texts) for hour in range(6)] == [1] * 6
        assert sum("6 executors closed · +$6.00" in text for text in texts) == 1
        assert len(texts) == 7


async def test_s48_t11_a_chat_that_blocks_the_bot_is_left_alone_and_hears_what_it_missed_when_it_is_back(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, 77) as bench:
        bench.telegram.faults.blocked.add(OWNER)
        await bench.closed("x-1")
        await bench.turn(600, 60)
        await bench.closed("x-2")
        await bench.critical("while away")
        await bench.turn(120, 30)
        assert bench.telegram.calls_of("sendMessage", OWNER) == 1, "no storm"
        assert closes(bench.texts(77)) == 2, "others are told"
        await bench.says("/alerts", "takes no messages (blocked)", chat=77)
        bench.telegram.faults.blocked.clear()
        await bench.says("/alerts", "Alerts of this chat")
        await bench.turn(10)
        texts = [text for text in bench.texts() if "Alerts of this chat" not in text]
        assert "while away" in texts[0]
        assert "While you could not be reached: 2 alerts" in texts[1] and "2 executors closed" in texts[1]
        await bench.closed("x-3")
        await bench.turn(2)
        assert "closed" in bench.texts()[-1]


async def test_s8_t11_alerts_follow_a_group_that_becomes_a_supergroup(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        await bench.says("/alerts opened off", "Position opened", chat=GROUP)
        bench.telegram.faults.moved[GROUP] = -2002
        await bench.closed("x-1")
        await bench.turn(3)
        await bench.opened("x-2")
        await bench.closed("x-3")
        await bench.turn(3)
        assert closes(bench.texts(-2002)) == 2
        assert not any("opened" in text for text in bench.texts(-2002)), "what it has said goes along"


async def test_t1_a_message_that_timed_out_may_have_arrived_and_is_not_sent_again_blindly(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.swallow = 1
        await bench.closed("x-1", pnl="1")
        await bench.turn(60, 5)
        assert closes(bench.texts()) == 1
        await bench.closed("x-2", pnl="2")
        await bench.turn(3)
        first, second = bench.texts()
        assert "+$1.00" in first
        assert "+$2.00" in second.partition("\n")[0] and "perhaps not arrived" in second and "+$1.00" in second.partition("perhaps")[2]
        assert bench.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


async def test_t1_what_is_critical_is_rather_told_twice_and_says_so(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.swallow = 1
        await bench.critical("once or twice")
        await bench.turn(5)
        first, second = bench.texts()
        assert "once or twice" in first and "once or twice" in second
        assert "#1 again" in second and "again" not in first


async def test_t1_what_may_not_have_arrived_is_told_by_itself_when_nothing_else_comes(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.swallow = 1
        await bench.closed("x-1", pnl="1")
        await bench.turn(720, 60)
        assert "This may not have reached you" in bench.texts()[1]
        await bench.turn(1800, 300)
        assert len(bench.texts()) == 2


async def test_t1_one_message_a_second_in_a_private_chat_and_twenty_a_minute_in_a_group(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        await bench.facts([(FactKind.VENUE_UP, "", "", {"connector_name": f"venue-{number}"}) for number in range(25)])
        await bench.turn(10)
        assert len(bench.texts()) in (10, 11)
        await bench.turn(18)
        assert len(bench.texts()) == 25
        assert len(bench.texts(GROUP)) == 20
        await bench.turn(36, 2)
        assert len(bench.texts(GROUP)) in (22, 23), "the first of them is a minute ago"
        await bench.turn(6)
        assert len(bench.texts(GROUP)) == 25


async def test_s47_each_bot_may_have_a_topic_and_each_severity_the_narrowest_one_hears(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        for typed in ("4", "5 trade", "6 bot-2", "7 trade bot-3"):
            await bench.says(f"/alerts topic {typed}", "Alerts of this chat", chat=GROUP)
        for bot in ("bot-1", "bot-2", "bot-3"):
            await bench.closed(f"x-{bot}", bot=bot)
            await bench.turn(4)
        await bench.critical("of all")
        await bench.turn(4)
        threads = [message.thread_id for message in bench.told(GROUP) if "Alerts of this chat" not in message.text]
        assert threads == [5, 6, 7, 4]


async def test_s47_a_topic_that_is_deleted_falls_back_to_the_owners_chat_with_one_warning(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        await bench.says("/alerts topic 5 trade", "topic 5", chat=GROUP)
        await bench.says("/alerts closed off", "Executor closed", chat=OWNER)
        await bench.closed("x-1")
        await bench.turn(3)
        assert [message.thread_id for message in bench.told(GROUP)][-1] == 5
        bench.telegram.faults.gone_topics.add(5)
        before = len(bench.told(GROUP))
        for number in range(3):
            await bench.closed(f"x-2-{number}")
            await bench.turn(4)
        assert len(bench.told(GROUP)) == before
        told = bench.texts()[1:]
        assert sum("The topic 5 of the group -1001 is gone" in text for text in told) == 1
        assert closes(told) == 3, "the group's alerts, which the owner's chat did not want for itself"
        await bench.critical("not routed")
        await bench.turn(3)
        assert "not routed" in bench.texts(GROUP)[-1], "the rest of the group goes on"


async def test_s47_where_the_owners_chat_is_away_too_the_group_itself_is_told(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        await bench.says("/alerts topic 5 trade", "topic 5", chat=GROUP)
        bench.telegram.faults.gone_topics.add(5)
        await bench.closed("x-1")
        await bench.turn(5)
        assert bench.rows("SELECT thread_id FROM alert_topics") == [(-1,)]
        bench.telegram.faults.blocked.add(OWNER)
        await bench.closed("x-2")
        await bench.turn(5)
        await bench.closed("x-3", pnl="3.33")
        await bench.turn(5)
        assert "+$3.33" in bench.texts(GROUP)[-1]
        assert bench.rows("SELECT thread_id FROM alert_topics") == []


async def test_s8_t6_what_was_missed_is_told_also_when_the_unblocking_is_heard_of_first(tmp_path: Path) -> None:
    """Telegram says that somebody has unblocked the bot before they write anything."""
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.blocked.add(OWNER)
        await bench.closed("x-1")
        await bench.turn(3)
        await bench.closed("x-2", pnl="2.22")
        await bench.turn(3)
        bench.telegram.faults.blocked.clear()
        await bench.services.groups.back(Actor(OWNER, "Olga", Role.OWNER, "telegram", OWNER))
        card = await bench.says("/alerts", "Alerts of this chat")
        await bench.turn(5)
        assert closes([message.text for message in bench.told() if message is not card]) == 2
        assert bench.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


async def test_late_alerts_keep_their_payload_over_a_restart_of_the_sender(tmp_path: Path) -> None:
    """Nothing is kept in memory that a death would take along."""
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.offline = True
        await bench.closed("x-1", pnl="3.33")
        await bench.turn(30, 10)
        await bench.notifications.close()
        bench.telegram.faults.offline = False
        bench.notifications.start()
        await bench.turn(700, 100)
        (text,) = bench.texts()
        assert "+$3.33" in text


async def test_what_telegram_refuses_for_good_ends_and_its_reason_is_told_to_the_owner(tmp_path: Path) -> None:
    """One message that is no message to Telegram must not stand in front of all that come behind it, the critical ones least of all."""
    async with alert_bench(tmp_path, GROUP) as bench:
        bench.telegram.faults.refused = "poison"
        await bench.critical("poison")
        await bench.critical("behind it")
        await bench.closed("x-1", pnl="1.11")
        await bench.turn(12)
        assert sum("behind it" in text for text in bench.texts()) == 1 and sum("+$1.11" in text for text in bench.texts()) == 1
        # its own chat's, and the group's
        told = [text for text in bench.texts() if "could not be told" in text]
        assert len(told) == 2 and all("1 controller fault alert" in text and "an't parse entities: unsupported start tag" in text for text in told)
        assert sum(f"chat {GROUP}" in text for text in told) == 1 and not any("could not be told" in text for text in bench.texts(GROUP))
        assert (
            bench.rows("SELECT state, attempts FROM outbox WHERE notice LIKE '%poison%' AND notice NOT LIKE '%message_refused%'")
            == [("refused", 1)] * 2
        )
        asked = bench.telegram.calls_of("sendMessage")
        await bench.turn(120, 30)
        assert bench.telegram.calls_of("sendMessage") == asked, "nothing is tried again"


async def test_of_a_card_that_is_refused_only_the_one_that_makes_it_so_is_lost(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.refused = "+$7.77"
        await bench.facts(
            [
                (FactKind.EXECUTOR_CLOSED, "bot-1", f"x-{pnl}", {**CLOSED, "net_pnl_quote": pnl, "close_type": "TAKE_PROFIT"})
                for pnl in ("0.50", "7.77", "0.51", "0.52")
            ]
        )
        await bench.turn(15)
        told = [text for text in bench.texts() if " closed" in text and "could not be told" not in text]
        assert closes(told) == 3
        assert sum("1 executor closed" in text for text in bench.texts() if "could not be told" in text) == 1


async def test_a_notice_of_a_refusal_that_is_refused_too_makes_no_further_one(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.telegram.faults.refused = "<b>"
        await bench.critical("anything")
        await bench.turn(60, 20)
        assert bench.texts() == []
        assert bench.rows("SELECT state, count(*) FROM outbox GROUP BY state") == [("refused", 2)]


async def test_a_group_where_the_bot_may_not_write_is_left_alone_like_one_that_blocks_it(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, GROUP) as bench:
        bench.telegram.faults.muted.add(GROUP)
        await bench.closed("x-1", pnl="1.11")
        await bench.turn(60, 20)
        assert bench.telegram.calls_of("sendMessage", GROUP) == 1
        bench.telegram.faults.muted.clear()
        await bench.says("/alerts", "Alerts of this chat", chat=GROUP)
        await bench.turn(5)
        assert sum("+$1.11" in text for text in bench.texts(GROUP)) == 1
        assert not any("could not be told" in text for text in bench.texts())
