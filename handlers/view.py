"""What a screen returns: a card as data. Nothing here knows Telegram; `present` turns it into messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from condor.pictures.drawings import Drawing
from condor.services.confirms import Frozen
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
    confirm : bool
        Whether it answers what its card asks (`View.frozen`): it is held against that when it is tapped.
    by_price : bool
        Whether such an answer must not be taken once the price is another one.
    """

    text: str
    action: str
    args: Mapping[str, Any] = field(default_factory=dict)
    once: bool = False
    style: str = ""
    confirm: bool = False
    by_price: bool = False


@dataclass(frozen=True, slots=True)
class Expects:
    """The question of a card: a typed line goes to this action as `text`.

    Parameters
    ----------
    what : str
        What the card says that it waits for; empty where typing is one way among others.
    """

    action: str
    args: Mapping[str, Any]
    what: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A card: HTML of at most 4,096 visible characters (1,024 beside a picture), and rows of buttons.

    Parameters
    ----------
    is_live : bool
        Whether it is drawn again by itself while somebody looks at it.
    picture : bytes, optional
        A PNG that stands above the text.
    drawing : Drawing, optional
        A picture that is still to be drawn; the card is shown without it when that takes long, and gets it later.
    frozen : Frozen, optional
        What its confirming buttons are held against, as it is now.
    gone : str
        Why there is nothing to confirm here any more.
    is_public : bool
        Whether it has nothing of anybody's accounts, so that a group from which sums are hidden may see all of it.
    """

    text: Safe
    rows: tuple[tuple[Button, ...], ...] = ()
    expects: Expects | None = None
    is_live: bool = False
    picture: bytes | None = None
    drawing: Drawing | None = None
    frozen: Frozen | None = None
    gone: str = ""
    is_public: bool = False


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
class Send:
    """Send a file into the chat; the card stays.

    Parameters
    ----------
    caption : Safe
        What it is; at most 1,024 visible characters.
    """

    name: str
    content: bytes
    caption: Safe
    toast: str = ""


@dataclass(frozen=True, slots=True)
class SendLater:
    """Answer at once and send a file when it is made; a UserError of the making is said instead."""

    make: Callable[[], Awaitable[Send]]
    toast: str = ""


Outcome = Show | Toast | Send | SendLater
