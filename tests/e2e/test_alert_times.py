"""What is told by the clock: digests and price alerts. The numbers of scenarios are those of `telegram.md`, section 7."""

from __future__ import annotations

from pathlib import Path

from condor.views import FactKind
from tests.support.alert_bench import alert_bench


async def test_s49_the_daily_digest_comes_at_nine_local_time_with_exact_sums(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.says("/settings zone new york", "America/New_York")
        bench.set_local("America/New_York", 2026, 11, 26, 15, 0)
        await bench.turn(1)
        await bench.closed("x-1", pnl="4.20")
        await bench.closed("x-2", pnl="-1.10", close_type="STOP_LOSS", bot="bot-2")
        await bench.fact(FactKind.FUNDING_PAID, "", connector_name="binance", trading_pair="BTC-USDT", asset="USDT", amount="-0.05", funding_id="1")
        await bench.turn(4)
        seen = len(bench.told())
        bench.set_local("America/New_York", 2026, 11, 27, 8, 59, 50)
        await bench.turn(5, 5)
        assert len(bench.told()) == seen
        await bench.turn(10, 5)
        (digest,) = bench.texts()[seen:]
        assert "+$3.10" in digest.partition("\n")[0] and "late" not in digest
        for words in ("Executors closed", "Fees", "$0.62", "-$0.05", "Running bots", "bot-2</b> -$1.10 · 1 closed", "1 stop loss, 1 take profit"):
            assert words in digest, words
        await bench.turn(20 * 3600, 3600)
        assert len(bench.told()) == seen + 1, "once a day"


async def test_s49_a_digest_that_was_missed_is_sent_once_at_the_next_start_and_marked_late(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("UTC", 2026, 11, 26, 8, 0)
        await bench.turn(1)
        await bench.closed("x-1", pnl="2")
        await bench.turn(2)
        seen = len(bench.told())
        # three days in which nothing runs
        await bench.notifications.close()
        bench.set_local("UTC", 2026, 11, 28, 13, 0)
        bench.notifications.start()
        await bench.turn(10, 5)
        (digest,) = bench.told()[seen:]
        assert digest.photo and "late: it was due at Thu 26 Nov 09:00" in digest.text and "+$2.00" in digest.text
        await bench.turn(3600, 1800)
        assert len(bench.told()) == seen + 1


async def test_s49_without_anything_to_tell_there_is_no_digest_and_off_is_off(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.set_local("UTC", 2026, 11, 26, 8, 0)
        await bench.turn(1)
        await bench.turn(2 * 86_400, 43_200)
        assert bench.told() == []
        await bench.says("/settings daily off", "off")
        await bench.closed("x-1")
        await bench.turn(2)
        seen = len(bench.told())
        await bench.turn(2 * 86_400, 43_200)
        assert len(bench.told()) == seen


async def test_the_week_is_told_on_its_day(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.says("/settings weekly mon", "Mon")
        await bench.says("/settings daily off", "off")
        bench.set_local("UTC", 2026, 11, 27, 12, 0)
        await bench.closed("x-1", pnl="7")
        await bench.turn(2)
        seen = len(bench.told())
        bench.set_local("UTC", 2026, 11, 30, 9, 0, 1)
        await bench.turn(5, 5)
        (digest,) = bench.texts()[seen:]
        assert digest.startswith("📅 <b>Digest of the week: +$7.00</b>") and "late" not in digest
