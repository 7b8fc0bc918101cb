"""Client order ids: the handle by which a venue's order is joined to our intent, also after we have forgotten everything.

`cdr-<epoch>-<serial>-<attempt>`: a prefix of ours, an instance epoch (grows when a data folder is restored, so that two copies of one folder
never speak with the same ids), a serial that never repeats within the epoch, and the attempt. At most 36 characters of `[a-z0-9-]`, which is
what the strictest tier-1 venue takes. The id is a correlation handle, not an idempotency key: venues accept it again once its order is done.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "cdr"
EXECUTOR_PREFIX: Final = "x"
MAX_LENGTH: Final = 36


class IdSource:
    """Counts intents and executors of one instance; deterministic, so two runs of one backtest name everything alike.

    Parameters
    ----------
    epoch : int
        Of the data folder; 0 in a backtest.
    start : int
        First serial; after a restart one more than the largest that was ever committed.
    """

    __slots__ = ("_executor_prefix", "_intent_prefix", "serial")

    def __init__(self, epoch: int = 0, start: int = 1) -> None:
        if epoch < 0 or start < 1:
            raise ValueError(f"expected epoch >= 0 and start >= 1, found {epoch} and {start}")
        self._intent_prefix = f"{PREFIX}-{epoch}-"
        self._executor_prefix = f"{EXECUTOR_PREFIX}-{epoch}-"
        self.serial = start

    def intent_id(self) -> str:
        """A new intent."""
        serial = self.serial
        self.serial = serial + 1
        return self._intent_prefix + str(serial)

    def executor_id(self) -> str:
        """Name of a new executor: `x-<epoch>-<serial>`."""
        serial = self.serial
        self.serial = serial + 1
        return self._executor_prefix + str(serial)

    @staticmethod
    def client_order_id(intent_id: str, attempt: int) -> str:
        """Handle of the `attempt`-th try (1-based) of an intent."""
        return f"{intent_id}-{attempt}"


def is_ours(client_order_id: str) -> bool:
    """True when an order at a venue carries our prefix."""
    return client_order_id.startswith(PREFIX + "-")


def serial_of(our_id: str) -> int:
    """Serial inside a client order id or executor id of ours; -1 when it is not ours."""
    parts = our_id.split("-")
    if len(parts) < 3 or parts[0] not in (PREFIX, EXECUTOR_PREFIX) or not parts[2].isdecimal():
        return -1
    return int(parts[2])
