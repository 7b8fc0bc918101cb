"""Everybody's own authenticator: the page that sets it up, taking it away, and whether everybody must have one.

The owner's first one is set up in `condor.services.key_forms`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from condor.authenticators import Authenticators
from condor.host import WallClock
from condor.services.access import AccessService
from condor.services.bots import Claim
from condor.services.once import Form, FormField, OncePages
from condor.services.personal_pages import PersonalPages
from condor.services.step_up import StepUpService
from condor.store import Connection
from condor.store.common import write_audit
from condor.totp import app_address, new_secret, step_of
from condor.users import Actor, Role, require

FIRST = "the owner sets up the first authenticator, in /keys: the vault's passphrase is needed for that"
CODE = FormField("code", "Code of the app", "code")
Submit = Callable[[Mapping[str, str]], Awaitable[str]]
LEAST = Role.OPERATOR
"""Who does something that may ask for a code."""


class CodeForms:
    """See the module."""

    def __init__(
        self,
        pages: OncePages,
        own: Authenticators,
        step_up: StepUpService,
        journal: Journal,
        wall: WallClock,
        known: Callable[[Secret], None],
        access: AccessService,
    ) -> None:
        self._pages = PersonalPages(pages, access, LEAST, "codes")
        self._own = own
        self._step_up = step_up
        self._journal = journal
        self._wall = wall
        self._known = known

    @property
    def can_set_up(self) -> bool:
        """Whether somebody may set up their own: the owner has set up the first one."""
        return self._own.can_set_up

    def link_of(self, actor: Actor) -> str | None:
        """Address of the page that a person has asked for last, while it can be opened."""
        return self._pages.link_of(actor)

    async def set_up(self, actor: Actor) -> str:
        """A page with the QR code of a new authenticator of this person; a present one is asked for a code first, and replaced.

        Raises
        ------
        UserError
            If this person may not, or nobody can before the owner has.
        """
        self._pages.refuse_elsewhere(actor)
        if not self._own.can_set_up:
            raise UserError(self._own.trouble or FIRST)
        if self._step_up.has_one(actor):
            await self._step_up.require_fresh(actor)
        secret = self.drawn()

        async def submit(values: Mapping[str, str]) -> str:
            self.check(secret, values)
            await self._own.put(actor.front, actor.user_id, secret)
            self._step_up.forget(actor.front, actor.user_id)
            await self.note(actor, actor.user_id, "on")
            return "Set up. From now on what needs a code asks you for one of this app."

        return self._pages.open(actor, setting_up(secret, actor, (CODE,), submit))

    async def take_away(self, actor: Actor, front: str, user_id: int, claim: Claim) -> None:
        """Take somebody's authenticator away: one's own, or as the owner that of whoever has lost theirs.

        Raises
        ------
        UserError
            If the actor may not, they have none, or everybody must have one and it is one's own.
        """
        is_mine = (actor.front, actor.user_id) == (front, user_id)
        require(actor, LEAST if is_mine else Role.OWNER, "taking an authenticator away")
        await self._step_up.require_fresh(actor)
        if not self._own.has(front, user_id):
            raise UserError("they have no authenticator of their own")
        if is_mine and self._own.is_required:
            raise UserError("everybody needs an authenticator here; set up another one instead")
        await self._noted(actor, user_id, "off", claim)
        await self._own.put(front, user_id, None)
        self._step_up.forget(front, user_id)

    async def require_all(self, actor: Actor, is_required: bool, claim: Claim) -> None:
        """Ask everybody for an authenticator from now on, or only those who have one.

        Raises
        ------
        UserError
            If the actor may not, or has none himself: he would lock himself out.
        """
        require(actor, Role.OWNER, "asking everybody for codes")
        await self._step_up.require_fresh(actor)
        if not self._own.can_set_up:
            raise UserError(self._own.trouble or FIRST)
        if is_required and not self._step_up.has_own(actor.front, actor.user_id):
            raise UserError("set up your own authenticator first, in /codes: you would be asked for it, too")
        await self._noted(actor, 0, "everybody" if is_required else "who has one", claim)
        await self._own.require(is_required)

    # ---- parts that the owner's page shares ------------------------------------------------------------------------
    def drawn(self) -> Secret:
        """A new secret, which no log will show."""
        secret = new_secret()
        self._known(secret)
        return secret

    def check(self, secret: Secret, values: Mapping[str, str]) -> None:
        """UserError unless the app shows the right code."""
        if step_of(secret, "".join(values["code"].split()), self._wall.wall_ms() / 1000) is None:
            raise UserError("this code is not the one that your app should show now; is the clock of your phone right?")

    async def note(self, actor: Actor, user_id: int, after: str) -> None:
        """What was done to whose, in the audit."""
        await self._noted(actor, user_id, after, lambda connection: None)

    async def _noted(self, actor: Actor, user_id: int, after: str, claim: Claim) -> None:
        now_ms, target = self._wall.wall_ms(), f"user {user_id}" if user_id else "codes"

        def write(connection: Connection) -> None:
            claim(connection)
            write_audit(connection, now_ms, actor, "authenticator", target, after=after)

        await asyncio.wrap_future(self._journal.run(write))


def setting_up(secret: Secret, actor: Actor, fields: tuple[FormField, ...], submit: Submit) -> Form:
    """A page with the QR code of a secret."""
    words = (
        "Scan this with an authenticator app, then type the code that it shows.",
        f"Without a camera, type this into the app: {secret.reveal()}",
    )
    return Form("Set up an authenticator", words, fields, "Switch on", submit, _qr(app_address(secret, actor.name or "owner")))


def _qr(text: str) -> str:
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=False, svgns=True)
    return drawn.getvalue().decode()
