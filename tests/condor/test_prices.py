"""Price alerts: once or again, over restarts, and never because of a price that is old."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from botcore.recorder.journal import Journal
from condor.errors import UserError
from condor.host import WallClock
from condor.services.prices import PriceService, PriceView
from tests.support.programs import OWNER, no_claim

MARKET = ("binance", "BTC-USDT")


class Market(PriceService):
    """A market whose price a test sets."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(None, journal, WallClock(lambda: 1_800_000_000_000, lambda: 0))  # type: ignore[arg-type]
        self.price = PriceView(*MARKET, "paper", Decimal(100), Decimal(99), Decimal(101), 0.5, is_usable=True)

    def _open(self) -> list[PriceView]:
        return [self.price]

    async def at(self, price: str, *, is_usable: bool = True) -> None:
        self.price = replace(self.price, mid=Decimal(price), is_usable=is_usable)
        await self.round()

    async def sets(self, side: str, price: str, *, is_repeated: bool = False) -> None:
        await self.add(OWNER, *MARKET, side, Decimal(price), no_claim, is_repeated=is_repeated)


def told(journal: Journal) -> list[tuple[str, str]]:
    rows = journal.read(lambda c: c.exec_driver_sql("SELECT notice FROM outbox ORDER BY message_key").fetchall()).result()
    payloads = [json.loads(row[0])["payload"] for row in rows]
    return [(payload["side"], payload["now"]) for payload in payloads]


async def test_an_alert_speaks_once_when_its_price_is_reached(journal: Journal) -> None:
    market = Market(journal)
    await market.sets("above", "110")
    await market.sets("below", "90")
    for price in ("109.99", "110", "120", "90", "80", "130"):
        await market.at(price)
    assert told(journal) == [("above", "110"), ("below", "90")]
    assert await market.alerts(OWNER) == []


async def test_one_that_is_repeated_speaks_each_time_that_the_price_crosses_also_after_a_restart(journal: Journal) -> None:
    market = Market(journal)
    await market.sets("above", "110", is_repeated=True)
    for price in ("111", "112", "109"):
        await market.at(price)
    market = Market(journal)
    for price in ("111", "115", "100", "110"):
        await market.at(price)
    assert told(journal) == [("above", "111"), ("above", "111"), ("above", "110")]


async def test_a_price_that_is_not_up_to_date_reaches_nothing(journal: Journal) -> None:
    market = Market(journal)
    await market.sets("above", "110")
    await market.at("150", is_usable=False)
    assert told(journal) == []
    await market.at("150")
    assert told(journal) == [("above", "150")]


async def test_where_a_market_is_open_for_real_money_a_paper_price_reaches_nothing(journal: Journal) -> None:
    market = Market(journal)
    real = replace(market.price, mode="live", is_usable=False)
    market._open = lambda: [market.price, real]  # type: ignore[method-assign]
    with pytest.raises(UserError, match="below 100 already"):
        await market.sets("below", "100")
    await market.sets("above", "110")
    await market.at("150")
    assert told(journal) == []
    real = replace(real, mid=Decimal(111), is_usable=True)
    await market.at("150")
    assert told(journal) == [("above", "111")]


async def test_what_holds_already_or_is_no_price_is_refused(journal: Journal) -> None:
    market = Market(journal)
    with pytest.raises(UserError, match="BTC-USDT is above 90 already: it is at 100"):
        await market.sets("above", "90")
    with pytest.raises(UserError, match="expected a price above 0"):
        await market.sets("below", "-1")
    with pytest.raises(UserError, match="no market BTC-UDST is open here, did you mean BTC-USDT"):
        market.find(OWNER, "btc/udst")
    assert [market.find(OWNER, text).trading_pair for text in ("btc/usdt", "BTC", "binance:BTC-USDT")] == ["BTC-USDT"] * 3
    for number in range(50):
        await market.sets("above", str(200 + number))
    with pytest.raises(UserError, match="50 price alerts already"):
        await market.sets("above", "400")


async def test_one_that_is_taken_away_is_silent_and_another_chats_is_left_alone(journal: Journal) -> None:
    market = Market(journal)
    await market.sets("above", "110")
    (alert,) = await market.alerts(OWNER)
    stranger = replace(OWNER, chat_id=2)
    assert not await market.drop(stranger, alert.alert_id, no_claim)
    assert await market.drop(OWNER, alert.alert_id, no_claim)
    await market.at("120")
    assert told(journal) == []
