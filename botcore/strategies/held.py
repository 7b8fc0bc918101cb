"""`HeldBefore`: what earlier processes have left at real accounts, so that it counts as the account's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from botcore.connectors.base import ConnectorBase
from botcore.model.errors import ConfigError
from botcore.model.records import HoldRecord
from botcore.model.times import SECOND_NS


class HeldBefore:
    """Holds of all bots of an account, those that do not run too. A part of the clock, stepped before positions are compared.

    A hold is counted as soon as the venue's rules name its pair: at once, or later, where the venue did not answer while the program started. One that was left
    out would look like a position that somebody else has opened, and its missing half like one that somebody else has closed.

    Parameters
    ----------
    holds : callable
        Connector name -> what the records know of holds there.
    """

    def __init__(self, holds: Callable[[str], Sequence[HoldRecord]]) -> None:
        self._holds = holds
        self._waiting: list[tuple[ConnectorBase, HoldRecord]] = []
        self._next_ns = 0

    def __len__(self) -> int:
        """Holds that can't be counted yet."""
        return len(self._waiting)

    def add(self, connector: ConnectorBase) -> None:
        """Count what is held at an account; call once, before its bots are restored."""
        self._waiting += [(connector, hold) for hold in self._holds(connector.name)]
        self.count()

    def count(self) -> None:
        """Count what can be counted by now."""
        self._waiting = [(connector, hold) for connector, hold in self._waiting if not self._counts(connector, hold)]

    def forget(self, connector_name: str) -> None:
        """This account is gone."""
        self._waiting = [(connector, hold) for connector, hold in self._waiting if connector.name != connector_name]

    def on_tick(self, now_ns: int) -> None:
        if self._waiting and now_ns >= self._next_ns:
            self._next_ns = now_ns + SECOND_NS
            self.count()

    @staticmethod
    def _counts(connector: ConnectorBase, hold: HoldRecord) -> bool:
        try:
            instrument = connector.instrument(hold.trading_pair)
        except ConfigError:
            return False
        connector.own.hold(instrument, hold.bucket, instrument.lots(hold.net_amount_base), instrument.floor_ticks(hold.breakeven_price))
        return True
