"""When Telegram does not take what is critical, the second channel does: at once when it refuses the token or somebody else holds it, and after ten minutes of silence.

What is handed on is a row of the outbox like any other, so each event goes out once there too, over restarts.
"""

from __future__ import annotations

from dataclasses import replace

from condor.store import Connection, outbox
from condor.store.outbox import QueuedNotice

SILENCE_MS = 10 * 60_000
FRONT = "telegram"


def to_hand_on(connection: Connection, now_ms: int, *, refused_ms: int | None, second: str) -> list[QueuedNotice]:
    """What is critical, has not reached Telegram in time, and was not handed on yet.

    Parameters
    ----------
    refused_ms : int, optional
        Since when Telegram says 401 or 409. What happens from then on is handed on in any case: somebody else may read that chat.
    second : str
        Front end of the second channel.
    """
    late = outbox.criticals(connection, FRONT, waiting_since_ms=now_ms - SILENCE_MS if refused_ms is None else now_ms, created_ms=refused_ms)
    return [item for item in late if not outbox.has_event(connection, second, item.outgoing.notice.event_id)]


def escalate(connection: Connection, now_ms: int, *, refused_ms: int | None, second: str) -> int:
    """Hand it on; returns how much that is."""
    found = to_hand_on(connection, now_ms, refused_ms=refused_ms, second=second)
    outbox.put(connection, [replace(item.outgoing, front=second, chat_id=0, state=outbox.QUEUED) for item in found], now_ms)
    return len(found)
