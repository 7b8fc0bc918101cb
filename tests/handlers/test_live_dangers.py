"""Dangers of an account with real money, from the exchange in a box to the chat: a liquidation that is near, a balance that is low; over a restart, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.simvenue import script
from tests.fakes.simvenue.venue import SimVenue
from tests.support.hand import with_numbers
from tests.support.house import House
from tests.support.key_world import KEY, SECRET, venue
from tests.support.transcript import from_bot

PERP = "binance_perpetual"
D = Decimal


@pytest.fixture
async def box(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimVenue]:
    async with venue(monkeypatch, "futures", PERP) as found:
        give_keys(monkeypatch)
        yield found


@pytest.fixture
async def house(box: SimVenue, tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path / "home", {"clock": {"tick_size": 0.25}, "market": {"pairs": ["BTC-USDT"]}}) as opened:
        await comes_up(opened)
        yield opened


async def comes_up(house: House) -> None:
    await house.until(lambda: house.program.closed_accounts() == {PERP: None}, "the account")


async def comes_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process, which is given the keys again: they are taken out of the environment."""
    give_keys(monkeypatch)
    await house.restart()
    await comes_up(house)


def give_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CONDOR_VENUE_{PERP.upper()}_KEY", KEY)
    monkeypatch.setenv(f"CONDOR_VENUE_{PERP.upper()}_SECRET", SECRET)


def wallet(box: SimVenue, amount: Decimal) -> None:
    """A person moves money in or out at the venue, so that so much is left."""
    script.transfer(box.engine, box.account, "USDT", amount - box.account.totals["USDT"])


def look(house: House) -> None:
    """Have the account read now, not when its turn comes."""
    live = house.program._hosts.live
    assert live is not None
    live.accounts[PERP].connector.look_at_account()


async def hears(house: House, *words: str) -> dict[str, object]:
    fits = from_bot(*words)

    def is_there() -> bool:
        look(house)
        return bool(house.fitting(fits))

    await house.until(is_there, f"an alert with {words}", 25)
    return house.fitting(fits)[-1]


async def test_a_liquidation_that_is_near_is_told_with_the_venues_own_price_and_once_over_a_restart(
    box: SimVenue, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await house.send("/trade buy 0.5 BTC-USDT live", "Buy 0.5 BTC", "real money")
    await with_numbers(house, card)
    await house.tap("Confirm LIVE buy 0.5 BTC", card)
    await house.until(lambda: "→ filled" in house.text(card), "the order to be filled")
    position = box.account.position("BTCUSDT", "BOTH")
    mark = box.engine.mark("BTCUSDT")
    # 4 % of what it is worth, and the maintenance: a fall of about 4 % uses that up
    wallet(box, D("0.5") * mark * D("0.044") + (position.cost - D("0.5") * mark))
    at = box.engine.money.liquidation_price(box.account, "BTCUSDT")
    assert at is not None and D("0.03") < 1 - at / mark < D("0.05")
    told = await hears(house, "Liquidation near: 0.500 BTC-USDT on binance_perpetual")
    assert f"{at:,.2f}"[:6] in house.text(told) and "real money" in house.text(told)
    assert any("Positions" in label for label in house.labels(told)) and any("Seen" in label for label in house.labels(told))
    await comes_back(house, monkeypatch)
    wallet(box, D(50_000))
    over = await hears(house, "Liquidation is")
    assert over["message_id"] > told["message_id"]
    near = house.rows("SELECT payload FROM facts WHERE kind = 'liquidation_near' ORDER BY event_id")
    assert len(near) == 2, "once when it was near, once when it was not any more"


async def test_a_balance_with_real_money_is_told_when_it_is_low_and_when_it_is_up_again(
    box: SimVenue, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await house.send(f"/alerts balance {PERP} USDT 5k", "USDT")
    assert "5,000" in house.text(card) or "5000" in house.text(card)
    wallet(box, D(4_800))
    told = await hears(house, "Balance low: 4,800 USDT", "you asked for 5,000")
    assert any("Balances" in label for label in house.labels(told))
    wallet(box, D(5_100))
    look(house)
    await comes_back(house, monkeypatch)
    wallet(box, D(6_000))
    await hears(house, "is up again: 6,000 USDT")
    assert len(house.rows("SELECT payload FROM facts WHERE kind = 'balance_low'")) == 2
