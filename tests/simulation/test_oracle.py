"""The judge itself: what it lets pass, and what it finds."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.model.events import FactKind
from botcore.venues.wire import Reply
from tests.simulation.ledger import VenueTrade
from tests.simulation.oracle import judge_executors
from tests.simulation.sizes import judge_ends, judge_grids, most_of
from tests.support.live_wire import Manners

VENUE, PAIR = "binance", "ETH-USDT"


def opened_twice(*, is_late: bool, is_told: bool) -> list[str]:
    """An executor was to open 1; its first entry ended and was replaced, the second traded 1, then the first 0.4."""
    amounts = {"1": ("cdr-1-2-1", "1", False), "2": ("cdr-1-1-1", "0.4", is_late)}
    trades = [VenueTrade(key, name, PAIR, "BUY", D(100), D(amount), D(0), "USDT", late) for key, (name, amount, late) in amounts.items()]
    fills = {
        (VENUE, PAIR, key): {"executor_id": "x", "trade_id": key, "client_order_id": name, "amount": amount}
        for key, (name, amount, _) in amounts.items()
    }
    watcher: Any = SimpleNamespace(
        fills=fills,
        executors={"x": {"type": "position_executor", "config": json.dumps({"amount": "1"}), "status": "TERMINATED"}},
        intents={"cdr-1-1": {"purpose": "open"}, "cdr-1-2": {"purpose": "open"}},
        orders={},
        lost=set(),
        facts=Counter({(FactKind.LATE_FILL, "x"): 1} if is_told else {}),
    )
    ledger: Any = SimpleNamespace(name=VENUE, trades=lambda: trades)
    found: list[str] = []
    judge_executors(watcher, [ledger], {}, lambda invariant, _text: found.append(invariant))
    return found


def test_i13_what_leaves_in_the_moment_of_the_answer_can_not_know_of_it_and_all_later_can() -> None:
    manners = Manners()
    manners.arrives(5, Reply(429, {"retry-after": "7"}, b"", 0, 5))
    manners.leaves(5, "GET /a")
    assert manners.breaches == []
    manners.leaves(6, "GET /b")
    manners.leaves(5 + 7_000_000_000, "GET /c")
    assert [text.split(" left")[0] for text in manners.breaches] == ["GET /b"]


@pytest.mark.parametrize(("is_late", "is_told", "expected"), [(True, True, []), (True, False, ["I3"]), (False, True, ["I3"])])
def test_i3_o9_only_what_came_after_the_venues_own_end_may_come_on_top_and_it_is_told(is_late: bool, is_told: bool, expected: list[str]) -> None:
    assert opened_twice(is_late=is_late, is_told=is_told) == expected


def ended(kind: str, close_type: str, config: dict[str, Any], *fills: tuple[str, str, str], told: bool = False) -> list[str]:
    """An executor of a kind has ended like this, with these executions (connector, side, amount) one after the other at 100."""
    rows = {
        (connector, PAIR, str(number)): {
            "executor_id": "x",
            "connector_name": connector,
            "trading_pair": PAIR,
            "trade_type": side,
            "amount": amount,
            "price": "100",
            "fee_asset": "USDT",
            "fee_amount": "0",
            "client_order_id": f"cdr-1-{number}-1",
            "ts_ns": number,
        }
        for number, (connector, side, amount) in enumerate(fills)
    }
    executor = {"type": kind, "status": "TERMINATED", "close_type": close_type, "config": json.dumps(config)}
    facts = Counter({(FactKind.LATE_FILL, "x"): 1} if told else {})
    watcher: Any = SimpleNamespace(fills=rows, executors={"x": executor}, lost=set(), facts=facts)
    found: list[str] = []
    if kind == "grid_executor":
        judge_grids(watcher, {}, lambda invariant, _text: found.append(invariant))
    judge_ends(watcher, lambda connector, pair: D("0.01"), lambda invariant, _text: found.append(invariant))
    return found


GRID = {"total_amount_quote": "200", "start_price": "100", "side": "BUY"}


def test_i3_a_grid_may_open_again_what_it_has_closed_and_no_more() -> None:
    around = [(VENUE, "BUY", "2"), (VENUE, "SELL", "2"), (VENUE, "BUY", "1.9"), (VENUE, "SELL", "1.9")]
    assert ended("grid_executor", "TAKE_PROFIT", GRID, *around) == []
    assert ended("grid_executor", "TAKE_PROFIT", GRID, (VENUE, "BUY", "2"), (VENUE, "BUY", "0.5"), (VENUE, "SELL", "2.5")) == ["I3"]


def test_i7_what_is_left_is_dust_or_held_or_came_late() -> None:
    left = ("BUY", "0.5")
    assert ended("grid_executor", "STOP_LOSS", GRID, (VENUE, *left)) == ["I7"]
    assert ended("grid_executor", "POSITION_HOLD", GRID, (VENUE, *left)) == []
    assert ended("grid_executor", "STOP_LOSS", GRID, (VENUE, *left), told=True) == []
    assert ended("grid_executor", "STOP_LOSS", GRID, (VENUE, "BUY", "0.01")) == []
    assert ended("pair_executor", "TAKE_PROFIT", {}, ("binance", *left), ("other", "SELL", "0.5")) == ["I7", "I7"]


def test_i7_two_sides_that_match_may_stay_where_they_are() -> None:
    bought = (VENUE, "BUY", "0.5")
    assert ended("arbitrage_executor", "COMPLETED", {}, bought, ("other", "SELL", "0.49")) == []
    assert ended("arbitrage_executor", "COMPLETED", {}, bought, ("other", "SELL", "0.4")) == ["I7"]
    assert ended("xemm_executor", "POSITION_HOLD", {}, bought) == []


@pytest.mark.parametrize(
    ("config", "most"),
    [
        ({"total_duration": 8, "total_amount_quote": "300"}, "3.6"),
        ({"long": {"amount_quote": "300"}, "short": {"amount_quote": "500"}}, "3.6"),
        ({"order_amount": "2"}, "2"),
        ({"start_price": "100"}, None),
    ],
)
def test_i3_what_an_executor_may_open(config: dict[str, Any], most: str | None) -> None:
    assert most_of(config, [{"price": "100", "trade_type": "BUY"}]) == (None if most is None else D(most))
