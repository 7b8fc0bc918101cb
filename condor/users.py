"""Who asks, and what they may: every service checks this, whatever front end they came through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from botcore.model.errors import UserError


class Role(IntEnum):
    """What a user may do; each role may do what the ones below it may."""

    NOBODY = 0
    ALERT_ONLY = 1
    VIEWER = 2
    OPERATOR = 3
    TRADER = 4
    OWNER = 5


class Forbidden(UserError):
    """The actor's role does not reach."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who asks for something.

    Parameters
    ----------
    front : str
        Front end: `local`, `telegram`, `cli`.
    chat_id : int
        Where the answer goes.
    """

    user_id: int
    name: str
    role: Role
    front: str
    chat_id: int


def require(actor: Actor, role: Role, what: str) -> None:
    """Raise Forbidden unless the actor has at least this role."""
    if actor.role < role:
        raise Forbidden(f"{what} needs the role {role.name.lower()}, yours is {actor.role.name.lower()}")
