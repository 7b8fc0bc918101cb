"""When Telegram does not take what is critical, the second channel does: at once when it refuses the token or somebody else holds it, and after ten minutes of silence.

What is handed on is a row of the outbox like any other, so each event goes out once there too, over restarts.
"""

from __future__ import annotations

from dataclasses import replace

from condor.store import Connection, outbox

SILENCE_MS = 10 * 60_000
FRONT = "telegram"


def escalate(connection: Connection, now_ms: int, *, refused_ms: int | None, second: str) -> int:
    """Hand on what is critical and has not reached Telegram in time; returns how much that is.

    Parameters
    ----------
    refused_ms : int, optional
        Since when Telegram says 401 or 409. What happens from then on is handed on in any case: somebody else may read that chat.
    second : str
        Front end of the second channel.
    """
    late = outbox.criticals(connection, FRONT, waiting_since_ms=now_ms - SILENCE_MS if refused_ms is None else now_ms, created_ms=refused_ms)
    fresh = [item for item in late if not outbox.has_event(connection, second, item.outgoing.notice.event_id)]
    outbox.put(connection, [replace(item.outgoing, front=second, chat_id=0, state=outbox.QUEUED) for item in fresh], now_ms)
    return len(fresh)


def is_needed(connection: Connection, now_ms: int, *, refused_ms: int | None) -> bool:
    """Whether there may be something to hand on."""
    if refused_ms is not None:
        return True
    since_ms = outbox.oldest_critical_ms(connection, FRONT)
    return since_ms is not None and now_ms - since_ms >= SILENCE_MS
