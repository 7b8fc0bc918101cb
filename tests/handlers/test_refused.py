"""A refusal of a typed line has a way back, whoever typed it (telegram.md 2.2: every screen ends with one)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.house import House


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/strat", "there is no command /strat"),
        ("/pnl soon", "⚠️"),
        ("hello", "nothing here waits for an answer"),
        ("/settings unit doggo", "nobody here knows"),
    ],
)
async def test_a_refused_line_ends_with_a_way_back_that_works_also_after_a_restart(tmp_path: Path, line: str, words: str) -> None:
    async with House(tmp_path / "house") as house:
        told = await house.send(line, words)
        assert house.labels(told) == ["◀ Home"]
        await house.restart()
        await house.tap("Home", told)
        await house.until(lambda: "Equity" in house.text(told), "the home card")


@pytest.mark.asyncio
async def test_a_question_goes_on_waiting_after_a_refused_answer(tmp_path: Path) -> None:
    async with House(tmp_path / "house") as house:
        await house.send("/settings", "Time zone")
        await house.tap("Time zone")
        assert house.labels(await house.send("Nowhere", "expected a time zone")) == ["◀ Home"]
        await house.send("Madrid", "Europe/Madrid")
