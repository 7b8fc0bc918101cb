"""Named points between what is decided, what is written and what leaves: a crash test stops the process at each of them.

The program passes the default, which does nothing. A test passes one that raises, kills or copies files at a point.
"""

from __future__ import annotations

from typing import Final

LABELS: Final = (
    "recorder.before_flush",  # a tick's changes are gathered, nothing is handed over
    "journal.before_commit",  # rows are written into the open transaction
    "journal.after_commit",  # they are durable, nobody knows yet
    "journal.before_announce",  # the callers are about to be told
    "dispatch.before_send",  # the intents are durable, no request has left
    "dispatch.after_send",  # the requests of one connector have left
    "migrate.before_change",  # the copy is made, the schema is the old one
    "migrate.before_commit",  # the new schema stands in the open transaction
    "migrate.after_commit",
    "mend.salvaged",  # a rebuilt file stands beside the damaged one
    "mend.moved",  # the damaged file is in quarantine, the rebuilt one not in its place yet
)
"""All labels, in the order in which a tick reaches them, then those of a start."""


class Points:
    """Reaching a point does nothing here."""

    def reach(self, label: str) -> None:
        """The process stands at this point."""
