"""Ended executors of an account as results: what `result_rows` counts, kept in memory by whoever looks often, and taken in again where it has changed."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import attrgetter
from sys import intern
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from botcore.model.instrument import quote_of
from botcore.recorder import tables
from condor.result_views import ResultRow

ZERO = Decimal(0)
HELD = "POSITION_HOLD"
PAGE = 2_000
"""Rows that one read takes: other reads come in between."""
AT_ONCE = 500
"""Ids that one query names."""

COLUMNS = (
    tables.executors.c.executor_id, tables.executors.c.bot_id, tables.executors.c.controller_id, tables.executors.c.close_type,
    tables.executors.c.connector_name, tables.executors.c.trading_pair, tables.executors.c.net_pnl_quote, tables.executors.c.fees_quote,
    tables.executors.c.volume_quote, tables.executors.c.close_ns,
)  # fmt: skip
ROWID: ColumnElement[int] = literal_column("executors.rowid")

Owner = tuple[str, str, str]
"""(bot, controller, asset)"""

in_time = attrgetter("at_ns", "executor_id")
"""The order of results."""


class EndedExecutors:
    """Executors of an account that have ended and have traded, oldest first.

    What an ended executor has earned changes only together with a fact about it, so that all that is new stands behind the last fact that was seen. Should a count say
    otherwise (records that were mended, say), everything is read again.

    Attributes
    ----------
    rows : list of ResultRow
    sums : dict of Owner to Decimal
        Of results that are known.
    last_ns : dict of Owner to int
        When the newest ended.
    unknown : set of Owner
        Whose results are not all known.
    """

    def __init__(self, account: str) -> None:
        self._account = account
        self._forget()

    def _forget(self) -> None:
        self.rows: list[ResultRow] = []
        self.sums: defaultdict[Owner, Decimal] = defaultdict(Decimal)
        self.last_ns: defaultdict[Owner, int] = defaultdict(int)
        self.unknown: set[Owner] = set()
        self._by_id: dict[str, ResultRow] = {}
        self._rowid = 0
        self._event_id: int | None = None
        self._is_complete = False

    def read_on(self, connection: Connection) -> bool:
        """Take in what has ended since the last time; at the first time in parts: False while there is more."""
        if self._event_id is None:
            # what ends from here on is told by facts; it may be read twice
            self._event_id = _newest_event(connection)
        if not self._is_complete:
            self._is_complete = self._next_page(connection)
            return False
        # one may end between the two looks
        if any(self._agrees(connection) for _ in range(2)):
            return True
        self._forget()
        return False

    def held(self) -> list[str]:
        """Ids of those whose positions were kept."""
        return [row.executor_id for row in self.rows if row.close_type == HELD]

    def _agrees(self, connection: Connection) -> bool:
        """Whether, with what is new, these are as many as the records say."""
        self._take_changed(connection)
        return len(self.rows) == _count(connection, self._account)

    # ---- reading ---------------------------------------------------------------------------------------------------
    def _next_page(self, connection: Connection) -> bool:
        """Whether it was the last one. The plus keeps SQLite from looking them up by their end and sorting them all for each page."""
        is_ended = literal_column("+executors.status") == "TERMINATED"
        query = select(ROWID, *COLUMNS).where(self._rowid < ROWID, is_ended, *_traded(self._account)).order_by(ROWID).limit(PAGE)
        found = connection.execute(query).all()
        if found:
            self._rowid = found[-1][0]
        fresh = _results(connection, found)
        for row in fresh:
            self._by_id[row.executor_id] = row
        if len(found) == PAGE:
            return False
        self._sum_up()
        return True

    def _take_changed(self, connection: Connection) -> None:
        facts, newest = tables.facts, _newest_event(connection)
        if newest == self._event_id:
            return
        query = select(facts.c.executor_id).distinct().where(facts.c.event_id > self._event_id, facts.c.executor_id != "")
        changed = connection.execute(query).scalars().all()
        fresh = [row for ids in in_parts(changed) for row in _results(connection, _of_ids(connection, self._account, ids))]
        # only now: a read that fails is made again
        self._event_id = newest
        if any(self._by_id.get(row.executor_id, row) != row for row in fresh):
            # one that had ended came to something else: rare, and its owner's sums are made anew
            self._by_id |= {row.executor_id: row for row in fresh}
            self._sum_up()
            return
        for row in fresh:
            if row.executor_id not in self._by_id:
                self._by_id[row.executor_id] = row
                insort(self.rows, row, key=in_time)
                self._count_in(row)

    def _sum_up(self) -> None:
        """Order all that was read, and count it from nothing."""
        self.rows = sorted(self._by_id.values(), key=in_time)
        for each in (self.sums, self.last_ns, self.unknown):
            each.clear()
        for row in self.rows:
            self._count_in(row)

    def _count_in(self, row: ResultRow) -> None:
        owner = row.bot_id, row.controller_id, row.asset
        self.last_ns[owner] = max(self.last_ns[owner], row.at_ns)
        if row.result is None:
            self.unknown.add(owner)
        else:
            self.sums[owner] += row.result


def _wanted(account: str) -> tuple[Any, ...]:
    return tables.executors.c.status == "TERMINATED", *_traded(account)


def _traded(account: str) -> tuple[Any, ...]:
    return tables.executors.c.account == account, tables.executors.c.volume_quote != "0"


def _count(connection: Connection, account: str) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.executors).where(*_wanted(account))).scalar_one())


def _newest_event(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(tables.facts.c.event_id), 0))).scalar_one())


def _of_ids(connection: Connection, account: str, ids: Sequence[str]) -> Sequence[Any]:
    return connection.execute(select(ROWID, *COLUMNS).where(*_wanted(account), tables.executors.c.executor_id.in_(ids))).all()


def in_parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Ids in as many at once as a query may name."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _results(connection: Connection, found: Sequence[Any]) -> list[ResultRow]:
    """Rows of the records as results."""
    first = _first_pairs(connection, [row.executor_id for row in found if not row.trading_pair])
    results = []
    for _, executor_id, bot_id, controller_id, close_type, venue, pair, net_pnl, fees, volume, close_ns in found:
        where, what = (venue, pair) if pair else first.get(executor_id, ("", ""))
        # what a hold has taken over is paid and moved there
        is_held = close_type == HELD
        result = ZERO if is_held else None if net_pnl is None else Decimal(net_pnl)
        paid, moved = (ZERO, ZERO) if is_held else (Decimal(fees), Decimal(volume))
        names = map(intern, (bot_id, controller_id, where, what, close_type or "", quote_of(what)))
        bot, controller, where, what, kind, asset = names
        results.append(ResultRow(close_ns, "executor", bot, controller, executor_id, where, what, kind, asset, result, paid, moved))
    return results


def _first_pairs(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(venue, pair) of the first leg of executors of several markets."""
    table = tables.legs
    columns = table.c.executor_id, table.c.connector_name, table.c.trading_pair
    return {
        executor_id: (venue, pair)
        for part in in_parts(ids)
        for executor_id, venue, pair in connection.execute(select(*columns).where(table.c.number == 0, table.c.executor_id.in_(part)))
    }
