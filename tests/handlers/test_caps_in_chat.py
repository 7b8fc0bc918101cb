"""Caps of an account with real money, changed in the chat: what is typed is shown first, and done once by the card that asks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.house import House
from tests.support.key_world import KEY, SECRET, audit, venue
from tests.support.programs import OWNER, no_claim


async def test_a_cap_and_a_latch_change_by_the_card_that_asks_and_by_nothing_that_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with venue(monkeypatch):
        monkeypatch.setenv("CONDOR_VENUE_BINANCE_KEY", KEY)
        monkeypatch.setenv("CONDOR_VENUE_BINANCE_SECRET", SECRET)
        async with House(tmp_path, {"clock": {"tick_size": 0.5}, "market": {"pairs": ["BTC-USDT"]}}) as chat:
            program = chat.program
            caps = program.services.caps
            card = await chat.send("/caps binance", "Caps of")
            await chat.tap("One order …", card)
            wrong = await chat.send("much", "⚠️")
            assert "much" in wrong["text"]
            asked = await chat.send("2k", "Change the cap of", "2000")
            assert caps.one(OWNER, "binance").caps["max_order_quote"] is None, "typing changes nothing"
            # another owner was faster: the card asks again with what is so now
            await caps.change(OWNER, "binance", "max_order_quote", "500", no_claim)
            assert "It has changed since it was shown" in await chat.tap("One order: 2000", asked)
            assert "500" in chat.now(asked)["text"]
            assert await chat.tap("One order: 2000", asked) == "One order: 2000"
            assert caps.one(OWNER, "binance").caps["max_order_quote"] == Decimal(2000)
            # a latch
            assert program._caps is not None
            ledger = program._caps.caps._accounts["binance"].ledger
            await chat.until(lambda: ledger.is_based, "the day")
            ledger.latched = "the day has lost 10 USDT, the cap is 5"
            again = await chat.send("/caps binance", "No entries")
            await chat.tap("Take entries again …", again)
            asked = await chat.send("the market was wrong", "Held back", "the market was wrong")
            assert ledger.latched
            await chat.tap("▶ Take entries again", asked)
            assert ledger.latched == "" and audit(program)[-1] == ("release_caps", "binance", "the market was wrong", "done")
