"""When the answer to a card counts: who gives it, how old the card is, what it asked about, and how far its prices have moved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from condor.host import WallClock
from condor.services.confirms import Choice, ConfirmService, Frozen, Stale
from condor.store.confirms import DONE, EXECUTING, FAILED, Confirm
from condor.store.panels import AlreadyDone
from condor.users import Actor, Forbidden, Role

NOW = 1_790_000_000_000
ASKED = Confirm(
    "c",
    "p",
    "stop",
    {},
    "bot",
    "v1",
    {"text": "", "prices": {"m": "100", "gone": "5"}, "choices": []},
    "local",
    1,
    1,
    "Ann",
    NOW - 30_000,
    NOW + 30_000,
)
AT_MARKET, KEEP = Choice("close", "stop_bot", {}, by_price=True), Choice("keep", "stop_bot", {})


def service(now_ms: int = NOW) -> ConfirmService:
    return ConfirmService(None, WallClock(lambda: now_ms, lambda: 0))  # type: ignore[arg-type]


def frozen(price: str | None, version: str = "v1", pace: float = 1.0) -> Frozen:
    return Frozen("bot", version, {"m": None if price is None else Decimal(price)}, pace)


@pytest.mark.parametrize(
    ("price", "pace", "is_stale"),
    [
        ("100.5", 1, False),
        ("99.5", 1, False),
        ("100.51", 1, True),
        ("99.49", 1, True),
        (None, 1, True),
        ("102.5", 25, False),
        ("102.51", 25, True),
    ],
)
def test_s28_a_price_may_move_by_half_a_percent_and_further_where_the_market_runs_faster(price: str | None, pace: float, is_stale: bool) -> None:
    confirms = service()
    confirms.refuse_stale(ASKED, KEEP, frozen(price, pace=pace))
    if is_stale:
        with pytest.raises(Stale, match="Not done: m has moved"):
            confirms.refuse_stale(ASKED, AT_MARKET, frozen(price, pace=pace))
    else:
        confirms.refuse_stale(ASKED, AT_MARKET, frozen(price, pace=pace))


def test_t4_a_target_that_is_another_one_and_a_minute_that_is_over_ask_again() -> None:
    with pytest.raises(Stale, match="It has changed since it was shown"):
        service().refuse_stale(ASKED, KEEP, frozen("100", "v2"))
    service(ASKED.expires_ms).refuse_stale(ASKED, KEEP, frozen("100"))
    with pytest.raises(Stale, match="More than 1m have passed"):
        service(ASKED.expires_ms + 1).refuse_stale(ASKED, KEEP, frozen("100"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": EXECUTING, "chosen": "close"}, "already running: close"),
        ({"state": DONE, "result": "Stopping", "done_ms": NOW - 14_000}, "already done 14s ago: Stopping"),
        ({"state": FAILED, "result": "no", "done_ms": NOW - 3000}, "it failed 3s ago: no"),
    ],
)
def test_s32_a_second_answer_is_told_what_came_of_the_first(changes: dict[str, Any], words: str) -> None:
    service().refuse_second(ASKED)
    with pytest.raises(AlreadyDone) as told:
        service().refuse_second(replace(ASKED, **changes))
    assert str(told.value) == words


def test_s06_t13_only_who_asked_can_answer() -> None:
    service().refuse_others(ASKED, Actor(1, "Ann", Role.OPERATOR, "telegram", -5))
    with pytest.raises(Forbidden, match="only Ann can confirm this"):
        service().refuse_others(ASKED, Actor(2, "Bob", Role.OWNER, "telegram", -5))
