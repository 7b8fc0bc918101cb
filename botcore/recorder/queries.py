"""What is read back: for recovery, and for people who look at history."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, union

from botcore.model.enums import RunnableStatus
from botcore.model.events import FactKind
from botcore.model.instrument import Market, quote_of
from botcore.model.order import TERMINAL, OrderState
from botcore.model.records import BotRecords, DrawdownRecord, ExecutorRecord, FillRecord, HoldRecord, LegRecord, OrderRecord, TallyRecord
from botcore.recorder import tables
from botcore.recorder.rows import read_record
from botcore.recorder.tables import PAPER, last_ns_key

log = logging.getLogger(__name__)

KEEP_CLOSED = 100
TOGETHER = 500
"""Bots that one query is about."""

LIVE = tuple(status.name for status in RunnableStatus if status is not RunnableStatus.TERMINATED)
"""Statuses of executors that have not ended; named one by one, so that an index finds the few among many."""

WORKING = tuple(state.name for state in OrderState if state not in TERMINAL)
"""States of orders that are not known to be done."""


def load_bot(connection: Connection, bot_id: str) -> BotRecords:
    """All that recovery of a bot needs, in one consistent read."""
    executors = tables.executors
    of_bot = executors.c.bot_id == bot_id
    lives = executors.c.status.in_(LIVE)
    # the same test in words that no index knows: the few executors with live orders are looked up by their ids, not among all of the bot
    also_of_bot = func.coalesce(executors.c.bot_id, "") == bot_id
    running = connection.execute(select(executors).where(of_bot, lives).order_by(executors.c.created_ns)).all()
    closed = connection.execute(
        select(executors).where(of_bot, executors.c.status == "TERMINATED").order_by(executors.c.close_ns.desc()).limit(KEEP_CLOSED)
    ).all()
    with_live_orders = also_of_bot & executors.c.executor_id.in_(_with_live_orders())
    of_interest = union(select(executors.c.executor_id).where(of_bot, lives), select(executors.c.executor_id).where(with_live_orders))
    has_ended = func.coalesce(executors.c.status, "") == RunnableStatus.TERMINATED.name
    orphans = connection.execute(select(executors).where(with_live_orders, has_ended)).all()
    of_order = tables.orders.c
    joined = select(tables.intents, of_order.client_order_id, of_order.exchange_order_id, of_order.state, of_order.reason).join(
        tables.orders, of_order.intent_id == tables.intents.c.intent_id
    )
    orders = connection.execute(joined.where(tables.orders.c.executor_id.in_(of_interest)).order_by(tables.intents.c.created_ns)).all()
    fills = connection.execute(select(tables.fills).where(tables.fills.c.executor_id.in_(of_interest)).order_by(tables.fills.c.ts_ns)).all()
    drawdowns = connection.execute(select(tables.drawdowns).where(tables.drawdowns.c.bot_id == bot_id)).all()
    return replace(
        load_sums(connection, bot_id),
        running=read_executors(connection, running),
        closed=read_executors(connection, list(reversed(closed))),
        orders=[read_record(OrderRecord, row) for row in orders],
        fills=[read_record(FillRecord, row) for row in fills],
        orphans=read_executors(connection, orphans),
        drawdowns=[read_record(DrawdownRecord, row) for row in drawdowns],
    )


def load_sums(connection: Connection, bot_id: str) -> BotRecords:
    """What a bot has earned and holds: what `load_bot` gives, without executors, orders, fills and drawdowns. Its cost does not grow with what its executors did."""
    return load_all_sums(connection, [bot_id])[bot_id]


def load_all_sums(connection: Connection, bot_ids: Sequence[str]) -> dict[str, BotRecords]:
    """The same of several bots, in as many queries as for one."""
    found: dict[str, BotRecords] = {bot_id: BotRecords([], [], [], [], [], [], funding={}) for bot_id in bot_ids}
    for start in range(0, len(bot_ids), TOGETHER):
        some = list(bot_ids[start : start + TOGETHER])
        for row in connection.execute(select(tables.holds).where(tables.holds.c.bot_id.in_(some))):
            found[row.bot_id].holds.append(read_record(HoldRecord, row))
        for row in connection.execute(select(tables.tallies).where(tables.tallies.c.bot_id.in_(some))):
            found[row.bot_id].tallies.append(read_record(TallyRecord, row))
        _add_funding(connection, some, found)
    return found


def read_executors(connection: Connection, rows: Sequence[Any]) -> list[ExecutorRecord]:
    """Executors with their legs, in the order of their rows."""
    # only executors of several markets have legs, and they have no market of their own
    names = [row.executor_id for row in rows if not row.trading_pair]
    legs: dict[str, list[LegRecord]] = {name: [] for name in names}
    if names:
        table = tables.legs
        for row in connection.execute(select(table).where(table.c.executor_id.in_(names)).order_by(table.c.number)):
            legs[row.executor_id].append(read_record(LegRecord, row))
    return [replace(read_record(ExecutorRecord, row), legs=tuple(legs.get(row.executor_id, ()))) for row in rows]


def _add_funding(connection: Connection, bot_ids: Sequence[str], found: Mapping[str, BotRecords]) -> None:
    """Funding of these bots by (controller, quote asset): the sum in that asset, and whether some of it has no rate."""
    table = tables.funding
    columns = table.c.bot_id, table.c.controller_id, table.c.trading_pair, table.c.amount_quote
    for bot_id, controller_id, pair, amount in connection.execute(select(*columns).where(table.c.bot_id.in_(bot_ids))):
        funding, whose = found[bot_id].funding, (controller_id, quote_of(pair))
        total, unpriced = funding.get(whose, (Decimal(0), False))
        funding[whose] = (total if amount is None else total + Decimal(amount), unpriced or amount is None)


def _with_live_orders() -> Select[tuple[str]]:
    """Ids of executors with an order that is not known to be done."""
    return select(tables.orders.c.executor_id).where(tables.orders.c.state.in_(WORKING))


def held_amounts(connection: Connection, without_bots: Iterable[str], account: str = PAPER) -> dict[Market, Decimal]:
    """Signed base of an account in the holds of all bots but some."""
    holds = tables.holds
    of_others = holds.c.bot_id.not_in(list(without_bots))
    query = select(holds.c.connector_name, holds.c.trading_pair, holds.c.net_amount_base).where(holds.c.account == account, of_others)
    sums: dict[Market, Decimal] = {}
    for connector_name, trading_pair, amount in connection.execute(query):
        where = Market(connector_name, trading_pair)
        try:
            sums[where] = sums.get(where, Decimal(0)) + Decimal(amount)
        except ArithmeticError:
            # its bot can't be put back and is told of; what the others hold is counted all the same
            log.critical("what a stopped bot holds of %s can't be read: %r", where, amount)
    return sums


def runtime_value(connection: Connection, key: str) -> int:
    """A number from the runtime table; 0 when it was never written."""
    value = connection.execute(select(tables.runtime.c.value).where(tables.runtime.c.key == key)).scalar_one_or_none()
    return int(value) if value is not None else 0


def last_ns(connection: Connection, account: str = PAPER) -> int:
    """Market time of an account's last record; 0 when it has none."""
    return runtime_value(connection, last_ns_key(account))


def facts_after(connection: Connection, event_id: int, limit: int = 500) -> list[Mapping[str, Any]]:
    """Facts with a larger id, oldest first."""
    query = select(tables.facts).where(tables.facts.c.event_id > event_id).order_by(tables.facts.c.event_id).limit(limit)
    return [dict(row._mapping) for row in connection.execute(query)]


def controller_faults(connection: Connection) -> dict[tuple[str, str], list[str]]:
    """(bot id, controller id) -> what a controller was stopped by since a person started its bot, oldest first; those without are left out."""
    facts = tables.facts
    query = select(facts.c.kind, facts.c.bot_id, facts.c.controller_id, facts.c.payload).where(
        facts.c.kind.in_([FactKind.CONTROLLER_FAULT, FactKind.BOT_STARTED])
    )
    found: dict[tuple[str, str], list[str]] = {}
    for kind, bot_id, controller_id, payload in connection.execute(query.order_by(facts.c.event_id)):
        if kind == FactKind.BOT_STARTED:
            found = {key: errors for key, errors in found.items() if key[0] != bot_id}
        elif controller_id:
            found.setdefault((bot_id, controller_id), []).append(str(json.loads(payload).get("error", "?")))
    return found


def closed_executors(
    connection: Connection,
    *,
    bot_id: str | None = None,
    account: str | None = None,
    close_type: str | None = None,
    offset: int = 0,
    limit: int = 20,
    traded_only: bool = True,
    total: int | None = None,
) -> tuple[list[tuple[str, ExecutorRecord]], int]:
    """A page of (bot id, executor) that have ended, newest first, and how many there are in all: counted where the caller does not know (`total`)."""
    executors = tables.executors
    wanted = [executors.c.status == "TERMINATED"]
    if bot_id is not None:
        wanted.append(executors.c.bot_id == bot_id)
    if account is not None:
        wanted.append(executors.c.account == account)
    if close_type is not None:
        wanted.append(executors.c.close_type == close_type)
    if traded_only:
        wanted.append(executors.c.volume_quote != "0")
    if total is None:
        total = int(connection.execute(select(func.count()).select_from(executors).where(and_(*wanted))).scalar_one())
    rows = connection.execute(select(executors).where(and_(*wanted)).order_by(executors.c.close_ns.desc()).offset(offset).limit(limit)).all()
    return [(row.bot_id, record) for row, record in zip(rows, read_executors(connection, rows), strict=True)], total


def executor_by_id(connection: Connection, executor_id: str) -> tuple[str, ExecutorRecord, list[FillRecord]] | None:
    """One executor with its bot's id and its fills; None when there is no such id."""
    row = connection.execute(select(tables.executors).where(tables.executors.c.executor_id == executor_id)).one_or_none()
    if row is None:
        return None
    fills = connection.execute(select(tables.fills).where(tables.fills.c.executor_id == executor_id).order_by(tables.fills.c.ts_ns)).all()
    return row.bot_id, read_executors(connection, [row])[0], [read_record(FillRecord, fill) for fill in fills]


def last_event_id(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(tables.facts.c.event_id), 0))).scalar_one())
