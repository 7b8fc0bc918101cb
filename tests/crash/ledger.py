"""The venue's books, read through its control, and Condor's records, read from its file: what the judge of the simulation holds against each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcore.model.times import NEVER
from tests.crash.venue import Door
from tests.simulation.ledger import VenueFunding, VenueOrder, VenueTrade
from tests.simulation.watcher import Breach, Watcher

QUOTES = ("USDT", "BTC")
WAITING = ("NEW", "TRIGGERING")
ZERO = Decimal(0)


def pair_of(symbol: str) -> str:
    quote = next(quote for quote in QUOTES if symbol.endswith(quote))
    return f"{symbol.removesuffix(quote)}-{quote}"


class VenueBooks:
    """What one venue holds of the account at this moment; implements `Ledger`."""

    def __init__(self, door: Door) -> None:
        self.name = door.connector_name
        self.is_perpetual = door.is_perpetual
        self._orders = door.control("orders")
        self._algos = door.control("algos") if door.is_perpetual else []
        self._executions = door.control("executions")
        self._journal = door.control("journal")
        # the last: what it counts is never less than what the lists show
        self.ledger: dict[str, Any] = door.control("ledger")
        self._names = {algo["order_id"]: algo["client_id"] for algo in self._algos if algo["order_id"]}

    def orders(self) -> Iterable[VenueOrder]:
        for row in self._orders:
            name = self._names.get(row["id"], row["client_id"])
            is_open = row["status"] in ("NEW", "PARTIALLY_FILLED")
            yield VenueOrder(name, pair_of(row["symbol"]), row["side"], Decimal(row["amount"]), Decimal(row["filled"]), is_open, row["created_ns"])
        for row in self._algos:
            if not row["order_id"]:
                amount, is_open = Decimal(row["amount"]), row["status"] in WAITING
                yield VenueOrder(row["client_id"], pair_of(row["symbol"]), row["side"], amount, ZERO, is_open, row["created_ns"])

    def trades(self) -> Iterable[VenueTrade]:
        for row in self._executions:
            name = self._names.get(row["order_id"], row["client_id"])
            numbers = Decimal(row["price"]), Decimal(row["amount"]), Decimal(row["fee"])
            yield VenueTrade(str(row["id"]), name, pair_of(row["symbol"]), row["side"], *numbers, row["fee_asset"])

    def excess(self) -> Mapping[str, Decimal]:
        """Nothing between us and this venue sends an order twice, and it fills none beyond its size."""
        return {}

    def positions(self) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        if self.is_perpetual:
            for row in self.ledger["positions"]:
                pair = pair_of(row["symbol"])
                found[pair] = found.get(pair, ZERO) + Decimal(row["amount"])
            return found
        for trade in self.trades():
            base = trade.trading_pair.split("-", 1)[0]
            in_base = trade.fee if trade.fee_asset == base else ZERO
            found[trade.trading_pair] = found.get(trade.trading_pair, ZERO) + trade.signed - in_base
        return found

    def balances(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        opening = self.ledger["opening"]
        return {asset: (Decimal(opening.get(asset, "0")), Decimal(total)) for asset, total in self.ledger["balances"].items()}

    def funding(self) -> Iterable[VenueFunding]:
        for row in self._journal:
            if row["kind"] == "funding":
                yield VenueFunding(pair_of(row["symbol"]), row["asset"], Decimal(row["delta"]), row["ns"])

    def open_cost(self) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        for row in self.ledger["positions"] if self.is_perpetual else ():
            asset = pair_of(row["symbol"]).rpartition("-")[2]
            found[asset] = found.get(asset, ZERO) + Decimal(row["cost"]).copy_sign(Decimal(row["amount"]))
        return found


class Records(Watcher):
    """All of Condor's rows, as the judge takes them; read in one transaction."""

    def __init__(self, home: Path, breach: Breach) -> None:
        super().__init__(breach)
        connection = sqlite3.connect(f"file:{home / 'data' / 'condor.db'}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("BEGIN")
            self._read(connection)
        finally:
            connection.close()

    def _read(self, connection: sqlite3.Connection) -> None:
        def rows(query: str) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(query)]

        self.intents = {row["intent_id"]: row for row in rows("SELECT * FROM intents")}
        self.orders = {row["client_order_id"]: row for row in rows("SELECT * FROM orders")}
        self.fills = {(row["connector_name"], row["trading_pair"], row["trade_id"]): row for row in rows("SELECT * FROM fills")}
        self.executors = {row["executor_id"]: row for row in rows("SELECT * FROM executors")}
        keys = ("bot_id", "controller_id", "connector_name", "trading_pair", "bucket")
        self.holds = {tuple(row[key] for key in keys): row for row in rows("SELECT * FROM holds")}
        keys = ("connector_name", "trading_pair", "funding_id", "bot_id", "controller_id")
        self.funding = {tuple(row[key] for key in keys): row for row in rows("SELECT * FROM funding")}
        # when a row became durable is not in the file: the sums are judged, the shares are not
        self.times = dict.fromkeys([*self.fills, *self.funding], NEVER)
        self.told_facts = rows("SELECT * FROM facts ORDER BY event_id")
        for fact in self.told_facts:
            self.facts[fact["kind"], fact["executor_id"]] += 1
        self.outbox = rows("SELECT * FROM v_outbox ORDER BY message_key")
