"""How tests walk the wizard: cards as they stand now, taps on them, replies to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.instance import Instance, Person

Card = dict[str, Any]
SLOW = "clock: {tick_size: 1}\nmarket: {speed: 5}\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One instance for the scenarios that leave nothing running behind that the others would mind."""
    running = Instance(tmp_path_factory.mktemp("wizard") / "home", SLOW).start()
    try:
        yield running
    finally:
        running.kill()


@pytest.fixture
def person(shared: Instance) -> Iterator[Person]:
    """Somebody at the chat."""
    somebody = shared.person()
    yield somebody
    leave_no_draft(somebody)


def begin(person: Person, name: str) -> Card:
    """The first question about something, by its command."""
    return person.send(f"/new {name}" if not name.startswith("/") else name, "On which venue?")


def now(person: Person, card: Card) -> Card:
    return person.seen[card["message_id"]]


def tap(person: Person, label: str, card: Card) -> Card:
    """Tap a button of a card as it stands now."""
    return person.tap(label, now(person, card))


def labels(card: Card) -> list[str]:
    return [button["text"] for row in card["buttons"] or [] for button in row]


def reviewed(person: Person, card: Card) -> Card:
    tap(person, "Review", card)
    return now(person, card)


def changed(person: Person, *lines: str, controller: str = "grid_strike") -> Card:
    """A draft's review after these lines of `field=value`."""
    card = begin(person, controller)
    for text in lines:
        card = person.send(text, "Now:")
    return reviewed(person, card)


def reply(person: Person, text: str, to: Card, *words: str) -> Card:
    sent = person.call("/chat/send", {"text": text, "reply_to": to["message_id"]})["message_id"]
    return person.wait(lambda message: message["message_id"] > sent and message["from"] == "bot" and all(word in message["text"] for word in words))


def leave_no_draft(person: Person) -> None:
    """Cancel every draft of the chat: a typed line of the next test would ask which one it is for."""
    for card in list(person.seen.values()):
        if "✖ Cancel" in labels(card):
            tap(person, "✖ Cancel", card)
