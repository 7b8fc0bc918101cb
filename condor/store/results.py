"""What was earned and when, from the runtime's records; and the whole life of one executor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import Connection, func, select

from botcore.model.instrument import quote_of
from botcore.recorder import tables
from condor.result_views import FillLine, OrderLine, ResultRow

ZERO = Decimal(0)
HELD = "POSITION_HOLD"

Owner = tuple[str, str, str]
"""(bot, controller, asset)"""


def result_rows(connection: Connection, account: str) -> list[ResultRow]:
    """Everything that has come to an end in an account, oldest first; its sums are those of the bots' tallies, holds and funding.

    An executor counts when it has ended. A position that was kept counts when it was traded, by average cost. What stands in the sums beyond that (a hold that the
    venue has closed, say) has no time of its own and counts when its bot was last heard of.
    """
    rows = [*_executors(connection, account), *_held_trades(connection, account)]
    rows += _rest(connection, account, rows)
    rows += _funding(connection, account)
    return sorted(rows, key=lambda row: (row.at_ns, row.executor_id))


def _executors(connection: Connection, account: str) -> list[ResultRow]:
    """Ended executors that have traded."""
    table, first = tables.executors, _first_pairs(connection, account)
    columns = (
        table.c.executor_id, table.c.bot_id, table.c.controller_id, table.c.close_type, table.c.connector_name, table.c.trading_pair,
        table.c.net_pnl_quote, table.c.fees_quote, table.c.volume_quote, table.c.close_ns,
    )  # fmt: skip
    where = (table.c.account == account, table.c.status == "TERMINATED", table.c.volume_quote != "0")
    found = []
    for row in connection.execute(select(*columns).where(*where)):
        venue, pair = (row.connector_name, row.trading_pair) if row.trading_pair else first.get(row.executor_id, ("", ""))
        is_held = row.close_type == HELD
        result = ZERO if is_held else None if row.net_pnl_quote is None else Decimal(row.net_pnl_quote)
        # what a hold has taken over is paid and moved there
        fees, volume = (ZERO, ZERO) if is_held else (Decimal(row.fees_quote), Decimal(row.volume_quote))
        found.append(
            ResultRow(
                row.close_ns, "executor", row.bot_id, row.controller_id, row.executor_id, venue, pair, row.close_type or "", quote_of(pair), result,
                fees, volume,
            )
        )  # fmt: skip
    return found


def _first_pairs(connection: Connection, account: str) -> dict[str, tuple[str, str]]:
    """(venue, pair) of the first leg of executors of several markets."""
    table = tables.legs
    query = select(table.c.executor_id, table.c.connector_name, table.c.trading_pair).where(table.c.account == account, table.c.number == 0)
    return {executor_id: (venue, pair) for executor_id, venue, pair in connection.execute(query)}


def _held_trades(connection: Connection, account: str) -> list[ResultRow]:
    """Fills of positions that were kept: what each has realised by average cost, its fee subtracted."""
    fills, executors = tables.fills, tables.executors
    query = (
        select(fills)
        .join(executors, executors.c.executor_id == fills.c.executor_id)
        .where(fills.c.account == account, executors.c.status == "TERMINATED", executors.c.close_type == HELD)
        .order_by(fills.c.ts_ns, fills.c.trade_id)
    )
    held: defaultdict[tuple[str, str, str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    found = []
    for row in connection.execute(query):
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


def _rest(connection: Connection, account: str, rows: Iterable[ResultRow]) -> list[ResultRow]:
    """What the sums of bots have beyond these rows, one for each bot, controller and asset."""
    sums: defaultdict[Owner, Decimal] = defaultdict(Decimal)
    last_ns: defaultdict[Owner, int] = defaultdict(int)
    bots = {row.bot_id for row in rows}
    tallies, holds = tables.tallies, tables.holds
    for row in connection.execute(select(tallies).where(tallies.c.bot_id.in_(sorted(bots)))):
        sums[row.bot_id, row.controller_id, row.asset] += Decimal(row.realized_quote)
    for row in connection.execute(select(holds).where(holds.c.account == account, holds.c.bot_id != "")):
        owner = row.bot_id, row.controller_id, quote_of(row.trading_pair)
        sums[owner] += Decimal(row.realized_gross) - Decimal(row.fees_in_pnl)
        last_ns[owner] = max(last_ns[owner], row.updated_ns)
    unknown = set()
    for result in rows:
        owner = result.bot_id, result.controller_id, result.asset
        last_ns[owner] = max(last_ns[owner], result.at_ns)
        if result.result is None:
            unknown.add(owner)
        else:
            sums[owner] -= result.result
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
    """How executors that have traded have ended, and how many so, most frequent first."""
    table = tables.executors
    where = [table.c.status == "TERMINATED", table.c.volume_quote != "0"]
    if bot_id is not None:
        where.append(table.c.bot_id == bot_id)
    count = func.count()
    query = select(table.c.close_type, count).where(*where).group_by(table.c.close_type).order_by(count.desc(), table.c.close_type)
    return [(str(name), int(number)) for name, number in connection.execute(query) if name]


def _maybe(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
