"""What the chat holds, in memory and in its file: messages, events of the page, updates that wait for the bot, taps that wait for an answer.

Every change is written before it is visible to the other side; what is old is forgotten in both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from condor.localchat.view import event_of
from condor.store.chat_store import KEEP_EVENTS, KEEP_MESSAGES, ChatStore, wipe

QUERY_TTL_S = 60
PRUNE_EVERY = 500
EVENTS_WHEN_SHORT = 500
"""Of the newest, kept in memory when it is short: what a page that is open may still ask for."""


class ChatMemory:
    """See the module.

    Parameters
    ----------
    now : callable
        Wall time in seconds.

    Attributes
    ----------
    on_change : callable
        Called after every change, so that whoever waits can look again.
    seq : int
        Number of the newest event.
    """

    def __init__(self, store: ChatStore, now: Callable[[], float]) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._store = store
        self._now = now
        loaded = store.load()
        self.messages: dict[int, dict[str, Any]] = {message["message_id"]: message for message in loaded["messages"]}
        self.updates: deque[dict[str, Any]] = deque(loaded["updates"])
        self.events: deque[dict[str, Any]] = deque(loaded["events"], maxlen=KEEP_EVENTS)
        self._queries: dict[str, dict[str, Any]] = {query["id"]: query for query in loaded["queries"]}
        counters = store.value("counters") or {}
        self._next_message = max(counters.get("message", 1), max(self.messages, default=0) + 1)
        self._next_update = max(counters.get("update", 1), self.updates[-1]["update_id"] + 1 if self.updates else 1)
        self._next_query = counters.get("query", 1)
        self.seq = max(counters.get("seq", 0), self.events[-1]["seq"] if self.events else 0)
        # events up to here are in the file only
        self._shed_seq = 0
        self.commands: dict[str, list[dict[str, str]]] = store.value("commands") or {}
        self.pinned: list[int] = [message_id for message_id in store.value("pinned") or [] if message_id in self.messages]
        self.keyboard: dict[str, Any] | None = store.value("keyboard")

    # ---- events ----------------------------------------------------------------------------------------------------
    def events_after(self, seq: int, count: int) -> list[dict[str, Any]]:
        """The first `count` events behind a number; from the file where memory does not go back so far."""
        if seq < self._shed_seq:
            return self._store.events_after(seq, count)
        return list(islice((event for event in self.events if event["seq"] > seq), count))

    def shed(self) -> int:
        """Forget all but the newest events, which the file has too; returns about how many bytes they took."""
        found = 0
        while len(self.events) > EVENTS_WHEN_SHORT:
            event = self.events.popleft()
            self._shed_seq = event["seq"]
            found += len(str(event))
        return found

    # ---- updates for the bot ---------------------------------------------------------------------------------------
    def confirm_updates(self, offset: int) -> None:
        """The bot has everything below `offset`."""
        if self.updates and self.updates[0]["update_id"] < offset:
            while self.updates and self.updates[0]["update_id"] < offset:
                self.updates.popleft()
            self._store.save(done_updates=offset)

    def drop_updates(self) -> None:
        self.updates.clear()
        self._store.save(done_updates=self._next_update)

    # ---- messages --------------------------------------------------------------------------------------------------
    def outward(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message as the Bot API shows it, the replied one inside."""
        shown = {key: value for key, value in message.items() if not key.startswith("_")}
        replied = self._replied(message)
        if replied is not None:
            shown["reply_to_message"] = {key: value for key, value in replied.items() if not key.startswith("_")}
        return shown

    def _replied(self, message: dict[str, Any]) -> dict[str, Any] | None:
        return self.messages.get(message.get("_reply_to", 0))

    def _forget_words(self, message_id: int) -> None:
        """What a person has typed and had deleted is nowhere any more: it may have been a key, or a code."""
        for item in (*self.events, *self.updates):
            wipe(item, message_id)
        self._store.forget_words(message_id)

    # ---- changes ---------------------------------------------------------------------------------------------------
    def _take(self, counter: str) -> int:
        name = f"_next_{counter}"
        value: int = getattr(self, name)
        setattr(self, name, value + 1)
        return value

    def _counters(self) -> dict[str, int]:
        return {"message": self._next_message, "update": self._next_update, "query": self._next_query, "seq": self.seq}

    def _commit(self, kind: str, message: dict[str, Any], update: dict[str, Any] | None = None) -> None:
        """Write a message's change with its event and, for the bot, its update."""
        message_id = message["message_id"]
        self.seq += 1
        event = {"seq": self.seq, **self.event_of(kind, message)}
        self.events.append(event)
        new_updates = []
        if update is not None:
            new_updates.append({"update_id": self._take("update"), **update})
        self._store.save(
            changed_messages={message_id: None if message.get("_gone") else message},
            new_events=[event],
            new_updates=new_updates,
            values={"counters": self._counters()},
        )
        self.updates.extend(new_updates)
        if self.seq % PRUNE_EVERY == 0:
            self._prune()
        self.on_change()

    def _push(self, update: dict[str, Any], **changes: Any) -> None:
        full = {"update_id": self._take("update"), **update}
        self._store.save(new_updates=[full], values={"counters": self._counters()}, **changes)
        self.updates.append(full)
        self.on_change()

    def _note(self, event: dict[str, Any], values: dict[str, Any] | None = None, **changes: Any) -> None:
        self.seq += 1
        full = {"seq": self.seq, **event}
        self.events.append(full)
        self._store.save(new_events=[full], values={"counters": self._counters(), **(values or {})}, **changes)
        self.on_change()

    def _prune(self) -> None:
        newest = max(self.messages, default=0)
        for message_id in [message_id for message_id in self.messages if message_id <= newest - KEEP_MESSAGES]:
            del self.messages[message_id]
        self.pinned = [message_id for message_id in self.pinned if message_id in self.messages]
        fresh = self._now() - 10 * QUERY_TTL_S
        self._queries = {query_id: query for query_id, query in self._queries.items() if query["date"] > fresh}
        self._store.prune()

    def event_of(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        """What the page and programs see of a message."""
        return event_of(kind, message, self._replied(message))
