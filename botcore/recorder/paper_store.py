"""Durable home of the paper exchanges (`data/paper.db`): a file of its own, for a venue's ledger is not ours to write.

Saving is synchronous: the exchange speaks only after its page is on disk (WAL, synchronous=FULL), as a venue's acknowledgement would promise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Index, Integer, MetaData, String, Table, Text, delete, select
from sqlalchemy.exc import OperationalError

from botcore.model.books import AccountPage, StoredAccount
from botcore.model.errors import StoreRefused, UserError
from botcore.recorder.rows import to_json
from botcore.recorder.sqlite_file import Op, Write, open_engine, write_rows

SCHEMA = 1
KEEP = 5_000
BUSY_S = 0.25
KEEP_CANDLES = 20_000
OHLCV = ("open", "high", "low", "close", "volume")

metadata = MetaData()
meta = Table("meta", metadata, Column("key", String(32), primary_key=True), Column("value", Text, nullable=False))
accounts = Table("accounts", metadata, Column("connector_name", String(64), primary_key=True), Column("account", Text, nullable=False))
orders = Table(
    "orders",
    metadata,
    Column("connector_name", String(64), primary_key=True),
    Column("client_order_id", String(64), primary_key=True),
    Column("is_open", Boolean, nullable=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("values", Text, nullable=False),
    Index("ix_paper_orders_open", "connector_name", "is_open"),
)
fills = Table(
    "fills",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=True),
    Column("connector_name", String(64), nullable=False),
    Column("trade_id", String(128), nullable=False),
    Column("values", Text, nullable=False),
    Index("ix_paper_fills", "connector_name", "trade_id", unique=True),
)
feeds = Table("feeds", metadata, Column("market", String(128), primary_key=True), Column("state", Text, nullable=False))
candles = Table(
    "candles",
    metadata,
    Column("market", String(128), primary_key=True),
    Column("open_s", Integer, primary_key=True),
    *(Column(name, Float, nullable=False) for name in OHLCV),
)


class SqlPaperStore:
    """See the module.

    Parameters
    ----------
    path : Path
        Created when missing.

    Raises
    ------
    UserError
        If the file was written by a newer program.
    """

    def __init__(self, path: Path) -> None:
        # saving is synchronous: a lock of another program must not hold up the loop
        self._engine = open_engine(path, busy_s=BUSY_S)
        metadata.create_all(self._engine)
        self._lock = threading.Lock()
        self._connection = self._engine.connect()
        found = self._meta("schema")
        if found is None:
            self._put_meta({"schema": str(SCHEMA)})
        elif int(found) > SCHEMA:
            raise UserError(f"{path.name} was written by a newer Condor (schema {found}); update this one")

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    # ---- writing ---------------------------------------------------------------------------------------------------
    def save(self, now_ns: int, pages: list[AccountPage], positions: Mapping[str, dict[str, Any]], bars: Mapping[str, list[list[float]]]) -> None:
        """Write pages, the feeds' positions and new candles in one transaction; durable on return.

        Raises
        ------
        StoreRefused
            If the file takes nothing now; nothing of it was written.
        """
        writes: list[Write] = []
        for page in pages:
            name = page.connector_name
            writes.append(Write(accounts, {"connector_name": name, "account": to_json(page.account)}))
            writes.extend(
                Write(
                    orders,
                    {
                        "connector_name": name,
                        "client_order_id": client_order_id,
                        "is_open": values["is_open"],
                        "ts_ns": values["ts_ns"],
                        "values": to_json(values),
                    },
                )
                for client_order_id, values in page.orders.items()
            )
            writes.extend(
                Write(fills, {"connector_name": name, "trade_id": values["trade_id"], "values": to_json(values)}, Op.ADD) for values in page.fills
            )
        writes.extend(Write(feeds, {"market": market, "state": to_json(state)}) for market, state in positions.items())
        for market, rows in bars.items():
            writes.extend(Write(candles, {"market": market, "open_s": int(row[0]), **dict(zip(OHLCV, row[1:], strict=True))}, Op.ADD) for row in rows)
        writes.append(Write(meta, {"key": "now_ns", "value": str(now_ns)}))
        try:
            with self._transaction():
                write_rows(self._connection, writes)
        except OperationalError as error:
            raise StoreRefused(f"the paper exchange's books can't be written: {error.orig}") from None

    def put_source(self, source: str) -> None:
        """Remember which market source these books belong to: a seed, a file."""
        self._put_meta({"source": source})

    def clear(self) -> None:
        """Forget all accounts and positions of feeds."""
        with self._transaction():
            for table in (accounts, orders, fills, feeds, candles):
                self._connection.execute(delete(table))
            self._connection.execute(delete(meta).where(meta.c.key != "schema"))

    def _put_meta(self, values: dict[str, str]) -> None:
        with self._transaction():
            write_rows(self._connection, [Write(meta, {"key": key, "value": value}) for key, value in values.items()])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One at a time: candles are read in other threads (`condor.services.past_candles`) while the clock writes."""
        with self._lock, self._connection.begin():
            yield

    # ---- reading ---------------------------------------------------------------------------------------------------
    def _meta(self, key: str) -> str | None:
        with self._transaction():
            value: str | None = self._connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()
            return value

    @property
    def source(self) -> str | None:
        return self._meta("source")

    @property
    def now_ns(self) -> int:
        """Market time of the last page; 0 when nothing was written yet."""
        return int(self._meta("now_ns") or 0)

    def feed_states(self) -> dict[str, dict[str, Any]]:
        """Market -> position of its feed."""
        with self._transaction():
            return {row.market: json.loads(row.state) for row in self._connection.execute(select(feeds))}

    def candles(self, market: str) -> np.ndarray:
        """The latest closed candles that were written, float64 [n, 6], oldest first."""
        query = select(candles).where(candles.c.market == market).order_by(candles.c.open_s.desc()).limit(KEEP_CANDLES)
        with self._transaction():
            rows = [(row.open_s, row.open, row.high, row.low, row.close, row.volume) for row in self._connection.execute(query)]
        return np.array(rows[::-1], dtype=np.float64).reshape(-1, 6)

    def accounts(self) -> dict[str, StoredAccount]:
        """Connector name -> account, with all open orders and the latest ended ones and fills."""
        with self._transaction():
            rows = self._connection.execute(select(accounts)).all()
            return {row.connector_name: self._account(self._connection, row) for row in rows}

    @staticmethod
    def _account(connection: Connection, row: Any) -> StoredAccount:
        name = row.connector_name
        of_name = orders.c.connector_name == name
        open_orders = connection.execute(select(orders).where(of_name, orders.c.is_open).order_by(orders.c.ts_ns)).all()
        ended = connection.execute(select(orders).where(of_name, ~orders.c.is_open).order_by(orders.c.ts_ns.desc()).limit(KEEP)).all()
        latest = connection.execute(select(fills).where(fills.c.connector_name == name).order_by(fills.c.serial.desc()).limit(KEEP)).all()
        values = {order.client_order_id: json.loads(order._mapping["values"]) for order in [*reversed(ended), *open_orders]}
        return StoredAccount(json.loads(row.account), values, [json.loads(fill._mapping["values"]) for fill in reversed(latest)])
