"""Step-up: whoever does something dangerous shows that he is who he says, by a code of his own authenticator app. Off until it is set up.

A right code opens five minutes for whoever typed it, in the front end where he typed it. It works once and never again; five wrong ones lock for a quarter of an hour,
over restarts too. Each person has an authenticator of their own (`condor.authenticators`); one that an earlier version has set up for the whole home counts for those
who have none. The owner may require one of everybody. While the secrets can't be read no code can be checked, and what asks for one is refused.
"""

from __future__ import annotations

import asyncio

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from condor.authenticators import Authenticators
from condor.host import WallClock
from condor.store import Connection
from condor.store.common import write_audit
from condor.store.step_up import HOME, MAX_WRONG, Tries, after_wrong, put_tries, tries_of, use_step
from condor.totp import DIGITS, step_of
from condor.users import Actor

FRESH_MS = 5 * 60_000


class StepUpNeeded(UserError):
    """A code is asked for first; the request may be made again after it."""


class StepUpService:
    """See the module.

    Parameters
    ----------
    secret : Secret, optional
        Of the home's authenticator, from the vault.
    is_on : bool
        Whether the home has one: without its secret nothing that needs a code is done.
    own : Authenticators, optional
        Those of persons.
    """

    def __init__(
        self, journal: Journal, wall: WallClock, secret: Secret | None = None, *, is_on: bool = False, own: Authenticators | None = None
    ) -> None:
        self._journal = journal
        self._wall = wall
        self._secret = secret
        self._is_on = is_on or secret is not None
        self._own = own
        self._fresh: dict[tuple[str, int], int] = {}

    def has_own(self, front: str, user_id: int) -> bool:
        """Whether somebody has set up an authenticator of their own."""
        return self._own is not None and self._own.has(front, user_id)

    def has_one(self, actor: Actor) -> bool:
        """Whether this person can show codes: of their own authenticator, or of the home's."""
        return self._is_on or self.has_own(actor.front, actor.user_id)

    @property
    def is_required(self) -> bool:
        """Whether everybody needs one for what asks for a code."""
        return self._own is not None and self._own.is_required

    @property
    def is_on(self) -> bool:
        """Whether the home has one that is for everybody who has none of their own."""
        return self._is_on

    def is_asked(self, actor: Actor) -> bool:
        """Whether codes are asked of this person."""
        return self.has_one(actor) or self.is_required or bool(self._trouble())

    def _trouble(self) -> str:
        return self._own.trouble if self._own is not None else ""

    def use(self, secret: Secret | None) -> None:
        """From now on codes are of this secret; None asks for none any more. Whoever was let in before is not any more."""
        self._secret, self._is_on = secret, secret is not None
        self._fresh.clear()

    def forget(self, front: str, user_id: int) -> None:
        """Somebody has another authenticator, or none: what their last code has opened is closed."""
        self._fresh.pop((front, user_id), None)

    def is_fresh(self, actor: Actor) -> bool:
        """Whether this person may do what needs a code."""
        return not self.is_asked(actor) or self._fresh.get((actor.front, actor.user_id), 0) > self._wall.wall_ms()

    async def require_fresh(self, actor: Actor) -> None:
        """Let pass whoever has shown a code within five minutes, and everybody while none is asked for.

        Raises
        ------
        StepUpNeeded
            If a code must be shown first.
        UserError
            If none can be checked, or this person's are not looked at for a while.
        """
        if self.is_fresh(actor):
            return
        self._secret_of(actor)
        tries = await asyncio.wrap_future(self._journal.read(lambda connection: tries_of(connection, actor.front, actor.user_id)))
        self._refuse_locked(tries)
        raise StepUpNeeded(f"this needs the {DIGITS} digits of your authenticator")

    async def show(self, actor: Actor, text: str) -> None:
        """Check a code.

        Raises
        ------
        UserError
            If it is wrong, was used before, or none is looked at now; every wrong one is in the audit.
        """
        secret, key = self._secret_of(actor)
        code = "".join(text.split())
        now_ms = self._wall.wall_ms()

        def check(connection: Connection) -> str:
            tries = tries_of(connection, actor.front, actor.user_id)
            self._refuse_locked(tries)
            step = step_of(secret, code, now_ms / 1000) if code.isascii() and code.isdigit() and len(code) == DIGITS else None
            if step is not None and use_step(connection, step, key):
                put_tries(connection, actor.front, actor.user_id, Tries())
                write_audit(connection, now_ms, actor, "step_up", "code", result="done")
                return ""
            counted = after_wrong(tries, now_ms)
            put_tries(connection, actor.front, actor.user_id, counted)
            write_audit(connection, now_ms, actor, "step_up", "code", result="locked" if counted.locked_until_ms else "wrong")
            if counted.locked_until_ms:
                return f"that was the {MAX_WRONG}th wrong code: none is looked at for 15 minutes"
            what = "this code was used before; wait for the next one" if step is not None else "this code is wrong"
            return f"{what} ({MAX_WRONG - counted.wrong} more tries)"

        problem = await asyncio.wrap_future(self._journal.run(check))
        if problem:
            raise UserError(problem)
        self._fresh[actor.front, actor.user_id] = now_ms + FRESH_MS

    def _secret_of(self, actor: Actor) -> tuple[Secret, str]:
        """The secret that this person's codes are held against, and the name under which used ones are remembered."""
        if self._trouble():
            raise UserError(self._trouble())
        own = self._own.secret(actor.front, actor.user_id) if self._own is not None else None
        if own is not None:
            return own, f"{actor.front[:2]} {actor.user_id}"
        if self._secret is not None:
            return self._secret, HOME
        if self._is_on:
            raise UserError("the vault is locked, so no code can be checked: start Condor with its passphrase")
        if self.is_required:
            raise UserError("the owner wants an authenticator of everybody for this; /codes sets up yours")
        raise UserError("no authenticator is set up; /codes does that")

    def _refuse_locked(self, tries: Tries) -> None:
        left_ms = tries.locked_until_ms - self._wall.wall_ms()
        if left_ms > 0:
            raise UserError(f"too many wrong codes: none is looked at for {max(1, round(left_ms / 60_000))} more minutes")
