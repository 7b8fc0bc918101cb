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
        executors={"x": {"config": json.dumps({"amount": "1"}), "status": "TERMINATED"}},
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
