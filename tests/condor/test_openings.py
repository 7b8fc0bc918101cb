"""What is told of entries: the first fill, the rest of one that came in parts, and one that was refused."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.core.bus import EventBus
from botcore.model.enums import TradeType
from botcore.model.events import Fact, FactKind, OrderClosed, OrderFilled
from botcore.model.order import Fee, Fill, OrderState, Purpose
from condor.openings import AGAIN_NS, Openings
from tests.support.bench import instrument


class World:
    """One executor of one bot, and what is told of it."""

    def __init__(self) -> None:
        self.bus, self.facts = EventBus(), []
        self.bus.subscribe(Fact, self.facts.append)
        self.volume = Decimal(0)
        config = SimpleNamespace(type="position_executor", level_id="buy_0")
        self.executor = SimpleNamespace(is_closed=False, config=config, filled_amount_quote=lambda: self.volume)
        self.openings = Openings(self.bus, lambda bot_id: SimpleNamespace(executor=lambda executor_id: self.executor))  # type: ignore[arg-type,return-value]
        self.instrument = instrument("BTC-USDT", tick="1", lot="0.1")
        self.request = SimpleNamespace(
            instrument=self.instrument, trade_type=TradeType.BUY, lots=10, purpose=Purpose.OPEN, bot_id="b", controller_id="c", executor_id="x-1"
        )
        self.order: Any = SimpleNamespace(request=self.request, filled_lots=0, average_price=None)

    def fill(self, lots: int) -> None:
        self.order.filled_lots += lots
        self.order.average_price = Decimal(100)
        self.volume += lots * 10
        fill = Fill(self.instrument, f"t{self.volume}", "o-1", TradeType.BUY, 100, lots, Fee(Decimal(0), "USDT", Decimal(0)), 1, is_maker=True)
        self.bus.publish(OrderFilled(self.order, 1, fill))

    def refuse(self, reason: str, ts_ns: int = 1) -> None:
        self.bus.publish(OrderClosed(self.order, ts_ns, OrderState.FAILED, reason))

    def told(self) -> list[tuple[str, str]]:
        return [(fact.kind, fact.payload["filled"]) for fact in self.facts]


def test_the_first_fill_and_the_last_of_an_entry_in_parts_are_told() -> None:
    world = World()
    for lots in (4, 3, 3):
        world.fill(lots)
    assert world.told() == [(FactKind.POSITION_OPENED, "0.4"), (FactKind.POSITION_FILLED, "1.0")]
    assert world.facts[0].payload["wanted"] == "1.0" and world.facts[0].executor_id == "x-1"


def test_an_entry_that_comes_at_once_is_told_once_and_a_second_one_is_no_opening() -> None:
    world = World()
    world.fill(10)
    world.order = SimpleNamespace(request=world.request, filled_lots=0, average_price=None)
    world.fill(10)
    assert world.told() == [(FactKind.POSITION_OPENED, "1.0")]


def test_after_a_restart_what_was_traded_before_says_that_it_is_open() -> None:
    world = World()
    world.volume = Decimal(40)
    world.order.filled_lots = 4
    world.fill(3)
    assert world.told() == []


@pytest.mark.parametrize("purpose", [Purpose.CLOSE, Purpose.TAKE_PROFIT, Purpose.STOP])
def test_exits_open_nothing(purpose: Purpose) -> None:
    world = World()
    world.request.purpose = purpose
    world.fill(10)
    world.refuse("Filter failure: NOTIONAL")
    assert world.facts == []


def test_s50_a_refused_entry_is_told_with_its_reason_once_in_ten_minutes() -> None:
    world = World()
    world.refuse("Filter failure: NOTIONAL")
    world.refuse("Filter failure: NOTIONAL", 2)
    world.refuse("Account has insufficient balance", 3)
    world.refuse("Filter failure: NOTIONAL", 1 + AGAIN_NS)
    assert [(fact.kind, fact.payload["reason"], fact.payload["amount"]) for fact in world.facts] == [
        (FactKind.ORDER_REFUSED, "Filter failure: NOTIONAL", "1.0"),
        (FactKind.ORDER_REFUSED, "Account has insufficient balance", "1.0"),
        (FactKind.ORDER_REFUSED, "Filter failure: NOTIONAL", "1.0"),
    ]


def test_a_step_outside_the_price_band_is_told_once_a_day() -> None:
    """It waits for the market to come nearer."""
    world = World()
    for minutes in range(0, 3 * 1440, 30):
        world.refuse("price 140 is further than 50 % from the market", 1 + minutes * 6 * AGAIN_NS // 60)
    assert len(world.facts) == 3


def test_what_passes_by_itself_or_ends_its_executor_is_not_told() -> None:
    world = World()
    for reason in ("waits for the venue", "could not be sent: no route", "would trade with our own order"):
        world.refuse(reason)
    world.executor.is_closed = True
    world.refuse("Filter failure: NOTIONAL")
    assert world.facts == []
