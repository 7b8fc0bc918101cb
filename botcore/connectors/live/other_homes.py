"""Orders of other homes: Condors in other data folders that trade with the same key. They are left alone, and that there are any is told once for each home."""

from __future__ import annotations

from collections.abc import Callable

from botcore.orders.ids import IdSource, home_of

KEPT = 4_096
"""So many ids without a home are remembered as somebody else's, so that the records are asked about each once."""


class OtherHomes:
    """Passive.

    Parameters
    ----------
    tell : callable
        (home, client order id, trading pair), once for each home; the home is '' where ids carry none.
    """

    def __init__(self, ids: IdSource, tell: Callable[[str, str, str], None]) -> None:
        self._ids = ids
        self._tell = tell
        self._told: set[str] = set()
        self._nameless: dict[str, None] = {}

    @property
    def seen(self) -> tuple[str, ...]:
        """Homes whose orders were seen here; '' stands for ids that carry none."""
        return tuple(sorted(self._told))

    def has(self, client_order_id: str, trading_pair: str) -> bool:
        """Whether an order that is not in our books is certainly another home's; an id without a home may be ours, which only the records can say."""
        home = home_of(client_order_id)
        if home is None or self._ids.is_ours(client_order_id):
            return False
        if home == "":
            return client_order_id in self._nameless
        self._see(home, client_order_id, trading_pair)
        return True

    def add(self, client_order_id: str, trading_pair: str) -> None:
        """Our records do not know this id, which carries no home: another home's."""
        if len(self._nameless) >= KEPT:
            del self._nameless[next(iter(self._nameless))]
        self._nameless[client_order_id] = None
        self._see("", client_order_id, trading_pair)

    def _see(self, home: str, client_order_id: str, trading_pair: str) -> None:
        if home not in self._told:
            self._told.add(home)
            self._tell(home, client_order_id, trading_pair)
