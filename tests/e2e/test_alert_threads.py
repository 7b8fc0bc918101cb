"""The life of one position in the chat, and alerts that wait to be seen, over HTTP. The numbers of scenarios are those of `telegram.md`, section 7."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from telegram.error import BadRequest

from condor.store.common import put_user
from condor.users import Actor, Role
from condor.views import FactKind, Notice
from handlers.push import unreachable
from tests.support.alert_bench import ENTRY, OWNER, alert_bench


async def test_s39_a_close_replies_to_its_opening_message_which_gets_its_badge(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.opened("x-1")
        await bench.turn(2)
        (opening,) = bench.told()
        assert opening.text.startswith("▶ <b>bot-1</b> opened · <b>BUY 1 BTC-USDT at 100</b>") and "paper" in opening.text
        assert opening.silent, "an opening makes no sound unless somebody wants it"
        before = bench.at_s
        await bench.closed("x-1", pnl="4.21")
        await bench.settle()
        closing = bench.told()[-1]
        assert bench.at_s - before <= 2
        head, where, mode = closing.text.split("\n")
        assert head == "✅ <b>bot-1</b> closed · <b>TAKE_PROFIT</b> · <b>+$4.21 (+0.42 %)</b> · 2h13m · fees $0.31"
        assert where == "BUY BTC-USDT on binance: 100 → 100.42 · $2,000.00 traded" and mode == "paper"
        assert closing.reply_to == opening.message_id and not closing.silent
        assert any("Details" in button["text"] for row in closing.buttons for button in row)
        await bench.turn(3)
        assert opening.edits == 1 and "TAKE_PROFIT" in opening.text.partition("\n")[0] and "opened: BUY 1 BTC-USDT" in opening.text
        assert len(bench.told()) == 2


async def test_s39_an_entry_that_is_filled_in_parts_changes_its_message(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.opened("x-1", filled="0.4")
        await bench.turn(2)
        (opening,) = bench.told()
        assert "BUY 0.4 of 1 BTC-USDT" in opening.text
        await bench.fact(FactKind.POSITION_FILLED, "bot-1", "x-1", **{**ENTRY, "filled": "1", "wanted": "1", "price": "100.5"})
        await bench.turn(2)
        assert "BUY 1 BTC-USDT at 100.5" in opening.text and len(bench.told()) == 1
        # before it is told at all it is told as it is then
        bench.telegram.faults.flood[OWNER] = 5
        await bench.opened("x-2", filled="0.1")
        await bench.settle()
        await bench.fact(FactKind.POSITION_FILLED, "bot-1", "x-2", **{**ENTRY, "filled": "1", "wanted": "1"})
        await bench.turn(7)
        assert "BUY 1 BTC-USDT" in bench.texts()[-1] and bench.told()[-1].edits == 0


async def test_s39_a_badge_that_could_not_be_set_is_set_later_also_after_a_restart(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.opened("x-1")
        await bench.turn(2)
        await bench.closed("x-1")
        await bench.settle()
        bench.telegram.faults.offline = True
        await bench.turn(3)
        await bench.notifications.close()
        bench.telegram.faults.offline = False
        bench.notifications.start()
        await bench.turn(10, 2)
        assert "TAKE_PROFIT" in bench.told()[0].text
        assert bench.rows("SELECT is_dirty FROM alert_threads") == [(0,)]


async def test_s39_a_message_that_telegram_never_lets_us_change_holds_up_nothing(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.opened("x-1")
        await bench.turn(2)

        async def refuse(chat_id: int, message_id: int, notice: Notice) -> None:
            raise unreachable(BadRequest("MESSAGE_ID_INVALID"))

        bench.front.notifier.edit = refuse  # type: ignore[method-assign]
        await bench.closed("x-1")
        await bench.turn(4)
        assert bench.rows("SELECT is_dirty FROM alert_threads") == [(0,)]
        before = len(bench.told())
        await bench.closed("x-2")
        await bench.turn(1)
        assert len(bench.told()) == before + 1


async def test_s39_a_position_that_is_handed_over_says_that_it_is_still_open(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.closed("x-1", pnl="0", close_type="POSITION_HOLD", exposure_base="1.5")
        await bench.turn(2)
        (text,) = bench.texts()
        assert "POSITION_HOLD" in text and "The position is still open and nobody watches it." in text and "Held: 1.5 BTC" in text


async def test_s50_an_order_that_is_rejected_tells_the_venues_reason_and_the_fix(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        refused = {"volume_quote": "0", "entry_price": None, "exit_price": None}
        await bench.closed("x-1", "0", close_type="INSUFFICIENT_BALANCE", reason="Account has insufficient balance for requested action.", **refused)
        await bench.turn(2)
        await bench.closed("x-2", "0", close_type="FAILED", reason="Filter failure: NOTIONAL", **refused)
        await bench.turn(2)
        first, second = bench.texts()
        assert first.startswith("⚠️ <b>bot-1</b> closed · <b>INSUFFICIENT_BALANCE · order rejected</b> · BUY BTC-USDT on binance")
        assert "Why: Account has insufficient balance for requested action." in first and "Fix: Add funds, make the amount smaller" in first
        assert "Why: Filter failure: NOTIONAL" in second and "Fix: Make the amount larger" in second
        await bench.fact(FactKind.ORDER_REFUSED, "bot-1", "x-3", **{**ENTRY, "amount": "0.1", "reason": "Filter failure: PERCENT_PRICE price band"})
        await bench.turn(2)
        third = bench.texts()[2]
        assert "order rejected</b> · BUY 0.1 BTC-USDT on binance" in third and "Fix: The price is too far from the market" in third
        assert bench.rows("SELECT DISTINCT severity FROM outbox") == [("warning",)]


async def test_what_is_critical_is_said_again_after_5_15_and_60_minutes_until_somebody_has_seen_it(tmp_path: Path) -> None:
    async with alert_bench(tmp_path, 77) as bench:
        await bench.critical("look at me")
        await bench.turn(2)
        moments = []
        for minute in range(1, 125):
            before = len(bench.told())
            bench.at_s += 60
            if minute in (4, 5, 6, 14, 15, 59, 60, 61, 119, 120, 121):
                await bench.timed.round()
                await bench.settle()
            if len(bench.told()) > before:
                moments.append(minute)
        assert moments == [5, 15, 60, 120]
        again = bench.told()[-1]
        assert "Nobody has seen 1 critical alert" in again.text and "A controller was stopped by a fault" in again.text and "(#1)" in again.text
        assert not again.silent
        assert await bench.owner.tap(again, "Seen") == "Seen"
        assert "seen by Olga" in again.text and not any("Seen" in button["text"] for row in again.buttons for button in row)
        seen = len(bench.told()), len(bench.told(77))
        await bench.turn(4 * 3600, 1800)
        assert (len(bench.told()), len(bench.told(77))) == seen, "one person has seen it: no chat is told again"
        assert await bench.owner.tap(bench.told(77)[0], "Seen") == "It was seen already"


async def test_repeats_go_on_over_a_restart_and_end_when_it_is_over_by_itself(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.fact(FactKind.VENUE_DOWN, connector_name="binance", title="Binance", stage="down", since_ms=0)
        await bench.critical("stays")
        await bench.turn(3)
        await bench.notifications.close()
        bench.notifications.start()
        await bench.turn(310, 62)
        assert "Nobody has seen 2 critical alerts" in bench.texts()[-1]
        await bench.fact(FactKind.VENUE_UP, connector_name="binance", title="Binance", stage="live", since_ms=0)
        await bench.turn(620, 62)
        assert "Nobody has seen 1 critical alert<" in bench.texts()[-1]
        assert "stays" not in bench.texts()[-1] and "Venue" not in bench.texts()[-1]


async def test_good_news_of_one_coin_or_one_position_ends_the_repeats_of_that_one_only(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        for asset in ("BTC", "ETH"):
            await bench.fact(FactKind.BALANCE_SHORT, "", connector_name="binance", title="Binance", asset=asset, missing="1", there="0", held="1")
        near = {"connector_name": "binance_perpetual", "side": "net", "amount": "1", "price": "100", "liquidation_price": "97", "distance": "0.03"}
        for pair in ("BTC-USDT", "ETH-USDT"):
            await bench.fact(FactKind.LIQUIDATION_NEAR, "", trading_pair=pair, **near)
        await bench.turn(6)
        await bench.fact(FactKind.BALANCE_COVERED, "", connector_name="binance", title="Binance", asset="BTC")
        await bench.fact(FactKind.LIQUIDATION_NEAR, "", trading_pair="ETH-USDT", **near, is_over=True)
        await bench.turn(310, 62)
        again = bench.texts()[-1]
        assert "Nobody has seen 2 critical alerts" in again
        assert "1 ETH is missing" in again and "Liquidation near: 1 BTC-USDT" in again, "the other two are over"


async def test_what_services_write_down_is_told_with_the_next_look(tmp_path: Path) -> None:
    """Nobody wakes the sender for it."""
    async with alert_bench(tmp_path) as bench:
        bench.journal.run(lambda connection: put_user(connection, 9, "Tom", Role.VIEWER, 0)).result()
        olga = Actor(OWNER, "Olga", Role.OWNER, "telegram", -500)
        await bench.services.members.set_role(olga, 9, Role.TRADER, lambda connection: None)
        await bench.turn(2)
        (told,) = bench.texts()
        assert "User 9 is trader now, was viewer</b>, by Olga in Telegram" in told
        # where it was done a card shows it
        await bench.services.members.set_role(replace(olga, chat_id=OWNER), 9, Role.OPERATOR, lambda connection: None)
        await bench.turn(2)
        assert bench.texts() == [told]


async def test_a_bot_that_is_ours_alone_again_ends_the_repeats_and_asks_for_nothing(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.fact(FactKind.CHAT_TROUBLE, "", front="telegram", text="somebody else reads (409)")
        await bench.turn(2)
        await bench.fact(FactKind.CHAT_TROUBLE, "", front="telegram", text="the bot is ours alone again", is_over=True)
        await bench.turn(2)
        bad, good = bench.told()
        assert any("Seen" in button["text"] for row in bad.buttons for button in row)
        assert good.text == "✔ <b>Telegram</b>: the bot is ours alone again." and not any("Seen" in b["text"] for row in good.buttons for b in row)
        await bench.turn(3600, 600)
        assert len(bench.told()) == 2


async def test_three_starts_within_ten_minutes_are_told_as_a_crash_loop(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        for number in range(3):
            await bench.fact(FactKind.RECOVERED, "", bots=[f"b-{number}"])
            await bench.turn(60, 30)
        texts = bench.texts()
        assert ["Crash loop" in text for text in texts] == [False, False, True]
        assert "started 3 times within ten minutes" in texts[-1]
