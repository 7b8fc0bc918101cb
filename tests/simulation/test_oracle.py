"""The judge itself: what it lets pass, and what it finds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.model.events import FactKind
from botcore.venues.wire import Reply
from tests.simulation.funding import judge_funding, judge_reports
from tests.simulation.ledger import VenueFunding, VenueOrder, VenueTrade
from tests.simulation.oracle import judge_balances, judge_executors, unasked
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


@pytest.mark.parametrize(
    ("effects", "expected"),
    [(["0.4", "0.4"], "0.4"), (["0.05", "1"], "1"), (["1", "0.1"], "1"), (["1.3"], "0.3"), (["0.6", "0"], "0.6")],
)
def test_i3_r13_what_the_second_of_two_did_can_come_on_top(effects: list[str], expected: str) -> None:
    """An order for 1 that was sent twice: one of the two is told as over, its rest is replaced, and then the other one is told."""
    orders = [VenueOrder("cdr-1-1-1", PAIR, "BUY", D(1), D(filled), is_open=False, arrived_ns=1) for filled in effects]
    orders.append(VenueOrder("cdr-1-2-1", PAIR, "BUY", D(1), D(1), is_open=False, arrived_ns=2))
    beyond = max(sum(map(D, effects)) - 1, D(0))
    ledger: Any = SimpleNamespace(orders=lambda: orders, excess=lambda: {"cdr-1-1-1": beyond})
    assert unasked(ledger) == {"cdr-1-1-1": D(expected)}


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


# ---- money: I1, and funding (I20) --------------------------------------------------------------------------------------
PERP = "binance_perpetual"


def traded(name: str, *, is_perpetual: bool, now: dict[str, D]) -> Any:
    """An account whose owner bought 2 at 100 and sold 1 at 110, fees 0.2 and 0.1; on a perpetual account the rest has cost 100, and 0.05 was paid for it at 9 s."""
    asset = "USDT"
    rows = [("1", "cdr-1-1-1", "BUY", 100, 2, "0.2", 1), ("2", "cdr-1-2-1", "SELL", 110, 1, "0.1", 2)]
    trades = [
        VenueTrade(key, order, PAIR, side, D(price), D(amount), D(fee), asset, ns=s * 10**9) for key, order, side, price, amount, fee, s in rows
    ]
    paid = [VenueFunding(PAIR, asset, D("-0.05"), 9 * 10**9)] if is_perpetual else []
    opening = {"USDT": D(1000), "ETH": D(5)}
    return SimpleNamespace(
        name=name,
        is_perpetual=is_perpetual,
        trades=lambda: trades,
        funding=lambda: paid,
        open_cost=lambda: {asset: D(100)} if is_perpetual else {},
        balances=lambda: {asset: (opening[asset], total) for asset, total in now.items()},
    )


def recorded(name: str, *, without: str = "", funding: dict[str, str] | None = None) -> Any:
    """What is written of it: both executions but the one that is left out, and shares of funding by bot."""
    rows = {(name, PAIR, key): {} for key in ("1", "2") if key != without}
    shares = {
        (name, PAIR, "f", bot_id, "main"): {
            "connector_name": name,
            "trading_pair": PAIR,
            "bot_id": bot_id,
            "controller_id": "main",
            "asset": "USDT",
            "amount": amount,
            "amount_quote": amount,
            "ts_ns": 9 * 10**9,
        }
        for bot_id, amount in (funding or {}).items()
    }
    times = {(name, PAIR, "1"): 15 * 10**8, (name, PAIR, "2"): 25 * 10**8, **dict.fromkeys(shares, 11 * 10**9)}
    intents = {"cdr-1-1": {"bot_id": "a", "controller_id": "main"}, "cdr-1-2": {"bot_id": "b", "controller_id": "main"}}
    return SimpleNamespace(fills=rows, funding=shares, times=times, intents=intents, lost=set())


def found_by(judge: Callable[..., Any], watcher: Any, ledger: Any) -> list[str]:
    found: list[str] = []
    judge(watcher, ledger, lambda invariant, _text: found.append(invariant))
    return found


SPOT_NOW = {"USDT": D(1000) - 200 + 110 - D("0.3"), "ETH": D(6)}


@pytest.mark.parametrize(
    ("now", "without", "found"),
    [
        (SPOT_NOW, "", []),
        ({**SPOT_NOW, "USDT": SPOT_NOW["USDT"] + D("0.1")}, "", ["I1"]),
        ({**SPOT_NOW, "ETH": D("6.001")}, "", ["I1"]),
        (SPOT_NOW, "2", ["I1", "I1"]),
    ],
    ids=["sound", "a fee too little", "a coin too much", "an execution too little"],
)
def test_i1_spot_balances_are_opening_and_executions_less_fees(now: dict[str, D], without: str, found: list[str]) -> None:
    assert found_by(judge_balances, recorded(VENUE, without=without), traded(VENUE, is_perpetual=False, now=now)) == found


PERP_NOW = D(1000) + 10 - D("0.3") - D("0.05")


@pytest.mark.parametrize(
    ("now", "funding", "found"),
    [
        (PERP_NOW, {"a": "-0.05"}, []),
        (PERP_NOW + D("0.1"), {"a": "-0.05"}, ["I1"]),
        (PERP_NOW, {}, ["I1"]),
        (PERP_NOW, {"a": "-0.05", "b": "-0.05"}, ["I1"]),
    ],
    ids=["sound", "a fee too little", "funding dropped", "funding doubled"],
)
def test_i1_a_margin_balance_is_opening_and_results_less_fees_and_funding(now: D, funding: dict[str, str], found: list[str]) -> None:
    assert found_by(judge_balances, recorded(PERP, funding=funding), traded(PERP, is_perpetual=True, now={"USDT": now})) == found


@pytest.mark.parametrize(
    ("funding", "found"),
    [
        ({"a": "-0.10", "b": "0.05"}, []),
        ({}, ["I20"]),
        ({"a": "-0.10"}, ["I20"]),
        ({"a": "-0.20", "b": "0.10"}, ["I20"]),
        ({"a": "-0.025", "b": "-0.025"}, ["I20", "I20"]),
        ({"": "-0.05"}, ["I20", "I20", "I20"]),
    ],
    ids=["sound", "dropped", "half", "doubled", "wrong shares", "nobody's"],
)
def test_i20_funding_is_whole_and_with_those_who_held_the_position(funding: dict[str, str], found: list[str]) -> None:
    """One bot was long 2 and the other short 1 when it was paid."""
    assert found_by(judge_funding, recorded(PERP, funding=funding), traded(PERP, is_perpetual=True, now={})) == found


def test_i20_what_was_not_known_when_it_was_booked_is_no_breach() -> None:
    watcher = recorded(PERP, funding={"a": "-0.05"})
    assert found_by(judge_funding, watcher, traded(PERP, is_perpetual=True, now={})) == ["I20", "I20"]
    watcher.times[PERP, PAIR, "2"] = 10 * 10**9
    assert found_by(judge_funding, watcher, traded(PERP, is_perpetual=True, now={})) == []


def test_i20_a_report_is_what_is_booked() -> None:
    found: list[str] = []
    watcher = recorded(PERP, funding={"a": "-0.10", "b": "0.05"})
    judge_reports(watcher, {"a": D("-0.10"), "b": D("0.05")}, lambda invariant, _text: found.append(invariant))
    assert found == []
    judge_reports(watcher, {"a": D("-0.05"), "b": D("0.05")}, lambda invariant, _text: found.append(invariant))
    assert found == ["I20"]
