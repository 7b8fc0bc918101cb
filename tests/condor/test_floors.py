"""Balances that are low: told once below the amount that somebody has set, once more when there is well more, over restarts, on paper and with real money."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.connectors.live.account import Account
from botcore.core.bus import EventBus
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from botcore.recorder.journal import Journal
from condor.live_host import LiveHost
from condor.services.floors import FloorService
from condor.users import Actor, Forbidden, Role
from condor.watch_memory import WatchMemory
from tests.support.programs import OWNER, no_claim
from tests.support.records import fresh_records

D = Decimal
NAME = "binance"


class World:
    """One account with real money and one on paper, of which only the balances are looked at; records on disk."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(fresh_records())
        self.journal = Journal(path, lambda call: None)
        self.wall: Any = SimpleNamespace(wall_ms=lambda: 1_790_000_000_000)
        self.facts: list[Fact] = []
        self.coins = {"USDT": D(1000), "ETH": D(2)}
        market = Market(NAME, "SOL-USDT")
        state = SimpleNamespace(instrument=SimpleNamespace(base="SOL", quote="USDT"))
        self.paper: Any = self._host(exchanges={NAME: SimpleNamespace(equity=lambda: dict(self.coins))}, markets={market: state})
        self.account = Account(D("0.001"))
        live: Any = LiveHost.__new__(LiveHost)
        live.__dict__.update(self._host(markets={}).__dict__)
        live.accounts = {NAME: SimpleNamespace(connector=SimpleNamespace(account=self.account))}
        self.hosts: Any = SimpleNamespace(paper=self.paper, live=live, by_mode=lambda: [("paper", self.paper), ("live", live)])
        self.hosts.of = lambda mode: dict(self.hosts.by_mode())[mode]
        self.begin_anew()

    def _host(self, **runtime: Any) -> Any:
        bus = EventBus()
        bus.subscribe(Fact, self.facts.append)
        recorder = SimpleNamespace(flush=lambda done: None)
        return SimpleNamespace(bus=bus, clock=SimpleNamespace(now_ns=1), recorder=recorder, runtime=SimpleNamespace(**runtime))

    def begin_anew(self) -> None:
        """Another process on the same records, once they are written."""
        self.journal.run(lambda connection: None).result()
        self.floors = FloorService(self.hosts, self.journal, self.wall, str.title, WatchMemory(self.journal, self.wall, FactKind.BALANCE_LOW))

    async def look(self) -> list[tuple[str, bool]]:
        """One round; returns (what is there, is it over) of what was told."""
        before = len(self.facts)
        await self.floors.round()
        assert all(fact.kind == FactKind.BALANCE_LOW for fact in self.facts)
        return [(fact.payload["total"], fact.payload["is_over"]) for fact in self.facts[before:]]

    async def at(self, total: str) -> list[tuple[str, bool]]:
        self.coins["USDT"] = D(total)
        return await self.look()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.journal.run(lambda c: c.exec_driver_sql(query).fetchall()).result()]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path / "condor.db") as made:
        yield made


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[World]:
    made = World(path)
    try:
        yield made
    finally:
        made.journal.close()


async def test_it_is_told_once_below_the_amount_and_once_when_there_is_a_tenth_more(world: World) -> None:
    assert await world.at("1") == [], "nobody has said how little is little"
    await world.floors.set(OWNER, "paper:binance", "usdt", D(100), no_claim)
    assert await world.at("100") == [], "as much as was asked for is not less"
    assert await world.at("99.5") == [("99.5", False)]
    for total in ("98", "101", "109.9", "50", "0"):
        assert await world.at(total) == [], "to and fro around the amount is one alert"
    assert await world.at("110") == [("110", True)]
    assert await world.at("99") == [("99", False)], "and it may become low again"


async def test_a_restart_neither_tells_it_again_nor_forgets_that_it_is_low(world: World) -> None:
    await world.floors.set(OWNER, "paper:binance", "USDT", D(100), no_claim)
    assert await world.at("80") == [("80", False)]
    world.begin_anew()
    assert await world.at("70") == []
    world.begin_anew()
    assert await world.at("200") == [("200", True)]
    world.begin_anew()
    assert await world.at("90") == [("90", False)]
    [(kind, mode, subject, payload)] = world.rows("SELECT kind, mode, subject, payload FROM watch_states")
    assert (kind, mode, subject, json.loads(payload)["floor"]) == ("balance_low", "paper", "binance USDT", "100")


async def test_an_asset_that_is_used_up_is_low_and_an_account_that_nobody_knows_says_nothing(world: World) -> None:
    await world.floors.set(OWNER, "paper:binance", "ETH", D(1), no_claim)
    del world.coins["ETH"]
    assert await world.look() == [("0", False)]
    exchanges = world.paper.runtime.exchanges
    world.paper.runtime.exchanges = {}
    assert await world.look() == [], "the account is not open: nobody knows what is in it"
    world.paper.runtime.exchanges = exchanges
    world.coins["ETH"] = D(2)
    assert await world.look() == [("2", True)]


async def test_real_money_is_another_account_and_is_looked_at_only_while_its_venue_is_there(world: World) -> None:
    world.account.set_balances({"USDT": (D(500), D(10))}, complete=True)
    await world.floors.set(OWNER, "binance", "USDT", D(300), no_claim)
    assert await world.at("1") == [], "what is on paper is none of its business, and what orders bind is there all the same"
    world.account.set_balances({"USDT": (D(200), D(10))}, complete=True)
    world.account.forget()
    assert await world.look() == [], "the line is gone: what was known is old"
    world.account.set_balances({"USDT": (D(200), D(10))}, complete=True)
    assert await world.look() == [("200", False)]
    view = next(view for view in await world.floors.all(OWNER) if view.account == "binance")
    [row] = view.rows
    assert (view.title, view.mode, row.asset, row.total, row.floor, row.is_low) == ("Binance", "live", "USDT", 200, 300, True)


async def test_who_takes_the_amount_away_hears_nothing_more(world: World) -> None:
    await world.floors.set(OWNER, "paper:binance", "USDT", D(100), no_claim)
    assert len(await world.at("50")) == 1
    await world.floors.set(OWNER, "paper:binance", "USDT", None, no_claim)
    assert await world.at("500") == [] and world.rows("SELECT * FROM watch_states") == [] and world.rows("SELECT * FROM balance_floors") == []
    audit = world.rows("SELECT target, before, after FROM audit WHERE action = 'balance_floor' ORDER BY audit_id")
    assert audit == [("paper:binance USDT", "off", "100"), ("paper:binance USDT", "100", "off")]


@pytest.mark.parametrize(
    ("account", "asset", "least", "words"),
    [
        ("paper:binanze", "USDT", D(1), "no account 'paper:binanze' is open, did you mean paper:binance"),
        ("paper:binance", "UST", D(1), "there is no 'UST' in paper:binance, did you mean USDT"),
        ("paper:binance", "USDT", D(0), "expected an amount above 0, or off, found 0"),
        ("paper:binance", "USDT", None, "nothing is told of USDT there: no amount is set"),
    ],
)
async def test_bad_input_gets_one_clear_sentence(world: World, account: str, asset: str, least: Decimal | None, words: str) -> None:
    with pytest.raises(UserError, match=words):
        await world.floors.set(OWNER, account, asset, least, no_claim)
    assert world.rows("SELECT * FROM balance_floors") == []


async def test_an_asset_that_its_markets_trade_can_be_watched_before_any_is_there(world: World) -> None:
    floor = await world.floors.set(OWNER, "paper:binance", "sol", D(1), no_claim)
    assert floor is not None and floor.asset == "SOL"
    assert await world.look() == [("0", False)]


async def test_only_who_may_act_changes_it(world: World) -> None:
    viewer = Actor(9, "Vera", Role.VIEWER, "local", 9)
    with pytest.raises(Forbidden):
        await world.floors.set(viewer, "paper:binance", "USDT", D(1), no_claim)
    assert [view.account for view in await world.floors.all(viewer)] == ["binance", "paper:binance"]


async def test_an_amount_that_is_set_while_they_are_read_is_not_forgotten(world: World) -> None:
    looking = asyncio.create_task(world.floors.round())
    await asyncio.sleep(0)
    await world.floors.set(OWNER, "paper:binance", "USDT", D(100), no_claim)
    await looking
    world.facts.clear()
    assert await world.at("80") == [("80", False)]
