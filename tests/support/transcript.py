"""What somebody at the local chat has seen, whether its program runs in this process (`house`) or in one of its own (`instance`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Card = dict[str, Any]
Fits = Callable[[Card], bool]


class Transcript:
    """Messages as they stand now, and what happened.

    Attributes
    ----------
    seen : dict
        The messages, by id.
    answers : list
        What taps were answered with (`toast`, `alert`), in order.
    events : list
        All that came, in order.
    """

    def __init__(self) -> None:
        self.seen: dict[int, Card] = {}
        self.answers: list[Card] = []
        self.events: list[Card] = []
        self._seq = 0

    # ---- taking in -------------------------------------------------------------------------------------------------
    def begin(self, first: dict[str, Any]) -> None:
        """What stands in the chat at first."""
        self._seq = first["seq"]
        self.seen = {message["message_id"]: message for message in first["messages"]}

    def take(self, news: dict[str, Any]) -> None:
        """What the chat tells after `_seq`."""
        self._seq = max(self._seq, news["seq"])
        for event in news["events"]:
            self.events.append(event)
            if event["kind"] in ("message", "sent", "edited"):
                self.seen[event["message_id"]] = event
            elif event["kind"] == "deleted":
                self.seen.pop(event["message_id"], None)
            elif event["kind"] == "answered":
                self.answers.append(event)

    # ---- looking ---------------------------------------------------------------------------------------------------
    def now(self, message: Card) -> Card:
        """A message as it stands now."""
        return self.seen[message["message_id"]]

    def text(self, message: Card) -> str:
        """How a message reads now."""
        return str(self.now(message)["text"])

    def labels(self, message: Card) -> list[str]:
        """The buttons of a message as it stands now."""
        return labels(self.now(message))

    def last(self) -> Card:
        return self.seen[max(self.seen)]

    def texts(self) -> list[str]:
        return [self.seen[message_id]["text"] for message_id in sorted(self.seen)]

    def fitting(self, fits: Fits) -> list[Card]:
        """The messages that fit, oldest first."""
        return [message for _, message in sorted(self.seen.items()) if fits(message)]

    def button(self, label: str, message: Card | None = None) -> tuple[Card, int, int]:
        """Where a button with this in its label is: of a message as it stands now, else the newest one."""
        looked = [self.now(message)] if message is not None else sorted(self.seen.values(), key=lambda item: -item["message_id"])
        for candidate in looked:
            for row, buttons in enumerate(candidate["buttons"] or []):
                for column, button in enumerate(buttons):
                    if label in button["text"]:
                        return candidate, row, column
        raise AssertionError(f"no button {label!r}; the chat ends with {self.texts()[-2:]} {[item['buttons'] for item in looked[:2]]}")


def labels(card: Card) -> list[str]:
    return [button["text"] for row in card["buttons"] or [] for button in row]


def from_bot(*words: str, after: int = 0) -> Fits:
    """Whether a message is of the bot, newer than another one, and holds these words."""
    return lambda message: message["message_id"] > after and message["from"] == "bot" and all(word in message["text"] for word in words)


def answer_text(answer: Card) -> str:
    """What pops up."""
    return answer.get("toast") or answer.get("alert") or ""
