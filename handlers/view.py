"""What a screen returns: a card as data. Nothing here knows Telegram; `present` turns it into messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.html import Safe

MAX_LABEL = 40


@dataclass(frozen=True, slots=True)
class Button:
    """One button of a card.

    Parameters
    ----------
    action : str
        Name in the registry.
    once : bool
        Whether it may act a single time; for everything that changes state.
    style : str
        `danger`, `success`, `primary` or nothing.
    """

    text: str
    action: str
    args: Mapping[str, Any] = field(default_factory=dict)
    once: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Expects:
    """The question of a card: a typed line goes to this action as `text`."""

    action: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """A card: HTML of at most 4,096 visible characters, and rows of buttons.

    Parameters
    ----------
    is_live : bool
        Whether it is drawn again by itself while somebody looks at it.
    """

    text: Safe
    rows: tuple[tuple[Button, ...], ...] = ()
    expects: Expects | None = None
    is_live: bool = False


def show(text: str, screen: str, **args: Any) -> Button:
    """A button that turns the card to another screen; it changes nothing."""
    return Button(text, "show", {"screen": screen, "args": args})


def rows_of(buttons: list[Button], width: int = 2) -> tuple[tuple[Button, ...], ...]:
    """Buttons side by side, `width` in a row."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


# ---- what an action answers ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Show:
    """Turn the card to a screen.

    Parameters
    ----------
    toast : str
        Shown for a moment.
    is_new : bool
        Send a card of its own instead of turning the one that was tapped.
    """

    screen: str
    args: Mapping[str, Any] = field(default_factory=dict)
    toast: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """Say something and draw the card again as it is."""

    text: str
    is_alert: bool = False


@dataclass(frozen=True, slots=True)
class SendFile:
    """Send a file into the chat; the card stays as it is."""

    name: str
    content: bytes
    caption: str = ""


Outcome = Show | Toast | SendFile
