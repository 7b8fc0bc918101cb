"""Moving to the phone: a Telegram bot of the person's own, given on the local page, beside the local chat from then on.

Its token is kept in the home, readable by its owner only. One that stands in the environment wins, and is not changed from here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from condor.errors import UserError
from condor.private_file import write_private

_TOKEN = re.compile(r"\d{5,20}:[A-Za-z0-9_-]{20,100}")


class Front(Protocol):
    """A front end that is, or becomes, the bot on Telegram."""

    is_up: bool

    @property
    def link(self) -> str: ...

    async def introduce(self) -> None:
        """Ask Telegram who it is; raises UserError when it refuses or does not answer."""

    def start_soon(self) -> None: ...

    async def close(self) -> None: ...


F = TypeVar("F", bound=Front)


class Phone(Generic[F]):
    """See the module.

    Parameters
    ----------
    file : Path
        Where the token is kept.
    why_fixed : str
        Why no bot can be connected or forgotten from here; empty when it can.
    make, take, drop : callable
        Make a front for a token; take one into the program; take it out again.
    claim_code : callable
        What the first owner sends; None when there is one.
    trouble : callable
        Why the bot does not answer; None when it does, or when nothing is known.
    """

    def __init__(
        self,
        file: Path,
        why_fixed: str,
        make: Callable[[str], F],
        take: Callable[[F], None],
        drop: Callable[[F], Awaitable[None]],
        claim_code: Callable[[], Awaitable[str | None]],
        trouble: Callable[[], str | None],
    ) -> None:
        self._file = file
        self._why_fixed = why_fixed
        self._make = make
        self._take = take
        self._drop = drop
        self._claim_code = claim_code
        self._trouble = trouble
        self._front: F | None = None

    def start(self, token: str | None) -> None:
        """Connect in the background with the token that is known at the start, if there is one."""
        if token is not None:
            self._front = self._make(token)
            self._take(self._front)
            self._front.start_soon()

    async def connect(self, text: str) -> dict[str, Any]:
        """Connect the bot whose token this is and keep the token; nothing is kept when Telegram does not know it.

        Raises
        ------
        UserError
            If there is a bot already, or this is no token, or Telegram refuses it or can't be reached.
        """
        if self._why_fixed:
            raise UserError(self._why_fixed)
        if self._front is not None:
            raise UserError("a bot is connected already; forget it first")
        token = _TOKEN.search(text)
        if token is None:
            raise UserError(
                "expected a bot's token such as 123456789:AAF…, as @BotFather shows it; found "
                + ("nothing" if not text.strip() else f"{len(text.strip())} characters that are none")
            )
        front = self._make(token[0])
        try:
            await front.introduce()
        except BaseException:
            await front.close()
            raise
        if self._front is not None:
            # a second tap while Telegram was asked
            await front.close()
            return await self.look()
        write_private(self._file, token[0])
        self._front = front
        self._take(front)
        front.start_soon()
        return await self.look()

    async def forget(self) -> dict[str, Any]:
        """Disconnect the bot and delete its token; who was let in stays known.

        Raises
        ------
        UserError
            If the token stands in the environment.
        """
        if self._why_fixed:
            raise UserError(self._why_fixed)
        front, self._front = self._front, None
        self._file.unlink(missing_ok=True)
        if front is not None:
            await self._drop(front)
        return await self.look()

    async def look(self) -> dict[str, Any]:
        """How it stands, for the page: `none`, `connecting` or `up`; with the link to open on the phone."""
        front = self._front
        if front is None:
            return {"state": "none", "fixed": self._why_fixed}
        found: dict[str, Any] = {"state": "up" if front.is_up else "connecting", "fixed": self._why_fixed, "trouble": self._trouble()}
        if front.is_up:
            code = await self._claim_code()
            found |= {
                "link": f"{front.link}?start=claim_{code}" if code else front.link,
                "claimed": code is None,
                "name": front.link.rpartition("/")[2],
            }
        return found


def saved_token(file: Path) -> str | None:
    """The token that was kept; None when none was, or the file holds something else."""
    try:
        found = _TOKEN.fullmatch(file.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError):
        return None
    return None if found is None else found[0]
