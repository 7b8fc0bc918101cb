"""What a button carries, as a screen or an action is given it."""

from __future__ import annotations

from typing import Any, NoReturn

from condor.errors import UserError


class Outdated(UserError):
    """The button is of an older version of the program, or of a card that is forgotten."""

    def __init__(self) -> None:
        super().__init__("this card is outdated")


class Given(dict[str, Any]):
    """Arguments of which a missing one means that an older version drew the button."""

    def __missing__(self, name: str) -> NoReturn:
        raise Outdated
