"""A liquidation that is near: by the paper exchange's own ledger and by the venue's own word, told once and once more when it is over."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.connectors.live.account import Account
from botcore.connectors.paper.ledger import PerpetualLedger
from botcore.core.bus import EventBus
from botcore.markets.market_state import MarketState
from botcore.model.enums import PositionMode
from botcore.model.events import Fact, FactKind
from botcore.model.instrument import Market
from condor.liquidations import LiquidationWatch
from condor.live_host import LiveHost
from tests.support.bench import PERP, T0_NS, D, instrument, quote_event
from tests.support.paper_venue import BUY, SELL, Venue, perpetual

PAIR = "ETH-USDT"
NEAR = D("0.05")


def lies_at(venue: Venue) -> Decimal:
    assert isinstance(venue.ledger, PerpetualLedger)
    found = venue.ledger.liquidation_price(PAIR)
    assert found is not None
    return found


# ---- the paper ledger --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("side", "lots"), [(BUY, 40), (SELL, 40)])
def test_the_price_is_the_one_beyond_which_the_ledger_liquidates(side: Any, lots: int) -> None:
    """1000 USDT, 40 ETH at 101 (99): the maintenance is 0.5 % of what they cost."""
    venue = perpetual()
    venue.book([(99, 500)], [(101, 500)])
    venue.exchange.set_leverage(PAIR, 10)
    venue.order(side, lots)
    at = lies_at(venue)
    cost = D(101 if side is BUY else 99) * lots
    sign = 1 if side is BUY else -1
    assert at == (cost - sign * (1000 - cost * D("0.005"))) / lots
    ledger = venue.ledger
    assert isinstance(ledger, PerpetualLedger)
    tick = venue.of.tick_size
    for price, is_over in ((at + sign * tick, False), (at - sign * tick, True)):
        half = int((2 * price / tick).to_integral_value())
        ledger._mark = lambda pair, half=half: half  # type: ignore[misc]
        assert ledger.is_bankrupt("USDT") is is_over


def test_without_debt_no_price_liquidates() -> None:
    venue = perpetual()
    assert isinstance(venue.ledger, PerpetualLedger) and venue.ledger.liquidation_price(PAIR) is None
    venue.order(BUY, 1)
    assert venue.ledger.liquidation_price(PAIR) is None, "1000 USDT pay for whatever one ETH may lose"


def test_both_sides_of_a_hedge_are_liquidated_by_one_price() -> None:
    venue = perpetual()
    venue.book([(99, 500)], [(101, 500)])
    assert isinstance(venue.ledger, PerpetualLedger) and venue.exchange.set_position_mode(PositionMode.HEDGE) is None
    venue.exchange.set_leverage(PAIR, 10)
    venue.order(BUY, 40)
    alone = lies_at(venue)
    venue.order(SELL, 20)
    assert 0 < lies_at(venue) < alone, "what is half hedged can fall further"
    venue.order(SELL, 20)
    assert venue.ledger.liquidation_price(PAIR) is None, "what is wholly hedged can't be liquidated by any price"


class Kept:
    """What a watch has told, as the records keep it: another watch finds it."""

    def __init__(self) -> None:
        self.rows: dict[Any, Any] = {}

    async def read(self) -> dict[Any, Any]:
        return {key: dict(value) for key, value in self.rows.items()}

    def put(self, host: Any, subject: Any, payload: Any) -> None:
        self.rows[subject] = json.loads(json.dumps(payload))

    def drop(self, host: Any, subject: Any) -> None:
        del self.rows[subject]


# ---- the watch ---------------------------------------------------------------------------------------------------------
class World:
    """A host with one market, and what is told there."""

    def __init__(self, host: Any) -> None:
        self.facts: list[Fact] = []
        self.host = host
        host.bus.subscribe(Fact, self.facts.append)
        self.kept = Kept()
        self.begin_anew()

    def begin_anew(self, near: Decimal = NEAR) -> None:
        """Another process: what was told is in the records only."""
        self.watch = LiquidationWatch(self.hosts(), near, self.kept)

    def hosts(self) -> Any:
        return SimpleNamespace(paper=self.host, live=None)

    def look(self) -> list[tuple[bool, str]]:
        """One round; returns what was told by it: (is it over, distance)."""
        before = len(self.facts)
        asyncio.run(self.watch.round())
        assert all(fact.kind == FactKind.LIQUIDATION_NEAR for fact in self.facts)
        return [(fact.payload["is_over"], fact.payload["distance"]) for fact in self.facts[before:]]


class PaperWorld(World):
    def __init__(self) -> None:
        self.venue = perpetual()
        self.venue.book([(99, 500)], [(101, 500)])
        self.venue.exchange.set_leverage(PAIR, 10)
        self.state = MarketState(self.venue.of)
        runtime = SimpleNamespace(exchanges={PERP: self.venue.exchange}, markets={Market(PERP, PAIR): self.state})
        super().__init__(SimpleNamespace(bus=EventBus(), clock=SimpleNamespace(now_ns=T0_NS), runtime=runtime))

    def at(self, price: Any) -> list[tuple[bool, str]]:
        half = 2 * int(D(price) / self.venue.of.tick_size)
        ledger: Any = self.venue.ledger
        ledger._mark = lambda pair: half
        self.state.apply(quote_event(self.venue.of, T0_NS, price, price))
        return self.look()


def test_it_is_told_once_and_again_when_it_is_well_away() -> None:
    world = PaperWorld()
    world.venue.order(BUY, 40)
    at = lies_at(world.venue)
    assert world.at(100) == []
    (near,) = world.at(round(at * D("1.04"), 2))
    assert near[0] is False and D("0.03") < D(near[1]) < D("0.05")
    assert world.at(round(at * D("1.06"), 2)) == [], "to and fro around the limit is one warning"
    assert world.at(round(at * D("1.02"), 2)) == []
    ((is_over, _),) = world.at(round(at * D("1.10"), 2))
    assert is_over
    assert len(world.at(round(at * D("1.03"), 2))) == 1, "and it may come near again"


def test_a_position_that_is_gone_is_over_and_one_without_a_price_is_not() -> None:
    world = PaperWorld()
    world.venue.order(BUY, 40)
    assert len(world.at(round(lies_at(world.venue) * D("1.03"), 2))) == 1
    world.host.runtime.markets.clear()
    assert world.look() == [], "nobody knows its price now: that says nothing"
    world.venue.ledger.positions.clear()  # type: ignore[attr-defined]
    ((is_over, _),) = world.look()
    assert is_over and world.facts[-1].payload["is_gone"]


def test_zero_never_tells() -> None:
    world = PaperWorld()
    world.venue.order(BUY, 40)
    world.begin_anew(D(0))
    assert world.at(round(lies_at(world.venue) * D("1.001"), 2)) == []


# ---- a real account ----------------------------------------------------------------------------------------------------
class LiveWorld(World):
    """What `LiveHost` offers of an account, with one market."""

    def __init__(self) -> None:
        self.of = instrument(connector=PERP)
        self.account = Account(D("0.0005"))
        self.state = MarketState(self.of)
        host: Any = LiveHost.__new__(LiveHost)
        host.bus, host.clock = EventBus(), SimpleNamespace(now_ns=T0_NS)
        host.accounts = {PERP: SimpleNamespace(connector=SimpleNamespace(account=self.account))}
        host.runtime = SimpleNamespace(markets={Market(PERP, PAIR): self.state})
        super().__init__(host)

    def hosts(self) -> Any:
        empty = SimpleNamespace(runtime=SimpleNamespace(exchanges={}))
        return SimpleNamespace(paper=empty, live=self.host)

    def at(self, price: Any) -> list[tuple[bool, str]]:
        self.state.apply(quote_event(self.of, T0_NS, price, price))
        return self.look()


@pytest.mark.parametrize(("lots", "far", "near"), [(-1000, 100, 116), (1000, 140, 124)])
def test_the_venues_own_word_is_held_against_the_market(lots: int, far: int, near: int) -> None:
    world = LiveWorld()
    world.account.set_positions({(PAIR, "net"): lots})
    assert world.at(119) == [], "it has not said where"
    world.account.set_liquidations({(PAIR, "net"): D(120)})
    assert world.at(far) == []
    ((is_over, distance),) = world.at(near)
    assert not is_over and D(distance) == round(abs(D(120) - near) / near, 6)
    payload = world.facts[-1].payload
    assert (payload["liquidation_price"], D(payload["price"]), payload["connector_name"]) == ("120", near, PERP)
    world.account.set_positions({}, 2)
    assert [over for over, _ in world.look()] == [True], "closed"


def test_a_price_that_has_passed_it_is_no_distance_at_all() -> None:
    world = LiveWorld()
    world.account.set_positions({(PAIR, "net"): 1000})
    world.account.set_liquidations({(PAIR, "net"): D(120)})
    assert world.at(110) == [(False, "0.000000")]


# ---- a restart ---------------------------------------------------------------------------------------------------------
def test_a_restart_neither_tells_it_again_nor_forgets_that_it_is_not_over() -> None:
    world = PaperWorld()
    world.venue.order(BUY, 40)
    at = lies_at(world.venue)
    assert len(world.at(round(at * D("1.03"), 2))) == 1
    world.begin_anew()
    assert world.at(round(at * D("1.02"), 2)) == [], "it was told by the process before"
    world.begin_anew()
    ((is_over, _),) = world.at(round(at * D("1.10"), 2))
    assert is_over and world.kept.rows == {}
    world.begin_anew()
    assert len(world.at(round(at * D("1.03"), 2))) == 1, "and what comes near again is told"


def test_after_a_restart_a_position_is_gone_only_when_the_venue_has_said_so() -> None:
    world = LiveWorld()
    world.account.set_positions({(PAIR, "net"): 1000})
    world.account.set_liquidations({(PAIR, "net"): D(120)})
    assert len(world.at(124)) == 1
    account = world.account = Account(D("0.0005"))
    world.host.accounts = {PERP: SimpleNamespace(connector=SimpleNamespace(account=account))}
    world.begin_anew()
    assert world.look() == [], "its list of positions was not read yet"
    world.host.accounts = {}
    assert world.look() == [], "the account is not connected"
    world.host.accounts = {PERP: SimpleNamespace(connector=SimpleNamespace(account=account))}
    account.set_positions({}, 2)
    assert [over for over, _ in world.look()] == [True] and world.facts[-1].payload["is_gone"]
    assert world.facts[-1].payload["liquidation_price"] == "120"


# ---- no price liquidates it any more -----------------------------------------------------------------------------------
def test_margin_that_pays_for_everything_ends_it_as_soon_as_the_venue_says_so() -> None:
    """The venue names no price then: what was told would never have ended."""
    world = LiveWorld()
    world.account.set_positions({(PAIR, "net"): 1000})
    world.account.set_liquidations({(PAIR, "net"): D(120)})
    assert len(world.at(124)) == 1
    world.account.set_liquidations({})
    assert [over for over, _ in world.look()] == [True] and world.facts[-1].payload["is_safe"] and not world.facts[-1].payload["is_gone"]
    assert world.kept.rows == {}


def test_after_a_restart_a_venue_that_has_said_nothing_yet_ends_nothing() -> None:
    world = LiveWorld()
    world.account.set_positions({(PAIR, "net"): 1000})
    world.account.set_liquidations({(PAIR, "net"): D(120)})
    assert len(world.at(124)) == 1
    account = Account(D("0.0005"))
    world.host.accounts = {PERP: SimpleNamespace(connector=SimpleNamespace(account=account))}
    world.begin_anew()
    account.set_position(PAIR, "net", 1000, 2)
    assert world.look() == [], "the stream has told of the position, no list of where it is liquidated"
    account.set_liquidations({}, 2)
    assert [over for over, _ in world.look()] == [True]


def test_a_list_of_before_the_position_does_not_say_that_it_is_safe() -> None:
    """Closed, listed, and opened again before the next list and the next look: that it was not on the list says that there was none then."""
    world = LiveWorld()
    world.account.set_positions({(PAIR, "net"): 1000}, 1)
    world.account.set_liquidations({(PAIR, "net"): D(120)}, 1)
    assert len(world.at(124)) == 1
    world.account.set_positions({}, 2)
    world.account.set_liquidations({}, 2)
    world.account.set_position(PAIR, "net", 1000, 3)
    assert world.look() == [], "where the new one is liquidated was not said yet"
    world.account.set_liquidations({(PAIR, "net"): D(120)}, 4)
    assert world.look() == [], "near, as it was told"
    world.account.set_position(PAIR, "net", 1000, 5)
    world.account.set_liquidations({}, 5)
    assert [over for over, _ in world.look()] == [True], "safe"


def test_on_paper_money_that_pays_for_everything_ends_it_but_a_missing_price_does_not() -> None:
    world = PaperWorld()
    world.venue.order(BUY, 40)
    near = round(lies_at(world.venue) * D("1.03"), 2)
    assert len(world.at(near)) == 1
    ledger: Any = world.venue.ledger
    ledger.totals["USDT"] += 10_000
    state = world.host.runtime.markets.pop(Market(PERP, PAIR))
    assert world.look() == [], "nobody knows its price now: that says nothing"
    world.host.runtime.markets[Market(PERP, PAIR)] = state
    assert [over for over, _ in world.look()] == [True] and world.facts[-1].payload["is_safe"]
