"""What was earned and when, from the runtime's records; and the whole life of one executor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from sqlalchemy import Connection, func, select

from botcore.model.instrument import quote_of
from botcore.recorder import tables
from condor.result_views import FillLine, OrderLine, ResultRow
from condor.store.ended import HELD, EndedExecutors, Owner, in_parts, in_time

ZERO = Decimal(0)


def result_rows(connection: Connection, account: str) -> list[ResultRow]:
    """Everything that has come to an end in an account, oldest first; its sums are those of the bots' tallies, holds and funding.

    An executor counts when it has ended. A position that was kept counts when it was traded, by average cost. What stands in the sums beyond that (a hold that the
    venue has closed, say) has no time of its own and counts when its bot was last heard of.
    """
    ended = EndedExecutors(account)
    while not ended.read_on(connection):
        pass
    return in_order([*ended.rows, *other_rows(connection, account, ended)])


def other_rows(connection: Connection, account: str, ended: EndedExecutors) -> list[ResultRow]:
    """What has come to an end beside ended executors."""
    held = _held_trades(connection, account, ended.held())
    return [*held, *_rest(connection, account, ended, held), *_funding(connection, account)]


def in_order(rows: Iterable[ResultRow]) -> list[ResultRow]:
    """Oldest first."""
    return sorted(rows, key=in_time)


def _held_trades(connection: Connection, account: str, executor_ids: Sequence[str]) -> list[ResultRow]:
    """Fills of positions that were kept: what each has realised by average cost, its fee subtracted."""
    fills = tables.fills
    rows = [
        row
        for ids in in_parts(executor_ids)
        for row in connection.execute(select(fills).where(fills.c.account == account, fills.c.executor_id.in_(ids)))
    ]
    rows.sort(key=lambda row: (row.ts_ns, row.trade_id))
    held: defaultdict[tuple[str, str, str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    found = []
    for row in rows:
        where = (row.bot_id, row.controller_id, row.connector_name, row.trading_pair)
        sign = 1 if row.trade_type == "BUY" else -1
        amount, value, fee = sign * Decimal(row.amount), Decimal(row.amount) * Decimal(row.price), Decimal(row.fee_quote or 0)
        in_base = row.fee_asset == row.trading_pair.partition("-")[0]
        if in_base:
            amount -= Decimal(row.fee_amount)
        held[where], realized = netted(*held[where], amount, sign * value)
        found.append(
            ResultRow(
                row.ts_ns, "hold", row.bot_id, row.controller_id, row.executor_id, row.connector_name, row.trading_pair, HELD,
                quote_of(row.trading_pair), realized if in_base else realized - fee, fee, value,
            )
        )  # fmt: skip
    return found


def netted(held: Decimal, cost: Decimal, amount: Decimal, paid: Decimal) -> tuple[tuple[Decimal, Decimal], Decimal]:
    """((amount, cost) after a trade, what it has realised) of a position by average cost; signed, `paid` is negative for a sale."""
    if not held or (held > 0) == (amount > 0):
        return (held + amount, cost + paid), ZERO
    if abs(amount) <= abs(held):
        out = cost if abs(amount) == abs(held) else cost * -amount / held
        return (held + amount, cost - out), -paid - out
    closing = paid * -held / amount
    return (held + amount, paid - closing), -closing - cost


def _rest(connection: Connection, account: str, ended: EndedExecutors, held: Iterable[ResultRow]) -> list[ResultRow]:
    """What the sums of bots have beyond ended executors and trades of what they held, one for each bot, controller and asset."""
    sums: defaultdict[Owner, Decimal] = defaultdict(Decimal)
    last_ns, unknown = ended.last_ns.copy(), set(ended.unknown)
    for result in held:
        owner = result.bot_id, result.controller_id, result.asset
        last_ns[owner] = max(last_ns[owner], result.at_ns)
        if result.result is None:
            unknown.add(owner)
        else:
            sums[owner] -= result.result
    for owner, value in ended.sums.items():
        sums[owner] -= value
    tallies, holds = tables.tallies, tables.holds
    bots = {bot_id for bot_id, _, _ in last_ns}
    for row in connection.execute(select(tallies).where(tallies.c.bot_id.in_(sorted(bots)))):
        sums[row.bot_id, row.controller_id, row.asset] += Decimal(row.realized_quote)
    for row in connection.execute(select(holds).where(holds.c.account == account, holds.c.bot_id != "")):
        owner = row.bot_id, row.controller_id, quote_of(row.trading_pair)
        sums[owner] += Decimal(row.realized_gross) - Decimal(row.fees_in_pnl)
        last_ns[owner] = max(last_ns[owner], row.updated_ns)
    return [
        ResultRow(last_ns[owner], "other", owner[0], owner[1], "", "", "", "", owner[2], rest, ZERO, ZERO)
        for owner, rest in sorted(sums.items())
        if rest and owner not in unknown
    ]


def _funding(connection: Connection, account: str) -> list[ResultRow]:
    """Shares of funding payments that bots have had; nobody's is no bot's result."""
    table = tables.funding
    return [
        ResultRow(
            row.ts_ns, "funding", row.bot_id, row.controller_id, "", row.connector_name, row.trading_pair, "", quote_of(row.trading_pair),
            None if row.amount_quote is None else Decimal(row.amount_quote), ZERO, ZERO,
        )
        for row in connection.execute(select(table).where(table.c.account == account, table.c.bot_id != ""))
    ]  # fmt: skip


# ---- one executor --------------------------------------------------------------------------------------------------
def orders_of(connection: Connection, executor_id: str) -> list[OrderLine]:
    """Orders of an executor, oldest first."""
    orders, intents = tables.orders, tables.intents
    query = (
        select(orders, intents.c.trade_type, intents.c.order_type, intents.c.purpose, intents.c.amount, intents.c.price)
        .join(intents, intents.c.intent_id == orders.c.intent_id)
        .where(orders.c.executor_id == executor_id)
        .order_by(orders.c.created_ns, orders.c.client_order_id)
    )
    return [
        OrderLine(
            row.client_order_id, row.created_ns, row.trade_type, row.order_type, row.purpose, Decimal(row.amount), _maybe(row.price),
            Decimal(row.filled_amount), _maybe(row.average_price), row.state, row.reason,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def fills_of(connection: Connection, executor_id: str) -> list[FillLine]:
    """Fills of an executor, oldest first."""
    table = tables.fills
    query = select(table).where(table.c.executor_id == executor_id).order_by(table.c.ts_ns, table.c.trade_id)
    return [
        FillLine(
            row.ts_ns, row.trade_type, Decimal(row.price), Decimal(row.amount), Decimal(row.fee_amount), row.fee_asset, _maybe(row.fee_quote),
            row.is_maker, row.trading_pair,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def account_of(connection: Connection, executor_id: str) -> str | None:
    """Account under which an executor stands; None when there is no such one."""
    table = tables.executors
    account: str | None = connection.execute(select(table.c.account).where(table.c.executor_id == executor_id)).scalar_one_or_none()
    return account


def close_types(connection: Connection, bot_id: str | None = None) -> list[tuple[str, int]]:
    """How executors that have traded have ended ("" where nobody knows), and how many so, most frequent first."""
    table = tables.executors
    where = [table.c.status == "TERMINATED", table.c.volume_quote != "0"]
    if bot_id is not None:
        where.append(table.c.bot_id == bot_id)
    query = select(table.c.close_type, func.count()).where(*where).group_by(table.c.close_type)
    return sorted(((name or "", int(number)) for name, number in connection.execute(query)), key=lambda item: (-item[1], item[0]))


def _maybe(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
