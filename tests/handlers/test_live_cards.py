"""Cards that draw themselves again: what stops one, and what does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut

from botcore.model.errors import UserError
from condor.store.panels import Panel
from condor.users import Actor
from handlers.live import LiveCards
from handlers.processor import ChatLocks
from tests.support.programs import OWNER


class Draws:
    """Draws a card; each time as the next of these says."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.count = 0

    async def __call__(self, panel: Panel, actor: Actor, is_last: bool) -> Panel | None:
        self.count += 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        return panel


def watched(now_ms: Callable[[], int] = lambda: 0, screen: str = "trial") -> LiveCards:
    cards = LiveCards(ChatLocks(), ChatLocks(), now_ms)
    cards.watch(Panel("p1", "local", 1, 5, screen, {}, ""), OWNER)
    return cards


@pytest.mark.parametrize("error", [TimedOut(), NetworkError("connection reset")])
@pytest.mark.parametrize("screen", ["trial", "panic"])
async def test_a_line_that_fails_once_does_not_stop_a_card_for_good(error: TelegramError, screen: str) -> None:
    """What somebody waits for (the end of a backtest, how far a panic is) would never be shown."""
    cards, draws = watched(screen=screen), Draws(error, error)
    for number in range(1, 5):
        await cards.round(draws)
        assert draws.count == number


@pytest.mark.parametrize("error", [BadRequest("Message to edit not found"), UserError("it is gone")])
async def test_a_card_that_is_gone_is_not_drawn_again(error: Exception) -> None:
    cards, draws = watched(), Draws(error)
    for _ in range(3):
        await cards.round(draws)
    assert draws.count == 1


async def test_a_flood_is_waited_out() -> None:
    now = [0]
    cards, draws = watched(lambda: now[0]), Draws(RetryAfter(30))
    await cards.round(draws)
    now[0] = 29_000
    await cards.round(draws)
    assert draws.count == 1
    now[0] = 31_000
    await cards.round(draws)
    assert draws.count == 2
