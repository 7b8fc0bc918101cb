"""`Watcher`: sees every row that becomes durable and every order that arrives at a venue, and checks at once what can be checked at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind
from botcore.model.order import TERMINAL, OrderState
from botcore.recorder.rows import intent_of
from botcore.recorder.sqlite_file import Write

Breach = Callable[[str, str], None]
ENDED = {state.name for state in TERMINAL}
KEPT = ("intents", "orders", "fills", "executors", "legs", "holds", "tallies", "facts", "memory", "funding")
RANK = {OrderState.PENDING_CREATE.name: 0, OrderState.UNKNOWN.name: 1, OrderState.OPEN.name: 2, OrderState.PARTIALLY_FILLED.name: 3}


class Watcher:
    """What is durable, kept apart from the database that keeps it.

    Parameters
    ----------
    breach : callable
        Told (invariant, what is wrong).
    """

    def __init__(self, breach: Breach) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.fills: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.executors: dict[str, dict[str, Any]] = {}
        self.legs: dict[tuple[str, ...], dict[str, Any]] = {}
        self.holds: dict[tuple[str, ...], dict[str, Any]] = {}
        self.tallies: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.funding: dict[tuple[str, ...], dict[str, Any]] = {}
        self.facts: Counter[tuple[str, str]] = Counter()
        self.memory: dict[tuple[str, str], str] = {}
        """(Connector name, key) -> what a connection put down."""
        self.times: dict[tuple[str, ...], int] = {}
        """Key of an execution or of a share of funding -> when it became durable."""
        self.now_ns: Callable[[], int] = lambda: 0
        self.lost: set[str] = set()
        """Intents that were durable, and are gone since an older database was put back."""
        self._breach = breach

    def rows(self, writes: Sequence[Write]) -> None:
        """One transaction."""
        ended, legs = [], []
        for write in writes:
            values, table = write.values, write.table.name
            if table == "intents":
                self.intents.setdefault(values["intent_id"], values)
            elif table == "orders":
                self._order(values)
            elif table == "fills":
                self._fill(values)
            elif table == "executors":
                if self._executor(values):
                    ended.append(values)
            elif table == "legs":
                self.legs[values["executor_id"], values["connector_name"], values["trading_pair"]] = values
                if values["status"] == "TERMINATED":
                    legs.append(values)
            elif table == "holds":
                key = (values["bot_id"], values["controller_id"], values["connector_name"], values["trading_pair"], values["bucket"])
                self.holds[key] = values
            elif table == "tallies":
                self.tallies[values["bot_id"], values["controller_id"], values["asset"]] = values
            elif table == "funding":
                self._funding(values)
            elif table == "facts":
                self.facts[values["kind"], values["executor_id"]] += 1
                if values["kind"] == FactKind.VENUE_TROUBLE and " broke (" in values["payload"]:
                    self._breach("fault", values["payload"])
            elif table == "venue_memory":
                self.memory[values["connector_name"], values["key"]] = values["value"]
        for row in ended:
            self._ended(row, writes)
            for leg in legs:
                if leg["executor_id"] == row["executor_id"]:
                    self._in_hand(leg, writes)

    # ---- an older database -------------------------------------------------------------------------------------------------
    def copy(self) -> Watcher:
        """What is durable now."""
        other = Watcher(self._breach)
        for name in KEPT:
            setattr(other, name, getattr(self, name).copy())
        return other

    def put_back(self, earlier: Watcher) -> None:
        """The database is the one of an earlier moment. Intents are remembered: what has left has left."""
        self.lost |= self.intents.keys() - earlier.intents.keys()
        for name in KEPT:
            if name != "intents":
                setattr(self, name, getattr(earlier, name).copy())

    # ---- rows --------------------------------------------------------------------------------------------------------------
    def _order(self, row: dict[str, Any]) -> None:
        """I6: no way out of a terminal state, nothing filled is unfilled, and no order without its intent (I4)."""
        client_order_id = row["client_order_id"]
        before = self.orders.get(client_order_id)
        if row["intent_id"] not in self.intents:
            self._breach("I4", f"order {client_order_id} was written before its intent")
        if before is not None:
            # sent twice on the way, an id has two orders at the venue; the second is told apart by the venue's own id
            is_other = before["exchange_order_id"] and row["exchange_order_id"] != before["exchange_order_id"]
            if before["state"] in ENDED and row["state"] not in (before["state"], OrderState.FILLED.name) and not is_other:
                self._breach("I6", f"order {client_order_id} went from {before['state']} to {row['state']}")
            if (
                before["state"] not in ENDED
                and not is_other
                and RANK.get(row["state"], 9) < RANK[before["state"]]
                and row["state"] != OrderState.UNKNOWN.name
            ):
                self._breach("I6", f"order {client_order_id} went back from {before['state']} to {row['state']}")
            if Decimal(row["filled_amount"]) < Decimal(before["filled_amount"]):
                self._breach("I6", f"order {client_order_id} had {before['filled_amount']} filled, now {row['filled_amount']}")
        self.orders[client_order_id] = row

    def _fill(self, row: dict[str, Any]) -> None:
        key = (row["connector_name"], row["trading_pair"], row["trade_id"])
        self.times.setdefault(key, self.now_ns())
        known = self.fills.setdefault(key, row)
        if (known["amount"], known["price"], known["client_order_id"]) != (row["amount"], row["price"], row["client_order_id"]):
            self._breach("I5", f"execution {key} was booked with two contents: {known} and {row}")

    def _funding(self, row: dict[str, Any]) -> None:
        """I20: a share of a payment is written once."""
        key = (row["connector_name"], row["trading_pair"], row["funding_id"], row["bot_id"], row["controller_id"])
        if key in self.funding:
            self._breach("I20", f"funding {key} was booked twice")
        self.times.setdefault(key, self.now_ns())
        self.funding[key] = row

    def _executor(self, row: dict[str, Any]) -> bool:
        """True when it has ended with this row."""
        before = self.executors.get(row["executor_id"])
        was_over = before is not None and before["status"] == "TERMINATED"
        if was_over and row["status"] != "TERMINATED":
            self._breach("I6", f"executor {row['executor_id']} lives again: {row['status']}")
        self.executors[row["executor_id"]] = row
        return row["status"] == "TERMINATED" and not was_over

    def _ended(self, row: dict[str, Any], writes: Sequence[Write]) -> None:
        """I7, I9: an end with something in hand commits with its hold, every end with its fact."""
        executor_id = row["executor_id"]
        self._in_hand(row, writes)
        told = sum(
            write.table.name == "facts" and (write.values["kind"], write.values["executor_id"]) == (FactKind.EXECUTOR_CLOSED, executor_id)
            for write in writes
        )
        if told != 1:
            self._breach("I9", f"executor {executor_id} ended with {told} facts in its transaction")

    def _in_hand(self, row: dict[str, Any], writes: Sequence[Write]) -> None:
        """I7, of an executor or of a leg."""
        where = (row["bot_id"], row["controller_id"], row["connector_name"], row["trading_pair"])
        if Decimal(row["exposure_base"]):
            names = ("bot_id", "controller_id", "connector_name", "trading_pair")
            if not any(write.table.name == "holds" and tuple(write.values[name] for name in names) == where for write in writes):
                self._breach("I7", f"executor {row['executor_id']} ended with {row['exposure_base']} in hand and no hold in its transaction")

    # ---- at the venue's door ---------------------------------------------------------------------------------------------
    def arrived(self, connector_name: str, client_order_id: str) -> None:
        """I4: an order arrives at a venue; its intent is durable."""
        if intent_of(client_order_id) not in self.intents:
            self._breach("I4", f"{client_order_id} arrived at {connector_name} before its intent was durable")
