"""Who asks, and what they may: every service checks this, whatever front end they came through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from botcore.model.errors import UserError

LOCAL_FRONT, TELEGRAM_FRONT = "local", "telegram"
"""Front ends that are chats."""


class Role(IntEnum):
    """What a user may do; each role may do what the ones below it may."""

    NOBODY = 0
    ALERT_ONLY = 1
    VIEWER = 2
    OPERATOR = 3
    TRADER = 4
    OWNER = 5

    @property
    def title(self) -> str:
        """As people read it."""
        return self.name.lower().replace("_", "-")


class Forbidden(UserError):
    """The actor's role does not reach.

    Parameters
    ----------
    role : Role
        The one that would.
    """

    def __init__(self, text: str, role: Role = Role.NOBODY) -> None:
        super().__init__(text)
        self.role = role


class Frozen(Forbidden):
    """The front end that the actor came through may only look now."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who asks for something.

    Parameters
    ----------
    front : str
        Front end: `local`, `telegram`, `cli`.
    chat_id : int
        Where the answer goes.
    frozen : str
        Why nothing may be changed through this front end now; empty when it may.
    topic_id : int
        Of the group's topic that they spoke in; 0 for none.
    heard_ms : int, optional
        Wall time at which what they ask for now was heard of.
    """

    user_id: int
    name: str
    role: Role
    front: str
    chat_id: int
    frozen: str = ""
    topic_id: int = 0
    heard_ms: int | None = field(default=None, compare=False)


def require(actor: Actor, role: Role, what: str, *, is_emergency: bool = False) -> None:
    """Raise Forbidden unless the actor has at least this role, and Frozen where a front end that is frozen would change something.

    Parameters
    ----------
    is_emergency : bool
        What only makes things safer is never frozen.
    """
    if actor.role < role:
        raise Forbidden(f"{what} needs the role {role.title}, yours is {actor.role.title}", role)
    if role > Role.VIEWER:
        refuse_frozen(actor, role, is_emergency=is_emergency)


def refuse_frozen(actor: Actor, role: Role, *, is_emergency: bool = False) -> None:
    """Raise Frozen where this front end may change nothing now."""
    if actor.frozen and not is_emergency:
        raise Frozen(f"nothing is changed from here now: {actor.frozen}", role)


def parse_role(text: str) -> Role:
    """The role that a person names; UserError with those that there are.

    Raises
    ------
    UserError
        If it is none of them.
    """
    wanted = text.strip().lower().replace("_", "-")
    for role in Role:
        if role is not Role.NOBODY and role.title == wanted:
            return role
    raise UserError(f"expected a role ({', '.join(role.title for role in reversed(Role) if role)}), found {text.strip()[:32]!r}")
