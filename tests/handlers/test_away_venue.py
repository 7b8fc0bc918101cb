"""`/portfolio` while a venue is away, at the chat's own HTTP interface; the number in a name is that of `telegram.md`, section 7."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from botcore.venues.session_roles import Stage
from condor.pictures.drawings import decode
from condor.wiring import Program
from tests.support.house import House
from tests.support.served_chat import png

NAMES = ("binance", "binance_perpetual")


def reach(program: Program, name: str, stage: Stage, totals: dict[str, Decimal]) -> None:
    """Let an account stand as if its venue had said this."""
    live = program._live
    assert live is not None
    account = live.accounts[name]
    view = account.session.view()
    account.session.view = lambda: replace(view, stage=stage, since_ns=1_795_000_000 * 1_000_000_000)  # type: ignore[method-assign]
    account.connector.account.totals = lambda: totals  # type: ignore[method-assign]


def give_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two accounts at venues that do not answer; a start of the program takes them out of its environment."""
    for name in NAMES:
        for key, value in (("KEY", "k" * 20), ("SECRET", "s" * 20), ("REST", "http://127.0.0.1:9"), ("WS", "ws://127.0.0.1:9")):
            monkeypatch.setenv(f"CONDOR_VENUE_{name.upper()}_{key}", value)


async def draw(drawing: bytes) -> bytes:
    return png(40, 28, (len(decode(drawing).picture.slices), 0, 0))


async def test_s51_a_venue_that_is_away_is_named_with_its_last_value_and_the_total_is_partial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_keys(monkeypatch)
    monkeypatch.setattr("condor.live_host.READY_S", 0.01)
    async with House(tmp_path) as chat:
        program = chat.program
        program.services.data.pictures._artist.draw = draw  # type: ignore[method-assign]
        card = await chat.send("/portfolio", "💼 Accounts · 💵 real money")
        assert card["text"].count("nothing is known of it yet") == 2
        assert re.search(r"^Total +\? USDT \(partial\)$", card["text"], re.MULTILINE), "nothing known is not nothing"
        reach(program, "binance", Stage.LIVE, {"USDT": Decimal(400), "WHAT": Decimal(3)})
        reach(program, "binance_perpetual", Stage.LIVE, {"USDT": Decimal(812)})
        await program.services.data.portfolio.look()
        reach(program, "binance_perpetual", Stage.CONNECTING, {})
        card = await chat.send("/portfolio live", "💼 Accounts")
        text = card["text"]
        assert "unavailable since 11:06, last value 812.00 USDT" in text
        assert "400.00 USDT (partial)" in text and "+ WHAT, which nobody knows the price of" in text
        assert "The total is not everything" in text
        await chat.tap("paper", card)
        assert "10,000.00 USDT" in chat.text(card) and "partial" not in chat.text(card)
    # the same home after a restart, with both venues away: what was known is still known
    give_keys(monkeypatch)
    async with House(tmp_path) as chat:
        chat.program.services.data.pictures._artist.draw = draw  # type: ignore[method-assign]
        text = (await chat.send("/portfolio live", "💼 Accounts"))["text"]
        assert re.search(r"Binance spot · unavailable since \d\d:\d\d, last value 400.00 USDT", text)
        assert re.search(r"Binance USD-M futures · unavailable since \d\d:\d\d, last value 812.00 USDT", text)
        assert re.search(r"^Total +\? USDT \(partial\)$", text, re.MULTILINE)


async def test_s14_a_venue_that_is_away_is_said_on_the_live_review_and_the_draft_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_keys(monkeypatch)
    monkeypatch.setattr("condor.live_host.READY_S", 0.01)
    async with House(tmp_path) as chat:
        card = await chat.send("/new pmm_simple", "On which venue?")
        await chat.tap("Review", card)
        assert "review · 📄 paper" in chat.text(card) and "▶ Start (paper)" in chat.labels(card), "paper does not wait for it"
        await chat.tap("Start LIVE", card)
        text = chat.text(card)
        assert "binance_perpetual could not be asked yet what it trades" in text and "Nothing was started. The draft is kept." in text
        assert not [label for label in chat.labels(card) if "for real" in label]
        await chat.tap("◀ Back", card)
        assert "▶ Start (paper)" in chat.labels(card)
