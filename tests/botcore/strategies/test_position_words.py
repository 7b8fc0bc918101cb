"""Which word of the venue proves that a position was lost: row R21 (positions and executions that are told at different times)."""

from __future__ import annotations

from typing import Any

from botcore.core.bus import EventBus
from botcore.core.clock import Clock, ClockMode
from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import PositionMode
from botcore.model.times import SECOND_NS
from botcore.orders.own import OwnBooks
from botcore.strategies.positions import PositionKeeper
from tests.support.bench import PERP, T0_NS, instrument

OF = instrument(connector=PERP)
LAG_S = 25


class Account:
    """A connector as the keeper sees it, whose venue answers only when the test says so."""

    name = PERP

    def __init__(self, clock: Clock) -> None:
        self.own = OwnBooks()
        self.booked: list[int] = []
        self.looks = 0
        self._clock = clock
        self._told = (0, T0_NS)

    def traded(self, lots: int) -> None:
        """An execution of ours has come."""
        self.own.hold(OF, "net", lots, 100)

    def told(self, lots: int) -> None:
        """The venue has answered."""
        self._told = (lots, self._clock.now_ns)

    def position_mode(self) -> PositionMode:
        return PositionMode.ONEWAY

    def venue_lots(self, instrument: Any, side: str) -> int:
        return self._told[0]

    def venue_lots_ns(self, instrument: Any, side: str) -> int:
        return self._told[1]

    def look_at_account(self) -> None:
        self.looks += 1

    def look_at_trades(self, instrument: Any, since_ns: int) -> None:
        """The lists show nothing."""

    def reconcile(self, now_ns: int) -> None:
        """All orders are answered for at once."""

    def read_lag_ns(self) -> int:
        return LAG_S * SECOND_NS

    def is_settled(self) -> bool:
        return True

    def book_external(self, request: Any, owner: Any, ticks: int) -> None:
        self.booked.append(request.lots)
        self.traded(request.lots * request.trade_type.sign)


class Bench:
    """A long position of 10 lots that both sides agree on."""

    def __init__(self) -> None:
        self.clock = Clock(ClockMode.REALTIME, start_ns=T0_NS)
        self.account = Account(self.clock)
        held = (object(), 100, ("", "main", ""))
        parts: Any = {PERP: self.account}
        others: Any = lambda instrument, side: [held]  # noqa: E731
        self.keeper = PositionKeeper(EventBus(), self.clock, parts, MarketDataProvider(self.clock, {}), list, others)
        self.account.traded(10)
        self.account.told(10)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            self.clock.skip_to(self.clock.now_ns + SECOND_NS // 2)
            self.keeper.on_tick(self.clock.now_ns)


def test_o18_loss_that_the_venue_names_again_is_booked() -> None:
    bench = Bench()
    bench.account.told(4)
    bench.run(LAG_S + 15)
    assert bench.account.looks and not bench.account.booked, "not named again since all was asked after"
    bench.account.told(4)
    bench.run(1)
    assert bench.account.booked == [6]


def test_r21_fill_that_the_venues_last_word_lacks_does_not_revive_a_loss_that_an_execution_had_explained() -> None:
    """Seed 1: an execution that came late made the two agree; a second later the next fill came, before the venue was heard again."""
    bench = Bench()
    bench.account.told(4)
    bench.run(LAG_S + 15)
    bench.account.traded(-6)
    bench.run(0.5)
    bench.account.told(4)
    bench.run(1)
    bench.account.traded(6)
    bench.run(2)
    assert bench.account.booked == []
    bench.account.told(10)
    bench.run(60)
    assert bench.account.booked == []


def test_r21_word_from_before_our_last_execution_proves_nothing() -> None:
    bench = Bench()
    bench.account.told(4)
    bench.run(LAG_S + 10)
    bench.account.told(4)
    bench.account.traded(3)
    bench.run(10)
    assert bench.account.booked == []
    bench.account.told(13)
    bench.run(60)
    assert bench.account.booked == []


def test_r21_two_that_agreed_for_a_moment_are_asked_again() -> None:
    """The venue's word rose first: the same loss, or an answer that was old; only one that can't be old tells."""
    bench = Bench()
    bench.account.told(4)
    bench.run(LAG_S + 15)
    bench.account.told(10)
    bench.run(0.5)
    bench.account.told(4)
    bench.run(LAG_S)
    assert bench.account.booked == []
    bench.run(6)
    bench.account.told(4)
    bench.run(1)
    assert bench.account.booked == [6]


def test_o18_loss_of_a_position_that_was_turned_around_is_another_one() -> None:
    bench = Bench()
    bench.account.told(4)
    bench.run(LAG_S + 15)
    bench.account.traded(-16)
    bench.account.told(0)
    bench.run(10)
    assert bench.account.booked == []
