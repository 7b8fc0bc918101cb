"""Client order ids: the handle by which a venue's order is joined to our intent, also after we have forgotten everything.

`cdr-<home>-<epoch>-<serial>-<attempt>`: the prefix of every Condor, the id of this home (so that two homes that trade with one key tell their orders apart), an
instance epoch (grows when a data folder is restored, so that two copies of one folder never speak with the same ids), a serial that never repeats within
the epoch, and the attempt. At most 36 characters of `[a-z0-9-]`, which is what Binance takes. Ids of before homes had a name, and those of backtests, lack the home.
The id is a correlation handle, not an idempotency key: venues accept it again once its order is done.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase, digits
from typing import Final

PREFIX: Final = "cdr"
EXECUTOR_PREFIX: Final = "x"
MAX_LENGTH: Final = 36
HOME_LENGTH: Final = 6


class IdSource:
    """Counts intents and executors of one instance; deterministic, so two runs of one backtest name everything alike.

    Parameters
    ----------
    epoch : int
        Of the data folder; 0 in a backtest.
    start : int
        First serial; after a restart one more than the largest that was ever committed.
    homes : tuple of str
        Ids of this home, the present one first; without any, ids carry none.
    """

    __slots__ = ("_executor_prefix", "_homes", "_intent_prefix", "serial")

    def __init__(self, epoch: int = 0, start: int = 1, homes: tuple[str, ...] = ()) -> None:
        if epoch < 0 or start < 1:
            raise ValueError(f"expected epoch >= 0 and start >= 1, found {epoch} and {start}")
        for home in homes:
            if not is_home_id(home):
                raise ValueError(f"expected {HOME_LENGTH} of [a-z0-9] that begin with a letter, found {home!r}")
        self._homes = frozenset(homes or ("",))
        self._intent_prefix = f"{PREFIX}-{homes[0]}-{epoch}-" if homes else f"{PREFIX}-{epoch}-"
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

    def is_ours(self, client_order_id: str) -> bool:
        """True when an order at a venue carries an id of this home."""
        return home_of(client_order_id) in self._homes


def is_condors(client_order_id: str) -> bool:
    """True when an order at a venue was sent by a Condor, this home or another."""
    return client_order_id.startswith(PREFIX + "-")


def home_of(client_order_id: str) -> str | None:
    """Home that an order's id carries; '' where it carries none (its records must know it), None when it is not a Condor's."""
    if not is_condors(client_order_id):
        return None
    home = client_order_id.split("-", 2)[1]
    return home if home[:1].isalpha() else ""


def is_home_id(text: str) -> bool:
    """True for what `new_home_id` makes."""
    return len(text) == HOME_LENGTH and text[0] in ascii_lowercase and all(sign in ascii_lowercase + digits for sign in text)


def new_home_id(below: Callable[[int], int]) -> str:
    """An id for a home; it begins with a letter, so that it is never taken for an epoch.

    Parameters
    ----------
    below : callable
        A random number below the one that it is given.
    """
    signs = ascii_lowercase + digits
    return ascii_lowercase[below(26)] + "".join(signs[below(len(signs))] for _ in range(HOME_LENGTH - 1))


def serial_of(our_id: str) -> int:
    """Serial inside a client order id, intent id or executor id; -1 when it is not a Condor's."""
    parts = our_id.split("-")
    if parts[0] == PREFIX and home_of(our_id):
        del parts[1]
    if len(parts) < 3 or parts[0] not in (PREFIX, EXECUTOR_PREFIX) or not parts[2].isdecimal():
        return -1
    return int(parts[2])
