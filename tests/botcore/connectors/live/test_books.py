"""The small books behind an order line: when to ask, when to insist, when to let go, what may be spent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.connectors.live.account import Account
from botcore.connectors.live.audit import AT_ONCE_NS, REST_NS, AuditBook
from botcore.connectors.live.cancels import CancelBook
from botcore.connectors.live.doubts import ALL_PLACES, BeliefRules, DoubtBook
from botcore.connectors.live.endings import EndingBook
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.order import OrderRequest, OrderState
from botcore.model.times import SECOND_NS
from botcore.venues.line import Ask
from botcore.venues.wire import OrderReport
from tests.support.bench import PERP, SPOT, D, instrument

RULES = BeliefRules()
S = SECOND_NS


# ---- doubts ----------------------------------------------------------------------------------------------------------
def test_questions_come_faster_at_first_and_right_at_the_moment_of_proof() -> None:
    doubts = DoubtBook(RULES)
    doubts.open("o", 0, 10 * S, was_live=False)
    asked: list[float] = []
    places: list[Ask] = []
    now = 10 * S
    while now < 46 * S:
        for _, place in doubts.due(now):
            asked.append(now / S)
            places.append(place)
        now += S // 4
    assert asked[:4] == [10.5, 11.5, 13.5, 17.5]
    assert 40.0 in asked, "at the deadline, 5 + 10 + 25 s after sending"
    assert [when for when in asked if when > 40] == [41, 42, 43, 44, 45]
    assert places[:3] == list(ALL_PLACES)


def test_every_place_must_have_been_silent_after_the_deadline() -> None:
    doubts = DoubtBook(RULES)
    doubts.open("o", 0, 0, was_live=False)
    late = RULES.deadline_ns
    assert not any(doubts.silent("o", place, late - 1) for place in ALL_PLACES for _ in range(5))
    assert not any(doubts.silent("o", Ask.QUERY, late) for _ in range(5)), "one place may be blind"
    assert not doubts.silent("o", Ask.OPEN, late)
    assert doubts.silent("o", Ask.TRADES, late)
    assert not doubts.silent("other", Ask.QUERY, late)


def test_a_doubt_is_opened_once_and_forgotten_when_it_is_closed() -> None:
    doubts = DoubtBook(RULES)
    assert doubts.open("o", 0, 0, was_live=False)
    assert not doubts.open("o", 9, 9, was_live=True)
    doubts.close("o")
    doubts.close("o")
    assert (len(doubts), doubts.next_ns(), doubts.get("o")) == (0, None, None)


# ---- cancels ---------------------------------------------------------------------------------------------------------
def test_a_cancel_is_under_way_once_and_comes_again_after_1_2_4_8_10_seconds() -> None:
    cancels, now, gaps = CancelBook(), 0, []
    cancels.want("o", now)
    cancels.want("o", now)
    for _ in range(6):
        assert cancels.due(now) == ["o"]
        assert cancels.due(now + 29 * S) == [], "it has not been answered"
        cancels.answered("o", now)
        following = cancels.next_ns()
        assert following is not None
        gaps.append((following - now) // S)
        now = following
    assert gaps == [1, 2, 4, 8, 10, 10]
    cancels.done("o")
    assert (cancels.due(now), cancels.next_ns(), "o" in cancels) == ([], None, False)


def test_o7_a_cancel_whose_answer_never_comes_is_sent_again() -> None:
    cancels = CancelBook()
    cancels.want("o", 0)
    assert cancels.due(0) == ["o"]
    assert cancels.next_ns() == 30 * S
    assert (cancels.due(30 * S - 1), cancels.due(30 * S)) == ([], ["o"])
    cancels.answered("o", 31 * S)
    cancels.answered("o", 45 * S)
    assert cancels.next_ns() == 33 * S, "the second answer is late and changes nothing"


# ---- ends that wait --------------------------------------------------------------------------------------------------
def report(filled: int, state: OrderState = OrderState.CANCELED) -> OrderReport:
    return OrderReport("o", "v", "ETH-USDT", state, 1000, filled, 0)


def test_an_end_is_let_go_when_its_executions_are_booked() -> None:
    endings = EndingBook(40 * S, 25 * S)
    endings.wait(report(400, OrderState.PARTIALLY_FILLED), 0)
    endings.wait(report(700), 0)
    endings.wait(report(500, OrderState.PARTIALLY_FILLED), 0)
    assert endings.booked("o", 600) is None
    assert endings.booked("o", 700) == report(700), "an older report does not take the newer one's place"
    assert endings.booked("o", 700) is None
    assert endings.booked("other", 5) is None


def test_missing_executions_are_told_once_and_asked_for_on_and_on() -> None:
    endings = EndingBook(40 * S, 25 * S)
    endings.wait(report(400), 0)
    assert endings.due(S // 8) == []
    asked = [now for now in range(0, 120 * S, S // 4) if endings.due(now)]
    assert asked[0] == S // 4
    assert len(asked) > 8 and asked[-1] > 100 * S
    assert endings.overdue(40 * S - 1) == []
    assert endings.overdue(40 * S) == [report(400)]
    assert endings.overdue(50 * S) == []
    endings.forget("o")
    assert (len(endings), endings.next_ns()) == (0, None)


def test_an_end_without_its_executions_needs_a_list_that_can_not_be_too_old() -> None:
    endings = EndingBook(40 * S, 25 * S)
    endings.wait(report(400), 0)
    endings.answered("o", 24 * S)
    assert endings.overdue(40 * S) == [report(400)]
    assert endings.hopeless() == [], "that list may be from before the executions"
    endings.answered("other", 30 * S)
    endings.answered("o", 25 * S)
    assert endings.hopeless() == [report(400)]


# ---- silence -----------------------------------------------------------------------------------------------------------
def test_an_order_at_market_is_asked_after_sooner_than_a_resting_one() -> None:
    audit = AuditBook()
    audit.heard("rests", 0, rests=True)
    audit.heard("market", 0, rests=False)
    assert audit.next_ns() == AT_ONCE_NS
    assert audit.due(AT_ONCE_NS - 1) == []
    assert audit.due(AT_ONCE_NS) == ["market"]
    assert audit.due(AT_ONCE_NS) == [], "once, until it has been quiet for as long again"
    assert audit.due(2 * AT_ONCE_NS) == ["market"]
    audit.forget("market")
    assert audit.due(REST_NS) == ["rests"]
    audit.forget("rests")
    assert (len(audit), audit.next_ns()) == (0, None)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.integers(0, 10)), max_size=40))
def test_whoever_was_heard_of_is_left_alone_and_whoever_was_not_is_asked_after(steps: list[tuple[str, bool, int]]) -> None:
    audit, heard, now = AuditBook(), {}, 0
    for name, is_heard, seconds in steps:
        now += seconds * S
        if is_heard:
            audit.heard(name, now, rests=True)
            heard[name] = now
        expected = {known for known, at in heard.items() if now >= at + REST_NS}
        found = audit.due(now)
        assert set(found) == expected and len(found) == len(expected)
        heard.update(dict.fromkeys(found, now))


# ---- what may be spent ---------------------------------------------------------------------------------------------------
def asked(
    connector: str = PERP, side: TradeType = TradeType.BUY, ticks: int | None = 10_000, action: PositionAction = PositionAction.OPEN
) -> OrderRequest:
    return OrderRequest(instrument(connector=connector), side, OrderType.LIMIT, 1000, ticks, action)


def under_way(request: OrderRequest, state: OrderState, filled: int = 0) -> Any:
    return SimpleNamespace(request=request, state=state, lots=request.lots, filled_lots=filled)


@pytest.mark.parametrize(
    ("request_", "leverage", "bound"),
    [
        (asked(), 1, ("USDT", D("100.04"))),
        (asked(), 5, ("USDT", D("20.04"))),
        (asked(action=PositionAction.CLOSE, side=TradeType.SELL), 5, ("USDT", D(0))),
        (asked(SPOT), 1, ("USDT", D("100.04"))),
        (asked(SPOT, TradeType.SELL), 1, ("ETH", D(1))),
        (asked(ticks=None), 1, ("USDT", D(0))),
    ],
)
def test_what_an_order_binds(request_: OrderRequest, leverage: int, bound: tuple[str, Any]) -> None:
    account = Account(D("0.0004"))
    account.leverage["ETH-USDT"] = leverage
    assert account.demand(request_, request_.price_ticks, request_.lots) == bound


def test_r21_orders_that_the_venue_may_not_count_yet_are_taken_off_its_free_balance() -> None:
    account = Account(D(0))
    account.set_balances({"USDT": (D(1000), D(900))}, complete=True)
    orders = [
        under_way(asked(), OrderState.PENDING_CREATE),
        under_way(asked(), OrderState.UNKNOWN, filled=400),
        under_way(asked(), OrderState.OPEN),
    ]
    # the open one was not there when the balance was told
    assert account.available("USDT", orders) == D(900) - D(100) - D(60) - D(100)
    assert account.available("BTC", orders) == 0


def test_a_complete_list_of_balances_forgets_what_it_does_not_name_and_an_update_does_not() -> None:
    account = Account(D(0))
    assert not account.is_known
    account.set_balances({"USDT": (D(5), D(5)), "ETH": (D(1), D(1))}, complete=True)
    account.set_balances({"USDT": (D(7), D(6))}, complete=False)
    assert (account.total("USDT"), account.total("ETH"), account.is_known) == (D(7), D(1), True)
    account.set_balances({"USDT": (D(7), D(6))}, complete=True)
    assert account.total("ETH") == 0
    account.forget()
    assert not account.is_known


def test_o16_in_hedge_mode_each_side_is_reduced_by_its_own_orders() -> None:
    account = Account(D(0))
    account.mode = PositionMode.HEDGE
    account.set_position("ETH-USDT", "long", 300)
    account.set_position("ETH-USDT", "short", -200)
    close = PositionAction.CLOSE
    assert account.reducible(asked(side=TradeType.SELL, action=close)) == 300
    assert account.reducible(asked(side=TradeType.BUY, action=close)) == 200
    assert account.reducible(asked(side=TradeType.BUY)) == 0
    account.mode = PositionMode.ONEWAY
    account.set_position("ETH-USDT", "net", -50)
    assert account.reducible(asked(side=TradeType.BUY)) == 50
    assert account.reducible(asked(side=TradeType.SELL)) == 0
