"""What services say through a front end without having been asked: a welcome, a way out of a group, the menu of somebody whose role has changed."""

from __future__ import annotations

from typing import Protocol

from condor.users import Role


class Voice(Protocol):
    """A front end that speaks; nothing of this raises, what does not get through is logged."""

    @property
    def link(self) -> str:
        """Where a person finds the bot; empty while it is not known."""
        ...

    async def say(self, chat_id: int, text: str) -> None: ...

    async def leave(self, chat_id: int) -> None: ...

    async def set_menu(self, user_id: int, role: Role) -> None: ...


class Voices:
    """The front ends that speak, by name."""

    def __init__(self) -> None:
        self._voices: dict[str, Voice] = {}

    def add(self, front: str, voice: Voice) -> None:
        self._voices[front] = voice

    def remove(self, front: str) -> None:
        """It speaks no more."""
        self._voices.pop(front, None)

    def link(self, front: str) -> str:
        """Where the bot is found; empty where the front end does not run."""
        voice = self._voices.get(front)
        return voice.link if voice is not None else ""

    async def say(self, front: str, chat_id: int, text: str) -> None:
        voice = self._voices.get(front)
        if voice is not None:
            await voice.say(chat_id, text)

    async def leave(self, front: str, chat_id: int) -> None:
        voice = self._voices.get(front)
        if voice is not None:
            await voice.leave(chat_id)

    async def set_menu(self, front: str, user_id: int, role: Role) -> None:
        voice = self._voices.get(front)
        if voice is not None:
            await voice.set_menu(user_id, role)
