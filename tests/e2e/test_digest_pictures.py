"""A digest comes with its picture, as one message; without one where it can't be drawn, and never late because of it. s49 of `telegram.md`, section 7."""

from __future__ import annotations

from pathlib import Path

from condor.pictures.drawings import DayBars, ResultCurve
from handlers.photos import blank
from tests.support.alert_bench import AlertBench, alert_bench


async def morning(bench: AlertBench, *results: str) -> int:
    """Executors end with these results, one an hour from eight in the evening on; then it is nine. Returns how many messages there were before."""
    bench.set_local("UTC", 2026, 11, 26, 19, 0)
    await bench.turn(1)
    for number, pnl in enumerate(results):
        bench.set_local("UTC", 2026, 11, 26, 20 + number, 0)
        await bench.closed(f"x-{number}", pnl=pnl)
        await bench.turn(2)
    seen = len(bench.told())
    bench.set_local("UTC", 2026, 11, 27, 9, 0, 1)
    await bench.turn(5, 5)
    return seen


async def test_s49_the_daily_digest_is_one_message_with_one_picture(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        seen = await morning(bench, "4.20", "-1.10")
        (digest,) = bench.told()[seen:]
        assert digest.photo == blank() and digest.text.startswith("📅 <b>Digest of the day: +$3.10</b>") and digest.edits == 0
        (drawing,) = bench.pictures.drawn
        curve = drawing.picture
        assert isinstance(curve, ResultCurve) and (curve.title, curve.unit) == ("Result of the day · paper", "USDT")
        assert curve.values == (0.0, 4.2, 3.1, 3.1) and list(curve.at_ms) == sorted(curve.at_ms), "from nothing to the sum of the words"


async def test_the_week_is_a_bar_for_each_day_of_the_chats_own_zone(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        await bench.says("/settings zone Asia/Tokyo", "Asia/Tokyo")
        await bench.says("/settings weekly mon", "Mon")
        await bench.says("/settings daily off", "off")
        # half past eleven in the evening of Tokyo, and half an hour after midnight there
        bench.set_local("Asia/Tokyo", 2026, 11, 27, 23, 30)
        await bench.closed("x-1", pnl="7")
        await bench.turn(2)
        bench.set_local("Asia/Tokyo", 2026, 11, 28, 0, 30)
        await bench.closed("x-2", pnl="-2")
        await bench.turn(2)
        seen = len(bench.told())
        bench.set_local("Asia/Tokyo", 2026, 11, 30, 9, 0, 1)
        await bench.turn(5, 5)
        (digest,) = bench.told()[seen:]
        assert digest.photo and "Digest of the week: +$5.00" in digest.text
        bars = bench.pictures.drawn[-1].picture
        assert isinstance(bars, DayBars) and dict(zip(bars.days, bars.values, strict=True)) == {
            "Mon 23": 0.0, "Tue 24": 0.0, "Wed 25": 0.0, "Thu 26": 0.0, "Fri 27": 7.0, "Sat 28": -2.0, "Sun 29": 0.0, "Mon 30": 0.0,
        }  # fmt: skip


async def test_s49_what_can_t_be_drawn_is_told_in_words(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.pictures.trouble = "the process that draws pictures has ended"
        seen = await morning(bench, "4.20")
        (digest,) = bench.told()[seen:]
        assert (
            not digest.photo and "Digest of the day: +$4.20" in digest.text and "No chart: the process that draws pictures has ended." in digest.text
        )
        assert bench.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


async def test_s49_a_slow_picture_holds_up_nothing_and_follows_in_its_place(tmp_path: Path) -> None:
    async with alert_bench(tmp_path) as bench:
        bench.pictures.may_draw.clear()
        seen = await morning(bench, "4.20")
        (digest,) = bench.told()[seen:]
        assert not digest.photo and "Digest of the day: +$4.20" in digest.text and "drawn" not in digest.text, "nobody is left with a promise"
        await bench.critical("look at me")
        await bench.turn(2)
        assert "look at me" in bench.texts()[-1]
        bench.pictures.may_draw.set()
        await bench.telegram.until(lambda: digest.photo, "the picture")
        assert digest.edits == 1 and "Digest of the day: +$4.20" in digest.text and len(bench.told()) == seen + 2


async def test_a_digest_without_results_has_no_picture(tmp_path: Path) -> None:
    """What the rules have kept is counted in words."""
    async with alert_bench(tmp_path) as bench:
        await bench.says("/alerts opened digest", "Position opened")
        bench.set_local("UTC", 2026, 11, 26, 20, 0)
        await bench.opened("x-1")
        await bench.turn(2)
        seen = len(bench.told())
        bench.set_local("UTC", 2026, 11, 27, 9, 0, 1)
        await bench.turn(5, 5)
        (digest,) = bench.told()[seen:]
        assert not digest.photo and "1 position opened" in digest.text and bench.pictures.drawn == []
