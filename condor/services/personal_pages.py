"""One-time pages that somebody asks for in their private chat. Whether they may is asked twice, when a page is opened and when it is answered: roles change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from botcore.model.errors import UserError
from condor.services.access import AccessService
from condor.services.once import Form, OncePages
from condor.users import Actor, Role, require


class PersonalPages:
    """See the module.

    Parameters
    ----------
    least : Role
        Who may have such a page.
    what : str
        What the pages are for, as it is said to whoever may not.
    """

    def __init__(self, pages: OncePages, access: AccessService, least: Role, what: str) -> None:
        self._pages = pages
        self._access = access
        self._least = least
        self._what = what
        self._links: dict[tuple[str, int], str] = {}

    def refuse_elsewhere(self, actor: Actor) -> None:
        """UserError unless the actor may have a page, and is where nobody else reads its address."""
        require(actor, self._least, self._what)
        if actor.chat_id != actor.user_id:
            raise UserError("this is for your private chat with the bot: everybody in this group would see the address")

    def open(self, actor: Actor, form: Form) -> str:
        """A page whose answers are taken while the person who asked for it still may; its address stays in memory only."""

        async def submit(values: Mapping[str, str]) -> str:
            require(await self._access.actor(actor.front, actor.user_id, actor.name, actor.chat_id), self._least, self._what)
            return await form.submit(values)

        link = self._links[actor.front, actor.user_id] = self._pages.open(replace(form, submit=submit))
        return link

    def link_of(self, actor: Actor) -> str | None:
        """Address of the page that a person has asked for last, while it can be opened."""
        require(actor, self._least, self._what)
        link = self._links.get((actor.front, actor.user_id), "")
        return link if self._pages.is_open(link.rpartition("/")[2]) else None
