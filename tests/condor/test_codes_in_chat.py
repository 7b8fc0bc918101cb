"""Codes and keys as they are typed into a chat (numbers are those of telegram.md section 7): what asks for a code, that it is deleted, and what happens in a group."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from condor.services.step_up import StepUpNeeded
from condor.store.panels import Panel
from condor.totp import STEP_S, code_at, new_secret
from condor.users import Actor, Role
from condor.wiring import Program
from handlers.app import build_registry
from handlers.late import LatePictures
from handlers.live import LiveCards
from handlers.processor import ChatLocks
from handlers.router import Router
from handlers.view import View
from tests.support.key_world import KEY, audit, running
from tests.support.panics import until

OWNER = Actor(1, "You", Role.OWNER, "local", 1)
SECRET = new_secret()


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    async with running(tmp_path) as made:
        made.services.step_up.use(SECRET)
        yield made


class Chat:
    """A person at the local page."""

    def __init__(self, program: Program) -> None:
        self.state = program._chat_state
        self._base = program.web.base
        self._headers = {"Authorization": f"Bearer {program._home.chat_token.read_text().strip()}"}

    async def _call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with aiohttp.ClientSession(headers=self._headers) as session, session.post(self._base + path, json=body) as answer:
            return dict(await answer.json())

    async def say(self, text: str) -> int:
        return int((await self._call("/chat/send", {"text": text}))["message_id"])

    async def shown(self, words: str) -> dict[str, Any]:
        """The newest card with these words, once there is one."""
        fits = lambda: [one for one in self.state.messages.values() if one["from"]["is_bot"] and words in one["text"]]  # noqa: E731
        await until(fits, words)
        return dict(fits()[-1])

    async def tap(self, label: str) -> None:
        """Tap the newest button with this label."""
        for message in sorted(self.state.messages.values(), key=lambda one: -one["message_id"]):
            for row, buttons in enumerate(message.get("reply_markup", {}).get("inline_keyboard", [])):
                for column, button in enumerate(buttons):
                    if label in button["text"]:
                        await self._call("/chat/tap", {"message_id": message["message_id"], "row": row, "column": column})
                        return
        raise AssertionError(f"no button {label!r}")


def code() -> str:
    return code_at(SECRET, int(time.time()) // STEP_S)


async def test_s59_keys_and_live_starts_ask_for_a_code_which_is_deleted_and_opens_them(program: Program) -> None:
    with pytest.raises(StepUpNeeded):
        await program.services.bots.before_live(OWNER, set())
    # whoever sits at the terminal of this machine needs none
    await program.services.bots.before_live(Actor(0, "terminal", Role.OWNER, "cli", 0), set())
    chat = Chat(program)
    await chat.say("/keys")
    await chat.shown("🔑 Keys")
    await chat.tap("Connect an account")
    await chat.shown("Code, please")
    # without the digits before it this could be one that is right
    wrong = await chat.say("not a code")
    await until(lambda: wrong not in chat.state.messages, "the deletion")
    await until(lambda: any(row[0] == "step_up" and row[3] == "wrong" for row in audit(program)), "the wrong code")
    typed = await chat.say(code())
    await until(lambda: typed not in chat.state.messages, "the deletion")
    await until(lambda: program.services.step_up.is_fresh(OWNER), "the step-up")
    await chat.shown("🔑 Keys")
    await chat.tap("Connect an account")
    await chat.shown("One page, once")
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


async def test_s58_a_key_typed_in_a_group_is_refused_deleted_and_warned_of(program: Program) -> None:
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
