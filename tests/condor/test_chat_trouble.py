"""A token that is refused, or a bot that somebody else has: told once, over once, and never of a chat that is only away."""

from __future__ import annotations

from typing import Any

from condor.chat_trouble import AGAIN_MS, LASTS_MS, ChatTroubles


class World:
    """A front end whose polls a test judges."""

    def __init__(self) -> None:
        self.now_ms, self.frozen, self.told, self.changes = 1_000, "", list[tuple[str, bool]](), 0
        self.troubles = ChatTroubles(lambda: self.now_ms, self._clean, lambda name: self.frozen, self._tell, self._changed)

    def _clean(self, text: str) -> str:
        return text.replace("SECRET", "***")

    def _tell(self, payload: dict[str, Any]) -> None:
        self.told.append((payload["text"], bool(payload.get("is_over"))))

    def _changed(self) -> None:
        self.changes += 1

    def refused(self, reason: str = "somebody reads (409)") -> None:
        self.frozen = reason
        self.troubles.on_trouble("telegram", reason)

    def well(self) -> None:
        self.frozen = ""
        self.troubles.on_trouble("telegram", None)


def test_a_chat_that_is_only_away_is_shown_and_not_told() -> None:
    world = World()
    world.troubles.on_trouble("telegram", "can't be reached at https://api/botSECRET; (409) is only a number here")
    assert world.troubles.texts == {"telegram": "can't be reached at https://api/bot***; (409) is only a number here"}
    assert world.told == [] and world.troubles.refused_ms is None
    world.well()
    assert world.troubles.texts == {} and world.told == [] and world.changes == 2


def test_a_refusal_is_told_once_and_when_it_is_over() -> None:
    world = World()
    world.refused()
    world.now_ms += 5_000
    world.refused("refused (401)")
    assert [is_over for _, is_over in world.told] == [False] and "nothing can be changed from there" in world.told[0][0]
    assert world.troubles.refused_ms == 1_000
    world.well()
    assert [is_over for _, is_over in world.told] == [False, True] and world.troubles.refused_ms is None


def test_one_that_comes_and_goes_is_told_again_after_an_hour_and_nothing_is_over_that_was_not_told() -> None:
    world = World()
    for _ in range(3):
        world.refused()
        world.well()
        world.now_ms += 1_000
    assert [is_over for _, is_over in world.told] == [False, True]
    world.now_ms += AGAIN_MS
    world.refused()
    assert [is_over for _, is_over in world.told] == [False, True, False]


async def test_t9_t10_a_second_one_within_the_hour_that_lasts_is_told_once_too_and_when_it_is_over() -> None:
    world = World()
    world.refused()
    world.well()
    world.now_ms += 60_000
    world.refused("somebody reads again (409)")
    world.now_ms += LASTS_MS - 1
    await world.troubles.look()
    assert len(world.told) == 2, "it may still go by itself"
    world.now_ms += 1
    await world.troubles.look()
    await world.troubles.look()
    assert [is_over for _, is_over in world.told] == [False, True, False] and "reads again (409). Until that is over" in world.told[-1][0]
    world.well()
    await world.troubles.look()
    assert [is_over for _, is_over in world.told] == [False, True, False, True]


def test_a_bot_that_is_taken_away_is_not_said_to_be_well() -> None:
    world = World()
    world.refused()
    world.troubles.forget("telegram")
    assert world.troubles.texts == {} and world.troubles.refused_ms is None and len(world.told) == 1
