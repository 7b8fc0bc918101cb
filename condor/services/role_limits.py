"""The owner's limits of a role: the greatest order, and the greatest position, that somebody who has it may take. There are none until the owner sets them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from botcore.model.errors import UserError, nearest
from botcore.recorder.journal import Journal
from condor.hand_limits import NO_LIMITS, HandLimits
from condor.host import WallClock
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.common import write_audit
from condor.store.role_limits import limits_of_role, put_role_limit
from condor.units import amount, plain
from condor.users import Actor, Role, require

FIELDS = {"max_order": "greatest value of one order", "max_position": "greatest value held in one market"}
LIMITED = (Role.TRADER,)
"""Whoever is below gives no orders, and the owner sets the limits."""
OFF = {"off", "none", "no", "-"}
MOST = Decimal("1e12")


class RoleLimits:
    """See the module.

    Parameters
    ----------
    require_fresh : callable
        Asked before a limit is raised or taken away; raises until a code was shown, where codes are asked.
    """

    def __init__(self, journal: Journal, wall: WallClock, require_fresh: Callable[[Actor], Awaitable[None]]) -> None:
        self._journal = journal
        self._wall = wall
        self._require_fresh = require_fresh

    async def of(self, role: Role) -> HandLimits:
        """What somebody of this role is held to."""
        if role not in LIMITED:
            return NO_LIMITS
        return await asyncio.wrap_future(self._journal.read(lambda connection: _of(connection, role)))

    async def wanted(self, actor: Actor, role: Role, field: str, text: str) -> HandLimits:
        """The limits of a role as they would be; raises as `change` does, and changes nothing."""
        _check(actor, role, field)
        return (await self.of(role)).with_limit(field, read_limit(text))

    async def change(self, actor: Actor, role: Role, field: str, text: str, claim: Claim) -> HandLimits:
        """Set one limit, or take it away with `off`.

        Raises
        ------
        StepUpNeeded
            If it would be raised, and a code is to be shown first.
        UserError
            If the actor may not, or the text is no amount. Nothing has changed then.
        """
        _check(actor, role, field)
        value = read_limit(text)
        if _is_raised(getattr(await self.of(role), field), value):
            await self._require_fresh(actor)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> HandLimits:
            claim(connection)
            before = _of(connection, role)
            put_role_limit(connection, role.title, field, value, now_ms)
            was = getattr(before, field)
            write_audit(connection, now_ms, actor, "change_role_limit", f"{role.title} {field.replace('_', ' ')}", _text(was), _text(value))
            return before.with_limit(field, value)

        return await asyncio.wrap_future(self._journal.run(write))


def _of(connection: Connection, role: Role) -> HandLimits:
    return HandLimits(role.title, **limits_of_role(connection, role.title))


def _check(actor: Actor, role: Role, field: str) -> None:
    require(actor, Role.OWNER, "changing the limits of a role")
    if role not in LIMITED:
        raise UserError(f"a role that can be limited is {', '.join(each.title for each in LIMITED)}, found {role.title}")
    if field not in FIELDS:
        raise UserError(f"there is no limit {field!r}{nearest(field, FIELDS)}")


def _is_raised(before: Decimal | None, after: Decimal | None) -> bool:
    return before is not None and (after is None or after > before)


def _text(value: Decimal | None) -> str:
    return "none" if value is None else plain(value)


def read_limit(text: str) -> Decimal | None:
    """What a person has typed, in dollars; None takes the limit away. UserError if it is no amount."""
    said = text.strip()
    if said.lower() in OFF:
        return None
    value = amount(said)
    if not 0 < value <= MOST:
        raise UserError(f"expected an amount above 0, such as 500 or 2k, or off, found {said[:40]!r}")
    return value
