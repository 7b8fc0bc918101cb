"""How tests walk the wizard."""

from __future__ import annotations

from tests.support.instance import Person
from tests.support.transcript import Card, labels

SLOW = "clock: {tick_size: 1}\nmarket: {speed: 5}\n"


def begin(person: Person, name: str) -> Card:
    """The first question about something, by its command."""
    return person.send(f"/new {name}" if not name.startswith("/") else name, "On which venue?")


def reviewed(person: Person, card: Card) -> Card:
    person.tap("Review", card)
    return person.now(card)


def changed(person: Person, *lines: str, controller: str = "grid_strike") -> Card:
    """A draft's review after these lines of `field=value`."""
    card = begin(person, controller)
    for text in lines:
        card = person.send(text, "Now:")
    return reviewed(person, card)


def leave_no_draft(person: Person) -> None:
    """Cancel every draft of the chat: a typed line of the next test would ask which one it is for."""
    for card in list(person.seen.values()):
        if "✖ Cancel" in labels(card):
            person.tap("✖ Cancel", card)
