"""Codes and keys as they are typed into a chat (numbers are those of telegram.md section 7): what asks for a code, that it is deleted, and what happens in a group."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from condor.services.step_up import StepUpNeeded
from condor.store.panels import Panel
from condor.totp import STEP_S, code_at, new_secret
from condor.users import Actor, Role
from handlers.app import build_registry
from handlers.late import LatePictures
from handlers.live import LiveCards
from handlers.processor import ChatLocks
from handlers.router import Router
from handlers.view import View
from tests.support.house import House
from tests.support.key_world import KEY, SETTINGS, audit
from tests.support.programs import OWNER
from tests.support.waiting import until

SECRET = new_secret()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, SETTINGS) as made:
        made.program.services.step_up.use(SECRET)
        yield made


async def gone(house: House, message_id: int) -> None:
    await house.until(lambda: any((event["kind"], event.get("message_id")) == ("deleted", message_id) for event in house.events), "the deletion")


def code() -> str:
    return code_at(SECRET, int(time.time()) // STEP_S)


async def test_s59_keys_and_live_starts_ask_for_a_code_which_is_deleted_and_opens_them(house: House) -> None:
    program = house.program
    with pytest.raises(StepUpNeeded):
        await program.services.bots.before_live(OWNER, set())
    # whoever sits at the terminal of this machine needs none
    await program.services.bots.before_live(Actor(0, "terminal", Role.OWNER, "cli", 0), set())
    await house.send("/keys", "🔑 Keys")
    await house.tap("Connect an account")
    await house.wait_text("Code, please")
    # without the digits before it this could be one that is right
    await gone(house, await house.write("not a code"))
    await until(lambda: any(row[0] == "step_up" and row[3] == "wrong" for row in audit(program)), "the wrong code")
    await gone(house, await house.write(code()))
    await until(lambda: program.services.step_up.is_fresh(OWNER), "the step-up")
    await house.listen()
    await house.wait_text("🔑 Keys")
    await house.tap("Connect an account")
    await house.wait_text("One page, once")
    await program.services.bots.before_live(OWNER, set())


class Shown:
    """A presenter of a group in which nothing can be deleted, or of one in which it can."""

    def __init__(self, *, deletes: bool) -> None:
        self.views: list[View] = []
        self.erased: list[int] = []
        self._deletes = deletes

    async def erase(self, chat_id: int, message_id: int) -> bool:
        self.erased.append(message_id)
        return self._deletes

    async def put(self, panel: Panel, view: View, actor: Actor, *, silent: bool = False) -> Panel:
        self.views.append(view)
        return panel

    async def arm(self, panel: Panel, view: View, actor: Actor) -> None:
        """Nothing is asked."""

    async def say(self, chat_id: int, text: str, reply_to: int | None = None) -> None:
        raise AssertionError(text)


async def test_s58_a_key_typed_in_a_group_is_refused_deleted_and_warned_of(house: House) -> None:
    program = house.program
    for number, (deletes, words) in enumerate(((True, "it is gone"), (False, "could not be deleted"))):
        shown: Any = Shown(deletes=deletes)
        locks, services = ChatLocks(), program.services
        pictures = LatePictures(shown, services.panels, services.data.pictures, locks)
        router = Router(build_registry(), services, shown, LiveCards(locks, ChatLocks(), lambda: 0), lambda: 0, pictures)
        actor = Actor(7, "Ann", Role.OWNER, "telegram", -100)
        message = SimpleNamespace(text=f"my key is {KEY}", message_id=44, chat=SimpleNamespace(type="supergroup"), reply_to_message=None)
        update: Any = SimpleNamespace(message=message, update_id=901 + number)
        context: Any = SimpleNamespace(actor=actor)
        await router.on_line(update, context)
        (view,) = shown.views
        assert shown.erased == [44] and words in view.text and "Revoke the key" in view.text and "never taken in a group" in view.text
        assert not any(button.action == "keys_add" for row in view.rows for button in row)
        assert audit(program)[-1] == ("key_pasted", "group", "deleted" if deletes else "still there", "refused")
        assert KEY not in view.text and not program.services.keys.has_vault
